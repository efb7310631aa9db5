//! `tapedeck deploy`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use tapedeck_api::{ClientError, Refusal, ServiceStatus, StackStatus};
use tapedeck_build::Built;
use tapedeck_image::{Platform, Store};
use tapedeck_model::{ContainerSpec, Scaling, ServiceSpec, Stack, StackSpec, TaskState, WorkerService};

use crate::args::DeployArgs;
use crate::commands::logs;
use crate::config::{self, Reading};
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::late;
use crate::options::require_local;
use crate::packaging::Packager;
use crate::printer::{Printer, Progress};
use crate::report::{self, Detail};
use crate::text::{count, span};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck deploy
  tapedeck deploy --configPath examples/heartbeat/stacktape.yml --stage staging
  tapedeck deploy --json | jq .stack.services";

/// After so many failures in a row of a new revision the deploy stops waiting. The engine tries such a revision anew when
/// it is deployed again, so it has to be the same number.
const FAILURES: u32 = tapedeck_plan::Progress::IMPAIRED_FROM;

/// Log lines of the failed task that are shown then.
const LAST_LINES: usize = 10;

/// Load, package, hand over, wait, show.
pub(crate) fn run(args: &DeployArgs, context: &Context, printer: &Printer) -> Outcome {
    let began = Instant::now();
    require_local(&args.stack.region)?;
    let reading = Reading {
        command: "deploy",
        is_deployment: true,
        stack: &args.stack,
        config: &args.config,
        extra: &args.options.extra,
        lookups: None,
    };
    let (stack, config) = config::load_stack(context, printer, &reading)?;
    engine::require_root("deploy to region local")?;
    tapedeck_engine::make_folders(&context.home).or_fail(ExitKind::Environment)?;
    let images = Store::open(context.home.images()).or_fail(ExitKind::Environment)?;
    // Held until the engine knows the new images, so that none is taken for garbage.
    let share = images.share().or_fail(ExitKind::Environment)?;

    let packager = Packager {
        context,
        config: &config,
        images: &images,
        platform: Platform::host(),
        no_cache: args.no_cache,
        resident: None,
    };
    let packaged = packager.package(&stack.services.iter().collect::<Vec<_>>(), printer)?;
    let mut progress = printer.progress("deploy");
    // Beside the rollout, which does not need it: so that new images outlive a loss of power. Also those that `dev` made.
    let settling = {
        let images = images.clone();
        std::thread::spawn(move || images.settle())
    };
    let mut client = engine::ensure_running(context, &mut progress)?;
    let spec = spec_of(&stack, &packaged, &images)?;
    let before = client.describe_stack(&spec.name).ok();
    let applied = client
        .apply_stack(spec)
        .map_err(|error| engine::failed(error, &stack.name()))?;
    drop(share);
    let unchanged = before.is_some_and(|before| before.is_steady() && before.version == applied.version);
    let reached = settle(&mut client, applied, context, &mut progress)?;
    drop(progress);
    if let Ok(Err(error)) = settling.join() {
        printer.warn(format!(
            "{error:#}: the new image may not outlive a loss of power"
        ));
    }

    if printer.is_json() {
        printer.json(&serde_json::json!({ "unchanged": unchanged, "stack": reached }));
        return Ok(ExitCode::SUCCESS);
    }
    printer.data(report::stack(&reached, Detail::Brief, engine::now()));
    let took = span(began.elapsed());
    printer.say(match unchanged {
        true => format!(
            "nothing has changed: stack {} is as defined ({took})",
            reached.name
        ),
        false => format!("stack {} is deployed ({took})", reached.name),
    });
    Ok(ExitCode::SUCCESS)
}

fn spec_of(stack: &Stack, packaged: &[Built], images: &Store) -> Result<StackSpec, Failure> {
    let mut services = Vec::new();
    for (service, built) in stack.services.iter().zip(packaged) {
        services.push(service_spec(service, built, images)?);
    }
    Ok(StackSpec {
        name: stack.name(),
        services,
    })
}

