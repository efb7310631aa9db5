//! What is sent, what is kept and when it is tried again. Sending itself is tested with the whole engine.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tapedeck_model::Timestamp;

use super::courier::common_attributes;
use super::{Courier, DeliveryError, Destination, LogEvent, LogStream, Patience, Request, Spool};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn request(id: &str, second: u64, message: &str) -> Request {
    let stream = LogStream {
        group: "app-dev/worker".into(),
        name: "ecs/worker/1".into(),
    };
    let event = LogEvent {
        id: "7".into(),
        timestamp: 1500,
        message: message.into(),
    };
    Request::new(id.into(), at(second), &[(stream, vec![event])])
}

#[test]
fn a_request_holds_what_cloudwatch_logs_hands_to_firehose() {
    let body: Value = serde_json::from_slice(&request("some-id", 2, "a \"line\"").body()).unwrap();
    assert_eq!(body["requestId"], "some-id");
    assert_eq!(body["timestamp"], 2000);
    assert_eq!(body["records"].as_array().unwrap().len(), 1);
    let data = STANDARD
        .decode(body["records"][0]["data"].as_str().unwrap())
        .unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&data[..])
        .read_to_string(&mut text)
        .unwrap();
    let payload: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        payload,
        json!({
            "messageType": "DATA_MESSAGE", "owner": "000000000000",
            "logGroup": "app-dev/worker", "logStream": "ecs/worker/1", "subscriptionFilters": ["tapedeck"],
            "logEvents": [{ "id": "7", "timestamp": 1500, "message": "a \"line\"" }],
        })
    );
}

#[test]
fn attributes_are_json_that_a_header_can_hold() {
    let attributes = BTreeMap::from([("team".to_owned(), "mäil \u{1f600}\n".to_owned())]);
    let header = common_attributes(&attributes);
    assert!(
        header.bytes().all(|byte| (0x20..0x7f).contains(&byte)),
        "{header}"
    );
    let read: Value = serde_json::from_str(&header).unwrap();
    assert_eq!(
        read,
        json!({ "commonAttributes": { "team": "mäil \u{1f600}\n" } })
    );
}

#[test]
fn nothing_is_sent_in_the_clear_and_secrets_are_in_no_text() {
    let destination = Destination {
        url: "http://user:hush@localhost/?key=hush".into(),
        access_key: Some("hush".into()),
        attributes: BTreeMap::from([("token".to_owned(), "hush".to_owned())]),
        gzip: false,
        source: "stream".into(),
    };
    let send = |destination: &Destination| {
        Courier::new()
            .send(destination, &request("id", 1, "line"))
            .unwrap_err()
    };
    let told = send(&destination);
    assert!(matches!(told, DeliveryError::Unsendable { .. }), "{told}");
    let odd = Destination {
        url: "https://localhost:1/?key=hush".into(),
        access_key: Some("hush\n".into()),
        ..destination.clone()
    };
    let odd_url = Destination {
        url: "https://hush hush/".into(),
        access_key: None,
        ..destination.clone()
    };
    for destination in [&destination, &odd, &odd_url] {
        let told = send(destination);
        for text in [format!("{destination:?}"), format!("{told:?}"), told.to_string()] {
            assert!(!text.contains("hush"), "{text}");
        }
    }
}

#[test]
fn pauses_grow_and_patience_ends() {
    let retry = Duration::from_secs(10);
    let mut patience = Patience::another(None, at(100));
    let mut pauses = Vec::new();
    let mut now = at(100);
    for _ in 0..8 {
        pauses.push(patience.next_try().since(now).as_secs());
        now = patience.next_try();
        patience = Patience::another(Some(patience), now);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    let patience = Patience::another(Some(Patience::another(None, at(100))), at(101));
    assert!(!patience.is_over(retry, at(109)));
    assert!(
        patience.is_over(retry, at(110)),
        "counted from the first failure on"
    );
    assert!(patience.is_over(Duration::ZERO, at(101)), "no tries are wanted");
}

#[test]
fn the_spool_keeps_requests_in_order_until_they_are_delivered_or_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(&folder.path().join("spool"));
    assert_eq!(spool.list(), []);
    let (late, early) = (request("b", 20, "late"), request("c", 10, "early"));
    spool.put(&late).unwrap();
    spool.put(&early).unwrap();
    let waiting = spool.list();
    let read: Vec<Request> = waiting
        .iter()
        .map(|one| spool.read(one).unwrap().unwrap())
        .collect();
    assert_eq!(read, [early, late.clone()]);
    spool.remove(&waiting[0]).unwrap();
    assert_eq!(spool.read(&waiting[0]).unwrap(), None);
    spool.remove(&waiting[0]).unwrap();

    fs_err::write(&waiting[1].path, "half a requ").unwrap();
    assert_eq!(spool.read(&waiting[1]).unwrap(), None);
    assert_eq!(spool.list(), [], "what is no request is given up");

    spool.put(&late).unwrap();
    assert_eq!(spool.expire(Duration::from_secs(60), at(79)), 0);
    assert_eq!(spool.expire(Duration::from_secs(60), at(80)), 1);
    assert_eq!(spool.list(), []);
}
