//! `tapedeck completions`

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::aot::{Bash, Fish, Zsh, generate};

use crate::args::{Arguments, CompletionsArgs, Shell};
use crate::exit::Outcome;
use crate::printer::Printer;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck completions bash > /etc/bash_completion.d/tapedeck
  tapedeck completions zsh > \"${fpath[1]}/_tapedeck\"
  tapedeck completions fish > ~/.config/fish/completions/tapedeck.fish";

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs, printer: &Printer) -> Outcome {
    let mut command = Arguments::command();
    let mut script = Vec::new();
    match args.shell {
        // Without this, bash takes `info:stack` for three words.
        Shell::Bash => script.extend_from_slice(b"COMP_WORDBREAKS=${COMP_WORDBREAKS//:}\n"),
        Shell::Zsh | Shell::Fish => {}
    }
    match args.shell {
        Shell::Bash => generate(Bash, &mut command, "tapedeck", &mut script),
        Shell::Zsh => generate(Zsh, &mut command, "tapedeck", &mut script),
        Shell::Fish => generate(Fish, &mut command, "tapedeck", &mut script),
    }
    printer.data(String::from_utf8_lossy(&script).trim_end());
    Ok(ExitCode::SUCCESS)
}
