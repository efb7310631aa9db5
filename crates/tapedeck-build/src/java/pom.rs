//! What is read of a `pom.xml`: as people wrote it the modules and the parent, and of what Maven makes of it with
//! everything it inherits ("effective") the folders, the versions and the plugins.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fs_err as fs;
use roxmltree::{Document, Node};
use serde::{Deserialize, Serialize};

use super::JavaError;
use super::project::POM;
use super::version::Wish;
use crate::BuildError;
use crate::path::normalized;

/// Plugins that read nothing but sources, resources and `pom.xml` on the way to compiled classes.
const PLAIN_PLUGINS: [&str; 26] = [
    "maven-assembly-plugin",
    "maven-clean-plugin",
    "maven-compiler-plugin",
    "maven-dependency-plugin",
    "maven-deploy-plugin",
    "maven-enforcer-plugin",
    "maven-failsafe-plugin",
    "maven-gpg-plugin",
    "maven-help-plugin",
    "maven-install-plugin",
    "maven-jar-plugin",
    "maven-javadoc-plugin",
    "maven-release-plugin",
    "maven-resources-plugin",
    "maven-shade-plugin",
    "maven-site-plugin",
    "maven-source-plugin",
    "maven-surefire-plugin",
    "maven-toolchains-plugin",
    "maven-war-plugin",
    "maven-wrapper-plugin",
    "spring-boot-maven-plugin",
    "jacoco-maven-plugin",
    "jib-maven-plugin",
    "versions-maven-plugin",
    "exec-maven-plugin",
];

/// Settings of Maven's compiler plugin that only choose options of the compiler.
const PLAIN_SETTINGS: [&str; 10] = [
    "release",
    "source",
    "target",
    "encoding",
    "parameters",
    "debug",
    "showWarnings",
    "showDeprecation",
    "annotationProcessorPaths",
    "proc",
];

/// A module as Maven sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Module {
    /// Folders of sources and resources.
    pub(crate) sources: Vec<PathBuf>,
    /// Where classes and resources go.
    pub(crate) output: PathBuf,
    /// Everything that is built goes below this.
    pub(crate) build: PathBuf,
    /// The Java that a toolchain names.
    pub(crate) toolchain: Option<String>,
    /// The Java that classes are for, and what says so.
    pub(crate) target: Option<(String, String)>,
    /// It has plugins that may read any file of the module.
    pub(crate) reads_anything: bool,
    /// Nothing makes its classes but the compiler of the JDK, in an ordinary way.
    pub(crate) is_plain: bool,
}

impl Module {
    /// What it says about the version of Java, in order of precedence.
    pub(crate) fn wishes(&self) -> Vec<Wish> {
        let toolchain = self
            .toolchain
            .as_ref()
            .map(|text| Wish::exact("the toolchain of pom.xml", text));
        let target = self
            .target
            .as_ref()
            .map(|(name, text)| Wish::at_least(format!("{name} of pom.xml"), text));
        toolchain.into_iter().chain(target).collect()
    }
}

/// Folders of the modules that a `pom.xml` lists.
pub(crate) fn modules(pom: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let text = fs::read_to_string(pom).map_err(BuildError::file("read a pom.xml"))?;
    let document = parse(pom, &text)?;
    let folder = pom.parent().unwrap_or(Path::new("/"));
    let listed = document
        .descendants()
        .filter(|node| ["module", "subproject"].contains(&node.tag_name().name()))
        .filter_map(|node| node.text());
    Ok(listed
        .map(|name| normalized(&folder.join(name.trim())))
        .map(|path| match path.extension() {
            // A module may be named by its file.
            Some(extension) if extension == "xml" => path.parent().unwrap_or(folder).to_owned(),
            _ => path,
        })
        .collect())
}

/// Every `pom.xml` that Maven reads of a project: those of all modules, and parents beside them, there or not.
pub(crate) fn all_of(root: &Path) -> Result<BTreeSet<PathBuf>, BuildError> {
    let mut found = BTreeSet::new();
    let mut open = vec![root.join(POM)];
    while let Some(path) = open.pop() {
        if !found.insert(path.clone()) || !path.is_file() {
            continue;
        }
        open.extend(modules(&path)?.into_iter().map(|folder| folder.join(POM)));
        open.extend(parent(&path)?);
    }
    Ok(found)
}

