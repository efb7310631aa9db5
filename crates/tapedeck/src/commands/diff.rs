//! `tapedeck diff`

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use tapedeck_synth::cost::{Estimate, estimate};
use tapedeck_synth::diff::{Difference, Surroundings, compare, read_template};

use crate::args::DiffArgs;
use crate::aws::Aws;
use crate::commands::synth;
use crate::config::{self, Reading};
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::options;
use crate::printer::Printer;
use crate::report;

mod local;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck diff                                what a deployment to this machine would change
  tapedeck diff --region eu-west-1 --lookups lookups.json
  tapedeck diff --region eu-west-1 --lookups lookups.json --against last.yml --exitCode
  tapedeck diff --region eu-west-1 --lookups lookups.json --against - --json < deployed.json | jq .counts

What is deployed to a region is asked of AWS, with the credentials that its own command line would find.

Exit codes: 0 whether or not something would change; with --exitCode, 4 when something would.";

/// What `--exitCode` says when something would change.
const WOULD_CHANGE: u8 = 4;

/// Compares what would be deployed with what is.
pub(crate) fn run(args: &DiffArgs, context: &Context, printer: &Printer) -> Outcome {
    let region = options::region(&args.stack.region)?;
    let reading = Reading {
        command: "diff",
        is_deployment: false,
        stack: &args.stack,
        config: &args.config,
        extra: &args.options.extra,
        lookups: args.lookups.file.as_deref(),
        aws: None,
    };
    let difference = match region.is_local() {
        true => with_engine(args, &reading, context, printer)?,
        false => with_template(args, &reading, context, printer)?,
    };
    match args.exit_code && !difference.is_empty() {
        true => Ok(ExitCode::from(WOULD_CHANGE)),
        false => Ok(ExitCode::SUCCESS),
    }
}

/// Shows what would change about what this machine runs.
fn with_engine(
    args: &DiffArgs,
    reading: &Reading<'_>,
    context: &Context,
    printer: &Printer,
) -> Result<Difference, Failure> {
    if args.against.is_some() {
        return Err(
            Failure::usage("region `local` is this machine, which runs no templates")
                .help("name a region of AWS, such as --region eu-west-1, or leave --against out"),
        );
    }
    let (stack, _) = config::load_stack(context, printer, reading)?;
    let difference = local::difference(&stack, context)?;
    let name = stack.name().to_string();
    show(
        &difference,
        &name,
        json!({ "region": stack.region }),
        None,
        printer,
    );
    Ok(difference)
}

/// Shows what would change about the stack of a template.
fn with_template(
    args: &DiffArgs,
    reading: &Reading<'_>,
    context: &Context,
    printer: &Printer,
) -> Result<Difference, Failure> {
    let aws = match &args.against {
        Some(_) => None,
        None => Some(Aws::of(context, &args.stack, None)?),
    };
    let reading = Reading {
        aws: aws.as_ref(),
        ..*reading
    };
    let (stack, file) = config::load_stack(context, printer, &reading)?;
    let plan = synth::plan(stack, file, &reading, None, (context, printer))?;
    let (name, region) = (plan.stack.name().to_string(), plan.stack.region.to_string());
    let before = match (&args.against, &aws) {
        (Some(file), _) => read_against(file, context)?,
        (None, aws) => aws
            .as_ref()
            .map_or_else(|| Ok(nothing()), |aws| deployed(aws, &name))?,
    };
    let surroundings = Surroundings::new(&region, &name, plan.lookups.account.as_deref());
    let after = plan.template.to_value();
    let difference = compare(&before, &after, &surroundings);
    // A region without prices is no reason to show nothing.
    let cost = |template| estimate(template, &surroundings, &region, &[]).ok();
    let costs = cost(&before).zip(cost(&after));
    let about = json!({ "region": region, "against": args.against });
    show(&difference, &name, about, costs.as_ref(), printer);
    Ok(difference)
}

fn show(
    difference: &Difference,
    stack: &str,
    mut about: Value,
    costs: Option<&(Estimate, Estimate)>,
    printer: &Printer,
) {
    if !printer.is_json() {
        printer.data(report::difference(difference, stack, costs));
        return;
    }
    let range = |cost: &Estimate| json!({ "minimum": cost.minimum, "maximum": cost.maximum });
    about["stack"] = Value::from(stack);
    about["counts"] = json!(difference.counts());
    about["difference"] = json!(difference);
    about["monthlyCost"] =
        json!(costs.map(|(before, after)| json!({ "before": range(before), "after": range(after) })));
    printer.json(&about);
}

/// What is deployed; a template without resources where there is no such stack.
fn deployed(aws: &Aws, stack: &str) -> Result<Value, Failure> {
    Ok(aws.template_if_there(stack)?.unwrap_or_else(nothing))
}

/// The template of a stack that is not there.
fn nothing() -> Value {
    json!({ "Resources": {} })
}

/// The template of a file, or of standard input.
fn read_against(path: &Path, context: &Context) -> Result<Value, Failure> {
    let help = "it is a template of CloudFormation in JSON or YAML, as `tapedeck synth` and `aws cloudformation \
                get-template` print it";
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .or_fail(ExitKind::Usage)?;
        text
    } else {
        fs_err::read_to_string(context.working_directory.join(path))
            .map_err(|error| Failure::new(ExitKind::Usage, error).help(help))?
    };
    read_template(&text).map_err(|error| {
        let what = format!("could not read the template {}", path.display());
        Failure::new(ExitKind::Usage, anyhow::Error::new(error).context(what)).help(help)
    })
}
