//! The blocking client of the engine's socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tapedeck_model::{ResourceName, StackName, StackSpec, TaskId};

use crate::message::{Greeting, PROTOCOL, Refusal, Request, Response};
use crate::metrics::{Metrics, ServiceScaling};
use crate::status::{EngineStatus, StackStatus, StackSummary};

/// How much longer than its own patience a request may take before the engine is taken for dead.
const GRACE: Duration = Duration::from_secs(30);

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no engine answers on {}", socket.display())]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The engine is of another version.
    #[error(
        "the engine (version {version}, pid {pid}) speaks protocol {protocol}, this command speaks {PROTOCOL}: \
         run `tapedeck engine stop`, then the command again; tasks keep running meanwhile"
    )]
    OtherProtocol {
        /// Its protocol.
        protocol: u32,
        /// Its version.
        version: String,
        /// Its process id.
        pid: u32,
    },
    /// The connection broke before the answer came.
    #[error("the engine ended the connection before it answered")]
    Broken(#[source] std::io::Error),
    /// The answer is no line of this protocol.
    #[error("the engine's answer could not be read")]
    Unreadable(#[source] serde_json::Error),
    /// The answer belongs to another request.
    #[error("the engine gave an answer to another request")]
    Mismatched,
    /// The engine said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A connection to the engine.
#[derive(Debug)]
pub struct Client {
    lines: BufReader<UnixStream>,
    greeting: Greeting,
}

impl Client {
    /// Connects and reads the greeting.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when no engine listens, [`ClientError::OtherProtocol`] when one of another
    /// version does.
    pub fn connect(socket: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(socket).map_err(|source| ClientError::Unreachable {
            socket: socket.to_path_buf(),
            source,
        })?;
        stream
            .set_read_timeout(Some(GRACE))
            .map_err(ClientError::Broken)?;
        let mut lines = BufReader::new(stream);
        let greeting: Greeting = read_line(&mut lines)?;
        if greeting.protocol != PROTOCOL {
            let Greeting {
                protocol,
                version,
                pid,
            } = greeting;
            return Err(ClientError::OtherProtocol {
                protocol,
                version,
                pid,
            });
        }
        Ok(Self { lines, greeting })
    }

    /// What the engine said of itself.
    #[must_use]
    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// How the engine is.
    ///
    /// # Errors
    /// [`ClientError`] when it cannot be asked.
    pub fn engine_status(&mut self) -> Result<EngineStatus, ClientError> {
        match self.ask(&Request::EngineStatus, Duration::ZERO)? {
            Response::Engine { status } => Ok(status),
            _ => Err(ClientError::Mismatched),
        }
    }

    /// Makes `stack` the desired state.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the engine cannot take it; nothing is changed then.
    pub fn apply_stack(&mut self, stack: StackSpec) -> Result<StackStatus, ClientError> {
        self.ask_for_stack(&Request::ApplyStack { stack }, Duration::ZERO)
    }

    /// Makes `stack` the desired state until this connection ends, which it does with this client at the latest. With
    /// `anew` all tasks are replaced, whether or not anything changed.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the engine cannot take it, or the stack is deployed, or belongs to another client.
    pub fn attend_stack(&mut self, stack: StackSpec, anew: bool) -> Result<StackStatus, ClientError> {
        self.ask_for_stack(&Request::AttendStack { stack, anew }, Duration::ZERO)
    }

    /// Goes back to what the services of a stack, or the one named, ran before.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when there is no such stack or service, or nothing to go back to.
    pub fn roll_back(
        &mut self,
        name: StackName,
        service: Option<ResourceName>,
    ) -> Result<StackStatus, ClientError> {
        self.ask_for_stack(&Request::RollBack { name, service }, Duration::ZERO)
    }

    /// Begins to delete a stack.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when there is none of that name.
    pub fn delete_stack(&mut self, name: StackName) -> Result<StackStatus, ClientError> {
        let at_once = false;
        self.ask_for_stack(&Request::DeleteStack { name, at_once }, Duration::ZERO)
    }

    /// Begins to delete a stack, killing its tasks; also one that is being deleted.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when there is none of that name.
    pub fn kill_stack(&mut self, name: StackName) -> Result<StackStatus, ClientError> {
        let at_once = true;
        self.ask_for_stack(&Request::DeleteStack { name, at_once }, Duration::ZERO)
    }

    /// How a stack is now.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when there is none of that name.
    pub fn describe_stack(&mut self, name: &StackName) -> Result<StackStatus, ClientError> {
        let request = Request::DescribeStack {
            name: name.clone(),
            newer_than: None,
            patience_ms: 0,
        };
        self.ask_for_stack(&request, Duration::ZERO)
    }

    /// How a stack is as soon as that differs from `version`, or after `patience` at the latest.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when there is none of that name any more.
    pub fn await_change(
        &mut self,
        name: &StackName,
        version: u64,
        patience: Duration,
    ) -> Result<StackStatus, ClientError> {
        let patience_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let request = Request::DescribeStack {
            name: name.clone(),
            newer_than: Some(version),
            patience_ms,
        };
        self.ask_for_stack(&request, patience)
    }

    /// What a stack is asked to be: what was deployed last, or what was gone back to.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when there is none of that name.
    pub fn stack_spec(&mut self, stack: StackName) -> Result<StackSpec, ClientError> {
        match self.ask(&Request::DescribeSpec { stack }, Duration::ZERO)? {
            Response::Spec { spec } => Ok(spec),
            _ => Err(ClientError::Mismatched),
        }
    }

    /// All stacks.
    ///
    /// # Errors
    /// [`ClientError`] when the engine cannot be asked.
    pub fn list_stacks(&mut self) -> Result<Vec<StackSummary>, ClientError> {
        match self.ask(&Request::ListStacks, Duration::ZERO)? {
            Response::Stacks { stacks } => Ok(stacks),
            _ => Err(ClientError::Mismatched),
        }
    }

    /// What the tasks of a stack have used in the last so many seconds, or of all stacks.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when there is none of that name.
    pub fn metrics(&mut self, stack: Option<StackName>, seconds: u64) -> Result<Metrics, ClientError> {
        match self.ask(&Request::DescribeMetrics { stack, seconds }, Duration::ZERO)? {
            Response::Metrics { metrics } => Ok(metrics),
            _ => Err(ClientError::Mismatched),
        }
    }

    /// How the services of a stack are scaled.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when there is none of that name.
    pub fn scaling(&mut self, stack: StackName) -> Result<Vec<ServiceScaling>, ClientError> {
        match self.ask(&Request::DescribeScaling { stack }, Duration::ZERO)? {
            Response::Scaling { services } => Ok(services),
            _ => Err(ClientError::Mismatched),
        }
    }

    /// What all tasks use, in the text format of Prometheus.
    ///
    /// # Errors
    /// [`ClientError`] when the engine cannot be asked.
    pub fn prometheus_text(&mut self) -> Result<String, ClientError> {
        match self.ask(&Request::PrometheusText, Duration::ZERO)? {
            Response::Text { text } => Ok(text),
            _ => Err(ClientError::Mismatched),
        }
    }

    /// Turns this connection into one to the shim of a task, to run a command in a container of it.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the task does not run.
    pub fn visit(mut self, task: TaskId, container: String) -> Result<UnixStream, ClientError> {
        match self.ask(&Request::Visit { task, container }, Duration::ZERO)? {
            // A shim says nothing before it is asked something, so nothing has been read ahead.
            Response::HandedOver => {
                let stream = self.lines.into_inner();
                stream.set_read_timeout(None).map_err(ClientError::Broken)?;
                Ok(stream)
            }
            _ => Err(ClientError::Mismatched),
        }
    }

    /// Ends the engine. Says how many tasks keep running.
    ///
    /// # Errors
    /// [`ClientError`] when it cannot be asked.
    pub fn stop_engine(&mut self, tasks: bool) -> Result<usize, ClientError> {
        match self.ask(&Request::StopEngine { tasks }, Duration::from_secs(150))? {
            Response::Stopping { tasks_left } => Ok(tasks_left),
            _ => Err(ClientError::Mismatched),
        }
    }

    fn ask_for_stack(&mut self, request: &Request, patience: Duration) -> Result<StackStatus, ClientError> {
        match self.ask(request, patience)? {
            Response::Stack { stack } => Ok(stack),
            _ => Err(ClientError::Mismatched),
        }
    }

    fn ask(&mut self, request: &Request, patience: Duration) -> Result<Response, ClientError> {
        let mut line = serde_json::to_vec(request).map_err(ClientError::Unreadable)?;
        line.push(b'\n');
        let stream = self.lines.get_mut();
        stream
            .set_read_timeout(Some(patience + GRACE))
            .map_err(ClientError::Broken)?;
        stream.write_all(&line).map_err(ClientError::Broken)?;
        match read_line(&mut self.lines)? {
            Response::Refused { refusal } => Err(refusal.into()),
            response => Ok(response),
        }
    }
}

fn read_line<T: serde::de::DeserializeOwned>(lines: &mut impl BufRead) -> Result<T, ClientError> {
    let mut line = String::new();
    if lines.read_line(&mut line).map_err(ClientError::Broken)? == 0 {
        return Err(ClientError::Broken(std::io::ErrorKind::UnexpectedEof.into()));
    }
    serde_json::from_str(&line).map_err(ClientError::Unreadable)
}
