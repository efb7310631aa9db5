//! TypeScript for Node: one program of a file and all that it imports.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::Value;
use tapedeck_build::{BuildError, Script as Bundle, ScriptRequest, bundle_script};
use tapedeck_image::Progress;

use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail};

/// The name of the file that is started, beside the bundle.
const START: &str = "start.mjs";

/// A program that is there until this is dropped.
pub(super) struct Bundled {
    /// What Node is given.
    pub(super) start: PathBuf,
    /// Removes it in the end.
    _bundle: Bundle,
}

/// Makes the program of a file.
///
/// # Errors
/// When the source has mistakes, or there is no bundler.
pub(super) fn bundle(
    entry: &Path,
    folder: &Path,
    context: &Context,
    progress: &mut dyn Progress,
) -> Result<Bundled, Failure> {
    let request = ScriptRequest {
        entry,
        folder,
        cache_directory: &context.home.build_cache(),
        search_path: &context.search_path,
        substitutes: &[],
    };
    let bundle = bundle_script(&request, progress).map_err(|error: BuildError| {
        let kind = match error.is_of_surroundings() {
            true => ExitKind::Environment,
            false => ExitKind::Operation,
        };
        Failure::new(kind, error).help("correct it and try again; the script was not run")
    })?;
    let start = bundle.folder().join(START);
    fs::write(&start, starter(entry, bundle.program())).or_fail(ExitKind::Environment)?;
    Ok(Bundled {
        start,
        _bundle: bundle,
    })
}

/// Lets the bundle find what it loads by computed names, and know itself as the file that it was made of.
fn starter(entry: &Path, program: &Path) -> String {
    let entry = Value::from(entry.to_string_lossy());
    let program = program.file_name().unwrap_or_default();
    let program = Value::from(format!("./{}", program.to_string_lossy()));
    format!(
        "import {{ createRequire }} from 'node:module';\n\
         globalThis.require ??= createRequire({entry});\n\
         process.argv[1] = {entry};\n\
         await import({program});\n"
    )
}
