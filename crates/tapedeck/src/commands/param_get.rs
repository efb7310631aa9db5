//! `tapedeck param:get`

use std::process::ExitCode;

use tapedeck_model::StackName;

use crate::args::ParamGetArgs;
use crate::aws::Aws;
use crate::aws::values::Facts;
use crate::commands::info_stack::name_of;
use crate::config::{self, Reading};
use crate::context::Context;
use crate::engine;
use crate::exit::{Failure, Outcome};
use crate::printer::Printer;
use crate::secrets;
use crate::text::instead;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck param:get --resourceName jobs --paramName url
  tapedeck param:get --resourceName jobs --paramName url --region eu-west-1 --stage production
  psql \"$(tapedeck param:get --resourceName db --paramName connectionString)\"";

/// Prints the value alone, secrets in it filled in.
pub(crate) fn run(args: &ParamGetArgs, context: &Context, printer: &Printer) -> Outcome {
    let (resource, parameter) = (args.resource_name.as_str(), args.param_name.as_str());
    let value = match Aws::unless_local(context, &args.stack.stack)? {
        None => here(args, (resource, parameter), context, printer)?,
        Some(aws) => elsewhere(args, (resource, parameter), &aws, (context, printer))?,
    };
    match printer.is_json() {
        true => printer.json(&serde_json::json!({ "name": parameter, "value": value })),
        false => printer.verbatim(&value),
    }
    Ok(ExitCode::SUCCESS)
}

/// The value on this machine, which its engine knows.
fn here(
    args: &ParamGetArgs,
    (resource, parameter): (&str, &str),
    context: &Context,
    printer: &Printer,
) -> Result<String, Failure> {
    let name = name_of(&args.stack, context, printer)?;
    let stack = engine::connect_to_stack(context, &name)?
        .describe_stack(&name)
        .map_err(|error| engine::failed(error, &name))?;
    let resources = stack.resources.iter().map(|known| (known.name.as_str(), known));
    let found = chosen(resources, resource, || no_resource(&name, resource))?;
    let parameters = found.parameters.iter().map(|known| (known.name.as_str(), known));
    let found = chosen(parameters, parameter, || {
        format!("{} `{resource}` has no parameter `{parameter}`", found.kind)
    })?;
    let store = secrets::open(context)?;
    let value = &found.value;
    value.fill(|reference| store.resolve(reference).map_err(secrets::could_not_get))
}

/// The value in a region: the config says what it is made of, the stack knows that.
fn elsewhere(
    args: &ParamGetArgs,
    (resource, parameter): (&str, &str),
    aws: &Aws,
    (context, printer): (&Context, &Printer),
) -> Result<String, Failure> {
    let reading = Reading {
        command: "param:get",
        is_deployment: false,
        stack: &args.stack.stack,
        config: &args.stack.config,
        extra: &[],
        lookups: None,
        aws: Some(aws),
    };
    let (stack, file) = config::load_stack(context, printer, &reading)?;
    let name = stack.name();
    if let Some(wanted) = args
        .stack
        .stack_name
        .as_ref()
        .filter(|wanted| **wanted != name.as_str())
    {
        let what = format!("stack {wanted} is not that of {}, which is {name}", file.name());
        return Err(Failure::usage(what).help(
            "what a value in a region is made of stands in the config: name another one by --configPath, or another --stage",
        ));
    }
    let facts = Facts::of(&stack, aws)?;
    let parameters = chosen(facts.parameters(), resource, || no_resource(&name, resource))?;
    let parameters = parameters.iter().map(|(name, value)| (name.as_str(), value));
    let value = chosen(parameters, parameter, || {
        format!("`{resource}` has no parameter `{parameter}`")
    })?;
    let what = format!("could not get `{parameter}` of `{resource}` of stack {name}");
    facts.fill(value, &what)
}

fn no_resource(stack: &StackName, resource: &str) -> String {
    format!("stack {stack} has no resource `{resource}` with parameters")
}

/// What is known by a name; `missing` says of what there is none.
fn chosen<'a, T>(
    known: impl Iterator<Item = (&'a str, T)> + Clone,
    wanted: &str,
    missing: impl FnOnce() -> String,
) -> Result<T, Failure> {
    let found = known.clone().find(|(name, _)| *name == wanted);
    found.map(|(_, one)| one).ok_or_else(|| {
        let names: Vec<&str> = known.map(|(name, _)| name).collect();
        Failure::usage(missing()).help(instead(wanted, &names))
    })
}
