//! `tapedeck container:session`

use crate::args::ContainerSessionArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::printer::Printer;
use crate::visit;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck container:session --resourceName worker
  tapedeck container:session --resourceName worker --taskArn 3f2a --container proxy
  tapedeck container:session --resourceName worker --command 'node inspect'

The shell runs as a process of the container does: with its user, environment, limits and rights. It
ends with `exit`, with this terminal, or with its container; its exit code is that of this command.";

/// The shell of people, where the image has it.
const SHELL: &str = "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi";

/// Choose a container, open a shell in it, end as it does.
pub(crate) fn run(args: &ContainerSessionArgs, context: &Context, printer: &Printer) -> Outcome {
    let line = args.command.as_deref().unwrap_or(SHELL);
    visit::on_terminal(&args.place, visit::by_shell(line), context, printer)
}
