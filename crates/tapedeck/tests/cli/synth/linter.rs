//! CloudFormation's own linter, as a program of PyPI that is installed once into a folder that cargo keeps for tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

use super::{repository, synthesized};

/// The version that is installed.
const VERSION: &str = "1.58.0";

/// What its program does. That names the folder it was installed into, which may have been moved since.
const RUN: &str = "from cfnlint.runner import main; main()";

/// Templates with something of each kind in them.
const TEMPLATES: [&str; 10] = [
    "workers/ec2-multi",
    "workers/ec2-arm-warmpool",
    "workers/efs-mounts",
    "workers/environment-runtime-directives",
    "workers/fargate-nat",
    "workers/logforward-http",
    "workers/side-containers",
    "connect/opensearch_scoping",
    "connect/redis_sharded",
    "connect/rdb_aurora_mysql_sv2",
];

#[test]
fn the_linter_finds_no_error() {
    let linter = match linter() {
        Ok(linter) => linter,
        Err(problem) => {
            eprintln!("SKIPPED: no cfn-lint {VERSION}: {problem}");
            return;
        }
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut arguments = Vec::new();
    for name in TEMPLATES {
        let config = repository("crates/tapedeck-resources/specs/golden").join(format!("{name}.yml"));
        let template = synthesized(&config).expect("it has a template");
        let file = folder.path().join(format!("{}.json", name.replace('/', "-")));
        fs::write(&file, template.to_string()).expect("it can be written");
        arguments.push(file);
    }
    let output = Command::new(linter)
        .args(["-c", RUN])
        .args([
            "--regions",
            "eu-west-1",
            "--ignore-checks",
            "W",
            "--format",
            "parseable",
            "--",
        ])
        .args(arguments)
        .output()
        .expect("it can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The Python that has it as a module, which is installed if it is not there yet.
fn linter() -> Result<PathBuf, String> {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cfn-lint-{VERSION}"));
    let python = kept.join("bin/python3");
    if run(Command::new(&python).args(["-c", RUN, "--version"])).is_err() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&kept))?;
        let wanted = format!("cfn-lint=={VERSION}");
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", &wanted]))?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| {
        format!(
            "{} could not be started: {error}",
            command.get_program().display()
        )
    })?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_string()),
    }
}
