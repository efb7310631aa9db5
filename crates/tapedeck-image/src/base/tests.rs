//! The parts of assembling a base that need neither network nor root.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::apt::Archive;
use super::deb::read_packages;
use super::distribution::Distribution;
use super::extra::Extra;
use super::named::{NamedBase, Substitute, is_fresh, substitute};
use super::node::NodeVersion;
use super::record::PulledRecord;
use super::rootfs::{Files, files_of, is_wanted, place};
use super::unmet::{unmet, without_dependencies};
use super::{BaseError, PackageRecord, PythonVersion, alternatives, installable, keystore};
use crate::registry::{Reference, RegistryError};
use crate::{Contents, Digest, Entry, EntryKind, Store};

#[test]
fn versions_of_node_are_read() {
    assert_eq!("24".parse(), Ok(NodeVersion::Major(24)));
    assert_eq!("v22.1.3".parse(), Ok(NodeVersion::Exact(22, 1, 3)));
    assert_eq!(NodeVersion::Exact(22, 1, 3).to_string(), "22.1.3");
    for wrong in ["", "lts", "22.1", "22.x", "1.2.3.4", "-1", "99999999"] {
        assert!(wrong.parse::<NodeVersion>().is_err(), "{wrong}");
    }
}

#[test]
fn versions_of_python_are_read() {
    assert_eq!("3.11".parse(), Ok(PythonVersion::Line(3, 11)));
    assert_eq!("3.11.4".parse(), Ok(PythonVersion::Line(3, 11)));
    for wrong in ["", "3", "3.x", "3.11.4.1", ">=3.11", "-3.11"] {
        assert!(wrong.parse::<PythonVersion>().is_err(), "{wrong}");
    }
}

#[test]
fn a_keystore_is_as_java_writes_it() {
    let text = "# A comment\n-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    let store = keystore::of_certificates(text);
    let (content, seal) = store.split_at(store.len() - 20);
    let mut expected = vec![0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 11];
    expected.extend(b"debian:0000");
    expected.extend([0; 8]);
    expected.extend(b"\0\x05X.509\0\0\0\x03\x01\x02\x03");
    assert_eq!(content, expected);
    assert_eq!(seal.len(), 20);
    assert_eq!(
        keystore::of_certificates(""),
        keystore::of_certificates("no certificate")
    );
}

#[test]
fn a_keystore_is_added_to() {
    let block = |digits: &str| format!("-----BEGIN CERTIFICATE-----\n{digits}\n-----END CERTIFICATE-----\n");
    let before = keystore::of_certificates(&block("AQID"));
    let after = keystore::with_certificates(&before, "ours", &block("BAUG")).unwrap();
    assert_eq!(after[8..12], [0, 0, 0, 2]);
    let kept = &before[12..before.len() - 20];
    assert_eq!(&after[12..12 + kept.len()], kept);
    assert_eq!(&after[12 + kept.len()..][..15], b"\0\0\0\x02\0\x09ours:0000");
    let again = keystore::with_certificates(&keystore::of_certificates(""), "debian", &block("AQID"));
    assert_eq!(again.as_deref(), Some(before.as_slice()));
    for other in [
        &b""[..],
        b"0\x82\x04\0 of type PKCS#12, as newer ones of Java are",
    ] {
        assert_eq!(keystore::with_certificates(other, "ours", ""), None);
    }
}

#[test]
fn of_a_text_only_certificates_are_kept() {
    let certificate = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    let key = "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n";
    let text = format!("a comment\n{key}{certificate}{key}-----BEGIN CERTIFICATE-----\nAQID\n{key}");
    assert_eq!(keystore::only_certificates(&text), certificate);
}

#[test]
fn what_apt_would_read_as_more_than_a_name_is_refused() {
    let extra = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Extra::of(&names)
    };
    let suffix = |names: &[&str]| extra(names).unwrap().suffix();
    assert_eq!(suffix(&[]), "");
    assert_eq!(suffix(&["libpq5", "g++", "libpq5"]), suffix(&["g++", "libpq5"]));
    assert_ne!(suffix(&["libpq5"]), suffix(&["g++"]));
    for wrong in [
        "",
        "a",
        "libpq5=1",
        "libpq5/stable",
        "./x.deb",
        "-y",
        "curl-",
        "Curl",
        "a b",
        "^lib.*",
    ] {
        let error = extra(&["libpq5", wrong]).unwrap_err();
        assert!(error.to_string().contains(&format!("`{wrong}`")), "{error}");
    }
}

