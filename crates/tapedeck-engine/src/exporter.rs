//! A listener for Prometheus, on this machine alone: as much of HTTP as a scrape needs. Off unless it is asked for.

use std::net::{AddrParseError, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use tapedeck_api::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use crate::attendance::ClientId;
use crate::http::{self, Answer, Request as HttpRequest};
use crate::main_loop::Event;
use crate::prometheus::CONTENT_TYPE;

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
    let Some(request) = http::read(&mut stream).await? else {
        return Ok(());
    };
    let (status, body) = match judge(&request) {
        Ok(()) => match metrics(&events).await {
            Some(text) => (200, text),
            None => (503, "the engine is ending\n".to_owned()),
        },
        Err((status, why)) => (status, format!("{why}\n")),
    };
    let content_type = CONTENT_TYPE;
    let answer = Answer {
        status,
        content_type,
        body,
    };
    http::write(&mut stream, &answer).await
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
fn judge(request: &HttpRequest) -> Result<(), (u16, &'static str)> {
    // A page in a browser on this machine may reach this port under a name of its own.
    if !request.host.as_deref().is_none_or(is_own_name) {
        return Err((403, "ask for it by the address of this machine"));
    }
    if request.method != "GET" {
        return Err((405, "metrics can only be read, with GET"));
    }
    match request.path() {
        "/metrics" => Ok(()),
        _ => Err((404, "metrics are at /metrics")),
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
