//! A `tapedeck dev` that runs, as a test sees it: what it prints, keys, signals, its end.

use std::io::{Read, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::Signal;
use rustix::termios::{LocalModes, tcgetattr};
use tapedeck_testkit::{DEADLINE, Finished, kill, within};

use crate::screen::terminal;
use crate::source::Project;

/// A session that goes on.
pub(crate) struct Session {
    child: Child,
    stdout: Heard,
    stderr: Heard,
    terminal: Option<Terminal>,
}

struct Terminal {
    keyboard: std::fs::File,
    slave: OwnedFd,
}

/// What came out of a pipe so far.
struct Heard {
    text: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Heard {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut piece) {
                shared
                    .lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&piece[..count]));
            }
        });
        Self { text, reader }
    }

    fn now(&self) -> String {
        self.text.lock().unwrap().clone()
    }
}

impl Session {
    /// Starts one in the folder of a project, without a terminal.
    pub(crate) fn start(project: &Project, arguments: &[&str]) -> Self {
        Self::start_on(project, arguments, None)
    }

    /// Starts one whose standard input is a terminal.
    pub(crate) fn start_on_terminal(project: &Project, arguments: &[&str]) -> Self {
        let (keyboard, slave) = terminal();
        Self::start_on(project, arguments, Some(Terminal { keyboard, slave }))
    }

    fn start_on(project: &Project, arguments: &[&str], terminal: Option<Terminal>) -> Self {
        let mut command = project
            .home
            .command(&[&["dev", "--projectName", "app"], arguments].concat());
        command
            .current_dir(project.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(terminal) = &terminal {
            command.stdin(terminal.slave.try_clone().unwrap());
        }
        let mut child = command.spawn().unwrap();
        Self {
            stdout: Heard::of(child.stdout.take().unwrap()),
            stderr: Heard::of(child.stderr.take().unwrap()),
            child,
            terminal,
        }
    }

    /// What it printed as data so far.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.now()
    }

    /// What it said so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.now()
    }

    /// Waits until the tasks have written that line so many times.
    pub(crate) fn await_line(&self, line: &str, count: usize) {
        self.await_that(&format!("{count} × `{line}`"), || {
            self.stdout().lines().filter(|found| *found == line).count() >= count
        });
    }

    /// Waits until it has said that.
    pub(crate) fn await_word(&self, text: &str) {
        self.await_that(text, || self.stderr().contains(text));
    }

    /// Waits until that holds.
    pub(crate) fn await_that(&self, what: &str, holds: impl Fn() -> bool) {
        if within(DEADLINE, || holds().then_some(())).is_none() {
            panic!("waited in vain for {what}\n{}\n{}", self.stdout(), self.stderr());
        }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        let terminal = self.terminal.as_mut().unwrap();
        terminal.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Whether the terminal shows what is typed, and turns keys into lines and signals.
    pub(crate) fn terminal_is_as_usual(&self) -> bool {
        let usual = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        let modes = tcgetattr(&self.terminal.as_ref().unwrap().slave)
            .unwrap()
            .local_modes;
        modes.contains(usual)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.child.id(), signal);
    }

    /// Waits for its end.
    pub(crate) fn finish(&mut self) -> Finished {
        let status = within(DEADLINE, || self.child.try_wait().unwrap());
        let Some(status) = status else {
            panic!("it does not end\n{}\n{}", self.stdout(), self.stderr());
        };
        self.await_that("the end of its output", || {
            self.stdout.reader.is_finished() && self.stderr.reader.is_finished()
        });
        Finished {
            code: status.code(),
            stdout: self.stdout(),
            stderr: self.stderr(),
        }
    }

    /// Ends it with Ctrl-C, which must be a good end.
    pub(crate) fn end(&mut self) -> Finished {
        self.signal(Signal::INT);
        let finished = self.finish();
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // One that has ended does not mind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
