//! Running a program in a container that runs already: with its namespaces, its root, its limits, its user and its rights.
//!
//! ```text
//! shim ─fork─▶ entrant ─joins the namespaces─clone─▶ program     born as a child of the shim, in the container's PID namespace
//!                 └─ ends
//! ```
//!
//! Only children of a process that has joined a PID namespace are in it, so there are two steps. Neither can be looked into
//! from the container: until the program is executed, they are not dumpable.

use std::ffi::CString;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use fs_err as fs;
use rustix::fs::{FileType, Gid, Uid, fchown, fstat};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{DumpableBehavior, chroot, fchdir, ioctl_tiocsctty, set_dumpable_behavior, setsid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use super::create::{open_files, set_groups};
use super::program::{InvalidProcess, Program, Unusable};
use super::specification::CAPABILITIES;
use super::{Fork, fork_into};
use crate::cgroup::{Part, TaskCgroup};
use crate::definition::TaskProcess;

/// What a container has of its own, in an order in which it can be joined: the mounts last, as they hide all else.
const NAMESPACES: [&str; 6] = ["cgroup", "ipc", "uts", "net", "pid", "mnt"];

/// `CLOSE_RANGE_CLOEXEC` of `linux/close_range.h`.
const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;

/// A program that can be run in a container, again and again.
pub(crate) struct Command {
    program: Program,
    process: TaskProcess,
}

/// The container to run it in.
pub(crate) struct Container<'a> {
    /// Its PID 1, a child of this process that has not been waited for.
    pub(crate) pid: i32,
    /// Its group.
    pub(crate) cgroup: &'a TaskCgroup<'a>,
    /// The part of the group that it belongs in.
    pub(crate) part: &'a Part,
}

/// What a program in a container reads from and writes to.
pub(crate) struct Streams<'a> {
    /// Standard input; nothing without one.
    pub(crate) stdin: Option<BorrowedFd<'a>>,
    /// Standard output.
    pub(crate) stdout: BorrowedFd<'a>,
    /// Standard error.
    pub(crate) stderr: BorrowedFd<'a>,
    /// Whether standard input is a terminal of the container, which then controls the program.
    pub(crate) is_terminal: bool,
    /// Where it is said why the program could not be run.
    pub(crate) reasons: BorrowedFd<'a>,
}

/// A program on its way into a container.
pub(crate) struct Entry {
    /// A child of this process, which ends when the program has been started, with another code than 0 if that failed.
    pub(crate) entrant: i32,
    /// The process id of the program arrives here, four bytes; then one more byte if it could not be executed, with the exit
    /// code that shells give for that. Ends when the program has taken over. Never blocks.
    pub(crate) told: OwnedFd,
}

impl Command {
    /// A program that runs as the process of a container does, with arguments of its own.
    pub(crate) fn new(arguments: &[String], process: &TaskProcess) -> Result<Self, InvalidProcess> {
        let mut process = process.clone();
        let program = Program::new(arguments, &process.environment)?;
        process.environment.clear();
        Ok(Self { program, process })
    }

    /// Runs it. Whoever calls has one thread, and waits for its children.
    ///
    /// # Errors
    /// When there is no room for another process or pipe.
    pub(crate) fn enter(&self, container: &Container<'_>, streams: &Streams<'_>) -> io::Result<Entry> {
        let (told, told_end) = pipe()?;
        let birthplace = container.part.birthplace().map(fs::File::open).transpose()?;
        match fork_into(birthplace.as_ref().map(fs::File::file))? {
            Fork::Parent { child } => Ok(Entry { entrant: child, told }),
            Fork::Child { born_in_unified } => {
                let entered = self.become_entrant(container, born_in_unified, &told_end, streams);
                let code = match entered {
                    Ok(()) => 0,
                    Err(error) => {
                        write_all(streams.reasons, &format!("could not join the container: {error}"));
                        1
                    }
                };
                // SAFETY: ends this process without running what the shim has registered to run at its own exit.
                unsafe { libc::_exit(code) }
            }
        }
    }

    /// In the child: joins everything, and has the program born.
    fn become_entrant(
        &self,
        container: &Container<'_>,
        is_in_part: bool,
        told: &OwnedFd,
        streams: &Streams<'_>,
    ) -> io::Result<()> {
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
        let joined = container.cgroup.join_part(container.part, is_in_part);
        joined.map_err(io::Error::other)?;
        // A shim is spared when the machine runs out of memory; what runs in its container is not.
        let _ = fs::write("/proc/self/oom_score_adj", "0");
        open_files();
        streams.give_to(&self.process)?;
        let nothing = fs::File::open("/dev/null")?;
        join(container.pid)?;
        enter_folder(&self.process.working_directory)?;
        // The parent of the child is that of this process, and no signal of its own is asked for.
        let (flags, none) = (libc::CLONE_PARENT as libc::c_long, 0 as libc::c_long);
        // SAFETY: without a stack and without CLONE_VM this is a fork, of a process that has one thread.
        match unsafe { libc::syscall(libc::SYS_clone, flags, none, none, none, none) } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                let reason = self.become_program(nothing.file().as_fd(), streams);
                write_all(streams.reasons, &self.program.failure(&reason));
                let _ = rustix::io::write(told, &[reason.code()]);
                // SAFETY: as for the entrant.
                unsafe { libc::_exit(127) }
            }
            child => {
                let child = i32::try_from(child).map_err(io::Error::other)?;
                rustix::io::write(told, &child.to_ne_bytes())?;
                Ok(())
            }
        }
    }

    /// In the container: gives up all that its processes do not have, and executes the program; returns why it could not.
    fn become_program(&self, nothing: BorrowedFd<'_>, streams: &Streams<'_>) -> Unusable {
        let prepared = (|| -> io::Result<()> {
            setsid()?;
            if streams.is_terminal {
                ioctl_tiocsctty(streams.stdin.unwrap_or(nothing))?;
            }
            rustix::stdio::dup2_stdin(streams.stdin.unwrap_or(nothing))?;
            rustix::stdio::dup2_stdout(streams.stdout)?;
            rustix::stdio::dup2_stderr(streams.stderr)?;
            close_others_on_exec();
            become_user(&self.process)
        })();
        if let Err(error) = prepared {
            return Unusable::Refused(error.to_string());
        }
        match self.program.find() {
            Ok(file) => Unusable::Refused(self.program.execute(&file, self.home().as_ref())),
            Err(reason) => reason,
        }
    }

    /// `HOME` as the container's own list of users has it, unless its environment says otherwise.
    fn home(&self) -> Option<CString> {
        if self.program.has_home() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let home = home_of(&users, self.process.uid).unwrap_or("/");
        CString::new(format!("HOME={home}")).ok()
    }
}

