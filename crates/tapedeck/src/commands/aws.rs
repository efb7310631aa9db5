//! `tapedeck aws`

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::args::AwsArgs;
use crate::connected::Emulator;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, Outcome};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck aws s3 ls
  tapedeck aws sqs receive-message --queue-url \"$(tapedeck param:get --resourceName jobs --paramName url)\"
  tapedeck aws dynamodb scan --table-name \"$(tapedeck param:get --resourceName orders --paramName name)\"

It runs the command line of AWS that is installed on this machine, as somebody who may do everything here, and becomes it.";

/// The program that is run.
const PROGRAM: &str = "aws";

/// Becomes the command line of AWS, which talks to what stands in for AWS on this machine.
pub(crate) fn run(args: &AwsArgs, context: &Context) -> Outcome {
    let emulator = Emulator::running(context)?;
    let mut command = Command::new(PROGRAM);
    command.args(&args.arguments).envs(emulator.variables());
    for unwanted in ["AWS_PROFILE", "AWS_SESSION_TOKEN"] {
        command.env_remove(unwanted);
    }
    let error = command.exec();
    let what = format!("could not run `{PROGRAM}`");
    let failure = Failure::new(ExitKind::Environment, anyhow::Error::new(error).context(what));
    Err(failure.help("install it: Debian has it as `awscli`, PyPI too"))
}
