//! What is pinned, and which version packages say that they are.

use super::Kind;
use super::packaged::version_among;
use super::python::{MINISTACK, SECANTUSDB, TANSU};

#[test]
fn versions_are_the_pinned_ones() {
    assert_eq!(MINISTACK.version(), "1.5.33");
    assert_eq!(SECANTUSDB.version(), "0.7.0b3");
    assert_eq!(TANSU.version(), "0.6.0");
}

#[test]
fn everything_is_pinned_with_hashes() {
    for recipe in [MINISTACK, SECANTUSDB, TANSU] {
        let packages = recipe.requirements.lines().filter(|line| !line.starts_with(' '));
        for line in packages {
            assert!(line.contains("==") && line.ends_with('\\'), "{line}");
        }
    }
}

#[test]
fn versions_are_those_of_the_makers() {
    let packages = [
        ("postgresql-client-15", "15.1-1"),
        ("postgresql-common", "248"),
        ("postgresql-15", "15.18-0+deb12u1"),
        ("redis-server", "5:7.0.15-1~deb12u10"),
    ];
    assert_eq!(version_among("postgresql-", packages).as_deref(), Some("15.18"));
    assert_eq!(version_among("redis-server", packages).as_deref(), Some("7.0.15"));
    assert_eq!(version_among("mariadb-server-core", packages), None);
}

#[test]
fn an_init_reaps_what_each_leaves_behind() {
    for kind in Kind::ALL {
        assert_eq!(kind.entrypoint()[1], "--", "{kind}");
    }
}
