//! A program, described so that the kernel can execute it in place of the calling process: found as a shell would find
//! it, with signals as they are by default, its life bound to the shim's, and its system calls filtered.

use std::ffi::{CString, NulError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;

use rustix::fs::{Access, access};
use seccompiler::BpfProgram;

use super::seccomp;

/// Where programs are looked for when the environment has no `PATH`, as in Docker.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Why a process cannot be described to the kernel.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidProcess {
    #[error("an argument or variable contains a NUL byte")]
    Nul(#[from] NulError),
    #[error("the filter of system calls could not be compiled")]
    Filter(#[from] seccompiler::BackendError),
}

/// Why a program cannot be executed.
#[derive(Debug)]
pub(super) enum Unusable {
    /// There is none of that name.
    Missing(String),
    /// It is there, but not to be executed.
    Refused(String),
}

impl Unusable {
    /// The exit code that a shell gives for it.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Missing(_) => 127,
            Self::Refused(_) => 126,
        }
    }
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Missing(reason) | Self::Refused(reason)) = self;
        out.write_str(reason)
    }
}

/// A program with its arguments, its environment and the filters of its system calls.
pub(super) struct Program {
    name: String,
    path: String,
    arguments: Vec<CString>,
    environment: Vec<CString>,
    has_home: bool,
    filters: [BpfProgram; 2],
}

impl Program {
    /// The program is the first of the arguments.
    pub(super) fn new(arguments: &[String], variables: &[(String, String)]) -> Result<Self, InvalidProcess> {
        let variable = |wanted: &str| {
            variables
                .iter()
                .rev()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.clone())
        };
        let mut environment = variables
            .iter()
            .map(|(name, value)| CString::new(format!("{name}={value}")))
            .collect::<Result<Vec<_>, _>>()?;
        let path = variable("PATH");
        if path.is_none() {
            environment.push(CString::new(format!("PATH={DEFAULT_PATH}"))?);
        }
        let texts = arguments.iter().map(|text| CString::new(text.as_str()));
        Ok(Self {
            name: arguments.first().cloned().unwrap_or_default(),
            path: path.unwrap_or_else(|| DEFAULT_PATH.to_owned()),
            arguments: texts.collect::<Result<_, _>>()?,
            environment,
            has_home: variable("HOME").is_some(),
            filters: seccomp::filters()?,
        })
    }

    /// Whether its environment says where its user is at home.
    pub(super) fn has_home(&self) -> bool {
        self.has_home
    }

    /// What went wrong, with the name that it was given by.
    pub(super) fn failure(&self, reason: impl std::fmt::Display) -> String {
        format!("exec: \"{}\": {reason}", self.name)
    }

    /// Looks it up as a shell would, with the messages people know from Docker.
    pub(super) fn find(&self) -> Result<CString, Unusable> {
        find(&self.name, &self.path).and_then(|path| {
            CString::new(path).map_err(|_| Unusable::Missing("its name contains a NUL byte".to_owned()))
        })
    }

    /// Executes the file that was found in place of the calling process, with a variable more if there is one; returns why
    /// that failed.
    pub(super) fn execute(&self, file: &CString, home: Option<&CString>) -> String {
        let arguments = pointers(self.arguments.iter());
        let environment = pointers(self.environment.iter().chain(home));
        let prepared = restore_signals().and_then(|()| {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            self.filters
                .iter()
                .try_for_each(|filter| seccompiler::apply_filter(filter).map_err(io::Error::other))
        });
        if let Err(error) = prepared {
            return error.to_string();
        }
        // SAFETY: all pointers are to strings that live until the end of this function, and both lists end in null.
        unsafe { libc::execve(file.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
        reason(&io::Error::last_os_error())
    }
}

/// The list of pointers that execve wants.
fn pointers<'a>(texts: impl Iterator<Item = &'a CString>) -> Vec<*const libc::c_char> {
    texts
        .map(|text| text.as_ptr())
        .chain([std::ptr::null()])
        .collect()
}

/// What the shim, or whoever started the engine, ignores or blocks, a task must get: both are inherited by its program.
fn restore_signals() -> io::Result<()> {
    // The default action, no flags, nothing blocked: all zeros. It has 32 bytes at most.
    let default = [0_u64; 4];
    let no_signals = 0_u64;
    let size = size_of_val(&no_signals);
    let nothing = std::ptr::null_mut::<u64>();
    for signal in 1..=64 {
        // SAFETY: the kernel reads no more than the array, and writes nothing. It refuses SIGKILL and SIGSTOP. The C
        // library is left out because it would refuse the two signals it keeps for itself.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), nothing, size) };
    }
    // SAFETY: the kernel reads as many bytes as said, and writes nothing.
    let result = unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const no_signals,
            nothing,
            size,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn find(program: &str, path: &str) -> Result<String, Unusable> {
    if program.contains('/') {
        return executable(program).map(|()| program.to_owned());
    }
    let mut refused = None;
    for folder in path.split(':') {
        let candidate = if folder.is_empty() {
            format!("./{program}")
        } else {
            format!("{folder}/{program}")
        };
        match executable(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(reason @ Unusable::Refused(_)) => refused = refused.or(Some(reason)),
            Err(Unusable::Missing(_)) => {}
        }
    }
    Err(refused.unwrap_or_else(|| Unusable::Missing("executable file not found in $PATH".to_owned())))
}

fn executable(path: &str) -> Result<(), Unusable> {
    let unseen = |error: io::Error| Unusable::Missing(format!("stat {path}: {}", reason(&error)));
    let found = std::fs::metadata(path).map_err(unseen)?;
    if found.is_dir() {
        return Err(Unusable::Refused("is a directory".to_owned()));
    }
    // Root may access everything, but cannot execute what nobody may.
    let allowed = access(path, Access::EXEC_OK).is_ok() && found.permissions().mode() & 0o111 != 0;
    if allowed {
        Ok(())
    } else {
        Err(Unusable::Refused("permission denied".to_owned()))
    }
}

/// The kernel's reason, without Rust's number.
fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ENOENT) => "no such file or directory".to_owned(),
        Some(libc::EACCES) => "permission denied".to_owned(),
        Some(libc::ENOEXEC) => "exec format error".to_owned(),
        _ => error.to_string(),
    }
}
