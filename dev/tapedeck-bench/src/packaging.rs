//! From source to an image, for each language: `tapedeck package` against `docker build`.
//!
//! Docker gets the best case twice. *Inside* is the Dockerfile that the guide of each language recommends: dependencies
//! in a layer of their own, the program made in a stage with all tools. *Outside* is what is quickest with docker: the
//! program is made on the machine, and `docker build` copies it onto an image that has its dependencies. Base, tools
//! and everything that may have to be downloaded are in local images, made of the very layers that tapedeck assembles.

mod language;
mod ours;
mod registry;
mod theirs;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;

use crate::Rivals;
use crate::command::timed;
use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::Stage;
use language::{LANGUAGES, Language};
use ours::{Change, Ours};
use registry::Registry;
use theirs::{Shape, Theirs};

/// The push for which the design has a goal.
const AFTER_A_LINE: &str = "after one changed line";

/// What is measured, and with whom.
struct Contest<'a> {
    language: &'static Language,
    ours: Ours<'a>,
    theirs: Option<Theirs<'a>>,
    rounds: usize,
}

pub(crate) fn measure(
    stage: &Stage,
    rivals: Rivals<'_>,
    examples: &Path,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    for language in &LANGUAGES {
        progress(&format!("packaging {}: first build and peers", language.name));
        let measured = Contest::prepare(stage, rivals, examples, language, rounds)
            .and_then(|contest| contest.measure(report));
        if let Err(error) = measured {
            report.absent(language.name, &format!("{error:#}"));
        }
    }
    memory(stage, examples, report)
}

impl<'a> Contest<'a> {
    fn prepare(
        stage: &'a Stage,
        rivals: Rivals<'a>,
        examples: &Path,
        language: &'static Language,
        rounds: usize,
    ) -> anyhow::Result<Self> {
        let ours = Ours::prepare(stage, examples, language)?;
        let theirs = rivals
            .docker
            .map(|docker| Theirs::prepare(docker, &ours, language))
            .transpose()?;
        Ok(Self {
            language,
            ours,
            theirs,
            rounds,
        })
    }

    fn measure(&self, report: &mut Report) -> anyhow::Result<()> {
        progress(&format!(
            "packaging {}: one changed line, {} rounds",
            self.language.name, self.rounds
        ));
        self.changed_line(report)?;
        self.nothing_changed(report)?;
        progress(&format!(
            "packaging {}: one changed dependency",
            self.language.name
        ));
        self.changed_dependency(report)?;
        progress(&format!("packaging {}: bytes pushed", self.language.name));
        self.pushed(report)
    }

    fn changed_line(&self, report: &mut Report) -> anyhow::Result<()> {
        let language = self.language;
        let mut rows = self.rows();
        let mut alone = Samples::new(format!("{} alone", language.maker));
        for round in 1..=self.rounds {
            self.ours.project.apply(Change::Line(round))?;
            rows[0].add(timed(|| self.ours.package(&[]))?);
            self.ours.project.apply(Change::Line(self.rounds + round))?;
            rows[1].add(timed(|| self.ours.package_here())?);
            if language.is_compared_alone {
                self.ours.project.apply(Change::Line(2 * self.rounds + round))?;
                alone.add(timed(|| {
                    language.make(&self.ours.project.folder, &self.ours.scratch)
                })?);
            }
            if let Some(theirs) = &self.theirs {
                theirs.project.apply(Change::Line(round))?;
                rows[2].add(timed(|| theirs.build(Shape::Outside))?);
                theirs.project.apply(Change::Line(self.rounds + round))?;
                rows[3].add(timed(|| theirs.build(Shape::Inside))?);
            }
        }
        if language.is_compared_alone {
            let more = rows[1].median() - alone.median();
            report.at_most(
                &format!(
                    "{}: packaging in a running process, above {}",
                    language.name, language.maker
                ),
                more,
                20.0,
                "ms",
            );
        }
        for (row, limit) in rows.iter().zip(language.goals) {
            if let Some(limit) = limit {
                let what = format!("one changed line → image: {}, {}, p50", language.name, row.name);
                report.at_most(&what, row.median(), limit, "ms");
            }
        }
        if let ([ours, _, outside, inside], Some(_), true) = (&rows, &self.theirs, language.has_goals()) {
            let ratio = |theirs: &Samples| theirs.median() / ours.median();
            report.at_least(
                "one changed line → image: against `docker build` outside",
                ratio(outside),
                10.0,
                "×",
            );
            report.at_least(
                "one changed line → image: against `docker build` inside",
                ratio(inside),
                50.0,
                "×",
            );
        }
        let rows = rows.into_iter().chain([alone]).filter(|row| row.count() > 0);
        report.table(
            &format!("{}: one changed line → the image is ready", language.name),
            "ms",
            &rows.collect::<Vec<_>>(),
        );
        Ok(())
    }

