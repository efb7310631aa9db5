//! From a request to commands, and from replies to an answer. Functions of values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Settings;
use super::http::{Answer, Request};
use super::resp::{Command, Reply};

/// Commands that Upstash refuses too: they would change what a connection is, wait, or change the server.
const REFUSED: [&str; 40] = [
    "ACL",
    "ASKING",
    "AUTH",
    "BGREWRITEAOF",
    "BGSAVE",
    "BLMOVE",
    "BLMPOP",
    "BLPOP",
    "BRPOP",
    "BRPOPLPUSH",
    "BZMPOP",
    "BZPOPMAX",
    "BZPOPMIN",
    "CLIENT",
    "CLUSTER",
    "CONFIG",
    "DEBUG",
    "DISCARD",
    "EXEC",
    "FAILOVER",
    "HELLO",
    "LATENCY",
    "MIGRATE",
    "MODULE",
    "MONITOR",
    "MULTI",
    "PSUBSCRIBE",
    "PSYNC",
    "PUNSUBSCRIBE",
    "QUIT",
    "REPLICAOF",
    "RESET",
    "SAVE",
    "SELECT",
    "SHUTDOWN",
    "SLAVEOF",
    "SUBSCRIBE",
    "SYNC",
    "UNSUBSCRIBE",
    "WATCH",
];

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    One(Command),
    /// Each on its own.
    Pipeline(Vec<Command>),
    /// All or none.
    Transaction(Vec<Command>),
    /// Messages, until whoever asked goes away: `SUBSCRIBE` or `PSUBSCRIBE`.
    Messages(Command),
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    Everything,
    Reading,
}

/// An answer with an error.
pub(super) fn failure(status: u16, text: &str) -> Answer {
    Answer {
        status,
        body: json!({ "error": text }).to_string().into_bytes(),
    }
}

/// What the token of a request gives a right to.
pub(super) fn right(request: &Request, settings: &Settings) -> Option<Right> {
    let bearer = request.header("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    });
    let in_query = || {
        let token = query(request).find(|(name, _)| name == "_token")?.1?;
        String::from_utf8(token).ok()
    };
    let token = bearer.or_else(in_query).filter(|token| !token.is_empty())?;
    if is_equal(&token, &settings.token) {
        return Some(Right::Everything);
    }
    let reading = settings.read_only_token.as_ref();
    reading
        .is_some_and(|expected| is_equal(&token, expected))
        .then_some(Right::Reading)
}

/// Takes equally long wherever they differ.
fn is_equal(given: &str, expected: &str) -> bool {
    let pairs = given.bytes().zip(expected.bytes());
    given.len() == expected.len() && pairs.fold(0, |sum, (one, other)| sum | (one ^ other)) == 0
}

/// What is asked for.
///
/// # Errors
/// The answer to a request that asks for nothing.
pub(super) fn asked(request: &Request) -> Result<Asked, Answer> {
    if !["GET", "POST", "PUT", "HEAD"].contains(&request.method.as_str()) {
        return Err(failure(405, "ERR this method is not allowed"));
    }
    let path = request.target.split('?').next().unwrap_or_default();
    let words: Vec<Vec<u8>> = match path.trim_matches('/') {
        "" => Vec::new(),
        path => path.split('/').map(|word| decoded(word, false)).collect(),
    };
    let first = words
        .first()
        .map(|word| String::from_utf8_lossy(word).to_ascii_lowercase());
    Ok(match (first.as_deref(), words.len()) {
        (None, _) => Asked::One(command(&parsed(&request.body)?)?),
        (Some("pipeline"), 1) => Asked::Pipeline(commands(&request.body)?),
        (Some("multi-exec"), 1) => Asked::Transaction(commands(&request.body)?),
        (Some("subscribe" | "psubscribe"), 2..) => Asked::Messages(words),
        _ => Asked::One(in_path(words, request)),
    })
}

/// Why a command is refused whoever asks, if it is.
pub(super) fn refusal(command: &[Vec<u8>]) -> Option<String> {
    let name = name(command);
    REFUSED.contains(&name.as_str()).then(|| {
        format!(
            "ERR Command is not available: '{name}'. See https://upstash.com/docs/redis/overall/compatibility for details"
        )
    })
}

/// The name of a command.
pub(super) fn name(command: &[Vec<u8>]) -> String {
    let name = command.first().map(|word| String::from_utf8_lossy(word));
    name.unwrap_or_default().to_ascii_uppercase()
}

/// The answer to one command.
pub(super) fn answer_to_one(reply: &Reply, is_encoded: bool) -> Answer {
    let status = if matches!(reply, Reply::Error(_)) {
        400
    } else {
        200
    };
    Answer {
        status,
        body: result(reply, is_encoded).to_string().into_bytes(),
    }
}

/// The answer to several commands.
pub(super) fn answer_to_all(replies: &[Reply], is_encoded: bool) -> Answer {
    let results = replies.iter().map(|reply| result(reply, is_encoded));
    Answer {
        status: 200,
        body: Value::Array(results.collect()).to_string().into_bytes(),
    }
}

fn result(reply: &Reply, is_encoded: bool) -> Value {
    match reply {
        Reply::Error(text) => json!({ "error": text }),
        other => json!({ "result": value(other, is_encoded) }),
    }
}

fn value(reply: &Reply, is_encoded: bool) -> Value {
    let text = |bytes: &[u8]| match is_encoded {
        true => STANDARD.encode(bytes),
        false => String::from_utf8_lossy(bytes).into_owned(),
    };
    match reply {
        // The one word that clients do not decode.
        Reply::Word(word) if word == "OK" => json!("OK"),
        Reply::Word(word) | Reply::Error(word) => json!(text(word.as_bytes())),
        Reply::Number(number) => json!(number),
        Reply::Text(bytes) => json!(text(bytes)),
        Reply::Nothing => Value::Null,
        Reply::List(replies) => replies.iter().map(|reply| value(reply, is_encoded)).collect(),
    }
}

fn parsed(body: &[u8]) -> Result<Value, Answer> {
    serde_json::from_slice(body).map_err(|_| failure(400, "ERR failed to parse command"))
}

fn commands(body: &[u8]) -> Result<Vec<Command>, Answer> {
    let parsed = parsed(body)?;
    let all = parsed.as_array().filter(|all| !all.is_empty());
    let all = all.ok_or_else(|| failure(400, "ERR failed to parse pipeline request"))?;
    all.iter().map(command).collect()
}

fn command(value: &Value) -> Result<Command, Answer> {
    let words = value.as_array().filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| failure(400, "ERR failed to parse command"))?;
    let word = |word: &Value| match word {
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    };
    Ok(words.iter().map(word).collect())
}

/// A command in the path: the body is one more argument, and so is what is in the query.
fn in_path(mut words: Command, request: &Request) -> Command {
    if !request.body.is_empty() {
        words.push(request.body.clone());
    }
    for (name, value) in query(request).filter(|(name, _)| name != "_token") {
        words.push(name.into_bytes());
        words.extend(value);
    }
    words
}

fn query(request: &Request) -> impl Iterator<Item = (String, Option<Vec<u8>>)> {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts.map(|part| {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name, Some(decoded(value, true))),
            None => (part, None),
        };
        (String::from_utf8_lossy(&decoded(name, true)).into_owned(), value)
    })
}

/// A part of an address without `%` and, in a query, without `+`.
fn decoded(text: &str, is_query: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let hex = others.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &others[2..];
                continue;
            }
            (b'+', _) if is_query => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = others;
    }
    bytes
}
