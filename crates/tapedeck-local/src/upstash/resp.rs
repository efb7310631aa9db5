//! The protocol of Redis, version 2: commands out, replies in.

use std::io::{self, BufRead, Read};

/// How deep replies may be nested.
const DEEPEST: usize = 32;
/// The longest text that Redis holds.
const LONGEST: usize = 512 * 1024 * 1024;

/// A command: its name and its arguments.
pub(super) type Command = Vec<Vec<u8>>;

/// What Redis says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// A word, such as `OK`.
    Word(String),
    Error(String),
    Number(i64),
    Text(Vec<u8>),
    Nothing,
    List(Vec<Reply>),
}

/// A command as it is sent.
pub(super) fn encoded(command: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
    for word in command {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// Reads one reply.
///
/// # Errors
/// When the connection fails or ends, or something else than a reply comes.
pub(super) fn read(stream: &mut impl BufRead) -> io::Result<Reply> {
    read_nested(stream, 0)
}

fn read_nested(stream: &mut impl BufRead, depth: usize) -> io::Result<Reply> {
    let line = read_line(stream)?;
    let (kind, rest) = line.split_at_checked(1).ok_or_else(wrong)?;
    let number = || rest.parse::<i64>().map_err(|_| wrong());
    Ok(match kind {
        "+" => Reply::Word(rest.to_owned()),
        "-" => Reply::Error(rest.to_owned()),
        ":" => Reply::Number(number()?),
        "$" => match usize::try_from(number()?) {
            Err(_) => Reply::Nothing,
            Ok(length) if length <= LONGEST => {
                let mut text = Vec::new();
                stream.by_ref().take(length as u64 + 2).read_to_end(&mut text)?;
                if text.len() != length + 2 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                text.truncate(length);
                Reply::Text(text)
            }
            Ok(_) => return Err(wrong()),
        },
        "*" if depth < DEEPEST => match usize::try_from(number()?) {
            Err(_) => Reply::Nothing,
            Ok(length) => {
                let replies = (0..length).map(|_| read_nested(stream, depth + 1));
                Reply::List(replies.collect::<io::Result<_>>()?)
            }
        },
        _ => return Err(wrong()),
    })
}

fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    stream.by_ref().take(64 * 1024).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = line.strip_suffix(b"\r\n").ok_or_else(wrong)?;
    Ok(String::from_utf8_lossy(line).into_owned())
}

fn wrong() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "Redis said something that is no reply",
    )
}