impl Streams<'_> {
    /// A program that opens `/dev/stdout` opens the pipe anew, as whoever it runs as. Files of anybody are left alone.
    fn give_to(&self, process: &TaskProcess) -> io::Result<()> {
        let (user, group) = (Uid::from_raw(process.uid), Gid::from_raw(process.gid));
        for stream in self.stdin.into_iter().chain([self.stdout, self.stderr]) {
            match FileType::from_raw_mode(fstat(stream)?.st_mode) {
                FileType::Fifo => fchown(stream, Some(user), Some(group))?,
                // It keeps the group that terminals have.
                FileType::CharacterDevice if self.is_terminal => fchown(stream, Some(user), None)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// A pipe whose reading end never blocks.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&read, true)?;
    Ok((read, write))
}

/// The home of a user in the text of `/etc/passwd`.
pub(super) fn home_of(users: &str, user: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':').skip(2);
        let is_meant = fields.next()?.parse() == Ok(user);
        is_meant.then(|| fields.nth(2))?
    })
}

/// Joins the namespaces of a process, and its root.
fn join(pid: i32) -> io::Result<()> {
    let root = fs::File::open(format!("/proc/{pid}/root"))?;
    let open = |name| fs::File::open(format!("/proc/{pid}/ns/{name}"));
    let namespaces = NAMESPACES.map(open);
    for namespace in namespaces {
        // SAFETY: a number in, a number out. Nothing in this process assumes that its namespaces stay the same.
        if unsafe { libc::setns(namespace?.as_raw_fd(), 0) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    fchdir(root.file())?;
    chroot(".")?;
    Ok(())
}

/// The container may have made a link of it, to a folder of this machine that this process has open: from there, a way
/// would lead out of the container (as in CVE-2024-21626). In its `/proc` there is no such link as long as this process is
/// not in its PID namespace; nor may there be another.
fn enter_folder(path: &Path) -> io::Result<()> {
    std::env::set_current_dir(path)?;
    match std::env::current_dir() {
        Ok(folder) if folder.is_absolute() => Ok(()),
        _ => Err(io::Error::other(
            "its working directory is outside of the container",
        )),
    }
}

/// Whoever started the engine may have left files open that are not meant for a container.
fn close_others_on_exec() {
    // SAFETY: numbers in, number out: files are marked, none is closed.
    let marked = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, CLOSE_RANGE_CLOEXEC) };
    if marked == 0 {
        return;
    }
    // Linux before 5.11. A shim has few files open, with small numbers.
    for number in 3..1024 {
        // SAFETY: as above; numbers of files that are not open are refused.
        unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// Takes the rights of the processes of a container, and no others.
fn become_user(process: &TaskProcess) -> io::Result<()> {
    let kept = capabilities();
    for capability in CapabilitySet::all().difference(kept).iter() {
        match remove_capability_from_bounding_set(capability) {
            // This kernel does not know it.
            Err(rustix::io::Errno::INVAL) => {}
            other => other?,
        }
    }
    set_groups(&process.additional_gids)?;
    let (user, group) = (process.uid, process.gid);
    // SAFETY: numbers in, number out; there is one thread. The C library is left out as it would look for others.
    let changed = unsafe {
        libc::syscall(libc::SYS_setresgid, group, group, group) == 0
            && libc::syscall(libc::SYS_setresuid, user, user, user) == 0
    };
    if !changed {
        return Err(io::Error::last_os_error());
    }
    let effective = match user {
        0 => kept,
        _ => CapabilitySet::empty(),
    };
    let sets = CapabilitySets {
        effective,
        permitted: effective,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets)?;
    set_no_new_privs(true)?;
    Ok(())
}

/// What a process of a container may have.
pub(super) fn capabilities() -> CapabilitySet {
    let names = CAPABILITIES.iter().filter_map(|name| name.strip_prefix("CAP_"));
    names.filter_map(CapabilitySet::from_name).collect()
}

/// Nobody is left to be told when that fails.
fn write_all(pipe: BorrowedFd<'_>, text: &str) {
    if let Ok(pipe) = pipe.try_clone_to_owned() {
        let _ = std::fs::File::from(pipe).write_all(text.as_bytes());
    }
}
