//! `tapedeck cost`

use std::process::ExitCode;

use serde_json::json;
use tapedeck_model::Stack;
use tapedeck_synth::cost::{ASSUMPTIONS, CostError, estimate};
use tapedeck_synth::diff::Surroundings;

use crate::args::CostArgs;
use crate::commands::synth;
use crate::config::Reading;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, Outcome};
use crate::options;
use crate::printer::Printer;
use crate::report;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck cost --region eu-west-1
  tapedeck cost --region us-east-1 --stage production --lookups lookups.json
  tapedeck cost --region eu-west-1 --json | jq '.cost.maximum'

What runs all the time is counted, between the bounds of its scaling. What is paid by use is named with its price.";

/// Makes the template and counts what is in it.
pub(crate) fn run(args: &CostArgs, context: &Context, printer: &Printer) -> Outcome {
    let region = options::region(&args.stack.region)?;
    if region.is_local() {
        match printer.is_json() {
            true => printer.json(&json!({ "cost": { "region": region, "minimum": 0, "maximum": 0 } })),
            false => printer
                .data("region `local` costs nothing but this machine; name a region of AWS with --region"),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let reading = Reading {
        command: "cost",
        is_deployment: false,
        stack: &args.stack,
        config: &args.config,
        extra: &args.options.extra,
        lookups: args.lookups.file.as_deref(),
        aws: None,
    };
    let (stack, template) = synth::template(&reading, Some(synth::ANY_ACCOUNT), context, printer)?;
    let name = stack.name().to_string();
    let surroundings = Surroundings::new(region.as_str(), &name, None);
    let cost = estimate(
        &template.to_value(),
        &surroundings,
        region.as_str(),
        &owners(&stack),
    )
    .map_err(refused)?;
    if printer.is_json() {
        printer.json(&json!({ "stack": name, "currency": "USD", "assumptions": ASSUMPTIONS, "cost": cost }));
    } else {
        printer.data(report::cost(&cost, &name));
    }
    Ok(ExitCode::SUCCESS)
}

/// The names in the config.
fn owners(stack: &Stack) -> Vec<String> {
    let services = stack.services.iter().map(|service| service.name.to_string());
    services
        .chain(stack.resources.iter().map(|resource| resource.name.to_string()))
        .collect()
}

fn refused(error: CostError) -> Failure {
    let CostError::UnknownRegion { known, .. } = &error;
    let help = format!("there are those of {}", known.join(", "));
    Failure::new(ExitKind::Usage, error).help(help)
}
