//! `tapedeck deploy`

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use tapedeck_api::Client;
use tapedeck_image::{Platform, Store};
use tapedeck_model::{
    ContainerSpec, ImageDigest, MAIN_CONTAINER, Moment, Scaling, ServiceSpec, StackSpec, WorkerService,
};

use crate::args::DeployArgs;
use crate::aws;
use crate::config::Reading;
use crate::connected::{self, Connected, Means};
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::instances;
use crate::late;
use crate::options;
use crate::packaging::{self, Packaged, Packager};
use crate::printer::{Printer, Progress};
use crate::report::{self, Detail};
use crate::rollout;
use crate::scripts::{self, Hooks};
use crate::text::span;

mod sides;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck deploy
  tapedeck deploy --configPath examples/heartbeat/stacktape.yml --stage staging
  tapedeck deploy --detach                     leave the rest to the engine
  tapedeck deploy --json | jq .stack.services
  tapedeck deploy --region eu-west-1 --stage production
  tapedeck deploy --region eu-west-1 --hotSwap        code alone, past CloudFormation

A deployment whose tasks keep failing is rolled back by the engine: what ran before runs on, and the command fails with
the last lines of a failed task. `tapedeck rollback` goes back later.

Hooks of the config run around it: one that fails before it keeps it from beginning, one that fails after it leaves what is
deployed, and the exit code is 1.";

/// Load, package, hand over, wait, show.
pub(crate) fn run(args: &DeployArgs, context: &Context, printer: &Printer) -> Outcome {
    if !options::region(&args.stack.region)?.is_local() {
        return aws::deploy::run(args, context, printer);
    }
    if args.hot_swap {
        return Err(Failure::usage(
            "--hotSwap goes past CloudFormation, of which there is none on this machine",
        )
        .help("leave it out: code alone takes seconds here anyway; nothing was changed"));
    }
    let began = Instant::now();
    let reading = Reading {
        command: "deploy",
        is_deployment: true,
        stack: &args.stack,
        config: &args.config,
        extra: &args.options.extra,
        lookups: None,
        aws: None,
    };
    let (stack, config, hooks) = scripts::load_stack(Moment::BeforeDeploy, &reading, context, printer)?;
    let mut connected = Connected::of(&stack)?;
    let images = packaging::open_images(context, "deploy to region local")?;
    // Held until the engine knows the new images, so that none is taken for garbage.
    let share = images.share().or_fail(ExitKind::Environment)?;

    let services = stack.all_services();
    for told in services.iter().filter_map(instances::foreign) {
        printer.warn(told);
    }
    let packager = Packager {
        context,
        config: &config,
        images: &images,
        platform: Platform::host(),
        no_cache: args.no_cache,
        resident: None,
    };
    let packaged = packager.package(&services.iter().collect::<Vec<_>>(), printer)?;
    let mut progress = printer.progress("deploy");
    // Beside the rollout, which does not need it: so that new images outlive a loss of power. Also those that `dev` made.
    let settling = {
        let images = images.clone();
        std::thread::spawn(move || images.settle())
    };
    let mut client = engine::ensure_running(context, &mut progress)?;
    connected.bring_up(&mut Means {
        context,
        images: &images,
        client: &mut client,
        progress: &mut progress,
        endpoint_url: args.endpoint_url.as_deref(),
        packager,
    })?;
    let spec = spec_of(&services, &packaged, &connected, &images)?;
    let before = client.describe_stack(&spec.name).ok();
    if !args.detach {
        deploy_called(&spec, &mut client, context, &mut progress)?;
    }
    let applied = client
        .apply_stack(spec)
        .map_err(|error| engine::failed(error, &stack.name()))?;
    drop(share);
    let unchanged = !connected.has_changed
        && before.is_some_and(|before| before.is_steady() && before.version == applied.version);
    let reached = match args.detach {
        true => applied,
        false => rollout::follow(&mut client, applied, context, &mut progress)?,
    };
    drop(progress);
    if let Ok(Err(error)) = settling.join() {
        printer.warn(format!(
            "{error:#}: the new image may not outlive a loss of power"
        ));
    }

    if printer.is_json() {
        let detached = args.detach;
        printer.json(&serde_json::json!({ "unchanged": unchanged, "detached": detached, "stack": reached }));
        return Ok(after(&hooks, args, printer));
    }
    printer.data(report::stack(&reached, Detail::Brief, engine::now()));
    let took = span(began.elapsed());
    printer.say(match unchanged {
        true => format!(
            "nothing has changed: stack {} is as defined ({took})",
            reached.name
        ),
        false if args.detach => format!(
            "the engine deploys stack {}; `tapedeck info:stack` shows how far it is ({took})",
            reached.name
        ),
        false => format!("stack {} is deployed ({took})", reached.name),
    });
    Ok(after(&hooks, args, printer))
}

