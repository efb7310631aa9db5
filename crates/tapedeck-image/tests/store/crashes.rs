//! What a killed process and a machine without power leave behind.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use tapedeck_image::{ConfigChange, Digest, Entry, InputKey, Store};

use crate::{app, large, store};

const CHILD: &str = "TAPEDECK_IMAGE_TEST_STORE";

fn names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// Makes a folder look as if it had been left two hours ago.
fn age(path: &Path) {
    let then = SystemTime::now() - Duration::from_secs(7200);
    std::fs::File::open(path).unwrap().set_modified(then).unwrap();
}

/// Not a test of its own: the process that `a_killed_process_leaves_nothing_half_done` kills.
#[test]
fn child_that_puts_layers() {
    let Some(root) = std::env::var_os(CHILD) else {
        return;
    };
    let store = Store::open(root).unwrap();
    for number in 0_u32.. {
        let mut entries = if number.is_multiple_of(4) {
            large()
        } else {
            app("hello")
        };
        entries.push(Entry::file("number", number.to_string().into_bytes()));
        let layer = store.put_layer(entries).unwrap();
        store
            .remember_layer(&InputKey::of([number.to_string()]), &layer)
            .unwrap();
        store
            .put_image(None, &[(layer, "number")], &ConfigChange::default())
            .unwrap();
    }
}

#[test]
fn a_killed_process_leaves_nothing_half_done() {
    let (_folder, store) = store();
    for wanted in [3, 8, 13] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crashes::child_that_puts_layers", "--test-threads=1"])
            .env(CHILD, store.root())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while names(&store.root().join("layers")).len() < wanted {
            assert!(
                Instant::now() < deadline && child.try_wait().unwrap().is_none(),
                "the child makes no layers"
            );
            thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for name in names(&store.root().join("blobs/sha256")) {
            let content = std::fs::read(store.root().join("blobs/sha256").join(&name)).unwrap();
            assert_eq!(Digest::of(&content).hex(), name);
        }
        for number in 0..wanted - 1 {
            let layer = store
                .layer_of_key(&InputKey::of([number.to_string()]))
                .unwrap()
                .unwrap();
            let folder = store.root().join("layers").join(layer.diff_id.hex());
            assert_eq!(
                std::fs::read_to_string(folder.join("number")).unwrap(),
                number.to_string()
            );
        }
    }
    for name in names(&store.root().join("tmp")) {
        age(&store.root().join("tmp").join(name));
    }
    Store::open(store.root()).unwrap();
    assert!(names(&store.root().join("tmp")).is_empty());
}

#[test]
fn only_abandoned_work_is_cleaned_up() {
    let (_folder, store) = store();
    let tmp = store.root().join("tmp");
    for name in ["young", "old", "held"] {
        std::fs::create_dir(tmp.join(name)).unwrap();
        std::fs::write(tmp.join(name).join("blob"), "half").unwrap();
    }
    age(&tmp.join("old"));
    age(&tmp.join("held"));
    let held = std::fs::File::open(tmp.join("held")).unwrap();
    held.lock_shared().unwrap();
    Store::open(store.root()).unwrap();
    let mut left = names(&tmp);
    left.sort();
    assert_eq!(left, ["held", "young"]);
}

#[test]
fn after_a_power_failure_what_was_not_settled_is_checked() {
    let (_folder, store) = store();
    let settled = store.put_layer(large()).unwrap();
    store.settle().unwrap();
    assert!(names(&store.root().join("unsettled")).is_empty());
    let layer = store.put_layer(app("hello")).unwrap();
    let image = store.put_image(
        None,
        &[(settled.clone(), "deps"), (layer.clone(), "app")],
        &ConfigChange::default(),
    );
    let image = image.unwrap();
    // Another boot, and the data of one file never reached the disk.
    let markers = names(&store.root().join("unsettled"));
    assert_eq!(markers.len(), 1);
    let unsettled = store.root().join("unsettled");
    std::fs::rename(unsettled.join(&markers[0]), unsettled.join("another-boot")).unwrap();
    std::fs::write(image.layers[0].join("app/main.js"), "").unwrap();
    let reopened = Store::open(store.root()).unwrap();
    assert!(names(&unsettled).is_empty());
    assert!(
        !image.layers[0].exists(),
        "an unpacked folder that may be torn must go"
    );
    assert!(image.layers[1].exists(), "what was settled stays");
    let again = reopened.image(&image.digest).unwrap();
    assert_eq!(
        std::fs::read_to_string(again.layers[0].join("app/main.js")).unwrap(),
        "hello"
    );

    // The same, but it is the blob that is torn.
    std::fs::create_dir(unsettled.join("another-boot")).unwrap();
    std::fs::write(
        unsettled
            .join("another-boot")
            .join(format!("blob-{}", layer.digest.hex())),
        "",
    )
    .unwrap();
    std::fs::write(
        unsettled
            .join("another-boot")
            .join(format!("layer-{}", layer.diff_id.hex())),
        "",
    )
    .unwrap();
    std::fs::write(store.root().join("blobs/sha256").join(layer.digest.hex()), "").unwrap();
    let reopened = Store::open(store.root()).unwrap();
    let error = reopened.image(&image.digest).unwrap_err();
    assert!(error.to_string().contains(&layer.digest.hex()), "{error}");
    assert_eq!(reopened.put_layer(app("hello")).unwrap(), layer);
    assert_eq!(reopened.image(&image.digest).unwrap(), image);
}

#[test]
fn the_store_is_private() {
    let (_folder, store) = store();
    assert_eq!(
        store.root().metadata().unwrap().permissions().mode() & 0o7777,
        0o700
    );
}
