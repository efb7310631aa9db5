//! A terminal with a person at it, for commands that ask.

use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// Far longer than any question takes to be asked.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command came to that was started on a terminal.
#[derive(Debug)]
pub(crate) struct Dialogue {
    pub(crate) code: Option<i32>,
    /// What it said.
    pub(crate) stderr: String,
    /// What the terminal showed of what was typed.
    pub(crate) echo: String,
    /// Whether the terminal shows again what is typed.
    pub(crate) echoes: bool,
}

/// Runs a command whose standard input is a terminal. Once it has said the first text of a pair, the second is typed.
pub(crate) fn talk(command: &mut Command, answers: &[(&str, &str)]) -> Dialogue {
    let master =
        openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("there are terminals");
    grantpt(&master).expect("it is ours");
    unlockpt(&master).expect("it is ours");
    let path = ptsname(&master, Vec::new()).expect("it has a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave: OwnedFd = rustix::fs::open(path, flags, Mode::empty()).expect("it can be opened");
    let mut child = command
        .stdin(slave.try_clone().expect("there are file descriptors"))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program can be started");
    let mut said = child.stderr.take().expect("it is a pipe");
    let (sender, pieces) = mpsc::channel();
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = said.read(&mut piece) {
            if sender
                .send(String::from_utf8_lossy(&piece[..count]).into_owned())
                .is_err()
            {
                break;
            }
        }
    });
    let mut keyboard = std::fs::File::from(master.try_clone().expect("there are file descriptors"));
    let mut stderr = String::new();
    for (question, answer) in answers {
        while !stderr.contains(question) {
            let piece = pieces.recv_timeout(PATIENCE);
            stderr.push_str(&piece.unwrap_or_else(|_| panic!("`{question}` is not asked: {stderr}")));
        }
        keyboard
            .write_all(answer.as_bytes())
            .expect("it takes what is typed");
    }
    while let Ok(piece) = pieces.recv_timeout(PATIENCE) {
        stderr.push_str(&piece);
    }
    let status = child.wait().expect("it is our child");
    let modes = tcgetattr(&slave).expect("it is a terminal").local_modes;
    Dialogue {
        code: status.code(),
        stderr,
        echo: shown(&master),
        echoes: modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG),
    }
}

/// What a terminal has shown.
fn shown(master: &OwnedFd) -> String {
    rustix::fs::fcntl_setfl(master.as_fd(), OFlags::RDWR | OFlags::NONBLOCK).expect("it is ours");
    let mut bytes = [0; 4096];
    let count = rustix::io::read(master, &mut bytes).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}
