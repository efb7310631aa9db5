//! Bytecode, so that no task compiles at each start what never changes: the standard library and the packages.
//!
//! Only a Python that was assembled from the packages of this machine's distribution is run for that, straight from its
//! layers, since this machine trusts these anyway; one from a registry is not. Bytecode is the same for all processors.
//! It names no path of this machine, and it holds for its source without being compared to it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_image::base::{BaseRequest, PythonVersion, Runtime, ensure_base};
use tapedeck_image::{Entry, Image, Platform};

use super::interpreter::Interpreter;
use super::site;
use crate::BuildError;
use crate::image::{Content, Draft, LayerName, stored_layer};
use crate::layers;
use crate::process::Invocation;
use crate::request::{Source, Workshop};
use crate::stamp::hash;

/// Changes whenever other bytecode would be made of the same source.
const FORMAT: &str = "1";

/// Compiles every file of a folder into another one. Equal files in equal folders give equal bytecode.
const PROGRAM: &str = "
import importlib.util, os, py_compile, sys
source, target, shown = sys.argv[1:]
left_out = {'__pycache__', 'bin', 'ensurepip', 'idlelib', 'lib2to3', 'test', 'turtledemo'}
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
for folder, folders, files in os.walk(source):
    folders[:] = sorted(set(folders) - (left_out if folder == source else {'__pycache__'}))
    for name in sorted(files):
        if name.endswith('.py'):
            path = os.path.join(folder, name)
            below = os.path.relpath(path, source)
            made = importlib.util.cache_from_source(os.path.join(target, below))
            try:
                py_compile.compile(path, made, os.path.join(shown, below), True, invalidation_mode=mode)
            except (py_compile.PyCompileError, ValueError, RecursionError):
                pass  # A template, or for another Python.
";

/// A Python in the layers of a base for this machine's processor.
#[derive(Debug)]
pub(super) struct Compiler {
    loader: PathBuf,
    libraries: OsString,
    program: PathBuf,
    home: PathBuf,
}

impl Compiler {
    /// The Python of the base, or its like where that is for another processor. None where none may or can be run.
    pub(super) fn of(interpreter: &Interpreter, workshop: &mut Workshop<'_>) -> Option<Self> {
        if interpreter.base.reference.is_some() {
            return None;
        }
        if workshop.platform == Platform::host() {
            return Self::within(&interpreter.base.image, interpreter);
        }
        let (major, minor) = interpreter.line;
        let request = BaseRequest {
            runtime: Runtime::Python(PythonVersion::Line(major, minor)),
            platform: Platform::host(),
            extra_packages: &[],
        };
        // It would only make tasks start sooner.
        let base = ensure_base(workshop.store, &request, workshop.progress).ok()?;
        (base.version == interpreter.version)
            .then(|| Self::within(&base.image, interpreter))
            .flatten()
    }

    fn within(image: &Image, interpreter: &Interpreter) -> Option<Self> {
        let (folder, loader) = match Platform::host() {
            Platform::Amd64 => ("usr/lib/x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
            Platform::Arm64 => ("usr/lib/aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
        };
        let find = |below: &Path| {
            let mut places = image.layers.iter().map(|layer| layer.join(below));
            places.find(|path| path.is_file())
        };
        let program = find(Path::new(&format!("usr/bin/python{}", interpreter.line_text())))?;
        let libraries = image.layers.iter().map(|layer| layer.join(folder));
        Some(Self {
            loader: find(&Path::new(folder).join(loader))?,
            libraries: std::env::join_paths(libraries).ok()?,
            home: program.parent()?.parent()?.to_owned(),
            program,
        })
    }

    /// Compiles a folder, of which the bytecode says that it is at `shown`. False, and a notice, when that failed.
    pub(super) fn compile(
        &self,
        source: &Path,
        target: &Path,
        shown: &Path,
        workshop: &mut Workshop<'_>,
    ) -> Result<bool, BuildError> {
        let mut arguments: Vec<OsString> = vec!["--library-path".into(), self.libraries.clone()];
        arguments.push(self.program.clone().into());
        arguments.extend(["-S", "-s", "-W", "ignore", "-c", PROGRAM].map(OsString::from));
        arguments.extend([source.into(), target.into(), shown.into()]);
        let scratch = workshop.scratch()?;
        let invocation = Invocation {
            program: self.loader.clone(),
            arguments,
            folder: scratch,
            search_path: workshop.search_path.to_owned(),
            environment: vec![
                ("PYTHONHOME", self.home.clone().into()),
                ("PYTHONPATH", OsString::new()),
                ("PYTHONHASHSEED", "0".into()),
                ("PYTHONDONTWRITEBYTECODE", "1".into()),
            ],
        };
        match invocation.run() {
            Ok(finished) if finished.status.success() => Ok(true),
            _ => {
                workshop.progress.notice(
                    "the Python of the base image cannot be run here, so tasks will start more slowly",
                );
                Ok(false)
            }
        }
    }
}

/// The layer with the bytecode of the standard library. Made once for each base.
pub(super) fn of_library(
    source: &Source<'_>,
    interpreter: &Interpreter,
    workshop: &mut Workshop<'_>,
) -> Result<Option<Draft>, BuildError> {
    let image = &interpreter.base.image;
    let key = hash(format!("python bytecode {FORMAT} {}", image.digest).as_bytes());
    let name = LayerName::SystemPackages;
    if let Some(layer) = stored_layer(&key, workshop) {
        let content = Content::Stored(layer);
        return Ok(Some(Draft { name, key, content }));
    }
    let below = PathBuf::from(format!("usr/lib/python{}", interpreter.line_text()));
    let mut places = image.layers.iter().map(|layer| layer.join(&below));
    let Some(library) = places.find(|folder| folder.join("os.py").is_file()) else {
        return Ok(None);
    };
    let Some(compiler) = Compiler::of(interpreter, workshop) else {
        return Ok(None);
    };
    workshop.progress.step(&format!(
        "compiling the standard library of Python {}",
        interpreter.version
    ));
    let kept = BuildError::file("keep bytecode");
    let scratch = tempfile::tempdir_in(workshop.scratch()?).map_err(&kept)?;
    let shown = Path::new("/").join(&below);
    if !compiler.compile(&library, scratch.path(), &shown, workshop)? {
        return Ok(None);
    }
    let entries = entries(scratch.path(), &below)?;
    let layer = layers::put(
        name,
        &key,
        site::with_folders(entries),
        source.subject(),
        workshop,
    )?;
    let content = Content::Stored(layer);
    Ok(Some(Draft { name, key, content }))
}

/// Bytecode in a folder, for another one in an image.
pub(super) fn entries(made: &Path, place: &Path) -> Result<Vec<Entry>, BuildError> {
    if !fs::exists(made).unwrap_or(false) {
        return Ok(Vec::new());
    }
    let files = site::files(made)?;
    let entry = |file: PathBuf| {
        let below = file.strip_prefix(made).unwrap_or(&file);
        Entry::copy(place.join(below), &file)
    };
    Ok(files.into_iter().map(entry).collect())
}
