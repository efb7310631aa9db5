//! `tapedeck explain`

use std::process::ExitCode;

use tapedeck_config::explain::{explain, render};
use tapedeck_resources::CATALOGUE;

use crate::args::ExplainArgs;
use crate::exit::{ExitKind, Failure, Outcome};
use crate::printer::Printer;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck explain                                    all there is
  tapedeck explain worker-service                     a type of resource
  tapedeck explain worker-service.scaling             a key of it
  tapedeck explain stackConfig.tags                   a key of the file
  tapedeck explain packaging                          a key, wherever it is
  tapedeck explain '$Secret'                          a directive
  tapedeck explain unknown-key                        a rule
  tapedeck explain sqs-queue --json | jq .parameters";

/// Explains one part of the config language.
pub(crate) fn run(args: &ExplainArgs, printer: &Printer) -> Outcome {
    let path = args.path.as_deref().unwrap_or_default();
    let explained = explain(&CATALOGUE, path).map_err(|error| {
        let help = error.help();
        Failure::new(ExitKind::Usage, error).help(help)
    })?;
    if printer.is_json() {
        printer.json(&explained);
    } else {
        printer.data(render(&explained).trim_end());
    }
    Ok(ExitCode::SUCCESS)
}
