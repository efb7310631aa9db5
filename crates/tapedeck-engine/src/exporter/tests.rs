//! What is answered, and on which addresses.

use super::*;

#[test]
fn only_addresses_of_this_machine_are_taken() {
    for text in ["127.0.0.1:9464", "127.1.2.3:0", "[::1]:9464"] {
        assert!(text.parse::<LoopbackAddress>().is_ok(), "{text}");
    }
    for text in ["0.0.0.0:9464", "192.168.1.4:80", "[::]:80"] {
        let error = text.parse::<LoopbackAddress>().unwrap_err();
        assert!(matches!(error, NotLoopback::Public(_)), "{text}");
    }
    let error = "localhost:80".parse::<LoopbackAddress>().unwrap_err();
    assert!(error.to_string().contains("such as 127.0.0.1:9464"), "{error}");
}

#[test]
fn a_scrape_is_answered_and_nothing_else() {
    let ask = |line: &str, host: &str| {
        let text = format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        match http::parse(text.as_bytes()) {
            http::Parsed::Whole(request) => judge(&request),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask("GET /metrics", "127.0.0.1:9464"), Ok(()));
    assert_eq!(ask("GET /metrics?x=1", "localhost"), Ok(()));
    assert_eq!(ask("GET /metrics", "[::1]:9464"), Ok(()));
    assert_eq!(ask("GET /", "localhost").unwrap_err().0, 404);
    assert_eq!(ask("POST /metrics", "localhost").unwrap_err().0, 405);
    assert_eq!(ask("GET /metrics", "evil.example:9464").unwrap_err().0, 403);
}