/// The file where Maven looks for the parent of a module first.
fn parent(pom: &Path) -> Result<Option<PathBuf>, BuildError> {
    let text = fs::read_to_string(pom).map_err(BuildError::file("read a pom.xml"))?;
    let document = parse(pom, &text)?;
    let Some(parent) = child(document.root_element(), "parent") else {
        return Ok(None);
    };
    let written = match child(parent, "relativePath") {
        Some(node) => node.text().unwrap_or_default().trim(),
        None => "../pom.xml",
    };
    if written.is_empty() {
        return Ok(None);
    }
    let path = normalized(&pom.parent().unwrap_or(Path::new("/")).join(written));
    Ok(Some(if path.is_dir() { path.join(POM) } else { path }))
}

/// Reads the effective POMs of one or several modules, in the order they are built.
pub(crate) fn effective(path: &Path, text: &str) -> Result<Vec<Module>, JavaError> {
    let document = parse(path, text)?;
    let is_project = |node: &Node<'_, '_>| {
        node.tag_name().name() == "project"
            && node
                .parent()
                .is_none_or(|parent| parent.is_root() || parent.tag_name().name() == "projects")
    };
    Ok(document
        .descendants()
        .filter(is_project)
        .filter_map(module)
        .collect())
}

fn module(project: Node<'_, '_>) -> Option<Module> {
    let build = child(project, "build")?;
    let path = |name: &str| Some(PathBuf::from(child(build, name)?.text()?.trim()));
    let resources = child(build, "resources")
        .into_iter()
        .flat_map(|list| list.children())
        .filter_map(|resource| child(resource, "directory")?.text())
        .map(|text| PathBuf::from(text.trim()));
    let plugins: Vec<Node<'_, '_>> = child(build, "plugins")
        .into_iter()
        .flat_map(|list| list.children().filter(Node::is_element))
        .collect();
    let compiler = plugins
        .iter()
        .find(|plugin| artifact(**plugin) == Some("maven-compiler-plugin"));
    let toolchains = plugins
        .iter()
        .find(|plugin| artifact(**plugin) == Some("maven-toolchains-plugin"));
    let reads_anything = plugins
        .iter()
        .any(|plugin| artifact(*plugin).is_none_or(|name| !PLAIN_PLUGINS.contains(&name)));
    Some(Module {
        is_plain: !reads_anything
            && toolchains.is_none()
            && compiler.is_none_or(|plugin| has_plain_settings(*plugin)),
        reads_anything,
        sources: path("sourceDirectory").into_iter().chain(resources).collect(),
        output: path("outputDirectory")?,
        build: path("directory")?,
        toolchain: toolchains.and_then(toolchain),
        target: target(project, compiler.copied()),
    })
}

/// What classes are compiled for: the compiler's own settings before properties, and `release` before the others.
fn target(project: Node<'_, '_>, compiler: Option<Node<'_, '_>>) -> Option<(String, String)> {
    let properties = child(project, "properties");
    let configured = compiler.and_then(|compiler| child(compiler, "configuration"));
    for name in ["release", "target", "source"] {
        let property = format!("maven.compiler.{name}");
        let places = [(configured, name), (properties, property.as_str())];
        for (place, key) in places {
            let text = place
                .and_then(|place| child(place, key))
                .and_then(|node| node.text());
            if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
                return Some((property.clone(), text.to_owned()));
            }
        }
    }
    None
}

/// Whether the compiler is configured by nothing but what is among its options later, one word each.
fn has_plain_settings(compiler: Node<'_, '_>) -> bool {
    compiler
        .descendants()
        .filter(|node| node.tag_name().name() == "configuration")
        .flat_map(|configuration| configuration.children().filter(Node::is_element))
        .all(|setting| PLAIN_SETTINGS.contains(&setting.tag_name().name()))
}

/// The name of a plugin.
fn artifact<'a>(plugin: Node<'a, '_>) -> Option<&'a str> {
    child(plugin, "artifactId")?.text().map(str::trim)
}

fn toolchain(plugin: &Node<'_, '_>) -> Option<String> {
    let jdk = plugin
        .descendants()
        .find(|node| node.tag_name().name() == "jdk")?;
    // A range such as `[17,)` begins with the oldest.
    let text = child(jdk, "version")?.text()?.trim();
    Some(text.trim_start_matches(['[', '(']).split(',').next()?.to_owned())
}

fn parse<'a>(path: &Path, text: &'a str) -> Result<Document<'a>, JavaError> {
    Document::parse(text).map_err(|source| JavaError::Pom {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}
