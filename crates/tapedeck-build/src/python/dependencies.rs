//! The layer of packages: from whatever file says what is needed to exact versions, and from these to files.
//!
//! ```text
//! uv.lock ──────────── uv export ──────┐
//! poetry.lock, Pipfile.lock ── read ───┤
//! requirements with hashes ─── as is ──┼─▶ exact list ─▶ key ─▶ in the store, or uv pip install ─▶ layer
//! other requirements, pyproject.toml ──┘
//!                     uv pip compile
//! ```
//!
//! What the last build found is used again as long as the files are the same.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};
use tapedeck_image::Platform;
use tapedeck_model::PythonConfig;
use toml::{Table, Value};

use super::bytecode::{self, Compiler};
use super::error::{Attempt, PythonError, explain};
use super::interpreter::Interpreter;
use super::pipenv::PipfileLock;
use super::poetry::PoetryLock;
use super::project::{Declared, Form, Project, lookup, parse_toml, read_toml};
use super::requirements::{Requirement, Requirements, normal_name};
use super::uv::{self, Uv};
use super::{servers, site};
use crate::BuildError;
use crate::image::{Content, Draft, LayerName, stored_layer};
use crate::layers;
use crate::path::normalized;
use crate::process::Finished;
use crate::record::Memory;
use crate::request::{Source, Workshop};
use crate::stamp::hash;

/// The name under which a build remembers its packages.
const MEMORY: &str = "python";

/// Changes whenever other files would be made of the same list.
const FORMAT: &str = "1";

/// What is known of the packages of a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Packages {
    /// A hash of everything that decides about them.
    quick: String,
    /// The key of their layer. None: there are none.
    layer_key: Option<String>,
    /// Folders below the root with source that would have been installed.
    pub(super) import_folders: Vec<PathBuf>,
    /// Absolute paths of other files that were read.
    pub(super) files: Vec<PathBuf>,
}

impl Packages {
    /// For the next build.
    pub(super) fn to_memory(&self) -> Memory {
        Memory::of(MEMORY, self)
    }
}

/// Everything that decides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) settings: &'a PythonConfig,
    pub(super) project: &'a Project,
    pub(super) interpreter: &'a Interpreter,
    pub(super) platform: Platform,
}

/// The layer, if any package is needed.
pub(super) fn layer(
    context: Context<'_>,
    workshop: &mut Workshop<'_>,
) -> Result<(Packages, Option<Draft>), BuildError> {
    let remembered: Option<Packages> = workshop.remembered(MEMORY);
    if let Some(known) = remembered
        && known.quick == quick_key(context, &known.files)?
    {
        let Some(key) = known.layer_key.clone() else {
            return Ok((known, None));
        };
        if let Some(draft) = layers::stored(LayerName::Dependencies, key, workshop) {
            return Ok((known, Some(draft)));
        }
    }
    require_groups_fit(context)?;
    let pinned = pin(context, workshop)?;
    let mut packages = Packages {
        quick: quick_key(context, &pinned.files)?,
        layer_key: None,
        import_folders: import_folders(context, &pinned.folders),
        files: pinned.files.clone(),
    };
    if pinned.packages.is_empty() {
        return Ok((packages, None));
    }
    let key = layer_key(context, &pinned);
    packages.layer_key = Some(key.clone());
    let layer = match stored_layer(&key, workshop) {
        Some(layer) => layer,
        None => install(context, &pinned, &key, workshop)?,
    };
    let draft = Draft {
        name: LayerName::Dependencies,
        key,
        content: Content::Stored(layer),
    };
    Ok((packages, Some(draft)))
}

/// The file that says what is needed, as people see it.
fn file(context: Context<'_>) -> PathBuf {
    match &context.project.declared {
        Some(declared) => context.source.relative(&declared.file),
        None => PathBuf::from("languageSpecificConfig.runAppAs"),
    }
}

fn line(context: Context<'_>) -> String {
    context.interpreter.line_text()
}

/// What uv calls the machine that the packages are for.
fn platform(context: Context<'_>) -> String {
    let processor = match context.platform {
        Platform::Amd64 => "x86_64",
        Platform::Arm64 => "aarch64",
    };
    let system = if context.interpreter.is_musl {
        "unknown-linux-musl"
    } else {
        "manylinux_2_28"
    };
    format!("{processor}-{system}")
}

