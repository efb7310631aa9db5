//! The last steps of a task's PID 1 before its program takes over: find the program, put signals back to normal, bind
//! its life to the shim's, filter its system calls, execute.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CString, NulError};
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::rc::Rc;

use libcontainer::oci_spec::runtime::Spec;
use libcontainer::workload::{Executor, ExecutorError, ExecutorSetEnvsError, ExecutorValidationError};
use rustix::fs::{Access, access};
use seccompiler::BpfProgram;

use super::{Report, seccomp};
use crate::definition::TaskProcess;

/// Where programs are looked for when the environment has no `PATH`, as in Docker.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Why a process cannot be described to the kernel.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidProcess {
    #[error("an argument or variable contains a NUL byte")]
    Nul(#[from] NulError),
    #[error("the filter of system calls could not be compiled")]
    Filter(#[from] seccompiler::BackendError),
}

/// Executes the program of a task in place of the calling process.
#[derive(Clone)]
pub(super) struct TaskExecutor {
    plan: Rc<Plan>,
}

struct Plan {
    program: String,
    path: String,
    arguments: Vec<CString>,
    environment: Vec<CString>,
    has_home: bool,
    filters: [BpfProgram; 2],
    reports: RawFd,
    /// Found once inside the container.
    found: RefCell<Option<CString>>,
    /// `HOME` of the user, found once inside the container.
    home: RefCell<Option<CString>>,
}

impl TaskExecutor {
    /// `reports` has to stay open until the program is executed.
    pub(super) fn new(process: &TaskProcess, reports: RawFd) -> Result<Self, InvalidProcess> {
        let variable = |wanted: &str| {
            process
                .environment
                .iter()
                .rev()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.clone())
        };
        let arguments = process.args.iter().map(|text| CString::new(text.as_str()));
        let mut environment = process
            .environment
            .iter()
            .map(|(name, value)| CString::new(format!("{name}={value}")))
            .collect::<Result<Vec<_>, _>>()?;
        let path = variable("PATH");
        if path.is_none() {
            environment.push(CString::new(format!("PATH={DEFAULT_PATH}"))?);
        }
        let plan = Plan {
            program: process.args.first().cloned().unwrap_or_default(),
            path: path.unwrap_or_else(|| DEFAULT_PATH.to_owned()),
            arguments: arguments.collect::<Result<_, _>>()?,
            environment,
            has_home: variable("HOME").is_some(),
            filters: seccomp::filters()?,
            reports,
            found: RefCell::default(),
            home: RefCell::default(),
        };
        Ok(Self { plan: Rc::new(plan) })
    }

    fn fail(&self, reason: impl std::fmt::Display) -> String {
        let text = format!("exec: \"{}\": {reason}", self.plan.program);
        // SAFETY: the creator, whose open files this process has, keeps this one open until it ends.
        let pipe = unsafe { BorrowedFd::borrow_raw(self.plan.reports) };
        Report::Failed(format!("CannotStartContainerError: {text}")).send(pipe);
        text
    }
}

impl Executor for TaskExecutor {
    fn validate(&self, _: &Spec) -> Result<(), ExecutorValidationError> {
        let found = find(&self.plan.program, &self.plan.path)
            .and_then(|path| CString::new(path).map_err(|_| "its name contains a NUL byte".to_owned()));
        match found {
            Ok(path) => {
                *self.plan.found.borrow_mut() = Some(path);
                Ok(())
            }
            Err(reason) => Err(ExecutorValidationError::ArgValidationError(self.fail(reason))),
        }
    }

    /// libcontainer knows no variable but the `HOME` it has looked up in the container's `/etc/passwd`.
    fn setup_envs(&self, environment: HashMap<String, String>) -> Result<(), ExecutorSetEnvsError> {
        if let Some(home) = environment.get("HOME").filter(|_| !self.plan.has_home) {
            *self.plan.home.borrow_mut() = CString::new(format!("HOME={home}")).ok();
        }
        Ok(())
    }

    fn exec(&self, _: &Spec) -> Result<(), ExecutorError> {
        let plan = &self.plan;
        let found = plan.found.borrow();
        let Some(program) = found.as_ref() else {
            return Err(ExecutorError::InvalidArg);
        };
        let home = plan.home.borrow();
        let arguments = pointers(plan.arguments.iter());
        let environment = pointers(plan.environment.iter().chain(home.as_ref()));

        let prepared = restore_signals().and_then(|()| {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            plan.filters
                .iter()
                .try_for_each(|filter| seccompiler::apply_filter(filter).map_err(io::Error::other))
        });
        if let Err(error) = prepared {
            return Err(ExecutorError::Other(self.fail(error)));
        }
        // SAFETY: all pointers are to strings that live until the end of this function, and both lists end in null.
        unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
        Err(ExecutorError::Other(
            self.fail(reason(&io::Error::last_os_error())),
        ))
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

/// Looks the program up as a shell would, with the messages people know from Docker.
fn find(program: &str, path: &str) -> Result<String, String> {
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
            Err(reason) if Path::new(&candidate).exists() => refused = refused.or(Some(reason)),
            Err(_) => {}
        }
    }
    Err(refused.unwrap_or_else(|| "executable file not found in $PATH".to_owned()))
}

fn executable(path: &str) -> Result<(), String> {
    let found = std::fs::metadata(path).map_err(|error| format!("stat {path}: {}", reason(&error)))?;
    if found.is_dir() {
        return Err("is a directory".to_owned());
    }
    // Root may access everything, but cannot execute what nobody may.
    let allowed = access(path, Access::EXEC_OK).is_ok() && found.permissions().mode() & 0o111 != 0;
    if allowed {
        Ok(())
    } else {
        Err("permission denied".to_owned())
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
