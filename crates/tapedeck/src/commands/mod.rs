//! One file per command: its examples, then a body that reads as the story.

pub(crate) mod aws;
pub(crate) mod aws_permissions;
pub(crate) mod cf_rollback;
pub(crate) mod completions;
pub(crate) mod container_exec;
pub(crate) mod container_session;
pub(crate) mod cost;
pub(crate) mod delete;
pub(crate) mod deploy;
pub(crate) mod dev;
pub(crate) mod diff;
pub(crate) mod engine_install;
pub(crate) mod engine_run;
pub(crate) mod engine_start;
pub(crate) mod engine_status;
pub(crate) mod engine_stop;
pub(crate) mod engine_uninstall;
pub(crate) mod explain;
pub(crate) mod info_scaling;
pub(crate) mod info_stack;
pub(crate) mod info_stacks;
pub(crate) mod init;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod package;
pub(crate) mod param_get;
pub(crate) mod rollback;
pub(crate) mod schema;
pub(crate) mod script_run;
pub(crate) mod secret_delete;
pub(crate) mod secret_get;
pub(crate) mod secret_list;
pub(crate) mod secret_set;
pub(crate) mod shim;
pub(crate) mod synth;
pub(crate) mod upstash;
pub(crate) mod validate;

use crate::args::{Command, EngineCommand};
use crate::context::Context;
use crate::exit::Outcome;
use crate::printer::Printer;

pub(crate) const ENGINE_EXAMPLES: &str = "Examples:
  tapedeck engine status
  tapedeck engine stop --tasks";

/// Whether the command is to print JSON.
pub(crate) fn wants_json(command: &Command) -> bool {
    match command {
        Command::Init(args) => args.output.json,
        Command::Validate(args) => args.output.json,
        Command::Diff(args) => args.output.json,
        Command::Cost(args) => args.output.json,
        Command::AwsPermissions(args) => args.output.json,
        Command::Explain(args) => args.output.json,
        Command::Deploy(args) => args.output.json,
        Command::Rollback(args) => args.output.json,
        Command::CfRollback(args) => args.output.json,
        Command::Dev(args) => args.output.json,
        Command::Package(args) => args.output.json,
        Command::InfoStack(args) => args.output.json,
        Command::InfoScaling(args) => args.output.json,
        Command::Metrics(args) => args.output.json,
        Command::InfoStacks(args) => args.output.json,
        Command::Logs(args) => args.output.json,
        Command::ContainerExec(args) => args.output.json,
        Command::Delete(args) => args.output.json,
        Command::ParamGet(args) => args.output.json,
        Command::ScriptRun(args) => args.output.json,
        Command::SecretSet(args) => args.output.json,
        Command::SecretGet(args) => args.output.json,
        Command::SecretList(args) => args.output.json,
        Command::SecretDelete(args) => args.output.json,
        Command::Engine(EngineCommand::Start(args)) => args.output.json,
        Command::Engine(EngineCommand::Status(args) | EngineCommand::Uninstall(args)) => args.json,
        Command::Engine(EngineCommand::Install(args)) => args.output.json,
        Command::Engine(EngineCommand::Stop(args)) => args.output.json,
        Command::Engine(EngineCommand::Run(_))
        | Command::Aws(_)
        | Command::Schema(_)
        | Command::Synth(_)
        | Command::Completions(_)
        | Command::ContainerSession(_)
        | Command::Shim { .. }
        | Command::Upstash => false,
    }
}

/// Runs a command.
pub(crate) fn run(command: Command, context: &Context, printer: &Printer) -> Outcome {
    match command {
        Command::Init(args) => init::run(&args, context, printer),
        Command::Validate(args) => validate::run(&args, context, printer),
        Command::Synth(args) => synth::run(&args, context, printer),
        Command::Diff(args) => diff::run(&args, context, printer),
        Command::Cost(args) => cost::run(&args, context, printer),
        Command::AwsPermissions(args) => aws_permissions::run(&args, context, printer),
        Command::Explain(args) => explain::run(&args, printer),
        Command::Schema(args) => schema::run(&args, context, printer),
        Command::Deploy(args) => deploy::run(&args, context, printer),
        Command::Rollback(args) => rollback::run(&args, context, printer),
        Command::CfRollback(args) => cf_rollback::run(&args, context, printer),
        Command::Dev(args) => dev::run(&args, context, printer),
        Command::Package(args) => package::run(&args, context, printer),
        Command::InfoStack(args) => info_stack::run(&args, context, printer),
        Command::InfoScaling(args) => info_scaling::run(&args, context, printer),
        Command::Metrics(args) => metrics::run(&args, context, printer),
        Command::InfoStacks(args) => info_stacks::run(&args, context, printer),
        Command::Logs(args) => logs::run(&args, context, printer),
        Command::ContainerExec(args) => container_exec::run(&args, context, printer),
        Command::ContainerSession(args) => container_session::run(&args, context, printer),
        Command::Delete(args) => delete::run(&args, context, printer),
        Command::ParamGet(args) => param_get::run(&args, context, printer),
        Command::ScriptRun(args) => script_run::run(&args, context, printer),
        Command::Aws(args) => aws::run(&args, context),
        Command::SecretSet(args) => secret_set::run(&args, context, printer),
        Command::SecretGet(args) => secret_get::run(&args, context, printer),
        Command::SecretList(args) => secret_list::run(&args, context, printer),
        Command::SecretDelete(args) => secret_delete::run(&args, context, printer),
        Command::Engine(EngineCommand::Start(args)) => engine_start::run(&args.tempo, context, printer),
        Command::Engine(EngineCommand::Stop(args)) => engine_stop::run(&args, context, printer),
        Command::Engine(EngineCommand::Status(_)) => engine_status::run(context, printer),
        Command::Engine(EngineCommand::Install(args)) => engine_install::run(&args, context, printer),
        Command::Engine(EngineCommand::Uninstall(args)) => engine_uninstall::run(&args, context, printer),
        Command::Engine(EngineCommand::Run(args)) => engine_run::run(&args, context, printer),
        Command::Completions(args) => completions::run(&args, printer),
        Command::Shim { task_directory } => shim::run(&task_directory),
        Command::Upstash => upstash::run(context),
    }
}
