//! The sections `scripts` and `hooks`: what relates their keys and the resources, and what they come to.

use std::collections::HashSet;

use tapedeck_diagnostic::{Allowed, Diagnostics, Spanned};
use tapedeck_model::{Connection, EnvironmentVariable, Hook, Moment, Script, ScriptKind, ScriptStep};

use super::late_text;
use crate::parse::{Entry, Mapping, Value};
use crate::schema::{Connectable, entry_extension};
use crate::scope::{Declared, Scope};

/// The ways to say what a script does.
const STEPS: [&str; 4] = [
    "executeCommand",
    "executeCommands",
    "executeScript",
    "executeScripts",
];

/// The extensions of files that can be run.
const EXTENSIONS: [&str; 10] = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "py", "sh"];

/// Services of AWS that `connectTo` knows.
const MACROS: [&str; 1] = ["aws:ses"];

/// Types of resources that have a role although they are not services.
const WITH_ROLES: [&str; 2] = ["function", "batch-job"];

/// Judges scripts, and hooks that name them.
pub(super) fn check(root: &Mapping, scope: &mut Scope<'_>) {
    for entry in entries(root) {
        let Some(properties) = properties(entry) else {
            continue;
        };
        steps(entry, properties, scope.diagnostics);
        connections(properties, scope);
        role(properties, scope);
    }
    let named = hooks_written(root, scope.diagnostics);
    for entry in entries(root) {
        let script = entry.value.value.as_mapping();
        let Some(kind) = script.and_then(|script| script.spanned_text("type")) else {
            continue;
        };
        if kind.value == ScriptKind::LocalScript.as_str() || kind_of(&kind.value).is_none() {
            continue;
        }
        match named.iter().find(|hook| hook.value == entry.key.value) {
            Some(hook) => {
                let subject = format!("a script of type `{}`", kind.value);
                scope
                    .diagnostics
                    .not_run_here_yet(hook.span, &subject, "there are no bastions yet");
            }
            None => {
                let subject = format!("a script of type `{}`", kind.value);
                let reason = "there are no bastions yet, and `script:run` refuses it";
                scope.diagnostics.no_effect_yet(kind.span, &subject, reason);
            }
        }
    }
}

fn entries(root: &Mapping) -> &[Entry] {
    root.mapping("scripts")
        .map(|scripts| scripts.entries.as_slice())
        .unwrap_or_default()
}

fn properties(entry: &Entry) -> Option<&Mapping> {
    entry.value.value.as_mapping()?.mapping("properties")
}

fn kind_of(name: &str) -> Option<ScriptKind> {
    ScriptKind::ALL.into_iter().find(|kind| kind.as_str() == name)
}

/// A script does just one kind of thing, and files are in languages that can be run.
fn steps(entry: &Entry, properties: &Mapping, diagnostics: &mut Diagnostics) {
    let given = STEPS.iter().filter(|key| properties.has(key)).count();
    if given != 1 {
        let keys = "`executeCommand`, `executeCommands`, `executeScript` or `executeScripts`";
        let parent = format!("the script `{}`", entry.key.value);
        diagnostics.exclusive_keys(entry.key.span, &parent, keys, given);
    }
    for key in STEPS {
        if properties.has(key) && properties.spanned_items(key).is_empty() {
            let keys = format!("an item in `{key}`");
            let parent = format!("the script `{}`", entry.key.value);
            diagnostics.exclusive_keys(entry.key.span, &parent, &keys, 0);
        }
    }
    for key in ["executeScript", "executeScripts"] {
        for item in properties.spanned_items(key) {
            let Some(path) = item.value.as_text().filter(|path| !path.is_empty()) else {
                continue;
            };
            if !EXTENSIONS.contains(&entry_extension(path)) {
                let value = Spanned::new(path.to_string(), item.span);
                let advice = format!("name a file that ends with .{}", EXTENSIONS.join(", ."));
                diagnostics.invalid_value(&value, &format!("`{key}`"), Allowed::Advice(&advice));
            }
        }
    }
}

/// What a script is connected to is there and can be.
fn connections(properties: &Mapping, scope: &mut Scope<'_>) {
    for item in properties.spanned_items("connectTo") {
        let Some(text) = item.value.as_text().filter(|text| !text.is_empty()) else {
            continue;
        };
        let name = Spanned::new(text.to_string(), item.span);
        if text.starts_with("aws:") {
            if !MACROS.contains(&text) {
                scope.diagnostics.unknown_macro(&name, &MACROS);
            }
            continue;
        }
        match scope.resource(text).map(|one| one.kind) {
            Some(kind) => {
                if let Connectable::No(advice) = kind.connectable {
                    let problem = format!(
                        "is a resource of type `{}`, which cannot be connected to",
                        kind.name
                    );
                    scope.diagnostics.wrong_resource_type(&name, &problem, advice);
                }
            }
            None => unknown(&name, scope, |one| {
                matches!(one.kind.connectable, Connectable::Yes)
            }),
        }
    }
}

