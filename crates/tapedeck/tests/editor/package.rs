//! The language server as a package of npm, installed once into a folder that cargo keeps for tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use fs_err as fs;

/// The version that the tests are written for.
const VERSION: &str = "1.25.0";

/// Where the server is, or why there is none.
pub(crate) fn server() -> Result<PathBuf, String> {
    static SERVER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    SERVER.get_or_init(install).clone()
}

fn install() -> Result<PathBuf, String> {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("yaml-language-server-{VERSION}"));
    let script = |folder: &Path| folder.join("node_modules/yaml-language-server/bin/yaml-language-server");
    if script(&kept).is_file() {
        return Ok(script(&kept));
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(|error| error.to_string())?;
    fs::write(folder.path().join("package.json"), "{\"private\": true}")
        .map_err(|error| error.to_string())?;
    let installed = Command::new("npm")
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        ])
        .arg(format!("yaml-language-server@{VERSION}"))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("npm could not be started: {error}"))?;
    if !installed.status.success() {
        let said = String::from_utf8_lossy(&installed.stderr);
        return Err(format!("npm could not install it: {}", said.trim()));
    }
    // Whole or not at all. Somebody else may have been quicker, which is as good.
    let moved = fs::rename(folder.path(), &kept);
    if script(&kept).is_file() {
        Ok(script(&kept))
    } else {
        Err(format!("it could not be kept: {moved:?}"))
    }
}
