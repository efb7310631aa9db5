//! The command line: Stacktape's command names and flags. Only shapes stand here; [`crate::options`] gives them meaning.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod aliases;
mod compression;
mod engine;
mod measures;
mod processor;
mod resources;
mod rollout;
mod scripts;
mod secrets;
mod synth;
mod visits;

pub(crate) use aliases::with_long_names;
pub(crate) use compression::Compression;
pub(crate) use engine::{EngineCommand, EngineInstallArgs, EngineStopArgs, EngineTempoArgs, PaceName};
pub(crate) use measures::{InfoScalingArgs, MetricsArgs};
pub(crate) use processor::Processor;
pub(crate) use resources::{AwsArgs, ParamGetArgs};
pub(crate) use rollout::{CfRollbackArgs, DeployArgs, RollbackArgs};
pub(crate) use scripts::ScriptRunArgs;
pub(crate) use secrets::{
    SecretArgs, SecretDeleteArgs, SecretGetArgs, SecretListArgs, SecretSetArgs, SecretSourceArgs,
};
pub(crate) use synth::{AwsPermissionsArgs, CostArgs, DiffArgs, SynthArgs, TemplateFormat};
pub(crate) use visits::{ContainerExecArgs, ContainerSessionArgs, PlaceArgs};

/// Plays a stacktape.yml: packages its worker services and runs them on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "tapedeck",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Examples:
  tapedeck init                                write a stacktape.yml for the project in this folder
  tapedeck deploy                              deploy ./stacktape.yml to stage `dev` on this machine
  tapedeck deploy --stage production           the same file, another stage
  tapedeck info:stack                          what runs, and what is waited for
  tapedeck logs --resourceName worker --follow
  tapedeck delete --yes

Exit codes:
  0   done
  1   the operation failed: code does not build, tasks do not stay up, there is no such stack
  2   the command line or the config is wrong; nothing was changed
  3   something around tapedeck is missing: a privilege, a program, the engine, disk space
  4   `diff --exitCode`: something would change
  70  a mistake of tapedeck itself

Files: /var/lib/tapedeck and /run/tapedeck