/// The resource whose role is taken is there and has one.
fn role(properties: &Mapping, scope: &mut Scope<'_>) {
    let Some(name) = properties.spanned_text("assumeRoleOfResource") else {
        return;
    };
    match scope.resource(&name.value) {
        Some(one) if has_role(one) => {}
        Some(one) => {
            let problem = format!("is a resource of type `{}`, which acts in no role", one.kind.name);
            let advice = "name a service, a workload, a function or a job";
            scope.diagnostics.wrong_resource_type(&name, &problem, advice);
        }
        None => unknown(&name, scope, has_role),
    }
}

fn has_role(one: &Declared<'_>) -> bool {
    one.kind.service.is_some() || one.kind.workload.is_some() || WITH_ROLES.contains(&one.kind.name)
}

/// Tells of a resource that is not there. Of one whose type is wrong that has been told.
fn unknown(name: &Spanned<String>, scope: &mut Scope<'_>, would_do: impl Fn(&Declared<'_>) -> bool) {
    if scope.is_unclear(&name.value) {
        return;
    }
    let known = match scope.diagnostics.is_full() {
        true => Vec::new(),
        false => scope
            .names_where(would_do)
            .into_iter()
            .map(str::to_string)
            .collect(),
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    scope.diagnostics.unknown_resource(name, &known);
}

/// Hooks name scripts of the file. Tells the names.
fn hooks_written(root: &Mapping, diagnostics: &mut Diagnostics) -> Vec<Spanned<String>> {
    let known: Vec<&str> = entries(root)
        .iter()
        .map(|entry| entry.key.value.as_str())
        .collect();
    let names: HashSet<&str> = known.iter().copied().collect();
    let mut written = Vec::new();
    let hooks = root.mapping("hooks");
    for entry in hooks.iter().flat_map(|hooks| &hooks.entries) {
        let items = entry.value.value.as_list().unwrap_or_default();
        for hook in items.iter().filter_map(|item| item.value.as_mapping()) {
            let Some(name) = hook.spanned_text("scriptName") else {
                continue;
            };
            if !names.contains(name.value.as_str()) {
                diagnostics.unknown_script(&name, &known);
            }
            written.push(name);
        }
    }
    written
}

/// The hooks of a checked file, those of a moment in their order.
pub(super) fn hooks(root: &Mapping) -> Vec<Hook> {
    let Some(hooks) = root.mapping("hooks") else {
        return Vec::new();
    };
    let of = |moment: Moment| {
        let items = hooks.list(moment.as_str()).iter();
        items.filter_map(move |item| {
            let hook = item.value.as_mapping()?;
            Some(Hook {
                moment,
                script_name: hook.text("scriptName")?.to_string(),
                skip_on_ci: hook.flag("skipOnCI"),
                skip_on_local: hook.flag("skipOnLocal"),
            })
        })
    };
    Moment::ALL.into_iter().flat_map(of).collect()
}

/// The scripts of a checked file.
pub(super) fn lower(root: &Mapping) -> Option<Vec<Script>> {
    entries(root).iter().map(script).collect()
}

fn script(entry: &Entry) -> Option<Script> {
    let properties = properties(entry)?;
    let texts = |key: &str| properties.texts(key).into_iter();
    let commands = texts("executeCommand").chain(texts("executeCommands"));
    let files = texts("executeScript").chain(texts("executeScripts"));
    let connection = |name: String| match name.as_str() {
        "aws:ses" => Connection::Ses,
        _ => Connection::Resource(name),
    };
    let mut connect_to: Vec<Connection> = Vec::new();
    for connection in properties.texts("connectTo").into_iter().map(connection) {
        if !connect_to.contains(&connection) {
            connect_to.push(connection);
        }
    }
    Some(Script {
        name: entry.key.value.clone(),
        kind: kind_of(entry.value.value.as_mapping()?.text("type")?)?,
        steps: commands
            .map(ScriptStep::Command)
            .chain(files.map(ScriptStep::File))
            .collect(),
        cwd: properties.text("cwd").unwrap_or(".").to_string(),
        pipe_stdio: !properties.has("pipeStdio") || properties.flag("pipeStdio"),
        connect_to,
        environment: environment(properties)?,
        assume_role_of_resource: properties.text("assumeRoleOfResource").map(str::to_string),
    })
}

/// `environment` in either of its forms.
fn environment(properties: &Mapping) -> Option<Vec<EnvironmentVariable>> {
    let variable = |name: &str, value: &Value| {
        Some(EnvironmentVariable {
            name: name.to_string(),
            value: late_text(value)?,
        })
    };
    match properties.get("environment").map(|value| &value.value) {
        Some(Value::List(items)) => items
            .iter()
            .map(|item| {
                let item = item.value.as_mapping()?;
                variable(item.text("name")?, &item.get("value")?.value)
            })
            .collect(),
        Some(Value::Mapping(mapping)) => mapping
            .entries
            .iter()
            .map(|entry| variable(&entry.key.value, &entry.value.value))
            .collect(),
        _ => Some(Vec::new()),
    }
}
