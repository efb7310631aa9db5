//! Watching files: by inotify, and where that is not to be had by looking at them again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inotify::{EventMask, Events, Inotify, WatchDescriptor, WatchMask, Watches};

use crate::dev::happening::Happening;
use crate::dev::scope::{Scope, Touch, Weight};

/// How often files are looked at where they cannot be watched.
const POLL_PERIOD: Duration = Duration::from_millis(250);

/// Folders that are watched at most where nobody knows what counts.
const MOST_FOLDERS: usize = 2000;

/// Room for a good number of events.
const EVENT_BUFFER: usize = 16 * 1024;

/// Tells when something changed that counts.
#[derive(Debug)]
pub(crate) struct Watcher {
    state: Arc<Mutex<State>>,
    /// None when files are looked at again and again.
    watches: Option<Watches>,
    sender: Sender<Happening>,
}

#[derive(Debug, Default)]
struct State {
    scope: Scope,
    /// Two names of one folder have the same descriptor.
    folders: BTreeMap<PathBuf, WatchDescriptor>,
    is_polling: bool,
    /// What files were when they were looked at last, where they are not watched.
    seen: BTreeMap<PathBuf, Option<Stamp>>,
}

/// What tells that a file is not what it was.
type Stamp = (i64, i64, i64, i64, u64, u64, u32);

impl Watcher {
    /// Watches nothing yet. With `poll`, files are looked at instead of being watched.
    ///
    /// # Errors
    /// When the kernel's limit on watchers is reached.
    pub(crate) fn new(poll: bool, sender: Sender<Happening>) -> io::Result<Self> {
        let mut watcher = Self {
            state: Arc::default(),
            watches: None,
            sender: sender.clone(),
        };
        if poll {
            watcher.poll();
            return Ok(watcher);
        }
        let inotify = Inotify::init()?;
        watcher.watches = Some(inotify.watches());
        let state = Arc::clone(&watcher.state);
        std::thread::spawn(move || {
            if let Err(error) = forward(inotify, &state, &sender) {
                let _ = sender.send(Happening::WatchLost(error));
            }
        });
        Ok(watcher)
    }

    /// From now on looks at files instead of watching them.
    pub(crate) fn poll(&mut self) {
        self.watches = None;
        let mut state = lock(&self.state);
        if !std::mem::replace(&mut state.is_polling, true) {
            state.look_first();
            let (state, sender) = (Arc::clone(&self.state), self.sender.clone());
            std::thread::spawn(move || look_again_and_again(&state, &sender));
        }
    }

