//! A cold base: what the first image of a language costs on a machine that has none yet, downloads included.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use fs_err as fs;
use tapedeck_image::base::{BaseRequest, NodeVersion, PythonVersion, Runtime, ensure_base};
use tapedeck_image::{NoProgress, Platform, Store};

use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::Stage;

/// A runtime, the package of Debian that has the like, and what the design allows, in milliseconds.
const RUNTIMES: [(&str, Runtime, &str, f64); 3] = [
    ("Node", Runtime::Node(NodeVersion::LTS), "nodejs", 1500.0),
    (
        "Python",
        Runtime::Python(PythonVersion::Distribution),
        "python3-minimal",
        1000.0,
    ),
    ("Java", Runtime::Java(17), "openjdk-17-jre-headless", 3500.0),
];

pub(crate) fn measure(
    stage: &Stage,
    mmdebstrap: Option<&Path>,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    for (name, runtime, package, limit) in RUNTIMES {
        progress(&format!("cold base for {name}, {rounds} rounds"));
        let mut rows = [
            Samples::new("tapedeck, package lists and packages downloaded"),
            Samples::new("tapedeck, packages downloaded before"),
            Samples::new(format!("`mmdebstrap --variant=minbase --include={package}`")),
        ];
        for round in 0..rounds {
            let folder = stage.work.join(format!("cold-{name}-{round}"));
            rows[0].add(assemble(&folder, runtime)?);
            // Everything but what apt and npm have fetched.
            keep_only(&folder, &["apt"])?;
            rows[1].add(assemble(&folder, runtime)?);
            fs::remove_dir_all(&folder)?;
            if let Some(program) = mmdebstrap {
                let began = Instant::now();
                bootstrap(program, package, &folder)?;
                rows[2].add(began.elapsed().as_secs_f64() * 1e3);
                fs::remove_dir_all(&folder)?;
            }
        }
        report.at_most(
            &format!("cold base for {name}, p50"),
            rows[0].median(),
            limit,
            "ms",
        );
        let rows: Vec<Samples> = rows.into_iter().filter(|row| row.count() > 0).collect();
        report.table(&format!("Cold base for {name}"), "ms", &rows);
    }
    Ok(())
}

fn assemble(folder: &Path, runtime: Runtime) -> anyhow::Result<f64> {
    let began = Instant::now();
    let store = Store::open(folder)?;
    let request = BaseRequest {
        runtime,
        platform: Platform::host(),
        extra_packages: &[],
    };
    ensure_base(&store, &request, &mut NoProgress)?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

fn keep_only(folder: &Path, kept: &[&str]) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            _ if kept.iter().any(|name| entry.file_name() == *name) => {}
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

fn bootstrap(program: &Path, package: &str, folder: &Path) -> anyhow::Result<()> {
    let release = fs::read_to_string("/etc/os-release")?;
    let codename = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .context("read the codename of this machine's distribution")?;
    let output = Command::new(program)
        .args([
            "--quiet",
            "--variant=minbase",
            &format!("--include={package}"),
            codename,
        ])
        .arg(folder)
        .output()
        .context("start mmdebstrap")?;
    ensure!(
        output.status.success(),
        "mmdebstrap failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
