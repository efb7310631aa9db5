//! `tapedeck dev`: from a save to the image and to the new task.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;
use fs_err as fs;
use serde_json::Value;

use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::Stage;

pub(crate) fn measure(
    stage: &Stage,
    example: &Path,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    progress(&format!("tapedeck dev, {rounds} saves"));
    let folder = stage.work.join("dev");
    let copied = Command::new("cp").arg("-a").arg(example).arg(&folder).status()?;
    anyhow::ensure!(copied.success(), "copy the example");
    let entry = folder.join("src/main.ts");
    let text = fs::read_to_string(&entry)?;
    let mut command = stage.command(&["dev", "--json", "--projectName", "bench-dev"]);
    command
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut session = Session(command.spawn().context("start tapedeck dev")?);
    let mut events = BufReader::new(session.0.stdout.take().context("read what dev says")?).lines();
    let mut running = || -> anyhow::Result<Value> {
        loop {
            let line = events.next().context("tapedeck dev ended")??;
            let event: Value = serde_json::from_str(&line)?;
            if event["event"] == "running" {
                return Ok(event);
            }
        }
    };
    running()?;
    let mut image = Samples::new("save → image, as `dev` tells it");
    let mut task = Samples::new("save → the new task runs, seen from outside");
    for round in 1..=rounds {
        // Editors do it likewise: a new file takes the place of the old.
        let saved = folder.join("src/.main.ts.new");
        fs::write(&saved, format!("{text}\nprocess.env.BENCH_ROUND = '{round}';\n"))?;
        let began = Instant::now();
        fs::rename(&saved, &entry)?;
        let event = running()?;
        task.add(began.elapsed().as_secs_f64() * 1e3);
        image.add(
            event["packagedMilliseconds"]
                .as_f64()
                .context("dev tells how long packaging took")?,
        );
    }
    report.at_most("`tapedeck dev`: save → image, p50", image.median(), 8.0, "ms");
    report.table(
        "`tapedeck dev`: a save of the example in TypeScript",
        "ms",
        &[image, task],
    );
    Ok(())
}

/// The command, told to end when it is dropped: it deletes what it has deployed.
struct Session(Child);

impl Drop for Session {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}