Environment:
  TAPEDECK_HOME         a folder, absolute, that takes the place of both
  TAPEDECK_NODE_BASE    base image for Node, such as node:24 or
                        registry.example/node:24, if its registry answers
                        [default: one assembled on this machine]
  TAPEDECK_PYTHON_BASE  the same for Python
  TAPEDECK_JAVA_BASE    the same for Java
  TAPEDECK_STATIC_BASE  the same for programs that need no runtime, such as Go's"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a first config for the project in this folder.
    #[command(after_help = crate::commands::init::EXAMPLES)]
    Init(InitArgs),
    /// Check the config and say everything that is wrong with it. Touches nothing.
    #[command(after_help = crate::commands::validate::EXAMPLES)]
    Validate(ValidateArgs),
    /// Print the CloudFormation template that the config becomes, offline.
    #[command(after_help = crate::commands::synth::EXAMPLES)]
    Synth(SynthArgs),
    /// Show what a deployment would change, and what would be lost by it. Changes nothing.
    #[command(after_help = crate::commands::diff::EXAMPLES)]
    Diff(DiffArgs),
    /// Estimate what the config costs a month on AWS, offline.
    #[command(after_help = crate::commands::cost::EXAMPLES)]
    Cost(CostArgs),
    /// Print the policy of IAM that a deployment of the config needs, and nothing more.
    #[command(name = "aws:permissions", after_help = crate::commands::aws_permissions::EXAMPLES)]
    AwsPermissions(AwsPermissionsArgs),
    /// Explain a key, a type of resource, a directive or a rule of the config language.
    #[command(after_help = crate::commands::explain::EXAMPLES)]
    Explain(ExplainArgs),
    /// Print the JSON Schema of the config, for editors.
    #[command(after_help = crate::commands::schema::EXAMPLES)]
    Schema(SchemaArgs),
    /// Package the worker services of the config and make them run.
    #[command(after_help = crate::commands::deploy::EXAMPLES)]
    Deploy(DeployArgs),
    /// Go back to what the services of a stack ran before.
    #[command(after_help = crate::commands::rollback::EXAMPLES)]
    Rollback(RollbackArgs),
    /// Go on with a rollback of CloudFormation's that has failed.
    #[command(name = "cf-rollback", visible_alias = "cf:rollback", after_help = crate::commands::cf_rollback::EXAMPLES)]
    CfRollback(CfRollbackArgs),
    /// Run a service while it is being written: each save replaces what runs.
    #[command(after_help = crate::commands::dev::EXAMPLES, mut_arg("stage", |arg| {
        arg.default_value("watch").help("Stage of its own, so that what is deployed under another one is left alone")
    }))]
    Dev(DevArgs),
    /// Package the worker services of the config without deploying them.
    #[command(after_help = crate::commands::package::EXAMPLES)]
    Package(PackageArgs),
    /// Show a stack: services, tasks, events, and what is waited for.
    #[command(name = "info:stack", after_help = crate::commands::info_stack::EXAMPLES)]
    InfoStack(InfoStackArgs),
    /// Show how services are scaled: bounds, metrics, what was decided and why.
    #[command(name = "info:scaling", after_help = crate::commands::info_scaling::EXAMPLES)]
    InfoScaling(InfoScalingArgs),
    /// List the stacks on this machine.
    #[command(name = "info:stacks", after_help = crate::commands::info_stacks::EXAMPLES)]
    InfoStacks(InfoStacksArgs),
    /// Print the logs of a service, oldest first.
    #[command(after_help = crate::commands::logs::EXAMPLES)]
    Logs(LogsArgs),
    /// Run a program in a container that runs, confined as that is.
    #[command(name = "container:exec", after_help = crate::commands::container_exec::EXAMPLES)]
    ContainerExec(ContainerExecArgs),
    /// Open a shell in a container that runs.
    #[command(name = "container:session", after_help = crate::commands::container_session::EXAMPLES)]
    ContainerSession(ContainerSessionArgs),
    /// Show what the tasks of a stack use: CPU, throttling, pressure and memory.
    #[command(after_help = crate::commands::metrics::EXAMPLES)]
    Metrics(MetricsArgs),
    /// Stop all tasks of a stack and remove everything of it, logs included.
    #[command(after_help = crate::commands::delete::EXAMPLES)]
    Delete(DeleteArgs),
    /// Print a parameter of a resource, such as the address of a database.
    #[command(name = "param:get", after_help = crate::commands::param_get::EXAMPLES)]
    ParamGet(ParamGetArgs),
    /// Run a script of the config, told about what is deployed.
    #[command(name = "script:run", after_help = crate::commands::script_run::EXAMPLES)]
    ScriptRun(ScriptRunArgs),
    /// Run the command line of AWS against what stands in for AWS on this machine.
    #[command(after_help = crate::commands::aws::EXAMPLES)]
    Aws(AwsArgs),
    /// Set a secret: a text, or a JSON object whose keys can be used one by one.
    #[command(name = "secret:set", after_help = crate::commands::secret_set::EXAMPLES)]
    SecretSet(SecretSetArgs),
    /// Print the value of a secret, or of one key of it.
    #[command(name = "secret:get", after_help = crate::commands::secret_get::EXAMPLES)]
    SecretGet(SecretGetArgs),
    /// List the secrets: names, times, keys and versions, never values.
    #[command(name = "secret:list", after_help = crate::commands::secret_list::EXAMPLES)]
    SecretList(SecretListArgs),
    /// Delete a secret for good.
    #[command(name = "secret:delete", after_help = crate::commands::secret_delete::EXAMPLES)]
    SecretDelete(SecretDeleteArgs),
    /// Start, stop or inspect the engine of region `local`. A deploy starts it by itself.
    #[command(subcommand, after_help = crate::commands::ENGINE_EXAMPLES)]
    Engine(EngineCommand),
    /// Print the completion script of a shell.
    #[command(after_help = crate::commands::completions::EXAMPLES)]
    Completions(CompletionsArgs),
    /// The process that owns one task. Started by the engine.
    #[command(hide = true)]
    Shim {
        /// The folder of the task.
        task_directory: PathBuf,
    },
    /// The server of Upstash's REST protocol beside a Redis, within a task.
    #[command(hide = true)]
    Upstash,
}

