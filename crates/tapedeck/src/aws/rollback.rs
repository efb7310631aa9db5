//! Going back to what a stack in a region was: to a template that was kept when it was deployed.

use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};
use tapedeck_model::StackName;
use tapedeck_synth::diff::read_template;

use super::Aws;
use super::stack::CloudStack;
use crate::args::RollbackArgs;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::printer::Printer;
use crate::text::span;

/// Finds the version, deploys its template, waits, shows.
///
/// # Errors
/// When there is no such version, or it cannot be deployed.
pub(crate) fn run(aws: &Aws, args: &RollbackArgs, name: &StackName, printer: &Printer) -> Outcome {
    let began = Instant::now();
    if args.resource_name.is_some() || args.detach {
        return Err(
            Failure::usage("on AWS a stack goes back as a whole, and is waited for")
                .help("leave out --resourceName and --detach; nothing was changed"),
        );
    }
    let versions = aws.run(aws.cloud.kept_versions(name.as_str()))?;
    if args.list_versions {
        match printer.is_json() {
            true => printer.json(&versions.iter().map(|version| shown(*version)).collect::<Vec<_>>()),
            false => versions.iter().for_each(|version| printer.data(shown(*version))),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let current = aws.template(name)?;
    let (version, template) = match &args.target_version {
        Some(text) => wanted(aws, name, &versions, text)?,
        None => before(aws, name, &versions, &current)?,
    };
    let mut progress = printer.progress("rollback");
    let there = CloudStack::of(aws, name.to_string(), None, &mut progress)?;
    progress.done(&format!("going back to version {}", shown(version)));
    there.reach(&template, &mut progress)?;
    drop(progress);
    if printer.is_json() {
        printer.json(&json!({ "stack": name, "version": shown(version) }));
        return Ok(ExitCode::SUCCESS);
    }
    printer.say(format!(
        "stack {name} in {} is what it was as version {} ({})",
        aws.cloud.place(),
        shown(version),
        span(began.elapsed())
    ));
    Ok(ExitCode::SUCCESS)
}

/// The version of that name.
fn wanted(aws: &Aws, name: &StackName, versions: &[u32], text: &str) -> Result<(u32, Value), Failure> {
    let number = text.trim_start_matches('v').parse::<u32>().ok();
    match number.filter(|number| versions.contains(number)) {
        Some(version) => Ok((version, template(aws, name, version)?)),
        None => {
            let known: Vec<String> = versions.iter().map(|version| shown(*version)).collect();
            Err(
                Failure::usage(format!("stack {name} has no version `{text}` to go back to")).help(format!(
                    "it has {}; nothing was changed",
                    match known.as_slice() {
                        [] => "none".to_string(),
                        known => known.join(", "),
                    }
                )),
            )
        }
    }
}

/// The newest version that is another one than what is deployed.
fn before(aws: &Aws, name: &StackName, versions: &[u32], current: &Value) -> Result<(u32, Value), Failure> {
    let mut is_past = false;
    for version in versions.iter().rev() {
        let template = template(aws, name, *version)?;
        match template == *current {
            true => is_past = true,
            // What is newer than what is deployed was gone back from.
            false if is_past => return Ok((*version, template)),
            false => {}
        }
    }
    Err(
        Failure::operation(format!("stack {name} has no version before the deployed one"))
            .help("`tapedeck rollback --listVersions` lists what there is; nothing was changed"),
    )
}

fn template(aws: &Aws, name: &StackName, version: u32) -> Result<Value, Failure> {
    let text = aws.run(aws.cloud.kept_template(name.as_str(), version))?;
    let gone = || Failure::operation(format!("version {} is not kept any more", shown(version)));
    read_template(&text.ok_or_else(gone)?).or_fail(ExitKind::Environment)
}

/// A version as people know it.
fn shown(version: u32) -> String {
    format!("v{version:06}")
}
