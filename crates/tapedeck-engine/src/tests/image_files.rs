//! Files are found as a container would find them, and never on this machine.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::image_files::{ImageFile, text_of};

/// Layers, top first, of paths and texts; a text that begins with `->` is the target of a link.
fn layers(contents: &[&[(&str, &str)]]) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let layer = |(number, files): (usize, &&[(&str, &str)])| {
        let layer = folder.path().join(number.to_string());
        fs_err::create_dir(&layer).unwrap();
        for (path, text) in *files {
            let path = layer.join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("->") {
                Some(target) => symlink(target, path).unwrap(),
                None => fs_err::write(path, text).unwrap(),
            }
        }
        layer
    };
    let layers = contents.iter().enumerate().map(layer).collect();
    (folder, layers)
}

#[test]
fn the_topmost_layer_that_has_a_file_counts() {
    let (_folder, layers) = layers(&[
        &[("etc/b", "top")],
        &[("etc/a", "middle"), ("etc/b", "middle")],
        &[("etc/a", "bottom"), ("etc/c/d", "bottom")],
    ]);
    for (path, text) in [
        ("/etc/a", Some("middle")),
        ("etc/b", Some("top")),
        ("/etc/../etc/./c/d", Some("bottom")),
        ("/../etc/a", Some("middle")),
        ("/etc/c", None),
        ("/etc/a/d", None),
        ("/etc/e", None),
        ("/", None),
    ] {
        assert_eq!(text_of(&layers, path).as_deref(), text, "{path}");
    }
}

#[test]
fn what_an_upper_layer_puts_in_its_place_hides_a_folder() {
    let (_folder, layers) = layers(&[
        &[("a/new", "new"), ("b", "no folder"), ("c", "->a")],
        &[("a", "->b"), ("b/old", "old"), ("c/old", "old")],
    ]);
    for (path, text) in [
        ("/a/new", Some("new")),
        ("/a/old", None),
        ("/b/old", None),
        ("/c/old", None),
        ("/c/new", Some("new")),
    ] {
        assert_eq!(text_of(&layers, path).as_deref(), text, "{path}");
    }
}

#[test]
fn links_lead_through_all_layers_and_to_no_file_of_this_machine() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(outside.path(), "of this machine").unwrap();
    let to_outside = format!("->{}", outside.path().display());
    let up = format!("->{}{}", "../".repeat(20), outside.path().display());
    let (_folder, layers) = layers(&[
        &[
            ("lib/security/cacerts", "->/etc/java/cacerts"),
            ("outside", &to_outside),
        ],
        &[("etc/java", "->../var/java"), ("up", &up), ("round", "->/round")],
        &[("var/java/cacerts", "trusted")],
    ]);
    let found = ImageFile::find(&layers, Path::new("/lib/security/cacerts")).unwrap();
    assert_eq!(found.inside, Path::new("/var/java/cacerts"));
    assert_eq!(found.read().unwrap(), b"trusted");
    for path in ["/outside", "/up", "/round"] {
        assert_eq!(text_of(&layers, path), None, "{path}");
    }
}
