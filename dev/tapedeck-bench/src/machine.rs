//! On what machine, and how busy it was.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use fs_err as fs;

use crate::Arguments;
use crate::report::Report;

/// Says what was measured where.
pub(crate) fn describe(report: &mut Report, arguments: &Arguments) -> anyhow::Result<()> {
    let processors = std::thread::available_parallelism().context("count the processors")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let model = value_of("/proc/cpuinfo", "model name")?;
    let memory: u64 = value_of("/proc/meminfo", "MemTotal")?
        .trim_end_matches(" kB")
        .parse()?;
    let system = value_of("/etc/os-release", "PRETTY_NAME").unwrap_or_default();
    let tapedeck = first_line(&arguments.tapedeck, &["--version"])?;
    report.say(&format!(
        "{processors} processors ({model}), {} GiB, {}, Linux {}; load average before: {}",
        memory >> 20,
        system.trim_matches('"'),
        kernel.trim(),
        load()?
    ));
    let runc = arguments
        .runc
        .as_deref()
        .map(|runc| first_line(runc, &["--version"]))
        .transpose()?;
    let docker = arguments
        .docker
        .is_some()
        .then(|| first_line(Path::new(crate::docker::CLIENT), &["--version"]))
        .transpose()?;
    let version = |program: &Option<std::path::PathBuf>| {
        let program = program.as_deref();
        program
            .map(|program| first_line(program, &["--version"]))
            .transpose()
    };
    let (compose, cfn_lint) = (
        version(&arguments.validators.compose)?,
        version(&arguments.validators.cfn_lint)?,
    );
    let versions = [Some(tapedeck), runc, docker, compose, cfn_lint]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    report.say(&versions.join("; "));
    for (who, absent) in [
        ("runc", arguments.runc.is_none()),
        ("docker", arguments.docker.is_none()),
        ("docker-compose", arguments.validators.compose.is_none()),
        ("cfn-lint", arguments.validators.cfn_lint.is_none()),
    ] {
        if absent {
            report.absent(who, "it is not installed and could not be, or did not start");
        }
    }
    Ok(())
}

/// Says how busy the machine has become.
pub(crate) fn describe_afterwards(report: &mut Report) -> anyhow::Result<()> {
    report.say(&format!("Load average afterwards: {}", load()?));
    Ok(())
}

fn load() -> anyhow::Result<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}

fn value_of(file: &str, key: &str) -> anyhow::Result<String> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let line = line.with_context(|| format!("find {key} in {file}"))?;
    Ok(line.trim_start_matches([' ', '\t', ':', '=']).to_owned())
}

fn first_line(program: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("run {}", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned())
}
