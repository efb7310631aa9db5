//! The engine as a unit of systemd: its text, its name, and asking `systemctl`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use tapedeck_api::Home;

use crate::context::{Context, TAPEDECK_HOME};
use crate::exit::{ExitKind, Failure};

/// Where units of the machine's administrator are.
const FOLDER: &str = "/etc/systemd/system";

/// There exactly where systemd runs the machine.
const BOOTED: &str = "/run/systemd/system";

/// What neither the engine nor a task ever needs. A task has less than the rest of it anyway.
const FORBIDDEN: [&str; 11] = [
    "CAP_AUDIT_CONTROL",
    "CAP_AUDIT_READ",
    "CAP_MAC_ADMIN",
    "CAP_MAC_OVERRIDE",
    "CAP_SYS_BOOT",
    "CAP_SYS_MODULE",
    "CAP_SYS_PACCT",
    "CAP_SYS_RAWIO",
    "CAP_SYS_TIME",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
];

/// The unit of one engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Its name, with the suffix.
    pub(crate) name: String,
    /// Its file.
    pub(crate) path: PathBuf,
}

impl Unit {
    /// The unit of the engine with this home. Each home has its own.
    pub(crate) fn of(home: &Home) -> Self {
        let name = if *home == Home::of_machine() {
            "tapedeck.service".to_owned()
        } else {
            let plain = |letter: char| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '-'
                }
            };
            let path: String = home.state().to_string_lossy().chars().map(plain).collect();
            format!("tapedeck{path}.service")
        };
        Self {
            path: Path::new(FOLDER).join(&name),
            name,
        }
    }

    /// Whether it is installed on a machine that systemd runs.
    pub(crate) fn is_installed(&self) -> bool {
        self.path.exists() && is_booted()
    }
}

/// Whether systemd runs this machine.
pub(crate) fn is_booted() -> bool {
    Path::new(BOOTED).is_dir()
}

/// The text of the unit: this executable and this home, with these options of `engine run`.
///
/// What systemd forbids a service, its processes inherit, and tasks are such. So it forbids only what no task may do anyway:
/// a task must not depend on who started its engine.
pub(crate) fn text(context: &Context, options: &[String]) -> String {
    let executable = context.executable.to_string_lossy();
    let words = [executable.as_ref(), "engine", "run"];
    let words = words.into_iter().chain(options.iter().map(String::as_str));
    let command: Vec<String> = words.map(quoted).collect();
    let home = if context.home == Home::of_machine() {
        String::new()
    } else {
        let folder = context.home.state().to_string_lossy();
        format!("Environment={}\n", quoted(&format!("{TAPEDECK_HOME}={folder}")))
    };
    format!(
        "# Made by `tapedeck engine install`; `tapedeck engine uninstall` removes it.
[Unit]
Description=tapedeck engine
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={}
{home}Restart=always
RestartSec=1
# `tapedeck engine stop` ends it for good.
RestartPreventExitStatus=0
# Tasks live on when the engine is stopped, restarted or replaced.
KillMode=process
# The engine says once a second that it is alive.
WatchdogSec=60
OOMScoreAdjust=-900
LimitNOFILE=1048576
LimitNPROC=infinity
TasksMax=infinity
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=~{}

[Install]
WantedBy=multi-user.target
",
        command.join(" "),
        FORBIDDEN.join(" ")
    )
}

/// A word as systemd reads it.
fn quoted(word: &str) -> String {
    let escaped = word
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
        .replace('$', "$$");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:=+,".contains(&byte);
    if word.bytes().all(plain) {
        escaped
    } else {
        format!("\"{escaped}\"")
    }
}

/// Asks systemd for something.
///
/// # Errors
/// When it refuses, with its words.
pub(crate) fn systemctl(arguments: &[&str]) -> Result<(), Failure> {
    let asked = format!("systemctl {}", arguments.join(" "));
    let failed = |why: String| {
        Failure::new(
            ExitKind::Environment,
            anyhow::anyhow!("could not run `{asked}`: {why}"),
        )
    };
    let output = Command::new("systemctl")
        .args(arguments)
        .output()
        .map_err(|error| failed(error.to_string()).help("see whether `systemctl` is in PATH"))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let unit = arguments.last().copied().unwrap_or_default();
    Err(failed(told).help(format!("`journalctl --unit {unit}` shows what it said")))
}

/// Writes the file of a unit, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(unit: &Unit, text: &str) -> io::Result<()> {
    let unfinished = unit.path.with_extension("new");
    fs::write(&unfinished, text)?;
    fs::set_permissions(&unfinished, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    fs::rename(&unfinished, &unit.path)
}

#[cfg(test)]
mod tests;
