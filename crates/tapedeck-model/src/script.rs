//! Scripts of a project, and the moments at which they run by themselves.

use serde::Serialize;

use crate::{Connection, EnvironmentVariable};

/// An entry of `scripts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Script {
    /// Its key under `scripts`.
    pub name: String,
    /// Where it runs.
    #[serde(rename = "type")]
    pub kind: ScriptKind,
    /// What runs, one after the other; at least one.
    pub steps: Vec<ScriptStep>,
    /// The folder to run in, relative to that of the config.
    pub cwd: String,
    /// Whether its output is shown and it can be typed to.
    pub pipe_stdio: bool,
    /// Resources that it is told about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connect_to: Vec<Connection>,
    /// Variables of its environment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<EnvironmentVariable>,
    /// The resource in whose role it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assume_role_of_resource: Option<String>,
}

impl Script {
    /// Whether it has to be told anything about what is deployed, or of secrets.
    #[must_use]
    pub fn asks(&self) -> bool {
        let is_late = |variable: &EnvironmentVariable| variable.expression().is_some();
        !self.connect_to.is_empty()
            || self.assume_role_of_resource.is_some()
            || self.environment.iter().any(is_late)
    }
}

/// Where a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScriptKind {
    /// On the machine of whoever asks for it.
    LocalScript,
    /// On a bastion.
    BastionScript,
    /// On the machine of whoever asks for it, with ways through a bastion.
    LocalScriptWithBastionTunneling,
}

impl ScriptKind {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::LocalScript,
        Self::BastionScript,
        Self::LocalScriptWithBastionTunneling,
    ];

    /// The value of `type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LocalScript => "local-script",
            Self::BastionScript => "bastion-script",
            Self::LocalScriptWithBastionTunneling => "local-script-with-bastion-tunneling",
        }
    }
}

/// One thing that a script runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ScriptStep {
    /// A line for the shell.
    Command(String),
    /// A file, relative to the folder of the config.
    File(String),
}

/// A script that runs at some moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hook {
    /// When.
    pub moment: Moment,
    /// The script.
    pub script_name: String,
    /// Whether it is left out where programs build.
    #[serde(rename = "skipOnCI")]
    pub skip_on_ci: bool,
    /// Whether it is left out everywhere else.
    pub skip_on_local: bool,
}

/// When hooks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Moment {
    /// Before anything of a deployment.
    BeforeDeploy,
    /// Once a deployment has succeeded.
    AfterDeploy,
    /// Before anything is deleted.
    BeforeDelete,
    /// Once all is deleted.
    AfterDelete,
    /// Before a session of development.
    BeforeDev,
    /// At the end of a session of development.
    AfterDev,
}

impl Moment {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::BeforeDeploy,
        Self::AfterDeploy,
        Self::BeforeDelete,
        Self::AfterDelete,
        Self::BeforeDev,
        Self::AfterDev,
    ];

    /// The key of `hooks`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeDeploy => "beforeDeploy",
            Self::AfterDeploy => "afterDeploy",
            Self::BeforeDelete => "beforeDelete",
            Self::AfterDelete => "afterDelete",
            Self::BeforeDev => "beforeDev",
            Self::AfterDev => "afterDev",
        }
    }

    /// The command that it is a moment of.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::BeforeDeploy | Self::AfterDeploy => "deploy",
            Self::BeforeDelete | Self::AfterDelete => "delete",
            Self::BeforeDev | Self::AfterDev => "dev",
        }
    }
}
