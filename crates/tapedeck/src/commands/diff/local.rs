//! `tapedeck diff` for region `local`: what the engine is asked to run, beside what a deployment would ask it.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tapedeck_build::{Built, Outcome};
use tapedeck_image::Store;
use tapedeck_model::{ImageDigest, ServiceSpec, Stack, StackName, WorkerService};
use tapedeck_synth::NOT_YET_KNOWN;
use tapedeck_synth::diff::{Change, Difference, Surroundings, Update, compare};

use crate::commands::deploy::service_spec;
use crate::connected::{self, Connected};
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::packaging::Packaged;

/// The type that services are shown as.
const KIND: &str = "worker-service";

/// What a deployment would change about a stack of this machine. What images it would have is not known before.
///
/// # Errors
/// When the engine cannot be asked, or the config cannot be run here.
pub(super) fn difference(stack: &Stack, context: &Context) -> Result<Difference, Failure> {
    let mut connected = Connected::of(stack)?;
    let mut deployed = deployed(&stack.name(), &mut connected, context)?;
    deployed.retain(|service| !connected.is_database(&service.name) && service.job.is_none());
    let mut after = Map::new();
    for service in &stack.all_services() {
        let namesake = deployed.iter().find(|known| known.name == service.name);
        let properties = match namesake {
            Some(known) => asked(service, known, &connected, context)?,
            None => Value::Null,
        };
        after.insert(service.name.to_string(), resource(properties));
    }
    let before = deployed.iter().map(|service| {
        let properties = serde_json::to_value(service).unwrap_or_default();
        (service.name.to_string(), resource(properties))
    });
    let before = json!({ "Resources": before.collect::<Map<_, _>>() });
    let after = json!({ "Resources": after });
    let mut difference = compare(&before, &after, &Surroundings::default());
    judge(&mut difference);
    Ok(difference)
}

fn resource(properties: Value) -> Value {
    json!({ "Type": KIND, "Properties": properties })
}

/// What the engine is asked to run; nothing when nothing is deployed.
fn deployed(
    name: &StackName,
    connected: &mut Connected,
    context: &Context,
) -> Result<Vec<ServiceSpec>, Failure> {
    let Some(mut client) = engine::try_connect(context)? else {
        // Where no engine has ever been, there is nothing to ask for.
        return match context.home.database().try_exists() {
            Ok(false) => Ok(Vec::new()),
            _ => Err(engine::not_running(context, name)),
        };
    };
    connected.look(context, &mut client)?;
    Ok(connected::spec_of(&mut client, name)?.services)
}

/// What would be asked for of a service that is deployed, with the images that it has: what they say of variables holds
/// for the next ones too.
fn asked(
    service: &WorkerService,
    known: &ServiceSpec,
    connected: &Connected,
    context: &Context,
) -> Result<Value, Failure> {
    let images = Store::open(context.home.images()).or_fail(ExitKind::Environment)?;
    let main = &known.container.image;
    let sides = service.side_containers.iter().map(|side| {
        let namesake = known.container.sides.iter().find(|other| other.name == side.name);
        built(namesake.map_or(main, |namesake| &namesake.image))
    });
    let packaged = Packaged {
        main: built(main),
        sides: sides.collect(),
    };
    let mut value =
        serde_json::to_value(service_spec(service, &packaged, connected, &images)?).unwrap_or_default();
    value["container"]["image"] = Value::from(NOT_YET_KNOWN);
    for side in value["container"]["sides"].as_array_mut().into_iter().flatten() {
        side["image"] = Value::from(NOT_YET_KNOWN);
    }
    Ok(value)
}

fn built(image: &ImageDigest) -> Built {
    Built {
        image: image.clone(),
        outcome: Outcome::Unchanged,
        size: 0,
        source_files: Vec::new(),
        runtime: None,
        took: Duration::ZERO,
    }
}

/// Tasks are replaced when what they run changes, and stay otherwise.
fn judge(difference: &mut Difference) {
    for resource in &mut difference.resources {
        if let Change::Changed { update, properties } = &mut resource.change {
            for property in properties.iter_mut() {
                property.update = match property.path.starts_with("container") {
                    true => Update::Replacement,
                    false => Update::NoInterruption,
                };
            }
            let worst = properties.iter().map(|property| property.update).max();
            *update = worst.unwrap_or(Update::NoInterruption);
        }
    }
}
