//! Reads a config with everything that it asks for, and tells what was found.

mod code;

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::path::Path;

use tapedeck_config::{Answer, Answers, LoadOptions, Loaded, PathState, Question};
use tapedeck_diagnostic::{Diagnostics, Severity, render_text};
use tapedeck_model::{Region, Stack};

use crate::answers::Answering;
use crate::args::{ConfigArgs, StackArgs};
use crate::aws::Aws;
use crate::context::Context;
use crate::dev::Wish;
use crate::evaluate::{self, ConfigInput, EvaluateError, Surroundings, TIME_LIMIT};
use crate::exit::{ExitKind, Failure};
use crate::lookups::Lookups;
use crate::options::{self, ConfigFile};
use crate::printer::Printer;
use crate::text::count;

/// How often a config may ask for more. Each round answers all that was asked, so this is the depth to which answers
/// lead to questions.
const MOST_ROUNDS: usize = 100;

/// What a config is read for.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// The command, as `stacktape.ts` gets to know it.
    pub(crate) command: &'static str,
    /// Whether what cannot be run here is a mistake.
    pub(crate) is_deployment: bool,
    pub(crate) stack: &'a StackArgs,
    pub(crate) config: &'a ConfigArgs,
    /// Options after `--`.
    pub(crate) extra: &'a [String],
    /// A file with what AWS would answer.
    pub(crate) lookups: Option<&'a Path>,
    /// Who is asked for what is not in it.
    pub(crate) aws: Option<&'a Aws>,
}

impl<'a> Reading<'a> {
    /// An answer as it counts: where nothing is packaged, a file that is not there is only told of.
    fn judged(&self, question: &Question, answer: Answer, printer: &Printer) -> Answer {
        match (self.command, question, &answer) {
            ("synth" | "diff" | "cost", Question::Path { path }, Answer::Path(PathState::Missing)) => {
                printer.warn(format!("there is no `{path}`, which `package` and `deploy` need"));
                Answer::Unknowable
            }
            _ => answer,
        }
    }

    /// What `dev` reads a config for.
    pub(crate) fn of(wish: &'a Wish) -> Self {
        Self {
            command: "dev",
            is_deployment: true,
            stack: &wish.stack,
            config: &wish.config,
            extra: &wish.extra,
            lookups: None,
            aws: None,
        }
    }
}

/// Reads the config, answering what it asks.
///
/// # Errors
/// When there is no config, it cannot be evaluated, or flags are wrong. What is wrong *in* it is among the findings.
pub(crate) fn load(
    context: &Context,
    printer: &Printer,
    reading: &Reading<'_>,
) -> Result<(Loaded, ConfigFile), Failure> {
    load_judging(context, printer, reading, &mut |question, answer| {
        reading.judged(question, answer, printer)
    })
}

/// The same, but files that are not there are no mistakes: `on_missing` is told of each.
///
/// # Errors
/// Those of [`load`].
pub(crate) fn load_leniently(
    context: &Context,
    printer: &Printer,
    reading: &Reading<'_>,
    on_missing: &mut dyn FnMut(),
) -> Result<(Loaded, ConfigFile), Failure> {
    load_judging(
        context,
        printer,
        reading,
        &mut |question, answer| match (question, answer) {
            (Question::Path { .. }, Answer::Path(PathState::Missing)) => {
                on_missing();
                Answer::Unknowable
            }
            (_, answer) => answer,
        },
    )
}

/// Reads the config; each answer counts as `judged` says.
fn load_judging(
    context: &Context,
    printer: &Printer,
    reading: &Reading<'_>,
    judged: &mut dyn FnMut(&Question, Answer) -> Answer,
) -> Result<(Loaded, ConfigFile), Failure> {
    let region = options::region(&reading.stack.region)?;
    let mut file = options::read_config(context, printer, reading.config)?;
    let options = load_options(reading, &file, region)?;
    let mut progress = printer.progress("config");
    if file.is_code
        && let Err(error) = evaluate(context, reading, &options, &mut file, &mut progress)
    {
        return match error.kind() {
            ExitKind::Usage => Ok((code::findings(&file, &error), file)),
            kind => {
                let help = error.help();
                let failure = Failure::new(kind, error);
                Err(failure.help(help.unwrap_or_else(|| "nothing was changed".to_string())))
            }
        };
    }
    let lookups = match reading.lookups {
        Some(path) => Some(Lookups::read(&context.working_directory.join(path))?),
        None => None,
    };
    let mut answers = Answers::new();
    for _ in 0..MOST_ROUNDS {
        let loaded = tapedeck_resources::load(&file.source, &options, &answers);
        if loaded.questions.is_empty() {
            return Ok((loaded, file));
        }
        let mut answering = Answering {
            context,
            folder: &file.folder,
            region: &options.region,
            lookups: lookups.as_ref(),
            aws: reading.aws,
            progress: &mut progress,
        };
        for (question, answer) in answering.answer(loaded.questions) {
            let answer = judged(&question, answer);
            file.read
                .extend(path_of(&question).map(|path| file.folder.join(path)));
            answers.insert(question, answer);
        }
    }
    Err(Failure::usage(format!(
        "{} asks for more and more, without an end",
        file.source.name()
    ))
    .help("look for a directive whose result contains a call with other arguments each time"))
}

