//! Where flag, config file and environment meet: what a command was asked, resolved.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tapedeck_config::LoadOptions;
use tapedeck_diagnostic::{Severity, Source};
use tapedeck_model::{ProjectName, Stack, StackName, StageName};

use crate::args::{ConfigArgs, StackArgs};
use crate::context::Context;
use crate::exit::{ExitKind, Failure};
use crate::printer::Printer;

/// Config files that are looked for, in this order.
const CONFIG_NAMES: [&str; 2] = ["stacktape.yml", "stacktape.yaml"];

/// A config file that was read.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    /// Its text, under the name that people know it by.
    pub(crate) source: Source,
    /// The folder that its paths start at.
    pub(crate) folder: PathBuf,
}

/// Checks the region.
///
/// # Errors
/// For any region but `local`.
pub(crate) fn require_local(region: &str) -> Result<(), Failure> {
    if region == "local" {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "region `{region}` is not supported yet: this version runs services on this machine only"
    ))
    .help("leave --region out, or give `--region local`"))
}

/// The folder that a command works in, as it was given.
///
/// # Errors
/// When there is no such folder.
fn folder_of(context: &Context, config: &ConfigArgs) -> Result<PathBuf, Failure> {
    let Some(folder) = &config.current_working_directory else {
        return Ok(context.working_directory.clone());
    };
    let folder = context.working_directory.join(folder);
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(Failure::usage(format!("there is no folder {}", folder.display()))
        .help("--currentWorkingDirectory is relative to the working directory"))
}

/// Finds the config file in a folder, without reading it.
fn find_config(folder: &Path, config: &ConfigArgs) -> Option<PathBuf> {
    match &config.config_path {
        Some(path) => Some(folder.join(path)),
        None => CONFIG_NAMES
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file()),
    }
}

/// Reads the config file.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(crate) fn read_config(context: &Context, config: &ConfigArgs) -> Result<ConfigFile, Failure> {
    let working_folder = folder_of(context, config)?;
    let Some(path) = find_config(&working_folder, config) else {
        return Err(Failure::usage(format!(
            "there is no stacktape.yml in {}",
            working_folder.display()
        ))
        .help("name the config with --configPath, or start in its folder"));
    };
    let shown = path
        .strip_prefix(&context.working_directory)
        .unwrap_or(&path)
        .display()
        .to_string();
    if path.is_dir() {
        return Err(
            Failure::usage(format!("{} is a folder, not a config", path.display()))
                .help("name the file in it with --configPath"),
        );
    }
    let text = fs_err::read_to_string(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::usage(format!("there is no config file {shown}"))
            .help("--configPath is relative to the working directory"),
        _ => {
            let what = format!("could not read the config {shown}");
            Failure::new(ExitKind::Usage, anyhow::Error::new(error).context(what))
                .help("a config is a file of YAML or JSON in UTF-8")
        }
    })?;
    let folder = match &config.current_working_directory {
        Some(_) => working_folder,
        None => path
            .parent()
            .map_or_else(|| context.working_directory.clone(), Path::to_path_buf),
    };
    let folder = fs_err::canonicalize(&folder).map_err(|error| Failure::new(ExitKind::Usage, error))?;
    Ok(ConfigFile {
        source: Source::new(shown, text),
        folder,
    })
}

/// What the config means for a stage, as far as it can be told before it is read.
///
/// # Errors
/// When stage or project name are not valid names.
pub(crate) fn load_options(args: &StackArgs, folder: &Path) -> Result<LoadOptions, Failure> {
    let stage = StageName::new(&args.stage).map_err(|error| Failure::new(ExitKind::Usage, error))?;
    let project_name = args
        .project_name
        .as_ref()
        .map(ProjectName::new)
        .transpose()
        .map_err(|error| Failure::new(ExitKind::Usage, error))?;
    let fallback_project_name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(LoadOptions {
        project_name,
        fallback_project_name,
        stage,
    })
}

/// Reads and checks the config. Everything that was found is told on stderr.
///
/// # Errors
/// When the config has mistakes; they have been told then.
pub(crate) fn load_stack(
    context: &Context,
    printer: &Printer,
    stack: &StackArgs,
    config: &ConfigArgs,
) -> Result<(Stack, ConfigFile), Failure> {
    require_local(&stack.region)?;
    let file = read_config(context, config)?;
    let options = load_options(stack, &file.folder)?;
    let (loaded, found) = tapedeck_config::load(&file.source, &options);
    if !found.is_empty() {
        let findings = tapedeck_diagnostic::render_text(&found, &file.source);
        printer.tell(&format!("{}\n", findings.trim_end()));
    }
    match loaded {
        Some(loaded) => Ok((loaded, file)),
        None => Err(Failure::usage(format!(
            "{} has {}; nothing was changed",
            file.source.name(),
            crate::text::count(found.count(Severity::Error), "mistake")
        ))),
    }
}

/// The name of the stack that a command is about. The config is read only when no flag names the project.
///
/// # Errors
/// When neither flag, config nor folder give a valid name.
pub(crate) fn stack_name(
    context: &Context,
    stack: &StackArgs,
    config: &ConfigArgs,
) -> Result<StackName, Failure> {
    require_local(&stack.region)?;
    let folder = folder_of(context, config)?;
    let (source, folder) = match find_config(&folder, config) {
        Some(_) if stack.project_name.is_none() => {
            let file = read_config(context, config)?;
            (file.source, file.folder)
        }
        // No file is needed when a flag or the folder names the project.
        _ => {
            let folder =
                fs_err::canonicalize(&folder).map_err(|error| Failure::new(ExitKind::Usage, error))?;
            (Source::new("the working directory", "{}"), folder)
        }
    };
    let options = load_options(stack, &folder)?;
    let project = tapedeck_config::project_name(&source, &options).ok_or_else(|| {
        Failure::usage(format!("{} does not tell the name of the project", source.name()))
            .help("give --projectName, or run `tapedeck validate` to see what is wrong with the config")
    })?;
    Ok(StackName::of(&project, &options.stage))
}
