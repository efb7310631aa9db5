//! The terminal of this process, while a program elsewhere has it.

use std::io;

use rustix::termios::{OptionalActions, Termios, Winsize, tcgetattr, tcgetwinsize, tcsetattr};

/// As long as this lives, the terminal on standard input does nothing by itself: every key is handed on as it is.
#[derive(Debug)]
pub(super) struct Raw {
    before: Termios,
}

impl Raw {
    /// Makes it so.
    ///
    /// # Errors
    /// When there is no terminal, or it has gone away.
    pub(super) fn begin() -> io::Result<Self> {
        let raw = Self {
            before: tcgetattr(io::stdin())?,
        };
        raw.again()?;
        Ok(raw)
    }

    /// Makes it so again after somebody else had the terminal.
    ///
    /// # Errors
    /// When it has gone away.
    pub(super) fn again(&self) -> io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // What is left of a program's output is shown first. A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
    }
}

/// Its size; that of old terminals when it has none.
pub(super) fn winsize() -> Winsize {
    let known = tcgetwinsize(io::stdin())
        .ok()
        .filter(|size| size.ws_row > 0 && size.ws_col > 0);
    known.unwrap_or(Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    })
}

/// Its lines and columns.
pub(super) fn size() -> (u16, u16) {
    let size = winsize();
    (size.ws_row, size.ws_col)
}
