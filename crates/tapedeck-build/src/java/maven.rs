//! Building with Maven: the project's own wrapper, else the Maven of this machine.
//!
//! One run compiles the module and what it needs of the other modules, and writes the class path and the effective
//! POMs. As long as no build file changes these stay what they are, and a run only compiles.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::compiled::{Compiled, Inputs, Outline};
use super::jdk::Jdk;
use super::pom::Module;
use super::project::{POM, Project};
use super::run::{self, Named, Tool};
use super::{JavaError, pom, quick};
use crate::BuildError;
use crate::path::relative_to;
use crate::process::Invocation;
use crate::request::{Source, Workshop};

/// How Maven is found.
const MAVEN: Named = Named {
    wrapper: "mvnw",
    program: "mvn",
    purpose: "build the project with Maven",
    package: "maven",
};
/// The last step that makes classes; plugins that change them are bound to it.
const PHASE: &str = "process-classes";
/// Plugins by their exact versions, so that nobody has to ask which is the newest.
const CLASS_PATH: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath";
const EFFECTIVE_POM: &str = "org.apache.maven.plugins:maven-help-plugin:3.4.1:effective-pom";
/// Compiles little but starts often: without the optimising compiler a run takes little more than half the time.
const JVM_OPTIONS: &str = "-XX:TieredStopAtLevel=1";

/// Builds the module.
pub(crate) fn compile(
    source: &Source<'_>,
    project: &Project,
    (jdk, scratch): (&Jdk, &Path),
    workshop: &mut Workshop<'_>,
) -> Result<Compiled, BuildError> {
    let maven = Maven {
        tool: Tool::find(&project.root, &MAVEN, workshop)?,
        project,
        jdk,
    };
    let build_files = build_files(project, maven.tool.file())?;
    let known = super::remembered(workshop).filter(|outline| {
        outline.build_files == build_files && are_unchanged(&build_files, workshop).unwrap_or(false)
    });
    let is_stale = super::is_stale(workshop)?;
    if let Some(outline) = known.as_ref().filter(|_| !is_stale)
        && quick::compile(source, project, outline, (jdk, scratch), workshop)?
    {
        return finished(project, outline.clone(), Some(scratch));
    }
    if is_stale {
        let modules = match &known {
            Some(outline) => outline.modules.clone(),
            None if has_outputs(&build_files) => maven.modules(source, workshop)?,
            None => Vec::new(),
        };
        modules.iter().try_for_each(remove_outputs)?;
    }
    let outline = match known {
        Some(mut outline) => {
            maven.run(&[PHASE.into()], source, workshop)?;
            if let (Some(recipe), Some(module)) = (outline.recipe.take(), outline.module(project)) {
                outline.recipe = recipe.renewed(module, &outline.class_path)?;
            }
            outline
        }
        None => maven.outline(build_files, source, workshop)?,
    };
    finished(project, outline, None)
}

/// Where everything is. `classes` is where those of the module are, if Maven did not make them.
fn finished(project: &Project, outline: Outline, classes: Option<&Path>) -> Result<Compiled, BuildError> {
    let own = outline.module(project);
    let Some(own) = own else {
        return Err(JavaError::Untold {
            command: EFFECTIVE_POM.to_owned(),
            what: "what it builds",
        }
        .into());
    };
    let mut inputs = Inputs::default();
    let builds: Vec<PathBuf> = outline
        .modules
        .iter()
        .map(|module| module.build.clone())
        .collect();
    for module in &outline.modules {
        for folder in &module.sources {
            inputs.add_folder(folder, &builds);
        }
        if let Some(folder) = module.build.parent().filter(|_| module.reads_anything) {
            let mut left_out = builds.clone();
            left_out.push(folder.join("src/test"));
            inputs.add_folder(folder, &left_out);
        }
    }
    inputs.all.extend(outline.build_files.iter().cloned());
    Ok(Compiled {
        outputs: vec![classes.unwrap_or(&own.output).to_owned()],
        resources: classes.map(|_| own.output.clone()),
        class_path: outline.class_path.clone(),
        inputs,
        wishes: own.wishes(),
        memory: Some(outline),
    })
}

struct Maven<'a> {
    tool: Tool,
    project: &'a Project,
    jdk: &'a Jdk,
}

