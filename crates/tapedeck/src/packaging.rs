//! Packaging the services of a stack: what packaging is asked for, and how it is told.

use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use tapedeck_build::{BuildError, BuildRequest, Built, NamedBases, Outcome, Resident, RuntimeKind};
use tapedeck_image::base::NamedBase;
use tapedeck_image::registry::Reference;
use tapedeck_image::{Platform, Store};
use tapedeck_model::{Architecture, BatchJob, MAIN_CONTAINER, Packaging, ResourceName, Stack, WorkerService};

use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::options::ConfigFile;
use crate::printer::{Printer, Progress};
use crate::text::span;
use sandbox::Containers;

mod login;
pub(crate) mod parts;
mod push;
mod sandbox;

pub(crate) use parts::{Packaged, Part};
pub(crate) use push::Pusher;

/// Services that are packaged at the same time.
const AT_ONCE: usize = 2;

/// The images of this machine, for whoever is about to package. `what` is that, for people.
///
/// # Errors
/// When this process is not root's, or they cannot be kept.
pub(crate) fn open_images(context: &Context, what: &str) -> Result<Store, Failure> {
    engine::require_root(what)?;
    tapedeck_engine::make_folders(&context.home).or_fail(ExitKind::Environment)?;
    Store::open(context.home.images()).or_fail(ExitKind::Environment)
}

/// The platform of images for a processor.
pub(crate) fn platform_of(architecture: Architecture) -> Platform {
    match architecture {
        Architecture::Arm => Platform::Arm64,
        Architecture::X86 => Platform::Amd64,
    }
}

/// What all services of a stack are packaged with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packager<'a> {
    pub(crate) context: &'a Context,
    pub(crate) config: &'a ConfigFile,
    pub(crate) images: &'a Store,
    pub(crate) platform: Platform,
    pub(crate) no_cache: bool,
    /// What is kept between builds, where there are to be more.
    pub(crate) resident: Option<&'a Resident>,
}

