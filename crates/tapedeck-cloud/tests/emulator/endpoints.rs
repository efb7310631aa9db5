//! Endpoints that are no emulator: what is said about them, and that it is said at all.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use tapedeck_cloud::{Cloud, CloudError, Credentials, Fault, Target};
use tapedeck_testkit::registry::free_address;

use crate::world::fixed;

async fn fault_of(target: Target) -> (CloudError, Fault) {
    let cloud = Cloud::connect(target).await.unwrap();
    let error = cloud.describe("shop").await.unwrap_err();
    let CloudError::Describe { cause, .. } = &error else {
        panic!("{error:?}");
    };
    let fault = cause.fault.clone();
    (error, fault)
}

#[tokio::test]
async fn nobody_answers_where_nobody_listens() {
    let endpoint = format!("http://{}", free_address());
    let (error, fault) = fault_of(Target::emulator("eu-west-1", &endpoint, fixed("a", "b", None))).await;
    assert_eq!(
        error.to_string(),
        format!("could not look at stack shop in eu-west-1 at {endpoint}")
    );
    assert!(
        matches!(&fault, Fault::NoAnswer { why } if why.contains("Connection refused")),
        "{fault:?}"
    );
}

#[tokio::test]
async fn an_endpoint_that_never_answers_is_not_waited_for_for_ever() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let mut target = Target::emulator("eu-west-1", endpoint, fixed("a", "b", None));
    target.limits.answer = Duration::from_millis(100);
    target.limits.call = Duration::from_millis(500);
    let (_, fault) = fault_of(target).await;
    assert_eq!(fault, Fault::TooLate);
}

#[tokio::test]
async fn what_is_no_url_or_no_region_is_said_at_once() {
    for (region, endpoint) in [
        ("eu-west-1", "127.0.0.1:4566"),
        ("", "http://127.0.0.1:4566"),
        ("eu west", "http://h"),
    ] {
        let target = Target::emulator(region, endpoint, fixed("a", "b", None));
        let error = Cloud::connect(target).await.unwrap_err();
        assert!(matches!(error, CloudError::Unusable { .. }), "{error:?}");
    }
}

#[test]
fn no_secret_is_in_a_debug_text() {
    let credentials = fixed("an id", "geheim", Some("streng geheim"));
    assert_eq!(
        format!("{credentials:?}"),
        "Fixed { access_key_id: \"an id\", .. }"
    );
    let profile = Credentials::Default { profile: None };
    assert_eq!(format!("{profile:?}"), "Default { profile: None }");
}
