//! Something between tapedeck and an emulator that does what networks and busy services do: it throttles, fails, hangs up before, while or
//! after the emulator answers, is slow, and goes away.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use fastrand::Rng;

/// What somebody on the way says who has too much to do.
const CROWDED: &str =
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// See the module. It serves until the process ends.
#[derive(Debug)]
pub struct Proxy {
    address: String,
    faults: Arc<AtomicU64>,
    is_gone: Arc<AtomicBool>,
}

/// A request as it came.
struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn contains(&self, text: &str) -> bool {
        self.head.contains(text) || String::from_utf8_lossy(&self.body).contains(text)
    }
}

/// What is done to a request.
#[derive(Clone, Copy)]
enum Fate {
    Passed,
    Slow,
    Throttled,
    /// By somebody on the way, who does not speak as services do.
    Crowded,
    Failed,
    /// The connection ends before anything is done.
    Lost,
    /// The connection ends when it is done: only the answer is lost.
    Unanswered,
    /// The connection ends in the middle of the answer.
    Cut,
}

impl Proxy {
    /// One before an emulator. Of `of` requests one meets a fault on average; the seed says which.
    #[must_use]
    pub fn before(endpoint: &str, seed: u64, of: u32) -> Self {
        let random = Mutex::new(Rng::with_seed(seed));
        Self::start(endpoint, move |_| {
            let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
            match random.u32(0..of) {
                0 => fault(&mut random),
                _ => Fate::Passed,
            }
        })
    }

    /// One that is slow with everything.
    #[must_use]
    pub fn slow(endpoint: &str) -> Self {
        Self::start(endpoint, |_| Fate::Slow)
    }

    fn start(endpoint: &str, fate: impl Fn(&Request) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a listener has an address")
            .to_string();
        let upstream = endpoint.trim_start_matches("http://").to_owned();
        let faults = Arc::new(AtomicU64::new(0));
        let is_gone = Arc::new(AtomicBool::new(false));
        let (counted, gone) = (Arc::clone(&faults), Arc::clone(&is_gone));
        let fate = Arc::new(move |request: &Request| match gone.load(Ordering::Relaxed) {
            true => Fate::Lost,
            false => fate(request),
        });
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (fate, counted, upstream) = (Arc::clone(&fate), Arc::clone(&counted), upstream.clone());
                thread::spawn(move || {
                    // Whoever has gone away needs no answer.
                    let _ = serve(client, &upstream, &*fate, &counted);
                });
            }
        });
        Self {
            address,
            faults,
            is_gone,
        }
    }

    /// Its URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// One that passes nothing.
    #[must_use]
    pub fn before_nobody() -> Self {
        // Of this port nobody listens.
        Self::before("http://127.0.0.1:1", 1, 1)
    }

    /// One that passes everything, but loses the answer to the first request in which each of these texts stands.
    #[must_use]
    pub fn losing(endpoint: &str, texts: &[&str]) -> Self {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let waiting = Mutex::new(texts);
        Self::start(endpoint, move |request| {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            match waiting.iter().position(|text| request.contains(text)) {
                Some(place) => {
                    waiting.remove(place);
                    Fate::Unanswered
                }
                None => Fate::Passed,
            }
        })
    }

    /// One that passes everything, until it goes away.
    #[must_use]
    pub fn steady(endpoint: &str) -> Self {
        Self::start(endpoint, |_| Fate::Passed)
    }

    /// The same, while somebody looks at the head and the body of each request.
    #[must_use]
    pub fn watched(endpoint: &str, look: impl Fn(&str, &[u8]) + Send + Sync + 'static) -> Self {
        Self::start(endpoint, move |request| {
            look(&request.head, &request.body);
            Fate::Passed
        })
    }

    /// Passes nothing any more, or everything again.
    pub fn set_gone(&self, is_gone: bool) {
        self.is_gone.store(is_gone, Ordering::Relaxed);
    }

    /// How many requests have met a fault.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }
}

fn fault(random: &mut Rng) -> Fate {
    let all = [
        Fate::Slow,
        Fate::Throttled,
        Fate::Crowded,
        Fate::Failed,
        Fate::Lost,
        Fate::Unanswered,
        Fate::Cut,
    ];
    all[random.usize(0..all.len())]
}

/// Serves one request of a connection.
fn serve(
    mut client: TcpStream,
    upstream: &str,
    fate: &dyn Fn(&Request) -> Fate,
    faults: &AtomicU64,
) -> std::io::Result<()> {
    let Some(request) = read(&mut client)? else {
        return Ok(());
    };
    // Docker pulls through it as well, and what it makes of faults is not what is tried.
    let is_ours = !request.head.to_ascii_lowercase().contains("user-agent: docker/");
    let fate = match is_ours {
        true => fate(&request),
        false => Fate::Passed,
    };
    if !matches!(fate, Fate::Passed) {
        faults.fetch_add(1, Ordering::Relaxed);
    }
    match fate {
        Fate::Passed => client.write_all(&ask(upstream, &request)?)?,
        Fate::Slow => {
            thread::sleep(Duration::from_millis(300));
            client.write_all(&ask(upstream, &request)?)?;
        }
        Fate::Throttled => client.write_all(throttled(&request).as_bytes())?,
        Fate::Crowded => client.write_all(CROWDED.as_bytes())?,
        Fate::Failed => client.write_all(answer("500 Internal Server Error", "text/plain", "").as_bytes())?,
        Fate::Lost => {}
        Fate::Unanswered => drop(ask(upstream, &request)?),
        Fate::Cut => {
            let answer = ask(upstream, &request)?;
            client.write_all(&answer[..answer.len() * 2 / 3])?;
        }
    }
    client.shutdown(Shutdown::Both)
}

/// A request, whole.
fn read(client: &mut TcpStream) -> std::io::Result<Option<Request>> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    let lower = head.to_ascii_lowercase();
    let value = |name: &str| {
        let line = lower.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().to_owned())
    };
    if value("expect:").is_some() {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut body = Vec::new();
    match value("content-length:") {
        Some(length) => {
            body.resize(length.parse().unwrap_or_default(), 0);
            reader.read_exact(&mut body)?;
        }
        None if value("transfer-encoding:").is_some() => {
            while !body.ends_with(b"0\r\n\r\n") {
                let mut byte = [0];
                reader.read_exact(&mut byte)?;
                body.push(byte[0]);
            }
        }
        None => {}
    }
    Ok(Some(Request { head, body }))
}

/// What the emulator answers. The head is passed on as it came, since it is signed, but for how long connections last.
fn ask(upstream: &str, request: &Request) -> std::io::Result<Vec<u8>> {
    let is_passed = |line: &&str| {
        let lower = line.to_ascii_lowercase();
        !lower.starts_with("connection:") && !lower.starts_with("expect:")
    };
    let lines: Vec<&str> = request.head.trim_end().lines().filter(is_passed).collect();
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n")).as_bytes())?;
    server.write_all(&request.body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}

/// What a service says that has too much to do, each in its own words.
fn throttled(request: &Request) -> String {
    let head = request.head.to_ascii_lowercase();
    if head.contains("x-amz-target:") {
        let body = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
        return answer("400 Bad Request", "application/x-amz-json-1.1", body);
    }
    if head.contains("application/x-www-form-urlencoded") {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>\
                    <RequestId>1</RequestId></ErrorResponse>";
        return answer("400 Bad Request", "text/xml", body);
    }
    if request.head.contains(" /v2/") {
        return answer("429 Too Many Requests", "application/json", "");
    }
    let body = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    answer("503 Slow Down", "application/xml", body)
}

fn answer(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
