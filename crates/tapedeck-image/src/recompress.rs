//! Images for whoever does not read Zstandard, such as Docker before 23: the same layers, compressed by gzip.

use std::io::{self, BufWriter, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use tapedeck_model::ImageDigest;

use crate::digest::HashingWriter;
use crate::import::Tee;
use crate::manifest::{Descriptor, LayerDescriptor};
use crate::{Digest, InputKey, Layer, LayerMediaType, ReadImageError, Store};

/// As `gzip` does when nobody says anything.
const LEVEL: Compression = Compression::new(6);

impl Store {
    /// The same image with layers that are compressed by gzip. It has another digest, but the same
    /// configuration, so that it is the same image to whoever runs it, and its documents
    /// say the same. A layer is compressed once, and kept as long as the
    /// one that it was made of.
    ///
    /// # Errors
    /// [`ReadImageError`] when the image is not in the store, or damaged, or the store fails.
    pub fn with_gzip_layers(&self, image: &ImageDigest) -> Result<ImageDigest, ReadImageError> {
        let documents = self.documents(image)?;
        let layers = documents
            .manifest
            .layers
            .iter()
            .zip(&documents.config.rootfs.diff_ids)
            .map(|(layer, diff_id)| self.gzip_layer(image, layer, diff_id))
            .collect::<Result<Vec<_>, _>>()?;
        let Descriptor { digest, .. } = documents.manifest.config;
        let failed = self.failed("write an image");
        let config = fs_err::read(self.blob_path(&digest)).map_err(&failed)?;
        let annotations = documents.manifest.annotations;
        let compressed = self
            .put_manifest(&config, &layers, annotations)
            .map_err(&failed)?;
        self.copy_documents(image, &compressed)?;
        Ok(compressed)
    }

    /// What a layer became when it was compressed by gzip, if it was and is there.
    pub(crate) fn known_gzip_layer(&self, layer: &Digest) -> Option<Layer> {
        self.layer_of_key(&gzip_key(layer)).ok().flatten()
    }

    fn gzip_layer(
        &self,
        image: &ImageDigest,
        layer: &LayerDescriptor,
        diff_id: &Digest,
    ) -> Result<Layer, ReadImageError> {
        if layer.media_type == LayerMediaType::TarGzip {
            return Ok(Layer {
                diff_id: *diff_id,
                digest: layer.digest,
                size: layer.size,
                media_type: LayerMediaType::TarGzip,
            });
        }
        if let Some(known) = self.known_gzip_layer(&layer.digest) {
            return Ok(known);
        }
        let failed = self.failed("compress a layer");
        let workspace = self.workspace().map_err(&failed)?;
        let path = workspace.path("blob");
        let blob = fs_err::File::open(self.blob_path(&layer.digest)).map_err(&failed)?;
        let plain: Box<dyn Read> = match layer.media_type {
            LayerMediaType::TarZstd => Box::new(zstd::Decoder::new(blob).map_err(&failed)?),
            LayerMediaType::Tar | LayerMediaType::TarGzip => Box::new(blob),
        };
        let made = compress(plain, fs_err::File::create(&path).map_err(&failed)?).map_err(&failed)?;
        if made.diff_id != *diff_id {
            return Err(ReadImageError::CorruptBlob {
                image: image.clone(),
                blob: layer.digest,
            });
        }
        self.publish_blob(&path, &made.digest).map_err(&failed)?;
        self.remember_layer(&gzip_key(&layer.digest), &made)?;
        Ok(made)
    }
}

fn gzip_key(layer: &Digest) -> InputKey {
    InputKey::of(["gzip", &layer.to_string()])
}

fn compress(from: impl Read, to: impl Write) -> io::Result<Layer> {
    let mut plain = Tee::new(from, io::sink());
    let file = HashingWriter::new(BufWriter::with_capacity(1 << 17, to));
    let mut encoder = GzEncoder::new(file, LEVEL);
    io::copy(&mut plain, &mut encoder)?;
    let (mut file, digest, size) = encoder.finish()?.finish();
    file.flush()?;
    let (diff_id, _) = plain.finish()?;
    Ok(Layer {
        diff_id,
        digest,
        size,
        media_type: LayerMediaType::TarGzip,
    })
}
