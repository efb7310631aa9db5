//! As much of HTTP/1.1 as is asked of the engine: one short request on each connection, and one answer.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest request that is read, with its body.
const LONGEST: usize = 64 * 1024;

/// The most headers that are read.
const HEADERS: usize = 64;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, as they were sent.
    pub(crate) target: String,
    /// The header `Host`, if there is one.
    pub(crate) host: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The path without its query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

/// What a beginning of a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed {
    Whole(Request),
    /// More has to arrive.
    Partial,
    /// It is none.
    Wrong,
}

/// Reads a request; none when the connection ends before one is whole, or when it is none.
pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut received = Vec::new();
    let mut told_to_go_on = false;
    loop {
        match parse(&received) {
            Parsed::Whole(request) => return Ok(Some(request)),
            Parsed::Wrong => return Ok(None),
            Parsed::Partial => {}
        }
        if !told_to_go_on && waits_for_word(&received) {
            told_to_go_on = true;
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let mut chunk = [0; 1024];
        let length = stream.read(&mut chunk).await?;
        if length == 0 || received.len() + length > LONGEST {
            return Ok(None);
        }
        received.extend_from_slice(&chunk[..length]);
    }
}

/// Writes an answer and ends the connection.
pub(crate) async fn write(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    let Answer {
        status,
        content_type,
        body,
    } = answer;
    let (length, reason) = (body.len(), reason(*status));
    let text = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

/// Parses what has arrived so far.
pub(crate) fn parse(received: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let start = match head.parse(received) {
        Ok(httparse::Status::Complete(start)) => start,
        Ok(httparse::Status::Partial) => return Parsed::Partial,
        Err(_) => return Parsed::Wrong,
    };
    let header = |name: &str| {
        let found = head
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok().map(str::trim)
    };
    let is_chunked = header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let rest = &received[start..];
    let body = match header("content-length").map(str::parse::<usize>) {
        _ if is_chunked => chunks(rest),
        None => Body::Whole(Vec::new()),
        Some(Ok(length)) if length <= LONGEST => match rest.get(..length) {
            Some(body) => Body::Whole(body.to_vec()),
            None => Body::Partial,
        },
        Some(_) => Body::Wrong,
    };
    match body {
        Body::Whole(body) => Parsed::Whole(Request {
            method: head.method.unwrap_or_default().to_owned(),
            target: head.path.unwrap_or_default().to_owned(),
            host: header("host").map(str::to_owned),
            body,
        }),
        Body::Partial => Parsed::Partial,
        Body::Wrong => Parsed::Wrong,
    }
}

enum Body {
    Whole(Vec<u8>),
    Partial,
    Wrong,
}

/// A body that comes in pieces, each with its length.
fn chunks(mut rest: &[u8]) -> Body {
    let mut body = Vec::new();
    loop {
        let (start, length) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return Body::Partial,
            Err(_) => return Body::Wrong,
        };
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= LONGEST) else {
            return Body::Wrong;
        };
        if length == 0 {
            // What follows is not asked for, but has to be taken.
            let is_over = rest.len() >= start + 2;
            return if is_over { Body::Whole(body) } else { Body::Partial };
        }
        let Some(chunk) = rest.get(start..start + length + 2) else {
            return Body::Partial;
        };
        body.extend_from_slice(&chunk[..length]);
        rest = &rest[start + length + 2..];
    }
}

/// Whether whoever sends a body waits to be told to send it.
fn waits_for_word(received: &[u8]) -> bool {
    let Some(end) = received.windows(4).position(|end| end == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
    head.contains("\r\nexpect: 100-continue")
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests;