    fn nothing_changed(&self, report: &mut Report) -> anyhow::Result<()> {
        let mut rows = self.rows();
        self.ours.package(&[])?;
        for _ in 0..self.rounds {
            rows[0].add(timed(|| self.ours.package(&[]))?);
            rows[1].add(timed(|| self.ours.package_here())?);
            if let Some(theirs) = &self.theirs {
                rows[2].add(timed(|| theirs.build(Shape::OutsideUnchanged))?);
                rows[3].add(timed(|| theirs.build(Shape::Inside))?);
            }
        }
        let what = format!("nothing changed: {}, {}, p50", self.language.name, rows[0].name);
        report.at_most(&what, rows[0].median(), 15.0, "ms");
        self.table("nothing changed", rows, report);
        Ok(())
    }

    /// Each state once: a second time it would be found again.
    fn changed_dependency(&self, report: &mut Report) -> anyhow::Result<()> {
        let mut rows = self.rows();
        for version in self.language.versions {
            self.ours.project.apply(Change::Dependency(version))?;
            rows[0].add(timed(|| self.ours.package(&[]))?);
            if let Some(theirs) = &self.theirs {
                theirs.project.apply(Change::Dependency(version))?;
                rows[3].add(timed(|| theirs.build(Shape::Inside))?);
            }
        }
        self.table("one changed dependency → the image is ready", rows, report);
        Ok(())
    }

    fn pushed(&self, report: &mut Report) -> anyhow::Result<()> {
        let ours = Registry::start(&self.ours.scratch, None)?;
        let theirs = self
            .theirs
            .as_ref()
            .map(|theirs| {
                Registry::start(&theirs.scratch, Some(theirs.docker.daemon))
                    .map(|registry| (theirs, registry))
            })
            .transpose()?;
        let mut sizes = Vec::new();
        let changes = [
            ("the first time", Change::Line(90_000)),
            (AFTER_A_LINE, Change::Line(90_001)),
            (
                "after one changed dependency",
                Change::Dependency(self.language.versions[0]),
            ),
        ];
        for (what, change) in changes {
            self.ours.project.apply(change)?;
            let image = format!("{}/bench:1", ours.address);
            let mine = ours.growth(|| self.ours.package(&["--push", &image]))?;
            let other = theirs.as_ref().map(|(theirs, registry)| {
                theirs.project.apply(change)?;
                let image = format!("{}/bench:1", registry.address);
                registry.growth(|| theirs.push(&image))
            });
            let other = other.transpose()?;
            if what == AFTER_A_LINE && self.language.has_goals() {
                report.at_most(
                    "bytes pushed after one changed line: TypeScript",
                    mine,
                    6.0,
                    "KiB",
                );
            }
            sizes.push((what.to_owned(), mine, other));
        }
        report.comparison(
            &format!("{}: what a push adds to a registry", self.language.name),
            "KiB",
            &sizes,
        );
        Ok(())
    }

    fn rows(&self) -> [Samples; 4] {
        let outside = format!("{}, `docker build` (outside)", self.language.maker);
        [
            "`tapedeck package`, the whole command",
            "tapedeck, in a running process",
            &outside,
            "`docker build` (inside)",
        ]
        .map(Samples::new)
    }

    fn table(&self, title: &str, rows: [Samples; 4], report: &mut Report) {
        let taken: Vec<Samples> = rows.into_iter().filter(|row| row.count() > 0).collect();
        report.table(&format!("{}: {title}", self.language.name), "ms", &taken);
    }
}

/// The most memory that packaging takes, when all of an image with dependencies is made anew.
fn memory(stage: &Stage, examples: &Path, report: &mut Report) -> anyhow::Result<()> {
    progress("memory of packaging");
    let mut command = stage.command(&["package", "--noCache", "--currentWorkingDirectory"]);
    command
        .arg(examples.join("heartbeat"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().context("start tapedeck package")?;
    // The kernel keeps the most that there was, so that only what comes after the last look is missed.
    let mut most: f64 = 0.0;
    while child.try_wait()?.is_none() {
        most = most.max(most_resident(child.id()).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(2));
    }
    report.at_most("most memory of `tapedeck package --noCache`", most, 200.0, "MiB");
    Ok(())
}

/// The most MiB that a process ever held. None when it has ended.
fn most_resident(pid: u32) -> Option<f64> {
    let text = fs_err::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes / 1024.0)
}
