//! The server: a thread that takes connections and one for each of them, which has its own connection to Redis.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};

use super::http::{self, Answer, Request};
use super::relay;
use super::request::{self, Asked, Right};
use super::resp::{self, Command, Reply};
use super::{Settings, request::failure};

/// Connections that are served at the same time.
const MOST: usize = 512;
/// How long Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a client may take to send what it began, or to take what it is sent, and be silent in between.
const IDLE: Duration = Duration::from_secs(300);

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    is_over: AtomicBool,
    /// What to shut down at the end, by a number.
    connections: Mutex<HashMap<usize, TcpStream>>,
}

impl Server {
    /// Serves on `listener`, in threads of its own. Redis need not run yet: it is connected to when it is needed.
    ///
    /// # Errors
    /// When the listener has no address or no thread can be started.
    pub fn start(listener: TcpListener, settings: Settings) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            settings,
            is_over: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let accepted = Arc::clone(&shared);
        let accepting = thread::Builder::new()
            .name("upstash".to_owned())
            .spawn(move || accept(&listener, &accepted))?;
        Ok(Self {
            shared,
            address,
            accepting: Some(accepting),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        for connection in self.shared.connections().values() {
            connection.shutdown(Shutdown::Both).ok();
        }
        // Wakes the thread that waits for connections.
        let mut own = self.address;
        if own.ip().is_unspecified() {
            own.set_ip(match own {
                SocketAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
                SocketAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
            });
        }
        if TcpStream::connect_timeout(&own, Duration::from_secs(1)).is_ok()
            && let Some(accepting) = self.accepting.take()
        {
            accepting.join().ok();
        }
    }
}

impl Shared {
    fn connections(&self) -> MutexGuard<'_, HashMap<usize, TcpStream>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for number in 0.. {
        let accepted = listener.accept();
        if shared.is_over.load(Ordering::Acquire) {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // No more descriptors, say: later there may be some.
            thread::sleep(Duration::from_millis(100));
            continue;
        };
        let Ok(kept) = stream.try_clone() else { continue };
        {
            let mut connections = shared.connections();
            if connections.len() >= MOST {
                continue;
            }
            connections.insert(number, kept);
        }
        let serving = Arc::clone(shared);
        let started = thread::Builder::new().name("upstash".to_owned()).spawn(move || {
            // A connection that fails is one that ends.
            serve(stream, &serving.settings).ok();
            serving.connections().remove(&number);
        });
        if started.is_err() {
            shared.connections().remove(&number);
        }
    }
}

/// Serves one connection to its end.
fn serve(mut stream: TcpStream, settings: &Settings) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_write_timeout(Some(IDLE))?;
    if settings.trusted.is_none() && relay::is_of_redis(&stream)? {
        return relay::relay(stream, settings.redis);
    }
    let mut received = Vec::new();
    let mut redis = Redis { settings, link: None };
    loop {
        let request = match http::read(&mut stream, &mut received) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let text = format!("ERR this is no request: {error}");
                return http::write(&mut stream, &failure(400, &text));
            }
            Err(error) => return Err(error),
        };
        let answer = match checked(&request, settings) {
            Ok((Asked::Messages(command), _)) => return messages(&mut stream, settings, &command),
            Ok((asked, right)) => redis.answer(&request, asked, right),
            Err(answer) => answer,
        };
        let is_last = request.is_last();
        let answer = match request.method.as_str() {
            "HEAD" => Answer {
                body: Vec::new(),
                ..answer
            },
            _ => answer,
        };
        http::write(&mut stream, &answer)?;
        if is_last {
            return Ok(());
        }
    }
}

fn checked(request: &Request, settings: &Settings) -> Result<(Asked, Right), Answer> {
    let right = request::right(request, settings);
    let right = right.ok_or_else(|| failure(401, "WRONGPASS invalid or missing auth token"))?;
    Ok((request::asked(request)?, right))
}

/// A connection to Redis, made when it is needed.
struct Redis<'a> {
    settings: &'a Settings,
    link: Option<Link>,
}

/// What both kinds of connections can do.
trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

struct Link {
    stream: BufReader<Box<dyn Stream>>,
    socket: TcpStream,
}

