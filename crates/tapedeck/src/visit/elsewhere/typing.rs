//! What goes to a command in a region: what is typed or piped here, and signals to this process.

use std::io;
use std::os::linux::fs::MetadataExt as _;
use std::sync::mpsc;
use std::thread;

use rustix::process::Signal;
use tapedeck_cloud::Typed;
use tokio::signal::unix::{Signal as Watched, SignalKind, signal};
use tokio::sync::mpsc::Sender;

use super::super::happening::PATIENCE;
use super::super::streams::pump;
use super::super::terminal::{self, Raw};
use super::wrapping::{END_OF_INPUT, typed};

/// What a terminal takes for `SIGINT`, and for `SIGQUIT`.
const INTERRUPT: u8 = 0x03;
const QUIT: u8 = 0x1c;

/// Whether nothing will ever be read from standard input.
pub(super) fn is_nothing() -> bool {
    let null = fs_err::metadata("/dev/null").map(|null| null.st_rdev());
    let own = rustix::fs::fstat(io::stdin()).map(|own| own.st_rdev);
    matches!((null, own), (Ok(null), Ok(own)) if null == own)
}

/// Types what is typed here. Not waited for: the next key may never come.
pub(super) fn type_on(typing: Sender<Typed>) {
    thread::spawn(move || {
        let _ = pump(|bytes| typing.blocking_send(Typed::Bytes(bytes.to_vec())).is_ok());
    });
}

/// Pipes standard input as soon as it is told that it is read. Not waited for: it may never end.
pub(super) fn feed(typing: Sender<Typed>) -> mpsc::Sender<()> {
    let (reads, may_begin) = mpsc::channel();
    thread::spawn(move || {
        if may_begin.recv().is_err() {
            return;
        }
        let type_in = |bytes: Vec<u8>| typing.blocking_send(Typed::Bytes(bytes)).is_ok();
        if pump(|bytes| type_in(typed(bytes))).is_ok() {
            type_in(END_OF_INPUT.to_vec());
        }
    });
    reads
}

/// Signals to this process that are for the command.
pub(super) struct Signals<'a> {
    watched: [(Signal, Watched); 6],
    /// This terminal, as long as the command has it.
    raw: Option<&'a Raw>,
    /// The last one that is to end it.
    pub(super) last: Option<Signal>,
}

impl<'a> Signals<'a> {
    /// From now on they do nothing here.
    ///
    /// # Errors
    /// When they cannot be watched for.
    pub(super) fn watch(raw: Option<&'a Raw>) -> io::Result<Self> {
        let one = |kind: Signal| Ok::<_, io::Error>((kind, signal(SignalKind::from_raw(kind.as_raw()))?));
        Ok(Self {
            watched: [
                one(Signal::INT)?,
                one(Signal::QUIT)?,
                one(Signal::TERM)?,
                one(Signal::HUP)?,
                one(Signal::WINCH)?,
                one(Signal::CONT)?,
            ],
            raw,
            last: None,
        })
    }

    /// Hands them on, and returns when the command was hung up on and has not ended for a while.
    pub(super) async fn forward(&mut self, typing: &Sender<Typed>) {
        self.size(typing).await;
        loop {
            match self.next().await {
                Signal::WINCH => self.size(typing).await,
                Signal::CONT => {
                    drop(self.raw.map(Raw::again));
                    self.size(typing).await;
                }
                Signal::INT => self.press(Signal::INT, INTERRUPT, typing).await,
                Signal::QUIT => self.press(Signal::QUIT, QUIT, typing).await,
                other => {
                    self.last = Some(other);
                    let _ = typing.send(Typed::HangUp).await;
                    tokio::time::sleep(PATIENCE).await;
                    return;
                }
            }
        }
    }

    async fn next(&mut self) -> Signal {
        let [one, two, three, four, five, six] = &mut self.watched;
        tokio::select! {
            _ = one.1.recv() => one.0,
            _ = two.1.recv() => two.0,
            _ = three.1.recv() => three.0,
            _ = four.1.recv() => four.0,
            _ = five.1.recv() => five.0,
            _ = six.1.recv() => six.0,
        }
    }

    async fn press(&mut self, signal: Signal, key: u8, typing: &Sender<Typed>) {
        self.last = Some(signal);
        let _ = typing.send(Typed::Bytes(vec![key])).await;
    }

    /// Gives the terminal of the command the size of this one, if it has this one.
    async fn size(&self, typing: &Sender<Typed>) {
        if self.raw.is_some() {
            let (rows, columns) = terminal::size();
            let _ = typing.send(Typed::Size { rows, columns }).await;
        }
    }
}
