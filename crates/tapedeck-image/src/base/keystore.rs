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
pub const PASSWORD: &str = "changeit";
const WHITENER: &[u8] = b"Mighty Aphrodite";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Magic, version and number of records.
const HEADER: usize = 12;
/// A SHA-1.
const SEAL: usize = 20;

/// A keystore of all certificates in a text of PEM blocks. What is no certificate is left out.
#[must_use]
pub fn of_certificates(text: &str) -> Vec<u8> {
    let certificates: Vec<Vec<u8>> = blocks(text).collect();
    let mut store = begun(length(&certificates));
    put_certificates(&mut store, "debian", &certificates);
    sealed(store)
}

/// A keystore with the records of another and with all certificates in a text, which are called `<name>:<number>` in it; none
/// when the other is of another type. Its password is the usual one, whatever that of the other was.
#[must_use]
pub fn with_certificates(other: &[u8], name: &str, text: &str) -> Option<Vec<u8>> {
    let records = other.get(HEADER..other.len().checked_sub(SEAL)?)?;
    let count = u32::from_be_bytes(other[HEADER - 4..HEADER].try_into().ok()?);
    if other[..HEADER - 4] != begun([0; 4])[..HEADER - 4] {
        return None;
    }
    let certificates: Vec<Vec<u8>> = blocks(text).collect();
    let count = count.checked_add(u32::try_from(certificates.len()).ok()?)?;
    let mut store = begun(count.to_be_bytes());
    store.extend(records);
    put_certificates(&mut store, name, &certificates);
    Some(sealed(store))
}

/// The PEM blocks of a text that are certificates, and nothing else of it.
#[must_use]
pub fn only_certificates(text: &str) -> String {
    let blocks = blocks(text).map(|certificate| {
        let digits = STANDARD.encode(certificate);
        let mut block = format!("{BEGIN}\n");
        for line in digits.as_bytes().chunks(64) {
            block.extend(line.iter().copied().map(char::from));
            block.push('\n');
        }
        format!("{block}{END}\n")
    });
    blocks.collect()
}

fn begun(count: [u8; 4]) -> Vec<u8> {
    [MAGIC.to_be_bytes(), VERSION.to_be_bytes(), count].concat()
}

fn put_certificates(store: &mut Vec<u8>, name: &str, certificates: &[Vec<u8>]) {
    for (position, certificate) in certificates.iter().enumerate() {
        store.extend(TRUSTED.to_be_bytes());
        put_text(store, &format!("{name}:{position:04}"));
        // When it was added, in milliseconds: the epoch, so that equal certificates make equal bytes.
        store.extend(0_u64.to_be_bytes());
        put_text(store, "X.509");
        store.extend(length(certificate));
        store.extend(certificate);
    }
}

fn sealed(mut store: Vec<u8>) -> Vec<u8> {
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
    text.split(BEGIN).skip(1).filter_map(|rest| {
        let body = rest.split_once(END)?.0;
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