/// The path that a question is about.
fn path_of(question: &Question) -> Option<&str> {
    match question {
        Question::Text { path } | Question::Path { path } | Question::Call { path, .. } => Some(path),
        _ => None,
    }
}

/// Reads the config and makes the stack of it. Everything that was found is told on stderr.
///
/// # Errors
/// When the config has mistakes; they have been told then.
pub(crate) fn load_stack(
    context: &Context,
    printer: &Printer,
    reading: &Reading<'_>,
) -> Result<(Stack, ConfigFile), Failure> {
    let (loaded, file) = load(context, printer, reading)?;
    told_stack(loaded, file, printer)
}

/// Tells on stderr what was found in a config.
pub(crate) fn tell_findings(loaded: &Loaded, printer: &Printer) {
    if !loaded.diagnostics.is_empty() {
        let findings = render_text(&loaded.diagnostics, &loaded.sources);
        printer.tell(&format!("{}\n", findings.trim_end()));
    }
}

/// The stack of a config that was read. Everything that was found is told on stderr.
///
/// # Errors
/// When the config has mistakes; they have been told then.
pub(crate) fn told_stack(
    loaded: Loaded,
    file: ConfigFile,
    printer: &Printer,
) -> Result<(Stack, ConfigFile), Failure> {
    tell_findings(&loaded, printer);
    match loaded.stack {
        Some(stack) => Ok((stack, file)),
        None => Err(has_mistakes(&file, &loaded.diagnostics)),
    }
}

/// The failure of a config whose mistakes have been told.
pub(crate) fn has_mistakes(file: &ConfigFile, found: &Diagnostics) -> Failure {
    Failure::usage(format!(
        "{} has {}; nothing was changed",
        file.name(),
        count(found.count(Severity::Error), "mistake")
    ))
}

fn load_options(reading: &Reading<'_>, file: &ConfigFile, region: Region) -> Result<LoadOptions, Failure> {
    let mut options = options::load_options(reading.stack, &file.folder, region)?;
    options.is_deployment = reading.is_deployment;
    options.command_line = command_line(reading)?;
    Ok(options)
}

/// Options of the command line for `$CliArgs`: our own by their long names, and those after `--`.
fn command_line(reading: &Reading<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let StackArgs {
        stage,
        region,
        project_name,
        profile,
    } = reading.stack;
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let own = [
        ("stage", Some(stage.clone())),
        ("region", Some(region.clone())),
        ("projectName", project_name.clone()),
        ("profile", profile.clone()),
        ("configPath", path(&reading.config.config_path)),
        (
            "currentWorkingDirectory",
            path(&reading.config.current_working_directory),
        ),
    ];
    let mut line: BTreeMap<String, String> = own
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_string(), value?)))
        .collect();
    let mut extra = reading.extra.iter().peekable();
    while let Some(argument) = extra.next() {
        let Some(name) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else {
            return Err(
                Failure::usage(format!("`{argument}` after `--` is no option"))
                    .help("write options there as --name value or --name=value; the config reads them by $CliArgs('name')"),
            );
        };
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, value.to_string()),
            None => match extra.next_if(|next| !next.starts_with('-')) {
                Some(value) => (name, value.clone()),
                None => (name, "true".to_string()),
            },
        };
        line.insert(name.to_string(), value);
    }
    Ok(line)
}

/// Replaces code by the config that it evaluates to.
fn evaluate(
    context: &Context,
    reading: &Reading<'_>,
    options: &LoadOptions,
    file: &mut ConfigFile,
    progress: &mut crate::printer::Progress,
) -> Result<(), EvaluateError> {
    let cache = context.home.build_cache();
    let stderr = std::io::stderr();
    let mut surroundings = Surroundings {
        folder: &file.folder,
        search_path: &context.search_path,
        environment: &context.environment,
        cache_directory: &cache,
        output: stderr.as_fd(),
        time_limit: TIME_LIMIT,
        progress,
    };
    let project_name = options
        .project_name
        .as_ref()
        .map(ToString::to_string)
        .or_else(|| options.fallback_project_name.clone());
    let input = ConfigInput {
        project_name: project_name.unwrap_or_default(),
        stage: options.stage.to_string(),
        region: options.region.to_string(),
        command: reading.command.to_string(),
        profile: options.profile.clone(),
        cli_args: serde_json::to_value(&options.command_line).unwrap_or_default(),
        user: serde_json::json!({}),
    };
    let evaluated = evaluate::evaluate_config(&mut surroundings, &file.path, &input)?;
    file.replace_text(evaluated.json);
    file.read.extend(evaluated.inputs);
    Ok(())
}
