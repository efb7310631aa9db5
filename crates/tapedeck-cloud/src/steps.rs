//! Steps of state machines that wait for somebody: the queue in which they say so, and how they are told the outcome.

use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::CloudError;

/// For how many seconds a call waits until there is a message.
const WAIT: i32 = 20;

/// A message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is known by, however often it is received.
    pub id: String,
    /// What it says.
    pub body: String,
    /// By what it is deleted.
    pub receipt: String,
}

/// What came of what a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOutcome<'a> {
    /// It is done; this is its output, as JSON.
    Done {
        /// The output.
        output: &'a str,
    },
    /// It failed.
    Failed {
        /// The name of the error, such as `States.TaskFailed`.
        error: &'a str,
        /// Why.
        cause: &'a str,
    },
}

impl Cloud {
    /// The next messages of a queue, as soon as there are some; none after a while without any. Each is there again some time
    /// later unless it is deleted.
    ///
    /// # Errors
    /// [`CloudError::Steps`] when there is no such queue, it may not be read, or nobody answers.
    pub async fn receive(&self, queue_url: &str) -> Result<Vec<Message>, CloudError> {
        const ACTION: &str = "sqs:ReceiveMessage";
        let call = self.sqs.receive_message().queue_url(queue_url);
        let call = call.max_number_of_messages(10).wait_time_seconds(WAIT).send();
        let answer = call
            .await
            .map_err(|error| self.of_steps(CallError::new(ACTION, error)))?;
        let messages = answer.messages.unwrap_or_default().into_iter();
        let messages = messages.filter_map(|message| {
            Some(Message {
                id: message.message_id?,
                body: message.body?,
                receipt: message.receipt_handle?,
            })
        });
        Ok(messages.collect())
    }

    /// Deletes a message that was received.
    ///
    /// # Errors
    /// As of [`Cloud::receive`].
    pub async fn delete_message(&self, queue_url: &str, receipt: &str) -> Result<(), CloudError> {
        const ACTION: &str = "sqs:DeleteMessage";
        let call = self.sqs.delete_message().queue_url(queue_url);
        let deleted = call.receipt_handle(receipt).send().await;
        deleted
            .map(drop)
            .map_err(|error| self.of_steps(CallError::new(ACTION, error)))
    }

    /// Tells a step what came of it. Says whether it still waited.
    ///
    /// # Errors
    /// [`CloudError::Steps`] when nobody answers, or it may not be told.
    pub async fn tell_step(&self, token: &str, outcome: StepOutcome<'_>) -> Result<bool, CloudError> {
        let told = match outcome {
            StepOutcome::Done { output } => {
                let call = self.sfn.send_task_success().task_token(token).output(output);
                let told = call.send().await.map(drop);
                told.map_err(|error| CallError::new("states:SendTaskSuccess", error))
            }
            StepOutcome::Failed { error, cause } => {
                let call = self.sfn.send_task_failure().task_token(token);
                let told = call.error(error).cause(cause).send().await.map(drop);
                told.map_err(|error| CallError::new("states:SendTaskFailure", error))
            }
        };
        match told {
            Ok(()) => Ok(true),
            Err(error)
                if error.is("TaskDoesNotExist") || error.is("TaskTimedOut") || error.is("InvalidToken") =>
            {
                Ok(false)
            }
            Err(error) => Err(self.of_steps(error)),
        }
    }

    fn of_steps(&self, cause: CallError) -> CloudError {
        CloudError::Steps {
            place: self.place.clone(),
            cause,
        }
    }
}
