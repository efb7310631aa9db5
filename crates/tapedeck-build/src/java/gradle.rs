//! Building with Gradle: the project's own wrapper, else the Gradle of this machine.
//!
//! A script that Gradle reads at its start, and that is kept in our cache, adds one task to the module: it depends on
//! the classes and on what they need, and writes down where all that is and which files went into it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::JavaError;
use super::compiled::{Compiled, Inputs};
use super::jdk::Jdk;
use super::project::Project;
use super::run::{self, Named, Tool};
use super::version::Wish;
use crate::BuildError;
use crate::process::Invocation;
use crate::record::write;
use crate::request::{Source, Workshop};

/// How Gradle is found.
const GRADLE: Named = Named {
    wrapper: "gradlew",
    program: "gradle",
    purpose: "build the project with Gradle",
    package: "gradle",
};
/// Adds the task. Written for Gradle 4.4 and later.
const SCRIPT: &str = include_str!("tapedeck.gradle");
/// The task that the script adds.
const TASK: &str = "tapedeckReport";

/// Builds the module.
pub(crate) fn compile(
    source: &Source<'_>,
    project: &Project,
    jdk: &Jdk,
    workshop: &mut Workshop<'_>,
) -> Result<Compiled, BuildError> {
    let keep = BuildError::file("read what Gradle says of the project");
    let script = workshop.cache.join("java").join("tapedeck.gradle");
    if fs::read(&script).ok().as_deref() != Some(SCRIPT.as_bytes()) {
        write(&script, SCRIPT.as_bytes()).map_err(&keep)?;
    }
    let scratch = tempfile::tempdir_in(workshop.scratch()?).map_err(&keep)?;
    let report = scratch.path().join("report");
    let tool = Tool::find(&project.root, &GRADLE, workshop)?;
    let property = |name: &str, path: &Path| {
        let mut option = OsString::from(format!("-Dtapedeck.{name}="));
        option.push(path);
        option
    };
    let mut arguments: Vec<OsString> = ["-q", "--console=plain", "--init-script"]
        .map(Into::into)
        .to_vec();
    arguments.extend([
        script.into(),
        property("module", &project.module),
        property("report", &report),
        // The task tells what other tasks read, which no cache of the configuration knows.
        "-Dorg.gradle.configuration-cache=false".into(),
        "-Dorg.gradle.unsafe.configuration-cache=false".into(),
    ]);
    if workshop.is_anew {
        arguments.push("--rerun-tasks".into());
    }
    arguments.push(TASK.into());
    let invocation = Invocation {
        program: tool.program.clone(),
        arguments,
        folder: project.root.clone(),
        search_path: workshop.search_path.to_owned(),
        environment: vec![
            ("JAVA_HOME", jdk.home.clone().into()),
            // Compilers speak the language of the person, and read sources in it.
            ("LC_ALL", "C.UTF-8".into()),
        ],
    };
    workshop.progress.step(&format!(
        "compiling {} with Gradle",
        source.relative(&source.entry()).display()
    ));
    run::run(&invocation, source, jdk)?;
    let text = fs::read_to_string(&report).map_err(|_| JavaError::Untold {
        command: invocation.to_string(),
        what: "what it builds: the module needs the plugin `java`",
    })?;
    let mut compiled = read_report(&text);
    compiled.inputs.all.extend(build_files(project, &tool));
    let folders: Vec<PathBuf> = source_folders(&text).collect();
    for folder in folders {
        compiled.inputs.add_folder(&folder, &[]);
    }
    Ok(compiled)
}

fn build_files(project: &Project, tool: &Tool) -> Vec<PathBuf> {
    let mut files = vec![tool.file().to_owned()];
    for name in [
        "gradle.properties",
        "settings.gradle",
        "settings.gradle.kts",
        "build.gradle",
        "build.gradle.kts",
        "gradle/wrapper/gradle-wrapper.properties",
        "gradle/libs.versions.toml",
    ] {
        files.extend([project.root.join(name), project.module.join(name)]);
    }
    if let Some(home) = std::env::var_os("HOME") {
        files.push(Path::new(&home).join(".gradle/gradle.properties"));
    }
    files
}

/// Reads lines of a word, a tabulator and a value.
pub(crate) fn read_report(text: &str) -> Compiled {
    let mut compiled = Compiled {
        outputs: Vec::new(),
        resources: None,
        class_path: Vec::new(),
        inputs: Inputs::default(),
        wishes: Vec::new(),
        memory: None,
    };
    let (mut toolchain, mut release) = (None, None);
    for (word, value) in lines(text) {
        match word {
            "output" => compiled.outputs.push(value.into()),
            "needs" => compiled.class_path.push(value.into()),
            "build" | "folder" => {
                compiled.inputs.all.insert(value.into());
            }
            "input" => {
                compiled.inputs.all.insert(value.into());
                compiled.inputs.own.insert(value.into());
            }
            "toolchain" => toolchain = Some(Wish::exact("the toolchain of the Gradle build", value)),
            "release" => release = Some(Wish::at_least("options.release of the Gradle build", value)),
            "target" if release.is_none() => {
                release = Some(Wish::at_least("targetCompatibility of the Gradle build", value));
            }
            _ => {}
        }
    }
    compiled.wishes = toolchain.into_iter().chain(release).collect();
    compiled
}

fn source_folders(text: &str) -> impl Iterator<Item = PathBuf> {
    lines(text)
        .filter(|(word, _)| *word == "source")
        .map(|(_, value)| PathBuf::from(value))
}

fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.split_once('\t'))
}
