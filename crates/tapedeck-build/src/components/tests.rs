//! What is found in folders as layers leave them.

use std::io::Write;
use std::path::Path;

use fs_err as fs;
use tapedeck_image::{Component, Entry, Store};

use super::{found_in, joined, of_layers};

fn write(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn urls(folder: &Path) -> Vec<String> {
    let found = found_in(folder);
    found.into_iter().map(|component| component.purl).collect()
}

#[test]
fn packages_of_npm_are_those_whose_folder_is_in_node_modules() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = |name: &str| format!("{{\"name\": \"{name}\", \"version\": \"1.2.3\"}}").into_bytes();
    write(folder.path(), "app/package.json", &manifest("app"));
    write(folder.path(), "app/node_modules/a/package.json", &manifest("a"));
    write(
        folder.path(),
        "app/node_modules/a/esm/package.json",
        &manifest("inner"),
    );
    write(
        folder.path(),
        "app/node_modules/a/node_modules/@s/b/package.json",
        &manifest("@s/b"),
    );
    write(folder.path(), "app/node_modules/broken/package.json", b"{");
    assert_eq!(urls(folder.path()), ["pkg:npm/%40s/b@1.2.3", "pkg:npm/a@1.2.3"]);
}

#[test]
fn packages_of_python_are_named_as_their_index_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"Metadata-Version: 2.3\nName: Typing_Extensions\nVersion: 4.12.2\n\nVersion: 0\n";
    write(
        folder.path(),
        "opt/site-packages/typing_extensions-4.12.2.dist-info/METADATA",
        text,
    );
    write(folder.path(), "app/docs/METADATA", text);
    assert_eq!(urls(folder.path()), ["pkg:pypi/typing-extensions@4.12.2"]);
}

#[test]
fn a_jar_tells_of_everything_that_was_built_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut jar = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for artifact in ["core", "shaded"] {
        let name = format!("META-INF/maven/com.acme/{artifact}/pom.properties");
        jar.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        write!(
            jar,
            "#made\ngroupId=com.acme\nartifactId={artifact}\nversion=2.0\n"
        )
        .unwrap();
    }
    write(
        folder.path(),
        "app/libs/core-2.0.jar",
        &jar.finish().unwrap().into_inner(),
    );
    write(folder.path(), "app/libs/some-thing-1.0-beta.jar", b"no zip");
    assert_eq!(
        urls(folder.path()),
        [
            "pkg:maven/com.acme/core@2.0",
            "pkg:maven/com.acme/shaded@2.0",
            "pkg:maven/some-thing@1.0-beta"
        ]
    );
}

#[test]
fn the_list_of_the_topmost_layer_is_that_of_the_distribution() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let layer = |text: &str, package: &str| {
        let entries = [
            Entry::file("var/lib/dpkg/status", text.as_bytes()),
            Entry::file("usr/lib/os-release", b"ID=\"ubuntu\"\n".as_slice()),
            Entry::file(
                format!("srv/node_modules/{package}/package.json"),
                format!("{{\"name\": \"{package}\", \"version\": \"1.0.0\"}}").into_bytes(),
            ),
        ];
        store.put_layer(entries).unwrap()
    };
    let installed =
        |version: &str| format!("Package: libc6\nStatus: install ok installed\nVersion: {version}\n");
    let lower = layer(&format!("{}\nPackage: vim\nVersion: 9\n", installed("1")), "one");
    let upper = layer(
        &format!(
            "{}\nPackage: vim\nStatus: deinstall ok config-files\nVersion: 9\n",
            installed("2")
        ),
        "two",
    );
    let image = store
        .put_image(None, &[(lower, "a"), (upper.clone(), "b")], &Default::default())
        .unwrap();
    for _ in 0..2 {
        let found = of_layers(&store, image.layers.iter().map(AsRef::as_ref)).unwrap();
        let found: Vec<String> = found.into_iter().map(|component| component.purl).collect();
        assert_eq!(
            found,
            ["pkg:deb/ubuntu/libc6@2", "pkg:npm/two@1.0.0", "pkg:npm/one@1.0.0"]
        );
    }
    assert!(store.components_of_layer(&upper.diff_id).unwrap().is_some());
}

#[test]
fn a_list_above_a_base_is_the_newer_one_and_the_base_is_known_better() {
    let of_base = |name: &str| Component {
        purl: format!("pkg:deb/debian/{name}@1?arch=amd64"),
        ..Component::new("deb", name, "1")
    };
    let base = vec![
        of_base("libc6"),
        of_base("old"),
        Component::new("npm", "node", "24"),
    ];
    let listed = |name: &str, version: &str| Component {
        name: name.to_owned(),
        ..Component::new("deb", &format!("debian/{name}"), version)
    };
    let found = joined(base.clone(), vec![listed("libc6", "1"), listed("jq", "2")]);
    let urls: Vec<&str> = found.iter().map(|component| component.purl.as_str()).collect();
    assert_eq!(
        urls,
        [
            "pkg:deb/debian/libc6@1?arch=amd64",
            "pkg:npm/node@24",
            "pkg:deb/debian/jq@2"
        ]
    );
    assert_eq!(joined(base.clone(), Vec::new()), base);
}

#[test]
fn what_is_only_said_to_be_there_is_not_in_an_image() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Package: jq\nStatus: install ok installed\nVersion: 2\n\nPackage: usr-is-merged\n\
                Status: install ok installed\nVersion: 999:0\nDescription: left out of base images\n";
    fs_err::create_dir_all(folder.path().join("var/lib/dpkg")).unwrap();
    fs_err::write(folder.path().join("var/lib/dpkg/status"), text).unwrap();
    assert_eq!(urls(folder.path()), ["pkg:deb/debian/jq@2"]);
}
