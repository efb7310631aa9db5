//! The bundler esbuild, run as the native executable that it is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::Deserialize;
use serde_json::Value;
use tapedeck_model::ModuleFormat;

use super::bundler::{Bundle, BundleError, BundleRequest, Bundler};
use crate::path::{normalized, relative_to};
use crate::process::{Finished, Invocation};
use crate::source_error::SourceError;

/// Name of the report about inputs among the files in the scratch folder.
const REPORT: &str = "report.json";
/// Name of the program among the files of a bundle.
pub(super) const PROGRAM: &str = "index.js";
/// Puts `require` where bundled CommonJS packages look for it. An assignment, because a declaration could
/// clash with one of the source.
const REQUIRE_FOR_MODULES: &str = "import{createRequire as __tapedeckRequire}from\"node:module\";\
                                   globalThis.require??=__tapedeckRequire(import.meta.url);";

/// An executable of esbuild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Esbuild {
    pub(crate) program: PathBuf,
    pub(crate) version: String,
    /// Only esbuild's wrapper script looks at it, to find `node`.
    pub(crate) search_path: OsString,
}

/// The part of esbuild's report that is needed.
#[derive(Deserialize)]
pub(super) struct Report {
    inputs: std::collections::BTreeMap<String, serde::de::IgnoredAny>,
}

impl Bundler for Esbuild {
    fn identity(&self) -> String {
        format!("esbuild {}", self.version)
    }

    fn bundle(&self, request: &BundleRequest<'_>) -> Result<Bundle, BundleError> {
        let scratch = tempfile::tempdir_in(request.scratch).map_err(BundleError::Output)?;
        let invocation = Invocation {
            program: self.program.clone(),
            arguments: arguments(request, scratch.path()),
            folder: request.folder.to_owned(),
            search_path: self.search_path.clone(),
            environment: Vec::new(),
        };
        let finished = invocation.run().map_err(|source| BundleError::Start {
            program: self.program.clone(),
            source,
        })?;
        if !finished.status.success() {
            return Err(failure(request, &invocation, &finished));
        }
        read_bundle(request, scratch.path()).map_err(BundleError::Output)
    }
}

/// The command line: the entry file, then flags.
pub(super) fn arguments(request: &BundleRequest<'_>, output: &Path) -> Vec<OsString> {
    let format = match request.format {
        ModuleFormat::Cjs => "cjs",
        ModuleFormat::Esm => "esm",
    };
    let mut arguments: Vec<OsString> = vec![
        request.entry.into(),
        "--bundle".into(),
        "--platform=node".into(),
        format!("--format={format}").into(),
        format!("--target=node{}", request.node_major).into(),
        "--charset=utf8".into(),
        "--color=false".into(),
        "--log-level=warning".into(),
        "--loader:.node=copy".into(),
        joined("--outfile=", &output.join(PROGRAM)),
        joined("--metafile=", &output.join(REPORT)),
    ];
    if request.source_map {
        arguments.push("--sourcemap".into());
    }
    if let Some(tsconfig) = request.tsconfig {
        arguments.push(joined("--tsconfig=", tsconfig));
    }
    arguments.extend(
        request
            .external
            .iter()
            .map(|name| format!("--external:{name}").into()),
    );
    arguments.extend(
        request
            .defines
            .iter()
            .map(|(expression, json)| format!("--define:{expression}={json}").into()),
    );
    arguments.extend(
        request
            .aliases
            .iter()
            .map(|(name, path)| joined(&format!("--alias:{name}="), path)),
    );
    arguments
}

fn joined(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}

fn failure(request: &BundleRequest<'_>, invocation: &Invocation, finished: &Finished) -> BundleError {
    // esbuild reports a full disk as if the source were wrong.
    if rustix::fs::statvfs(request.scratch).is_ok_and(|space| space.f_bavail == 0) {
        return BundleError::Output(std::io::ErrorKind::StorageFull.into());
    }
    let errors = parse_errors(&String::from_utf8_lossy(&finished.stderr));
    if errors.is_empty() {
        return BundleError::Failed {
            command: invocation.program.display().to_string(),
            status: finished.status.to_string(),
            output: finished.excerpt(),
        };
    }
    let entry = request
        .entry
        .strip_prefix(request.folder)
        .unwrap_or(request.entry)
        .to_owned();
    BundleError::Source { entry, errors }
}

