//! `tapedeck validate`

use std::process::ExitCode;

use tapedeck_diagnostic::render_json;
use tapedeck_model::Stack;

use crate::args::ValidateArgs;
use crate::config::{self, Reading};
use crate::context::Context;
use crate::exit::{ExitKind, Outcome};
use crate::printer::Printer;
use crate::text::count;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck validate
  tapedeck validate --configPath deploy/stacktape.yml --json
  tapedeck validate --region eu-west-1 --lookups lookups.json   as AWS would judge it, without asking AWS";

/// Checks the config and tells every finding. With `--json` the findings are data: a list on stdout.
pub(crate) fn run(args: &ValidateArgs, context: &Context, printer: &Printer) -> Outcome {
    let reading = Reading {
        command: "validate",
        is_deployment: false,
        stack: &args.stack,
        config: &args.config,
        extra: &args.options.extra,
        lookups: args.lookups.file.as_deref(),
        aws: None,
    };
    if printer.is_json() {
        let (loaded, _) = config::load(context, printer, &reading)?;
        printer.data(render_json(&loaded.diagnostics, &loaded.sources));
        let code = if loaded.stack.is_some() {
            0
        } else {
            ExitKind::Usage.code()
        };
        return Ok(ExitCode::from(code));
    }
    let (stack, file) = config::load_stack(context, printer, &reading)?;
    printer.say(format!(
        "{} is valid: stack {} with {}",
        file.name(),
        stack.name(),
        contents(&stack)
    ));
    Ok(ExitCode::SUCCESS)
}

/// What a stack is made of, in words.
fn contents(stack: &Stack) -> String {
    let mut parts = vec![count(stack.services.len(), "worker service")];
    let others = stack.resources.len() + stack.cloudformation_resources.len();
    if others > 0 {
        parts.push(count(others, "other resource"));
    }
    parts.join(" and ")
}
