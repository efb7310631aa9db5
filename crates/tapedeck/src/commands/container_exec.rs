//! `tapedeck container:exec`

use std::process::ExitCode;

use tapedeck_runtime::visit::CONTAINER_ENDED;

use crate::args::ContainerExecArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::printer::Printer;
use crate::visit::{self, End};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck container:exec --resourceName worker -- node --version
  tapedeck container:exec --resourceName worker --command 'env | sort'
  tapedeck container:exec --resourceName worker --container proxy -- cat /etc/hosts
  pg_dump shop | tapedeck container:exec --resourceName worker -- psql
  tapedeck container:exec --resourceName worker --json -- ls | jq -r .output

The program runs as a process of the container does: with its user, environment, limits and rights.
Its streams are those of this command. Whatever it leaves running ends with it.

Exit code: that of the program; 128 + n after signal n, 126 when it cannot be executed, 127 when
there is no such program, 137 when its container ends. With --json, what it wrote and its exit code
are told, and the exit code of this command is 0 whenever the program ran.";

/// Choose a container, run the program in it, end as it does.
pub(crate) fn run(args: &ContainerExecArgs, context: &Context, printer: &Printer) -> Outcome {
    let arguments = match &args.command {
        Some(line) => visit::by_shell(line),
        None => args.arguments.clone(),
    };
    if args.tty {
        return visit::on_terminal(&args.place, arguments, context, printer);
    }
    let visited = visit::through_pipes(&args.place, arguments, context, printer)?;
    if !printer.is_json() {
        return Ok(visited.told(printer));
    }
    let (code, output) = match &visited.end {
        End::Ended { code, .. } => (*code, visited.output),
        End::ContainerEnded => (CONTAINER_ENDED, visited.output),
        End::NotRun { .. } => return Ok(visited.told(printer)),
    };
    printer.json(&serde_json::json!({
        "output": String::from_utf8_lossy(&output),
        "exitCode": code,
        "task": visited.place.task,
        "container": visited.place.container,
        "containerEnded": visited.end == End::ContainerEnded,
    }));
    Ok(ExitCode::SUCCESS)
}
