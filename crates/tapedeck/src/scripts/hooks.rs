//! Hooks: the scripts that run around a command.

use std::process::ExitCode;

use tapedeck_config::Loaded;
use tapedeck_model::{Moment, Region, Stack, StackName};

use super::Access;
use super::plan::{self, Occasion, Turn};
use super::run::{Output, Run};
use crate::args::{ConfigArgs, StackArgs};
use crate::aws::Aws;
use crate::config::{self, Reading};
use crate::connected::Connected;
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure};
use crate::options::{self, ConfigFile};
use crate::printer::Printer;
use crate::text::span;

/// The hooks of a stack, for one command.
#[derive(Debug)]
pub(crate) struct Hooks {
    context: Context,
    printer: Printer,
    stack: Stack,
    config: ConfigFile,
    access: Access,
}

impl Hooks {
    fn of(
        stack: &Stack,
        config: &ConfigFile,
        reading: &Reading<'_>,
        context: &Context,
        printer: &Printer,
    ) -> Self {
        Self {
            access: Access::of(reading.stack, reading.aws),
            context: context.clone(),
            printer: printer.clone(),
            stack: stack.clone(),
            config: config.clone(),
        }
    }

    fn turns(&self, moment: Moment) -> Vec<Turn<'_>> {
        plan::turns(
            &self.stack.settings,
            moment,
            self.context.variable("CI").as_deref(),
        )
    }

    /// Whether anything runs at a moment.
    pub(crate) fn has(&self, moment: Moment) -> bool {
        self.turns(moment).iter().any(|turn| turn.left_out.is_none())
    }

    /// Runs what comes before a command.
    ///
    /// # Errors
    /// When a script cannot be run or does not end well. Those after it are not run then, and the command must not go on.
    pub(crate) fn before(&self, moment: Moment) -> Result<(), Failure> {
        self.run(moment).map_err(|failure| {
            let meaning = format!("`{}` goes no further and has changed nothing", moment.command());
            and_then(failure, meaning)
        })
    }

    /// Runs what comes after a command that has succeeded. What was done stays whatever a script comes to: that is told, and the exit
    /// code says it.
    pub(crate) fn after(&self, moment: Moment) -> ExitCode {
        match self.run(moment) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                let done = match moment.command() {
                    "deploy" => "the deployment itself succeeded, and stays",
                    "delete" => "the stack is deleted all the same",
                    _ => "the session has ended all the same",
                };
                self.printer.failure(&and_then(failure, done.to_string()));
                ExitCode::from(ExitKind::Operation.code())
            }
        }
    }

    fn run(&self, moment: Moment) -> Result<(), Failure> {
        let turns = self.turns(moment);
        let deployed = super::deployed(&self.stack, &self.access, &self.context);
        for (index, turn) in turns.iter().enumerate() {
            let name = &turn.script.name;
            if let Some(why) = turn.left_out {
                self.printer
                    .say(format!("{}: script {name} is left out: {why}", moment.as_str()));
                continue;
            }
            self.printer.say(format!("{}: script {name}", moment.as_str()));
            let run = Run {
                context: &self.context,
                printer: &self.printer,
                stack: &self.stack,
                folder: &self.config.folder,
                script: turn.script,
                occasion: Occasion {
                    command: moment.command(),
                    moment: Some(moment),
                },
                role_of: None,
                own: &[],
                arguments: &[],
                output: Output::Stderr,
            };
            let ran = run.run(&*deployed);
            let failure = match ran {
                Ok(ran) if ran.failure.is_none() => {
                    let took = span(ran.took);
                    self.printer
                        .say(format!("{}: script {name} is done ({took})", moment.as_str()));
                    continue;
                }
                Ok(ran) => ran.failure,
                Err(failure) => Some(failure),
            };
            let left = turns[index + 1..].iter().filter(|turn| turn.left_out.is_none());
            if let Some(left) = plan::not_reached(left.count()) {
                self.printer.say(format!("{}: {left}", moment.as_str()));
            }
            return failure.map_or(Ok(()), |failure| Err(in_hook(failure, moment)));
        }
        Ok(())
    }
}

