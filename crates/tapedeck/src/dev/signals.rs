//! Signals and keys, as happenings.

use std::io::{self, IsTerminal as _, Read as _};
use std::sync::mpsc::Sender;

use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;
use tokio::signal::unix::{Signal as Watched, SignalKind, signal};

use crate::dev::happening::{Happening, Key, Signal};
use crate::exit::{ExitKind, Failure, OrFail};
use crate::prompt::Silence;

/// From now on signals that would end this process are happenings instead.
///
/// # Errors
/// When they cannot be watched for.
pub(crate) fn watch(sender: Sender<Happening>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .or_fail(ExitKind::Internal)?;
    let watched = {
        let _inside = runtime.enter();
        let one = |kind| signal(kind).or_fail(ExitKind::Internal);
        [
            one(SignalKind::interrupt())?,
            one(SignalKind::terminate())?,
            one(SignalKind::hangup())?,
            one(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        ]
    };
    std::thread::spawn(move || runtime.block_on(forward(watched, sender)));
    Ok(())
}

async fn forward(
    [mut interrupt, mut terminate, mut hangup, mut go_on]: [Watched; 4],
    sender: Sender<Happening>,
) {
    loop {
        let signal = tokio::select! {
            _ = interrupt.recv() => Signal::End,
            _ = terminate.recv() => Signal::End,
            _ = hangup.recv() => Signal::End,
            _ = go_on.recv() => Signal::Continued,
        };
        if sender.send(Happening::Signal(signal)).is_err() {
            return;
        }
    }
}

/// Makes keys happenings, if there is a terminal whose keys are ours. The terminal is as before when the result is dropped.
pub(crate) fn keys(sender: Sender<Happening>) -> Option<Silence> {
    let stdin = io::stdin();
    // In the background of a shell, reading would stop the process. A terminal that controls nothing stops nobody.
    let is_ours = stdin.is_terminal() && tcgetpgrp(&stdin).map_or(true, |group| group == getpgrp());
    let silence = is_ours.then(Silence::of_keys)?.ok()?;
    std::thread::spawn(move || {
        for byte in stdin.lock().bytes() {
            let Ok(byte) = byte else { return };
            if let Some(key) = Key::of(byte)
                && sender.send(Happening::Key(key)).is_err()
            {
                return;
            }
        }
    });
    Some(silence)
}
