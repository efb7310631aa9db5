//! Connections: how long they may take, whom they trust, and where addresses lead.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::reference::is_loopback;

/// How long a connection may take to be there, name service and TLS included.
const CONNECT: Duration = Duration::from_secs(3);
/// How long the beginning of an answer may take.
const ANSWER: Duration = Duration::from_secs(20);
/// How long nothing may come in the middle of an answer, or be taken in the middle of what is sent.
const SILENCE: Duration = Duration::from_secs(30);

/// Who sends requests: patient for so long and no longer, trusting what this machine trusts.
pub(super) fn agent(is_loopback: bool) -> Agent {
    let mut config = Agent::config_builder()
        .user_agent(concat!("tapedeck/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        // Followed here, where it is known what may be sent along.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        // A body may be sent without a question whether it is wanted.
        .timeout_await_100(Some(CONNECT))
        .tls_config(tls());
    if is_loopback {
        config = config.proxy(None);
    }
    config.build().into()
}

/// TLS with the certificates that this machine trusts.
fn tls() -> TlsConfig {
    let trusted = rustls_native_certs::load_native_certs().certs;
    let trusted = trusted
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned());
    TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::from(trusted))
        .build()
}

/// Scheme, host and port of an address.
pub(super) fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |place| place + 3);
    let end = url[start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |place| start + place);
    &url[..end]
}

/// Host and port of an address.
pub(super) fn host(url: &str) -> &str {
    let origin = origin(url);
    let bare = origin.split_once("://").map_or(origin, |(_, host)| host);
    bare.rsplit_once('@').map_or(bare, |(_, host)| host)
}

/// Where a header `Location` leads from `url`, unless it leads from HTTPS to anything else.
pub(super) fn redirected(url: &str, location: &str) -> Result<String, &'static str> {
    let target = if location.starts_with("//") {
        return Err("its address has no scheme");
    } else if location.starts_with('/') {
        format!("{}{location}", origin(url))
    } else {
        location.to_owned()
    };
    let is_encrypted = |url: &str| url.starts_with("https://");
    if is_encrypted(&target) || (target.starts_with("http://") && !is_encrypted(url)) {
        return Ok(target);
    }
    Err("from HTTPS it leads to something else")
}

/// Whether credentials may be sent there.
pub(super) fn is_safe(realm: &str, from_loopback: bool) -> bool {
    realm.starts_with("https://")
        || (from_loopback && realm.starts_with("http://") && is_loopback(host(realm)))
}
