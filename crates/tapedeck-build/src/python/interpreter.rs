//! The Python of the base, as wanted.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_image::Image;
use tapedeck_image::base::{PythonVersion, Runtime};

use super::error::PythonError;
use super::version::{Line, Wanted, Wish, line_of};
use crate::BuildError;
use crate::base::{self, Base, BaseMismatch, RuntimeKind};
use crate::request::{Source, Workshop};

/// The variable in which bases say which Python they have.
const VERSION_OF_BASE: &str = "PYTHON_VERSION";

/// A base with its Python.
#[derive(Debug)]
pub(super) struct Interpreter {
    pub(super) base: Base,
    pub(super) line: Line,
    /// As exactly as is known.
    pub(super) version: String,
    /// The program, absolute.
    pub(super) program: PathBuf,
    /// `PATH` in the base.
    pub(super) search_path: String,
    /// Its C library is musl.
    pub(super) is_musl: bool,
}

impl Interpreter {
    /// Such as `3.11`.
    pub(super) fn line_text(&self) -> String {
        format!("{}.{}", self.line.0, self.line.1)
    }
}

/// Gets the base.
pub(super) fn ensure(
    source: &Source<'_>,
    wish: &Wish,
    workshop: &mut Workshop<'_>,
) -> Result<Interpreter, BuildError> {
    if let Some(base) = base::named(RuntimeKind::Python, source.subject(), workshop)? {
        let named = workshop.bases.get(RuntimeKind::Python);
        let reference = named.map_or(String::new(), |named| named.reference.to_string());
        let interpreter = inspect(base, wish, &reference)?;
        if wish.wanted.allows(interpreter.line) {
            return Ok(interpreter);
        }
        return Err(BuildError::NamedBaseVersion(Box::new(BaseMismatch {
            service: source.service.to_string(),
            reference,
            runtime: RuntimeKind::Python,
            found: interpreter.version,
            wanted: wish.text.clone(),
            asked_by: wish.asked_by.clone(),
        })));
    }
    let version = match wish.wanted {
        Wanted::Line((major, minor)) => PythonVersion::Line(major, minor),
        Wanted::Range(_) => PythonVersion::Distribution,
    };
    let interpreter = assembled(version, source, wish, workshop)?;
    if wish.wanted.allows(interpreter.line) {
        return Ok(interpreter);
    }
    // The distribution may have other lines beside its own. If not, it says which it has.
    let Some((major, minor)) = wish.wanted.oldest() else {
        return Err(PythonError::from(super::version::InvalidPythonVersion {
            source_name: wish.asked_by.clone(),
            text: wish.text.clone(),
        })
        .into());
    };
    assembled(PythonVersion::Line(major, minor), source, wish, workshop)
}

fn assembled(
    version: PythonVersion,
    source: &Source<'_>,
    wish: &Wish,
    workshop: &mut Workshop<'_>,
) -> Result<Interpreter, BuildError> {
    let asked = |error| match error {
        BuildError::Base { service, source, .. } if !wish.wanted.is_anything() => BuildError::Base {
            service,
            runtime: format!("Python {}, which {} asks for", wish.text, wish.asked_by),
            source,
        },
        other => other,
    };
    let base = base::assembled(Runtime::Python(version), source.subject(), workshop).map_err(asked)?;
    inspect(base, wish, "the base image")
}

fn inspect(base: Base, wish: &Wish, reference: &str) -> Result<Interpreter, BuildError> {
    let image = &base.image;
    let unknown = || PythonError::UnknownBase {
        reference: reference.to_owned(),
    };
    let search_path = image.config.env.get("PATH").cloned().unwrap_or_default();
    let program = std::env::split_paths(&search_path)
        .map(|folder| folder.join("python3"))
        .find(|program| has(image, program))
        .unwrap_or_else(|| PathBuf::from("/usr/bin/python3"));
    let told = image.config.env.get(VERSION_OF_BASE).cloned();
    let version = told.or_else(|| version_beside(image, &program));
    let (line, version) = match (version, &wish.wanted) {
        (Some(version), _) => (line_of(&version).ok_or_else(unknown)?, version),
        (None, &Wanted::Line(line)) => (line, format!("{}.{}", line.0, line.1)),
        (None, Wanted::Range(_)) => return Err(unknown().into()),
    };
    let musl = ["x86_64", "aarch64"].map(|processor| format!("/lib/ld-musl-{processor}.so.1"));
    Ok(Interpreter {
        is_musl: musl.iter().any(|loader| has(image, Path::new(loader))),
        line,
        version,
        program,
        search_path,
        base,
    })
}

/// The number in the name of a program beside `python3`, such as `python3.12`.
fn version_beside(image: &Image, program: &Path) -> Option<String> {
    let folder = program.parent()?;
    let within = |layer: &PathBuf| fs::read_dir(layer.join(folder.strip_prefix("/").ok()?)).ok();
    let names = image
        .layers
        .iter()
        .filter_map(within)
        .flatten()
        .filter_map(Result::ok);
    names
        .map(|item| item.file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_prefix("python").map(str::to_owned))
        .find(|version| {
            version.starts_with("3.")
                && line_of(version).is_some_and(|line| format!("{}.{}", line.0, line.1) == *version)
        })
}

fn has(image: &Image, path: &Path) -> bool {
    let below = path.strip_prefix("/").unwrap_or(path);
    image
        .layers
        .iter()
        .any(|layer| layer.join(below).symlink_metadata().is_ok())
}