impl Redis<'_> {
    fn answer(&mut self, request: &Request, asked: Asked, right: Right) -> Answer {
        let is_encoded = request
            .header("upstash-encoding")
            .is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
        let answered = match asked {
            Asked::One(command) | Asked::Messages(command) => self
                .judged(&command, right)
                .map(|reply| request::answer_to_one(&reply, is_encoded)),
            Asked::Pipeline(commands) => {
                let replies = commands.iter().map(|command| self.judged(command, right));
                let replies = replies.collect::<io::Result<Vec<_>>>();
                replies.map(|replies| request::answer_to_all(&replies, is_encoded))
            }
            Asked::Transaction(commands) => self.transaction(&commands, right, is_encoded),
        };
        answered.unwrap_or_else(|error| {
            self.link = None;
            failure(503, &format!("ERR Redis does not answer: {error}"))
        })
    }

    /// The reply to a command, or why it is refused.
    fn judged(&mut self, command: &Command, right: Right) -> io::Result<Reply> {
        match self.refusal(command, right)? {
            Some(refused) => Ok(Reply::Error(refused)),
            None => self.ask(command),
        }
    }

    fn refusal(&mut self, command: &Command, right: Right) -> io::Result<Option<String>> {
        let refused = request::refusal(command);
        if refused.is_some() || right == Right::Everything || self.is_reading(command)? {
            return Ok(refused);
        }
        let name = request::name(command).to_ascii_lowercase();
        Ok(Some(format!(
            "NOPERM this user has no permissions to run the '{name}' command"
        )))
    }

    /// Whether Redis counts this as a command that only reads. What it does not know it may refuse itself.
    fn is_reading(&mut self, command: &Command) -> io::Result<bool> {
        let name = request::name(command);
        if ["ECHO", "PING"].contains(&name.as_str()) {
            return Ok(true);
        }
        let about = [b"COMMAND".to_vec(), b"INFO".to_vec(), name.into_bytes()];
        let Reply::List(found) = self.ask(&about)? else {
            return Ok(false);
        };
        let Some(Reply::List(facts)) = found.first() else {
            return Ok(true);
        };
        let flags = match facts.get(2) {
            Some(Reply::List(flags)) => flags.as_slice(),
            _ => &[],
        };
        let is_readonly = |flag: &Reply| matches!(flag, Reply::Word(word) if word == "readonly");
        Ok(flags.iter().any(is_readonly))
    }

    fn transaction(&mut self, commands: &[Command], right: Right, is_encoded: bool) -> io::Result<Answer> {
        for command in commands {
            if let Some(refused) = self.refusal(command, right)? {
                return Ok(failure(400, &refused));
            }
        }
        self.ask(&[b"MULTI".to_vec()])?;
        let mut wrong = None;
        for command in commands {
            if let Reply::Error(text) = self.ask(command)? {
                wrong.get_or_insert(text);
            }
        }
        match (self.ask(&[b"EXEC".to_vec()])?, wrong) {
            (Reply::List(replies), None) => Ok(request::answer_to_all(&replies, is_encoded)),
            (Reply::Error(text), None) => Ok(failure(400, &text)),
            (_, Some(first)) => Ok(failure(
                400,
                &format!("EXECABORT Transaction discarded because of: {first}"),
            )),
            (_, None) => Ok(failure(400, "EXECABORT Transaction discarded")),
        }
    }

    fn ask(&mut self, command: &[Vec<u8>]) -> io::Result<Reply> {
        let link = match self.link.take().filter(Link::is_alive) {
            Some(link) => link,
            None => Link::to(self.settings)?,
        };
        self.link.insert(link).ask(command)
    }
}

impl Link {
    fn to(settings: &Settings) -> io::Result<Self> {
        let socket = TcpStream::connect_timeout(&settings.redis, Duration::from_secs(5))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let used = socket.try_clone()?;
        let stream: Box<dyn Stream> = match &settings.trusted {
            None => Box::new(used),
            Some(trusted) => Box::new(encrypted(used, settings.redis.ip(), trusted)?),
        };
        let mut link = Self {
            stream: BufReader::new(stream),
            socket,
        };
        if !settings.password.is_empty() {
            let words = [b"AUTH".to_vec(), settings.password.clone().into_bytes()];
            if let Reply::Error(text) = link.ask(&words)? {
                return Err(io::Error::other(text));
            }
        }
        Ok(link)
    }

    fn ask(&mut self, command: &[Vec<u8>]) -> io::Result<Reply> {
        let stream = self.stream.get_mut();
        stream.write_all(&resp::encoded(command))?;
        stream.flush()?;
        resp::read(&mut self.stream)
    }

    /// Whether Redis has not ended it meanwhile. A command that was sent is never sent again: it may have been carried out.
    fn is_alive(&self) -> bool {
        if self.socket.set_nonblocking(true).is_err() {
            return false;
        }
        let seen = self.socket.peek(&mut [0]);
        let is_quiet = matches!(seen, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        is_quiet && self.socket.set_nonblocking(false).is_ok()
    }
}

fn encrypted(
    socket: TcpStream,
    server: IpAddr,
    trusted: &std::path::Path,
) -> io::Result<rustls::StreamOwned<rustls::ClientConnection, TcpStream>> {
    let pem = fs_err::read(trusted)?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(io::Error::other)?;
        roots.add(certificate).map_err(io::Error::other)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = rustls::ClientConnection::new(Arc::new(config), ServerName::from(server));
    let connection = connection.map_err(io::Error::other)?;
    Ok(rustls::StreamOwned::new(connection, socket))
}

/// Tells messages of channels until one side goes away.
fn messages(stream: &mut TcpStream, settings: &Settings, command: &Command) -> io::Result<()> {
    let mut link = match Link::to(settings) {
        Ok(link) => link,
        Err(error) => {
            let text = format!("ERR Redis does not answer: {error}");
            return http::write(stream, &failure(503, &text));
        }
    };
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n",
    )?;
    let mut reply = link.ask(command)?;
    link.socket.set_read_timeout(Some(Duration::from_secs(15)))?;
    loop {
        if let Reply::List(parts) = &reply {
            let parts = parts.iter().map(|part| match part {
                Reply::Text(text) => String::from_utf8_lossy(text).into_owned(),
                Reply::Number(number) => number.to_string(),
                Reply::Word(word) | Reply::Error(word) => word.clone(),
                Reply::Nothing | Reply::List(_) => String::new(),
            });
            let parts: Vec<String> = parts.collect();
            stream.write_all(format!("data: {}\n\n", parts.join(",")).as_bytes())?;
        }
        reply = loop {
            match next(&mut link) {
                Ok(reply) => break reply,
                // So that somebody who went away is noticed: a line that clients pass over.
                Err(error) if is_timeout(&error) => stream.write_all(b":\n\n")?,
                Err(error) => return Err(error),
            }
        };
    }
}

/// Waits for the beginning of a reply, which may take any time, before it is read.
fn next(link: &mut Link) -> io::Result<Reply> {
    if io::BufRead::fill_buf(&mut link.stream)?.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    resp::read(&mut link.stream)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
