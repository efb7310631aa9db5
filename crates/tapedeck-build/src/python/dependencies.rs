//! The layer of packages: from exact versions to files.
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

use super::bytecode::{self, Compiler};
use super::error::{Attempt, explain};
use super::interpreter::Interpreter;
use super::pin::pin;
use super::project::{Declared, Form, Project};
use super::requirements::Requirements;
use super::site;
use super::uv::{self, Uv};
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
pub(super) fn file(context: Context<'_>) -> PathBuf {
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
        context.interpreter.base.reference.is_some(),
        platform(context),
        context.interpreter.program.display()
    )
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
pub(super) fn target(context: Context<'_>) -> Vec<OsString> {
    vec![
        "--python-version".into(),
        line(context).into(),
        "--python-platform".into(),
        platform(context).into(),
        "--only-binary".into(),
        ":all:".into(),
    ]
}

pub(super) fn succeeded(context: Context<'_>, finished: Finished) -> Result<Finished, BuildError> {
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
pub(super) fn local(written: &str) -> &Path {
    let path = written.split(" ;").next().unwrap_or(written);
    let path = path.split('[').next().unwrap_or(path);
    Path::new(path.strip_prefix("file://").unwrap_or(path).trim())
}