/// A failure that says at which moment.
fn in_hook(failure: Failure, moment: Moment) -> Failure {
    let what = format!("hook {} failed", moment.as_str());
    Failure {
        error: failure.error.context(what),
        ..failure
    }
}

/// The same failure with what it means for the command behind its way out.
fn and_then(failure: Failure, meaning: String) -> Failure {
    let help = match &failure.help {
        Some(help) => format!("{help}; {meaning}"),
        None => meaning,
    };
    failure.help(help)
}

/// Reads the config of a command and makes the stack of it, as [`config::load_stack`] does, and runs the hooks of that moment
/// before what the config names has to be there: they may make it.
///
/// # Errors
/// When the config has mistakes, before or after a hook, or a hook fails. Nothing was changed then.
pub(crate) fn load_stack(
    moment: Moment,
    reading: &Reading<'_>,
    context: &Context,
    printer: &Printer,
) -> Result<(Stack, ConfigFile, Hooks), Failure> {
    let mut is_missing = false;
    let (loaded, file) = config::load_leniently(context, printer, reading, &mut || is_missing = true)?;
    if let Some(stack) = &loaded.stack {
        let hooks = Hooks::of(stack, &file, reading, context, printer);
        let has_any = hooks.has(moment);
        // What would be refused afterwards is refused before anybody's script has run.
        if has_any && stack.region.is_local() {
            engine::require_root(match moment.command() {
                "dev" => "run services on this machine",
                _ => "deploy to region local",
            })?;
            Connected::of(stack)?;
        }
        hooks.before(moment)?;
        if !has_any && !is_missing {
            let (stack, file) = config::told_stack(loaded, file, printer)?;
            return Ok((stack, file, hooks));
        }
    }
    let (stack, file) = config::load_stack(context, printer, reading)?;
    let hooks = Hooks::of(&stack, &file, reading, context, printer);
    Ok((stack, file, hooks))
}

/// The hooks of a stack that is to be deleted: of its config, if there is one.
///
/// # Errors
/// When the config has mistakes, and may have hooks.
pub(crate) fn of_deleted(
    name: &StackName,
    stack: &StackArgs,
    config: &ConfigArgs,
    aws: Option<&Aws>,
    (context, printer): (&Context, &Printer),
) -> Result<Option<Hooks>, Failure> {
    if !options::has_config(context, config)? {
        return Ok(None);
    }
    let reading = Reading {
        command: "delete",
        is_deployment: false,
        stack,
        config,
        extra: &[],
        lookups: None,
        aws,
    };
    let (loaded, file) = config::load_leniently(context, printer, &reading, &mut || {})?;
    let Some(whole) = &loaded.stack else {
        return without_mistakes(&loaded, &file, printer).map(|()| None);
    };
    let has_any = whole.settings.hooks.iter().any(|hook| is_of_delete(hook.moment));
    if has_any && is_of_another_project(&file, name, stack)? {
        printer.warn(format!(
            "the hooks of {} are not run: it is the config of another project; leave --projectName out to delete that one",
            file.name()
        ));
        return Ok(None);
    }
    Ok(Some(Hooks::of(whole, &file, &reading, context, printer)))
}

/// Whether a config names a project, and another one than that of the stack.
fn is_of_another_project(file: &ConfigFile, name: &StackName, stack: &StackArgs) -> Result<bool, Failure> {
    let mut options = options::load_options(stack, &file.folder, Region::local())?;
    options.project_name = None;
    options.fallback_project_name = None;
    let own = tapedeck_config::project_name(&file.source, &options);
    Ok(own.is_some_and(|own| StackName::of(&own, &options.stage) != *name))
}

fn is_of_delete(moment: Moment) -> bool {
    matches!(moment, Moment::BeforeDelete | Moment::AfterDelete)
}

/// A config with mistakes has no hooks that could be run. One that does not speak of any has none at all.
fn without_mistakes(loaded: &Loaded, file: &ConfigFile, printer: &Printer) -> Result<(), Failure> {
    if !file.source.text().contains("hooks") {
        return Ok(());
    }
    config::tell_findings(loaded, printer);
    Err(config::has_mistakes(file, &loaded.diagnostics).help(
        "it may have hooks for this: correct it, or delete without hooks by --projectName in a folder without a config",
    ))
}
