//! Whether a lock is of the manifest beside it, as far as names can tell.

use toml::{Table, Value};

use super::dependencies::Context;
use super::error::PythonError;
use super::project::{Declared, Form, lookup, read_toml};
use super::requirements::{Requirements, normal_name};
use crate::BuildError;

/// Refuses a lock that lacks something its manifest asks for: it is older.
pub(super) fn require_current(
    context: Context<'_>,
    declared: &Declared,
    locked: &Requirements,
) -> Result<(), BuildError> {
    let is_selection = !context.settings.uv_only_groups.is_empty() || declared.member.is_some();
    let manifest = match declared.form {
        Form::PipfileLock => declared.folder().join("Pipfile"),
        _ => declared.manifest(),
    };
    if is_selection || !manifest.is_file() {
        return Ok(());
    }
    let table = read_toml(&manifest)?;
    let is_missing = |name: &String| {
        let elsewhere = lookup(&table, &["tool", "uv", "sources"]).and_then(Value::as_table);
        let is_elsewhere =
            elsewhere.is_some_and(|sources| sources.keys().any(|key| normal_name(key) == *name));
        let is_folder = locked.folders.iter().any(|folder| folder != ".");
        !is_elsewhere && !is_folder && locked.packages.iter().all(|package| package.name != *name)
    };
    match asked_for(declared.form, &table).into_iter().find(is_missing) {
        Some(package) => Err(stale(context, declared, package).into()),
        None => Ok(()),
    }
}

/// The names of what a manifest asks for without any condition.
fn asked_for(form: Form, manifest: &Table) -> Vec<String> {
    let keys = |path: &[&str]| -> Vec<String> {
        let table = lookup(manifest, path).and_then(Value::as_table);
        table
            .into_iter()
            .flatten()
            .filter(|(_, value)| {
                value.is_str()
                    || value
                        .as_table()
                        .is_some_and(|table| table.keys().all(|key| key == "version"))
            })
            .map(|(name, _)| normal_name(name))
            .filter(|name| name != "python")
            .collect()
    };
    if form == Form::PipfileLock {
        return keys(&["packages"]);
    }
    let listed = lookup(manifest, &["project", "dependencies"]).and_then(Value::as_array);
    let listed: Vec<&str> = listed.into_iter().flatten().filter_map(Value::as_str).collect();
    let mut names: Vec<String> = Requirements::parse(&listed.join("\n"))
        .packages
        .into_iter()
        .map(|package| package.name)
        .collect();
    if form == Form::PoetryLock {
        names.extend(keys(&["tool", "poetry", "dependencies"]));
    }
    names
}

/// The error that a lock lacks a package.
pub(super) fn stale(context: Context<'_>, declared: &Declared, package: String) -> PythonError {
    let (manifest, command) = match declared.form {
        Form::PipfileLock => ("Pipfile", "pipenv lock"),
        Form::PoetryLock => ("pyproject.toml", "poetry lock"),
        _ => ("pyproject.toml", "uv lock"),
    };
    PythonError::StaleLock {
        lock: context.source.relative(&declared.file),
        package,
        manifest,
        command,
    }
}
