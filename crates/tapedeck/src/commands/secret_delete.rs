//! `tapedeck secret:delete`

use std::process::ExitCode;

use tapedeck_local::secrets::DeleteError;
use tapedeck_model::SecretName;

use crate::args::SecretDeleteArgs;
use crate::aws::{self, Aws};
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::printer::Printer;
use crate::{prompt, secrets};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck secret:delete api-token
  tapedeck secret:delete api-token --yes";

/// Deletes a secret, readable or not. What runs keeps the value that it has.
pub(crate) fn run(args: &SecretDeleteArgs, context: &Context, printer: &Printer) -> Outcome {
    let name = secrets::name_of(&args.secret)?;
    if let Some(aws) = Aws::of_region(context, &args.secret.region)? {
        if !aws::secrets::contains(&aws, &name)? {
            return Err(aws::secrets::missing(&aws, &name));
        }
        if !args.yes && !confirmed(printer, &name)? {
            printer.say("nothing was changed");
            return Ok(ExitCode::SUCCESS);
        }
        return aws::secrets::delete(&aws, &name, printer);
    }
    let store = secrets::open(context)?;
    if !store.contains(&name).map_err(secrets::could_not_open)? {
        return Err(secrets::could_not_delete(DeleteError::Missing { name }));
    }
    if !args.yes && !confirmed(printer, &name)? {
        printer.say("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    store.delete(&name).map_err(secrets::could_not_delete)?;
    if printer.is_json() {
        printer.json(&serde_json::json!({ "deleted": name }));
    } else {
        printer.say(format!("secret {name} is deleted"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks on the terminal. Where there is none, `--yes` is needed.
fn confirmed(printer: &Printer, name: &SecretName) -> Result<bool, Failure> {
    let question = format!("Delete secret {name}, so that no task that uses it can start?");
    prompt::agrees_to_delete(printer, &format!("secret {name}"), &question)
}
