//! What a script runs, why it is left out, and its variables. Pure.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use tapedeck_model::{Moment, Script, ScriptKind, ScriptStep, Stack, StackSettings};

use super::Told;
use crate::exit::Failure;
use crate::text::{count, instead};

/// What a script runs on the occasion of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occasion {
    /// The command.
    pub(crate) command: &'static str,
    /// The moment of it, for hooks.
    pub(crate) moment: Option<Moment>,
}

/// A hook of a moment, and its script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Turn<'a> {
    pub(crate) script: &'a Script,
    /// Why it is left out, if it is.
    pub(crate) left_out: Option<&'static str>,
}

/// The scripts of a moment, in order. `ci` is the variable `CI`.
pub(crate) fn turns<'a>(settings: &'a StackSettings, moment: Moment, ci: Option<&str>) -> Vec<Turn<'a>> {
    let is_ci = is_ci(ci);
    let hooks = settings.hooks.iter().filter(|hook| hook.moment == moment);
    hooks
        .filter_map(|hook| {
            let mut scripts = settings.scripts.iter();
            Some(Turn {
                script: scripts.find(|script| script.name == hook.script_name)?,
                left_out: match is_ci {
                    true if hook.skip_on_ci => Some("skipOnCI, and CI is set"),
                    false if hook.skip_on_local => Some("skipOnLocal, and CI is not set"),
                    _ => None,
                },
            })
        })
        .collect()
}

/// Whether a value of `CI` says that nobody sits in front of this.
fn is_ci(value: Option<&str>) -> bool {
    value.is_some_and(|value| !["", "0", "false"].contains(&value.to_ascii_lowercase().as_str()))
}

/// A script of a stack by its name, if it can be run at all.
///
/// # Errors
/// When there is none, or it would have to go through a bastion.
pub(crate) fn named<'a>(stack: &'a Stack, name: &str) -> Result<&'a Script, Failure> {
    let scripts = &stack.settings.scripts;
    let found = scripts.iter().find(|script| script.name == name);
    let script = found.ok_or_else(|| {
        let known: Vec<&str> = scripts.iter().map(|script| script.name.as_str()).collect();
        let help = match known.is_empty() {
            true => "the config has no `scripts`".to_string(),
            false => format!("among the scripts of the config, {}", instead(name, &known)),
        };
        Failure::usage(format!("there is no script `{name}`")).help(help)
    })?;
    runnable(script)?;
    Ok(script)
}

/// Checks that a script runs on this machine.
///
/// # Errors
/// When it would have to go through a bastion.
pub(crate) fn runnable(script: &Script) -> Result<(), Failure> {
    if script.kind == ScriptKind::LocalScript {
        return Ok(());
    }
    let what = format!(
        "script {} is a `{}`, and there are no bastions yet",
        script.name,
        script.kind.as_str()
    );
    Err(Failure::usage(what)
        .help("make it a `local-script`: on this machine databases are reached without a bastion"))
}

/// Which program runs a step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// The shell, of a line.
    Line(String),
    /// The shell, of a file.
    Shell(PathBuf),
    /// Node, of a file as it is.
    Node(PathBuf),
    /// Node, of what a file and all that it imports become.
    Bundled(PathBuf),
    /// Python, of a file.
    Python(PathBuf),
}

/// What runs a step of a script whose files are in that folder.
pub(crate) fn program(step: &ScriptStep, folder: &Path) -> Program {
    let path = match step {
        ScriptStep::Command(line) => return Program::Line(line.clone()),
        ScriptStep::File(path) => folder.join(path),
    };
    match path.extension().and_then(OsStr::to_str) {
        Some("ts" | "mts" | "cts" | "tsx" | "jsx") => Program::Bundled(path),
        Some("js" | "mjs" | "cjs") => Program::Node(path),
        Some("py") => Program::Python(path),
        // The config has been checked: nothing else is left.
        _ => Program::Shell(path),
    }
}

/// What a step is called: the file, or its place among lines, which may hold what is not to be shown.
pub(crate) fn label(script: &Script, index: usize) -> String {
    match (script.steps.get(index), script.steps.len()) {
        (Some(ScriptStep::File(path)), 2..) => format!("script {}, {path}", script.name),
        (_, all @ 2..) => format!("script {}, step {} of {all}", script.name, index + 1),
        _ => format!("script {}", script.name),
    }
}

/// The variables that tell any script why it runs.
pub(crate) fn reasons(stack: &Stack, occasion: Occasion) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::from(
        [
            ("STP_COMMAND", occasion.command),
            ("STP_PROJECT_NAME", stack.project.as_str()),
            ("STP_STAGE", stack.stage.as_str()),
            ("STP_REGION", stack.region.as_str()),
            ("STP_STACK_NAME", stack.name().as_str()),
        ]
        .map(|(name, value)| (name.to_string(), value.to_string())),
    );
    if let Some(moment) = occasion.moment {
        for (name, value) in [
            ("STP_HOOK_TYPE", moment.as_str()),
            ("STP_HOOK_TRIGGER", moment.command()),
        ] {
            variables.insert(name.to_string(), value.to_string());
        }
    }
    variables
}

/// Variables, by name, of a whole environment.
pub(crate) type Environment = BTreeMap<OsString, OsString>;

/// The environment of a script: that of whoever runs it, then why it runs, then what it is told, then what `--env` says. The last
/// that says something counts.
pub(crate) fn environment(
    inherited: &[(OsString, OsString)],
    reasons: BTreeMap<String, String>,
    told: Told,
    own: &[(String, String)],
) -> Environment {
    let is_hidden = |name: &OsString| {
        let hook = ["STP_HOOK_TYPE", "STP_HOOK_TRIGGER"];
        told.hidden.iter().chain(&hook).any(|hidden| name == hidden)
    };
    let mut variables: Environment = inherited
        .iter()
        .filter(|(name, _)| !is_hidden(name))
        .cloned()
        .collect();
    let layers = reasons
        .into_iter()
        .chain(told.variables)
        .chain(own.iter().cloned());
    variables.extend(layers.map(|(name, value)| (name.into(), value.into())));
    variables
}

/// `NAME=VALUE`, as `--env` takes it.
///
/// # Errors
/// When it is not that. The value is not shown.
pub(crate) fn assignment(text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !text.contains('\0') => {
            Ok((name.to_string(), value.to_string()))
        }
        _ => Err(Failure::usage("what --env was given is not NAME=VALUE")
            .help("write `--env NAME=VALUE`, once for each variable")),
    }
}

/// What is told of hooks that were not reached: `2 more scripts were not run`.
pub(crate) fn not_reached(left: usize) -> Option<String> {
    let verb = if left == 1 { "was" } else { "were" };
    (left > 0).then(|| format!("{} after it {verb} not run", count(left, "script")))
}