/// What the engine is asked to run of a packaged service.
///
/// # Errors
/// When the service has no `cpu`, or its image is not in the store.
pub(crate) fn service_spec(
    service: &WorkerService,
    built: &Built,
    images: &Store,
) -> Result<ServiceSpec, Failure> {
    let image = images.image(&built.image).or_fail(ExitKind::Environment)?;
    let mut environment = service.container.known_environment();
    if let (Some(own), Some(flags)) = (
        environment.get_mut(NODE_OPTIONS),
        image.config.env.get(NODE_OPTIONS),
    ) {
        append_flags(own, flags);
    }
    let Some(cpu) = service.compute.cpu() else {
        return Err(Failure::usage(format!("service {} has no `cpu`", service.name))
            .help("give it one: EC2 instances are not imitated yet"));
    };
    Ok(ServiceSpec {
        name: service.name.clone(),
        desired_count: service.scaling.min_instances,
        scaling: scaling_of(service),
        container: ContainerSpec {
            image: built.image.clone(),
            environment,
            secrets: late::secrets(service)?,
            cpu,
            memory: service.compute.memory(),
            stop_timeout: service.container.stop_timeout,
        },
    })
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

/// Waits until the stack is steady, or a service of it keeps failing.
fn settle(
    client: &mut tapedeck_api::Client,
    mut stack: StackStatus,
    context: &Context,
    progress: &mut Progress,
) -> Result<StackStatus, Failure> {
    while !stack.is_steady() {
        if let Some(service) = stack
            .services
            .iter()
            .find(|service| service.consecutive_failures >= FAILURES)
        {
            return Err(does_not_stay_up(context, &stack, service));
        }
        let unsteady: Vec<String> = stack
            .services
            .iter()
            .filter(|service| !service.steady)
            .map(step_of)
            .collect();
        progress.now(&unsteady.join("; "));
        match client.await_change(&stack.name, stack.version, Duration::from_secs(5)) {
            Ok(next) => stack = next,
            // The last service was taken out of the config, and is gone now.
            Err(ClientError::Refused(Refusal::UnknownStack { .. })) => stack.services.clear(),
            Err(error) => return Err(engine::failed(error, &stack.name)),
        }
    }
    Ok(stack)
}

fn step_of(service: &ServiceStatus) -> String {
    let current = service
        .tasks
        .iter()
        .filter(|task| task.revision == service.revision && matches!(task.state, TaskState::Running { .. }));
    format!(
        "{}: {}/{} running revision {}",
        service.name,
        current.count(),
        service.desired_count,
        service.revision
    )
}

/// The failure that is told when a new revision does not come up. Tasks of the old one still run.
fn does_not_stay_up(context: &Context, stack: &StackStatus, service: &ServiceStatus) -> Failure {
    let mut message = format!(
        "service {} does not stay up: {} in a row of revision {}",
        service.name,
        count(service.consecutive_failures as usize, "failed start"),
        service.revision
    );
    let failed = service
        .tasks
        .iter()
        .filter(|task| task.revision == service.revision)
        .find_map(|task| match &task.state {
            TaskState::Stopped {
                code,
                reason,
                exit_code,
                ..
            } if code.is_failure() => Some((task, reason, exit_code)),
            _ => None,
        });
    if let Some((task, reason, exit_code)) = failed {
        let code = exit_code.map_or(String::new(), |code| format!(" (exit code {code})"));
        message.push_str(&format!("\n  task {}: {reason}{code}", task.id.short()));
        for line in logs::last_lines(context, &stack.name, &service.name, &task.id, LAST_LINES) {
            message.push_str(&format!("\n  | {line}"));
        }
    }
    let old = service
        .tasks
        .iter()
        .filter(|task| task.revision != service.revision && task.state.is_live())
        .count();
    Failure::operation(message).help(match old {
        0 => format!("mend it and deploy again; until then it is tried again with growing pauses (`tapedeck logs --resourceName {}`)", service.name),
        old => format!("mend it and deploy again; {} of the revision before keep running", count(old, "task")),
    })
}
