//! What ECS Exec lacks, done by a shell in the container: the exit code of a program, bytes as they are, an input that ends. Pure.
//!
//! A program runs on a terminal there. The shell marks in what is written that it reads now, and with which code the program ended. What
//! is piped to it goes as lines of Base64, since a terminal acts upon some bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Begins and ends a mark: no text has it.
const SEPARATOR: u8 = 0x1e;

/// What a mark says when the input is read.
const READS: &[u8] = b"reads";

/// The most bytes between the separators of a mark, after its word.
const LONGEST: usize = 8;

/// Bytes of a line of Base64, before and after which no terminal loses any.
const LINE: usize = 57;

/// The end of what is typed, as terminals take it.
pub(super) const END_OF_INPUT: &[u8] = &[0x04];

/// Where the streams of a program are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner<'a> {
    /// All on its terminal, of that kind.
    Terminal(&'a str),
    /// Its input is piped to it, its output from it.
    Pipes,
    /// The same without any input.
    NoInput,
}

/// Something in what is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// By the program.
    Bytes(Vec<u8>),
    /// The input is read from now on.
    Reads,
    /// The program has ended with that code.
    Ended(u8),
}

/// The arguments that run a program in that manner. `word` is in the marks, and in nothing that any program writes.
pub(super) fn wrapped(arguments: &[String], manner: Manner<'_>, word: &str) -> Vec<String> {
    let run = format!(r#"run() {{ "$@"; printf "\036{word}:%d\036" "$?"; }}"#);
    let quiet = "stty -echo -opost 2>/dev/null";
    let none = r#"run "$@" </dev/null"#;
    let script = match manner {
        Manner::Terminal(kind) => format!(r#"{run}; TERM={kind}; export TERM; run "$@""#),
        Manner::NoInput => format!("{run}; {quiet}; {{ {none}; }} 2>&1 | cat"),
        Manner::Pipes => format!(
            r#"{run}; {quiet}; if command -v base64 >/dev/null; then printf "\036{word}:reads\036"; base64 -d 2>/dev/null | run "$@"; else {none}; fi 2>&1 | cat"#
        ),
    };
    let shell = ["sh", "-c", &script, "sh"].map(str::to_owned);
    shell.into_iter().chain(arguments.iter().cloned()).collect()
}

/// What is piped to a program, as it is typed.
pub(super) fn typed(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.chunks(LINE).map(|line| STANDARD.encode(line) + "\n");
    lines.collect::<String>().into_bytes()
}

/// Finds marks in what is written, however it arrives.
pub(super) struct Reader {
    /// How a mark begins.
    head: Vec<u8>,
    /// What may be the beginning of one.
    held: Vec<u8>,
}

impl Reader {
    /// Of marks with that word.
    pub(super) fn new(word: &str) -> Self {
        let head = [&[SEPARATOR], word.as_bytes(), b":"].concat();
        Self {
            head,
            held: Vec::new(),
        }
    }

    /// Takes what is written next.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Written> {
        self.held.extend(bytes);
        let mut written = Vec::new();
        while let Some(start) = memchr::memmem::find(&self.held, &self.head) {
            let after = start + self.head.len();
            let length = self.held[after..]
                .iter()
                .take(LONGEST + 1)
                .position(|byte| *byte == SEPARATOR);
            let Some(length) = length else {
                if self.held.len() - after > LONGEST {
                    // It only began like one.
                    written.push(Written::Bytes(self.held.drain(..after).collect()));
                    continue;
                }
                release(&mut self.held, start, &mut written);
                return written;
            };
            let said = self.held[after..after + length].to_vec();
            release(&mut self.held, start, &mut written);
            self.held.drain(..self.head.len() + length + 1);
            written.extend(meaning(&said));
        }
        let length = self.held.len();
        let begins = |from: &usize| self.head.starts_with(&self.held[*from..]);
        let from = length.saturating_sub(self.head.len());
        let kept = (from..length).find(begins).unwrap_or(length);
        release(&mut self.held, kept, &mut written);
        written
    }

    /// What is left when nothing comes any more.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

/// Gives out the first bytes of what is held.
fn release(held: &mut Vec<u8>, count: usize, written: &mut Vec<Written>) {
    if count > 0 {
        written.push(Written::Bytes(held.drain(..count).collect()));
    }
}

fn meaning(said: &[u8]) -> Option<Written> {
    if said == READS {
        return Some(Written::Reads);
    }
    let code = std::str::from_utf8(said).ok()?.parse().ok()?;
    Some(Written::Ended(code))
}
