//! Zips of code: what is in them, and that equal code gives equal bytes.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_image::{Image, ImageConfig};
use tapedeck_model::ImageDigest;
use zip::ZipArchive;

use super::{Artifact, ArtifactError, Code};

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Names and contents; of links, where they lead to.
fn unzipped(artifact: &Artifact) -> BTreeMap<String, String> {
    let mut zip = ZipArchive::new(Cursor::new(artifact.zip().unwrap())).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let sorted = names.is_sorted();
    assert!(sorted, "{names:?}");
    let mut found = BTreeMap::new();
    for name in names {
        let mut text = String::new();
        zip.by_name(&name).unwrap().read_to_string(&mut text).unwrap();
        found.insert(name, text);
    }
    found
}

fn image(layers: Vec<PathBuf>) -> Image {
    Image {
        digest: ImageDigest::new(format!("sha256:{}", "0".repeat(64))).unwrap(),
        config: ImageConfig::default(),
        layers,
        size: 0,
    }
}

const NODE: Code = Code::Node {
    is_handler_named: false,
};

#[test]
fn equal_folders_give_equal_bytes_whatever_their_times_and_places() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(one.path(), &[("index.js", "exports.a = 1"), ("lib/b.js", "2")]);
    write(other.path(), &[("lib/b.js", "2"), ("index.js", "exports.a = 1")]);
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let file = fs::File::options()
        .write(true)
        .open(other.path().join("index.js"))
        .unwrap();
    file.file().set_modified(long_ago).unwrap();
    let artifacts = [one.path(), other.path()].map(|path| Artifact::of_path(path).unwrap());
    let [first, second] = &artifacts;
    assert_eq!(first.digest(), second.digest());
    assert_eq!(first.zip().unwrap(), second.zip().unwrap());
    write(other.path(), &[("lib/b.js", "3")]);
    let changed = Artifact::of_path(other.path()).unwrap();
    assert_ne!(changed.digest(), second.digest());
}

#[test]
fn a_mode_is_part_of_the_code() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("bootstrap", "#!/bin/sh\n")]);
    let before = Artifact::of_path(folder.path()).unwrap();
    let path = folder.path().join("bootstrap");
    fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let after = Artifact::of_path(folder.path()).unwrap();
    assert_ne!(before.digest(), after.digest());
    let mut zip = ZipArchive::new(Cursor::new(after.zip().unwrap())).unwrap();
    assert_eq!(
        zip.by_name("bootstrap").unwrap().unix_mode().unwrap() & 0o777,
        0o755
    );
}

#[test]
fn a_zip_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("code/index.js", "1")]);
    let made = Artifact::of_path(&folder.path().join("code")).unwrap();
    let zip = folder.path().join("given.zip");
    fs::write(&zip, made.zip().unwrap()).unwrap();
    let given = Artifact::of_path(&zip).unwrap();
    assert_eq!(given.zip().unwrap(), made.zip().unwrap());
}

#[test]
fn a_single_file_keeps_its_name() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("deep/handler.py", "x = 1")]);
    let artifact = Artifact::of_path(&folder.path().join("deep/handler.py")).unwrap();
    assert_eq!(
        unzipped(&artifact),
        BTreeMap::from([("handler.py".to_owned(), "x = 1".to_owned())])
    );
    let missing = Artifact::of_path(&folder.path().join("nowhere"));
    assert!(matches!(missing, Err(ArtifactError::Missing { .. })));
}

#[test]
fn a_bundle_whose_handler_has_no_name_is_asked_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let layer = |name: &str| folder.path().join(name);
    write(&layer("base"), &[("usr/bin/node", "node")]);
    write(&layer("packages"), &[("app/node_modules/a/index.js", "a")]);
    for (kind, beginning) in [("module", "import "), ("commonjs", "\"use strict\"")] {
        let manifest = format!("{{\"type\":\"{kind}\"}}");
        write(
            &layer(kind),
            &[("app/index.js", "bundle"), ("app/package.json", &manifest)],
        );
        let image = image(vec![layer(kind), layer("packages"), layer("base")]);
        let found = unzipped(&Artifact::of_image(&image, NODE));
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            [
                "index.bundle.js",
                "index.js",
                "node_modules/a/index.js",
                "package.json"
            ]
        );
        assert_eq!(found["index.bundle.js"], "bundle");
        assert!(found["index.js"].starts_with(beginning));
        let named = Code::Node {
            is_handler_named: true,
        };
        assert_eq!(unzipped(&Artifact::of_image(&image, named))["index.js"], "bundle");
    }
}

#[test]
fn the_digest_of_an_image_is_that_of_its_layers_but_the_base() {
    let folder = tempfile::tempdir().unwrap();
    let layer = |name: &str| folder.path().join(name);
    for name in ["one", "other"] {
        write(&layer(name), &[("app/index.js", name)]);
        write(&layer(&format!("base-of-{name}")), &[("usr/bin/node", "node")]);
    }
    let digest = |layers: &[&str]| {
        let layers = layers.iter().map(|name| layer(name)).collect();
        Artifact::of_image(&image(layers), NODE).digest().to_owned()
    };
    assert_eq!(digest(&["one", "base-of-one"]), digest(&["one", "base-of-other"]));
    assert_ne!(digest(&["one"]), digest(&["other"]));
}

#[test]
fn links_between_packages_lead_to_the_same_in_the_zip() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("app/index.js", "x"),
            ("node_modules/.pnpm/a@1/node_modules/a/index.js", "a"),
        ],
    );
    fs::create_dir_all(folder.path().join("app/node_modules")).unwrap();
    symlink(
        "../../node_modules/.pnpm/a@1/node_modules/a",
        folder.path().join("app/node_modules/a"),
    )
    .unwrap();
    let found = unzipped(&Artifact::of_image(&image(vec![folder.path().to_owned()]), NODE));
    assert_eq!(found["node_modules/a"], ".pnpm/a@1/node_modules/a");
}

#[test]
fn python_is_imported_from_the_root_of_the_zip() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("app/src/jobs/main.py", "def handler(): ..."),
            ("app/src/shared/names.py", "A = 1"),
            ("opt/venv/bin/python3", "no"),
            ("opt/venv/lib/python3.11/site-packages/requests/__init__.py", "r"),
            (
                "opt/venv/lib/python3.11/site-packages/requests/__pycache__/x.pyc",
                "b",
            ),
        ],
    );
    let code = Code::Python {
        entry: "services/mail/src/jobs/main.py".to_owned(),
        import_folders: vec!["/app".to_owned(), "/app/src".to_owned()],
    };
    let found = unzipped(&Artifact::of_image(&image(vec![folder.path().to_owned()]), code));
    assert!(found["main.py"].contains("import_module(\"src.jobs.main\")"));
    assert_eq!(found["shared/names.py"], "A = 1");
    assert_eq!(found["requests/__init__.py"], "r");
    assert!(
        !found
            .keys()
            .any(|name| name.contains("pycache") || name.contains("venv"))
    );
}

#[test]
fn a_program_is_called_as_lambda_calls_it() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("app/worker", "elf"), ("app/data.json", "{}")]);
    let code = Code::Program {
        path: "/app/worker".to_owned(),
    };
    let found = unzipped(&Artifact::of_image(&image(vec![folder.path().to_owned()]), code));
    assert_eq!(found.keys().collect::<Vec<_>>(), ["bootstrap", "data.json"]);
}