#[test]
fn alternatives_that_are_written_out_are_made() {
    let script = "#!/bin/sh\n# update-alternatives --install /usr/bin/no no /usr/bin/never 1\n\
        update-alternatives --install /usr/lib/libblas.so.3 \\\n  libblas.so.3 /usr/lib/blas/libblas.so.3 10 \\\n\
        \t--slave /bin/blas blas \"/usr/lib/blas/blas\"\n\
        for i in a b; do update-alternatives --install /usr/bin/$i $i /opt/$i 5; done\n\
        update-alternatives --quiet --remove x /usr/bin/x\n";
    let better = "update-alternatives --install /usr/lib/libblas.so.3 libblas.so.3 /usr/lib/better.so 20";
    let found = alternatives::of_script(script);
    let links = |found| alternatives::best(found).into_iter().collect::<Vec<_>>();
    let pair = |link: &str, target: &str| (PathBuf::from(link), PathBuf::from(target));
    assert_eq!(
        links(found.clone()),
        [
            pair("usr/bin/blas", "/usr/lib/blas/blas"),
            pair("usr/lib/libblas.so.3", "/usr/lib/blas/libblas.so.3"),
        ]
    );
    let both = found
        .into_iter()
        .chain(alternatives::of_script(better))
        .collect::<Vec<_>>();
    assert!(links(both).contains(&pair("usr/lib/libblas.so.3", "/usr/lib/better.so")));
}

#[test]
fn folders_are_merged_into_usr() {
    let placed = |path: &str| place(path.as_bytes());
    assert_eq!(placed("./bin/dash"), Some(PathBuf::from("usr/bin/dash")));
    assert_eq!(
        placed("./lib64/ld-linux-x86-64.so.2"),
        Some(PathBuf::from("usr/lib64/ld-linux-x86-64.so.2"))
    );
    assert_eq!(placed("usr/bin/curl"), Some(PathBuf::from("usr/bin/curl")));
    assert_eq!(placed("./etc/"), Some(PathBuf::from("etc")));
    for nothing in ["./", "./bin", "lib64/", "./../etc/passwd", "usr/../../x"] {
        assert_eq!(placed(nothing), None, "{nothing}");
    }
}

#[test]
fn licences_stay_and_manuals_go() {
    let wanted = |path: &str, link| is_wanted(Path::new(path), link);
    assert!(wanted("usr/share/doc/libc6/copyright", false));
    assert!(wanted("usr/share/doc/libstdc++6", true));
    assert!(wanted("usr/share/zoneinfo/Europe/Prague", false));
    assert!(wanted("usr/lib/os-release", false));
    for gone in [
        "usr/share/man/man1/ls.1.gz",
        "usr/share/doc/libc6",
        "usr/share/doc/libc6/NEWS.gz",
        "usr/share/locale/cs",
    ] {
        assert!(!wanted(gone, false), "{gone}");
    }
}

/// An `ar` archive.
fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, content) in members {
        archive.extend(
            format!(
                "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
                0,
                0,
                0,
                "100644",
                content.len()
            )
            .bytes(),
        );
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(2), b'\n');
    }
    archive
}

fn tar_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        builder
            .append_data(&mut header, path, content.as_bytes())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

fn debian() -> Distribution {
    Distribution::of_release("NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n")
}

#[test]
fn packages_have_urls_that_scanners_know() {
    let control = "Package: libstdc++6\nSource: gcc-12 (12.2.0-14)\nArchitecture: amd64\n";
    assert_eq!(
        debian().package_url(control, "libstdc++6", "12.2.0-14+b1"),
        "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bb1?arch=amd64&distro=debian-12&upstream=gcc-12%4012.2.0-14"
    );
    let rolling = Distribution::of_release("ID=kali");
    assert_eq!(rolling.package_url("", "a", "1",), "pkg:deb/kali/a@1?distro=kali");
}

#[test]
fn packages_are_read_however_they_are_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let control = tar_of(&[("./control", "Package: tiny\nVersion: 1:2.3-4\nDescription: x\n")]);
    let data = tar_of(&[
        ("./bin/tiny", "content"),
        ("./usr/share/man/man1/tiny.1", "manual"),
    ]);
    let zstd = zstd::encode_all(&data[..], 1).unwrap();
    let mut files = Vec::new();
    for (name, member, content) in [("a.deb", "data.tar", &data), ("b.deb", "data.tar.zst", &zstd)] {
        let file = folder.path().join(name);
        let members = [
            ("debian-binary", &b"2.0\n"[..]),
            ("control.tar", &control),
            (member, content),
        ];
        fs_err::write(&file, ar(&members)).unwrap();
        files.push(file);
    }
    for package in read_packages(files, &debian()).unwrap() {
        assert_eq!(
            (package.record.name.as_str(), package.record.version.as_str()),
            ("tiny", "1:2.3-4")
        );
        let paths: Vec<&Path> = package.entries.iter().map(|entry| entry.path.as_path()).collect();
        assert_eq!(paths, [Path::new("usr/bin/tiny")]);
    }
}

