//! `tapedeck secret:list`

use std::process::ExitCode;

use crate::args::SecretListArgs;
use crate::aws::{self, Aws};
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::printer::Printer;
use crate::secrets;
use crate::text::count;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck secret:list
  tapedeck secret:list --json | jq --raw-output '.[].name'";

/// Lists the secrets, and what is wrong with those that cannot be read.
pub(crate) fn run(args: &SecretListArgs, context: &Context, printer: &Printer) -> Outcome {
    if let Some(aws) = Aws::of_region(context, &args.region)? {
        return aws::secrets::list(&aws, printer);
    }
    let listing = secrets::open(context)?.list().map_err(secrets::could_not_list)?;
    if printer.is_json() {
        printer.json(&listing.secrets);
    } else {
        printer.data(secrets::table(&listing.secrets));
    }
    let told = listing.problems.len();
    for problem in listing.problems {
        let help = problem.way_out();
        let error = anyhow::Error::new(problem);
        printer.warn(format!("{error:#}; {help}"));
    }
    match told {
        0 => Ok(ExitCode::SUCCESS),
        told => Err(Failure::operation(format!(
            "not every secret can be read: {}",
            count(told, "problem")
        ))),
    }
}
