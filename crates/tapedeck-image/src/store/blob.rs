//! Blobs: written beside, named by their digest, checked when they are read.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Store;
use super::recovery::Unsettled;
use super::workspace::ignore_missing;
use crate::Digest;
use crate::digest::HashingWriter;

/// Why a blob could not be read.
#[derive(Debug)]
pub(crate) enum BlobFault {
    /// It is not there.
    Missing,
    /// Its content is not what its name says. It was removed.
    Corrupt,
    /// The system says no.
    System(io::Error),
}

impl Store {
    /// Where the blob is or would be.
    pub(crate) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.path("blobs/sha256").join(digest.hex())
    }

    /// Whether a blob of this length is there. Does not read it.
    pub(crate) fn has_blob(&self, digest: &Digest, size: u64) -> bool {
        fs_err::metadata(self.blob_path(digest)).is_ok_and(|found| found.is_file() && found.len() == size)
    }

    /// Gives a complete file its name as a blob. Replaces a blob of that name, which heals a damaged one.
    pub(crate) fn publish_blob(&self, file: &Path, digest: &Digest) -> io::Result<()> {
        self.mark_unsettled(Unsettled::Blob, digest)?;
        fs_err::rename(file, self.blob_path(digest))
    }

    /// Writes a blob that is in memory, unless it is there. The caller makes a marker that covers it.
    pub(crate) fn put_blob(&self, content: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(content);
        if !self.has_blob(&digest, content.len() as u64) {
            self.replace_file(&self.blob_path(&digest), content)?;
        }
        Ok(digest)
    }

    /// Gives a completely unpacked folder its name as a layer. Whoever was first wins; equal names have equal content.
    pub(crate) fn publish_layer(&self, folder: &Path, diff_id: &Digest) -> io::Result<()> {
        self.mark_unsettled(Unsettled::Layer, diff_id)?;
        match fs_err::rename(folder, self.layer_folder(diff_id)) {
            Err(error) if is_taken(&error) => Ok(()),
            other => other,
        }
    }

    /// Reads a small blob and checks it.
    pub(crate) fn read_blob(&self, digest: &Digest) -> Result<Vec<u8>, BlobFault> {
        let content = match fs_err::read(self.blob_path(digest)) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BlobFault::Missing),
            Err(error) => return Err(BlobFault::System(error)),
        };
        if Digest::of(&content) == *digest {
            return Ok(content);
        }
        self.remove_blob(digest).map_err(BlobFault::System)?;
        Err(BlobFault::Corrupt)
    }

    /// Removes a blob whose content is not what its name says.
    pub(crate) fn drop_damaged_blob(&self, digest: &Digest) -> io::Result<()> {
        let mut file = match fs_err::File::open(self.blob_path(digest)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        if digest_of(&mut file)? == *digest {
            return Ok(());
        }
        self.remove_blob(digest)
    }

    pub(crate) fn remove_blob(&self, digest: &Digest) -> io::Result<()> {
        ignore_missing(fs_err::remove_file(self.blob_path(digest)))
    }
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}

fn digest_of(from: &mut impl Read) -> io::Result<Digest> {
    let mut sink = HashingWriter::new(io::sink());
    io::copy(from, &mut sink)?;
    Ok(sink.finish().1)
}
