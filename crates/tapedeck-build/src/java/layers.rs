//! The layers of a program in Java, and its class path.
//!
//! ```text
//! application     /app/classes, /app/class-path     what an edit changes
//! included files  /app/…
//! resources       /app/resources
//! modules         /app/modules                      other modules, jars that are not released
//! dependencies    /app/libs                         jars as they were published
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fs_err as fs;
use ignore::WalkBuilder;

use super::class_file;
use super::compiled::Compiled;
use super::gathered::Gathered;
use super::project::Project;
use crate::BuildError;
use crate::image::{Draft, LayerName};
use crate::path::relative_to;
use crate::request::Workshop;
use crate::stamp::Observations;

/// The file of the class path, in the form in which the command `java` reads arguments.
pub(crate) const ARGUMENTS: &str = "class-path";

/// Everything of a program, in layers.
pub(crate) struct Layers {
    /// Below included files, bottom first.
    pub(crate) lower: Vec<Draft>,
    pub(crate) application: Draft,
    /// Folders and jars in the image, in their order, with colons between.
    pub(crate) class_path: String,
    /// The class for the newest Java, and that Java.
    pub(crate) newest: Option<(String, u16)>,
    /// The bytes of the main class, if it is there.
    pub(crate) main: Option<Vec<u8>>,
}

/// Puts everything into its layer but the packages that are excluded. `main` is the name of the main class.
pub(crate) fn of(
    compiled: &Compiled,
    (project, excluded): (&Project, &[String]),
    main: &str,
    observations: &mut Observations,
    workshop: &Workshop<'_>,
) -> Result<Layers, BuildError> {
    let mut newest = Newest::default();
    let (mut resources, mut application) = (
        Gathered::new(LayerName::Resources),
        Gathered::new(LayerName::Application),
    );
    let main_file = format!("{}.class", main.replace('.', "/"));
    let mut main = None;
    for folder in compiled.outputs.iter().chain(&compiled.resources) {
        for (below, path) in files(folder) {
            let is_class = below.extension().is_some_and(|extension| extension == "class");
            if is_class && compiled.resources.as_ref() == Some(folder) {
                continue;
            }
            if !is_class {
                resources.add_file(&Path::new("app/resources").join(&below), &path)?;
                continue;
            }
            let bytes = fs::read(&path).map_err(BuildError::file("read a class"))?;
            newest.see(&below, &bytes);
            if below == Path::new(&main_file) {
                main = Some(bytes.clone());
            }
            application.add_bytes(&Path::new("app/classes").join(&below), bytes);
        }
    }
    let needed = needed(compiled, (project, excluded), &mut newest, observations)?;
    let mut class_path = String::new();
    if !resources.entries.is_empty() {
        class_path.push_str("/app/resources:");
    }
    class_path.push_str("/app/classes");
    for place in needed.places {
        class_path.push_str(&format!(":/{place}"));
    }
    application.add_bytes(
        &Path::new("app").join(ARGUMENTS),
        arguments(&class_path).into_bytes(),
    );
    let lower = [needed.dependencies, needed.modules, resources]
        .into_iter()
        .filter_map(|gathered| gathered.draft(workshop))
        .collect();
    Ok(Layers {
        lower,
        application: application
            .draft(workshop)
            .expect("the class path is always in it"),
        class_path,
        newest: newest.0,
        main,
    })
}

/// Everything after the module's own outputs on the class path.
struct Needed {
    dependencies: Gathered,
    modules: Gathered,
    /// Paths in the image, in order.
    places: Vec<String>,
}

fn needed(
    compiled: &Compiled,
    (project, excluded): (&Project, &[String]),
    newest: &mut Newest,
    observations: &mut Observations,
) -> Result<Needed, BuildError> {
    let mut needed = Needed {
        dependencies: Gathered::new(LayerName::Dependencies),
        modules: Gathered::new(LayerName::Modules),
        places: Vec::new(),
    };
    let mut taken = BTreeSet::new();
    for path in &compiled.class_path {
        if excluded.iter().any(|name| is_named(path, name)) {
            continue;
        }
        if path.is_dir() {
            let place = unused(
                format!("app/modules/{}", module_name(path, &project.root)),
                &mut taken,
            );
            for (below, file) in files(path) {
                if below.extension().is_some_and(|extension| extension == "class") {
                    newest.see(
                        &below,
                        &fs::read(&file).map_err(BuildError::file("read a class"))?,
                    );
                }
                needed.modules.add_file(&Path::new(&place).join(below), &file)?;
            }
            needed.places.push(place);
        } else if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if is_released(path, &project.root) {
                let place = unused(format!("app/libs/{name}"), &mut taken);
                needed
                    .dependencies
                    .add_observed(Path::new(&place), path, observations)?;
                needed.places.push(place);
            } else {
                let place = unused(format!("app/modules/{name}"), &mut taken);
                let at = Path::new(&place);
                if path.starts_with(&project.root) {
                    needed.modules.add_file(at, path)?;
                } else {
                    needed.modules.add_observed(at, path, observations)?;
                }
                needed.places.push(place);
            }
        }
    }
    Ok(needed)
}

