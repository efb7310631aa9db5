//! What is taken for a request, however it arrives.

use super::*;

fn whole(text: &str) -> Request {
    for length in 0..text.len() {
        assert_eq!(
            parse(&text.as_bytes()[..length]),
            Parsed::Partial,
            "after {length} bytes"
        );
    }
    match parse(text.as_bytes()) {
        Parsed::Whole(request) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_taken_when_it_is_whole() {
    let asked = whole("GET /v4/1/task?x=1 HTTP/1.1\r\nHost: 169.254.170.2\r\n\r\n");
    assert_eq!((asked.method.as_str(), asked.path()), ("GET", "/v4/1/task"));
    assert_eq!(asked.host.as_deref(), Some("169.254.170.2"));
    assert!(asked.body.is_empty());
}

#[test]
fn a_body_comes_at_once_or_in_chunks() {
    let told = whole("PUT /a HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello");
    assert_eq!(told.body, b"hello");
    let chunked =
        whole("PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n");
    assert_eq!(chunked.body, b"hello");
}

#[test]
fn what_is_none_is_refused() {
    for text in [
        "\u{1}\r\n\r\n",
        "PUT /a HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        "PUT /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
    ] {
        assert_eq!(parse(text.as_bytes()), Parsed::Wrong, "{text}");
    }
}

#[test]
fn who_waits_for_a_word_is_noticed() {
    assert!(waits_for_word(
        b"PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    ));
    assert!(!waits_for_word(
        b"PUT /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nexpect: 100-continue"
    ));
}