#[test]
fn a_damaged_package_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = ar(&[
        ("control.tar", &tar_of(&[("control", "Package: x\nVersion: 1\n")])),
        ("data.tar.xz", b"not xz"),
    ]);
    for (name, content) in [("empty", &b""[..]), ("cut", &whole[..100]), ("garbled", &whole)] {
        let file = folder.path().join(name);
        fs_err::write(&file, content).unwrap();
        let error = read_packages(vec![file.clone()], &debian()).unwrap_err();
        assert!(
            matches!(&error, BaseError::Package { file: named, .. } if *named == file),
            "{error:?}"
        );
    }
}

#[test]
fn records_come_back_unless_they_are_torn() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let layer = store
        .put_layer([crate::Entry::file("a", b"a".as_slice())])
        .unwrap();
    let package = PackageRecord {
        name: "a".to_owned(),
        version: "1".to_owned(),
        sha256: "0".repeat(64),
        purl: "pkg:deb/debian/a@1".to_owned(),
    };
    store
        .record_layer("system-amd64", &layer, vec![package.clone()])
        .unwrap();
    assert_eq!(
        store.layer_record("system-amd64").unwrap().unwrap().packages,
        [package]
    );
    assert!(store.layer_record("system-arm64").unwrap().is_none());
    fs_err::write(store.root().join("bases/system-amd64.layer.json"), "{\"layer\":").unwrap();
    assert!(store.layer_record("system-amd64").unwrap().is_none());
    super::forget_bases(&store).unwrap();
    assert_eq!(fs_err::read_dir(store.root().join("bases")).unwrap().count(), 0);
}

#[test]
fn only_silence_is_got_around() {
    let silence = || RegistryError::NoAnswer {
        registry: "r.example".to_owned(),
        source: Box::new(ureq::Error::HostNotFound),
    };
    assert_eq!(substitute(&silence(), true), Some(Substitute::Remembered));
    assert_eq!(substitute(&silence(), false), Some(Substitute::Assembled));
    let reference = || "r.example/node:22".to_owned();
    let answers = [
        RegistryError::Refused {
            reference: reference(),
            what: "the manifest",
            status: "404 Not Found".to_owned(),
            said: String::new(),
            way_out: Box::from(""),
            again_after: None,
        },
        RegistryError::Connection {
            reference: reference(),
            host: "r.example".to_owned(),
            source: Box::new(ureq::Error::Tls("not trusted")),
        },
        RegistryError::NoStorage {
            reference: reference(),
            what: "a layer",
            host: "cdn.example".to_owned(),
            source: Box::new(ureq::Error::HostNotFound),
        },
        RegistryError::Digest {
            reference: reference(),
            what: "a layer",
            expected: Digest::of(b"a"),
            found: Digest::of(b"b"),
        },
        RegistryError::Platform {
            reference: reference(),
            platform: "amd64",
            offered: "linux/s390x".to_owned(),
        },
    ];
    for answer in answers {
        for is_remembered in [true, false] {
            assert_eq!(substitute(&answer, is_remembered), None, "{answer}");
        }
    }
}

#[test]
fn a_tag_is_believed_for_a_day_and_a_digest_forever() {
    const DAY: u64 = 24 * 60 * 60;
    let record = PulledRecord {
        reference: String::new(),
        digest: Digest::of(b""),
        resolved_at: 10 * DAY,
    };
    let tag = Reference::parse("node:22").unwrap();
    let pinned = tag.pinned(Digest::of(b""));
    let fresh = |reference, seconds, resolve_anew| {
        let wanted = NamedBase {
            reference,
            docker_config: None,
            search_path: std::ffi::OsStr::new(""),
            now: UNIX_EPOCH + Duration::from_secs(seconds),
            resolve_anew,
        };
        is_fresh(&record, &wanted)
    };
    assert!(fresh(&tag, 10 * DAY, false));
    assert!(fresh(&tag, 11 * DAY - 1, false));
    assert!(!fresh(&tag, 11 * DAY, false));
    assert!(!fresh(&tag, 10 * DAY, true));
    // The clock was set back.
    assert!(!fresh(&tag, 10 * DAY - 1, false));
    assert!(fresh(&pinned, 99 * DAY, true));
}

