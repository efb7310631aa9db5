//! A stack in a region: how it is, and how it becomes what a template says.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tapedeck_cloud::{
    CloudError, Deployed, Deployment, Manner, Progress as Happening, ServiceArn, StackState,
};
use tapedeck_synth::deployed::{self, SERVICE_TYPE};

use super::rollout::{Rollout, Seen};
use super::{Aws, failed};
use crate::exit::Failure;
use crate::printer::Progress;

/// A stack, as it was when it was last looked at.
pub(super) struct CloudStack<'a> {
    aws: &'a Aws,
    pub(super) name: String,
    /// The tags that it is to have.
    tags: BTreeMap<String, String>,
    /// How CloudFormation goes about it.
    manner: Manner,
    /// How it is, if it is there.
    pub(super) state: Option<StackState>,
    /// The template that it has.
    before: Option<Value>,
}

impl<'a> CloudStack<'a> {
    /// Looks at a stack, which is to have these tags and be deployed in this manner; none for those that it has.
    ///
    /// # Errors
    /// When it may not be looked at.
    pub(super) fn of(
        aws: &'a Aws,
        name: String,
        wanted: Option<(BTreeMap<String, String>, Manner)>,
        progress: &mut Progress,
    ) -> Result<Self, Failure> {
        let mut stack = Self {
            aws,
            name,
            tags: BTreeMap::new(),
            manner: Manner::default(),
            state: None,
            before: None,
        };
        stack.look(progress)?;
        let present = || {
            let state = stack.state.as_ref()?;
            let manner = Manner {
                is_protected: state.is_protected,
                ..Manner::default()
            };
            Some((state.tags.clone(), manner))
        };
        (stack.tags, stack.manner) = wanted.or_else(present).unwrap_or_default();
        Ok(stack)
    }

    /// Learns how the stack is. What is being done to it is waited for: until then its template says what it is to become, and not
    /// what it is.
    pub(super) fn look(&mut self, progress: &mut Progress) -> Result<(), Failure> {
        let mut tell = |happening| tell(&happening, progress);
        let at_rest = self.aws.cloud.at_rest(&self.name, &mut tell);
        self.state = self.aws.see_through(async { at_rest.await.map_err(failed) })?;
        self.before = self.aws.template_if_there(&self.name)?;
        Ok(())
    }

    /// The template of a stack that can be changed.
    pub(super) fn standing(&self) -> Option<&Value> {
        let state = self.state.as_ref()?;
        self.before.as_ref().filter(|_| state.status.takes_template())
    }

    /// Whether the stack is as a template says already, and its services run what it says.
    pub(super) fn is_as(&self, after: &Value) -> Result<bool, Failure> {
        let Some(state) = &self.state else {
            return Ok(false);
        };
        let is_same = state.status.is_deployed()
            && self.before.as_ref() == Some(after)
            && state.tags == self.tags
            && state.is_protected == self.manner.is_protected;
        Ok(is_same && self.aws.wait(self.swapped(after))?.is_empty())
    }

    /// The services that run something else than a template says, as after a swap, and the task definition that is theirs.
    async fn swapped(&self, template: &Value) -> Result<Vec<(ServiceArn, String)>, Failure> {
        let seen = Seen::of(&self.aws.cloud, &self.name).await.map_err(failed)?;
        let swapped = seen.services.into_iter().filter_map(|(arn, id)| {
            let definition = deployed::task_definition(template, &id)?;
            let own = seen.resources.get(definition)?.physical_id.clone()?;
            let is_other = seen.states.get(&arn)?.task_definition != own;
            is_other.then_some((arn, own))
        });
        Ok(swapped.collect())
    }

    /// Has CloudFormation change the stack, telling what happens.
    pub(super) fn change(&self, template: &Value, progress: &mut Progress) -> Result<Deployed, Failure> {
        let deployment = self.deployment(template);
        let mut tell = |happening| tell(&happening, progress);
        let deployed = self.aws.cloud.deploy(&deployment, &mut tell);
        self.aws.see_through(async { deployed.await.map_err(failed) })
    }

    fn deployment<'t>(&'t self, template: &'t Value) -> Deployment<'t> {
        Deployment {
            stack_name: &self.name,
            template,
            tags: &self.tags,
            template_bucket: None,
            manner: self.manner.clone(),
        }
    }

    /// Makes the stack what a template says, telling what its services do meanwhile, and waits for them. What cannot be is undone.
    ///
    /// # Errors
    /// When it cannot be, with the resource or the task that is the reason.
    pub(super) fn reach(&self, template: &Value, progress: &mut Progress) -> Result<Deployed, Failure> {
        let cloud = &self.aws.cloud;
        let pause = self.pause();
        self.aws.see_through(async {
            let mut rollout = Rollout::of(cloud, &self.name);
            rollout.note_present().await.map_err(failed)?;
            let deployment = self.deployment(template);
            let happened = RefCell::new(Vec::new());
            let mut note = |happening| happened.borrow_mut().push(happening);
            let changing = cloud.deploy(&deployment, &mut note);
            tokio::pin!(changing);
            let changed = loop {
                let done = tokio::time::timeout(pause, &mut changing).await;
                for happening in happened.take() {
                    tell(&happening, progress);
                }
                match done {
                    Ok(done) => break done,
                    // Not worth ending for: what was asked for goes on.
                    Err(_) => drop(rollout.tell(progress).await),
                }
            };
            let deployed = match changed {
                Ok(deployed) => deployed,
                Err(error) => return Err(self.explained(error, &mut rollout, template).await),
            };
            // What was swapped, or what ECS has gone back from, CloudFormation does not see.
            for (arn, definition) in self.swapped(template).await? {
                progress.done(&format!("{}: back to {definition}", arn.name()));
                cloud.roll_out(&arn, &definition).await.map_err(failed)?;
            }
            match rollout.settle(progress, pause).await.map_err(failed)? {
                None => Ok(deployed),
                Some(stuck) => {
                    let told = stuck.explain(cloud, template).await;
                    Err(self.gone_back(&told, &mut rollout, progress).await)
                }
            }
        })
    }

