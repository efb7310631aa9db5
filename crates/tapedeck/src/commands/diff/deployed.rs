//! The template of a deployed stack, as AWS's own command line tells it: with whatever credentials that one finds.

use std::io;
use std::process::Command;

use anyhow::anyhow;
use serde_json::{Value, json};
use tapedeck_synth::diff::read_template;

use crate::exit::{ExitKind, Failure};

/// Where a stack is.
pub(super) struct Place<'a> {
    /// Name of the stack.
    pub(super) stack: &'a str,
    /// Its region.
    pub(super) region: &'a str,
    /// The profile of credentials, if one is asked for.
    pub(super) profile: Option<&'a str>,
}

/// What is deployed; a template without resources where there is no such stack.
///
/// # Errors
/// When there is no such command line, when it fails, or when what it prints is no template.
pub(super) fn template(place: &Place<'_>) -> Result<Value, Failure> {
    let arguments = place.arguments();
    let output = Command::new("aws")
        .args(&arguments)
        .args(["--output", "json", "--no-cli-pager"])
        .output()
        .map_err(|error| place.not_asked(&error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return match said.contains("does not exist") {
            true => Ok(json!({ "Resources": {} })),
            false => Err(place.refused(said.trim())),
        };
    }
    read_template(&String::from_utf8_lossy(&output.stdout)).map_err(|error| {
        let what = format!("could not read what `aws {}` printed", arguments.join(" "));
        Failure::new(ExitKind::Environment, anyhow::Error::new(error).context(what)).help(place.by_hand())
    })
}

impl Place<'_> {
    fn arguments(&self) -> Vec<&str> {
        let mut arguments = vec![
            "cloudformation",
            "get-template",
            "--region",
            self.region,
            "--stack-name",
            self.stack,
        ];
        if let Some(profile) = self.profile {
            arguments.extend(["--profile", profile]);
        }
        arguments
    }

    fn not_asked(&self, error: &io::Error) -> Failure {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no program `aws` in PATH".to_string(),
            _ => error.to_string(),
        };
        let what = format!(
            "could not ask AWS what is deployed as {} in {}",
            self.stack, self.region
        );
        Failure::new(ExitKind::Environment, anyhow!(why).context(what)).help(self.by_hand())
    }

    fn refused(&self, said: &str) -> Failure {
        let what = format!(
            "AWS did not tell what is deployed as {} in {}",
            self.stack, self.region
        );
        Failure::new(ExitKind::Environment, anyhow!(said.to_string()).context(what)).help(
            "`aws sts get-caller-identity` shows whose credentials are used; the role needs `cloudformation:GetTemplate`",
        )
    }

    fn by_hand(&self) -> String {
        format!(
            "install AWS's command line, or have it told elsewhere by `aws {} > deployed.json` and add `--against deployed.json`",
            self.arguments().join(" ")
        )
    }
}