fn controls(texts: &[&str]) -> super::apt::Installed {
    let named = |text: &&str| {
        let name = text.lines().next().unwrap().strip_prefix("Package: ").unwrap();
        (name.to_owned(), (*text).to_owned())
    };
    texts.iter().map(named).collect()
}

#[test]
fn what_nothing_stands_in_for_is_found() {
    let installed = controls(&[
        "Package: one\nDepends: two (>= 1), three:any | four,\n five | six (= 2)\nVersion: 1",
        "Package: two\nProvides: four (= 1)\nPre-Depends: awk",
    ]);
    assert_eq!(unmet(&installed), ["awk", "five"]);
    let stripped = without_dependencies(&installed);
    assert_eq!(stripped["one"], "Package: one\nVersion: 1");
    assert!(unmet(&stripped).is_empty());
}

fn text_of(files: &Files, path: &str) -> String {
    match &files[Path::new(path)].kind {
        EntryKind::File(Contents::Bytes(bytes)) => String::from_utf8(bytes.to_vec()).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn apt_finds_the_state_of_an_installation() {
    let layer = tempfile::tempdir().unwrap();
    fs_err::create_dir_all(layer.path().join("usr/lib/x86")).unwrap();
    let below = installable::Below {
        installed: controls(&[
            "Package: base-files\nArchitecture: all\nDepends: left-out",
            "Package: libc6\nArchitecture: amd64\nMulti-Arch: same",
        ]),
        layers: vec![layer.path().to_owned()],
    };
    let mut files = files_of(Vec::new());
    for (name, text) in [
        ("passwd", "root:*:0:0:root:/root:/bin/bash\n"),
        ("group", "shadow:*:42:\n"),
    ] {
        let path = format!("usr/share/base-passwd/{name}.master");
        files.insert(path.clone().into(), Entry::file(path, text.as_bytes()));
    }
    let files = installable::finish(files, &below, Some("Types: deb\n".to_owned()));
    let status = text_of(&files, "var/lib/dpkg/status");
    assert_eq!(
        status.matches("Status: install ok installed").count(),
        3,
        "{status}"
    );
    assert!(status.contains("Package: left-out\n"), "{status}");
    assert_eq!(text_of(&files, "var/lib/dpkg/info/libc6:amd64.list"), "/.\n");
    let folders = text_of(&files, "var/lib/dpkg/info/base-files.list");
    for folder in ["/lib", "/lib/x86", "/usr/lib/x86", "/usr/share"] {
        assert!(folders.lines().any(|line| line == folder), "{folder}: {folders}");
    }
    assert_eq!(
        text_of(&files, "etc/apt/sources.list.d/distribution.sources"),
        "Types: deb\n"
    );
    assert!(text_of(&files, "etc/passwd").starts_with("root:x:0:0:"));
    assert!(text_of(&files, "etc/shadow").contains("_apt:*:"));
    assert_eq!(files[Path::new("etc/gshadow")].mode, 0o640);
}

#[test]
fn sources_are_those_of_the_distribution_that_this_machine_uses() {
    let archives = [
        "http://mirror.example/debian/|bookworm|main|Debian",
        "http://mirror.example/debian/|bookworm|main|Debian",
        "https://somebody:secret@mirror.example/debian-security/|bookworm-security|main|Debian",
        "file:/media/disc/|bookworm|contrib|Debian",
        "https://elsewhere.example/packages/|stable|main|Somebody",
        "https://flat.example/packages/|./||Debian",
        "https://unknown.example/packages/|stable|main|$(ORIGIN)",
    ]
    .into_iter()
    .filter_map(Archive::parse)
    .collect::<Vec<_>>();
    assert_eq!(archives.len(), 5, "{archives:?}");
    let debian = Distribution::of_release("ID=debian\nVERSION_ID=12\n");
    let keys = "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg";
    assert_eq!(
        debian.sources(&archives).unwrap(),
        format!(
            "Types: deb\nURIs: http://mirror.example/debian/\nSuites: bookworm\nComponents: main\n{keys}\n\n\
             Types: deb\nURIs: https://mirror.example/debian-security/\nSuites: bookworm-security\nComponents: main\n\
             {keys}\n\n"
        )
    );
    let ubuntu = Distribution::of_release("ID=ubuntu\n");
    assert_eq!(ubuntu.sources(&archives), None, "nothing is taken from it here");
    let other = Distribution::of_release("ID=other\n");
    assert_eq!(other.sources(&archives), None, "its keys are not known");
}
