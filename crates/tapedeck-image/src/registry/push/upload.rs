//! Sending one blob, and going on where it broke off.

use std::io::{Read, Seek as _, SeekFrom};

use fs_err::File;
use ureq::Body;
use ureq::http::{HeaderName, Method, Response, StatusCode, header};

use super::{Arrival, BLOB, Blob, PushError, PushOptions};
use crate::Store;
use crate::registry::client::{Content, Message};
use crate::registry::error::RegistryError;
use crate::registry::patience::Patience;
use crate::registry::pull::Registry;

const OCTETS: &str = "application/octet-stream";
/// With what a registry says how short a chunk may be. Source: OCI distribution spec, pushing a blob in chunks.
const SHORTEST_CHUNK: HeaderName = HeaderName::from_static("oci-chunk-min-length");

/// An upload that the registry has begun.
#[derive(Debug, Clone)]
struct Session {
    /// Where to send what comes next.
    url: String,
    /// Bytes that it has.
    offset: u64,
    /// Bytes to send at a time.
    chunk: u64,
}

/// What asking for an upload came to.
enum Begun {
    Mounted,
    Session(Session),
}

/// How far one try came.
enum Tried {
    Done(u64),
    /// It broke off, and may be gone on with.
    Broken(RegistryError),
}

/// Where the bytes of a blob come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    Store(&'a Store),
    Bytes(&'a [u8]),
}

impl<'a> Source<'a> {
    /// What there is of a blob from an offset on.
    fn open(self, blob: Blob, offset: u64) -> Result<Box<dyn Read + 'a>, PushError> {
        match self {
            Self::Bytes(bytes) => {
                let rest = usize::try_from(offset)
                    .ok()
                    .and_then(|offset| bytes.get(offset..));
                Ok(Box::new(rest.unwrap_or_default()))
            }
            Self::Store(store) => {
                let failed = store.failed("read a blob");
                let mut file = File::open(store.blob_path(&blob.digest)).map_err(&failed)?;
                file.seek(SeekFrom::Start(offset)).map_err(&failed)?;
                Ok(Box::new(file))
            }
        }
    }
}

impl Registry {
    /// Brings a blob into the registry.
    pub(super) fn send_blob(
        &self,
        content: Source<'_>,
        blob: Blob,
        options: &PushOptions<'_>,
    ) -> Result<Arrival, PushError> {
        let mut chunk = options.chunk.max(1);
        let mut session: Option<Session> = None;
        let (mut patience, mut furthest) = (Patience::default(), 0);
        loop {
            let tried = self.try_blob(content, blob, options, (&mut session, chunk))?;
            let error = match tried {
                Ok(arrival) => return Ok(arrival),
                Err(error) => error,
            };
            let reached = session.as_ref().map_or(0, |session| session.offset);
            if is_refusal_of_chunks(&error) && reached > 0 {
                // It takes no second chunk: then it all goes at once.
                chunk = u64::MAX;
                session = None;
            } else if !is_worth_another(&error) {
                return Err(error.into());
            }
            if reached > furthest {
                (patience, furthest) = (Patience::default(), reached);
            }
            if !patience.wait(error.again_after()) {
                return Err(error.into());
            }
        }
    }

    /// One try. What went wrong with the registry comes inside, and may be worth another.
    fn try_blob(
        &self,
        content: Source<'_>,
        blob: Blob,
        options: &PushOptions<'_>,
        (session, chunk): (&mut Option<Session>, u64),
    ) -> Result<Result<Arrival, RegistryError>, PushError> {
        let begin = || -> Result<Option<Begun>, RegistryError> {
            // The end of an upload may have been lost on the way back.
            if self.has(blob)? {
                return Ok(None);
            }
            if let Some(before) = session.as_ref()
                && let Some(same) = self.status_of(before)?
            {
                return Ok(Some(Begun::Session(same)));
            }
            self.begin(blob, options, chunk).map(Some)
        };
        match begin() {
            Ok(None) if session.is_some() => return Ok(Ok(Arrival::Sent(blob.size))),
            Ok(None) => return Ok(Ok(Arrival::Present)),
            Ok(Some(Begun::Mounted)) => return Ok(Ok(Arrival::Mounted)),
            Ok(Some(Begun::Session(begun))) => *session = Some(begun),
            Err(error) => return Ok(Err(error)),
        }
        let Some(session) = session else {
            return Ok(Ok(Arrival::Present));
        };
        let mut content = content.open(blob, session.offset)?;
        Ok(match self.go_on(&mut *content, blob, session) {
            Tried::Done(bytes) => Ok(Arrival::Sent(bytes)),
            Tried::Broken(error) => Err(error),
        })
    }

    /// Asks for an upload, or for the blob to be taken over from another repository.
    fn begin(&self, blob: Blob, options: &PushOptions<'_>, chunk: u64) -> Result<Begun, RegistryError> {
        let mut begun = None;
        for from in options.mount_from {
            let from = from.replace('/', "%2F");
            let path = format!("blobs/uploads/?mount={}&from={from}", blob.digest);
            let (url, response) = self.post(&path)?;
            // Another repository that may not be looked at is no reason to fail.
            let is_mounted = response.status() == StatusCode::CREATED;
            if is_mounted || response.status() == StatusCode::ACCEPTED {
                // Where it is not taken over an upload is begun, of which one is enough.
                if let Some(Session { url, .. }) = begun.take() {
                    self.cancel(url);
                }
            }
            if is_mounted {
                return Ok(Begun::Mounted);
            }
            if response.status() == StatusCode::ACCEPTED {
                begun = Some(self.session(&url, &response, chunk)?);
            }
        }
        if let Some(session) = begun {
            return Ok(Begun::Session(session));
        }
        let (url, response) = self.post("blobs/uploads/")?;
        match response.status() {
            StatusCode::ACCEPTED => self.session(&url, &response, chunk).map(Begun::Session),
            _ => Err(self.client.refused(BLOB, response)),
        }
    }

