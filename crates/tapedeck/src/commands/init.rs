//! `tapedeck init`

use std::io::{self, ErrorKind, IsTerminal};
use std::process::ExitCode;

use crate::args::{ConfigFormat, InitArgs};
use crate::context::Context;
use crate::exit::{ExitKind, Failure, Outcome};
use crate::init::ask::{self, Dialogue, NoAnswer};
use crate::init::candidate::Candidate;
use crate::init::check::{self, Judged};
use crate::init::decide::{Draft, Wishes, draft};
use crate::init::detect::candidates;
use crate::init::project::Project;
use crate::init::write::{Existing, configs_in, write};
use crate::init::{render, told};
use crate::printer::Printer;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck init
  tapedeck init --dryRun
  tapedeck init --yes --entryfilePath src/worker.ts --cpu 0.5 --memory 1024 --minInstances 2
  tapedeck init --configFormat typescript --projectDirectory services/mailer";

/// Looks at the project, decides or asks what to run, writes that down.
pub(crate) fn run(args: &InitArgs, context: &Context, printer: &Printer) -> Outcome {
    let wishes = Wishes::of(args)?;
    let project = Project::look(context, args.project_directory.as_deref())?;
    if !args.dry_run && !args.force {
        refuse_existing(&project)?;
    }
    let found = candidates(&project.seen);
    let Some((chosen, mut draft)) = decide(args, &wishes, &project, &found, printer)? else {
        printer.say("there was no answer; nothing was written");
        return Ok(ExitCode::SUCCESS);
    };
    let project_name = check::complete(&mut draft, &chosen, &project.name)?;
    let yaml = render::yaml(&draft, &project_name);
    let judged = check::judge(&yaml, &project.name)?;
    let (name, text) = match args.config_format {
        ConfigFormat::Yaml => ("stacktape.yml", yaml),
        ConfigFormat::TypeScript => ("stacktape.ts", render::typescript(&draft, &project_name)),
    };
    if !args.dry_run {
        put(&project, name, &text, args.force)?;
    }

    let shown = project.shown(name);
    if printer.is_json() {
        let unwritten = args.dry_run.then_some(text.as_str());
        printer.json(&told::report(&shown, &chosen, &found, unwritten));
    } else if args.dry_run {
        printer.data(text.trim_end());
    }
    let done = if args.dry_run { "would write" } else { "wrote" };
    printer.say(format!("{done} {shown}: {}", told::decision(&draft, &chosen)));
    told::also_found(&chosen, &found).inspect(|line| printer.say(line));
    warn(printer, &chosen, judged);
    for other in configs_in(&project.folder).iter().filter(|other| **other != name) {
        printer.warn(format!(
            "{other} is there too: --configPath says which one counts"
        ));
    }
    if args.config_format == ConfigFormat::TypeScript {
        told::types_missing(&project.seen).inspect(|line| printer.say(line));
    }
    if !args.dry_run {
        printer.say(told::next(args.project_directory.as_deref()));
    }
    Ok(ExitCode::SUCCESS)
}

/// What the service runs, and how: asked on a terminal, else the best there is. None when there is no answer.
fn decide(
    args: &InitArgs,
    wishes: &Wishes,
    project: &Project,
    found: &[Candidate],
    printer: &Printer,
) -> Result<Option<(Candidate, Draft)>, Failure> {
    let given = args.entryfile_path.as_deref();
    let given = given.map(|path| project.named(path, found)).transpose()?;
    if asks(args) {
        return Ok(answers(project, found, given, wishes, printer).ok());
    }
    let Some(chosen) = given.or_else(|| found.first().cloned()) else {
        return Err(told::nothing_found(&project.folder, project.seen.cut_short));
    };
    let draft = draft(wishes, &chosen, &project.name);
    Ok(Some((chosen, draft)))
}

fn warn(printer: &Printer, chosen: &Candidate, judged: Judged) {
    if judged.is_unsupported {
        printer.say(told::not_packaged_yet(chosen));
    }
    for warning in judged.warnings {
        printer.warn(warning);
    }
}

/// Whether there is somebody to ask.
fn asks(args: &InitArgs) -> bool {
    let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    is_terminal && !args.yes && !args.output.json
}

/// Asks for the entry file, unless it is given, and for the rest.
fn answers(
    project: &Project,
    found: &[Candidate],
    given: Option<Candidate>,
    wishes: &Wishes,
    printer: &Printer,
) -> Result<(Candidate, Draft), NoAnswer> {
    let mut dialogue = Dialogue {
        answers: &mut io::stdin().lock(),
        tell: &|text| printer.tell(text),
    };
    let named = |path: &str| {
        let named = project.named(path, found);
        named.map_err(|failure| failure.error.to_string())
    };
    let chosen = match given {
        Some(given) => given,
        None => ask::candidate(&mut dialogue, found, &named)?,
    };
    let draft = ask::rest(&mut dialogue, wishes, &chosen, &project.name)?;
    Ok((chosen, draft))
}

fn refuse_existing(project: &Project) -> Result<(), Failure> {
    match configs_in(&project.folder).first() {
        Some(name) => Err(exists(project, name)),
        None => Ok(()),
    }
}

fn exists(project: &Project, name: &str) -> Failure {
    let message = format!("there is a {name} in {} already", project.folder.display());
    Failure::usage(message)
        .help("edit it; --dryRun prints what would be written, --force writes all the same")
}

/// Writes the config.
fn put(project: &Project, name: &str, text: &str, force: bool) -> Result<(), Failure> {
    let existing = if force { Existing::Replace } else { Existing::Keep };
    write(&project.folder, name, text, existing).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(project, name),
        _ => {
            let what = format!("could not write {name} in {}", project.folder.display());
            Failure::new(ExitKind::Environment, anyhow::Error::new(error).context(what))
                .help("see that the folder can be written to; --dryRun prints the config instead")
        }
    })
}
