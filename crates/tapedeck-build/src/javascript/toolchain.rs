//! Where the bundler comes from: the project, else one pinned version that the npm client fetches once.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use fs_err as fs;
use sha2::{Digest as _, Sha512};
use tapedeck_image::{Platform, Progress};

use super::esbuild::Esbuild;
use super::manifest::Manifest;
use crate::BuildError;
use crate::guard::Guard;
use crate::process::{Invocation, require_executable};
use crate::request::{Workshop, scratch};

/// The version that is used when a project has none of its own.
const PINNED_VERSION: &str = "0.28.2";
/// SHA-512 of the packed package for x86-64.
const PINNED_X64: &str = "e314d9af5154992a105b85c85a68addedcd0ad44d933e3773f45d5f3144e2981\
                          79d177c8ef178ef74fb56d9bcdc3122e7d0f610d0551247e588603d517c03f1d";
/// SHA-512 of the packed package for 64-bit ARM.
const PINNED_ARM64: &str = "a56e000b43f78adf1cedda3d315338a79d45cc7cdd33f4d9adeaeeae045c1c9d\
                            964dad55435088ab5f319dc7e9049c38a23922659aca5b6c8805604ff768fa52";

/// What it takes to get a bundler.
pub(crate) struct Toolchain<'a> {
    /// Folder for the pinned version.
    pub(crate) cache: &'a Path,
    /// Where programs are looked for, in the form of `PATH`.
    pub(crate) search_path: &'a OsStr,
    pub(crate) progress: &'a mut dyn Progress,
}

impl<'a> Toolchain<'a> {
    /// That of a build.
    pub(crate) fn of(workshop: &'a mut Workshop<'_>) -> Self {
        Self {
            cache: workshop.cache,
            search_path: workshop.search_path,
            progress: &mut *workshop.progress,
        }
    }
}

/// The bundler for a project: the one that is installed in one of its folders, else the pinned one. Quick unless it has
/// to be fetched.
pub(crate) fn bundler(folders: &[&Path], toolchain: &mut Toolchain<'_>) -> Result<Esbuild, BuildError> {
    match own_bundler(folders, toolchain.search_path) {
        Some(own) => Ok(own),
        None => pinned_bundler(toolchain),
    }
}

/// The bundler that is installed in the first of these folders that has one.
pub(crate) fn own_bundler(folders: &[&Path], search_path: &OsStr) -> Option<Esbuild> {
    folders.iter().find_map(|folder| own_esbuild(folder, search_path))
}

/// The bundler of the version that is known to do.
pub(crate) fn pinned_bundler(toolchain: &mut Toolchain<'_>) -> Result<Esbuild, BuildError> {
    let folder = toolchain
        .cache
        .join("esbuild")
        .join(format!("{PINNED_VERSION}-{}", Platform::host().as_str()));
    let program = folder.join("esbuild");
    if !program.is_file() {
        fetch(&folder, toolchain)?;
    }
    Ok(Esbuild {
        program,
        version: PINNED_VERSION.to_owned(),
        search_path: toolchain.search_path.to_owned(),
    })
}

/// npm's name for the processor of this machine.
fn processor() -> &'static str {
    match Platform::host() {
        Platform::Amd64 => "x64",
        Platform::Arm64 => "arm64",
    }
}

/// The esbuild that is installed in `folder`: the native executable itself if it can be found, since the
/// script that `.bin/esbuild` may be starts a whole Node first.
fn own_esbuild(folder: &Path, search_path: &OsStr) -> Option<Esbuild> {
    let script = fs::canonicalize(folder.join("node_modules/.bin/esbuild")).ok()?;
    // Either the package's own `bin/esbuild`, or a shell script that pnpm writes.
    let package = fs::canonicalize(folder.join("node_modules/esbuild"))
        .ok()
        .or_else(|| Some(script.parent()?.parent()?.to_owned()))?;
    let native = format!("@esbuild/linux-{}", processor());
    let candidates = [
        package.join("node_modules").join(&native),
        package.parent()?.join(&native),
    ];
    let found = candidates
        .iter()
        .find(|candidate| candidate.join("bin/esbuild").is_file());
    let program = found.map_or(script, |native| native.join("bin/esbuild"));
    let version = Manifest::read(&package.join("package.json")).ok()?.version?;
    Some(Esbuild {
        program,
        version,
        search_path: search_path.to_owned(),
    })
}

fn fetch(folder: &Path, toolchain: &mut Toolchain<'_>) -> Result<(), BuildError> {
    let keep = BuildError::file("keep the bundler");
    let above = folder.parent().unwrap_or(toolchain.cache);
    let progress = &mut *toolchain.progress;
    let _guard = Guard::acquire(&above.join("fetch.lock"), || {
        progress.step("waiting for another deploy that fetches the bundler");
    })
    .map_err(&keep)?;
    if folder.join("esbuild").is_file() {
        return Ok(());
    }
    let package = format!("@esbuild/linux-{}@{PINNED_VERSION}", processor());
    progress.step(&format!("fetching the bundler {package}"));
    let scratch = tempfile::tempdir_in(scratch(toolchain.cache)?).map_err(&keep)?;
    let packed = download(&package, scratch.path(), toolchain.search_path)?;
    let bytes = fs::read(packed).map_err(&keep)?;
    verify(&package, &bytes)?;
    let unpacked = scratch.path().join("unpacked");
    unpack_program(&bytes, &unpacked).map_err(&keep)?;
    fs::rename(&unpacked, folder).map_err(&keep)
}

fn download(package: &str, folder: &Path, search_path: &OsStr) -> Result<PathBuf, BuildError> {
    let program = require_executable("npm", "fetch the bundler", "nodejs npm", search_path)?;
    let invocation = Invocation {
        program,
        arguments: ["pack", package, "--silent", "--pack-destination", "."]
            .map(Into::into)
            .to_vec(),
        folder: folder.to_owned(),
        search_path: search_path.to_owned(),
        environment: Vec::new(),
    };
    let command = invocation.to_string();
    let finished = invocation.finish()?;
    let packed = fs::read_dir(folder)
        .map_err(BuildError::file("keep the bundler"))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension() == Some(OsStr::new("tgz")));
    match packed {
        Some(packed) if finished.status.success() => Ok(packed),
        _ => Err(BuildError::FetchBundler {
            command,
            status: finished.status.to_string(),
            output: finished.excerpt(),
        }),
    }
}

fn verify(package: &str, bytes: &[u8]) -> Result<(), BuildError> {
    let expected = match Platform::host() {
        Platform::Amd64 => PINNED_X64,
        Platform::Arm64 => PINNED_ARM64,
    };
    let found: String = Sha512::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if found == expected {
        return Ok(());
    }
    Err(BuildError::BundlerIntegrity {
        package: package.to_owned(),
        expected,
        found,
    })
}

/// Writes the one file that is needed of the packed package.
fn unpack_program(packed: &[u8], folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut archive = tar::Archive::new(GzDecoder::new(packed));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.path()?.as_os_str() == "package/bin/esbuild" {
            let mut program = Vec::new();
            entry.read_to_end(&mut program)?;
            return write_program(&folder.join("esbuild"), &program);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        "the package holds no bin/esbuild",
    ))
}

fn write_program(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