impl Maven<'_> {
    /// Compiles, and has Maven say what it builds and what that needs.
    fn outline(
        &self,
        build_files: BTreeSet<PathBuf>,
        source: &Source<'_>,
        workshop: &mut Workshop<'_>,
    ) -> Result<Outline, BuildError> {
        let keep = BuildError::file("read what Maven says of the project");
        let scratch = tempfile::tempdir_in(workshop.scratch()?).map_err(&keep)?;
        let (class_path, poms) = (scratch.path().join("class-path"), scratch.path().join("pom.xml"));
        let goals = [
            PHASE.into(),
            CLASS_PATH.into(),
            "-Dmdep.includeScope=runtime".into(),
            option("mdep.outputFile", &class_path),
            EFFECTIVE_POM.into(),
            option("output", &poms),
        ];
        let (command, details) = self.run(&goals, source, workshop)?;
        let untold = |what| {
            move |_| JavaError::Untold {
                command: command.to_string(),
                what,
            }
        };
        let said = fs::read_to_string(&class_path).map_err(untold("the class path"))?;
        let text = fs::read_to_string(&poms).map_err(&keep)?;
        let paths = said.trim().split(':').filter(|path| !path.is_empty());
        let mut outline = Outline {
            build_files,
            class_path: paths.map(PathBuf::from).collect(),
            modules: pom::effective(&poms, &text)?,
            recipe: None,
        };
        if let Some(module) = outline.module(self.project) {
            outline.recipe = quick::recipe(&details, module, &outline.class_path)?;
        }
        Ok(outline)
    }

    /// What Maven builds, without building it.
    fn modules(&self, source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<Vec<Module>, BuildError> {
        let keep = BuildError::file("read what Maven says of the project");
        let scratch = tempfile::tempdir_in(workshop.scratch()?).map_err(&keep)?;
        let poms = scratch.path().join("pom.xml");
        self.run(&[EFFECTIVE_POM.into(), option("output", &poms)], source, workshop)?;
        let text = fs::read_to_string(&poms).map_err(&keep)?;
        Ok(pom::effective(&poms, &text)?)
    }

    fn run(
        &self,
        goals: &[OsString],
        source: &Source<'_>,
        workshop: &mut Workshop<'_>,
    ) -> Result<(Invocation, String), BuildError> {
        // The class path is asked for when how the compiler is called is of interest, too.
        let detail = if goals.contains(&CLASS_PATH.into()) {
            "-X"
        } else {
            "-q"
        };
        let mut arguments = self.tool.arguments();
        arguments.extend(["-B", detail, "-Dstyle.color=never"].map(OsString::from));
        if workshop.is_anew {
            arguments.push("-U".into());
        }
        let module = relative_to(&self.project.module, &self.project.root);
        if self
            .project
            .build_file
            .as_ref()
            .is_some_and(|file| !file.ends_with(POM))
        {
            arguments.extend([
                "-f".into(),
                self.project.build_file.clone().unwrap_or_default().into(),
            ]);
        } else if !module.is_empty() {
            arguments.extend(["-pl".into(), module.into(), "-am".into()]);
        }
        arguments.extend(goals.iter().cloned());
        let inherited = std::env::var_os("MAVEN_OPTS").unwrap_or_default();
        let mut options = OsString::from(format!("{JVM_OPTIONS} "));
        options.push(inherited);
        let invocation = Invocation {
            program: self.tool.program.clone(),
            arguments,
            folder: self.project.root.clone(),
            search_path: workshop.search_path.to_owned(),
            environment: vec![
                ("JAVA_HOME", self.jdk.home.clone().into()),
                ("MAVEN_OPTS", options),
                // Compilers speak the language of the person, and read sources in it.
                ("LC_ALL", "C.UTF-8".into()),
            ],
        };
        workshop.progress.step(&format!(
            "compiling {} with Maven",
            source.relative(&source.entry()).display()
        ));
        let said = run::run(&invocation, source, self.jdk)?;
        Ok((invocation, said))
    }
}

/// Everything that decides how Maven builds, there or not.
fn build_files(project: &Project, program: &Path) -> Result<BTreeSet<PathBuf>, BuildError> {
    let mut files = pom::all_of(&project.root)?;
    files.extend(project.build_file.clone());
    files.insert(program.to_owned());
    let settings = project.root.join(".mvn");
    for name in [
        "maven.config",
        "jvm.config",
        "extensions.xml",
        "wrapper/maven-wrapper.properties",
    ] {
        files.insert(settings.join(name));
    }
    if let Some(home) = std::env::var_os("HOME") {
        files.insert(Path::new(&home).join(".m2/settings.xml"));
        files.insert(Path::new(&home).join(".m2/toolchains.xml"));
    }
    Ok(files)
}

fn are_unchanged(files: &BTreeSet<PathBuf>, workshop: &Workshop<'_>) -> std::io::Result<bool> {
    let Some(previous) = workshop.previous else {
        return Ok(false);
    };
    for file in files {
        let input = previous.inputs.get(file);
        if !input.map_or(Ok(false), |input| input.is_unchanged(file))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// An option of Maven with a path as its value.
fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(format!("-D{name}="));
    option.push(path);
    option
}

/// Whether an earlier build left something. Folders that a project names otherwise are known only from Maven.
fn has_outputs(build_files: &BTreeSet<PathBuf>) -> bool {
    build_files
        .iter()
        .filter(|file| file.ends_with(POM))
        .any(|file| file.with_file_name("target").exists())
}

/// Removes classes and resources of earlier builds, among which may be some whose source is gone, and Maven's notes
/// about them.
fn remove_outputs(module: &Module) -> Result<(), BuildError> {
    for folder in [module.output.clone(), module.build.join("maven-status")] {
        if !folder.starts_with(&module.build) || folder == module.build {
            continue;
        }
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(BuildError::file("remove what an earlier build left")(error));
            }
            _ => {}
        }
    }
    Ok(())
}
