//! Projects in Python, and running them.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use fs_err as fs;
use tapedeck_build::{Built, find_executable};
use tapedeck_image::Image;
use tapedeck_model::{LanguageConfig, PythonConfig};

use crate::project::{Project, image, state};

/// A program that says what its packages are.
pub(super) const MAIN: (&str, &str) = (
    "app/main.py",
    "import humanize\nfrom app.names import NAME\n\nprint(NAME, humanize.intcomma(12345))\n",
);
pub(super) const NAMES: (&str, &str) = ("app/names.py", "NAME = 'app'\n");
pub(super) const HUMANIZE: &str =
    "humanize==4.13.0 --hash=sha256:b810820b31891813b1673e8fec7f1ed3312061eab2f26e3fa192c393d11ed25f\n";
pub(super) const REQUIREMENTS: (&str, &str) = ("requirements.txt", HUMANIZE);

/// A project with these files in place of the usual ones. None, loudly, where there is no index of packages.
#[expect(clippy::print_stderr, reason = "a skip has to be seen")]
pub(super) fn project(entry: &str, files: &[(&str, &str)]) -> Option<Project> {
    if !reaches_index() {
        eprintln!("SKIPPED: this machine has no pip that reaches an index of Python packages");
        return None;
    }
    Some(offline(entry, files))
}

/// The same where no package is needed.
pub(super) fn offline(entry: &str, files: &[(&str, &str)]) -> Project {
    let mut project = Project::with(files);
    project.packaging.entryfile_path = entry.to_owned();
    project.packaging.language = LanguageConfig::Python(PythonConfig::default());
    project
}

/// The usual one.
pub(super) fn usual() -> Option<Project> {
    project("app/main.py", &[MAIN, NAMES, REQUIREMENTS])
}

pub(super) fn settings(project: &mut Project) -> &mut PythonConfig {
    match &mut project.packaging.language {
        LanguageConfig::Python(settings) => settings,
        other => panic!("{other:?}"),
    }
}

fn reaches_index() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let Some(python) = find_executable("python3", &path) else {
            return false;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(python);
        command.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "humanize==4.13.0",
            "--dest",
        ]);
        command
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success())
    })
}

/// Puts the layers of an image on each other, as a container has them.
pub(super) fn unpacked(image: &Image) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for layer in image.layers.iter().rev() {
        let mut command = Command::new("cp");
        command.arg("-a").arg(layer.join(".")).arg(root.path());
        assert!(command.status().unwrap().success());
    }
    root
}

/// Runs the application of an image in a root of its own, and gives what it prints.
pub(super) fn run(built: &Built) -> String {
    let image = image(built);
    let root = unpacked(&image);
    let output = within(root.path(), &image).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The command of an image in a folder that holds its files.
pub(super) fn within(root: &Path, image: &Image) -> Command {
    let mut command = Command::new("chroot");
    command.args(["--userspec=65532:65532"]).arg(root);
    // The init wants to be the first process of a container.
    let program = image
        .config
        .entrypoint
        .iter()
        .skip_while(|word| *word != "--")
        .skip(1);
    command.args(["env", "--chdir=/app"]).args(program);
    command.env_clear().envs(&image.config.env);
    command
}

/// Runs the uv that packaging fetched.
pub(super) fn uv(project: &Project, arguments: &[&str]) {
    let folder = fs::read_dir(state("build").join("uv"))
        .unwrap()
        .flatten()
        .map(|item| item.path().join("bin/uv"))
        .find(|program| program.is_file())
        .unwrap();
    let output = Command::new(folder)
        .args(arguments)
        .current_dir(project.path(""))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
