//! Where flag, config file and environment meet: what a command was asked, resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use tapedeck_config::LoadOptions;
use tapedeck_diagnostic::{Source, nearest};
use tapedeck_model::{ProjectName, Region, StackName, StageName};

use crate::args::{ConfigArgs, StackArgs};
use crate::config::{self, Reading};
use crate::context::Context;
use crate::exit::{ExitKind, Failure};
use crate::printer::Printer;

/// Config files that are looked for, in this order.
const CONFIG_NAMES: [&str; 5] = [
    "stacktape.ts",
    "stacktape.yml",
    "stacktape.yaml",
    "stacktape.js",
    "stacktape.json",
];

/// Endings of configs that are evaluated rather than read.
const CODE_EXTENSIONS: [&str; 6] = ["ts", "mts", "cts", "js", "mjs", "cjs"];

/// What is added to the name of code when its result is shown instead.
const AS_EVALUATED: &str = " (as evaluated)";

/// The longest config that is taken into memory, in bytes. Code may be longer than what is read as YAML.
const LONGEST_CONFIG: u64 = 16 << 20;

/// A config file that was read.
#[derive(Debug, Clone)]
pub(crate) struct ConfigFile {
    /// Its text, under the name that people know it by.
    pub(crate) source: Source,
    /// The folder that its paths start at.
    pub(crate) folder: PathBuf,
    /// The file itself.
    pub(crate) path: PathBuf,
    /// Whether it is code that makes the config.
    pub(crate) is_code: bool,
    /// Every path that was looked at to know what it says, absolute; some need not exist.
    pub(crate) read: BTreeSet<PathBuf>,
}

impl ConfigFile {
    /// The name that people know the file by, also of code that was evaluated.
    pub(crate) fn name(&self) -> &str {
        let name = self.source.name();
        name.strip_suffix(AS_EVALUATED).unwrap_or(name)
    }

    /// Puts the config that code made in the place of the code. Findings point into it.
    pub(crate) fn replace_text(&mut self, text: String) {
        let name = format!("{}{AS_EVALUATED}", self.source.name());
        self.source = Source::new(name, text);
    }
}

/// The region of a flag.
///
/// # Errors
/// When there is no such region.
pub(crate) fn region(given: &str) -> Result<Region, Failure> {
    let parts: Vec<&str> = given.split('-').collect();
    let is_number = |part: &&str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_aws = (3..=4).contains(&parts.len()) && parts.last().is_some_and(is_number) && parts[0].len() == 2;
    match Region::new(given) {
        Ok(region) if region.is_local() || is_aws => Ok(region),
        _ => {
            let help = match nearest(given, &["local"]) {
                Some(_) => "did you mean `local`?".to_string(),
                None => Region::RULE.to_string(),
            };
            Err(Failure::usage(format!("there is no region `{given}`")).help(help))
        }
    }
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
        "this command works on this machine only, and `{region}` is a region of AWS"
    ))
    .help(format!(
        "leave --region out, or give `--region local`; `tapedeck deploy --region {region}` deploys there"
    )))
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

/// Whether there is a config, named or in the folder.
///
/// # Errors
/// When there is no such folder.
pub(crate) fn has_config(context: &Context, config: &ConfigArgs) -> Result<bool, Failure> {
    Ok(find_config(&folder_of(context, config)?, config).is_some())
}

/// Reads the config file. Code is not evaluated yet.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(crate) fn read_config(
    context: &Context,
    printer: &Printer,
    config: &ConfigArgs,
) -> Result<ConfigFile, Failure> {
    let working_folder = folder_of(context, config)?;
    warn_of_others(&working_folder, config, printer);
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
    let text = read_text(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::usage(format!("there is no config file {shown}"))
            .help("--configPath is relative to the working directory"),
        _ => {
            let what = format!("could not read the config {shown}");
            Failure::new(ExitKind::Usage, anyhow::Error::new(error).context(what))
                .help("a config is a file of YAML or JSON in UTF-8")
        }
    })?;
    let folder = match &config.current_working_directory {
        Some(_) => working_folder.clone(),
        None => path
            .parent()
            .map_or_else(|| context.working_directory.clone(), Path::to_path_buf),
    };
    let folder = fs_err::canonicalize(&folder).map_err(|error| Failure::new(ExitKind::Usage, error))?;
    let extension = path.extension().and_then(|extension| extension.to_str());
    let is_code = extension.is_some_and(|extension| CODE_EXTENSIONS.contains(&extension));
    // One of another name may come and take precedence.
    let others = CONFIG_NAMES.iter().filter(|_| config.config_path.is_none());
    let read = others
        .map(|name| working_folder.join(name))
        .chain([path.clone()])
        .collect();
    Ok(ConfigFile {
        read,
        source: Source::new(shown, text),
        folder,
        path,
        is_code,
    })
}

