//! Which installed packages an application needs.

use crate::javascript::pure::*;

const WORKSPACE: &str = r#"{ "lockfileVersion": 3, "packages": {
    "node_modules/app": { "resolved": "packages/app", "link": true },
    "node_modules/lib": { "resolved": "packages/lib", "link": true },
    "node_modules/ms": { "version": "2.1.3", "dependencies": { "deep": "1" } },
    "node_modules/deep": { "version": "1.0.0", "optionalDependencies": { "elsewhere": "1" } },
    "node_modules/ms/node_modules/deep": { "version": "2.0.0", "dependencies": { "leaf": "1" } },
    "node_modules/leaf": { "version": "1.0.0", "peerDependencies": { "@s/peer": "1" } },
    "node_modules/@s/peer": { "version": "1.0.0" },
    "node_modules/typescript": { "version": "5.0.0", "dev": true },
    "node_modules/is-number": { "version": "3.0.0", "dev": true },
    "packages/app": { "version": "1.0.0" },
    "packages/app/node_modules/is-number": { "version": "6.0.0" },
    "packages/lib": { "version": "1.0.0", "dependencies": { "is-number": "7", "ms": "2" } },
    "packages/lib/node_modules/is-number": { "version": "7.0.0" } } }"#;

fn manifest(text: &str) -> Manifest {
    serde_json::from_str(text).unwrap()
}

#[test]
fn only_what_is_reached_is_needed() {
    let installed = InstalledPackages::parse(WORKSPACE).unwrap();
    let root = manifest(r#"{ "dependencies": { "ms": "2" }, "devDependencies": { "typescript": "5" } }"#);
    let needed = installed.needed_by("", &root);
    let packages: Vec<&str> = needed.packages.iter().map(String::as_str).collect();
    assert_eq!(
        packages,
        [
            "node_modules/@s/peer",
            "node_modules/leaf",
            "node_modules/ms",
            "node_modules/ms/node_modules/deep"
        ]
    );
    assert_eq!(needed.names_in("").collect::<Vec<_>>(), ["@s/peer", "leaf", "ms"]);
}

#[test]
fn a_package_of_the_workspace_is_followed_but_not_copied() {
    let installed = InstalledPackages::parse(WORKSPACE).unwrap();
    let app = manifest(r#"{ "dependencies": { "lib": "1", "is-number": "6" } }"#);
    let needed = installed.needed_by("packages/app", &app);
    assert_eq!(needed.linked.iter().collect::<Vec<_>>(), ["packages/lib"]);
    assert!(needed.packages.contains("packages/app/node_modules/is-number"));
    assert!(needed.packages.contains("packages/lib/node_modules/is-number"));
    assert!(
        !needed.packages.contains("node_modules/is-number"),
        "neither of the two finds that one"
    );
    assert_eq!(needed.names_in("packages/lib").collect::<Vec<_>>(), ["is-number"]);
}

#[test]
fn what_is_installed_is_compared_with_the_lock_file() {
    let lock = |version: &str| {
        let text = format!(
            r#"{{ "packages": {{ "": {{ "dependencies": {{ "a": "^1" }} }}, "node_modules/a": {{ "version": "{version}" }},
                "node_modules/other-platform": {{ "version": "1.0.0", "optional": true }} }} }}"#
        );
        InstalledPackages::parse(&text).unwrap()
    };
    let installed =
        InstalledPackages::parse(r#"{ "packages": { "node_modules/a": { "version": "1.0.0" } } }"#).unwrap();
    assert!(installed.satisfies(&lock("1.0.0")));
    assert!(!installed.satisfies(&lock("1.0.1")));
    assert!(!InstalledPackages::parse("{}").unwrap().satisfies(&lock("1.0.0")));
    assert!(lock("1.0.0").is_lock_of("", &manifest(r#"{ "dependencies": { "a": "^1" } }"#)));
    assert!(!lock("1.0.0").is_lock_of("", &manifest(r#"{ "dependencies": { "a": "^2" } }"#)));
}

#[test]
fn odd_fields_of_a_package_json_count_as_absent() {
    let odd = manifest(
        r#"{ "name": 7, "engines": ["node"], "dependencies": [], "workspaces": { "packages": ["a"] } }"#,
    );
    assert_eq!(odd.name, None);
    assert_eq!(odd.engines, None);
    assert_eq!(odd.production_names().count(), 0);
    assert_eq!(odd.workspace_patterns(), Some(vec!["a"]));
}