/// A stage of a project in a region.
#[derive(Debug, Clone, Args)]
pub(crate) struct StackArgs {
    /// Stage of the project
    #[arg(long, short, default_value = "dev", value_name = "NAME")]
    pub(crate) stage: String,
    /// Where to run: `local` is this machine, `eu-west-1` and the like are regions of AWS
    #[arg(long, short, default_value = "local", value_name = "REGION")]
    pub(crate) region: String,
    /// Name of the project [default: `projectName` of the config, else the name of its folder]
    #[arg(long = "projectName", value_name = "NAME")]
    pub(crate) project_name: Option<String>,
    /// Profile of AWS whose credentials are used, and for $Profile()
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

/// Where the config is.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgs {
    /// The config file [default: stacktape.ts, .yml, .yaml, .js or .json in the working directory]
    #[arg(long = "configPath", value_name = "FILE")]
    pub(crate) config_path: Option<PathBuf>,
    /// Run as if started in this folder
    #[arg(long = "currentWorkingDirectory", value_name = "FOLDER")]
    pub(crate) current_working_directory: Option<PathBuf>,
}

/// Options that are the config's own.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExtraArgs {
    /// Options for $CliArgs() in the config: --name value
    #[arg(last = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    pub(crate) extra: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct JsonArgs {
    /// Print JSON on stdout, nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

/// What the config says. What is left out is asked on a terminal; without one, what suits most projects is taken.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder of the project [default: the working directory]
    #[arg(long = "projectDirectory", value_name = "FOLDER")]
    pub(crate) project_directory: Option<PathBuf>,
    /// The file that the service runs, from the project's folder; with `:app`, an app in Python; or a Dockerfile
    /// [default: what is found]
    #[arg(long = "entryfilePath", value_name = "PATH")]
    pub(crate) entryfile_path: Option<String>,
    /// Name of the service, its key under `resources`: letters and digits [default: made of the package's or the
    /// folder's]
    #[arg(long = "serviceName", value_name = "NAME")]
    pub(crate) service_name: Option<String>,
    /// Name of the project [default: the name of the folder, without an entry in the config]
    #[arg(long = "projectName", value_name = "NAME")]
    pub(crate) project_name: Option<String>,
    /// Virtual CPUs of each instance: 0.25, 0.5, 1, 2, 4, 8 or 16 [default: 0.25]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) cpu: Option<f64>,
    /// Memory of each instance in MiB [default: the least that Fargate offers with the CPU, such as 512]
    #[arg(long, value_name = "MIB")]
    pub(crate) memory: Option<u32>,
    /// How many instances run [default: 1]
    #[arg(long = "minInstances", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub(crate) min_instances: Option<u32>,
    /// Language of the config: stacktape.yml or stacktape.ts
    #[arg(long = "configFormat", value_name = "FORMAT", default_value = "yaml")]
    pub(crate) config_format: ConfigFormat,
    /// Ask nothing
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Write even if there is a config, and over the one of the same name
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the config instead of writing it
    #[arg(long = "dryRun")]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

/// Languages that a config can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConfigFormat {
    Yaml,
    #[value(name = "typescript")]
    TypeScript,
}

