//! Layers made elsewhere: every byte is hashed, every entry distrusted.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tapedeck_model::ImageDigest;

mod archive;
mod entries;

use crate::manifest::LayerDescriptor;
use crate::unpack::Unpacker;
use crate::{Digest, ImportError, Layer, LayerMediaType, ReadImageError, Store};

/// Why reading an archive stopped.
enum Fault {
    /// The archive is bad.
    Archive(ImportError),
    /// The disk is.
    System(io::Error),
}

impl Store {
    /// Takes in a layer made elsewhere: a tar archive, plain or compressed by gzip or zstd.
    ///
    /// With `expected`, the digest of the bytes as they come must be this one; otherwise nothing is stored.
    ///
    /// # Errors
    /// [`ImportError`] for damaged or dangerous archives, a wrong digest and failures of the store.
    pub fn import_layer(&self, from: impl Read, expected: Option<Digest>) -> Result<Layer, ImportError> {
        let system = self.failed("import a layer");
        let workspace = self.workspace().map_err(&system)?;
        let (blob, folder) = (workspace.path("blob"), workspace.path("layer"));
        let copy = io::BufWriter::new(fs_err::File::create(&blob).map_err(&system)?);
        let layer =
            unpack_archive(from, copy, &folder, self.is_privileged()).map_err(|fault| match fault {
                Fault::Archive(error) => error,
                Fault::System(error) => system(error).into(),
            })?;
        if let Some(expected) = expected
            && expected != layer.digest
        {
            return Err(ImportError::Digest {
                expected,
                found: layer.digest,
            });
        }
        self.publish_blob(&blob, &layer.digest).map_err(&system)?;
        self.publish_layer(&folder, &layer.diff_id).map_err(&system)?;
        Ok(layer)
    }

    /// Unpacks a layer whose folder is missing from its blob.
    pub(crate) fn unpack_again(
        &self,
        image: &ImageDigest,
        layer: &LayerDescriptor,
        diff_id: &Digest,
    ) -> Result<(), ReadImageError> {
        let system = self.failed("unpack a layer");
        let (image, blob) = (image.clone(), layer.digest);
        let file = match fs_err::File::open(self.blob_path(&blob)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ReadImageError::MissingBlob { image, blob });
            }
            other => other.map_err(&system)?,
        };
        let workspace = self.workspace().map_err(&system)?;
        let folder = workspace.path("layer");
        let unpacked = unpack_archive(file, io::sink(), &folder, self.is_privileged());
        let intact = unpacked
            .as_ref()
            .is_ok_and(|found| found.digest == blob && found.diff_id == *diff_id);
        if !intact {
            if let Err(Fault::System(error)) = unpacked {
                return Err(system(error).into());
            }
            // Either the blob is damaged, or it is what its name says and cannot be unpacked: then it stays.
            self.drop_damaged_blob(&blob).map_err(&system)?;
            return Err(match unpacked {
                Err(Fault::Archive(source)) if self.has_blob(&blob, layer.size) => ReadImageError::Unpack {
                    image,
                    blob,
                    source: Box::new(source),
                },
                _ => ReadImageError::CorruptBlob { image, blob },
            });
        }
        self.publish_layer(&folder, diff_id).map_err(&system)?;
        Ok(())
    }
}

/// Unpacks an archive below `folder`, copying its bytes as they come to `copy`.
fn unpack_archive(
    from: impl Read,
    copy: impl Write,
    folder: &Path,
    privileged: bool,
) -> Result<Layer, Fault> {
    let mut from = BufReader::with_capacity(1 << 16, Tee::new(from, copy));
    let media_type = sniff(&mut from).map_err(archive)?;
    let mut unpacker = Unpacker::create(folder, privileged).map_err(Fault::System)?;
    let diff_id = {
        let plain: Box<dyn Read + '_> = match media_type {
            LayerMediaType::Tar => Box::new(&mut from),
            LayerMediaType::TarGzip => Box::new(flate2::bufread::MultiGzDecoder::new(&mut from)),
            LayerMediaType::TarZstd => Box::new(zstd::Decoder::with_buffer(&mut from).map_err(archive)?),
        };
        let mut plain = Tee::new(plain, io::sink());
        entries::unpack_entries(&mut plain, &mut unpacker)?;
        io::copy(&mut plain, &mut io::sink()).map_err(archive)?;
        plain.finish().map_err(Fault::System)?.0
    };
    io::copy(&mut from, &mut io::sink()).map_err(archive)?;
    let (digest, size) = from.into_inner().finish().map_err(Fault::System)?;
    unpacker.finish().map_err(Fault::System)?;
    Ok(Layer {
        diff_id,
        digest,
        size,
        media_type,
    })
}

fn archive(error: io::Error) -> Fault {
    Fault::Archive(ImportError::Archive(error))
}

/// Tells the compression by the first bytes.
fn sniff(from: &mut impl io::BufRead) -> io::Result<LayerMediaType> {
    let start = from.fill_buf()?;
    Ok(match start {
        [0x1f, 0x8b, ..] => LayerMediaType::TarGzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => LayerMediaType::TarZstd,
        _ => LayerMediaType::Tar,
    })
}

/// Hashes and copies what is read through it.
pub(crate) struct Tee<R, W> {
    from: R,
    copy: W,
    hasher: Sha256,
    count: u64,
}

impl<R, W: Write> Tee<R, W> {
    pub(crate) fn new(from: R, copy: W) -> Self {
        Self {
            from,
            copy,
            hasher: Sha256::new(),
            count: 0,
        }
    }

    pub(crate) fn finish(mut self) -> io::Result<(Digest, u64)> {
        self.copy.flush()?;
        Ok((Digest::from_bytes(self.hasher.finalize().into()), self.count))
    }
}

impl<R: Read, W: Write> Read for Tee<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.copy.write_all(&buffer[..count])?;
        self.count += count as u64;
        Ok(count)
    }
}
