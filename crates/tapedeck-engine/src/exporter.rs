//! A listener for Prometheus, on this machine alone: as much of HTTP as a scrape needs. Off unless it is asked for.

use std::net::{AddrParseError, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use tapedeck_api::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use crate::attendance::ClientId;
use crate::main_loop::Event;
use crate::prometheus::CONTENT_TYPE;

/// The longest request that is read.
const LONGEST: usize = 8 * 1024;

/// How long a request and its answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections at the same time.
const CONNECTIONS: usize = 8;

/// Whoever asks over HTTP holds nothing, so it needs no number of its own.
const NOBODY: ClientId = ClientId(0);

/// An address that only this machine reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopbackAddress(SocketAddr);

/// Why an address is none to serve metrics on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotLoopback {
    /// Other machines could reach it.
    #[error("{0} is not an address of this machine alone: metrics are served on 127.0.0.1 or [::1] only")]
    Public(SocketAddr),
    /// It is no address and port.
    #[error("`{text}` is not an address and a port, such as 127.0.0.1:9464")]
    Unreadable {
        /// What was given.
        text: String,
        /// Why.
        #[source]
        source: AddrParseError,
    },
}

impl LoopbackAddress {
    /// The address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0
    }
}

impl FromStr for LoopbackAddress {
    type Err = NotLoopback;
    fn from_str(text: &str) -> Result<Self, NotLoopback> {
        let address: SocketAddr = text.parse().map_err(|source| NotLoopback::Unreadable {
            text: text.to_owned(),
            source,
        })?;
        if address.ip().is_loopback() {
            Ok(Self(address))
        } else {
            Err(NotLoopback::Public(address))
        }
    }
}

/// Listens on an address until the engine ends; returns the address, with its port if it was 0.
pub(crate) async fn serve(
    address: LoopbackAddress,
    events: mpsc::UnboundedSender<Event>,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address.0).await?;
    let bound = listener.local_addr()?;
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(CONNECTIONS));
    tokio::spawn(async move {
        loop {
            let Ok(place) = places.clone().acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let events = events.clone();
                    tokio::spawn(async move {
                        let _ = tokio::time::timeout(PATIENCE, answer(stream, events)).await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    Ok(bound)
}

async fn answer(mut stream: TcpStream, events: mpsc::UnboundedSender<Event>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut chunk = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut chunk).await?;
        if length == 0 || request.len() + length > LONGEST {
            return Ok(());
        }
        request.extend_from_slice(&chunk[..length]);
    }
    let (status, body) = match judge(&String::from_utf8_lossy(&request)) {
        Ok(()) => match metrics(&events).await {
            Some(text) => ("200 OK", text),
            None => ("503 Service Unavailable", "the engine is ending\n".to_owned()),
        },
        Err((status, why)) => (status, format!("{why}\n")),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

async fn metrics(events: &mpsc::UnboundedSender<Event>) -> Option<String> {
    let (reply, answer) = oneshot::channel();
    events
        .send(Event::Asked(NOBODY, Request::PrometheusText, reply))
        .ok()?;
    match answer.await.ok()? {
        Response::Text { text } => Some(text),
        _ => None,
    }
}

/// Whether a request is answered; else with what.
fn judge(request: &str) -> Result<(), (&'static str, &'static str)> {
    let mut lines = request.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let host = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, value)| value.trim());
    // A page in a browser on this machine may reach this port under a name of its own.
    if !host.is_none_or(is_own_name) {
        return Err(("403 Forbidden", "ask for it by the address of this machine"));
    }
    if method != Some("GET") {
        return Err(("405 Method Not Allowed", "metrics can only be read, with GET"));
    }
    match path.split('?').next() {
        Some("/metrics") => Ok(()),
        _ => Err(("404 Not Found", "metrics are at /metrics")),
    }
}

fn is_own_name(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
        if is_port { name } else { host }
    });
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
