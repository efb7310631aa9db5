//! From layers to an image in the store, and the account of what was done.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use tapedeck_image::base::init_of;
use tapedeck_image::{ConfigChange, Contents, Description, Entry, EntryKind, Image, Layer};
use tapedeck_model::ImageDigest;

use crate::BuildError;
use crate::base::Base;
use crate::layers;
use crate::record::{Memory, Record, stored_key};
use crate::request::{Subject, Workshop};
use crate::runtime::Runtime;
use crate::stamp::{Observations, Stamp};

/// What packaging a service came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The image, which is in the store.
    pub image: ImageDigest,
    /// What had to be done.
    pub outcome: Outcome,
    /// Bytes of the whole image as it would be transferred, base included.
    pub size: u64,
    /// Absolute paths of the project's own files that are in the program, sorted.
    pub source_files: Vec<PathBuf>,
    /// What the program runs on. None when the image came from elsewhere.
    pub runtime: Option<Runtime>,
    /// How long it took.
    pub took: Duration,
}

/// What had to be done to have an image of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: the image is that of the last build.
    Unchanged,
    /// The image differs from that of the last build, or there was none.
    Rebuilt {
        /// The layers that are not those of the last build, bottom first. Empty when only the base or the way
        /// to start changed, or when the image came from elsewhere.
        layers: Vec<LayerChange>,
    },
}

/// A layer that is not that of the last build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerChange {
    /// Which one.
    pub layer: LayerName,
    /// The files that differ from the last build, relative to the folder of the config file where possible,
    /// folders left out. Empty when there was no last build, or when settings changed.
    pub because: Vec<PathBuf>,
}

/// The layers above the base, bottom first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerName {
    /// Programs and libraries of the system that the base does not have.
    SystemPackages,
    /// What `customDockerBuildCommands` have changed.
    Commands,
    /// What the application needs of other people's code.
    Dependencies,
    /// What the application needs of the project's other modules, and of versions that are not released yet.
    Modules,
    /// Files of the application that are no code: templates, settings, pictures.
    Resources,
    /// What `includeFiles` adds.
    IncludedFiles,
    /// The application's own code.
    Application,
}

impl LayerName {
    /// As people read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SystemPackages => "system packages",
            Self::Commands => "commands",
            Self::Dependencies => "dependencies",
            Self::Modules => "modules",
            Self::Resources => "resources",
            Self::IncludedFiles => "included files",
            Self::Application => "application",
        }
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

/// Such as `application: checksum changed because src/main.ts`.
impl fmt::Display for LayerChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.because.split_first() else {
            return write!(out, "{}: new", self.layer);
        };
        write!(
            out,
            "{}: checksum changed because {}",
            self.layer,
            first.display()
        )?;
        match others.len() {
            0 => Ok(()),
            1 => write!(out, " and {}", others[0].display()),
            count => write!(out, " and {count} others"),
        }
    }
}

/// What somebody made of a service, ready to become its image.
pub(crate) struct Assembly {
    pub(crate) composition: Composition,
    /// Everything whose change could change the image.
    pub(crate) observations: Observations,
    pub(crate) runtime: Option<Runtime>,
    /// Absolute paths of the project's own files that are in the program, sorted.
    pub(crate) source_files: Vec<PathBuf>,
    /// What to know again at the next build.
    pub(crate) memory: Option<Memory>,
}

/// What an image is made of.
pub(crate) enum Composition {
    /// Layers of ours on a base.
    Layers(Box<Stack>),
    /// An image that came from elsewhere as a whole and is in the store.
    Whole {
        image: ImageDigest,
        /// What it is by a name that may come to stand for another one.
        named: Option<ImageDigest>,
    },
}

/// Layers on a base.
pub(crate) struct Stack {
    pub(crate) base: Base,
    /// Bottom first.
    pub(crate) layers: Vec<Draft>,
    /// How it is started.
    pub(crate) config: ConfigChange,
}

/// A layer that is perhaps in the store already.
pub(crate) struct Draft {
    pub(crate) name: LayerName,
    /// A hash of everything in it.
    pub(crate) key: String,
    pub(crate) content: Content,
}

/// What a layer is made of.
pub(crate) enum Content {
    /// It is already in the store.
    Stored(Layer),
    /// It is not known to be in the store. Files that are copied were hashed for the key after `hashed_at`.
    Entries {
        entries: Vec<Entry>,
        hashed_at: SystemTime,
    },
}

/// The result when nothing changed since `record`.
pub(crate) fn unchanged(record: &Record, image: &Image, took: Duration) -> Built {
    Built {
        image: record.image.clone(),
        outcome: Outcome::Unchanged,
        size: image.size,
        source_files: record.source_files.clone(),
        runtime: record.runtime.clone(),
        took,
    }
}

/// An image in the store and everything that is known about it.
pub(crate) struct Finished {
    pub(crate) built: Built,
    /// Complete but for its settings.
    pub(crate) record: Record,
    /// What it is built on. None when it came from elsewhere.
    pub(crate) base: Option<Base>,
    /// Unpacked layers, top first, those of the base included.
    pub(crate) layers: Vec<PathBuf>,
}