/// A key of what can be known without asking anybody.
fn quick_key(context: Context<'_>, others: &[PathBuf]) -> Result<String, BuildError> {
    let mut text = salt(context);
    let settings = serde_json::to_string(context.settings).expect("settings have text keys only");
    text.push_str(&format!(
        "\0{settings}\0{:?}",
        context.source.packaging.exclude_dependencies
    ));
    let mut files = others.to_vec();
    if let Some(declared) = &context.project.declared {
        text.push_str(&format!("\0{:?}\0{:?}", declared.form, declared.member));
        files.extend([
            declared.file.clone(),
            declared.manifest(),
            declared.folder().join("Pipfile"),
        ]);
    }
    files.sort();
    files.dedup();
    for file in files {
        let content = match fs::read(&file) {
            Ok(bytes) => hash(&bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(BuildError::file("read the project")(error)),
        };
        text.push_str(&format!("\0{}\0{content}", file.display()));
    }
    Ok(hash(text.as_bytes()))
}

fn layer_key(context: Context<'_>, pinned: &Requirements) -> String {
    hash(format!("{}\0{}", salt(context), pinned.to_text()).as_bytes())
}

fn salt(context: Context<'_>) -> String {
    format!(
        "python {FORMAT} uv {} {} {} {} {}",
        uv::PINNED_VERSION,
        // Bytecode may differ between releases of a line.
        context.interpreter.version,
        context.interpreter.base.is_named,
        platform(context),
        context.interpreter.program.display()
    )
}

/// The exact list of what is to be installed.
fn pin(context: Context<'_>, workshop: &mut Workshop<'_>) -> Result<Requirements, BuildError> {
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

/// Refuses a lock that lacks something its manifest asks for: it is older.
fn require_current(
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

fn stale(context: Context<'_>, declared: &Declared, package: String) -> PythonError {
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

/// Installs the list and keeps it as a layer.
fn install(
    context: Context<'_>,
    pinned: &Requirements,
    key: &str,
    workshop: &mut Workshop<'_>,
) -> Result<tapedeck_image::Layer, BuildError> {
    let uv = Uv::find(workshop)?;
    let count = pinned.packages.len();
    workshop.progress.step(&format!(
        "installing {count} {} of {} for Python {} on linux/{}",
        if count == 1 { "package" } else { "packages" },
        file(context).display(),
        line(context),
        context.platform.as_str()
    ));
    let kept = BuildError::file("write the requirements");
    let scratch = tempfile::tempdir_in(workshop.scratch()?).map_err(&kept)?;
    let list = scratch.path().join("requirements.txt");
    fs::write(&list, pinned.to_text()).map_err(&kept)?;
    let installed = scratch.path().join("site");
    let mut arguments: Vec<OsString> = ["pip", "install", "--target"].map(OsString::from).to_vec();
    arguments.extend([installed.clone().into(), "--requirements".into(), list.into()]);
    arguments.extend(target(context));
    let declared = context.project.declared.as_ref();
    // A list that people wrote with hashes has to name everything that is needed: what it lacks is an error.
    let is_by_hand =
        declared.is_some_and(|declared| declared.form == Form::Requirements) && pinned.has_hashes();
    if !is_by_hand {
        arguments.push("--no-deps".into());
    }
    if is_by_hand || pinned.has_all_hashes() {
        arguments.push("--require-hashes".into());
    }
    let folder = declared.map_or(context.project.root.as_path(), Declared::folder);
    let finished = uv.run(folder, true, &arguments)?;
    succeeded(context, finished)?;
    fs::create_dir_all(&installed).map_err(&kept)?;
    let interpreter = site::Interpreter {
        line: context.interpreter.line,
        program: &context.interpreter.program,
    };
    let bytecode = scratch.path().join("bytecode");
    if let Some(compiler) = Compiler::of(context.interpreter, workshop) {
        let shown = Path::new("/").join(interpreter.packages());
        compiler.compile(&installed, &bytecode, &shown, workshop)?;
    }
    let mut entries = site::entries(&installed, &interpreter)?;
    entries.extend(bytecode::entries(&bytecode, &interpreter.packages())?);
    let name = LayerName::Dependencies;
    layers::put(
        name,
        key,
        site::with_folders(entries),
        context.source.subject(),
        workshop,
    )
}

/// The options that say for what machine it is.
fn target(context: Context<'_>) -> Vec<OsString> {
    vec![
        "--python-version".into(),
        line(context).into(),
        "--python-platform".into(),
        platform(context).into(),
        "--only-binary".into(),
        ":all:".into(),
    ]
}

fn succeeded(context: Context<'_>, finished: Finished) -> Result<Finished, BuildError> {
    if finished.status.success() {
        return Ok(finished);
    }
    let attempt = Attempt {
        file: &file(context),
        python: &line(context),
        platform: context.platform.as_str(),
    };
    Err(explain(&finished.excerpt(), attempt).into())
}

/// Where modules are imported from beside the root: its own `src`, and folders with source that would be installed.
fn import_folders(context: Context<'_>, installed: &[String]) -> Vec<PathBuf> {
    let root = &context.project.root;
    let Some(declared) = &context.project.declared else {
        return Vec::new();
    };
    let mut folders = Vec::new();
    if declared.manifest().is_file() {
        folders.push(root.clone());
    }
    folders.extend(
        installed
            .iter()
            .map(|folder| normalized(&declared.folder().join(local(folder)))),
    );
    let mut below: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let source = folder.join("src");
        let folder = if source.is_dir() { source } else { folder };
        if let Ok(relative) = folder.strip_prefix(root)
            && !relative.as_os_str().is_empty()
            && !below.iter().any(|other| other == relative)
        {
            below.push(relative.to_owned());
        }
    }
    below
}

/// The path of a folder as a list names it: `./lib[extra]` and `file:///lib` are folders, too.
fn local(written: &str) -> &Path {
    let path = written.split(" ;").next().unwrap_or(written);
    let path = path.split('[').next().unwrap_or(path);
    Path::new(path.strip_prefix("file://").unwrap_or(path).trim())
}
