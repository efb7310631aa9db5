//! `tapedeck package`

use std::process::ExitCode;

use serde_json::{Value, json};
use tapedeck_build::{Built, LayerChange, Outcome as Came};
use tapedeck_image::Store;
use tapedeck_image::registry::Reference;
use tapedeck_model::{Stack, WorkerService};

use crate::args::PackageArgs;
use crate::aws;
use crate::config::{self, Reading};
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::options;
use crate::packaging::{self, Packaged, Packager, Pusher, no_such_service};
use crate::printer::{BOLD, DIM, Printer, RESET};
use crate::text::{count, megabytes, span};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck package
  tapedeck package --resourceName worker --noCache
  tapedeck package --platform arm64 --json | jq .services
  tapedeck package --region eu-west-1 --json | jq .functions
  tapedeck package --resourceName worker --push registry.example/team/worker:1.4 --attest";

/// Load, package, show.
pub(crate) fn run(args: &PackageArgs, context: &Context, printer: &Printer) -> Outcome {
    if !options::region(&args.stack.region)?.is_local() {
        return aws::package::run(args, context, printer);
    }
    let reading = Reading {
        command: "package",
        is_deployment: false,
        stack: &args.stack,
        config: &args.config,
        extra: &args.options.extra,
        lookups: None,
        aws: None,
    };
    let (stack, config) = config::load_stack(context, printer, &reading)?;
    let services = chosen(&stack, &args.resource_names)?;
    let target = push_target(args, services.len())?;
    let images = packaging::open_images(context, "package for region local")?;
    let share = images.share().or_fail(ExitKind::Environment)?;
    let packager = Packager {
        context,
        config: &config,
        images: &images,
        platform: args.platform.unwrap_or_default().into(),
        no_cache: args.no_cache,
        resident: None,
    };
    let packaged = packager.package(&services, printer)?;
    images.settle().or_fail(ExitKind::Environment)?;
    let pushed = match (&target, packaged.first()) {
        (Some(target), Some(Packaged { main: built, .. })) => {
            Some(push(args, built, target, (context, &images), printer)?)
        }
        _ => None,
    };
    drop(share);

    let all = services.iter().zip(&packaged);
    if printer.is_json() {
        let services: Vec<Value> = all
            .map(|(service, packaged)| service_as_json(service, packaged, &images))
            .collect();
        let platform = args.platform.unwrap_or_default();
        let mut told = json!({ "platform": platform.as_str(), "services": services });
        if let Some(pushed) = pushed {
            told["pushed"] = pushed;
        }
        printer.json(&told);
        return Ok(ExitCode::SUCCESS);
    }
    let told: Vec<(String, &Built)> = all
        .flat_map(|(service, packaged)| lines(service, packaged))
        .collect();
    let width = told.iter().map(|(name, _)| name.len()).max();
    for (name, built) in told {
        printer.data(line(&name, built, width.unwrap_or_default()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Brings an image where the arguments say, and tells what that came to.
///
/// # Errors
/// When the registry does not take it.
pub(crate) fn push(
    args: &PackageArgs,
    built: &Built,
    target: &Reference,
    (context, images): (&Context, &Store),
    printer: &Printer,
) -> Result<Value, Failure> {
    let pusher = Pusher {
        context,
        images,
        target,
        compression: args.compression,
        attest: args.attest,
    };
    let (pushed, documents) = pusher.push(built, printer)?;
    Ok(json!({
        "image": target.pinned(pushed.digest).to_string(),
        "blobs": pushed.sent,
        "bytes": pushed.bytes,
        "documents": documents,
    }))
}

/// Where the image goes, if anywhere.
///
/// # Errors
/// When it is not one image that would go there.
pub(crate) fn push_target(args: &PackageArgs, services: usize) -> Result<Option<Reference>, Failure> {
    let Some(text) = &args.push else {
        return Ok(None);
    };
    if services != 1 {
        return Err(Failure::usage(format!(
            "--push names one image, but {} would be packaged",
            count(services, "service")
        ))
        .help("choose one with --resourceName"));
    }
    Reference::parse(text).or_fail(ExitKind::Usage).map(Some)
}

/// The services of these names; all of them when no name was given.
fn chosen<'a>(stack: &'a Stack, names: &[String]) -> Result<Vec<&'a WorkerService>, Failure> {
    let known = |name: &String| stack.services.iter().any(|service| service.name.as_str() == name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        return Err(no_such_service(unknown, stack));
    }
    let is_chosen =
        |service: &&WorkerService| names.is_empty() || names.iter().any(|name| name == service.name.as_str());
    Ok(stack.services.iter().filter(is_chosen).collect())
}

/// The containers of a service by name, the main one by that of the service.
fn lines<'a>(service: &WorkerService, packaged: &'a Packaged) -> Vec<(String, &'a Built)> {
    let sides = service.side_containers.iter().zip(&packaged.sides);
    let sides = sides.map(|(side, built)| (format!("{}/{}", service.name, side.name), built));
    std::iter::once((service.name.to_string(), &packaged.main))
        .chain(sides)
        .collect()
}

/// What packaging came to, for people.
pub(crate) fn line(name: &str, built: &Built, width: usize) -> String {
    format!(
        "{BOLD}{:width$}{RESET}  {}  {}  {}  {DIM}{}{RESET}",
        name,
        built.image,
        megabytes(built.size),
        changes(built),
        span(built.took)
    )
}

/// What had to be made, in few words.
fn changes(built: &Built) -> String {
    match &built.outcome {
        Came::Unchanged => "unchanged".to_owned(),
        Came::Rebuilt { layers } if layers.is_empty() => "new image, no layer of ours".to_owned(),
        Came::Rebuilt { layers } => {
            let layers: Vec<&str> = layers.iter().map(|change| change.layer.as_str()).collect();
            format!("new layers: {}", layers.join(", "))
        }
    }
}

fn service_as_json(service: &WorkerService, packaged: &Packaged, images: &Store) -> Value {
    let mut told = as_json(service.name.as_str(), &packaged.main, images);
    if !packaged.sides.is_empty() {
        let sides = service.side_containers.iter().zip(&packaged.sides);
        told["sideContainers"] = sides
            .map(|(side, built)| as_json(&side.name, built, images))
            .collect();
    }
    told
}

/// The same as data.
pub(crate) fn as_json(name: &str, built: &Built, images: &Store) -> Value {
    let layers: &[LayerChange] = match &built.outcome {
        Came::Unchanged => &[],
        Came::Rebuilt { layers } => layers,
    };
    let layers: Vec<Value> = layers
        .iter()
        .map(|change| json!({ "layer": change.layer.as_str(), "because": change.because }))
        .collect();
    json!({
        "name": name,
        "image": built.image,
        "size": built.size,
        "unchanged": built.outcome == Came::Unchanged,
        "newLayers": layers,
        "sbom": images.sbom_path(&built.image),
        "provenance": images.provenance_path(&built.image),
        "milliseconds": u64::try_from(built.took.as_millis()).unwrap_or(u64::MAX),
    })
}
