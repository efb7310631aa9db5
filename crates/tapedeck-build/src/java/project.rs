//! Where a project begins and who builds it.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_model::JavaConfig;

use super::version::{VERSION_FILES, Wish, wish_of_file};
use super::{JavaError, pom};
use crate::BuildError;
use crate::path::{ancestors_in_repository, normalized};
use crate::request::Source;

/// Build files of Gradle, in the order it looks for them.
const OF_GRADLE: [&str; 2] = ["build.gradle", "build.gradle.kts"];
/// The build file of Maven.
pub(crate) const POM: &str = "pom.xml";

/// Who builds a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Maven,
    Gradle,
    /// Nobody but the compiler.
    Compiler,
}

/// A project on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Project {
    pub(crate) tool: Tool,
    /// Folder of the module that the entry file belongs to.
    pub(crate) module: PathBuf,
    /// Its build file, if it has one.
    pub(crate) build_file: Option<PathBuf>,
    /// Folder of the build that the module is a part of.
    pub(crate) root: PathBuf,
    /// What files say about the version of Java, in order of precedence.
    pub(crate) wishes: Vec<Wish>,
    /// Files that were looked for to find all that, there or not.
    pub(crate) looked_for: Vec<PathBuf>,
}

impl Project {
    /// Looks for it.
    pub(crate) fn survey(source: &Source<'_>) -> Result<Self, BuildError> {
        let none = JavaConfig::default();
        let settings = source.packaging.java().unwrap_or(&none);
        let entry = source.entry();
        let folder = entry.parent().unwrap_or(source.root);
        let mut looked_for = Vec::new();
        let (tool, build_file) = build_file(source, folder, settings, &mut looked_for)?;
        let module = build_file
            .as_deref()
            .and_then(Path::parent)
            .unwrap_or(source.root)
            .to_owned();
        let root = match tool {
            Tool::Maven => maven_root(&module)?,
            Tool::Gradle => gradle_root(&module),
            Tool::Compiler => module.clone(),
        };
        let wishes = wishes(folder, settings, &mut looked_for)?;
        Ok(Self {
            tool,
            module,
            build_file,
            root,
            wishes,
            looked_for,
        })
    }
}

fn build_file(
    source: &Source<'_>,
    folder: &Path,
    settings: &JavaConfig,
    looked_for: &mut Vec<PathBuf>,
) -> Result<(Tool, Option<PathBuf>), BuildError> {
    if let Some(written) = &settings.package_manager_file {
        return named_build_file(source, written);
    }
    for above in ancestors_in_repository(folder) {
        let pom = above.join(POM);
        let gradle = OF_GRADLE.map(|name| above.join(name));
        looked_for.push(pom.clone());
        looked_for.extend(gradle.clone());
        let gradle = gradle.into_iter().find(|path| path.is_file());
        let has_pom = pom.is_file();
        match (has_pom, gradle, settings.use_maven) {
            (true, Some(_), None) => {
                return Err(JavaError::TwoTools {
                    service: source.service.to_string(),
                    folder: source.relative(above),
                }
                .into());
            }
            (true, _, None | Some(true)) => return Ok((Tool::Maven, Some(pom))),
            (_, Some(gradle), None | Some(false)) => return Ok((Tool::Gradle, Some(gradle))),
            _ => {}
        }
    }
    match settings.use_maven {
        Some(use_maven) => Err(JavaError::OtherTool {
            use_maven,
            wanted: if use_maven { POM } else { OF_GRADLE[0] },
            folder: folder.to_owned(),
        }
        .into()),
        None => Ok((Tool::Compiler, None)),
    }
}

fn named_build_file(source: &Source<'_>, written: &str) -> Result<(Tool, Option<PathBuf>), BuildError> {
    let path = normalized(&source.root.join(written));
    if !path.is_file() {
        return Err(BuildError::MissingFile {
            setting: "packageManagerFile",
            written: written.to_owned(),
            resolved: path,
        });
    }
    let tool = match path.extension().and_then(|extension| extension.to_str()) {
        Some("xml") => Tool::Maven,
        Some("gradle" | "kts") => Tool::Gradle,
        _ => {
            return Err(JavaError::NoBuildFile {
                written: written.to_owned(),
            }
            .into());
        }
    };
    Ok((tool, Some(path)))
}

/// The outermost folder above a module whose `pom.xml` lists it or a folder in between.
fn maven_root(module: &Path) -> Result<PathBuf, BuildError> {
    let mut root = module.to_owned();
    for above in ancestors_in_repository(module).skip(1) {
        let path = above.join(POM);
        if path.is_file() && pom::modules(&path)?.contains(&root) {
            above.clone_into(&mut root);
        }
    }
    Ok(root)
}

/// The nearest folder with settings of Gradle, which name the modules of a build.
fn gradle_root(module: &Path) -> PathBuf {
    let has_settings = |folder: &&Path| {
        ["settings.gradle", "settings.gradle.kts"]
            .iter()
            .any(|name| folder.join(name).is_file())
    };
    ancestors_in_repository(module)
        .find(has_settings)
        .unwrap_or(module)
        .to_owned()
}

/// What the config and the nearest files that say anything ask for.
fn wishes(
    folder: &Path,
    settings: &JavaConfig,
    looked_for: &mut Vec<PathBuf>,
) -> Result<Vec<Wish>, BuildError> {
    let mut wishes = Vec::new();
    if let Some(version) = settings.java_version {
        wishes.push(Wish::exact(
            "languageSpecificConfig.javaVersion",
            version.to_string(),
        ));
    }
    for above in ancestors_in_repository(folder) {
        for name in VERSION_FILES {
            let path = above.join(name);
            if path.is_file() {
                let text =
                    fs::read_to_string(&path).map_err(BuildError::file("read the wanted version of Java"))?;
                wishes.extend(wish_of_file(name, &text));
            }
            looked_for.push(path);
        }
    }
    Ok(wishes)
}
