//! Documents beside an image: what is in it and how it was made. They are about its digest and so not part of it.
//!
//! `sbom/<hex>.spdx.json` is a bill of materials (SPDX 2.3), `provenance/<hex>.intoto.json` an in-toto statement with
//! SLSA provenance. Both have the same bytes for the same arguments: no clock, no random number, components in order.

mod provenance;
mod spdx;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

use tapedeck_model::ImageDigest;

pub use provenance::{Material, Provenance};
pub use spdx::Sbom;

use crate::{Component, Digest, Store, StoreError};

/// The two folders, and how the names of the files in them end.
pub(crate) const FOLDERS: [(&str, &str); 2] = [("sbom", ".spdx.json"), ("provenance", ".intoto.json")];

/// The folder of what is in each layer, and how the names of the files in it end.
pub(crate) const COMPONENTS: (&str, &str) = ("components", ".json");

impl Store {
    /// Keeps the bill of materials of an image and tells where.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written.
    pub fn put_sbom(&self, image: &ImageDigest, sbom: &Sbom) -> Result<PathBuf, StoreError> {
        self.put_document(&self.sbom_path(image), &sbom.to_json(image))
    }

    /// Keeps the provenance of an image and tells where.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written.
    pub fn put_provenance(
        &self,
        image: &ImageDigest,
        provenance: &Provenance,
    ) -> Result<PathBuf, StoreError> {
        self.put_document(&self.provenance_path(image), &provenance.to_json(image))
    }

    /// Where the bill of materials of an image is, if there is one.
    #[must_use]
    pub fn sbom_path(&self, image: &ImageDigest) -> PathBuf {
        self.document_path(FOLDERS[0], image)
    }

    /// Where the provenance of an image is, if there is one.
    #[must_use]
    pub fn provenance_path(&self, image: &ImageDigest) -> PathBuf {
        self.document_path(FOLDERS[1], image)
    }

    /// The bill of materials of an image, an SPDX document in JSON; none if none was made.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn sbom(&self, image: &ImageDigest) -> Result<Option<String>, StoreError> {
        self.document_text(self.sbom_path(image))
    }

    /// The provenance of an image, an in-toto statement in JSON; none if none was made.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn provenance(&self, image: &ImageDigest) -> Result<Option<String>, StoreError> {
        self.document_text(self.provenance_path(image))
    }

    /// Has the documents of an image speak of another form of it, too, one with the same content.
    pub(crate) fn copy_documents(&self, image: &ImageDigest, other: &ImageDigest) -> Result<(), StoreError> {
        let (from, to) = (Digest::from(image).hex(), Digest::from(other).hex());
        for place in FOLDERS {
            if let Some(text) = self.document_text(self.document_path(place, image))? {
                let content = text.replace(&from, &to);
                self.put_document(&self.document_path(place, other), content.as_bytes())?;
            }
        }
        Ok(())
    }

    /// What somebody found in an unpacked layer, if it was kept.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn components_of_layer(&self, diff_id: &Digest) -> Result<Option<Vec<Component>>, StoreError> {
        let text = self.document_text(self.components_path(diff_id))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Keeps what was found in an unpacked layer, as long as the layer.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written.
    pub fn put_components_of_layer(
        &self,
        diff_id: &Digest,
        components: &[Component],
    ) -> Result<(), StoreError> {
        let found = serde_json::to_value(components).expect("components are texts only");
        self.put_document(&self.components_path(diff_id), &to_bytes(&found))?;
        Ok(())
    }

    fn components_path(&self, diff_id: &Digest) -> PathBuf {
        let (folder, ending) = COMPONENTS;
        self.path(folder).join(format!("{}{ending}", diff_id.hex()))
    }

    fn document_path(&self, (folder, ending): (&str, &str), image: &ImageDigest) -> PathBuf {
        self.path(folder)
            .join(format!("{}{ending}", Digest::from(image).hex()))
    }

    fn put_document(&self, path: &std::path::Path, content: &[u8]) -> Result<PathBuf, StoreError> {
        let is_there = fs_err::read(path).is_ok_and(|found| found == content);
        if !is_there {
            self.replace_file(path, content)
                .map_err(self.failed("write a document about an image"))?;
        }
        Ok(path.to_owned())
    }

    fn document_text(&self, path: PathBuf) -> Result<Option<String>, StoreError> {
        match fs_err::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read a document about an image")(error)),
            // A crash of the machine may have torn it; then it is as good as none.
            Ok(text) => Ok(Some(text).filter(|text| text.ends_with("}\n") || text.ends_with("]\n"))),
        }
    }
}

/// The bytes of a document: indented, because people read it, with a line break at its end.
fn to_bytes(document: &serde_json::Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(document)
        .expect("these documents have text keys only, which JSON can hold");
    bytes.push(b'\n');
    bytes
}