/// Whether a jar is of a package, named as `artifact` or `group:artifact`.
pub(crate) fn is_named(jar: &Path, package: &str) -> bool {
    let (group, artifact) = match package.split_once(':') {
        Some((group, artifact)) => (Some(group), artifact),
        None => (None, package),
    };
    let name = jar.file_stem().unwrap_or_default().to_string_lossy();
    let is_artifact = name.strip_prefix(artifact).is_some_and(|rest| {
        rest.is_empty()
            || rest
                .strip_prefix('-')
                .is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    });
    // Maven keeps a group in nested folders, Gradle in one.
    let folders = jar.to_string_lossy();
    let is_in = |group: &str| {
        folders.contains(&format!("/{}/", group.replace('.', "/"))) || folders.contains(&format!("/{group}/"))
    };
    is_artifact && group.is_none_or(is_in)
}

/// Whether a jar is one that never changes: somebody published it, and not as a snapshot.
fn is_released(jar: &Path, root: &Path) -> bool {
    let is_snapshot = jar
        .components()
        .any(|part| part.as_os_str().to_string_lossy().contains("-SNAPSHOT"));
    !is_snapshot && !jar.starts_with(root)
}

/// A name for the classes of another module: the way to it from the root of the project.
fn module_name(output: &Path, root: &Path) -> String {
    let ends = [
        "target/classes",
        "build/classes/java/main",
        "build/resources/main",
    ];
    let module = ends
        .iter()
        .find(|end| output.ends_with(end))
        .and_then(|end| output.ancestors().nth(Path::new(end).components().count()))
        .unwrap_or(output);
    let name = relative_to(module, root).replace("../", "").replace('/', "-");
    if name.is_empty() { "root".to_owned() } else { name }
}

/// The path, with a number in front of its last part if it is taken.
fn unused(place: String, taken: &mut BTreeSet<String>) -> String {
    let (folder, name) = place.rsplit_once('/').unwrap_or(("", &place));
    let numbered = (2..).map(|number| format!("{folder}/{number}-{name}"));
    let free = std::iter::once(place.clone())
        .chain(numbered)
        .find(|candidate| !taken.contains(candidate))
        .unwrap_or_else(|| place.clone());
    taken.insert(free.clone());
    free
}

/// The option with the class path as `java` reads it from a file, in which a backslash escapes.
pub(crate) fn arguments(class_path: &str) -> String {
    let escaped = class_path.replace('\\', "\\\\").replace('"', "\\\"");
    format!("-cp\n\"{escaped}\"\n")
}

/// The files below a folder, sorted, with their paths from it. None where there is no folder.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let walk = WalkBuilder::new(folder)
        .standard_filters(false)
        .follow_links(true)
        .build();
    let mut found: Vec<(PathBuf, PathBuf)> = walk
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .filter_map(|entry| {
            let below = entry.path().strip_prefix(folder).ok()?.to_owned();
            Some((below, entry.into_path()))
        })
        .collect();
    found.sort();
    found
}

/// The class for the newest Java that was seen, and that Java.
#[derive(Default)]
struct Newest(Option<(String, u16)>);

impl Newest {
    fn see(&mut self, below: &Path, bytes: &[u8]) {
        // Classes for particular versions are looked at by those only.
        if below.starts_with("META-INF") {
            return;
        }
        let Some(java) = class_file::java_of(bytes) else {
            return;
        };
        if self.0.as_ref().is_none_or(|(_, newest)| java > *newest) {
            let name = below.with_extension("").to_string_lossy().replace('/', ".");
            self.0 = Some((name, java));
        }
    }
}
