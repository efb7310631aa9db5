//! AWS Batch, as much of it as programs need that start jobs. Who asks is known by where it is asked: a signature tells
//! nothing more.

use serde_json::json;
use tokio::sync::oneshot;

use super::{Endpoint, json_answer};
use crate::http::Answer;
use crate::jobs::{JobCall, JobEvent, NoCall};
use crate::main_loop::Event;

impl Endpoint {
    /// Answers an action of AWS Batch.
    pub(super) async fn jobs(&self, action: &str, body: &[u8]) -> Answer {
        let call = match JobCall::parse(action, body) {
            Ok(call) => call,
            // A connection allows what is answered and nothing else, so that is what AWS would say, too.
            Err(why @ NoCall::Unanswered(_)) => {
                let what = format!("the role of the task is not allowed this: {why}");
                return batch_error(403, "AccessDeniedException", &what);
            }
            Err(NoCall::Malformed(why)) => return batch_error(400, "ClientException", &why),
        };
        let (reply, answer) = oneshot::channel();
        let asked = Event::OfJobs(JobEvent::Asked(self.task.clone(), call, reply));
        let answered = match self.events.send(asked) {
            Ok(()) => answer.await.ok(),
            Err(_) => None,
        };
        answered.unwrap_or_else(|| batch_error(503, "ServerException", "the engine is ending"))
    }
}

/// An error as AWS Batch tells it.
pub(crate) fn batch_error(status: u16, code: &str, message: &str) -> Answer {
    json_answer(status, &json!({ "__type": code, "message": message }))
}
