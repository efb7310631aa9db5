//! The wire form is a promise to clients of other builds: it is written down here.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;

use tapedeck_model::{ContainerSpec, StackName};

use crate::*;

#[test]
fn requests_have_a_stable_wire_form() {
    let request = Request::DescribeStack {
        name: StackName::new("heartbeat-dev").unwrap(),
        newer_than: Some(7),
        patience_ms: 500,
    };
    let line = serde_json::to_string(&request).unwrap();
    assert_eq!(
        line,
        r#"{"request":"describeStack","name":"heartbeat-dev","newerThan":7,"patienceMs":500}"#
    );
    assert_eq!(serde_json::from_str::<Request>(&line).unwrap(), request);
}

/// Specs are in databases of engines, too.
#[test]
fn a_spec_without_secrets_is_written_as_it_was_before_there_were_any() {
    let check = |text: &str| {
        let spec: ContainerSpec = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&spec).unwrap(), text);
        spec
    };
    let digest = "ab".repeat(32);
    let before = format!(r#"{{"image":"sha256:{digest}","environment":{{"A":"b"}},"#);
    let after = r#""cpu":250,"memory":512,"stop_timeout":2}"#;
    assert!(check(&format!("{before}{after}")).secrets.is_empty());
    let secrets = r#""secrets":{"URL":[{"text":"pg://"},{"secret":"db.login.password"}]},"#;
    let named = check(&format!("{before}{secrets}{after}"));
    assert_eq!(named.secrets["URL"].references().count(), 1);
    let wrong = r#""secrets":{"URL":[{"secret":"no name"}]},"#;
    assert!(serde_json::from_str::<ContainerSpec>(&format!("{before}{wrong}{after}")).is_err());
}

/// Serves one connection with the given lines, each after one line was read, and returns what was read.
fn serve(
    lines: &'static [&'static str],
) -> (
    tempfile::TempDir,
    std::path::PathBuf,
    std::thread::JoinHandle<Vec<String>>,
) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut requests = BufReader::new(stream.try_clone().unwrap());
        let mut read = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                let mut request = String::new();
                requests.read_line(&mut request).unwrap();
                read.push(request);
            }
            writeln!(stream, "{line}").unwrap();
        }
        read
    });
    (folder, socket, served)
}

#[test]
fn a_refusal_is_an_error_in_words() {
    let (_folder, socket, served) = serve(&[
        r#"{"protocol":7,"version":"0.0.0","pid":1}"#,
        r#"{"response":"refused","refusal":{"kind":"unknownStack","name":"demo-dev"}}"#,
    ]);
    let mut client = Client::connect(&socket).unwrap();
    let error = client
        .describe_stack(&StackName::new("demo-dev").unwrap())
        .unwrap_err();
    assert_eq!(error.to_string(), "no stack named `demo-dev` is deployed here");
    let read = served.join().unwrap();
    assert_eq!(read.len(), 1);
    assert!(read[0].contains("describeStack"));
}

#[test]
fn an_engine_of_another_protocol_is_named() {
    let (_folder, socket, served) = serve(&[r#"{"protocol":99,"version":"9.0.0","pid":42}"#]);
    let error = Client::connect(&socket).unwrap_err().to_string();
    assert!(error.contains("version 9.0.0, pid 42"), "{error}");
    assert!(error.contains("tapedeck engine stop"), "{error}");
    served.join().unwrap();
}

#[test]
fn a_missing_engine_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let error = Client::connect(&folder.path().join("none.sock")).unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }));
}
