//! `tapedeck aws:permissions`

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde_json::Value;
use tapedeck_model::{Moment, Script};
use tapedeck_synth::permissions::{self, Deployment, MANAGED_POLICY};
use tapedeck_synth::told;

use crate::args::AwsPermissionsArgs;
use crate::aws::{Aws, Settings};
use crate::commands::synth;
use crate::config::{self, Reading};
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::options;
use crate::printer::Printer;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck aws:permissions --region eu-west-1 --lookups lookups.json
  tapedeck aws:permissions --region eu-west-1 --stage production --split | jq '.[0]'
  tapedeck aws:permissions --region eu-west-1 --cloudformationRole

What is in the config and in the lookups is allowed by name. Without --lookups AWS is asked for
the account and whatever else the config asks of it. With `deploymentConfig.cloudformationRoleArn`
whoever deploys may not make resources: the role may.

Exit code: 1 when the config has types of resources of which it is not known what they need; the
policy is printed without them.";

/// Makes the template and prints what a deployment of it needs.
pub(crate) fn run(args: &AwsPermissionsArgs, context: &Context, printer: &Printer) -> Outcome {
    let region = options::region(&args.stack.region)?;
    if region.is_local() {
        return Err(Failure::usage("region `local` is this machine, which has no IAM")
            .help("name a region of AWS, such as --region eu-west-1"));
    }
    let aws = Aws::of(context, &args.stack, None)?;
    let reading = Reading {
        command: "aws:permissions",
        is_deployment: false,
        stack: &args.stack,
        config: &args.config,
        extra: &args.options.extra,
        lookups: args.lookups.file.as_deref(),
        aws: args.lookups.file.is_none().then_some(&aws),
    };
    let (stack, file) = config::load_stack(context, printer, &reading)?;
    let plan = synth::plan(stack, file, &reading, None, (context, printer))?;
    let settings = Settings::of(&plan.stack)?;
    let account = aws.account_of(&plan.lookups)?;
    let name = plan.stack.name().to_string();
    let (told, roles_of) = scripts(&plan)?;
    let deployment = Deployment {
        stack: &name,
        region: region.as_str(),
        account: &account,
        role: settings.manner.role.as_deref(),
        is_emulated: aws.endpoint_url.is_some(),
        lookups: &plan.lookups,
        told: &told,
        roles_of: &roles_of,
    };
    let permissions = match args.cloudformation_role {
        true => permissions::of_role(&plan.template, &deployment),
        false => permissions::of_caller(&plan.template, &deployment),
    };
    let policy = permissions.policy();
    let size = policy.to_string().len();
    if size > MANAGED_POLICY && !args.split {
        printer.warn(format!(
            "the policy has {size} characters, and a managed one at most {MANAGED_POLICY}: --split makes several of it"
        ));
    }
    let told = match args.split {
        true => Value::Array(permissions.policies()),
        false => policy,
    };
    match printer.is_json() {
        true => printer.json(&told),
        false => printer.data(format!("{told:#}")),
    }
    if permissions.unknown.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let unknown: Vec<&str> = permissions.unknown.iter().map(String::as_str).collect();
    Err(Failure::operation(format!(
        "it is not known what {} needs: the policy is without it",
        unknown.join(", ")
    ))
    .help("CloudFormation tells it: `aws cloudformation describe-type --type RESOURCE --type-name <type>`, under `handlers`"))
}

/// What scripts are told that run before and after a deployment, and the resources in whose role they run.
fn scripts(plan: &synth::Plan) -> Result<(Vec<Value>, Vec<String>), Failure> {
    let settings = &plan.stack.settings;
    let moments = [Moment::BeforeDeploy, Moment::AfterDeploy];
    let hooks = settings
        .hooks
        .iter()
        .filter(|hook| moments.contains(&hook.moment));
    let names: BTreeSet<&str> = hooks.map(|hook| hook.script_name.as_str()).collect();
    let scripts = settings
        .scripts
        .iter()
        .filter(|script| names.contains(script.name.as_str()));
    let asking: Vec<&Script> = scripts.filter(|script| script.asks()).collect();
    if asking.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let values = told::values(&plan.stack, &plan.lookups).or_fail(ExitKind::Usage)?;
    let variables = asking
        .iter()
        .filter_map(|script| values.scripts.get(&script.name));
    let told = variables.flatten().map(|(_, value)| value.clone());
    let roles_of = asking
        .iter()
        .filter_map(|script| script.assume_role_of_resource.clone());
    Ok((told.collect(), roles_of.collect()))
}
