//! Requests, commands and answers, without a network.

use std::io::{BufReader, Cursor, Read as _, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};

use super::http::{self, Request};
use super::request::{Asked, Right, answer_to_all, answer_to_one, asked, refusal, right};
use super::resp::{self, Reply};
use super::{Server, Settings};

fn settings() -> Settings {
    Settings {
        redis: SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 1),
        password: "hidden".to_owned(),
        trusted: None,
        token: "all".to_owned(),
        read_only_token: Some("some".to_owned()),
    }
}

fn request(method: &str, target: &str, body: &str) -> Request {
    Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

fn words(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|word| word.as_bytes().to_vec()).collect()
}

#[test]
fn commands_are_in_the_body_or_in_the_path() {
    let one = |all: &[&str]| Ok(Asked::One(words(all)));
    assert_eq!(
        asked(&request("POST", "/", r#"["SET","a",1,true]"#)),
        one(&["SET", "a", "1", "true"])
    );
    assert_eq!(
        asked(&request("GET", "/set/a%2Fb/c%20d+?EX=10&NX&_token=all", "")),
        one(&["set", "a/b", "c d+", "EX", "10", "NX"])
    );
    assert_eq!(
        asked(&request("POST", "/set/a?EX=10", "value")),
        one(&["set", "a", "value", "EX", "10"])
    );
    assert_eq!(
        asked(&request("POST", "/pipeline", r#"[["GET","a"],["PING"]]"#)),
        Ok(Asked::Pipeline(vec![words(&["GET", "a"]), words(&["PING"])]))
    );
    assert_eq!(
        asked(&request("POST", "/multi-exec/", r#"[["PING"]]"#)),
        Ok(Asked::Transaction(vec![words(&["PING"])]))
    );
    assert_eq!(
        asked(&request("POST", "/subscribe/news", "")),
        Ok(Asked::Messages(words(&["subscribe", "news"])))
    );
    for (target, body) in [
        ("/", ""),
        ("/", "{}"),
        ("/", "[]"),
        ("/pipeline", "[1]"),
        ("/multi-exec", "[]"),
    ] {
        assert_eq!(
            asked(&request("POST", target, body)).unwrap_err().status,
            400,
            "{target} {body}"
        );
    }
    assert_eq!(asked(&request("DELETE", "/get/a", "")).unwrap_err().status, 405);
}

#[test]
fn a_token_gives_a_right() {
    let settings = settings();
    let with = |header: &str| {
        let mut request = request("GET", "/get/a", "");
        request.headers = vec![("authorization".to_owned(), header.to_owned())];
        right(&request, &settings)
    };
    assert_eq!(with("Bearer all"), Some(Right::Everything));
    assert_eq!(with("bearer some"), Some(Right::Reading));
    for wrong in ["Bearer al", "Bearer allx", "Bearer ", "all", "Basic all"] {
        assert_eq!(with(wrong), None, "{wrong}");
    }
    assert_eq!(
        right(&request("GET", "/get/a?_token=some", ""), &settings),
        Some(Right::Reading)
    );
    assert_eq!(right(&request("GET", "/get/a?_token=", ""), &settings), None);
    assert_eq!(right(&request("GET", "/get/a", ""), &settings), None);
    assert!(!format!("{settings:?}").contains("hidden"));
}

#[test]
fn commands_that_change_a_connection_are_refused() {
    assert!(refusal(&words(&["multi"])).is_some_and(|text| text.contains("'MULTI'")));
    assert_eq!(refusal(&words(&["multiply"])), None);
}

#[test]
fn results_are_json_and_texts_in_them_base64_when_asked_for() {
    let reply = Reply::List(vec![
        Reply::Word("OK".to_owned()),
        Reply::Text(b"OK".to_vec()),
        Reply::Number(7),
        Reply::Nothing,
    ]);
    let plain = answer_to_one(&reply, false);
    assert_eq!(plain.body, br#"{"result":["OK","OK",7,null]}"#);
    let encoded = answer_to_one(&reply, true);
    assert_eq!(encoded.body, br#"{"result":["OK","T0s=",7,null]}"#);
    let failed = Reply::Error("WRONGTYPE x".to_owned());
    assert_eq!(answer_to_one(&failed, true).status, 400);
    let both = answer_to_all(&[Reply::Number(1), failed], true);
    assert_eq!(both.body, br#"[{"result":1},{"error":"WRONGTYPE x"}]"#);
    assert_eq!(both.status, 200);
}

#[test]
fn replies_are_read_whatever_they_are() {
    let read = |text: &str| resp::read(&mut Cursor::new(text.as_bytes().to_vec()));
    let list = read("*3\r\n$2\r\n\r\n\r\n:-1\r\n*-1\r\n").unwrap();
    let parts = vec![Reply::Text(b"\r\n".to_vec()), Reply::Number(-1), Reply::Nothing];
    assert_eq!(list, Reply::List(parts));
    for wrong in [
        "",
        "$5\r\nab",
        "?\r\n",
        "+OK",
        ":x\r\n",
        "$9999999999\r\n",
        "*1\r\n",
    ] {
        assert!(read(wrong).is_err(), "{wrong:?}");
    }
    assert!(read(&"*1\r\n".repeat(1000)).is_err());
    assert_eq!(
        resp::encoded(&words(&["GET", "ä"])),
        "*2\r\n$3\r\nGET\r\n$2\r\nä\r\n".as_bytes()
    );
}

#[test]
fn requests_follow_each_other_on_a_connection() {
    let sent = b"POST / HTTP/1.1\r\nContent-Length: 8\r\nUpstash-Encoding: base64\r\n\r\n[\"PING\"]GET /ping HTTP/1.1\r\n\r\n";
    let mut stream = Cursor::new(sent.to_vec());
    let mut received = Vec::new();
    let first = http::read(&mut stream, &mut received).unwrap().unwrap();
    assert_eq!(first.body, br#"["PING"]"#);
    assert_eq!(first.header("upstash-encoding"), Some("base64"));
    let second = http::read(&mut stream, &mut received).unwrap().unwrap();
    assert_eq!(second.target, "/ping");
    assert_eq!(http::read(&mut stream, &mut received).unwrap(), None);
    let long = b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n";
    assert!(http::read(&mut Cursor::new(long.to_vec()), &mut Vec::new()).is_err());
}

#[test]
fn both_protocols_are_spoken_on_one_port() {
    let redis = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings {
        redis: redis.local_addr().unwrap(),
        password: String::new(),
        ..settings()
    };
    // A Redis that answers each command with the number of its words.
    std::thread::spawn(move || {
        for mut stream in redis.incoming().flatten() {
            std::thread::spawn(move || {
                let mut read = BufReader::new(stream.try_clone().unwrap());
                while let Ok(Reply::List(words)) = resp::read(&mut read) {
                    stream
                        .write_all(format!(":{}\r\n", words.len()).as_bytes())
                        .unwrap();
                }
            });
        }
    });
    let server = Server::start(TcpListener::bind("127.0.0.1:0").unwrap(), settings).unwrap();
    let asked = |sent: &[u8]| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(sent).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let commands = [
        resp::encoded(&words(&["GET", "a"])),
        resp::encoded(&words(&["PING"])),
    ];
    assert_eq!(asked(&commands.concat()), ":2\r\n:1\r\n");
    let rest = asked(b"GET /get/a?_token=all HTTP/1.1\r\n\r\n");
    assert!(rest.ends_with(r#"{"result":2}"#), "{rest}");
}
