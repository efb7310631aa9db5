//! A client of the language server protocol over standard input and output, with just what the tests ask.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use serde_json::{Value, json};
use tapedeck_testkit::DEADLINE;

/// A server that runs until this is dropped.
pub(crate) struct Server {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    requests: u64,
    /// What was said last about each file that nobody has asked for yet.
    findings: HashMap<String, Vec<String>>,
}

impl Server {
    /// Starts the server and tells it to use no schema but those that files name.
    pub(crate) fn start(script: &Path) -> Self {
        let mut process = Command::new("node")
            .arg(script)
            .arg("--stdio")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node can be started");
        let input = process.stdin.take().expect("it is piped");
        let output = process.stdout.take().expect("it is piped");
        let (sender, messages) = channel();
        std::thread::spawn(move || receive(BufReader::new(output), &sender));
        let mut server = Self {
            process,
            input,
            messages,
            requests: 0,
            findings: HashMap::new(),
        };
        let capabilities = json!({ "textDocument": {
            "completion": { "completionItem": { "snippetSupport": true, "documentationFormat": ["markdown"] } },
            "hover": { "contentFormat": ["markdown"] },
            "publishDiagnostics": {},
        }});
        let ours = json!({ "processId": std::process::id(), "rootUri": null, "capabilities": capabilities });
        server.request("initialize", &ours);
        server.notify("initialized", &json!({}));
        let settings = json!({ "schemaStore": { "enable": false }, "validate": true, "completion": true, "hover": true });
        server.notify(
            "workspace/didChangeConfiguration",
            &json!({ "settings": { "yaml": settings } }),
        );
        server
    }

    /// Opens a file.
    pub(crate) fn open(&mut self, address: &str, text: &str) {
        let file = json!({ "uri": address, "languageId": "yaml", "version": 1, "text": text });
        self.notify("textDocument/didOpen", &json!({ "textDocument": file }));
    }

    /// What is said about an open file: line (without the one that names the schema) and message.
    pub(crate) fn findings(&mut self, address: &str) -> Vec<String> {
        loop {
            if let Some(findings) = self.findings.remove(address) {
                return findings;
            }
            self.next();
        }
    }

    /// The labels of what is offered at a place.
    pub(crate) fn offered(&mut self, address: &str, line: usize, column: usize) -> Vec<String> {
        let answer = self.request("textDocument/completion", &place(address, line, column));
        let items = answer.get("items").unwrap_or(&answer);
        let labels = items.as_array().into_iter().flatten();
        labels
            .filter_map(|item| Some(item["label"].as_str()?.to_string()))
            .collect()
    }

    /// What is told about a place.
    pub(crate) fn told(&mut self, address: &str, line: usize, column: usize) -> String {
        let answer = self.request("textDocument/hover", &place(address, line, column));
        answer["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_string()
    }

    fn request(&mut self, method: &str, parameters: &Value) -> Value {
        self.requests += 1;
        let id = json!(self.requests);
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
        loop {
            if let Some(answer) = self.next()
                && answer["id"] == id
            {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    fn notify(&mut self, method: &str, parameters: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }));
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let written = write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len());
        written
            .and_then(|()| self.input.flush())
            .expect("the server reads");
    }

    /// Takes the next message: keeps findings, answers what is asked, and returns answers.
    fn next(&mut self) -> Option<Value> {
        let message = self.messages.recv_timeout(DEADLINE).expect("the server answers");
        match (message.get("method"), message.get("id")) {
            (None, _) => return Some(message),
            (Some(_), Some(id)) => {
                let items = message["params"]["items"].as_array().map_or(0, Vec::len);
                let result = if items > 0 {
                    json!(vec![Value::Null; items])
                } else {
                    Value::Null
                };
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
            }
            (Some(method), None) if method == "textDocument/publishDiagnostics" => {
                let address = message["params"]["uri"].as_str().unwrap_or_default().to_string();
                let found = message["params"]["diagnostics"].as_array().into_iter().flatten();
                let shown = found.map(|one| {
                    format!(
                        "{}: {}",
                        one["range"]["start"]["line"],
                        one["message"].as_str().unwrap_or_default()
                    )
                });
                self.findings.insert(address, shown.collect());
            }
            (Some(_), None) => {}
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn place(address: &str, line: usize, column: usize) -> Value {
    json!({ "textDocument": { "uri": address }, "position": { "line": line, "character": column } })
}

/// Reads messages until the server ends.
fn receive(mut output: impl BufRead, sender: &Sender<Value>) {
    while let Some(message) = message(&mut output) {
        if sender.send(message).is_err() {
            return;
        }
    }
}

/// Headers, an empty line, and as many bytes as the headers say.
fn message(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        output.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
