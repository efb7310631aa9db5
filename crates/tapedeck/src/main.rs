//! `tapedeck`: plays a `stacktape.yml`.
//!
//! Only this crate reads the command line and the environment, and only its [`printer`] writes to the terminal.
//! Commands live in [`commands`], one file each.

mod answers;
mod args;
mod aws;
mod commands;
mod config;
mod connected;
mod context;
mod dev;
mod engine;
mod env_file;
mod evaluate;
mod exit;
mod functions;
mod init;
mod instances;
mod late;
mod lookups;
mod options;
mod packaging;
mod printer;
mod prompt;
mod report;
mod rollout;
mod scripts;
mod secrets;
mod text;
mod unit;
mod visit;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Arguments;
use crate::context::Context;
use crate::printer::Printer;

fn main() -> ExitCode {
    let arguments = Arguments::parse_from(args::with_long_names(std::env::args_os()));
    let printer = Printer::new(commands::wants_json(&arguments.command));
    let outcome =
        Context::of_process().and_then(|context| commands::run(arguments.command, &context, &printer));
    match outcome.and_then(|code| printer.lost_data().map_or(Ok(code), Err)) {
        Ok(code) => code,
        Err(failure) => {
            printer.failure(&failure);
            ExitCode::from(failure.kind.code())
        }
    }
}

#[cfg(test)]
mod tests;
