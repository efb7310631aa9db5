//! A region of AWS, or what answers in place of it behind an endpoint: connecting, asking, and what a deployment there consists of.

mod ask;
mod code;
pub(crate) mod delete;
pub(crate) mod deploy;
mod images;
pub(crate) mod info;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod package;
pub(crate) mod rollback;
mod rollout;
pub(crate) mod scaling;
pub(crate) mod secrets;
mod services;
mod settings;
mod stack;
pub(crate) mod values;

use std::future::Future;
use std::time::Duration;

use serde_json::Value;
use tapedeck_cloud::{Cloud, CloudError, Credentials, Limits, Target};
use tapedeck_model::{Region, StackName};
use tapedeck_runtime::Interruption;
use tapedeck_synth::diff::read_template;
use tokio::runtime::Runtime;

use crate::args::StackArgs;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::options;

pub(crate) use settings::Settings;
pub(crate) use stack::tell;

/// The variable that names what answers in place of AWS.
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// What becomes of what was begun.
const GOES_ON: &str = "the same command again waits for it and goes on";

/// How long it takes at most until an interruption is noticed.
const ATTENTION: Duration = Duration::from_millis(100);

/// A region that is called.
pub(crate) struct Aws {
    pub(crate) cloud: Cloud,
    pub(crate) region: Region,
    /// What answers in place of AWS.
    pub(crate) endpoint_url: Option<String>,
    runtime: Runtime,
}

impl Aws {
    /// Makes ready to call a region, as whoever the environment or a profile says. Nobody is called yet.
    ///
    /// # Errors
    /// When there is no such region, or the endpoint is none.
    pub(crate) fn connect(
        context: &Context,
        region: &str,
        profile: Option<&str>,
        endpoint_url: Option<&str>,
    ) -> Result<Self, Failure> {
        let region = options::region(region)?;
        let endpoint = endpoint_url
            .map(str::to_string)
            .or_else(|| context.variable(ENDPOINT_URL).filter(|url| !url.is_empty()));
        let target = Target {
            region: region.to_string(),
            limits: match endpoint {
                Some(_) => Limits::of_emulator(),
                None => Limits::of_aws(),
            },
            endpoint: endpoint.clone(),
            credentials: Credentials::Default {
                profile: profile.map(str::to_string),
            },
        };
        let runtime = runtime()?;
        let cloud = runtime.block_on(Cloud::connect(target)).map_err(failed)?;
        Ok(Self {
            cloud,
            region,
            endpoint_url: endpoint,
            runtime,
        })
    }

    /// The same for the stack of a command.
    ///
    /// # Errors
    /// Those of [`Self::connect`].
    pub(crate) fn of(
        context: &Context,
        stack: &StackArgs,
        endpoint_url: Option<&str>,
    ) -> Result<Self, Failure> {
        Self::connect(context, &stack.region, stack.profile.as_deref(), endpoint_url)
    }

    /// The same with the credentials of the environment; none for region `local`.
    ///
    /// # Errors
    /// Those of [`Self::connect`].
    pub(crate) fn of_region(context: &Context, region: &str) -> Result<Option<Self>, Failure> {
        match options::region(region)?.is_local() {
            true => Ok(None),
            false => Self::connect(context, region, None, None).map(Some),
        }
    }

    /// The same for the stack of a command; none for region `local`.
    ///
    /// # Errors
    /// Those of [`Self::connect`].
    pub(crate) fn unless_local(context: &Context, stack: &StackArgs) -> Result<Option<Self>, Failure> {
        match options::region(&stack.region)?.is_local() {
            true => Ok(None),
            false => Self::of(context, stack, None).map(Some),
        }
    }

    /// The template of a stack that is deployed.
    ///
    /// # Errors
    /// When there is no such stack, or its template cannot be read.
    pub(crate) fn template(&self, stack: &StackName) -> Result<Value, Failure> {
        let template = self.template_if_there(stack.as_str())?;
        template.ok_or_else(|| self.no_stack(stack))
    }

    /// The same; none when there is no such stack.
    ///
    /// # Errors
    /// When its template cannot be read.
    pub(crate) fn template_if_there(&self, stack: &str) -> Result<Option<Value>, Failure> {
        let text = self.run(self.cloud.template(stack))?;
        let template = text.map(|text| read_template(&text)).transpose();
        template.or_fail(ExitKind::Environment)
    }

    /// The failure of a command about a stack that is not there.
    pub(crate) fn no_stack(&self, stack: &StackName) -> Failure {
        Failure::operation(format!("there is no stack {stack} in {}", self.cloud.place())).help(format!(
            "`tapedeck info:stacks --region {}` lists those that there are",
            self.region
        ))
    }

    /// Waits for calls.
    ///
    /// # Errors
    /// What became of them, with a way out.
    pub(crate) fn run<T>(&self, calls: impl Future<Output = Result<T, CloudError>>) -> Result<T, Failure> {
        self.runtime.block_on(calls).map_err(failed)
    }

    /// Waits for what changes something. Whoever interrupts it is told that AWS goes on with it.
    ///
    /// # Errors
    /// What became of it, or that it was interrupted.
    pub(crate) fn see_through<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let interruption = Interruption::begin().or_fail(ExitKind::Environment)?;
        self.runtime.block_on(async {
            tokio::pin!(work);
            let interrupted = || {
                Failure::operation(format!(
                    "interrupted; what was begun in {} goes on there",
                    self.cloud.place()
                ))
                .help(format!("{GOES_ON}; `tapedeck info:stack` shows how far it is"))
            };
            loop {
                let done = tokio::time::timeout(ATTENTION, &mut work).await;
                match (done, interruption.taken()) {
                    (Ok(Err(failure)), _) => return Err(cut_off(failure)),
                    // Also when it is done by now: what would come next is not wanted.
                    (_, Some(_)) => return Err(interrupted()),
                    (Ok(Ok(done)), None) => return Ok(done),
                    (Err(_), None) => {}
                }
            }
        })
    }

    /// Waits for anything.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

/// A failure of what changes something: where that is not known to have failed there, it is said that it goes on.
fn cut_off(failure: Failure) -> Failure {
    let error = failure.error.downcast_ref::<CloudError>();
    if !error.is_some_and(CloudError::is_unanswered) {
        return failure;
    }
    let help = failure.help.clone().unwrap_or_default();
    failure.help(format!("{help}: what was begun there goes on, and {GOES_ON}"))
}

/// What calls are waited for with.
///
/// # Errors
/// When this process may not have it.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .or_fail(ExitKind::Environment)
}

/// The failure of calls.
pub(crate) fn failed(error: CloudError) -> Failure {
    let help = error.way_out();
    Failure::new(ExitKind::Operation, error).help(help)
}