impl Packager<'_> {
    /// Packages services, some at a time, and tells what each came to. In the order of `services`.
    ///
    /// # Errors
    /// The first failure; others are told. What has begun is brought to its end, what has not is left. Nothing that runs is
    /// touched.
    pub(crate) fn package(
        self,
        services: &[&WorkerService],
        printer: &Printer,
    ) -> Result<Vec<Packaged>, Failure> {
        let grouped = parts::of(services);
        let all: Vec<&Part<'_>> = grouped.iter().flatten().collect();
        let mut built = self.package_parts(&all, printer)?.into_iter();
        let packaged = grouped.iter().map(|parts| {
            let mut of_service = built.by_ref().take(parts.len());
            of_service.next().map(|main| Packaged {
                main,
                sides: of_service.collect(),
            })
        });
        Ok(packaged.flatten().collect())
    }

    /// Packages those containers of services whose packaging is wanted, and gives each with its service and its name.
    ///
    /// # Errors
    /// Those of [`Self::package`].
    pub(crate) fn package_containers<'s>(
        self,
        services: &[&'s WorkerService],
        is_wanted: fn(&Packaging) -> bool,
        printer: &Printer,
    ) -> Result<Vec<(&'s WorkerService, String, Built)>, Failure> {
        let grouped = parts::of(services);
        let mut wanted: Vec<(&Part<'_>, &WorkerService, String)> = Vec::new();
        for (service, parts) in services.iter().zip(&grouped) {
            let sides = service.side_containers.iter().map(|side| side.name.clone());
            let names = std::iter::once(MAIN_CONTAINER.to_string()).chain(sides);
            let parts = parts.iter().zip(names);
            let parts = parts.filter(|(part, _)| is_wanted(&part.container.packaging));
            wanted.extend(parts.map(|(part, name)| (part, *service, name)));
        }
        let parts: Vec<&Part<'_>> = wanted.iter().map(|(part, ..)| *part).collect();
        let built = self.package_parts(&parts, printer)?;
        let wanted = wanted.into_iter().zip(built);
        Ok(wanted
            .map(|((_, service, name), built)| (service, name, built))
            .collect())
    }

    fn package_parts(self, services: &[&Part<'_>], printer: &Printer) -> Result<Vec<Built>, Failure> {
        let lines = printer.several();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut packaged = Vec::new();
            while let Some((place, service)) = take(services, &next) {
                let mut progress = lines.progress(&service.label);
                let result = self.package_one(service, &mut progress);
                match &result {
                    Ok(built) => progress.done(&format!("{}: {}", service.label, told(built))),
                    Err(_) => next.store(services.len(), Ordering::Relaxed),
                }
                packaged.push((place, result));
            }
            packaged
        };
        let mut all = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..AT_ONCE.min(services.len()))
                .map(|_| scope.spawn(work))
                .collect();
            let joined = threads.into_iter().map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            joined.flatten().collect::<Vec<_>>()
        });
        all.sort_by_key(|(place, _)| *place);
        let (mut packaged, mut failed) = (Vec::new(), None);
        for (_, result) in all {
            match (result, &failed) {
                (Ok(built), _) => packaged.push(built),
                (Err(failure), None) => failed = Some(failure),
                (Err(failure), Some(_)) => printer.failure(&failure),
            }
        }
        failed.map_or(Ok(packaged), Err)
    }

    /// Packages the container of a job, and tells what it came to.
    ///
    /// # Errors
    /// When that fails.
    pub(crate) fn package_job(self, job: &BatchJob, progress: &mut Progress) -> Result<Built, Failure> {
        let part = Part {
            name: job.name.clone(),
            label: job.name.to_string(),
            container: &job.container,
        };
        let built = self.package_one(&part, progress)?;
        progress.done(&format!("{}: {}", job.name, told(&built)));
        Ok(built)
    }

    /// Packages one container.
    ///
    /// # Errors
    /// When that fails. Nothing that runs is touched.
    pub(crate) fn package_one(
        self,
        service: &Part<'_>,
        progress: &mut dyn tapedeck_image::Progress,
    ) -> Result<Built, Failure> {
        let context = self.context;
        let references = named_bases(context)?;
        let mut bases = NamedBases::default();
        for (kind, reference) in &references {
            let base = NamedBase {
                reference,
                docker_config: context.docker_config.as_deref(),
                search_path: &context.search_path,
                now: context.now.into(),
                resolve_anew: self.no_cache,
            };
            bases = bases.with(*kind, base);
        }
        let login = login::of(service, context)?;
        let sandbox = Containers {
            shim: &context.executable,
        };
        let cache = context.home.build_cache();
        self.build(
            &BuildRequest {
                bases,
                docker_config: context.docker_config.as_deref(),
                registry_login: login.as_ref(),
                sandbox: Some(&sandbox),
                ..self.request(&service.name, &service.container.packaging, &cache)
            },
            progress,
        )
    }

    /// Packages source for what this machine has, whatever bases the environment names.
    ///
    /// # Errors
    /// When that fails. Nothing that runs is touched.
    pub(crate) fn package_source(
        self,
        name: &ResourceName,
        packaging: &Packaging,
        progress: &mut dyn tapedeck_image::Progress,
    ) -> Result<Built, Failure> {
        let cache = self.context.home.build_cache();
        self.build(&self.request(name, packaging, &cache), progress)
    }

    fn request<'b>(
        &'b self,
        name: &'b ResourceName,
        packaging: &'b Packaging,
        cache: &'b Path,
    ) -> BuildRequest<'b> {
        BuildRequest {
            search_path: &self.context.search_path,
            platform: self.platform,
            no_cache: self.no_cache,
            ..BuildRequest::new(self.images, name, packaging, &self.config.folder, cache)
        }
    }

    fn build(
        self,
        request: &BuildRequest<'_>,
        progress: &mut dyn tapedeck_image::Progress,
    ) -> Result<Built, Failure> {
        let request = BuildRequest {
            created: created(self.context)?,
            ..*request
        };
        let built = match self.resident {
            Some(resident) => tapedeck_build::build_again(&request, resident, progress),
            None => tapedeck_build::build(&request, progress),
        };
        built.map_err(|error| {
            Failure::new(kind_of(&error), error).help("nothing was changed; what runs keeps running")
        })
    }
}