    /// Waits until the services run what they are to run. Changes nothing.
    ///
    /// # Errors
    /// When one does not, with the reason.
    pub(super) fn settle(&self, template: &Value, progress: &mut Progress) -> Result<(), Failure> {
        let cloud = &self.aws.cloud;
        self.aws.see_through(async {
            let mut rollout = Rollout::of(cloud, &self.name);
            rollout.note_present().await.map_err(failed)?;
            match rollout.settle(progress, self.pause()).await.map_err(failed)? {
                None => Ok(()),
                Some(stuck) => {
                    let told = stuck.explain(cloud, template).await;
                    Err(Failure::operation(told).help("mend it and deploy again"))
                }
            }
        })
    }

    /// Has the stack be as it was before, where CloudFormation does not do that: it took the services for rolled out.
    async fn gone_back(&self, told: &str, rollout: &mut Rollout<'_>, progress: &mut Progress) -> Failure {
        let Some(before) = self.standing() else {
            return Failure::operation(told).help("mend it and deploy again");
        };
        progress.done("going back to what was deployed before");
        let deployment = self.deployment(before);
        let back = {
            let mut tell = |happening| tell(&happening, progress);
            self.aws.cloud.deploy(&deployment, &mut tell).await
        };
        let back = match back {
            // What has failed is known by now.
            Ok(_) => match rollout.note_present().await {
                Ok(()) => rollout.settle(progress, self.pause()).await,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        match back {
            Ok(Some(stuck)) => {
                let again = stuck.explain(&self.aws.cloud, before).await;
                Failure::operation(format!(
                    "{told}\nwhat was there before does not come up either: {again}"
                ))
                .help("mend it and deploy again")
            }
            Ok(None) => {
                Failure::operation(format!("{told}\nthe stack was rolled back to what it was before"))
                    .help("mend it and deploy again")
            }
            Err(error) => {
                Failure::operation(format!("{told}\nand the stack could not be rolled back: {error}"))
                    .help("mend it and deploy again, or run `tapedeck rollback`")
            }
        }
    }

    /// The failure of a deployment, with the last words of a task where a service is the reason.
    async fn explained(&self, error: CloudError, rollout: &mut Rollout<'_>, template: &Value) -> Failure {
        let service = match &error {
            CloudError::Failed { failure, .. } => failure
                .resource
                .as_ref()
                .filter(|resource| resource.resource_type == SERVICE_TYPE)
                .map(|resource| resource.logical_id.clone()),
            _ => None,
        };
        let mut words = None;
        if let Some(service) = service
            && let Ok(Some(suspect)) = rollout.suspect(&service).await
        {
            words = suspect.last_words(&self.aws.cloud, template).await;
        }
        let failure = failed(error);
        match words {
            None => failure,
            Some(words) => Failure {
                error: failure
                    .error
                    .context(format!("a service was not rolled out{words}")),
                ..failure
            },
        }
    }

    /// Gives services other images past CloudFormation, and waits for them.
    pub(super) fn swap_images(
        &self,
        before: &Value,
        after: &Value,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let cloud = &self.aws.cloud;
        self.aws.see_through(async {
            let mut rollout = Rollout::of(cloud, &self.name);
            rollout.note_present().await.map_err(failed)?;
            let seen = Seen::of(cloud, &self.name).await.map_err(failed)?;
            for (arn, id) in seen.services {
                let images = deployed::images(after, &id);
                let Some(state) = seen.states.get(&arn) else {
                    continue;
                };
                let running = cloud.images_of(&state.task_definition).await.map_err(failed)?;
                let is_other = |(container, image): (&String, &String)| running.get(container) != Some(image);
                if images.iter().any(is_other) {
                    let definition = cloud
                        .with_images(&state.task_definition, &images)
                        .await
                        .map_err(failed)?;
                    progress.done(&format!("{}: new code in {definition}", arn.name()));
                    cloud.roll_out(&arn, &definition).await.map_err(failed)?;
                }
            }
            match rollout.settle(progress, self.pause()).await.map_err(failed)? {
                None => Ok(()),
                Some(stuck) => {
                    let told = stuck.explain(cloud, before).await;
                    Err(Failure::operation(told).help(
                        "mend it and deploy again; a deployment without --hotSwap has it run what the stack says",
                    ))
                }
            }
        })
    }

    /// How long to wait before looking again.
    fn pause(&self) -> Duration {
        match self.aws.endpoint_url {
            Some(_) => Duration::from_millis(500),
            None => Duration::from_secs(5),
        }
    }
}

/// Tells what happens to resources of a template.
pub(crate) fn tell(happening: &Happening, progress: &mut Progress) {
    match happening {
        Happening::Waiting { status } => {
            progress.done(&format!(
                "an earlier operation goes on, the stack is in {status}: waiting for it"
            ));
        }
        Happening::Clearing { status } => {
            progress.done(&format!(
                "removing what an earlier deployment left: the stack is in {status}"
            ));
        }
        Happening::Event(event) => {
            let told = format!("{} {} {}", event.status, event.resource_type, event.logical_id);
            match (&event.reason, event.status.ends_with("_FAILED")) {
                (Some(reason), true) => progress.done(&format!("{told}: {reason}")),
                _ => progress.now(&told),
            }
        }
    }
}
