//! As much of HTTP/1.1 as clients of Upstash use: connections that stay open, bodies of known length.

use std::io::{self, Read, Write};

/// The longest head that is read.
const LONGEST_HEAD: usize = 64 * 1024;
/// The longest body; at Upstash a request has at most 10 MB.
const LONGEST_BODY: usize = 10_000_000;
/// The most headers that are read.
const HEADERS: usize = 64;

/// What was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query, as they were sent.
    pub(super) target: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// JSON.
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the connection is to end after the answer.
    pub(super) fn is_last(&self) -> bool {
        self.header("connection")
            .is_some_and(|word| word.eq_ignore_ascii_case("close"))
    }
}

/// Reads a request; `received` has what arrived too early. None when the connection ends before one is whole.
///
/// # Errors
/// When what arrives is no such request, or the connection fails.
pub(super) fn read(stream: &mut (impl Read + Write), received: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let (mut request, start, length) = loop {
        if let Some(found) = head(received)? {
            break found;
        }
        if received.len() > LONGEST_HEAD {
            return Err(wrong("its head is too long"));
        }
        if !more(stream, received)? {
            return Ok(None);
        }
    };
    if request
        .header("expect")
        .is_some_and(|word| word.eq_ignore_ascii_case("100-continue"))
    {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    while received.len() < start + length {
        if !more(stream, received)? {
            return Ok(None);
        }
    }
    request.body = received[start..start + length].to_vec();
    received.drain(..start + length);
    Ok(Some(request))
}

/// Writes an answer.
pub(super) fn write(stream: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let reason = match answer.status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        405 => "Method Not Allowed",
        _ => "Service Unavailable",
    };
    let head = format!(
        "HTTP/1.1 {} {reason}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        answer.status,
        answer.body.len()
    );
    // In one piece: a head of its own would wait for the acknowledgement of the last one.
    stream.write_all(&[head.as_bytes(), &answer.body].concat())
}

/// A head with the place where its body begins and the length of that; none when there is more to come.
fn head(received: &[u8]) -> io::Result<Option<(Request, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let start = match head.parse(received) {
        Ok(httparse::Status::Complete(start)) => start,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(wrong(error)),
    };
    let headers = head.headers.iter().map(|header| {
        let value = String::from_utf8_lossy(header.value).trim().to_owned();
        (header.name.to_ascii_lowercase(), value)
    });
    let request = Request {
        headers: headers.collect(),
        method: head.method.unwrap_or_default().to_owned(),
        target: head.path.unwrap_or_default().to_owned(),
        body: Vec::new(),
    };
    if request.header("transfer-encoding").is_some() {
        return Err(wrong("the length of its body is not told"));
    }
    let length = request.header("content-length").unwrap_or("0");
    let length = length.parse::<usize>().map_err(wrong)?;
    if length > LONGEST_BODY {
        return Err(wrong("its body is too long"));
    }
    Ok(Some((request, start, length)))
}

fn more(stream: &mut impl Read, received: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = [0; 16 * 1024];
    let length = stream.read(&mut chunk)?;
    received.extend_from_slice(&chunk[..length]);
    Ok(length > 0)
}

fn wrong(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
