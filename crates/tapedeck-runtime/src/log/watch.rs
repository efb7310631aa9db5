//! Waiting until there may be something new to read, without polling.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::WatchError;

/// Folders below folders that are watched: service, task, and whatever a task's folder is divided into.
const DEPTH: usize = 3;

/// Room for a good number of events; one needs at most 272 bytes.
const EVENT_BUFFER: usize = 4096;

/// Wakes when anything is written to the logs of a service, also of tasks that come later.
#[derive(Debug)]
pub struct Watch {
    inotify: Inotify,
    /// Each watched folder, with its depth below the first.
    folders: Vec<(WatchDescriptor, PathBuf, usize)>,
}

impl Watch {
    /// Watches `service_directory` and the folders in it. Whatever is read after this call and before
    /// [`Watch::wait`] is not missed: the wait returns at once if something was written in between.
    ///
    /// # Errors
    /// If the folder does not exist, or the kernel's limits on watches are reached.
    pub fn new(service_directory: &Path) -> Result<Watch, WatchError> {
        let failed = |source| WatchError {
            directory: service_directory.to_owned(),
            source,
        };
        let inotify = Inotify::init().map_err(failed)?;
        let mut watch = Watch {
            inotify,
            folders: Vec::new(),
        };
        watch.add(service_directory, 0)?;
        if watch.folders.is_empty() {
            return Err(failed(io::ErrorKind::NotFound.into()));
        }
        Ok(watch)
    }

    /// Waits until something changed or `timeout` passed; whether something changed. May be true without new lines.
    ///
    /// # Errors
    /// If the kernel's limits on watches are reached, or waiting fails.
    pub fn wait(&mut self, timeout: Duration) -> Result<bool, WatchError> {
        let timeout = Timespec::try_from(timeout).ok();
        let mut descriptors = [PollFd::new(&self.inotify, PollFlags::IN)];
        match poll(&mut descriptors, timeout.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => Ok(false),
            Ok(_) => self.take_events(),
            Err(error) => Err(self.failed(error.into())),
        }
    }

    fn failed(&self, source: io::Error) -> WatchError {
        let directory = self
            .folders
            .first()
            .map(|(_, path, _)| path.clone())
            .unwrap_or_default();
        WatchError { directory, source }
    }

    fn take_events(&mut self) -> Result<bool, WatchError> {
        let mut buffer = [0; EVENT_BUFFER];
        let mut any = false;
        loop {
            let mut new_folders = Vec::new();
            match self.inotify.read_events(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(any),
                Err(error) => return Err(self.failed(error)),
                Ok(events) => {
                    for event in events {
                        any = true;
                        if event.mask.contains(EventMask::Q_OVERFLOW) {
                            // Events were lost, maybe those of new folders: look for oneself.
                            new_folders.extend(self.folders.first().map(|(_, path, _)| (path.clone(), 0)));
                        }
                        if event.mask.contains(EventMask::IGNORED) {
                            self.folders.retain(|(descriptor, ..)| *descriptor != event.wd);
                        } else if let Some(name) =
                            event.name.filter(|_| event.mask.contains(EventMask::ISDIR))
                        {
                            let parent = self
                                .folders
                                .iter()
                                .find(|(descriptor, ..)| *descriptor == event.wd);
                            new_folders.extend(parent.map(|(_, path, depth)| (path.join(name), depth + 1)));
                        }
                    }
                }
            }
            for (path, depth) in new_folders {
                self.add(&path, depth)?;
            }
        }
    }

    /// Watches a folder, then what is in it: in this order nothing that is made meanwhile is missed.
    fn add(&mut self, path: &Path, depth: usize) -> Result<(), WatchError> {
        let failed = |source| WatchError {
            directory: path.to_owned(),
            source,
        };
        let gone = |error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            )
        };
        let mask = WatchMask::MODIFY | WatchMask::CREATE | WatchMask::MOVED_TO | WatchMask::ONLYDIR;
        match self.inotify.watches().add(path, mask) {
            Err(error) if gone(&error) => return Ok(()),
            Err(error) => return Err(failed(error)),
            Ok(descriptor) => {
                self.folders.retain(|(known, ..)| *known != descriptor);
                self.folders.push((descriptor, path.to_owned(), depth));
            }
        }
        if depth >= DEPTH {
            return Ok(());
        }
        let entries = match fs_err::read_dir(path) {
            Err(error) if gone(&error) => return Ok(()),
            other => other.map_err(failed)?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.add(&entry.path(), depth + 1)?;
            }
        }
        Ok(())
    }
}
