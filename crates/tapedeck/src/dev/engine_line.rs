//! The line to the engine: one connection that the stack belongs to, and one on which its changes come.

use std::sync::mpsc::Sender;
use std::time::Duration;

use tapedeck_api::{Client, ClientError, Refusal, StackStatus};
use tapedeck_model::{StackName, StackSpec};

use crate::context::Context;
use crate::dev::happening::Happening;
use crate::engine;
use crate::exit::Failure;
use crate::printer::Printer;

/// How long the engine waits for a change before it answers that there is none.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connection that the stack belongs to.
#[derive(Debug)]
pub(crate) struct EngineLine {
    client: Client,
    name: StackName,
    /// Tells this connection from those before it.
    number: u64,
    is_watched: bool,
    sender: Sender<Happening>,
}

impl EngineLine {
    /// Connects, starting an engine when none runs. Whether it had to be started.
    ///
    /// # Errors
    /// When that does not work.
    pub(crate) fn open(
        context: &Context,
        printer: &Printer,
        (name, number): (&StackName, u64),
        sender: &Sender<Happening>,
    ) -> Result<(Self, bool), Failure> {
        let (client, is_started) = match engine::try_connect(context)? {
            Some(client) => (client, false),
            None => (
                engine::ensure_running(context, &mut printer.progress("dev"))?,
                true,
            ),
        };
        let line = Self {
            client,
            name: name.clone(),
            number,
            is_watched: false,
            sender: sender.clone(),
        };
        Ok((line, is_started))
    }

    /// The number that it was opened with.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Asks for the stack to be so. From the first time on its changes are happenings.
    ///
    /// # Errors
    /// When the engine refuses, or is gone.
    pub(crate) fn attend(
        &mut self,
        context: &Context,
        spec: &StackSpec,
        anew: bool,
    ) -> Result<StackStatus, Failure> {
        let stack = self
            .client
            .attend_stack(spec.clone(), anew)
            .map_err(|error| refused(error, &self.name))?;
        if !std::mem::replace(&mut self.is_watched, true) {
            let watching = engine::connect_to_stack(context, &self.name)?;
            let (name, version) = (self.name.clone(), stack.version);
            let (number, sender) = (self.number, self.sender.clone());
            std::thread::spawn(move || forward(watching, (&name, version), number, &sender));
        }
        Ok(stack)
    }

    /// Begins to delete the stack. With `at_once`, kills its tasks.
    ///
    /// # Errors
    /// When there is none any more, or the engine is gone.
    pub(crate) fn delete(&mut self, at_once: bool) -> Result<(), ClientError> {
        let name = self.name.clone();
        match at_once {
            true => self.client.kill_stack(name).map(drop),
            false => self.client.delete_stack(name).map(drop),
        }
    }

    /// Has the engine end if it has no stack. Whether it is about to.
    pub(crate) fn stop_engine_if_idle(&mut self) -> bool {
        let is_idle = self.client.list_stacks().is_ok_and(|stacks| stacks.is_empty());
        is_idle && self.client.stop_engine(false).is_ok()
    }
}

fn forward(
    mut client: Client,
    (name, mut version): (&StackName, u64),
    number: u64,
    sender: &Sender<Happening>,
) {
    loop {
        let happening = match client.await_change(name, version, PATIENCE) {
            Ok(stack) if stack.version == version => continue,
            Ok(stack) => {
                version = stack.version;
                Happening::Stack(stack)
            }
            Err(ClientError::Refused(Refusal::UnknownStack { .. })) => Happening::StackGone,
            Err(_) => Happening::EngineLost(number),
        };
        let is_last = !matches!(happening, Happening::Stack(_));
        if sender.send(happening).is_err() || is_last {
            return;
        }
    }
}

/// Why the engine does not take a stack.
fn refused(error: ClientError, name: &StackName) -> Failure {
    match error {
        ClientError::Refused(refusal @ Refusal::Attended { .. }) => Failure::operation(refusal.to_string())
            .help("end that one, or give this one a stage of its own with --stage"),
        ClientError::Refused(refusal @ Refusal::Deployed { .. }) => Failure::operation(format!(
            "{refusal}: `tapedeck dev` would replace it, and delete it at the end"
        ))
        .help("give another --stage, or delete it first with `tapedeck delete`"),
        error => engine::failed(error, name),
    }
}
