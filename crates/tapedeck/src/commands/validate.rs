//! `tapedeck validate`

use std::process::ExitCode;

use tapedeck_diagnostic::render_json;

use crate::args::ValidateArgs;
use crate::context::Context;
use crate::exit::{ExitKind, Outcome};
use crate::options::{load_options, load_stack, read_config, require_local};
use crate::printer::Printer;
use crate::text::count;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck validate
  tapedeck validate --configPath deploy/stacktape.yml --json";

/// Checks the config and tells every finding. With `--json` the findings are data: a list on stdout.
pub(crate) fn run(args: &ValidateArgs, context: &Context, printer: &Printer) -> Outcome {
    if printer.is_json() {
        require_local(&args.stack.region)?;
        let file = read_config(context, &args.config)?;
        let options = load_options(&args.stack, &file.folder)?;
        let (loaded, found) = tapedeck_config::load(&file.source, &options);
        printer.data(render_json(&found, &file.source));
        let code = if loaded.is_some() {
            0
        } else {
            ExitKind::Usage.code()
        };
        return Ok(ExitCode::from(code));
    }
    let (stack, file) = load_stack(context, printer, &args.stack, &args.config)?;
    printer.say(format!(
        "{} is valid: stack {} with {}",
        file.source.name(),
        stack.name(),
        count(stack.services.len(), "worker service")
    ));
    Ok(ExitCode::SUCCESS)
}
