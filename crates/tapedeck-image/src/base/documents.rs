//! What bases are made of, for the documents beside them and beside what is built on them.

use std::collections::BTreeMap;

use tapedeck_model::ImageDigest;

use super::record::PulledRecord;
use super::{Base, BaseRequest};
use crate::registry::Reference;
use crate::{Component, Material, Provenance, Sbom, Store, StoreError, package_url};

/// The components of a base: every package of one that was assembled; the image itself of one that was pulled, because
/// what is in it is its maker's to tell. None for an image that is no base.
///
/// # Errors
/// [`StoreError`] when the records cannot be read.
pub fn components_of_base(store: &Store, image: &ImageDigest) -> Result<Vec<Component>, StoreError> {
    let records = store.image_records()?;
    let record = records.into_iter().find(|(_, record)| record.image == *image);
    Ok(record.map_or_else(Vec::new, |(_, record)| match record.pulled {
        Some(pulled) => vec![pulled_component(&pulled)],
        None => record.packages.into_iter().map(Component::from).collect(),
    }))
}

fn pulled_component(pulled: &PulledRecord) -> Component {
    let digest = pulled.digest.to_string();
    let (repository, tag) = match Reference::parse(&pulled.reference) {
        Ok(reference) => (
            format!("{}/{}", reference.registry(), reference.repository()),
            reference.tag().unwrap_or_default().to_owned(),
        ),
        Err(_) => (pulled.reference.clone(), String::new()),
    };
    let name = repository.rsplit('/').next().unwrap_or_default();
    let qualifiers = [("repository_url", repository.as_str()), ("tag", &tag)];
    Component {
        purl: package_url("oci", name, &digest, &qualifiers),
        name: pulled.reference.clone(),
        version: digest,
        sha256: Some(pulled.digest.hex()),
    }
}

/// Writes the documents of a base that was assembled.
pub(super) fn put(store: &Store, request: &BaseRequest<'_>, base: &Base) -> Result<(), StoreError> {
    let components: Vec<Component> = base.packages.iter().cloned().map(Component::from).collect();
    let materials = base.packages.iter().map(|package| Material {
        uri: package.purl.clone(),
        sha256: package.sha256.clone(),
    });
    let mut extra = request.extra_packages.to_vec();
    extra.sort();
    extra.dedup();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let provenance = Provenance {
        title: base.name.clone(),
        builder_version: version.clone(),
        invocation: BTreeMap::from([
            ("base".to_owned(), request.runtime.to_string()),
            ("platform".to_owned(), request.platform.as_str().to_owned()),
            ("packages".to_owned(), extra.join(" ")),
        ]),
        materials: materials.collect(),
    };
    let sbom = Sbom {
        title: base.name.clone(),
        made_by_version: version,
        created: 0,
        components,
    };
    store.put_sbom(&base.image.digest, &sbom)?;
    store.put_provenance(&base.image.digest, &provenance)?;
    Ok(())
}
