//! `tapedeck metrics`

use std::process::ExitCode;

use crate::args::MetricsArgs;
use crate::aws::{self, Aws};
use crate::commands::info_stack;
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::printer::Printer;
use crate::report;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck metrics
  tapedeck metrics worker --minutes 1
  tapedeck metrics --json | jq '.services[].tasks[].memoryBytes'
  tapedeck metrics --region eu-west-1 --stage production --minutes 60
  tapedeck metrics --prometheus";

/// How much of the past is kept on this machine.
const KEPT_MINUTES: u8 = 5;

/// Shows what tasks use, and have used in the last minutes.
pub(crate) fn run(args: &MetricsArgs, context: &Context, printer: &Printer) -> Outcome {
    let aws = Aws::unless_local(context, &args.stack.stack)?;
    if args.prometheus {
        if let Some(aws) = aws {
            return Err(Failure::usage(format!(
                "--prometheus prints what tasks of this machine use; what those in {} use is in CloudWatch",
                aws.region
            ))
            .help("leave --prometheus out, or --region; exporters of CloudWatch's metrics serve them to Prometheus"));
        }
        let Some(mut client) = engine::try_connect(context)? else {
            return Err(engine::none_runs(context));
        };
        let text = client.prometheus_text().or_fail(ExitKind::Environment)?;
        printer.verbatim(&text);
        return Ok(ExitCode::SUCCESS);
    }
    let name = info_stack::name_of(&args.stack, context, printer)?;
    if let Some(aws) = aws {
        let past = (engine::now(), args.minutes);
        return aws::metrics::run(&aws, &name, &args.services, past, printer);
    }
    if args.minutes > KEPT_MINUTES {
        return Err(Failure::usage(format!(
            "--minutes {} is more than is kept: on this machine {KEPT_MINUTES} minutes are",
            args.minutes
        ))
        .help(format!("give at most {KEPT_MINUTES}")));
    }
    let mut metrics = engine::connect_to_stack(context, &name)?
        .metrics(Some(name.clone()), u64::from(args.minutes) * 60)
        .map_err(|error| engine::failed(error, &name))?;
    metrics.services = info_stack::chosen(
        metrics.services,
        |service| service.name.as_str(),
        &args.services,
        &name,
    )?;
    if printer.is_json() {
        printer.json(&metrics);
    } else {
        printer.data(report::metrics(&metrics));
    }
    Ok(ExitCode::SUCCESS)
}