/// The text of a file, however little its size says of what comes out of it.
fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = fs_err::File::open(path)?;
    file.take(LONGEST_CONFIG + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_CONFIG {
        let problem = format!("it has more than {LONGEST_CONFIG} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, problem));
    }
    Ok(text)
}

/// Says which config counts when a folder has several.
fn warn_of_others(folder: &Path, config: &ConfigArgs, printer: &Printer) {
    if config.config_path.is_some() {
        return;
    }
    let mut there = CONFIG_NAMES.iter().filter(|name| folder.join(name).is_file());
    if let (Some(first), Some(second)) = (there.next(), there.next()) {
        printer.warn(format!(
            "there are {first} and {second}: {first} is read; name the other with --configPath, or remove it"
        ));
    }
}

/// What the config means for a stage, as far as it can be told before it is read.
///
/// # Errors
/// When stage or project name are not valid names.
pub(crate) fn load_options(args: &StackArgs, folder: &Path, region: Region) -> Result<LoadOptions, Failure> {
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
        region,
        profile: args.profile.clone(),
        command_line: BTreeMap::new(),
        is_deployment: false,
    })
}

/// The name of the stack that a command is about. The config is read only when no flag names the project.
///
/// # Errors
/// When neither flag, config nor folder give a valid name.
pub(crate) fn stack_name(
    context: &Context,
    printer: &Printer,
    stack: &StackArgs,
    config: &ConfigArgs,
) -> Result<StackName, Failure> {
    region(&stack.region)?;
    let folder = folder_of(context, config)?;
    let is_named_by_file = find_config(&folder, config).is_some() && stack.project_name.is_none();
    let (source, folder) = if is_named_by_file {
        let file = read_config(context, printer, config)?;
        if file.is_code {
            return name_in_code(context, printer, stack, config);
        }
        (file.source, file.folder)
    } else {
        // No file is needed when a flag or the folder names the project.
        let folder = fs_err::canonicalize(&folder).map_err(|error| Failure::new(ExitKind::Usage, error))?;
        (Source::new("the working directory", "{}"), folder)
    };
    let options = load_options(stack, &folder, Region::local())?;
    match tapedeck_config::project_name(&source, &options) {
        Some(project) => Ok(StackName::of(&project, &options.stage)),
        // A directive may tell it.
        None if is_named_by_file => name_in_code(context, printer, stack, config),
        None => Err(no_name(source.name())),
    }
}

/// The name of a stack whose project only the evaluated config tells.
fn name_in_code(
    context: &Context,
    printer: &Printer,
    stack: &StackArgs,
    config: &ConfigArgs,
) -> Result<StackName, Failure> {
    let reading = Reading {
        command: "info:stack",
        is_deployment: false,
        stack,
        config,
        extra: &[],
        lookups: None,
        aws: None,
    };
    let (loaded, file) = config::load(context, printer, &reading)?;
    let stage = StageName::new(&stack.stage).map_err(|error| Failure::new(ExitKind::Usage, error))?;
    match loaded.project {
        Some(project) => Ok(StackName::of(&project, &stage)),
        None => Err(no_name(file.source.name())),
    }
}

fn no_name(source: &str) -> Failure {
    Failure::usage(format!("{source} does not tell the name of the project"))
        .help("give --projectName, or run `tapedeck validate` to see what is wrong with the config")
}