    /// What counts from now on. Whether something may have changed unseen, before it was watched.
    ///
    /// # Errors
    /// When the kernel's limit on watches is reached: nothing is watched then, and [`Self::poll`] is the way out.
    pub(crate) fn set(&self, scope: Scope) -> io::Result<bool> {
        let folders = folders_of(&scope);
        let mut state = lock(&self.state);
        let is_known = state.scope == scope;
        state.scope = scope;
        let Some(watches) = &self.watches else {
            // From here on: a change before the next look is one.
            state.look_first();
            return Ok(!is_known);
        };
        let mut watches = watches.clone();
        let (kept, surplus) = std::mem::take(&mut state.folders)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(folder, _)| folders.contains(folder));
        state.folders = kept;
        for descriptor in surplus.into_values() {
            if state.folders.values().all(|kept| *kept != descriptor) {
                // A folder that is gone is not watched any more anyway.
                let _ = watches.remove(descriptor);
            }
        }
        let mut is_more = false;
        for folder in folders {
            if state.folders.contains_key(&folder) {
                continue;
            }
            match watches.add(&folder, mask()) {
                Ok(descriptor) => {
                    state.folders.insert(folder, descriptor);
                    is_more = true;
                }
                Err(error) if is_out_of_reach(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(is_more || !is_known)
    }
}

impl State {
    /// Looks at what was not looked at before. Whoever widens the scope asks by themselves whether it changed until now.
    fn look_first(&mut self) {
        for (path, stamp) in stamps(&self.scope) {
            self.seen.entry(path).or_insert(stamp);
        }
    }

    /// What changed since the last look, and whether the config is among it.
    fn look_again(&mut self) -> (BTreeSet<PathBuf>, bool) {
        let now = stamps(&self.scope);
        let is_other =
            |path: &PathBuf, stamp: &Option<Stamp>| self.seen.get(path).is_some_and(|then| then != stamp);
        let changed: BTreeSet<PathBuf> = now
            .iter()
            .filter(|(path, stamp)| is_other(path, stamp))
            .map(|(path, _)| path.clone())
            .collect();
        self.seen = now;
        let config = changed.iter().any(|path| self.scope.config.contains(path));
        (changed, config)
    }
}

/// Whether a folder is gone, or nobody may look into it.
fn is_out_of_reach(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
    )
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn mask() -> WatchMask {
    WatchMask::CLOSE_WRITE
        | WatchMask::ATTRIB
        | WatchMask::CREATE
        | WatchMask::DELETE
        | WatchMask::MOVED_FROM
        | WatchMask::MOVED_TO
        | WatchMask::DELETE_SELF
        | WatchMask::MOVE_SELF
        | WatchMask::ONLYDIR
}

/// The folders to watch, without links: the same folder by two names is one watch.
fn folders_of(scope: &Scope) -> BTreeSet<PathBuf> {
    let mut folders = scope.to_watch(&|path| path.is_dir());
    if scope.is_wide {
        let mut open = vec![scope.root.clone()];
        while let Some(folder) = open.pop().filter(|_| folders.len() < MOST_FOLDERS) {
            open.extend(entries(&folder).into_iter().filter(|path| {
                scope.is_edited_by_hand(path) && path.symlink_metadata().is_ok_and(|facts| facts.is_dir())
            }));
            folders.insert(folder);
        }
    }
    folders
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn forward(mut inotify: Inotify, state: &Mutex<State>, sender: &Sender<Happening>) -> io::Result<()> {
    let mut buffer = vec![0; EVENT_BUFFER];
    loop {
        let events = inotify.read_events_blocking(&mut buffer)?;
        let changed = weighed(events, &mut lock(state));
        if let Some(happening) = changed
            && sender.send(happening).is_err()
        {
            return Ok(());
        }
    }
}

/// What of the events counts, if anything does.
fn weighed(events: Events<'_>, state: &mut State) -> Option<Happening> {
    let mut paths = BTreeSet::new();
    let mut weight = Weight::Nothing;
    for event in events {
        if event.mask.contains(EventMask::Q_OVERFLOW) {
            weight = Weight::Config;
            continue;
        }
        let gone = event.mask.contains(EventMask::IGNORED);
        let is_of_event = |(_, descriptor): &(&PathBuf, &WatchDescriptor)| **descriptor == event.wd;
        let folders: Vec<PathBuf> = state
            .folders
            .iter()
            .filter(is_of_event)
            .map(|(folder, _)| folder.clone())
            .collect();
        if gone {
            state.folders.retain(|_, descriptor| *descriptor != event.wd);
        }
        let by_name = EventMask::CREATE
            | EventMask::DELETE
            | EventMask::MOVED_FROM
            | EventMask::MOVED_TO
            | EventMask::DELETE_SELF
            | EventMask::MOVE_SELF;
        let touch = match gone || event.mask.intersects(by_name) {
            true => Touch::Name,
            false => Touch::Contents,
        };
        for folder in folders {
            let path = match event.name {
                Some(name) => folder.join(name),
                None => folder,
            };
            let found = state.scope.weigh(&path, touch);
            if found > Weight::Nothing {
                paths.insert(path);
                weight = weight.max(found);
            }
        }
    }
    (weight > Weight::Nothing).then(|| Happening::Changed {
        paths,
        config: weight == Weight::Config,
    })
}

fn look_again_and_again(state: &Mutex<State>, sender: &Sender<Happening>) {
    loop {
        std::thread::sleep(POLL_PERIOD);
        let (changed, config) = lock(state).look_again();
        if changed.is_empty() {
            continue;
        }
        if sender
            .send(Happening::Changed {
                paths: changed,
                config,
            })
            .is_err()
        {
            return;
        }
    }
}

fn stamps(scope: &Scope) -> BTreeMap<PathBuf, Option<Stamp>> {
    let mut paths: BTreeSet<PathBuf> = scope.paths().cloned().collect();
    if scope.is_wide {
        for folder in folders_of(scope) {
            paths.extend(
                entries(&folder)
                    .into_iter()
                    .filter(|path| scope.is_edited_by_hand(path)),
            );
        }
    }
    let stamped = paths.into_iter().map(|path| {
        let stamp = stamp(&path);
        (path, stamp)
    });
    stamped.collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    let facts = fs_err::metadata(path).ok()?;
    Some((
        facts.mtime(),
        facts.mtime_nsec(),
        facts.ctime(),
        facts.ctime_nsec(),
        facts.size(),
        facts.ino(),
        facts.mode(),
    ))
}
