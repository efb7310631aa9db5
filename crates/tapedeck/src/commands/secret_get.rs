//! `tapedeck secret:get`

use std::process::ExitCode;

use tapedeck_local::secrets::SecretValue;
use tapedeck_model::SecretReference;

use crate::args::SecretGetArgs;
use crate::aws::{self, Aws};
use crate::context::Context;
use crate::exit::{ExitKind, OrFail, Outcome};
use crate::printer::Printer;
use crate::secrets;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck secret:get api-token
  tapedeck secret:get database --key password
  tapedeck secret:get database --json | jq --raw-output .value";

/// Prints the value alone.
pub(crate) fn run(args: &SecretGetArgs, context: &Context, printer: &Printer) -> Outcome {
    let name = secrets::name_of(&args.secret)?;
    let reference = match &args.key {
        Some(key) => SecretReference::new(format!("{name}.{key}")).or_fail(ExitKind::Usage)?,
        None => SecretReference::from(name.clone()),
    };
    if let Some(aws) = Aws::of_region(context, &args.secret.region)? {
        let value = SecretValue::new(aws::secrets::value(&aws, &name)?).or_fail(ExitKind::Operation)?;
        let value = value.pick(&reference).or_fail(ExitKind::Operation)?;
        match printer.is_json() {
            true => printer.json(&serde_json::json!({ "name": name, "key": args.key, "value": value })),
            false => printer.verbatim(&value),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let store = secrets::open(context)?;
    let secret = store.get(&name).map_err(secrets::could_not_get)?;
    let value = secret.pick(&reference).map_err(secrets::could_not_get)?;
    if printer.is_json() {
        let about = &secret.description;
        printer.json(&serde_json::json!({
            "name": about.name,
            "key": args.key,
            "version": about.version,
            "created": about.created,
            "updated": about.updated,
            "value": value,
        }));
    } else {
        printer.verbatim(&value);
    }
    Ok(ExitCode::SUCCESS)
}
