//! A way to a registry that breaks connections in the middle.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};

/// When a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    /// After so many bytes towards the registry.
    AfterBytes(u64),
    /// After so many uploads were begun or chunks taken (`202 Accepted`), between two requests.
    AfterAccepted(usize),
}

/// Passes everything on, but for what it breaks.
pub(crate) struct Proxy {
    pub(crate) host: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    target: String,
    /// For the connections to come, one each.
    breaks: Mutex<Vec<Break>>,
    broken: AtomicUsize,
    /// Bytes that went towards the registry.
    passed: AtomicU64,
    is_over: AtomicBool,
}

impl Proxy {
    /// A way to `target` whose first connections break, in this order.
    pub(crate) fn to(target: &str, breaks: &[Break]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            target: target.to_owned(),
            breaks: Mutex::new(breaks.iter().rev().copied().collect()),
            broken: AtomicUsize::new(0),
            passed: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        });
        let own = Arc::clone(&shared);
        let thread = spawn(move || {
            for stream in listener.incoming() {
                if own.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let own = Arc::clone(&own);
                spawn(move || own.serve(stream.unwrap()));
            }
        });
        Self {
            host,
            shared,
            thread: Some(thread),
        }
    }

    /// How many connections it broke.
    pub(crate) fn broken(&self) -> usize {
        self.shared.broken.load(Ordering::SeqCst)
    }

    /// Bytes that went towards the registry.
    pub(crate) fn passed(&self) -> u64 {
        self.shared.passed.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(self: Arc<Self>, client: TcpStream) {
        // A client that has gone, or a registry that has: nothing to pass on.
        let Ok(server) = TcpStream::connect(&self.target) else {
            return;
        };
        let rule = self.breaks.lock().unwrap().pop();
        let (from_server, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let back = Arc::clone(&self);
        let answers = spawn(move || back.answers(from_server, to_client, rule));
        self.requests(client, server, rule);
        answers.join().unwrap();
    }

    fn requests(&self, mut client: TcpStream, mut server: TcpStream, rule: Option<Break>) {
        let mut buffer = vec![0; 1 << 14];
        let mut left = match rule {
            Some(Break::AfterBytes(bytes)) => bytes,
            _ => u64::MAX,
        };
        while let Ok(count @ 1..) = client.read(&mut buffer) {
            let allowed = count.min(usize::try_from(left).unwrap_or(usize::MAX));
            if server.write_all(&buffer[..allowed]).is_err() {
                break;
            }
            self.passed.fetch_add(allowed as u64, Ordering::SeqCst);
            left -= allowed as u64;
            if left == 0 {
                self.cut(&client, &server);
                return;
            }
        }
        let _ = server.shutdown(Shutdown::Write);
    }

    fn answers(&self, mut server: TcpStream, mut client: TcpStream, rule: Option<Break>) {
        let mut buffer = vec![0; 1 << 14];
        let mut accepted = 0;
        while let Ok(count @ 1..) = server.read(&mut buffer) {
            if client.write_all(&buffer[..count]).is_err() {
                break;
            }
            accepted += String::from_utf8_lossy(&buffer[..count])
                .matches("HTTP/1.1 202")
                .count();
            if matches!(rule, Some(Break::AfterAccepted(most)) if accepted >= most) {
                self.cut(&client, &server);
                return;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
    }

    fn cut(&self, client: &TcpStream, server: &TcpStream) {
        self.broken.fetch_add(1, Ordering::SeqCst);
        // Either may have hung up already.
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes it; if that fails it has ended already.
        let _ = TcpStream::connect(&self.host);
        assert!(self.thread.take().is_some_and(|thread| thread.join().is_ok()));
    }
}
