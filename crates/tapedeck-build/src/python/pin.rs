//! From whatever file says what is needed to exact versions.

use std::ffi::OsString;

use fs_err as fs;

use super::current::{require_current, stale};
use super::dependencies::{Context, file, local, succeeded, target};
use super::error::PythonError;
use super::pipenv::PipfileLock;
use super::poetry::PoetryLock;
use super::project::{Declared, Form, lookup, parse_toml, read_toml};
use super::requirements::{Requirement, Requirements, normal_name};
use super::servers;
use super::uv::Uv;
use crate::BuildError;
use crate::path::normalized;
use crate::request::Workshop;

/// The exact list of what is to be installed.
pub(super) fn pin(context: Context<'_>, workshop: &mut Workshop<'_>) -> Result<Requirements, BuildError> {
    require_groups_fit(context)?;
    let mut pinned = match &context.project.declared {
        Some(declared) => pin_declared(context, declared, workshop)?,
        None => Requirements::default(),
    };
    let excluded: Vec<String> = context
        .source
        .packaging
        .exclude_dependencies
        .iter()
        .map(|name| normal_name(name))
        .collect();
    pinned
        .packages
        .retain(|package| !excluded.contains(&package.name));
    if let Some(server) = context.settings.run_app_as {
        let missing = servers::packages(server)
            .into_iter()
            .filter(|package| pinned.packages.iter().all(|other| other.name != package.name));
        let missing: Vec<Requirement> = missing.collect();
        pinned.packages.extend(missing);
    }
    Ok(pinned)
}

fn pin_declared(
    context: Context<'_>,
    declared: &Declared,
    workshop: &mut Workshop<'_>,
) -> Result<Requirements, BuildError> {
    match declared.form {
        Form::Requirements => {
            let listed = Requirements::read(&declared.file)?;
            if listed.has_hashes() {
                return Ok(listed);
            }
            compile_list(context, declared, listed, workshop)
        }
        Form::Manifest => {
            let compiled = compile(context, declared, vec![declared.file.clone().into()], workshop)?;
            Ok(Requirements::parse(&compiled))
        }
        Form::UvLock => {
            let exported = export(context, declared, workshop)?;
            require_current(context, declared, &exported)?;
            Ok(exported)
        }
        Form::PoetryLock => {
            let text = fs::read_to_string(&declared.file).map_err(BuildError::file("read the lock"))?;
            let lock: PoetryLock = parse_toml(&declared.file, &text)?;
            let manifest = read_toml(&declared.manifest())?;
            let locked = lock
                .requirements(&manifest, context.interpreter.line)
                .map_err(|package| stale(context, declared, package))?;
            require_current(context, declared, &locked)?;
            Ok(locked)
        }
        Form::PipfileLock => {
            let text = fs::read_to_string(&declared.file).map_err(BuildError::file("read the lock"))?;
            let lock: PipfileLock =
                serde_json::from_str(&text).map_err(|source| BuildError::InvalidFile {
                    path: declared.file.clone(),
                    expected: "a lock of Pipenv",
                    source,
                })?;
            let locked = lock.requirements();
            require_current(context, declared, &locked)?;
            Ok(locked)
        }
    }
}

/// Refuses selections that nobody would look at.
fn require_groups_fit(context: Context<'_>) -> Result<(), BuildError> {
    let settings = context.settings;
    let Some(declared) = &context.project.declared else {
        return Ok(());
    };
    let all = [
        ("uvOptionalDependencies", &settings.uv_optional_dependencies),
        ("uvWithGroups", &settings.uv_with_groups),
        ("uvWithoutGroups", &settings.uv_without_groups),
        ("uvOnlyGroups", &settings.uv_only_groups),
    ];
    // Without a lock there are no groups that would be installed by themselves.
    let taken = match declared.form {
        Form::UvLock => all.len(),
        Form::Manifest => 2,
        _ => 0,
    };
    match all.iter().skip(taken).find(|(_, names)| !names.is_empty()) {
        Some((setting, _)) => Err(PythonError::NoGroups {
            setting,
            file: context.source.relative(&declared.file),
        }
        .into()),
        None => Ok(()),
    }
}

fn compile_list(
    context: Context<'_>,
    declared: &Declared,
    listed: Requirements,
    workshop: &mut Workshop<'_>,
) -> Result<Requirements, BuildError> {
    let kept = BuildError::file("write the requirements");
    let scratch = tempfile::tempdir_in(workshop.scratch()?).map_err(&kept)?;
    let list = scratch.path().join("requirements.txt");
    fs::write(&list, listed.to_text()).map_err(&kept)?;
    let mut inputs: Vec<OsString> = vec![list.into()];
    let mut files = listed.files.clone();
    for folder in &listed.folders {
        let manifest = normalized(&declared.folder().join(local(folder))).join("pyproject.toml");
        if manifest.is_file() && lookup(&read_toml(&manifest)?, &["project"]).is_some() {
            inputs.push(manifest.clone().into());
            files.push(manifest);
        }
    }
    for constraint in &listed.constraints {
        inputs.extend(["--constraint".into(), constraint.into()]);
    }
    let compiled = compile(context, declared, inputs, workshop)?;
    let compiled = Requirements::parse(&compiled);
    Ok(Requirements {
        packages: compiled.packages,
        folders: listed.folders.into_iter().chain(compiled.folders).collect(),
        options: listed.options,
        files,
        ..Requirements::default()
    })
}

/// Chooses versions.
fn compile(
    context: Context<'_>,
    declared: &Declared,
    inputs: Vec<OsString>,
    workshop: &mut Workshop<'_>,
) -> Result<String, BuildError> {
    let uv = Uv::find(workshop)?;
    workshop.progress.step(&format!(
        "choosing versions for {}, which locks none",
        file(context).display()
    ));
    let mut arguments: Vec<OsString> = vec!["pip".into(), "compile".into()];
    arguments.extend(inputs);
    arguments.extend(["--no-header", "--no-annotate", "--format", "requirements.txt"].map(OsString::from));
    arguments.extend(target(context));
    for (option, names) in [
        ("--extra", &context.settings.uv_optional_dependencies),
        ("--group", &context.settings.uv_with_groups),
    ] {
        arguments.extend(names.iter().flat_map(|name| [option.into(), name.into()]));
    }
    let finished = uv.run(declared.folder(), true, &arguments)?;
    Ok(String::from_utf8_lossy(&succeeded(context, finished)?.stdout).into_owned())
}

/// Takes the exact list out of `uv.lock`.
fn export(
    context: Context<'_>,
    declared: &Declared,
    workshop: &mut Workshop<'_>,
) -> Result<Requirements, BuildError> {
    let uv = Uv::find(workshop)?;
    let mut arguments: Vec<OsString> = [
        "export",
        "--frozen",
        "--no-default-groups",
        "--no-header",
        "--no-annotate",
        "--format",
        "requirements.txt",
    ]
    .map(OsString::from)
    .to_vec();
    if let Some(member) = &declared.member {
        arguments.extend(["--package".into(), member.into()]);
    }
    let settings = context.settings;
    for (option, names) in [
        ("--extra", &settings.uv_optional_dependencies),
        ("--group", &settings.uv_with_groups),
        ("--no-group", &settings.uv_without_groups),
        ("--only-group", &settings.uv_only_groups),
    ] {
        arguments.extend(names.iter().flat_map(|name| [option.into(), name.into()]));
    }
    let finished = uv.run(declared.folder(), false, &arguments)?;
    let finished = succeeded(context, finished)?;
    Ok(Requirements::parse(&String::from_utf8_lossy(&finished.stdout)))
}
