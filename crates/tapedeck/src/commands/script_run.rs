//! `tapedeck script:run`

use std::process::ExitCode;

use crate::args::ScriptRunArgs;
use crate::aws::Aws;
use crate::config::{self, Reading};
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::printer::Printer;
use crate::scripts::{self, Access, Exit, Occasion, Output, Run};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck script:run --scriptName migrate
  tapedeck script:run --scriptName seed --stage staging --env ROWS=100 -- --verbose
  tapedeck script:run --scriptName check --assumeRoleOfResource mailer
  tapedeck script:run --scriptName migrate --region eu-west-1 --stage production
  tapedeck script:run --scriptName migrate --json | jq .exitCode

It runs on this machine, with the environment of whoever runs it, and is told about what it is connected to, whose addresses work
here. With --json standard output has what it came to, and what it writes itself goes to standard error.

Exit codes: 0 when it ends with 0; 1 when it ends with any other code, which is told and in the JSON, when it is interrupted, or
when what it is told about is not deployed; 2 when there is no such script; 3 when a program that runs it is missing.";

/// Load, find, run, tell.
pub(crate) fn run(args: &ScriptRunArgs, context: &Context, printer: &Printer) -> Outcome {
    let own: Vec<(String, String)> = args
        .env
        .iter()
        .map(|text| scripts::assignment(text))
        .collect::<Result<_, Failure>>()?;
    let aws = Aws::unless_local(context, &args.stack)?;
    let reading = Reading {
        command: "script:run",
        is_deployment: false,
        stack: &args.stack,
        config: &args.config,
        extra: &[],
        lookups: None,
        aws: aws.as_ref(),
    };
    let (stack, config) = config::load_stack(context, printer, &reading)?;
    let script = scripts::named(&stack, &args.script_name)?;
    let run = Run {
        context,
        printer,
        stack: &stack,
        folder: &config.folder,
        script,
        occasion: Occasion {
            command: "script:run",
            moment: None,
        },
        role_of: args.assume_role_of_resource.as_deref(),
        own: &own,
        arguments: &args.arguments,
        output: match printer.is_json() {
            true => Output::Stderr,
            false => Output::Inherited,
        },
    };
    let access = Access::of(&args.stack, aws.as_ref());
    let ran = run.run(&*scripts::deployed(&stack, &access, context))?;
    if printer.is_json() {
        let exit_code = match ran.exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(_) | Exit::Interrupted => None,
        };
        printer.json(&serde_json::json!({
            "script": script.name,
            "exitCode": exit_code,
            "durationMs": u64::try_from(ran.took.as_millis()).unwrap_or(u64::MAX),
        }));
    }
    ran.failure.map_or(Ok(ExitCode::SUCCESS), Err)
}
