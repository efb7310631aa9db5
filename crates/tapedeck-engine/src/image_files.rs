//! What a container finds at a path of its image, told from the image's layers.
//!
//! Links lead where they lead in the container, never to a file of this machine.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows.
const LINKS: u32 = 40;

/// More than any file has that is looked for.
const LIMIT: u64 = 16 << 20;

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageFile {
    /// Where it is in the container, without any link.
    pub(crate) inside: PathBuf,
    /// Where it is on this machine.
    outside: PathBuf,
}

impl ImageFile {
    /// The ordinary file at a path. `layers` are unpacked, top first.
    pub(crate) fn find(layers: &[PathBuf], path: &Path) -> Option<Self> {
        let mut walk = Walk::from_root(layers);
        let mut ahead = parts(path);
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            if name == OsStr::new("..") {
                walk.up();
                continue;
            }
            match walk.look(&name)? {
                Found::Folder(layers) => walk.down(name, layers),
                Found::Link(target) => {
                    links += 1;
                    if links > LINKS {
                        return None;
                    }
                    if target.is_absolute() {
                        walk = Walk::from_root(layers);
                    }
                    ahead.extend(parts(&target));
                }
                Found::File(outside) if ahead.is_empty() => {
                    return Some(Self {
                        inside: walk.path().join(name),
                        outside,
                    });
                }
                Found::File(_) => return None,
            }
        }
        None
    }

    /// What is in it; nothing when that is too much.
    pub(crate) fn read(&self) -> Option<Vec<u8>> {
        let file = fs_err::File::open(&self.outside).ok()?;
        let mut content = Vec::new();
        file.take(LIMIT + 1).read_to_end(&mut content).ok()?;
        (content.len() as u64 <= LIMIT).then_some(content)
    }
}

/// What is in the file at a path, as text.
pub(crate) fn text_of(layers: &[PathBuf], path: &str) -> Option<String> {
    let content = ImageFile::find(layers, Path::new(path))?.read()?;
    Some(String::from_utf8_lossy(&content).into_owned())
}

/// What a path names, the first part last.
fn parts(path: &Path) -> Vec<OsString> {
    let named = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    named.rev().collect()
}

enum Found<'a> {
    Folder(Vec<&'a Path>),
    File(PathBuf),
    Link(PathBuf),
}

/// A folder of the container, and those around it; with each, the layers in which it really is one.
struct Walk<'a> {
    root: Vec<&'a Path>,
    folders: Vec<(OsString, Vec<&'a Path>)>,
}

impl<'a> Walk<'a> {
    fn from_root(layers: &'a [PathBuf]) -> Self {
        Self {
            root: layers.iter().map(PathBuf::as_path).collect(),
            folders: Vec::new(),
        }
    }

    fn path(&self) -> PathBuf {
        let names = self.folders.iter().map(|(name, _)| name.as_os_str());
        std::iter::once(OsStr::new("/")).chain(names).collect()
    }

    fn up(&mut self) {
        self.folders.pop();
    }

    fn down(&mut self, name: OsString, layers: Vec<&'a Path>) {
        self.folders.push((name, layers));
    }

    fn look(&self, name: &OsStr) -> Option<Found<'a>> {
        let layers = self.folders.last().map_or(&self.root, |(_, layers)| layers);
        let folder: PathBuf = self.folders.iter().map(|(name, _)| name).collect();
        let mut here = Vec::new();
        for layer in layers {
            let path = layer.join(&folder).join(name);
            let Ok(facts) = fs_err::symlink_metadata(&path) else {
                continue;
            };
            match here.is_empty() {
                _ if facts.is_dir() => here.push(*layer),
                false => break,
                true if is_removal(&facts) => return None,
                true if facts.is_symlink() => return Some(Found::Link(fs_err::read_link(path).ok()?)),
                true if facts.is_file() => return Some(Found::File(path)),
                true => return None,
            }
        }
        (!here.is_empty()).then_some(Found::Folder(here))
    }
}

/// Whether a layer says that what those below it have is gone.
fn is_removal(facts: &Metadata) -> bool {
    facts.file_type().is_char_device() && facts.rdev() == 0
}
