//! The layers of a base as one folder, and programs run inside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tapedeck_image::Image;

/// The layers as one folder, through overlayfs, until it is dropped.
pub(crate) struct Merged<'a> {
    folder: PathBuf,
    image: &'a Image,
}

impl<'a> Merged<'a> {
    /// Mounts an image below `folder`; nothing where that is not possible, which is said.
    pub(crate) fn mount(image: &'a Image, folder: &Path) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("SKIPPED: looking inside a base needs root for mounting and chroot");
            return None;
        }
        let own = tempfile::Builder::new().tempdir_in(folder).unwrap().keep();
        let path = |name: &str| {
            let path = own.join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let (upper, work, merged) = (path("upper"), path("work"), path("merged"));
        let lower: Vec<_> = image.layers.iter().map(|layer| layer.to_string_lossy()).collect();
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            lower.join(":"),
            upper.display(),
            work.display()
        );
        let mounted = Command::new("mount")
            .args(["-t", "overlay", "overlay", "-o", &options])
            .arg(&merged)
            .status()
            .unwrap();
        assert!(mounted.success(), "overlayfs cannot be mounted here");
        Some(Self {
            folder: merged,
            image,
        })
    }

    /// Runs a program as the user of bases, as the first process of a process space, and gives what it printed.
    pub(crate) fn run(&self, command: &[&str]) -> String {
        let output = self.command(command).output().unwrap();
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{command:?}: {stdout}{stderr}");
        format!("{stdout}{stderr}")
    }

    /// A program to be run so; its first process is the child of the one that is started.
    pub(crate) fn command(&self, command: &[&str]) -> Command {
        let processes = format!("--mount-proc={}", self.folder.join("proc").display());
        let mut unshare = Command::new("unshare");
        unshare
            .args(["--pid", "--fork", "--kill-child", &processes])
            .args(["chroot", "--userspec=65532:65532"])
            .arg(&self.folder)
            .args(command)
            .env_clear()
            .envs(&self.image.config.env);
        unshare
    }

    /// A path inside.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.join(below)
    }
}

impl Drop for Merged<'_> {
    fn drop(&mut self) {
        let status = Command::new("umount").arg(&self.folder).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "the overlay must not stay mounted"
        );
    }
}