/// Reads esbuild's messages: a headline, and below it, indented, `file:line:column:` and an excerpt.
pub(crate) fn parse_errors(text: &str) -> Vec<SourceError> {
    let mut errors: Vec<SourceError> = Vec::new();
    let mut is_in_error = false;
    for line in text.lines() {
        let headline = line
            .split_once("[ERROR] ")
            .or_else(|| line.split_once("[WARNING] "));
        if let Some((_, message)) = headline {
            is_in_error = line.contains("[ERROR] ");
            if is_in_error {
                errors.push(SourceError {
                    message: message.to_owned(),
                    place: None,
                    excerpt: String::new(),
                });
            }
        } else if let Some(error) = errors.last_mut().filter(|_| is_in_error) {
            add_detail(error, line);
        }
    }
    errors
}

fn add_detail(error: &mut SourceError, line: &str) {
    let trimmed = line.trim();
    if error.place.is_none() && line.starts_with("    ") && trimmed.ends_with(':') {
        error.place = Some(trimmed.trim_end_matches(':').to_owned());
    } else if trimmed.contains('│') || trimmed.starts_with('╵') {
        if !error.excerpt.is_empty() {
            error.excerpt.push('\n');
        }
        error.excerpt.push_str(line);
    }
}

fn read_bundle(request: &BundleRequest<'_>, output: &Path) -> std::io::Result<Bundle> {
    let mut files = Vec::new();
    for entry in fs::read_dir(output)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != REPORT {
            files.push((name, fs::read(entry.path())?));
        }
    }
    let report: Report = serde_json::from_slice(&fs::read(output.join(REPORT))?)?;
    bundle_of(files, &report, request, output)
}

/// A bundle of the files that were written to `output`.
pub(super) fn bundle_of(
    mut files: Vec<(String, Vec<u8>)>,
    report: &Report,
    request: &BundleRequest<'_>,
    output: &Path,
) -> std::io::Result<Bundle> {
    files.sort();
    for (name, bytes) in &mut files {
        if name == PROGRAM && request.format == ModuleFormat::Esm && uses_require(bytes) {
            bytes.splice(0..0, REQUIRE_FOR_MODULES.bytes());
        } else if name.ends_with(".map") {
            *bytes = with_portable_sources(bytes, output, request.folder)?;
        }
    }
    let inputs = report
        .inputs
        .keys()
        .filter_map(|path| input_path(path, request.folder))
        .collect();
    Ok(Bundle { files, inputs })
}

/// Whether esbuild's stand-in for `require` is in a program of ECMAScript modules.
fn uses_require(program: &[u8]) -> bool {
    let wanted = b"var __require = ";
    program.windows(wanted.len()).any(|part| part == wanted)
}

/// Inputs that are no files, such as `(disabled):fs`, have a prefix with a colon.
fn input_path(path: &str, folder: &Path) -> Option<PathBuf> {
    let is_file = !path.contains(':') || folder.join(path).is_file();
    is_file.then(|| normalized(&folder.join(path)))
}

/// The same map with sources relative to `folder`, so that nothing of the scratch folder's name is left in
/// it.
fn with_portable_sources(map: &[u8], output: &Path, folder: &Path) -> std::io::Result<Vec<u8>> {
    let mut map: Value = serde_json::from_slice(map)?;
    if let Some(sources) = map.get_mut("sources").and_then(Value::as_array_mut) {
        for source in sources {
            if let Some(text) = source.as_str() {
                *source = Value::from(relative_to(&normalized(&output.join(text)), folder));
            }
        }
    }
    Ok(serde_json::to_vec(&map)?)
}
