//! The documents beside an image: what is in it and how it was made.

use std::collections::BTreeMap;
use std::path::Path;

use tapedeck_image::{Component, Material, Provenance, Sbom, base};
use tapedeck_model::Packaging;

use crate::base::Base;
use crate::image::Finished;
use crate::path::{ancestors_in_repository, relative_to};
use crate::request::{BuildRequest, Subject};
use crate::{BuildError, components};

/// Writes the documents. The bill of materials of an image that has one is left alone: it is of the same bytes.
pub(crate) fn put(
    request: &BuildRequest<'_>,
    subject: Subject<'_>,
    finished: &Finished,
) -> Result<(), BuildError> {
    let image = &finished.built.image;
    let store = request.store;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let failed = BuildError::documents(subject.service);
    if request.no_cache || !store.sbom_path(image).exists() {
        let sbom = Sbom {
            title: subject.service.to_string(),
            made_by_version: version.clone(),
            created: request.created,
            components: components_of(request, subject, finished)?,
        };
        store.put_sbom(image, &sbom).map_err(&failed)?;
    }
    let provenance = Provenance {
        title: subject.service.to_string(),
        builder_version: version,
        invocation: invocation(request, finished),
        materials: materials(subject, finished),
    };
    store.put_provenance(image, &provenance).map_err(&failed)?;
    Ok(())
}

/// What the base has, as it was recorded where it was assembled, and what is found in all other layers.
fn components_of(
    request: &BuildRequest<'_>,
    subject: Subject<'_>,
    finished: &Finished,
) -> Result<Vec<Component>, BuildError> {
    let failed = BuildError::documents(subject.service);
    let mut all = Vec::new();
    let base = finished.base.as_ref().map(|base| &base.image.digest);
    if let Some(base) = base.or(finished.record.named.as_ref()) {
        all = base::components_of_base(request.store, base).map_err(&failed)?;
    }
    let recorded = match &finished.base {
        Some(Base {
            image,
            reference: None,
        }) => image.layers.as_slice(),
        _ => &[],
    };
    let own = finished.layers.iter().filter(|layer| !recorded.contains(layer));
    let layers = own.map(AsRef::as_ref);
    let above = components::of_layers(request.store, layers).map_err(&failed)?;
    Ok(components::joined(all, above))
}

/// What was asked for, and with what it was made. Settings can hold anything, so that only harmless ones are told.
fn invocation(request: &BuildRequest<'_>, finished: &Finished) -> BTreeMap<String, String> {
    let mut told = BTreeMap::from([
        ("packaging".to_owned(), request.packaging.kind().to_owned()),
        ("platform".to_owned(), request.platform.as_str().to_owned()),
        ("created".to_owned(), request.created.to_string()),
    ]);
    if let Packaging::StacktapeImageBuildpack(packaging) = request.packaging {
        told.insert("entryfilePath".to_owned(), packaging.entryfile_path.clone());
    }
    if let Some(runtime) = &finished.built.runtime {
        told.insert("runtime".to_owned(), runtime.to_string());
        told.insert("runtimeAskedBy".to_owned(), runtime.asked_by.clone());
    }
    told
}

/// The base, and every file of the repository that was looked at.
fn materials(subject: Subject<'_>, finished: &Finished) -> Vec<Material> {
    let top = ancestors_in_repository(subject.root)
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(subject.root);
    let files = finished.record.inputs.iter().filter_map(|(path, input)| {
        let is_of_repository = input.is_file() && path.starts_with(top);
        is_of_repository.then(|| Material {
            uri: relative_to(path, subject.root),
            sha256: input.contents().to_owned(),
        })
    });
    let base = finished.base.as_ref().map(|base| {
        let name = base.reference.as_deref().unwrap_or("base");
        Material::base(name_of(name), &base.image.digest)
    });
    let whole = finished.record.named.as_ref().filter(|_| finished.base.is_none());
    let whole = whole.map(|image| Material::base("image", image));
    files.chain(base).chain(whole).collect()
}

/// The last part of an image's name, without its tag.
fn name_of(reference: &str) -> &str {
    let last = Path::new(reference)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or(reference);
    last.split(['@', ':']).next().unwrap_or(last)
}
