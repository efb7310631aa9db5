//! What needs no network: names, challenges, credentials, documents, redirects.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::challenge::Challenge;
use super::credentials::{Credentials, Login, Proof};
use super::documents::{ConfigurationFault, Document, Fault, Offer, check_configuration, choose, complaint};
use super::reference::Reference;
use super::transport::{origin, redirected};
use crate::Platform;
use crate::manifest::Manifest;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[track_caller]
fn check_reference(text: &str, shown: &str, host: &str, wanted: &str) {
    let reference = Reference::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let found = (
        reference.to_string(),
        reference.host().to_owned(),
        reference.wanted(),
    );
    assert_eq!(
        found,
        (shown.to_owned(), host.to_owned(), wanted.to_owned()),
        "{text}"
    );
    // What is shown means the same.
    assert_eq!(Reference::parse(shown), Ok(reference));
}

#[test]
fn names_are_read_as_docker_reads_them() {
    let hub = "registry-1.docker.io";
    check_reference("node", "docker.io/library/node:latest", hub, "latest");
    check_reference("node:22", "docker.io/library/node:22", hub, "22");
    check_reference("docker.io/node", "docker.io/library/node:latest", hub, "latest");
    check_reference(
        "index.docker.io/node",
        "docker.io/library/node:latest",
        hub,
        "latest",
    );
    check_reference("bitnami/node:1", "docker.io/bitnami/node:1", hub, "1");
    check_reference("a/b/c", "docker.io/a/b/c:latest", hub, "latest");
    check_reference(
        "ghcr.io/a/b:v1.0-x_Y",
        "ghcr.io/a/b:v1.0-x_Y",
        "ghcr.io",
        "v1.0-x_Y",
    );
    check_reference("host:5000/node", "host:5000/node:latest", "host:5000", "latest");
    check_reference("host:5000/node:7", "host:5000/node:7", "host:5000", "7");
    check_reference("localhost/node", "localhost/node:latest", "localhost", "latest");
    check_reference("Upper/node", "Upper/node:latest", "Upper", "latest");
    check_reference("[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000", "latest");
    check_reference("a__b/c--d.e_f", "docker.io/a__b/c--d.e_f:latest", hub, "latest");
    // Without a slash, what looks like a port is a tag.
    check_reference("host:5000", "docker.io/library/host:5000", hub, "5000");
}

#[test]
fn a_digest_pins_and_a_tag_beside_it_is_a_remark() {
    let digest = format!("sha256:{HEX}");
    let pinned = format!("node@{digest}");
    check_reference(
        &pinned,
        &format!("docker.io/library/node@{digest}"),
        "registry-1.docker.io",
        &digest,
    );
    let both = format!("r.example/node:22@{digest}");
    check_reference(&both, &both, "r.example", &digest);
    let reference = Reference::parse("node:22").unwrap();
    let pinned = reference.pinned(digest.parse().unwrap());
    assert_eq!(pinned.to_string(), format!("docker.io/library/node:22@{digest}"));
}

#[test]
fn what_docker_refuses_is_refused() {
    let long = format!("a/{}", "b".repeat(255));
    let long_tag = format!("node:{}", "t".repeat(129));
    let upper = format!("node@sha256:{}", HEX.to_uppercase());
    let wrong = [
        "",
        "Node",
        "node:",
        "node:-x",
        "node:a/b:c",
        ":22",
        "/node",
        "node/",
        "a//b",
        "a..b",
        "a___b",
        "-a",
        "a-",
        "a b",
        "nöde",
        "node@",
        "node@sha256:12",
        "node@md5:abc",
        "host:port/node",
        "host:0/node",
        "host:70000/node",
        "[::1/node",
        "[zz]/node",
        "-host.example/node",
        "host..example/node",
        "https://r.example/node",
        "r.example/",
        &long,
        &long_tag,
        &upper,
        "node\n",
        "node?x",
        "node%2f",
    ];
    for text in wrong {
        let error = Reference::parse(text).expect_err(text);
        assert!(!error.reason.is_empty());
    }
}

#[test]
fn a_password_in_a_name_is_not_shown() {
    for text in [
        "https://user:geheim@r.example/node",
        "user:geheim@r.example/node:22",
        &format!("user:geheim@r.example/node@sha256:{HEX}"),
    ] {
        let shown = Reference::parse(text).expect_err(text).to_string();
        assert!(!shown.contains("geheim"), "{shown}");
    }
}

