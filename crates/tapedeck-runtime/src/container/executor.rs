//! The last steps of a task's PID 1 before its program takes over: find the program, execute it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::CString;
use std::os::fd::{BorrowedFd, RawFd};
use std::rc::Rc;

use libcontainer::oci_spec::runtime::Spec;
use libcontainer::workload::{Executor, ExecutorError, ExecutorSetEnvsError, ExecutorValidationError};

use super::Report;
use super::program::{InvalidProcess, Program};
use crate::definition::TaskProcess;

/// Executes the program of a task in place of the calling process.
#[derive(Clone)]
pub(super) struct TaskExecutor {
    plan: Rc<Plan>,
}

struct Plan {
    program: Program,
    reports: RawFd,
    /// Found once inside the container.
    found: RefCell<Option<CString>>,
    /// `HOME` of the user, found once inside the container.
    home: RefCell<Option<CString>>,
}

impl TaskExecutor {
    /// `reports` has to stay open until the program is executed.
    pub(super) fn new(process: &TaskProcess, reports: RawFd) -> Result<Self, InvalidProcess> {
        let plan = Plan {
            program: Program::new(&process.args, &process.environment)?,
            reports,
            found: RefCell::default(),
            home: RefCell::default(),
        };
        Ok(Self { plan: Rc::new(plan) })
    }

    fn fail(&self, reason: impl std::fmt::Display) -> String {
        let text = self.plan.program.failure(reason);
        // SAFETY: the creator, whose open files this process has, keeps this one open until it ends.
        let pipe = unsafe { BorrowedFd::borrow_raw(self.plan.reports) };
        Report::Failed(format!("CannotStartContainerError: {text}")).send(pipe);
        text
    }
}

impl Executor for TaskExecutor {
    fn validate(&self, _: &Spec) -> Result<(), ExecutorValidationError> {
        match self.plan.program.find() {
            Ok(path) => {
                *self.plan.found.borrow_mut() = Some(path);
                Ok(())
            }
            Err(reason) => Err(ExecutorValidationError::ArgValidationError(self.fail(reason))),
        }
    }

    /// libcontainer knows no variable but the `HOME` it has looked up in the container's `/etc/passwd`.
    fn setup_envs(&self, environment: HashMap<String, String>) -> Result<(), ExecutorSetEnvsError> {
        let plan = &self.plan;
        if let Some(home) = environment.get("HOME").filter(|_| !plan.program.has_home()) {
            *plan.home.borrow_mut() = CString::new(format!("HOME={home}")).ok();
        }
        Ok(())
    }

    fn exec(&self, _: &Spec) -> Result<(), ExecutorError> {
        let plan = &self.plan;
        let found = plan.found.borrow();
        let Some(file) = found.as_ref() else {
            return Err(ExecutorError::InvalidArg);
        };
        let reason = plan.program.execute(file, plan.home.borrow().as_ref());
        Err(ExecutorError::Other(self.fail(reason)))
    }
}
