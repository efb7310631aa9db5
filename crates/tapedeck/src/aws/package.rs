//! Packaging as a deployment to a region would, without one: nothing is brought anywhere, unless an image is to be pushed.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::{Value, json};
use tapedeck_image::{Platform, Store};
use tapedeck_model::{MAIN_CONTAINER, Resource, Stack};

use super::images::{Made, is_chosen};
use super::{Aws, code, images};
use crate::args::PackageArgs;
use crate::commands::package::{as_json, line, push, push_target};
use crate::commands::synth;
use crate::config::{self, Reading};
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::functions::{self, FUNCTION};
use crate::options::ConfigFile;
use crate::packaging::{self, Packager, no_such_resource};
use crate::printer::{BOLD, DIM, Printer, RESET};
use crate::text::megabytes;

/// A function that was packaged.
struct Function {
    made: code::Made,
    /// Bytes of its zip.
    size: u64,
}

/// Load, package, show. AWS is asked only what the config asks.
///
/// # Errors
/// When the config is wrong, or something cannot be packaged.
pub(crate) fn run(args: &PackageArgs, context: &Context, printer: &Printer) -> Outcome {
    if args.platform.is_some() {
        return Err(Failure::usage(format!(
            "--platform is for this machine: what runs in {} says in the config which processor it is for",
            args.stack.region
        ))
        .help("leave it out, or set the architecture in the config; nothing was packaged"));
    }
    let aws = Aws::of(context, &args.stack, None)?;
    let reading = Reading {
        command: "package",
        is_deployment: false,
        stack: &args.stack,
        config: &args.config,
        extra: &args.options.extra,
        lookups: args.lookups.file.as_deref(),
        aws: Some(&aws),
    };
    let (stack, file) = config::load_stack(context, printer, &reading)?;
    refuse_unknown(&stack, &args.resource_names)?;
    let containers = names_of_containers(&stack);
    let chosen = containers
        .iter()
        .filter(|name| args.resource_names.is_empty() || args.resource_names.contains(name));
    let target = push_target(args, chosen.count())?;
    let store = packaging::open_images(context, "package")?;
    let share = store.share().or_fail(ExitKind::Environment)?;
    let packager = Packager {
        context,
        config: &file,
        images: &store,
        platform: Platform::host(),
        no_cache: args.no_cache,
        resident: None,
    };
    let made = images::package(&stack, &args.resource_names, packager, false, printer)?;
    let functions = package_functions(args, &stack, &file, &reading, packager, printer)?;
    store.settle().or_fail(ExitKind::Environment)?;
    let pushed = match (&target, made.iter().find(|one| one.container == MAIN_CONTAINER)) {
        (Some(target), Some(one)) => Some(push(args, &one.built, target, (context, &store), printer)?),
        _ => None,
    };
    drop(share);
    if printer.is_json() {
        let jobs: Vec<String> = stack.jobs().iter().map(|job| job.name.to_string()).collect();
        let (jobs, services): (Vec<&Made>, Vec<&Made>) =
            made.iter().partition(|one| jobs.contains(&one.resource));
        let functions: Vec<Value> = functions.iter().map(function_as_json).collect();
        let mut told = json!({
            "region": aws.region,
            "services": by_resource(&services, &store),
            "jobs": by_resource(&jobs, &store),
            "functions": functions,
        });
        if let Some(pushed) = pushed {
            told["pushed"] = pushed;
        }
        printer.json(&told);
        return Ok(ExitCode::SUCCESS);
    }
    show(&made, &functions, printer);
    Ok(ExitCode::SUCCESS)
}

/// What has containers: services and jobs.
fn names_of_containers(stack: &Stack) -> Vec<String> {
    let services = stack.all_services();
    let services = services.iter().map(|service| service.name.to_string());
    let jobs = stack.jobs();
    services
        .chain(jobs.iter().map(|job| job.name.to_string()))
        .collect()
}

fn functions_of(stack: &Stack) -> impl Iterator<Item = &Resource> {
    stack.resources.iter().filter(|one| one.kind == FUNCTION)
}

/// Refuses names of what is not packaged.
fn refuse_unknown(stack: &Stack, names: &[String]) -> Result<(), Failure> {
    let mut known = names_of_containers(stack);
    known.extend(functions_of(stack).map(|function| function.name.to_string()));
    match names.iter().find(|name| !known.contains(name)) {
        Some(unknown) => Err(no_such_resource(unknown, &known)),
        None => Ok(()),
    }
}

/// Packages the code of the functions. What runs them only the template says, which is not made where there are none.
fn package_functions(
    args: &PackageArgs,
    stack: &Stack,
    file: &ConfigFile,
    reading: &Reading<'_>,
    packager: Packager<'_>,
    printer: &Printer,
) -> Result<Vec<Function>, Failure> {
    let wanted: Vec<&Resource> = functions_of(stack)
        .filter(|function| is_chosen(&function.name, &args.resource_names))
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let surroundings = (packager.context, printer);
    let account = Some(synth::ANY_ACCOUNT);
    let template = synth::plan(stack.clone(), file.clone(), reading, account, surroundings)?.template;
    let functions = wanted.into_iter().map(|function| {
        let mut progress = printer.progress(function.name.as_str());
        let made = code::package(function, &template, packager, &mut progress)?;
        let zip = made.artifact.zip().map_err(functions::failed)?;
        let size = u64::try_from(zip.len()).unwrap_or(u64::MAX);
        Ok(Function { made, size })
    });
    functions.collect()
}

/// The images of each resource: that of its main container, with those of the others in it.
fn by_resource(made: &[&Made], store: &Store) -> Vec<Value> {
    let mut resources: BTreeMap<&str, Value> = BTreeMap::new();
    for one in made {
        let container = one.container == MAIN_CONTAINER;
        let name = match container {
            true => &one.resource,
            false => &one.container,
        };
        let mut told = as_json(name, &one.built, store);
        told["platform"] = one.platform.as_str().into();
        let resource = resources
            .entry(&one.resource)
            .or_insert_with(|| json!({ "name": one.resource }));
        match container {
            true => *resource = told,
            // After the main container, where that is packaged at all.
            false => match resource["sideContainers"].as_array_mut() {
                Some(sides) => sides.push(told),
                None => resource["sideContainers"] = json!([told]),
            },
        }
    }
    resources.into_values().collect()
}

fn function_as_json(function: &Function) -> Value {
    let Function { made, size } = function;
    json!({
        "name": made.name,
        "key": made.key,
        "digest": made.artifact.digest(),
        "size": size,
        "platform": made.platform.as_str(),
    })
}

fn show(made: &[Made], functions: &[Function], printer: &Printer) {
    let images = made.iter().map(|one| match one.container.as_str() {
        MAIN_CONTAINER => one.resource.clone(),
        side => format!("{}/{side}", one.resource),
    });
    let names: Vec<String> = images.collect();
    let lengths = names.iter().map(String::len);
    let lengths = lengths.chain(functions.iter().map(|one| one.made.name.len()));
    let width = lengths.max().unwrap_or_default();
    for (name, one) in names.iter().zip(made) {
        printer.data(line(name, &one.built, width));
    }
    for Function { made, size } in functions {
        printer.data(format!(
            "{BOLD}{:width$}{RESET}  {}  {}  {DIM}{}{RESET}",
            made.name,
            made.key,
            megabytes(*size),
            made.platform.as_str()
        ));
    }
    if made.is_empty() && functions.is_empty() {
        printer.say("there is nothing to package: all images are made elsewhere");
    }
}
