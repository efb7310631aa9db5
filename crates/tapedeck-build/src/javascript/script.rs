//! Code of a project that is run on this machine while its config is read: a config in TypeScript, a function of a
//! directive.
//!
//! One program of ECMAScript modules that holds everything but Node's own modules, so that it runs from any folder, with
//! any of Node's module systems in it, and awaits at its top level. `require` with a computed name is left to whoever
//! runs it: the program takes the global one.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::Value;
use tapedeck_image::Progress;
use tapedeck_model::ModuleFormat;
use tempfile::TempDir;

use super::bundler::{Bundle, BundleRequest, Bundler};
use super::esbuild::{Esbuild, PROGRAM};
use super::is_of_a_package;
use super::toolchain::{Toolchain, own_bundler, pinned_bundler};
use crate::BuildError;
use crate::path::{ancestors_in_repository, normalized};
use crate::request::scratch;

/// Name of the program. Node reads a file with this extension as an ECMAScript module whatever lies around it.
const PROGRAM_OF_MODULES: &str = "index.mjs";
/// The oldest Node whose syntax is kept. Newer syntax is written in terms of it, so that nobody has to ask the
/// installed one first.
const OLDEST_NODE: u16 = 16;
/// The first version of esbuild, `0.` left out, that can put one file in place of a package.
const FIRST_WITH_ALIASES: u32 = 17;

/// What to make a program of.
#[derive(Debug, Clone, Copy)]
pub struct ScriptRequest<'a> {
    /// Absolute path of the entry file.
    pub entry: &'a Path,
    /// Absolute path of the folder that messages are relative to.
    pub folder: &'a Path,
    /// Folder for the pinned bundler and temporary files.
    pub cache_directory: &'a Path,
    /// Where programs are looked for, in the form of `PATH`.
    pub search_path: &'a OsStr,
    /// Names of packages, each with the source that takes its place.
    pub substitutes: &'a [(&'a str, &'a str)],
}

/// A program in a temporary folder, which goes when this is dropped.
#[derive(Debug)]
pub struct Script {
    program: PathBuf,
    inputs: Vec<PathBuf>,
    folder: TempDir,
}

impl Script {
    /// The program, an ECMAScript module. A source map beside it leads to the files it was made of.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The project's own files in it, packages aside.
    #[must_use]
    pub fn inputs(&self) -> &[PathBuf] {
        &self.inputs
    }

    /// The temporary folder, which holds nothing that a person wrote.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Makes one program of an entry file and everything it imports.
///
/// In it `import.meta.url`, `__dirname` and the like are those of the entry file.
///
/// # Errors
/// [`BuildError::Bundle`] when the source has errors; others when there is no bundler, or nothing can be written.
pub fn bundle_script(request: &ScriptRequest<'_>, progress: &mut dyn Progress) -> Result<Script, BuildError> {
    let failed = BuildError::file("write a program for the config");
    let scratch = scratch(request.cache_directory)?;
    let folder = tempfile::tempdir_in(&scratch).map_err(&failed)?;
    let aliases = write_substitutes(request, folder.path()).map_err(&failed)?;
    let mut toolchain = Toolchain {
        cache: request.cache_directory,
        search_path: request.search_path,
        progress,
    };
    let bundle = bundler(request, &mut toolchain)?.bundle(&BundleRequest {
        entry: request.entry,
        folder: request.folder,
        tsconfig: None,
        node_major: OLDEST_NODE,
        format: ModuleFormat::Esm,
        source_map: true,
        external: &[],
        defines: &places_of(request.entry),
        aliases: &aliases,
        scratch: &scratch,
    })?;
    write(&bundle, request, folder.path()).map_err(&failed)?;
    let mut inputs = bundle.inputs;
    inputs.retain(|path| !is_of_a_package(path) && !path.starts_with(folder.path()));
    inputs.sort();
    Ok(Script {
        program: folder.path().join(PROGRAM_OF_MODULES),
        inputs,
        folder,
    })
}

/// The project's own bundler if it can do what is needed here.
fn bundler(request: &ScriptRequest<'_>, toolchain: &mut Toolchain<'_>) -> Result<Esbuild, BuildError> {
    let folder = request.entry.parent().unwrap_or(request.folder);
    let folders: Vec<&Path> = ancestors_in_repository(folder).collect();
    let own = own_bundler(&folders, toolchain.search_path);
    match own.filter(|own| has_aliases(&own.version)) {
        Some(own) => Ok(own),
        None => pinned_bundler(toolchain),
    }
}

/// Whether esbuild of a version can put a file in place of a package.
pub(crate) fn has_aliases(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(0)), Some(Ok(minor))) => minor >= FIRST_WITH_ALIASES,
        (Some(Ok(_)), _) => true,
        _ => false,
    }
}

/// Names of packages with the files that take their places, which are written into `folder`.
fn write_substitutes<'a>(request: &ScriptRequest<'a>, folder: &Path) -> io::Result<Vec<(&'a str, PathBuf)>> {
    let write = |&(name, source): &(&'a str, &str)| {
        let path = folder.join(format!("{}.cjs", name.replace('/', "+")));
        fs::write(&path, source)?;
        Ok((name, path))
    };
    request.substitutes.iter().map(write).collect()
}

/// What code asks when it wants to know where it is.
fn places_of(entry: &Path) -> [(&'static str, String); 5] {
    let text = |path: &str| Value::from(path).to_string();
    let file = text(&entry.to_string_lossy());
    let folder = text(&entry.parent().unwrap_or(entry).to_string_lossy());
    [
        ("import.meta.url", text(&file_url(entry))),
        ("import.meta.filename", file.clone()),
        ("import.meta.dirname", folder.clone()),
        ("__filename", file),
        ("__dirname", folder),
    ]
}

fn write(bundle: &Bundle, request: &ScriptRequest<'_>, folder: &Path) -> io::Result<()> {
    for (name, bytes) in &bundle.files {
        if name == PROGRAM {
            fs::write(folder.join(PROGRAM_OF_MODULES), bytes)?;
        } else if name.ends_with(".js.map") {
            fs::write(folder.join(name), with_whole_sources(bytes, request.folder)?)?;
        } else {
            fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}

/// The same map with sources that can be found from any folder.
fn with_whole_sources(map: &[u8], folder: &Path) -> io::Result<Vec<u8>> {
    let mut map: Value = serde_json::from_slice(map)?;
    if let Some(sources) = map.get_mut("sources").and_then(Value::as_array_mut) {
        for source in sources {
            if let Some(path) = source.as_str() {
                *source = Value::from(file_url(&normalized(&folder.join(path))));
            }
        }
    }
    Ok(serde_json::to_vec(&map)?)
}

/// The URL of an absolute path.
fn file_url(path: &Path) -> String {
    let mut url = "file://".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~@+".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}