/// The variable that says when what is built claims to have been made; see reproducible-builds.org.
const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

/// When images claim to have been made: the epoch, so that equal source makes equal images, unless somebody says otherwise.
fn created(context: &Context) -> Result<i64, Failure> {
    let Some(given) = context
        .variable(SOURCE_DATE_EPOCH)
        .filter(|text| !text.is_empty())
    else {
        return Ok(0);
    };
    let seconds = given.parse::<u32>().map(i64::from);
    seconds.map_err(|_| {
        Failure::usage(format!(
            "{SOURCE_DATE_EPOCH} is `{given}`, which is no number of seconds from 0 to {}",
            u32::MAX
        ))
        .help("set it to the time of the last commit (`git log -1 --format=%ct`), or unset it")
    })
}

/// The next container that nobody has taken, and its place.
fn take<'a, T>(services: &[&'a T], next: &AtomicUsize) -> Option<(usize, &'a T)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    services.get(place).map(|service| (place, *service))
}

/// Whose turn it is after packaging failed.
fn kind_of(error: &BuildError) -> ExitKind {
    match error.is_of_surroundings() {
        true => ExitKind::Environment,
        false => ExitKind::Operation,
    }
}

/// The base images that the environment names.
fn named_bases(context: &Context) -> Result<Vec<(RuntimeKind, Reference)>, Failure> {
    let parse = |(kind, variable, given): &(RuntimeKind, &str, OsString)| {
        // What is no UTF-8 is no name either, and is refused as one.
        match Reference::parse(&given.to_string_lossy()) {
            Ok(reference) => Ok((*kind, reference)),
            Err(error) => Err(Failure::usage(format!("{variable}: {error}"))
                .help("correct it, or unset it to have a base image assembled on this machine")),
        }
    };
    context.bases.iter().map(parse).collect()
}

/// The failure when a service is asked for that the config does not have.
pub(crate) fn no_such_service(name: &str, stack: &Stack) -> Failure {
    let known = stack.services.iter().map(|service| service.name.to_string());
    let known: Vec<String> = known.collect();
    absent(format!("there is no service named `{name}`"), "services", &known)
}

/// The failure when something is to be packaged that the config does not have.
pub(crate) fn no_such_resource(name: &str, known: &[String]) -> Failure {
    let problem = format!("there is nothing named `{name}` that is packaged");
    absent(problem, "services, jobs or functions", known)
}

fn absent(problem: String, what: &str, known: &[String]) -> Failure {
    Failure::usage(problem).help(match known.is_empty() {
        true => format!("the config has no {what}"),
        false => format!("the config has {}", known.join(", ")),
    })
}

/// What packaging a service came to, in a line.
pub(crate) fn told(built: &Built) -> String {
    let (image, took) = (built.image.short(), span(built.took));
    match &built.outcome {
        Outcome::Unchanged => format!("unchanged, image {image} ({took})"),
        Outcome::Rebuilt { .. } if built.runtime.is_none() => format!("packaged in {took}, image {image}"),
        Outcome::Rebuilt { layers } if layers.is_empty() => {
            format!("packaged in {took}, image {image} (no layer: the base or the way to start)")
        }
        Outcome::Rebuilt { layers } => {
            let layers: Vec<String> = layers.iter().map(ToString::to_string).collect();
            format!("packaged in {took}, image {image} ({})", layers.join("; "))
        }
    }
}