    fn post(&self, path: &str) -> Result<(String, Response<Body>), RegistryError> {
        let url = self.client.url(path);
        let response = self.client.send(Message {
            method: Method::POST,
            url: url.clone(),
            headers: Vec::new(),
            content: Content::Nothing,
        })?;
        Ok((url, response))
    }

    fn session(&self, url: &str, response: &Response<Body>, chunk: u64) -> Result<Session, RegistryError> {
        let shortest = number(response, &SHORTEST_CHUNK).unwrap_or(0);
        Ok(Session {
            url: self.next_place(url, response)?,
            offset: 0,
            chunk: chunk.max(shortest),
        })
    }

    /// Forgets an upload. A registry that does not do so now does it later.
    fn cancel(&self, url: String) {
        let _ = self.client.send(Message {
            method: Method::DELETE,
            url,
            headers: Vec::new(),
            content: Content::Nothing,
        });
    }

    /// Where an upload stands, if the registry still knows it.
    fn status_of(&self, session: &Session) -> Result<Option<Session>, RegistryError> {
        let response = self.client.send(Message {
            method: Method::GET,
            url: session.url.clone(),
            headers: Vec::new(),
            content: Content::Nothing,
        })?;
        if response.status() != StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let url = self.client.location(&session.url, &response, BLOB)?;
        Ok(Some(Session {
            url: url.unwrap_or_else(|| session.url.clone()),
            offset: received(&response),
            chunk: session.chunk,
        }))
    }

    /// Sends what is missing, and closes the upload.
    fn go_on(&self, content: &mut dyn Read, blob: Blob, session: &mut Session) -> Tried {
        let began_at = session.offset;
        // A blob that fits into one chunk goes with the request that closes the upload.
        let in_one_piece = session.offset == 0 && blob.size <= session.chunk;
        while !in_one_piece && session.offset < blob.size {
            let length = session.chunk.min(blob.size - session.offset);
            if let Err(error) = self.send_chunk(&mut (&mut *content).take(length), length, session) {
                return Tried::Broken(error);
            }
        }
        match self.close(content, blob, session) {
            Ok(()) => Tried::Done(blob.size - began_at.min(blob.size)),
            Err(error) => Tried::Broken(error),
        }
    }

    fn send_chunk(
        &self,
        chunk: &mut dyn Read,
        length: u64,
        session: &mut Session,
    ) -> Result<(), RegistryError> {
        let last = session.offset + length - 1;
        let response = self.client.send(Message {
            method: Method::PATCH,
            url: session.url.clone(),
            headers: vec![
                (header::CONTENT_TYPE, OCTETS.to_owned()),
                (header::CONTENT_RANGE, format!("{}-{last}", session.offset)),
            ],
            content: Content::Stream(chunk, length),
        })?;
        if response.status() != StatusCode::ACCEPTED {
            return Err(self.client.refused(BLOB, response));
        }
        session.url = self.next_place(&session.url, &response)?;
        session.offset += length;
        Ok(())
    }

    /// Says what the blob is, with all of it when nothing was sent yet.
    fn close(&self, content: &mut dyn Read, blob: Blob, session: &Session) -> Result<(), RegistryError> {
        let join = if session.url.contains('?') { '&' } else { '?' };
        let content = match session.offset {
            0 => Content::Stream(content, blob.size),
            _ => Content::Nothing,
        };
        let response = self.client.send(Message {
            method: Method::PUT,
            url: format!("{}{join}digest={}", session.url, blob.digest),
            headers: vec![(header::CONTENT_TYPE, OCTETS.to_owned())],
            content,
        })?;
        match response.status() {
            StatusCode::CREATED => Ok(()),
            _ => Err(self.client.refused(BLOB, response)),
        }
    }

    fn next_place(&self, url: &str, response: &Response<Body>) -> Result<String, RegistryError> {
        let place = self.client.location(url, response, BLOB)?;
        // The spec wants one; without, the same place is as good a guess as any.
        Ok(place.unwrap_or_else(|| url.to_owned()))
    }
}

/// Bytes that a registry says it has: `Range: 0-99` are 100.
fn received(response: &Response<Body>) -> u64 {
    let range = response.headers().get(header::RANGE);
    let last = range.and_then(|range| {
        range
            .to_str()
            .ok()?
            .trim_start_matches("bytes=")
            .split_once('-')?
            .1
            .parse::<u64>()
            .ok()
    });
    // Nothing is said as `0-0`, which is also one byte; that is found out when it is sent.
    last.filter(|last| *last > 0).map_or(0, |last| last + 1)
}

fn number(response: &Response<Body>, name: &HeaderName) -> Option<u64> {
    response.headers().get(name)?.to_str().ok()?.parse().ok()
}

/// Whether the same may go well another time.
fn is_worth_another(error: &RegistryError) -> bool {
    match error {
        RegistryError::NoAnswer { .. }
        | RegistryError::Interrupted { .. }
        | RegistryError::NoStorage { .. } => true,
        // A token may have run out in the middle, an upload may be forgotten, a server may be starting.
        RegistryError::Refused { status, .. } => {
            let code = status.split(' ').next().unwrap_or_default();
            code.starts_with('5') || matches!(code, "401" | "404" | "408" | "416" | "429")
        }
        _ => false,
    }
}

fn is_refusal_of_chunks(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Refused { status, .. } if ["400", "405", "416"].iter().any(|code| status.starts_with(code)))
}
