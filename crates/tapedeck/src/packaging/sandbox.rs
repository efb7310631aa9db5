//! Containers for what an image is made with.

use std::path::Path;

use tapedeck_build::{Sandbox, SandboxEnd, SandboxError, SandboxWork};
use tapedeck_runtime::sandbox::{self, Work};
use tapedeck_runtime::{FolderMount, TaskProcess};

/// Runs programs of an image in containers of this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Containers<'a> {
    /// This program, which is also the shim of a container.
    pub(super) shim: &'a Path,
}

impl Sandbox for Containers<'_> {
    fn run(
        &self,
        work: &SandboxWork<'_>,
        each_line: &mut dyn FnMut(&str),
    ) -> Result<SandboxEnd, SandboxError> {
        let mounts = work.mounts.iter().map(|(source, target)| FolderMount {
            source: source.clone(),
            target: target.clone(),
            read_only: false,
        });
        let (uid, gid) = work.user;
        let ended = sandbox::run(
            Work {
                shim: self.shim,
                folder: work.folder,
                layers: work.layers.to_vec(),
                process: TaskProcess {
                    args: work.command.to_vec(),
                    environment: work.environment.to_vec(),
                    working_directory: work.working_directory.to_owned(),
                    uid,
                    gid,
                    additional_gids: Vec::new(),
                },
                mounts: mounts.collect(),
            },
            each_line,
        )?;
        Ok(SandboxEnd {
            code: ended.code,
            lacked_memory: ended.lacked_memory,
            changes: sandbox::changes(work.folder),
        })
    }
}
