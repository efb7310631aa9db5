//! Building without a build file: the compiler finds what the entry file needs below the same folder.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::compiled::{Compiled, Inputs};
use super::jdk::Jdk;
use super::project::Project;
use super::version::{self, JavaVersion};
use super::{JavaError, entry, run};
use crate::BuildError;
use crate::process::Invocation;
use crate::request::{Source, Workshop};
use crate::tree::SourceTree;

/// The first compiler that knows the interfaces of older versions.
const KNOWS_RELEASES: u16 = 9;

/// Compiles the entry file into `output`.
pub(crate) fn compile(
    source: &Source<'_>,
    project: &Project,
    jdk: &Jdk,
    output: &Path,
    workshop: &mut Workshop<'_>,
) -> Result<Compiled, BuildError> {
    let entry = source.entry();
    let text = fs::read_to_string(&entry).map_err(BuildError::file("read the entry file"))?;
    let root = source_root(&entry, entry::package(&text).as_deref());
    let version = version::choose(&project.wishes, jdk.major).map_err(JavaError::from)?;
    workshop.progress.step(&format!(
        "compiling {} with the JDK {}",
        source.relative(&entry).display(),
        jdk.version
    ));
    let invocation = Invocation {
        program: jdk.home.join("bin/javac"),
        arguments: arguments(&root, &entry, output, release(&version, jdk)?),
        folder: source.root.to_owned(),
        search_path: workshop.search_path.to_owned(),
        environment: vec![("LC_ALL", "C.UTF-8".into())],
    };
    run::run(&invocation, source, jdk)?;
    let mut tree = SourceTree::find(source, &root)?;
    let sources = tree.split_off(|file| file.extension().is_some_and(|extension| extension == "java"));
    let own: BTreeSet<PathBuf> = sources.absolute().collect();
    let folders = own.iter().filter_map(|path| path.parent()).map(Path::to_owned);
    let inputs = Inputs {
        all: folders.collect(),
        own,
    };
    Ok(Compiled {
        outputs: vec![output.to_owned()],
        resources: None,
        class_path: Vec::new(),
        inputs,
        wishes: Vec::new(),
        memory: None,
    })
}

fn arguments(root: &Path, entry: &Path, output: &Path, release: Option<u16>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![
        "-encoding".into(),
        "UTF-8".into(),
        "-sourcepath".into(),
        root.into(),
        "-d".into(),
        output.into(),
    ];
    if let Some(release) = release {
        arguments.extend(["--release".into(), release.to_string().into()]);
    }
    arguments.push(entry.into());
    arguments
}

/// What to compile for, unless it is what the compiler does by itself.
fn release(version: &JavaVersion, jdk: &Jdk) -> Result<Option<u16>, JavaError> {
    if version.major > jdk.major {
        return Err(JavaError::TooOld {
            found: jdk.version.clone(),
            wanted: version.major,
            asked_by: version.asked_by.clone(),
        });
    }
    Ok((version.major < jdk.major && jdk.major >= KNOWS_RELEASES).then_some(version.major))
}

/// The folder below which a file lies as its package says, else the file's own.
fn source_root(entry: &Path, package: Option<&str>) -> PathBuf {
    let folder = entry.parent().unwrap_or(Path::new("/"));
    let below: PathBuf = package.unwrap_or_default().split('.').collect();
    if !folder.ends_with(&below) {
        return folder.to_owned();
    }
    let depth = below.components().count();
    folder.ancestors().nth(depth).unwrap_or(folder).to_owned()
}
