//! The REST protocol of Upstash in front of a Redis: what stands in for an `upstash-redis` database.
//!
//! ```text
//! POST /            ["SET", "a", "b"]       one command
//! POST /pipeline    [["SET", …], …]         several, each on its own
//! POST /multi-exec  [["SET", …], …]         several, all or none
//! GET  /set/a/b?EX=100                      one command, also with the last argument as body
//! POST /subscribe/a                         messages of a channel, as an event stream
//! ```
//!
//! Who asks has to bring a token, as `Authorization: Bearer …` or `?_token=…`; with the read-only one, only commands are
//! taken that Redis itself counts as such. With `Upstash-Encoding: base64` all texts of a result but `OK` are encoded.
//!
//! A connection of a client has a connection to Redis of its own, made when it first asks something. Commands that would
//! change what a connection is, or wait, are refused as Upstash refuses them.
//!
//! Upstash speaks the protocol of Redis itself on the same port. So does this, unless that Redis listens with TLS: a connection that
//! begins as one of Redis does, with `*`, is handed on as it is.

mod http;
mod relay;
mod request;
mod resp;
mod serve;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

pub use serve::Server;

/// Between two looks for a Redis that has not started yet.
const PAUSE: Duration = Duration::from_millis(20);

/// Serves on a port of this machine's, from when Redis answers on.
///
/// # Errors
/// When the port cannot be listened on.
pub fn run(port: u16, settings: Settings) -> io::Result<Infallible> {
    while TcpStream::connect(settings.redis).is_err() {
        thread::sleep(PAUSE);
    }
    let _server = Server::start(TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?, settings)?;
    loop {
        thread::park();
    }
}

/// What is served.
#[derive(Clone)]
pub struct Settings {
    /// Where Redis listens.
    pub redis: SocketAddr,
    /// The password of Redis.
    pub password: String,
    /// The certificates, in PEM, of whom to trust when Redis listens with TLS; none when it does not.
    pub trusted: Option<PathBuf>,
    /// The token that may do everything.
    pub token: String,
    /// The token that may only read.
    pub read_only_token: Option<String>,
}

/// Without what is secret.
impl std::fmt::Debug for Settings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Settings")
            .field("redis", &self.redis)
            .field("trusted", &self.trusted)
            .finish_non_exhaustive()
    }
}
