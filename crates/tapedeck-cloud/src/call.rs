//! What came of one call that did not succeed, in words for people.

#[cfg(test)]
mod tests;

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// One call that was not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action}: {fault}")]
pub struct CallError {
    /// The action, named as in policies: `cloudformation:CreateChangeSet`.
    pub action: &'static str,
    /// What came of it.
    pub fault: Fault,
}

/// What came of a call instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There was no connection.
    #[error("nobody answers: {why}")]
    NoAnswer {
        /// What the system said.
        why: String,
    },
    /// It took longer than it may.
    #[error("there was no answer in time")]
    TooLate,
    /// Nobody knows as whom to call.
    #[error("there are no credentials: {why}")]
    NoCredentials {
        /// What was looked at in vain.
        why: String,
    },
    /// The credentials were valid once.
    #[error("the credentials have expired")]
    Expired,
    /// The credentials are none of this account, or their secret is wrong.
    #[error("the credentials are not accepted: {message}")]
    Unknown {
        /// What the service said.
        message: String,
    },
    /// Whoever calls may not do this.
    #[error("access is denied: {message}")]
    Denied {
        /// What the service said.
        message: String,
    },
    /// The service does not want to.
    #[error("{message} ({code})")]
    Refused {
        /// The service's word for it, `ValidationError`; `HTTP 502` if it has none.
        code: String,
        /// What the service said.
        message: String,
    },
    /// The answer makes no sense.
    #[error("the answer is not one of this service: {why}")]
    Garbled {
        /// What is wrong with it.
        why: String,
    },
}

/// Codes of services that have many words for one thing.
const EXPIRED: [&str; 4] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
];
const UNKNOWN: [&str; 6] = [
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];
const DENIED: [&str; 5] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "Forbidden",
    "UnauthorizedOperation",
];

impl CallError {
    /// Of an error of the SDK.
    pub(crate) fn new<E>(action: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let fault = match &error {
            SdkError::TimeoutError(_) => Fault::TooLate,
            SdkError::ServiceError(answer) => refusal(
                answer.err().code(),
                answer.err().message(),
                answer.raw().status().as_u16(),
            ),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Fault::TooLate,
            SdkError::ResponseError(_) => Fault::Garbled {
                why: innermost(&error),
            },
            _ => match credentials(&error) {
                Some(why) => Fault::NoCredentials { why },
                None => Fault::NoAnswer {
                    why: innermost(&error),
                },
            },
        };
        Self { action, fault }
    }

    /// Of an answer that lacks what it must have.
    pub(crate) fn lacking(action: &'static str, what: &str) -> Self {
        let why = format!("it has no {what}");
        Self {
            action,
            fault: Fault::Garbled { why },
        }
    }

    /// Whether the service refused with this code.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        matches!(&self.fault, Fault::Refused { code, .. } if code == wanted)
    }

    /// Whether the service refused because the stack that was asked about is not there. CloudFormation has no code of its own
    /// for that.
    pub(crate) fn is_absent_stack(&self) -> bool {
        matches!(&self.fault, Fault::Refused { code, message }
            if code == "ValidationError" && message.contains("does not exist"))
    }

    /// Whether the service refused since the change set is executed, or has been.
    pub(crate) fn is_executed_already(&self) -> bool {
        matches!(&self.fault, Fault::Refused { code, message }
            if code.starts_with("InvalidChangeSetStatus") && message.contains("EXECUTE_"))
    }

    /// Whether the service refused because nothing would change. CloudFormation has no code of its own for that.
    pub(crate) fn is_nothing_to_do(&self) -> bool {
        matches!(&self.fault, Fault::Refused { code, message }
            if code == "ValidationError" && says_nothing_changed(message))
    }

    /// What to do next.
    #[must_use]
    pub fn way_out(&self) -> String {
        let text = match &self.fault {
            Fault::NoAnswer { .. } => {
                "see that the address is right and can be reached from here, then try again"
            }
            Fault::TooLate => "see that it can be reached from here and is not overloaded, then try again",
            Fault::NoCredentials { .. } => {
                "log in as AWS's own command line does (`aws configure`, or AWS_PROFILE); for a profile with single sign-on, \
                 give it the line `credential_process = aws configure export-credentials --profile <name>`"
            }
            Fault::Expired => "log in again, then try again: what was done so far is gone on with",
            Fault::Unknown { .. } => "see that access key and secret belong together and to this account",
            Fault::Denied { .. } => {
                return format!("let whoever calls do {}, or use other credentials", self.action);
            }
            Fault::Refused { code, .. } if code.starts_with("Throttling") => "wait a moment, then try again",
            Fault::Refused { .. } => "change what the service names, then try again",
            Fault::Garbled { .. } => {
                "see that the address is that of the service, and not of something in between"
            }
        };
        text.to_owned()
    }
}

/// Whether a reason of CloudFormation's says that a template changes nothing.
pub(crate) fn says_nothing_changed(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

fn refusal(code: Option<&str>, message: Option<&str>, status: u16) -> Fault {
    let message = message.unwrap_or("it does not say why").to_owned();
    match code {
        Some(code) if EXPIRED.contains(&code) => Fault::Expired,
        Some(code) if UNKNOWN.contains(&code) => Fault::Unknown { message },
        Some(code) if DENIED.contains(&code) => Fault::Denied { message },
        Some(code) => Fault::Refused {
            code: code.to_owned(),
            message,
        },
        None if status == 403 => Fault::Denied { message },
        None => Fault::Refused {
            code: format!("HTTP {status}"),
            message,
        },
    }
}

/// All causes of an error, from the outside in, itself first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| <dyn Error>::source(*error))
}

/// What the innermost cause says: the ones around it are about parts of the SDK.
fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Why there are no credentials, if that is what it is about.
fn credentials(error: &(dyn Error + 'static)) -> Option<String> {
    let found = causes(error).find(|cause| cause.is::<CredentialsError>())?;
    Some(innermost(found))
}
