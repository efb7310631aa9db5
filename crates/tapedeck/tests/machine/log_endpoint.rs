//! An HTTPS endpoint on this machine that takes what Firehose sends, and answers as it is told.
//!
//! Its certificate is in the folder beside, made once for `127.0.0.1` and good for a hundred years; so is its key, which
//! protects nothing.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// How requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// As Firehose expects it.
    Acknowledge,
    /// With this status.
    Status(u16),
    /// With the id of another request.
    OtherId,
    /// Not at all: the connection is closed.
    Nothing,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Its headers.
    pub(crate) headers: Headers,
    /// Its body, unpacked.
    pub(crate) body: Value,
    /// What was in its records: what CloudWatch Logs hands on.
    pub(crate) payloads: Vec<Value>,
    /// How it was answered.
    pub(crate) answer: Answer,
}

impl Received {
    /// The lines in it.
    pub(crate) fn messages(&self) -> Vec<String> {
        let events = self
            .payloads
            .iter()
            .flat_map(|payload| payload["logEvents"].as_array().unwrap());
        events
            .map(|event| event["message"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// See the module.
pub(crate) struct Endpoint {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    answer: Arc<Mutex<Answer>>,
}

impl Endpoint {
    /// One that answers so. It listens until the tests are over.
    pub(crate) fn answering(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Self {
            port: listener.local_addr().unwrap().port(),
            received: Arc::default(),
            answer: Arc::new(Mutex::new(answer)),
        };
        let config = Arc::new(tls());
        let (received, answer) = (Arc::clone(&endpoint.received), Arc::clone(&endpoint.answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (config, received, answer) =
                    (Arc::clone(&config), Arc::clone(&received), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let connection = ServerConnection::new(config).unwrap();
                    // A client that goes away is no matter.
                    let _ = serve(StreamOwned::new(connection, stream), &received, &answer);
                });
            }
        });
        endpoint
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}/firehose?token=in-the-address", self.port)
    }

    /// The file with its certificate.
    pub(crate) fn certificate() -> &'static Path {
        Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/machine/endpoint/certificate.pem"
        ))
    }

    /// From now on it answers so.
    pub(crate) fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// All requests so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The lines of all requests that it has acknowledged, in order.
    pub(crate) fn acknowledged(&self) -> Vec<String> {
        let received = self.received();
        let acknowledged = received.iter().filter(|one| one.answer == Answer::Acknowledge);
        acknowledged.flat_map(Received::messages).collect()
    }
}

fn tls() -> ServerConfig {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("endpoint/certificate.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("endpoint/key.pem")).unwrap();
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

/// Serves one connection until it ends.
fn serve(
    stream: StreamOwned<ServerConnection, TcpStream>,
    received: &Mutex<Vec<Received>>,
    answer: &Mutex<Answer>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let Some((headers, body)) = read_request(&mut stream)? else {
            return Ok(());
        };
        let answer = *answer.lock().unwrap();
        let body: Value = serde_json::from_slice(&unpacked(&headers, body)).unwrap();
        let id = body["requestId"].as_str().unwrap().to_owned();
        received.lock().unwrap().push(Received {
            payloads: payloads(&body),
            headers,
            body,
            answer,
        });
        let (status, id) = match answer {
            Answer::Acknowledge => (200, id),
            Answer::Status(status) => (status, id),
            Answer::OtherId => (200, "another".to_owned()),
            Answer::Nothing => return Ok(()),
        };
        let text = format!(r#"{{"requestId":"{id}","timestamp":1,"errorMessage":"said by the endpoint"}}"#);
        let length = text.len();
        write!(
            stream.get_mut(),
            "HTTP/1.1 {status} Word\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{text}"
        )?;
        stream.get_mut().flush()?;
    }
}

/// Headers, with names in lower case.
type Headers = BTreeMap<String, String>;

/// Headers and body of the next request; none at the end of the connection.
fn read_request(stream: &mut impl BufRead) -> std::io::Result<Option<(Headers, Vec<u8>)>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    assert!(
        line.starts_with("POST /firehose?token=in-the-address HTTP/1.1"),
        "{line}"
    );
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body)?;
    Ok(Some((headers, body)))
}

fn unpacked(headers: &Headers, body: Vec<u8>) -> Vec<u8> {
    match headers.get("content-encoding").map(String::as_str) {
        None => body,
        Some("gzip") => gunzip(&body),
        Some(other) => panic!("Firehose knows no {other}"),
    }
}

fn payloads(body: &Value) -> Vec<Value> {
    let records = body["records"].as_array().unwrap().iter();
    let data = records.map(|record| STANDARD.decode(record["data"].as_str().unwrap()).unwrap());
    data.map(|data| serde_json::from_slice(&gunzip(&data)).unwrap())
        .collect()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut unpacked)
        .unwrap();
    unpacked
}
