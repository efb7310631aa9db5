//! Chores of this repository: `cargo xtask tidy` and `cargo xtask generate`.
//!
//! [`tidy`] holds the rules of the house as checks over the whole tree; they run as tests too. [`generate`] writes what
//! is derived from code: the reference pages, and the walls of crates without I/O.

mod conformance;
mod finding;
mod generate;
mod tidy;
mod tree;
mod weaknesses;

use std::io::Write;
use std::process::ExitCode;

use crate::finding::Finding;
use crate::tree::Tree;

const USAGE: &str = "usage:
  cargo xtask tidy               check the rules of the house
  cargo xtask generate           write what is made from code
  cargo xtask generate --check   say what of it is stale";

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = tree::root();
    match arguments[..] {
        ["tidy"] => Ok(told(&tidy::check(&Tree::read(&root)?)?)),
        ["generate"] => {
            generate::write(&root)?;
            generate::commands_page(&root, generate::Mode::Write)
        }
        ["generate", "--check"] => match told(&generate::stale(&root)) {
            ExitCode::SUCCESS => generate::commands_page(&root, generate::Mode::Check),
            stale => Ok(stale),
        },
        _ => {
            say(USAGE);
            Ok(ExitCode::from(2))
        }
    }
}

/// Says what was found; any finding is a failure.
fn told(findings: &[Finding]) -> ExitCode {
    for finding in findings {
        say(&finding.to_string());
    }
    if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn say(text: &str) {
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}