/// Puts layers and image into the store.
pub(crate) fn put(
    assembly: Assembly,
    subject: Subject<'_>,
    workshop: &mut Workshop<'_>,
    started: Instant,
) -> Result<Finished, BuildError> {
    let placed = match assembly.composition {
        Composition::Layers(stack) => stacked(*stack, subject, workshop)?,
        Composition::Whole { image, named } => whole(image, named, subject, workshop)?,
    };
    let mut record = Record::of_image(placed.image.digest.clone(), String::new());
    record.named = placed.named;
    record.inputs = assembly.observations.into_seen();
    record.layers = placed.keys;
    record.runtime.clone_from(&assembly.runtime);
    record.source_files.clone_from(&assembly.source_files);
    record.memory = assembly.memory;
    let built = Built {
        outcome: outcome(workshop.previous, &record, &placed.names, subject),
        image: placed.image.digest,
        size: placed.image.size,
        source_files: assembly.source_files,
        runtime: assembly.runtime,
        took: started.elapsed(),
    };
    Ok(Finished {
        built,
        record,
        base: placed.base,
        layers: placed.image.layers,
    })
}

/// An image in the store and what is recorded about it.
struct Placed {
    image: Image,
    base: Option<Base>,
    named: Option<ImageDigest>,
    names: Vec<LayerName>,
    /// Input keys of the layers by name.
    keys: BTreeMap<String, String>,
}

fn stacked(stack: Stack, subject: Subject<'_>, workshop: &Workshop<'_>) -> Result<Placed, BuildError> {
    let mut layers = Vec::new();
    let mut keys = BTreeMap::new();
    let mut names = Vec::new();
    for draft in stack.layers {
        let (name, key) = (draft.name, draft.key.clone());
        layers.push((put_layer(draft, subject, workshop)?, format!("tapedeck: {name}")));
        keys.insert(name.as_str().to_owned(), key);
        names.push(name);
    }
    let stacked: Vec<(Layer, &str)> = layers
        .iter()
        .map(|(layer, by)| (layer.clone(), by.as_str()))
        .collect();
    let base = stack.base;
    let digest = base.image.digest.clone();
    let mut config = with_init(stack.config, &base);
    config.description = Description {
        created: workshop.created,
        title: Some(subject.service.to_string()),
        base_name: base.reference.clone(),
        ..Description::default()
    };
    let image = workshop
        .store
        .put_image(Some(&digest), &stacked, &config)
        .map_err(|error| BuildError::Image {
            service: subject.service.to_string(),
            source: Box::new(error),
        })?;
    Ok(Placed {
        image,
        named: base.reference.is_some().then_some(digest),
        base: Some(base),
        names,
        keys,
    })
}

/// The same with the init of the base as first process, if it has one: it passes signals on to the program and reaps
/// what that leaves behind.
fn with_init(mut config: ConfigChange, base: &Base) -> ConfigChange {
    if let (Some(init), Some(command)) = (init_of(&base.image), &mut config.entrypoint) {
        command.splice(0..0, [init.to_owned(), "--".to_owned()]);
    }
    config
}

fn whole(
    digest: ImageDigest,
    named: Option<ImageDigest>,
    subject: Subject<'_>,
    workshop: &Workshop<'_>,
) -> Result<Placed, BuildError> {
    let image = workshop
        .store
        .image(&digest)
        .map_err(|error| BuildError::ReadImage {
            service: subject.service.to_string(),
            source: Box::new(error),
        })?;
    Ok(Placed {
        image,
        base: None,
        named,
        names: Vec::new(),
        keys: BTreeMap::new(),
    })
}

/// The layer of these inputs, if it is in the store and may be used.
pub(crate) fn stored_layer(key: &str, workshop: &Workshop<'_>) -> Option<Layer> {
    if workshop.is_anew {
        return None;
    }
    // Unreadable means that it has to be made again, which tells what is wrong if something is.
    workshop.store.layer_of_key(&stored_key(key)).ok().flatten()
}

fn put_layer(draft: Draft, subject: Subject<'_>, workshop: &Workshop<'_>) -> Result<Layer, BuildError> {
    let (entries, hashed_at) = match draft.content {
        Content::Stored(layer) => return Ok(layer),
        Content::Entries { entries, hashed_at } => (entries, hashed_at),
    };
    let sources: Vec<PathBuf> = entries
        .iter()
        .filter_map(copied_file)
        .map(Path::to_owned)
        .collect();
    let layer = layers::put_unnamed(draft.name, entries, subject, workshop)?;
    // A file that changed after it was hashed may have been copied with other contents than the key speaks
    // of.
    let is_as_hashed = |path: &PathBuf| {
        Stamp::of(path).is_ok_and(|stamp| stamp.is_some_and(|stamp| !stamp.is_newer_than(hashed_at)))
    };
    if sources.iter().all(is_as_hashed) {
        layers::remember(draft.name, &draft.key, &layer, subject, workshop)?;
    }
    Ok(layer)
}

fn copied_file(entry: &Entry) -> Option<&Path> {
    match &entry.kind {
        EntryKind::File(Contents::Source(path)) => Some(path),
        _ => None,
    }
}

fn outcome(previous: Option<&Record>, record: &Record, names: &[LayerName], subject: Subject<'_>) -> Outcome {
    let Some(previous) = previous else {
        let layers = names
            .iter()
            .map(|&layer| LayerChange {
                layer,
                because: Vec::new(),
            })
            .collect();
        return Outcome::Rebuilt { layers };
    };
    if previous.image == record.image {
        return Outcome::Unchanged;
    }
    let differences: Vec<PathBuf> = previous
        .differences(&record.inputs)
        .into_iter()
        .filter(|path| record.inputs.get(path).is_none_or(|input| !input.is_directory()))
        .map(|path| subject.relative(&path))
        .collect();
    let is_changed =
        |name: &LayerName| previous.layers.get(name.as_str()) != record.layers.get(name.as_str());
    let layers = names
        .iter()
        .filter(|name| is_changed(name))
        .map(|&layer| LayerChange {
            layer,
            because: differences.clone(),
        })
        .collect();
    Outcome::Rebuilt { layers }
}
