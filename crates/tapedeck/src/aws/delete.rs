//! Deleting a stack in a region: what has to be empty is emptied, what is to be kept is told.

use std::process::ExitCode;

use serde_json::{Value, json};
use tapedeck_model::{Moment, StackName};

use super::stack::tell;
use super::{Aws, failed};
use crate::args::DeleteArgs;
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::printer::Printer;
use crate::text::count;
use crate::{prompt, scripts};

const BUCKET: &str = "AWS::S3::Bucket";

/// Asks, empties, deletes, waits.
///
/// # Errors
/// When there is no such stack, it is protected, or something of it stays.
pub(crate) fn run(
    aws: &Aws,
    args: &DeleteArgs,
    name: &StackName,
    context: &Context,
    printer: &Printer,
) -> Outcome {
    if aws.run(aws.cloud.describe(name.as_str()))?.is_none() {
        return Err(aws.no_stack(name));
    }
    let template = aws.template(name)?;
    let resources = aws.run(aws.cloud.resources(name.as_str()))?;
    let kept: Vec<&str> = resources
        .keys()
        .map(String::as_str)
        .filter(|id| is_kept(&template, id))
        .collect();
    let buckets: Vec<String> = resources
        .iter()
        .filter(|(id, resource)| resource.resource_type == BUCKET && !is_kept(&template, id))
        .filter_map(|(_, resource)| resource.physical_id.clone())
        .collect();
    let hooks = scripts::of_deleted(name, &args.stack, &args.config, Some(aws), (context, printer))?;
    if !args.yes && !agreed(printer, name, resources.len() - kept.len(), &buckets)? {
        printer.say("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(hooks) = &hooks {
        hooks.before(Moment::BeforeDelete)?;
    }
    let mut progress = printer.progress("delete");
    for bucket in &buckets {
        progress.now(&format!("emptying bucket {bucket}"));
        let emptied = aws.run(aws.cloud.empty_bucket(bucket))?;
        if emptied > 0 {
            progress.done(&format!("emptied bucket {bucket}: {}", count(emptied, "object")));
        }
    }
    let mut tell = |happening| tell(&happening, &mut progress);
    let deleted = aws.cloud.delete(name.as_str(), &mut tell);
    aws.see_through(async { deleted.await.map_err(failed) })?;
    aws.run(aws.cloud.forget_templates(name.as_str()))?;
    drop(progress);
    if printer.is_json() {
        printer.json(&json!({ "deleted": name, "kept": kept }));
    } else {
        if !kept.is_empty() {
            printer.warn(format!("kept, as the stack says: {}", kept.join(", ")));
        }
        printer.say(format!("stack {name} in {} is deleted", aws.cloud.place()));
    }
    Ok(hooks.map_or(ExitCode::SUCCESS, |hooks| hooks.after(Moment::AfterDelete)))
}

/// Whether a resource stays when its stack goes.
fn is_kept(template: &Value, id: &str) -> bool {
    let resource = template.get("Resources").and_then(|resources| resources.get(id));
    let policy = resource.and_then(|resource| resource.get("DeletionPolicy")?.as_str());
    matches!(policy, Some("Retain" | "RetainExceptOnCreate"))
}

/// Asks on the terminal. Where there is none, `--yes` is needed.
fn agreed(
    printer: &Printer,
    name: &StackName,
    resources: usize,
    buckets: &[String],
) -> Result<bool, Failure> {
    let data = match buckets {
        [] => String::new(),
        names => format!(", and all objects of {}", names.join(", ")),
    };
    let question = format!("Delete stack {name} with {}{data}?", count(resources, "resource"));
    prompt::agrees_to_delete(printer, &format!("stack {name}"), &question)
}
