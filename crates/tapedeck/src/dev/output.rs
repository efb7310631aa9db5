//! What the tasks of a session write, as it comes.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use tapedeck_model::Timestamp;
use tapedeck_runtime::log::{Line, Stream, Watch};

use crate::commands::logs::{self, Follower, Origin};
use crate::dev::happening::Happening;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::printer::{CYAN, DIM, Printer, RESET, YELLOW};

/// How long the watcher sleeps at most when nothing is written.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many lines are printed in one go at most, so that keys and changes get their turn.
const BATCH: usize = 1000;

/// The lines of a session.
pub(crate) struct Output {
    follower: Follower,
    /// A happening is on its way, and another one would bring nothing.
    is_told: Arc<AtomicBool>,
    sender: Sender<Happening>,
    raw: bool,
}

impl Output {
    /// Follows the logs in the folder of a stack, which is made when it is not there yet.
    ///
    /// # Errors
    /// When it cannot be watched.
    pub(crate) fn follow(
        folder: PathBuf,
        since: Timestamp,
        raw: bool,
        sender: &Sender<Happening>,
    ) -> Result<Self, Failure> {
        fs_err::create_dir_all(&folder).or_fail(ExitKind::Environment)?;
        let watch = Watch::new(&folder).or_fail(ExitKind::Environment)?;
        let is_told = Arc::new(AtomicBool::new(false));
        let (flag, told) = (Arc::clone(&is_told), sender.clone());
        std::thread::spawn(move || forward(watch, &flag, &told));
        Ok(Self {
            follower: Follower::new(folder, since),
            is_told,
            sender: sender.clone(),
            raw,
        })
    }

    /// Prints what is new.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub(crate) fn print(&mut self, printer: &Printer) -> Result<(), Failure> {
        self.is_told.store(false, Ordering::Release);
        self.follower.look()?;
        let mut lines = Vec::new();
        while let Some((origin, line)) = self.follower.next_line()? {
            lines.push(self.rendered(&origin, &line, printer.is_json()));
            if lines.len() >= BATCH {
                self.is_told.store(true, Ordering::Release);
                let _ = self.sender.send(Happening::Logs);
                break;
            }
        }
        if !lines.is_empty() {
            printer.data(lines.join("\n"));
        }
        Ok(())
    }

    fn rendered(&self, origin: &Origin, line: &Line, json: bool) -> String {
        let text = String::from_utf8_lossy(&line.text);
        if json {
            let mut object = logs::as_json(origin, line);
            object["event"] = "output".into();
            return object.to_string();
        }
        if self.raw {
            return text.into_owned();
        }
        let text = match line.marker {
            true => format!("{DIM}[{text}]{RESET}"),
            false => text.into_owned(),
        };
        let container = origin.container.as_ref();
        let container = container.map_or_else(String::new, |name| format!("/{name}"));
        match line.stream {
            Stream::Stdout => format!("{CYAN}{}{container} |{RESET} {text}", origin.service),
            Stream::Stderr => format!(
                "{CYAN}{}{container}{RESET} {YELLOW}!{RESET} {text}",
                origin.service
            ),
        }
    }
}

fn forward(mut watch: Watch, is_told: &AtomicBool, sender: &Sender<Happening>) {
    loop {
        match watch.wait(PATIENCE) {
            Ok(false) => {}
            Ok(true) if is_told.swap(true, Ordering::AcqRel) => {}
            Ok(true) => {
                if sender.send(Happening::Logs).is_err() {
                    return;
                }
            }
            // The next change of the stack has them read.
            Err(_) => return,
        }
    }
}
