//! `tapedeck info:stack`

use std::path::PathBuf;
use std::process::ExitCode;

use tapedeck_api::{Home, ServiceStatus, StackStatus};
use tapedeck_local::firehose::Spool;
use tapedeck_model::{ResourceName, StackName};

use crate::args::{InfoStackArgs, NamedStackArgs};
use crate::aws::{self, Aws};
use crate::commands::logs::names;
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::options::stack_name;
use crate::printer::Printer;
use crate::report::{self, Detail};
use crate::text::{count, instead};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck info:stack
  tapedeck info:stack --stackName heartbeat-dev --json";

/// Shows what runs, what is waited for and what happened.
pub(crate) fn run(args: &InfoStackArgs, context: &Context, printer: &Printer) -> Outcome {
    let name = name_of(&args.stack, context, printer)?;
    if let Some(aws) = Aws::unless_local(context, &args.stack.stack)? {
        return aws::info::stack(&aws, &name, printer);
    }
    let stack = engine::connect_to_stack(context, &name)?
        .describe_stack(&name)
        .map_err(|error| engine::failed(error, &name))?;
    let logs = context.home.stack_logs(&name);
    let undelivered = undelivered(context, &stack);
    if printer.is_json() {
        let mut told = serde_json::to_value(&stack).or_fail(ExitKind::Internal)?;
        told["logs"] = logs.display().to_string().into();
        told["undelivered"] = undelivered.iter().map(Undelivered::as_json).collect();
        printer.json(&told);
    } else {
        printer.data(report::stack(&stack, Detail::Full, engine::now()));
        printer.data(format!("\n  logs in {}", logs.display()));
        for one in &undelivered {
            printer.data(one.shown());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Log lines of one container of a service that the endpoint they are forwarded to has not acknowledged.
struct Undelivered {
    service: ResourceName,
    /// The container, when it is not the main one.
    container: Option<String>,
    folder: PathBuf,
    requests: usize,
    bytes: u64,
}

impl Undelivered {
    fn as_json(&self) -> serde_json::Value {
        let mut told = serde_json::json!({
            "service": self.service,
            "folder": self.folder.display().to_string(),
            "requests": self.requests,
            "bytes": self.bytes,
        });
        if let Some(container) = &self.container {
            told["container"] = container.as_str().into();
        }
        told
    }

    fn shown(&self) -> String {
        format!(
            "  {} of {}{} with log lines not delivered yet ({} KiB) in {}",
            count(self.requests, "request"),
            self.service,
            self.container
                .iter()
                .map(|name| format!("/{name}"))
                .collect::<String>(),
            self.bytes.div_ceil(1024),
            self.folder.display()
        )
    }
}

/// What the spools of a stack hold, which are looked at as logs are: without the engine.
fn undelivered(context: &Context, stack: &StackStatus) -> Vec<Undelivered> {
    let home = &context.home;
    let in_folder = |service: &ServiceStatus, container: Option<String>, folder: PathBuf| {
        let spooled = Spool::at(&folder).list();
        (!spooled.is_empty()).then(|| Undelivered {
            service: service.name.clone(),
            container,
            folder,
            requests: spooled.len(),
            bytes: spooled.iter().map(|request| request.bytes).sum(),
        })
    };
    let of_service = |service: &ServiceStatus| {
        let name = &service.name;
        let main = in_folder(service, None, home.spool(&stack.name, name));
        let sides = names(&home.containers_forwarding(&stack.name, name)).into_iter();
        let sides = sides.filter_map(move |side| {
            let folder = home.container_forwarding(&stack.name, name, &side);
            in_folder(service, Some(side), Home::spool_in(&folder))
        });
        main.into_iter().chain(sides).collect::<Vec<_>>()
    };
    stack.services.iter().flat_map(of_service).collect()
}

/// The stack that is meant.
///
/// # Errors
/// When its name can be found nowhere.
pub(crate) fn name_of(
    args: &NamedStackArgs,
    context: &Context,
    printer: &Printer,
) -> Result<StackName, Failure> {
    match &args.stack_name {
        Some(name) => StackName::new(name).or_fail(ExitKind::Usage),
        None => stack_name(context, printer, &args.stack, &args.config),
    }
}

/// Those of a stack's services that are wanted: the named ones, or all where none is named.
///
/// # Errors
/// When the stack has none of such a name, with the nearest that it has.
pub(crate) fn chosen<T>(
    mut services: Vec<T>,
    name_of: impl Fn(&T) -> &str,
    wanted: &[String],
    stack: &StackName,
) -> Result<Vec<T>, Failure> {
    let known: Vec<&str> = services.iter().map(&name_of).collect();
    let Some(missing) = wanted.iter().find(|name| !known.contains(&name.as_str())) else {
        services.retain(|service| wanted.is_empty() || wanted.iter().any(|name| name == name_of(service)));
        return Ok(services);
    };
    Err(no_service(stack, missing, &known))
}

/// The failure of naming a service that a stack does not have, with the nearest that it has.
pub(crate) fn no_service(stack: &StackName, missing: &str, known: &[&str]) -> Failure {
    Failure::usage(format!("stack {stack} has no service `{missing}`")).help(instead(missing, known))
}
