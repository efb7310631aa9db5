//! All output goes through here: stdout is data, stderr is talk. Colour only on terminals.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::exit::{ExitKind, Failure};

/// Where output goes, and in which form.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    json: bool,
    live: bool,
    /// Why stdout takes no more data, once it does not.
    cut_off: Arc<OnceLock<io::Error>>,
}

impl Printer {
    /// A printer; `json` makes stdout machine-readable and keeps progress off stderr.
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            live: !json && io::stderr().is_terminal(),
            cut_off: Arc::default(),
        }
    }

    /// Whether stdout is to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// A line of data. Once stdout takes no more, this does nothing.
    pub(crate) fn data(&self, line: impl AsRef<str>) {
        if !self.is_cut_off()
            && let Err(error) = write_line(&mut anstream::stdout(), line.as_ref())
        {
            // Several threads may find out at the same time; any of the errors will do.
            let _ = self.cut_off.set(error);
        }
    }

    /// Data as it stands, whatever bytes it has, with a newline at its end.
    pub(crate) fn verbatim(&self, text: &str) {
        let line = text.strip_suffix('\n').unwrap_or(text);
        if !self.is_cut_off()
            && let Err(error) = write_line(&mut io::stdout(), line)
        {
            let _ = self.cut_off.set(error);
        }
    }

    /// Data of another program, some bytes of it. Says whether stdout takes more.
    pub(crate) fn stdout_bytes(&self, bytes: &[u8]) -> bool {
        if !self.is_cut_off()
            && let Err(error) = write_bytes(&mut io::stdout(), bytes)
        {
            let _ = self.cut_off.set(error);
        }
        !self.is_cut_off()
    }

    /// What another program says on stderr. Says whether that takes more.
    pub(crate) fn stderr_bytes(&self, bytes: &[u8]) -> bool {
        write_bytes(&mut io::stderr(), bytes).is_ok()
    }

    /// Whether stdout takes no more data: what goes on for ever ends then.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.cut_off.get().is_some()
    }

    /// The failure of a command whose data did not all arrive. A reader that has gone away (`| head`) is none: it has
    /// what it wanted.
    pub(crate) fn lost_data(&self) -> Option<Failure> {
        let error = self.cut_off.get()?;
        (error.kind() != ErrorKind::BrokenPipe).then(|| {
            let message = anyhow::anyhow!("could not write all data to stdout: {error}");
            Failure::new(ExitKind::Environment, message)
                .help("run it again with stdout on a disk that has room; the operation itself was done")
        })
    }

    /// Data as one line of JSON.
    pub(crate) fn json(&self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(line) => self.data(line),
            Err(error) => self.warn(format!("could not write JSON: {error}")),
        }
    }

    /// A line of talk. Not shown with `--json`.
    pub(crate) fn say(&self, line: impl AsRef<str>) {
        if !self.json {
            self.tell(line.as_ref());
        }
    }

    /// A warning. Always shown.
    pub(crate) fn warn(&self, line: impl AsRef<str>) {
        self.tell(&format!("{YELLOW}warning{RESET}: {}", line.as_ref()));
    }

    /// Text on stderr as it stands, such as rendered diagnostics. Always shown.
    pub(crate) fn tell(&self, text: &str) {
        // Nobody is left to tell when stderr is closed.
        let _ = write_line(&mut anstream::stderr(), text);
    }

    /// An error with its causes and its way out.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut text = format!("{RED}error{RESET}: {}", failure.error);
        for cause in failure.error.chain().skip(1) {
            text.push_str(&format!("\n  because {cause}"));
        }
        if let Some(help) = &failure.help {
            text.push_str(&format!("\n{CYAN}help{RESET}: {help}"));
        }
        self.tell(&text);
    }

    /// Something that takes a while. On a terminal a spinner turns beside its current step; elsewhere each step is
    /// a line.
    pub(crate) fn progress(&self, title: &str) -> Progress {
        self.several().progress(title)
    }

    /// Room for several things that take a while at the same time: a line with a spinner each.
    pub(crate) fn several(&self) -> Several {
        Several {
            lines: self.live.then(MultiProgress::new),
            printer: self.clone(),
        }
    }
}

/// See [`Printer::several`].
#[derive(Debug)]
pub(crate) struct Several {
    lines: Option<MultiProgress>,
    printer: Printer,
}

impl Several {
    /// One of them, below those that are there.
    pub(crate) fn progress(&self, title: &str) -> Progress {
        let bar = self.lines.as_ref().map(|lines| {
            let bar = lines.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {msg} {elapsed:.dim}") {
                bar.set_style(style);
            }
            bar.set_prefix(title.to_string());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Progress {
            title: title.to_string(),
            bar,
            printer: self.printer.clone(),
            last: String::new(),
        }
    }
}

/// See [`Printer::progress`]. The spinner is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    title: String,
    bar: Option<ProgressBar>,
    printer: Printer,
    last: String,
}

impl Progress {
    /// What is being done now. Said once, however often it is told.
    pub(crate) fn now(&mut self, step: &str) {
        if self.last == step {
            return;
        }
        step.clone_into(&mut self.last);
        match &self.bar {
            Some(bar) => bar.set_message(step.to_string()),
            None => self.printer.say(format!("{}: {step}", self.title)),
        }
    }

    /// A line that stays.
    pub(crate) fn done(&mut self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.printer.say(line)),
            None => self.printer.say(line),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl tapedeck_image::Progress for Progress {
    fn step(&mut self, text: &str) {
        self.now(text);
    }

    fn notice(&mut self, text: &str) {
        self.done(text);
    }
}

/// Escape codes of the colours in use; `anstream` drops them where no terminal reads them.
pub(crate) const RED: &str = "\x1b[1;31m";
pub(crate) const YELLOW: &str = "\x1b[1;33m";
pub(crate) const GREEN: &str = "\x1b[32m";
pub(crate) const CYAN: &str = "\x1b[36m";
pub(crate) const DIM: &str = "\x1b[2m";
pub(crate) const BOLD: &str = "\x1b[1m";
/// Colours that tell tasks apart, neighbours as unlike as they come. Red and yellow mean something else.
pub(crate) const TASK_COLOURS: [&str; 8] = [
    "\x1b[36m", "\x1b[35m", "\x1b[32m", "\x1b[34m", "\x1b[96m", "\x1b[95m", "\x1b[92m", "\x1b[94m",
];
pub(crate) const RESET: &str = "\x1b[0m";

fn write_bytes(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    out.flush()
}

fn write_line(out: &mut impl Write, line: &str) -> io::Result<()> {
    out.write_all(line.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}
