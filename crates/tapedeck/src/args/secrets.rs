//! Commands about secrets.

use std::path::PathBuf;

use clap::Args;

use super::JsonArgs;

/// A secret of a region.
#[derive(Debug, Clone, Args)]
pub(crate) struct SecretArgs {
    /// Name of the secret: 1 to 256 letters, digits and / _ + = @ -
    #[arg(required_unless_present = "secret_name")]
    pub(crate) name: Option<String>,
    /// Name of the secret, as a flag
    #[arg(long = "secretName", value_name = "NAME", conflicts_with = "name")]
    pub(crate) secret_name: Option<String>,
    /// Where the secret is: `local` is this machine
    #[arg(long, short, default_value = "local", value_name = "REGION")]
    pub(crate) region: String,
}

#[derive(Debug, Args)]
pub(crate) struct SecretSetArgs {
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) source: SecretSourceArgs,
    /// Replace the value of a secret that is there, without asking
    #[arg(long = "forceUpdate")]
    pub(crate) force_update: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

/// Where the value of a secret comes from; without any, from standard input.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct SecretSourceArgs {
    /// Take the value from this file, byte for byte
    #[arg(long = "secretFile", value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Make a JSON object of the lines KEY=VALUE of this file
    #[arg(long = "fromEnvFile", value_name = "FILE")]
    pub(crate) from_env_file: Option<PathBuf>,
    /// The value itself, for all to see in the history of the shell and the list of processes
    #[arg(long = "secretValue", value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) secret_value: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SecretGetArgs {
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    /// Only the value of this key of a JSON object: `password`, `replica.host`, `hosts.0`
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SecretListArgs {
    /// Where to look: `local` is this machine
    #[arg(long, short, default_value = "local", value_name = "REGION")]
    pub(crate) region: String,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SecretDeleteArgs {
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    /// Do not ask
    #[arg(long, short, visible_alias = "autoConfirmOperation")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}
