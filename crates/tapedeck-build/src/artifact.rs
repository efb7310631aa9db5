//! The code of a function as Lambda takes it: a zip that is equal whenever the code is.
//!
//! A function from source is packaged as the image of a service is, and what is above the base of that image goes into the zip
//! ([`Artifact::of_image`]): so languages, dependencies and builds that change nothing are the same for both. What is there
//! already is taken as it is ([`Artifact::of_path`]). The digest of what comes from an image is known without reading a file of it:
//! its layers have names that tell what is in them.

mod contents;

use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest, Sha256};
use tapedeck_image::Image;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::stamp::hash;
use contents::Contents;

/// Changes whenever another zip would be made of the same code.
const FORMAT: &str = "1";

/// The beginning of what is a zip already: an entry, or the end of one without any.
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// The code of a function.
#[derive(Debug)]
pub struct Artifact {
    digest: String,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// A zip that was given.
    Zip(Vec<u8>),
    /// What is in it, by path.
    Entries(BTreeMap<String, Member>),
    /// What is to be found in the layers of an image, when it is needed.
    Image { layers: Vec<PathBuf>, code: Code },
}

/// Something in the zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Member {
    /// A text of ours.
    Made(String),
    /// A file of this machine.
    File { path: PathBuf, is_executable: bool },
    /// A link, and where it leads to from where it is.
    Link(String),
}

/// What a function is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// A bundle for Node.
    Node {
        /// The config names the function that is called. Otherwise it is the default export, or else `handler`.
        is_handler_named: bool,
    },
    /// Source in Python, with its packages.
    Python {
        /// The entry file, as it is written in the config.
        entry: String,
        /// Folders that modules are imported from, absolute in the image.
        import_folders: Vec<String>,
    },
    /// A program that asks for its events itself.
    Program {
        /// Its path in the image.
        path: String,
    },
}

impl Code {
    /// Source in Python, as the image that was built of it says.
    #[must_use]
    pub fn python(entry: &str, image: &Image) -> Self {
        let folders = image.config.env.get("PYTHONPATH").map(String::as_str);
        Self::Python {
            entry: entry.to_owned(),
            import_folders: folders
                .unwrap_or_default()
                .split(':')
                .filter(|folder| !folder.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The program that an image starts.
    #[must_use]
    pub fn program(image: &Image) -> Self {
        Self::Program {
            path: image.config.entrypoint.last().cloned().unwrap_or_default(),
        }
    }
}

/// The code of a function could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// There is nothing at the path that the config names.
    #[error("there is no {}", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// Something could not be read.
    #[error("cannot read the code of a function")]
    Read(#[source] io::Error),
    /// The zip could not be written.
    #[error("cannot write the code of a function as a zip")]
    Write(#[source] zip::result::ZipError),
}

impl Artifact {
    /// What is above the base of an image that was built from source.
    #[must_use]
    pub fn of_image(image: &Image, code: Code) -> Self {
        let layers: Vec<PathBuf> = image
            .layers
            .iter()
            .filter(|layer| contents::ROOTS.iter().any(|root| layer.join(root).is_dir()))
            .cloned()
            .collect();
        let names = layers.iter().filter_map(|layer| layer.file_name()?.to_str());
        let text = format!("{FORMAT} {code:?} {}", names.collect::<Vec<_>>().join(" "));
        Self {
            digest: hash(text.as_bytes()),
            source: Source::Image { layers, code },
        }
    }

    /// A zip as it is, or a folder or file of which one is made.
    ///
    /// # Errors
    /// When there is nothing, or it cannot be read.
    pub fn of_path(path: &Path) -> Result<Self, ArtifactError> {
        if !path.exists() {
            return Err(ArtifactError::Missing {
                path: path.to_owned(),
            });
        }
        if path.is_file() {
            let bytes = fs::read(path).map_err(ArtifactError::Read)?;
            if ZIP.iter().any(|beginning| bytes.starts_with(beginning)) {
                return Ok(Self {
                    digest: hash(&bytes),
                    source: Source::Zip(bytes),
                });
            }
        }
        let entries = contents::of_path(path).map_err(ArtifactError::Read)?;
        Ok(Self {
            digest: digest_of(&entries).map_err(ArtifactError::Read)?,
            source: Source::Entries(entries),
        })
    }

    /// What tells it from other code, in hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The zip. Equal artifacts give equal bytes.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn zip(&self) -> Result<Vec<u8>, ArtifactError> {
        match &self.source {
            Source::Zip(bytes) => Ok(bytes.clone()),
            Source::Entries(entries) => zip_of(entries),
            Source::Image { layers, code } => {
                let contents = Contents::of_layers(layers).map_err(ArtifactError::Read)?;
                zip_of(&contents.of_code(code).map_err(ArtifactError::Read)?)
            }
        }
    }
}

/// A hash of everything that is in a zip.
fn digest_of(entries: &BTreeMap<String, Member>) -> io::Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(FORMAT);
    for (name, member) in entries {
        let (kind, bytes) = match member {
            Member::Made(text) => ("made", text.clone().into_bytes()),
            Member::Link(target) => ("link", target.clone().into_bytes()),
            Member::File { path, is_executable } => {
                (if *is_executable { "program" } else { "file" }, fs::read(path)?)
            }
        };
        hasher.update(format!("\0{kind} {} {name}\0", bytes.len()));
        hasher.update(&bytes);
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// Sorted, and with the same time everywhere: that of the format's beginning.
fn zip_of(entries: &BTreeMap<String, Member>) -> Result<Vec<u8>, ArtifactError> {
    let written = |error: io::Error| ArtifactError::Write(error.into());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, member) in entries {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        match member {
            Member::Link(target) => {
                zip.add_symlink(name, target, options)
                    .map_err(ArtifactError::Write)?;
            }
            Member::Made(text) => {
                zip.start_file(name, options.unix_permissions(0o644))
                    .map_err(ArtifactError::Write)?;
                zip.write_all(text.as_bytes()).map_err(written)?;
            }
            Member::File { path, is_executable } => {
                let mode = if *is_executable { 0o755 } else { 0o644 };
                zip.start_file(name, options.unix_permissions(mode))
                    .map_err(ArtifactError::Write)?;
                let bytes = fs::read(path).map_err(ArtifactError::Read)?;
                zip.write_all(&bytes).map_err(written)?;
            }
        }
    }
    let zip = zip.finish().map_err(ArtifactError::Write)?;
    Ok(zip.into_inner())
}

#[cfg(test)]
mod tests;
