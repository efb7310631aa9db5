//! A base image with this machine's own `bash`, for builds whose commands run in one.

use std::path::Path;
use std::process::Command;

use tapedeck_image::Platform;

use crate::busybox::busybox;
use crate::registry::{Pusher, TestImage, layer};

/// Pushes an image with `bash`, also as `sh`, and `busybox` to a registry for everybody, and gives its name.
///
/// # Panics
/// When this machine has no `bash` or no static `busybox`, or the registry refuses.
#[must_use]
pub fn push_bash_image(host: &str) -> String {
    let read = |path: &str| fs_err::read(path).expect("programs can be read");
    let bash = read("/bin/bash");
    let mut files = vec![
        ("bin/sh".to_owned(), bash.clone()),
        ("bin/bash".to_owned(), bash),
        (
            "bin/busybox".to_owned(),
            read(
                &busybox()
                    .expect("tests of containers ask `missing` first")
                    .to_string_lossy(),
            ),
        ),
        ("etc/passwd".to_owned(), b"root:x:0:0::/root:/bin/bash\n".to_vec()),
        ("root/".to_owned(), Vec::new()),
        ("tmp/".to_owned(), Vec::new()),
    ];
    for library in libraries(Path::new("/bin/bash")) {
        files.push((library.trim_start_matches('/').to_owned(), read(&library)));
    }
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(path, content)| (path.as_str(), &content[..]))
        .collect();
    let image = TestImage::of_layer(Platform::host().as_str(), layer(&files), &["/bin/bash"]);
    let name = "tests/bash";
    let pusher = Pusher {
        host,
        name,
        authorization: None,
    };
    pusher.image(&image, "1");
    format!("{host}/{name}:1")
}

/// The shared libraries that a program is loaded with, the loader among them.
fn libraries(program: &Path) -> Vec<String> {
    let listed = Command::new("ldd")
        .arg(program)
        .output()
        .expect("ldd can be started");
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let paths = text.split_whitespace().filter(|word| word.starts_with('/'));
    paths.map(str::to_owned).collect()
}
