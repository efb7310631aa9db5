//! The certificates that Java trusts, in the form it reads them: a keystore of type JKS.
//!
//! The distribution makes one by running Java when it is installed. The format has not changed since Java 1.2: a
//! header, one record per certificate, and a SHA-1 over a password that everybody knows and all that was written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
/// The record of a certificate that is trusted, as opposed to a key.
const TRUSTED: u32 = 2;
/// What all tools expect; the file is no secret.
const PASSWORD: &str = "changeit";
const WHITENER: &[u8] = b"Mighty Aphrodite";

/// A keystore of all certificates in a text of PEM blocks. What is no certificate is left out.
pub(super) fn of_certificates(text: &str) -> Vec<u8> {
    let certificates: Vec<Vec<u8>> = blocks(text).collect();
    let mut store = Vec::new();
    store.extend(MAGIC.to_be_bytes());
    store.extend(VERSION.to_be_bytes());
    store.extend(length(&certificates));
    for (position, certificate) in certificates.iter().enumerate() {
        store.extend(TRUSTED.to_be_bytes());
        put_text(&mut store, &format!("debian:{position:04}"));
        // When it was added, in milliseconds: the epoch, so that equal certificates make equal bytes.
        store.extend(0_u64.to_be_bytes());
        put_text(&mut store, "X.509");
        store.extend(length(certificate));
        store.extend(certificate);
    }
    let mut seal = Sha1::new();
    for unit in PASSWORD.encode_utf16() {
        seal.update(unit.to_be_bytes());
    }
    seal.update(WHITENER);
    seal.update(&store);
    store.extend(seal.finalize());
    store
}

/// The contents of PEM blocks.
fn blocks(text: &str) -> impl Iterator<Item = Vec<u8>> {
    text.split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .filter_map(|rest| {
            let body = rest.split("-----END CERTIFICATE-----").next()?;
            let digits: String = body
                .chars()
                .filter(|letter| !letter.is_ascii_whitespace())
                .collect();
            STANDARD.decode(digits).ok()
        })
}

fn length<T>(items: &[T]) -> [u8; 4] {
    u32::try_from(items.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// A text of ASCII letters with its length before it.
fn put_text(store: &mut Vec<u8>, text: &str) {
    store.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    store.extend(text.as_bytes());
}