/// What only AWS knows.
#[derive(Debug, Args)]
pub(crate) struct LookupsArgs {
    /// What AWS would answer, as JSON: account, secrets, parameters, outputs of stacks, VPCs
    #[arg(long = "lookups", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) lookups: LookupsArgs,
    #[command(flatten)]
    pub(crate) options: ExtraArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// What to explain: keys with dots between, `$` and a directive, or a rule [default: all there is]
    pub(crate) path: Option<String>,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Write it into this file instead
    #[arg(long = "outFile", value_name = "FILE")]
    pub(crate) out_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// The service; may be several [default: the only one of the config]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    /// The same as an option; may be given several times
    #[arg(long = "resourceName", value_name = "NAME")]
    pub(crate) resource_names: Vec<String>,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) options: ExtraArgs,
    /// Print only the text of each line that the service writes
    #[arg(long, conflicts_with = "json")]
    pub(crate) raw: bool,
    /// Look at files four times a second instead of watching them, for file systems that others write to
    #[arg(long)]
    pub(crate) poll: bool,
    /// Package at first even where nothing changed
    #[arg(long = "noCache")]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PackageArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) options: ExtraArgs,
    #[command(flatten)]
    pub(crate) lookups: LookupsArgs,
    /// Only this service, job or function; may be given several times [default: all of the config]
    #[arg(long = "resourceName", value_name = "NAME")]
    pub(crate) resource_names: Vec<String>,
    /// The processor that the images are for [default: that of this machine; for a region of AWS the config says it]
    #[arg(long, value_name = "PROCESSOR")]
    pub(crate) platform: Option<Processor>,
    /// Push the image of the service there, such as registry.example/team/worker:1.4; needs a single service
    #[arg(long, value_name = "IMAGE")]
    pub(crate) push: Option<String>,
    /// How layers are compressed when they are pushed; Docker before version 23 reads only gzip
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "zstd",
        requires = "push",
        value_enum
    )]
    pub(crate) compression: Compression,
    /// Push the bill of materials and the provenance of the image as well
    #[arg(long, requires = "push")]
    pub(crate) attest: bool,
    /// Package again even where nothing changed
    #[arg(long = "noCache")]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct InfoStackArgs {
    #[command(flatten)]
    pub(crate) stack: NamedStackArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

/// A stack that is deployed, by project and stage or by its name.
#[derive(Debug, Args)]
pub(crate) struct NamedStackArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Name of the stack, instead of project and stage
    #[arg(long = "stackName", value_name = "NAME", conflicts_with = "project_name")]
    pub(crate) stack_name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InfoStacksArgs {
    /// Where to look: `local` is this machine
    #[arg(long, short, default_value = "local", value_name = "REGION")]
    pub(crate) region: String,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    pub(crate) stack: NamedStackArgs,
    /// Only this service; may be given several times [default: all services of the stack]
    #[arg(long = "resourceName", value_name = "NAME")]
    pub(crate) resource_names: Vec<String>,
    /// Only this task: its id or the beginning of it
    #[arg(long, value_name = "ID")]
    pub(crate) task: Option<String>,
    /// Only this container of each task; the main one is `service-container`
    #[arg(long, value_name = "NAME")]
    pub(crate) container: Option<String>,
    /// Only lines since then: `30s`, `15m`, `2h`, `1d`, or a time such as 2026-11-23T08:00:00Z
    #[arg(long, visible_alias = "startTime", default_value = "1h", value_name = "TIME")]
    pub(crate) since: String,
    /// Only lines with all of these words; `-word` excludes, "two words" are one, `?a ?b` is either, `%…%` is a regular
    /// expression; `{ $.level = "error" }` looks into JSON, `[ip, ..., status=5*]` into fields
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub(crate) filter: Option<String>,
    /// At most the last N lines of the past; with --follow, all that come later
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
    /// Go on with new lines as they come
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Only the text of each line, as the task wrote it
    #[arg(long, conflicts_with = "json")]
    pub(crate) raw: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Do not ask
    #[arg(long, short, visible_alias = "autoConfirmOperation")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

/// Shells that we have completions for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}