/// Runs the hooks that come once everything runs.
fn after(hooks: &Hooks, args: &DeployArgs, printer: &Printer) -> ExitCode {
    if args.detach && hooks.has(Moment::AfterDeploy) {
        printer.warn("the hooks `afterDeploy` are not run: with --detach nobody waits until they may");
        return ExitCode::SUCCESS;
    }
    hooks.after(Moment::AfterDeploy)
}

/// Deploys the services that others call, before those that call them.
fn deploy_called(
    spec: &StackSpec,
    client: &mut Client,
    context: &Context,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let (called, callers): (Vec<ServiceSpec>, Vec<ServiceSpec>) = spec
        .services
        .iter()
        .cloned()
        .partition(|service| !service.container.ports.is_empty());
    if called.is_empty() || callers.is_empty() {
        return Ok(());
    }
    let ahead = connected::ahead(client, &spec.name, &called)?;
    rollout::reach(client, ahead, context, progress).map(drop)
}

fn spec_of(
    services: &[WorkerService],
    packaged: &[Packaged],
    connected: &Connected,
    images: &Store,
) -> Result<StackSpec, Failure> {
    let mut specs = connected.databases.clone();
    specs.extend(connected.jobs.iter().cloned());
    for (service, built) in services.iter().zip(packaged) {
        specs.push(service_spec(service, built, connected, images)?);
    }
    Ok(StackSpec {
        name: connected.stack_name(),
        services: specs,
        resources: connected.resources.clone(),
    })
}

/// What the engine is asked to run of a packaged service.
///
/// # Errors
/// When the service has no `cpu`, or its image is not in the store.
pub(crate) fn service_spec(
    service: &WorkerService,
    built: &Packaged,
    connected: &Connected,
    images: &Store,
) -> Result<ServiceSpec, Failure> {
    let (environment, secrets) = connected.variables(&service.name, MAIN_CONTAINER)?;
    let ec2 = instances::of(&service.compute);
    let cpu = instances::cpu(&service.compute, ec2.as_ref())
        .ok_or_else(|| Failure::usage(format!("service {} has no `cpu`", service.name)))?;
    Ok(ServiceSpec {
        name: service.name.clone(),
        desired_count: service.scaling.min_instances,
        scaling: scaling_of(service),
        job: None,
        logs: late::log_policy(service)?,
        container: ContainerSpec {
            image: built.main.image.clone(),
            environment: with_flags(environment, &built.main.image, images)?,
            secrets,
            cpu,
            memory: service.compute.memory(),
            stop_timeout: service.container.stop_timeout,
            discards_output: service.container.logging.disabled,
            ec2,
            health_check: service.container.health_check.clone(),
            depends_on: service.main_dependencies(),
            sides: sides::specs(service, built, connected, images)?,
            ports: connected.ports(&service.name),
            mount_points: Vec::new(),
            reaches: connected.reaches(&service.name),
            command: Vec::new(),
            job_grants: connected.job_grants(&service.name),
            role: connected.role(&service.name)?,
        },
    })
}

/// The variables of a container, with what its image needs in one that both may set.
///
/// # Errors
/// When the image is not in the store.
pub(crate) fn with_flags(
    mut environment: BTreeMap<String, String>,
    image: &ImageDigest,
    images: &Store,
) -> Result<BTreeMap<String, String>, Failure> {
    let image = images.image(image).or_fail(ExitKind::Environment)?;
    if let (Some(own), Some(flags)) = (
        environment.get_mut(NODE_OPTIONS),
        image.config.env.get(NODE_OPTIONS),
    ) {
        append_flags(own, flags);
    }
    Ok(environment)
}

/// How the number of tasks changes, if it can.
fn scaling_of(service: &WorkerService) -> Option<Scaling> {
    let scaling = service.scaling;
    (scaling.max_instances > scaling.min_instances).then_some(scaling)
}

/// The variable of Node that a service may set although its image needs flags in it too.
const NODE_OPTIONS: &str = "NODE_OPTIONS";

/// Adds the flags that are not there yet, as Stacktape does.
fn append_flags(own: &mut String, flags: &str) {
    for flag in flags.split_whitespace() {
        if !own.split_whitespace().any(|known| known == flag) {
            own.push(' ');
            own.push_str(flag);
        }
    }
}
