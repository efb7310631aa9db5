//! A terminal of a test, and a program on it.

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use tapedeck_testkit::{DEADLINE, kill, within};

/// Both ends of a new terminal: what is typed and shown, and what programs have.
pub(crate) fn terminal() -> (std::fs::File, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(ptsname(&master, Vec::new()).unwrap(), flags, Mode::empty()).unwrap();
    (std::fs::File::from(master), slave)
}

/// A terminal with a program on it.
pub(crate) struct Screen {
    pub(crate) child: Child,
    pub(crate) keyboard: std::fs::File,
    pub(crate) slave: OwnedFd,
    shown: Arc<Mutex<String>>,
}

impl Screen {
    /// Starts it on one of 33 lines of 101 characters, a `vt102`.
    pub(crate) fn start(mut command: Command) -> Self {
        let (keyboard, slave) = terminal();
        resize(&keyboard, 33, 101);
        let end = || slave.try_clone().unwrap();
        command
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .env("TERM", "vt102");
        let child = command.spawn().unwrap();
        let shown = Arc::new(Mutex::new(String::new()));
        let (to, mut screen) = (Arc::clone(&shown), keyboard.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut piece) {
                to.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&piece[..count]));
            }
        });
        Self {
            child,
            keyboard,
            slave,
            shown,
        }
    }

    /// Types keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen shows that, and forgets what was before.
    pub(crate) fn await_text(&self, text: &str) {
        let found = within(DEADLINE, || {
            let mut shown = self.shown.lock().unwrap();
            let place = shown.find(text)?;
            shown.drain(..place + text.len());
            Some(())
        });
        assert!(
            found.is_some(),
            "`{text}` is not shown: {}",
            self.shown.lock().unwrap()
        );
    }

    /// Whether keys are shown and acted upon, as without any program.
    pub(crate) fn is_as_usual(&self) -> bool {
        let usual = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcgetattr(&self.slave).unwrap().local_modes.contains(usual)
    }

    /// Tries a shell that has begun: keys are handed on to it, it follows the size, Ctrl-C ends what runs in it alone, and it ends with its
    /// own code.
    pub(crate) fn try_shell(&mut self) {
        assert!(!self.is_as_usual(), "keys are handed on as they are");
        resize(&self.keyboard, 50, 120);
        // The kernel tells whoever has the terminal; here nobody has it as their own.
        kill(self.child.id(), Signal::WINCH);
        self.press("until stty size | grep '50 120'; do :; done\r");
        self.await_text("50 120\r\n");
        // Ctrl-C ends what runs in the shell, not the shell, and not this side.
        self.press("echo go; sleep 1000; echo code=$?\r");
        self.await_text("\ngo\r\n");
        self.press("\x03");
        self.press("echo still $((1 + 1))\r");
        self.await_text("still 2\r\n");
        self.press("exit 4\r");
        assert_eq!(self.finish(), Some(4));
        assert!(self.is_as_usual(), "the terminal is as before");
    }

    /// Waits for its end, and gives its exit code.
    pub(crate) fn finish(&mut self) -> Option<i32> {
        let status = within(DEADLINE, || self.child.try_wait().unwrap());
        let Some(status) = status else {
            panic!("it does not end: {}", self.shown.lock().unwrap());
        };
        status.code()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // One that has ended does not mind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gives a terminal another size.
pub(crate) fn resize(terminal: &std::fs::File, rows: u16, columns: u16) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size).unwrap();
}
