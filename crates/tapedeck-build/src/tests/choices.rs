//! Which Node, which package manager, whether to install.

use crate::javascript::pure::*;

const OFFER: Offer = Offer {
    oldest: 16,
    newest: 26,
    default: 24,
};

fn wish(source: WishSource, text: &str) -> Wish {
    Wish {
        source,
        text: text.to_owned(),
    }
}

/// The major version that a text in `engines.node` leads to.
fn engines(text: &str) -> Result<u16, InvalidNodeVersion> {
    choose_node(&[wish(WishSource::Engines("package.json".into()), text)], OFFER).map(|node| node.major)
}

#[test]
fn a_range_gets_the_default_line_if_it_may() {
    for (text, major) in [
        ("22", 22),
        ("v22.3.1", 22),
        ("^20.10", 20),
        ("~18", 18),
        ("22.x", 22),
        (">=18", 24),
        (">= 18", 24),
        (">=18 <23", 22),
        (">=20 <24.0.0", 22),
        (">=20 <=24", 24),
        ("<24.1", 24),
        (">24", 26),
        ("18 || 20 || 22", 22),
        ("18 - 22", 22),
        ("*", 24),
        ("23", 23),
        ("lts/jod", 22),
        ("lts/*", 24),
        ("=20.1.0", 20),
    ] {
        assert_eq!(engines(text), Ok(major), "{text}");
    }
}

#[test]
fn a_named_base_decides_where_the_project_leaves_a_choice() {
    let chosen = |text: &str, base_node| {
        let wishes = [wish(WishSource::Engines("package.json".into()), text)];
        choose_node(&wishes, offer(base_node)).unwrap().major
    };
    assert_eq!(choose_node(&[], offer(Some(20))).unwrap().major, 20);
    assert_eq!(choose_node(&[], offer(Some(14))).unwrap().major, 14);
    assert_eq!(choose_node(&[], offer(None)).unwrap().major, 24);
    assert_eq!(chosen(">=18", Some(20)), 20);
    assert_eq!(chosen(">=18", None), 24);
    // These differ from the base, which is then refused.
    assert_eq!(chosen("22.x", Some(20)), 22);
    assert_eq!(chosen(">=18 <23", Some(24)), 22);
}

#[test]
fn an_impossible_version_names_its_place() {
    for text in ["banana", "99", ">=30", "<10", "", "22.x.y", "lts/nothing", "=>20"] {
        let error = engines(text).expect_err(text);
        assert!(
            error.to_string().contains("engines.node of package.json"),
            "{error}"
        );
        assert!(error.to_string().contains("from 16 to 26"), "{error}");
    }
}

#[test]
fn wishes_have_an_order() {
    let mut wishes = vec![
        wish(WishSource::Volta("package.json".into()), "16"),
        wish(
            WishSource::ToolVersions(".tool-versions".into()),
            "python 3.12\nnodejs 18.1.0 system\n",
        ),
        wish(WishSource::VersionFile(".node-version".into()), "20\n"),
        wish(WishSource::VersionFile(".nvmrc".into()), "# ours\n\nv22\n"),
        wish(WishSource::Engines("package.json".into()), "25"),
        wish(WishSource::Engines("../package.json".into()), "26"),
        wish(WishSource::Configuration, "23"),
    ];
    let mut seen = Vec::new();
    while !wishes.is_empty() {
        let chosen = choose_node(&wishes, OFFER).unwrap();
        let position = wishes
            .iter()
            .position(|wish| wish.source.to_string() == chosen.source)
            .unwrap();
        wishes.remove(position);
        seen.push(chosen.major);
    }
    assert_eq!(seen, [23, 25, 26, 22, 20, 18, 16]);
    let nobody = choose_node(&[], OFFER).unwrap();
    assert_eq!((nobody.major, nobody.source.as_str()), (24, "default"));
}

#[test]
fn the_field_decides_before_the_lock_file() {
    use PackageManager::*;
    let classic = (YarnClassic, "# yarn lockfile v1\n");
    let berry = (YarnClassic, "__metadata:\n  version: 8\n");
    for (field, lock, manager, version) in [
        (None, None, Npm, None),
        (None, Some((Pnpm, "")), Pnpm, None),
        (None, Some(classic), YarnClassic, None),
        (None, Some(berry), YarnBerry, None),
        (
            Some("pnpm@9.1.0+sha512.abc"),
            Some((Npm, "")),
            Pnpm,
            Some("9.1.0"),
        ),
        (Some("yarn@1.22.22"), None, YarnClassic, Some("1.22.22")),
        (Some("yarn@4.5.0"), Some(classic), YarnBerry, Some("4.5.0")),
        (Some("bun"), None, Bun, None),
        (Some(" "), Some((Bun, "")), Bun, None),
    ] {
        let chosen = choose_manager(field, lock).unwrap();
        assert_eq!(
            (chosen.manager, chosen.version.as_deref()),
            (manager, version),
            "{field:?} {lock:?}"
        );
    }
    let error = choose_manager(Some("cargo@1"), None).unwrap_err();
    assert!(error.to_string().starts_with("packageManager is `cargo@1`"));
}

#[test]
fn installing_needs_a_reason() {
    let facts = |installed_ns, wanted_ns, is_as_wanted| InstallFacts {
        installed_ns,
        wanted_ns,
        is_as_wanted,
    };
    assert_eq!(
        reason_to_install(&facts(None, 5, true)),
        Some(InstallReason::Missing)
    );
    assert_eq!(
        reason_to_install(&facts(Some(4), 5, false)),
        Some(InstallReason::Outdated)
    );
    assert_eq!(
        reason_to_install(&facts(Some(4), 5, true)),
        None,
        "touched, but the same"
    );
    assert_eq!(reason_to_install(&facts(Some(5), 5, false)), None);
}

#[test]
fn a_lock_file_is_obeyed_to_the_letter() {
    use PackageManager::*;
    let line = |manager: PackageManager, has_lock| manager.install_arguments(has_lock).join(" ");
    assert!(line(Npm, true).starts_with("ci "));
    assert!(line(Npm, false).starts_with("install "));
    for manager in [Pnpm, YarnClassic, Bun] {
        assert!(line(manager, true).contains("--frozen-lockfile"), "{manager:?}");
        assert!(
            !line(manager, false).contains(" --frozen-lockfile"),
            "{manager:?}"
        );
    }
    assert_eq!(line(YarnBerry, true), "install --immutable");
    assert_eq!(
        YarnBerry.registry_package(Some("4.1.0")),
        "@yarnpkg/cli-dist@4.1.0"
    );
}

#[test]
fn an_old_bundler_of_a_project_is_not_asked_for_what_it_cannot_do() {
    let able = ["0.8.57", "0.16.17", "0.17.0", "0.28.2", "1.0.0", "next"].map(has_aliases);
    assert_eq!(able, [false, false, true, true, true, false]);
}