#[test]
fn only_this_machine_is_asked_in_the_clear() {
    let loopback = |text: &str| Reference::parse(text).unwrap().is_loopback();
    for text in [
        "localhost/a",
        "localhost:5000/a",
        "127.0.0.1:1/a",
        "127.9.9.9/a",
        "[::1]/a",
        "[::1]:5000/a",
    ] {
        assert!(loopback(text), "{text}");
    }
    let others = [
        "node",
        "10.0.0.1:5000/a",
        "localhost.example/a",
        "127.0.0.1.example/a",
        "[::2]/a",
        "registry:5000/a",
    ];
    for text in others {
        assert!(!loopback(text), "{text}");
    }
}

fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
    Some(Challenge::Bearer {
        realm: realm.to_owned(),
        service: service.map(str::to_owned),
        scope: scope.map(str::to_owned),
    })
}

#[test]
fn challenges_are_understood() {
    let header = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/node:pull""#;
    let docker = bearer(
        "https://auth.docker.io/token",
        Some("registry.docker.io"),
        Some("repository:library/node:pull"),
    );
    assert_eq!(Challenge::parse(header), docker);
    assert_eq!(
        Challenge::parse(r#"bearer Realm = "r" , service=s"#),
        bearer("r", Some("s"), None)
    );
    assert_eq!(
        Challenge::parse(r#"Bearer realm="a\"b,c",scope="x y""#),
        bearer(r#"a"b,c"#, None, Some("x y"))
    );
    assert_eq!(
        Challenge::parse(r#"Basic realm="Registry Realm""#),
        Some(Challenge::Basic)
    );
    assert_eq!(Challenge::parse("Basic"), Some(Challenge::Basic));
    // A token is worth less to a thief than a password.
    assert_eq!(
        Challenge::parse(r#"Basic realm="x", Bearer realm="y""#),
        bearer("y", None, None)
    );
    assert_eq!(
        Challenge::parse(r#"Negotiate, Basic realm="x""#),
        Some(Challenge::Basic)
    );
    for nothing in [
        "",
        "Negotiate abc==",
        "Bearer",
        r#"Bearer service="x""#,
        ",",
        "=",
        r#"Bearer realm"#,
        "Bearer =x",
    ] {
        assert_eq!(Challenge::parse(nothing), None, "{nothing}");
    }
    // Cut off, but not endless.
    assert_eq!(
        Challenge::parse(r#"Bearer realm="cut"#),
        bearer("cut", None, None)
    );
}

fn credentials(json: &str) -> Credentials {
    Credentials::parse(json.as_bytes(), Path::new("config.json")).unwrap()
}

#[test]
fn credentials_are_found_however_docker_spells_the_registry() {
    let found = credentials(
        r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "dXNlcjpnZWhlaW0="},
            "r.example:5000": {"username": "other", "password": "streng:geheim"},
            "https://token.example": {"registrytoken": "abc"},
            "helped.example": {}
        }}"#,
    );
    let header = |registry| {
        found
            .for_registry(registry)
            .and_then(super::credentials::Login::header)
    };
    assert_eq!(header("docker.io").unwrap(), "Basic dXNlcjpnZWhlaW0=");
    assert_eq!(
        header("r.example:5000").unwrap(),
        "Basic b3RoZXI6c3RyZW5nOmdlaGVpbQ=="
    );
    assert_eq!(header("token.example").unwrap(), "Bearer abc");
    assert_eq!(header("helped.example"), None);
    assert_eq!(header("r.example"), None);
    assert!(!format!("{found:?}").contains("geheim"));
}

/// Tests that write programs and start them do so one at a time: a program cannot be started while a process that another
/// thread is just starting still has it open for writing.
static PROGRAMS: Mutex<()> = Mutex::new(());

/// A folder with a program `docker-credential-keys` that answers by these lines of shell, which have the server in `$1`.
fn keeper(lines: &str) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("docker-credential-keys");
    let script = format!("#!/bin/sh\ntest \"$1\" = get || exit 9\nserver=$(/bin/cat)\n{lines}\n");
    fs_err::write(&program, script).unwrap();
    fs_err::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn programs_that_keep_credentials_are_asked_by_the_names_that_docker_uses() {
    let _turn = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = keeper(
        r#"case "$server" in
           https://index.docker.io/v1/) echo '{"ServerURL": "x", "Username": "hub", "Secret": "geheim"}';;
           r.example:5000) echo '{"Username": "<token>", "Secret": "geheim"}';;
           *) echo 'credentials not found in native keychain'; exit 1;;
           esac"#,
    );
    let ask = |json: &str, registry: &str| credentials(json).asking(registry, folder.path().as_os_str());
    let hub = ask(r#"{"credsStore": "keys"}"#, "docker.io");
    assert!(hub.for_registry("docker.io") == Some(&Login::password("hub", "geheim")));
    let identity = ask(r#"{"credHelpers": {"r.example:5000": "keys"}}"#, "r.example:5000");
    let token = Login(Proof::Identity("geheim".to_owned()));
    assert!(identity.for_registry("r.example:5000") == Some(&token));
    // One that knows nothing leaves what is written down.
    let written = r#"{"credsStore": "keys", "auths": {"other.example": {"auth": "dXNlcjpnZWhlaW0="}}}"#;
    let other = ask(written, "other.example");
    assert!(other.for_registry("other.example") == Some(&Login::password("user", "geheim")));
    // Who is not named is not asked.
    let unasked = ask(r#"{"credHelpers": {"r.example:5000": "keys"}}"#, "docker.io");
    assert!(unasked.for_registry("docker.io").is_none());
    assert!(!format!("{hub:?} {identity:?}").contains("geheim"));
}

#[test]
fn the_way_out_knows_why_there_are_no_credentials() {
    let _turn = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    let way_out = |json: &str, folder: &Path| {
        let asked = credentials(json).asking("r.example", folder.as_os_str());
        asked.way_out("r.example")
    };
    let nowhere = Path::new("/nowhere");
    assert!(way_out("{}", nowhere).contains("docker login r.example"));
    let missing = way_out(r#"{"credsStore": "desktop"}"#, nowhere);
    assert!(
        missing.contains("`docker-credential-desktop`") && missing.contains("not in PATH"),
        "{missing}"
    );
    assert!(way_out(r#"{"credsStore": "../desktop"}"#, nowhere).contains("not in PATH"));
    let failing = keeper("echo the door is locked >&2; exit 3");
    let locked = way_out(r#"{"credsStore": "keys"}"#, failing.path());
    assert!(locked.contains("the door is locked"), "{locked}");
    let babbling = keeper("echo geheim");
    let unclear = way_out(r#"{"credsStore": "keys"}"#, babbling.path());
    assert!(
        unclear.contains("is not understood") && !unclear.contains("geheim"),
        "{unclear}"
    );
    assert!(
        way_out(
            r#"{"auths": {"r.example": {"auth": "dXNlcjpnZWhlaW0="}}}"#,
            nowhere
        )
        .contains("may do this")
    );
}

#[test]
fn damaged_credentials_are_named_and_not_shown() {
    for json in [
        r#"{"auths": {"r.example": {"auth": "geheim!"}}}"#,
        r#"{"auths": {"r.example": {"auth": "Z2VoZWlt"}}}"#,
        r#"{"auths": {"r.example": {"auth": {"geheim": 1}}}}"#,
        r#"{"auths": "geheim"}"#,
    ] {
        let error = Credentials::parse(json.as_bytes(), Path::new("config.json")).expect_err(json);
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains("config.json") && !shown.contains("geheim"),
            "{shown}"
        );
    }
}

fn offer(digit: char, os: &str, architecture: &str, variant: Option<&str>) -> Offer {
    let digest = digit.to_string().repeat(64);
    let mut platform = serde_json::json!({"os": os, "architecture": architecture});
    if let Some(variant) = variant {
        platform["variant"] = variant.into();
    }
    serde_json::from_value(serde_json::json!({"digest": format!("sha256:{digest}"), "platform": platform}))
        .unwrap()
}

#[test]
fn the_platform_is_chosen_or_the_others_are_named() {
    let offers = [
        offer('1', "windows", "amd64", None),
        offer('2', "linux", "arm", Some("v7")),
        offer('3', "linux", "arm64", Some("v8")),
        offer('4', "unknown", "unknown", None),
        offer('5', "linux", "amd64", None),
        offer('6', "linux", "amd64", None),
    ];
    let chosen = |platform| choose(&offers, platform).unwrap().hex();
    assert_eq!(chosen(Platform::Amd64), "5".repeat(64));
    assert_eq!(chosen(Platform::Arm64), "3".repeat(64));
    let others = choose(&offers[..4], Platform::Amd64).unwrap_err();
    assert_eq!(others, "windows/amd64, linux/arm/v7, linux/arm64/v8");
    assert_eq!(choose(&offers[3..4], Platform::Amd64).unwrap_err(), "no platform");
}

fn manifest(kind: &str, layer: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{kind}","config":{{"mediaType":"c","digest":"sha256:{HEX}","size":3}},
            "layers":[{{"mediaType":"{layer}","digest":"sha256:{HEX}","size":5}}]}}"#
    )
}

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

#[test]
fn documents_of_oci_and_of_docker_are_read() {
    for (kind, layer) in [
        (OCI, "application/vnd.oci.image.layer.v1.tar+zstd"),
        (DOCKER, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
    ] {
        let document = Document::parse(manifest(kind, layer).as_bytes(), "").unwrap();
        assert!(
            matches!(document, Document::Image(image) if image.layers.len() == 1),
            "{kind}"
        );
    }
    // An OCI document need not say what it is; then the header does.
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{{"digest":"sha256:{HEX}","size":1}}]}}"#);
    let served = "application/vnd.oci.image.index.v1+json; charset=utf-8";
    let document = Document::parse(index.as_bytes(), served).unwrap();
    assert!(matches!(document, Document::Index(offers) if offers.len() == 1));
}

#[test]
fn what_is_no_image_or_two_things_at_once_is_refused() {
    let parse = |text: &str| Document::parse(text.as_bytes(), OCI).unwrap_err();
    let old = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    assert!(matches!(parse(&manifest(old, "x")), Fault::Type(kind) if kind == old));
    let both =
        manifest(OCI, "application/vnd.oci.image.layer.v1.tar").replacen('{', r#"{"manifests":[],"#, 1);
    assert!(matches!(parse(&both), Fault::Type(_)));
    assert!(matches!(
        parse(&manifest(OCI, "application/foreign")),
        Fault::Form(_)
    ));
    assert!(matches!(parse("<html>"), Fault::Form(_)));
    let other_hash = manifest(OCI, "application/vnd.oci.image.layer.v1.tar").replace("sha256", "sha512");
    assert!(matches!(parse(&other_hash), Fault::Form(_)));
}

#[test]
fn configurations_are_checked_against_their_manifest() {
    let text = manifest(OCI, "application/vnd.oci.image.layer.v1.tar");
    let manifest: Manifest = serde_json::from_str(&text).unwrap();
    let check = |json: &str| check_configuration(json.as_bytes(), &manifest, Platform::Amd64);
    // As Docker writes it: nulls, fields of its own, history without layers.
    let docker = format!(
        r#"{{"architecture":"amd64","os":"linux","container":"x","docker_version":"20","config":
            {{"Env":["PATH=/usr/local/bin","NODE_VERSION=22.1.0"],"Cmd":["node"],"Entrypoint":["docker-entrypoint.sh"],
            "Labels":null,"OnBuild":null,"User":"","Volumes":null,"WorkingDir":"","ArgsEscaped":true}},
            "history":[{{"created":"2026-01-01T00:00:00Z","created_by":"/bin/sh","empty_layer":true}}],
            "rootfs":{{"type":"layers","diff_ids":["sha256:{HEX}"]}}}}"#
    );
    let config = check(&docker).unwrap();
    let run: crate::ImageConfig = config.config.into();
    assert_eq!(
        (run.env["NODE_VERSION"].as_str(), run.stop_signal.as_str()),
        ("22.1.0", "SIGTERM")
    );
    assert_eq!(
        (run.cmd, run.entrypoint),
        (vec!["node".to_owned()], vec!["docker-entrypoint.sh".to_owned()])
    );
    let bare = format!(
        r#"{{"architecture":"amd64","os":"linux","config":null,"history":null,"rootfs":{{"type":"layers","diff_ids":["sha256:{HEX}"]}}}}"#
    );
    assert!(check(&bare).unwrap().config.env.is_empty());
    let none = bare.replace(&format!(r#""sha256:{HEX}""#), "");
    assert!(matches!(check(&none), Err(ConfigurationFault::Form(_))));
    let other = bare.replace("amd64", "s390x");
    assert!(
        matches!(check(&other), Err(ConfigurationFault::Platform { offered }) if offered == "linux/s390x")
    );
    assert!(matches!(check("{"), Err(ConfigurationFault::Form(_))));
}

#[test]
fn complaints_are_one_short_line() {
    let said =
        complaint(br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest\nunknown","detail":{}}]}"#);
    assert_eq!(said, "MANIFEST_UNKNOWN: manifest unknown");
    assert_eq!(complaint(b"<html>secret page"), "");
    let long = format!(
        r#"{{"errors":[{{"code":"X","message":"{}"}}]}}"#,
        "y".repeat(5000)
    );
    assert!(complaint(long.as_bytes()).len() <= 200);
}

#[test]
fn redirects_never_lead_from_https_to_less() {
    let from = "https://r.example:5000/v2/x?y";
    assert_eq!(origin(from), "https://r.example:5000");
    assert_eq!(redirected(from, "/v2/z").unwrap(), "https://r.example:5000/v2/z");
    assert_eq!(
        redirected(from, "https://cdn.example/z").unwrap(),
        "https://cdn.example/z"
    );
    assert_eq!(
        redirected("http://localhost/x", "http://[::1]:1/z").unwrap(),
        "http://[::1]:1/z"
    );
    for wrong in [
        "http://r.example:5000/z",
        "//cdn.example/z",
        "ftp://x",
        "file:///etc/passwd",
        "z",
    ] {
        redirected(from, wrong).expect_err(wrong);
    }
    // Another port is another place, and credentials stay here.
    assert_ne!(origin("http://localhost:1/x"), origin("http://localhost:2/x"));
}
