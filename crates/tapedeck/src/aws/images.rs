//! Images on their way to the registry of the account: what is there is not sent again.

use std::collections::BTreeMap;

use tapedeck_build::Built;
use tapedeck_cloud::RegistryLogin;
use tapedeck_image::registry::{Credentials, Login, Reference, Registry};
use tapedeck_image::{Platform, Store};
use tapedeck_model::{Architecture, Compute, MAIN_CONTAINER, Packaging, ResourceName, Stack, WorkerService};
use tapedeck_synth::image_key;

use crate::args::Compression;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::packaging::{self, Packager};
use crate::printer::Printer;

/// The longest beginning of a digest in a tag, in hexadecimal digits: enough that no two are alike.
const DIGITS: usize = 32;

/// An image that was made for a container.
pub(super) struct Made {
    /// The resource that the container is of.
    pub(super) resource: String,
    pub(super) container: String,
    pub(super) platform: Platform,
    pub(super) built: Built,
    compression: Compression,
}

/// Packages the containers that are made here of the resources of these names, or of all where none is named, each for the processor
/// that it is to run on.
///
/// # Errors
/// When one cannot be packaged.
pub(super) fn package(
    stack: &Stack,
    names: &[String],
    packager: Packager<'_>,
    is_emulated: bool,
    printer: &Printer,
) -> Result<Vec<Made>, Failure> {
    let services = stack.all_services();
    let mut made = Vec::new();
    for architecture in [Architecture::X86, Architecture::Arm] {
        let some: Vec<&WorkerService> = services
            .iter()
            .filter(|service| architecture_of(service) == architecture && is_chosen(&service.name, names))
            .collect();
        let packager = Packager {
            platform: packaging::platform_of(architecture),
            ..packager
        };
        for (service, container, built) in packager.package_containers(&some, is_built, printer)? {
            made.push(Made {
                resource: service.name.to_string(),
                container,
                platform: packager.platform,
                built,
                compression: compression_of(service, is_emulated),
            });
        }
    }
    for job in stack.jobs() {
        if is_built(&job.container.packaging) && is_chosen(&job.name, names) {
            let packager = Packager {
                // Compute environments of jobs are of this processor.
                platform: packaging::platform_of(Architecture::X86),
                ..packager
            };
            made.push(Made {
                resource: job.name.to_string(),
                container: MAIN_CONTAINER.to_owned(),
                platform: packager.platform,
                built: packager.package_job(&job, &mut printer.progress(job.name.as_str()))?,
                compression: Compression::Gzip,
            });
        }
    }
    Ok(made)
}

/// Whether a resource is among those that are named, if any are.
pub(super) fn is_chosen(name: &ResourceName, names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|chosen| chosen == name.as_str())
}

/// Whether an image is made here, and not somewhere already.
fn is_built(packaging: &Packaging) -> bool {
    !matches!(packaging, Packaging::PrebuiltImage(_))
}

fn architecture_of(service: &WorkerService) -> Architecture {
    match service.compute {
        Compute::Fargate { architecture, .. } | Compute::Ec2 { architecture, .. } => architecture,
    }
}

/// Fargate reads layers compressed by zstd, which start sooner. Docker on instances may be too old for that.
fn compression_of(service: &WorkerService, is_emulated: bool) -> Compression {
    match service.compute {
        Compute::Fargate { .. } if !is_emulated => Compression::Zstd,
        _ => Compression::Gzip,
    }
}

/// Has a repository hold images, and gives their names, pinned, as lookups.
///
/// # Errors
/// When the registry does not take one.
pub(super) fn push(
    made: &[Made],
    repository: &str,
    login: &RegistryLogin,
    images: &Store,
    context: &Context,
    printer: &Printer,
) -> Result<BTreeMap<String, String>, Failure> {
    let credentials = Credentials::none().with(
        &login.registry,
        Login::password(login.user.clone(), login.password.clone()),
    );
    let mut names = BTreeMap::new();
    for one in made {
        let target = format!("{}/{repository}:{}", login.registry, tag(one));
        let target = Reference::parse(&target).or_fail(ExitKind::Internal)?;
        let registry = Registry::of(&target, &credentials).patient();
        let present = registry.digest().or_fail(ExitKind::Environment)?;
        let digest = match present {
            Some(digest) => digest,
            None => {
                let pusher = packaging::Pusher {
                    context,
                    images,
                    target: &target,
                    compression: one.compression,
                    attest: false,
                };
                pusher.push_as(&credentials, &one.built, printer)?.0.digest
            }
        };
        let name = format!("{}/{repository}@{digest}", login.registry);
        names.insert(image_key(&one.resource, &one.container), name);
    }
    Ok(names)
}

/// The tag of an image, which tells what is in it: no two images have the same, so tags need not be changed.
fn tag(made: &Made) -> String {
    let digest = made.built.image.to_string();
    let digest = digest.rsplit(':').next().unwrap_or_default();
    let digits = &digest[..digest.len().min(DIGITS)];
    match made.compression {
        Compression::Zstd => digits.to_string(),
        Compression::Gzip => format!("{digits}-gzip"),
    }
}
