//! A deployment to AWS.
//!
//! ```text
//! config ─▶ packaged ─▶ repository there? ─▶ pushed ─▶ template ─▶ same as deployed ─▶ nothing is called that changes anything
//!                        └▶ made first                     └▶ shown, agreed to ─▶ change set ─▶ watched ─▶ services settled
//!                                                              └▶ --hotSwap, only images differ ─▶ task definitions ─▶ ┘
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tapedeck_cloud::{
    CloudError, Deployed, Deployment, Outcome as Came, Progress as Happening, ServiceArn, StackState,
};
use tapedeck_image::Store;
use tapedeck_model::Stack;
use tapedeck_synth::deployed::{self, SERVICE_TYPE};
use tapedeck_synth::diff::{Difference, Surroundings, compare, read_template};
use tapedeck_synth::{Lookups, Template};

use super::rollout::Rollout;
use super::{Aws, failed, images};
use crate::args::DeployArgs;
use crate::commands::synth;
use crate::config::Reading;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::options::ConfigFile;
use crate::packaging::Packager;
use crate::printer::{Printer, Progress};
use crate::text::span;
use crate::{engine, prompt, report};

/// How many templates of a stack are kept to go back to, unless the config says otherwise.
const KEPT: usize = 10;

/// Types that are packaged in a way that is not done for AWS yet.
const NOT_PACKAGED: [&str; 2] = ["function", "batch-job"];

/// What a deployment is made with.
struct Deploying<'a> {
    aws: &'a Aws,
    args: &'a DeployArgs,
    stack: &'a Stack,
    name: String,
    tags: BTreeMap<String, String>,
    surroundings: Surroundings,
    /// How the stack is, if it is there.
    state: Option<StackState>,
    /// The template that it has.
    before: Option<Value>,
}

/// What was reached.
struct Reached {
    outcome: &'static str,
    outputs: BTreeMap<String, String>,
}

/// Load, package, push, compare, agree, change, wait, show.
pub(crate) fn run(args: &DeployArgs, context: &Context, printer: &Printer) -> Outcome {
    let began = Instant::now();
    let aws = Aws::of(context, &args.stack, args.endpoint_url.as_deref())?;
    let reading = Reading {
        command: "deploy",
        is_deployment: true,
        stack: &args.stack,
        config: &args.config,
        extra: &args.options.extra,
        lookups: args.lookups.file.as_deref(),
        aws: Some(&aws),
    };
    let plan = synth::plan(&reading, context, printer)?;
    refuse_unpackaged(&plan.stack)?;
    engine::require_root("package")?;
    tapedeck_engine::make_folders(&context.home).or_fail(ExitKind::Environment)?;
    let store = Store::open(context.home.images()).or_fail(ExitKind::Environment)?;
    let share = store.share().or_fail(ExitKind::Environment)?;
    let made = package(args, &aws, &plan.stack, &plan.file, (context, &store), printer)?;

    let name = plan.stack.name().to_string();
    let region = aws.region.to_string();
    let mut deploying = Deploying {
        aws: &aws,
        args,
        stack: &plan.stack,
        tags: tapedeck_synth::tags(&plan.stack, &plan.lookups).or_fail(ExitKind::Internal)?,
        surroundings: Surroundings::new(&region, &name, plan.lookups.account.as_deref()),
        state: None,
        before: None,
        name,
    };
    deploying.look()?;
    let template = deploying.push(&made, plan.lookups, plan.template, (context, &store), printer)?;
    drop(share);
    let reached = deploying.reach(template, printer)?;

    if printer.is_json() {
        printer.json(&json!({
            "unchanged": reached.outcome == "unchanged",
            "outcome": reached.outcome,
            "stack": { "name": deploying.name, "region": region, "outputs": reached.outputs },
        }));
        return Ok(ExitCode::SUCCESS);
    }
    for (output, value) in &reached.outputs {
        printer.data(format!("{output}: {value}"));
    }
    let took = span(began.elapsed());
    printer.say(match reached.outcome {
        "unchanged" => format!(
            "nothing has changed: stack {} is as defined ({took})",
            deploying.name
        ),
        _ => format!(
            "stack {} is deployed to {} ({took})",
            deploying.name,
            aws.cloud.place()
        ),
    });
    Ok(ExitCode::SUCCESS)
}

fn refuse_unpackaged(stack: &Stack) -> Result<(), Failure> {
    let found = stack
        .resources
        .iter()
        .find(|resource| NOT_PACKAGED.contains(&resource.kind.as_str()));
    match found {
        None => Ok(()),
        Some(resource) => Err(Failure::usage(format!(
            "`{}` is a {}, whose code this version does not bring to AWS",
            resource.name, resource.kind
        ))
        .help("deploy it by other means, or leave it out here; `tapedeck synth` makes its template; nothing was changed")),
    }
}

fn package(
    args: &DeployArgs,
    aws: &Aws,
    stack: &Stack,
    file: &ConfigFile,
    (context, store): (&Context, &Store),
    printer: &Printer,
) -> Result<Vec<images::Made>, Failure> {
    let packager = Packager {
        context,
        config: file,
        images: store,
        platform: tapedeck_image::Platform::host(),
        no_cache: args.no_cache,
        resident: None,
    };
    let made = images::package(
        &stack.all_services(),
        packager,
        aws.endpoint_url.is_some(),
        printer,
    )?;
    store.settle().or_fail(ExitKind::Environment)?;
    Ok(made)
}

impl Deploying<'_> {
    /// Learns how the stack is.
    fn look(&mut self) -> Result<(), Failure> {
        let cloud = &self.aws.cloud;
        self.state = self.aws.run(cloud.describe(&self.name))?;
        let template = self.aws.run(cloud.template(&self.name))?;
        self.before = match template {
            Some(text) => Some(read_template(&text).or_fail(ExitKind::Environment)?),
            None => None,
        };
        Ok(())
    }

    /// Has the repository hold the images, which is made first where it is missing, and gives the template that names them.
    fn push(
        &mut self,
        made: &[images::Made],
        mut lookups: Lookups,
        template: Template,
        (context, store): (&Context, &Store),
        printer: &Printer,
    ) -> Result<Template, Failure> {
        let Some(repository) = template.image_repository().filter(|_| !made.is_empty()) else {
            return Ok(template);
        };
        if let Some(foundation) = template.foundation(self.standing()) {
            let mut progress = printer.progress("deploy");
            progress.now("making the repository of images");
            self.change(&foundation, &mut progress)?;
            progress.done(&format!("made the repository of images {repository}"));
            drop(progress);
            self.look()?;
        }
        let login = self.aws.run(self.aws.cloud.registry_login())?;
        lookups.images = images::push(made, repository, &login, store, context, printer)?;
        tapedeck_synth::synthesize(self.stack, &lookups).or_fail(ExitKind::Internal)
    }

    /// The template of a stack that can be changed.
    fn standing(&self) -> Option<&Value> {
        let state = self.state.as_ref()?;
        let is_whole = state.status.is_deployed() || state.status.as_str() == "UPDATE_ROLLBACK_COMPLETE";
        self.before.as_ref().filter(|_| is_whole)
    }

    /// Makes the stack what a template says.
    fn reach(&mut self, mut template: Template, printer: &Printer) -> Result<Reached, Failure> {
        self.leave_out_unknown(&mut template, printer)?;
        let after = template.to_value();
        if self.is_as(&after)? {
            return Ok(self.unchanged());
        }
        let difference = self.difference(&after);
        self.agree(&difference, printer)?;
        let mut progress = printer.progress("deploy");
        if self.args.hot_swap {
            let before = self.before.clone().unwrap_or_default();
            match deployed::differ_in_images_alone(&before, &after) {
                true => return self.hot_swap(&before, &after, &mut progress),
                false => progress.done("more than code has changed: the whole stack is deployed"),
            }
        }
        // What was deployed by other means, or by a deployment that was killed right afterwards, can be gone back to as well.
        self.keep(self.standing())?;
        let deployed = self.change_and_roll_out(&after, &mut progress)?;
        self.keep(Some(&after))?;
        Ok(Reached {
            outcome: match deployed.outcome {
                Came::Created => "created",
                Came::Updated => "updated",
                Came::Unchanged => "unchanged",
            },
            outputs: deployed.outputs,
        })
    }

    /// Takes out what an emulator does not have. AWS has all of it.
    fn leave_out_unknown(&self, template: &mut Template, printer: &Printer) -> Result<(), Failure> {
        if self.aws.endpoint_url.is_none() {
            return Ok(());
        }
        let types = template.resources.values().map(|resource| resource.kind.clone());
        let types: BTreeSet<String> = types.collect();
        let unknown = self.aws.run(self.aws.cloud.unrecognized_types(&types))?;
        let gone: Vec<String> = template.remove_types(&unknown).into_iter().collect();
        if !gone.is_empty() {
            printer.warn(format!(
                "what answers in {} has no {}: left out {}",
                self.aws.cloud.place(),
                unknown.join(", "),
                gone.join(", ")
            ));
        }
        Ok(())
    }

    /// Whether the stack is as a template says already, and its services run what it says.
    fn is_as(&self, after: &Value) -> Result<bool, Failure> {
        let Some(state) = &self.state else {
            return Ok(false);
        };
        let is_same =
            state.status.is_deployed() && self.before.as_ref() == Some(after) && state.tags == self.tags;
        Ok(is_same && self.aws.wait(self.swapped(after))?.is_empty())
    }

    /// The services that run something else than a template says, as after a swap, and the task definition that is theirs.
    async fn swapped(&self, template: &Value) -> Result<Vec<(ServiceArn, String)>, Failure> {
        let cloud = &self.aws.cloud;
        let resources = cloud.resources(&self.name).await.map_err(failed)?;
        let services = super::rollout::services(&resources);
        let arns: Vec<ServiceArn> = services.keys().cloned().collect();
        let states = cloud.services(&arns).await.map_err(failed)?;
        let swapped = services.into_iter().filter_map(|(arn, id)| {
            let definition = deployed::task_definition(template, &id)?;
            let own = resources.get(definition)?.physical_id.clone()?;
            let is_other = states.get(&arn)?.task_definition != own;
            is_other.then_some((arn, own))
        });
        Ok(swapped.collect())
    }

    fn unchanged(&self) -> Reached {
        Reached {
            outcome: "unchanged",
            outputs: self
                .state
                .as_ref()
                .map(|state| state.outputs.clone())
                .unwrap_or_default(),
        }
    }

    fn difference(&self, after: &Value) -> Difference {
        let empty = json!({ "Resources": {} });
        compare(self.standing().unwrap_or(&empty), after, &self.surroundings)
    }

    /// Shows what will change, and asks where something is lost.
    fn agree(&self, difference: &Difference, printer: &Printer) -> Result<(), Failure> {
        if !printer.is_json() && self.standing().is_some() {
            printer.tell(report::difference(difference, &self.name, None).trim_end());
        }
        let endangered = difference
            .resources
            .iter()
            .filter(|change| change.danger.is_some());
        let endangered: Vec<&str> = endangered.map(|change| change.logical_id.as_str()).collect();
        if endangered.is_empty() || self.args.yes {
            return Ok(());
        }
        let what = format!("what is in {} would be lost", endangered.join(", "));
        if !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            return Err(
                Failure::usage(format!("{what}, and there is no terminal to ask on"))
                    .help("add --yes if that is meant; `tapedeck diff` shows why; nothing was changed"),
            );
        }
        match prompt::agrees(printer, &format!("{what}. Deploy?")) {
            true => Ok(()),
            false => Err(Failure::operation("not deployed; nothing was changed")),
        }
    }

    /// Has CloudFormation change the stack, telling what happens.
    fn change(&self, template: &Value, progress: &mut Progress) -> Result<Deployed, Failure> {
        let deployment = self.deployment(template);
        let mut tell = |happening| tell(&happening, progress);
        self.aws.run(self.aws.cloud.deploy(&deployment, &mut tell))
    }

    fn deployment<'t>(&'t self, template: &'t Value) -> Deployment<'t> {
        Deployment {
            stack_name: &self.name,
            template,
            tags: &self.tags,
            template_bucket: None,
        }
    }

    /// The same, telling what services do meanwhile, and waiting for them.
    fn change_and_roll_out(&self, template: &Value, progress: &mut Progress) -> Result<Deployed, Failure> {
        let cloud = &self.aws.cloud;
        let pause = self.pause();
        self.aws.wait(async {
            let mut rollout = Rollout::of(cloud, &self.name);
            rollout.note_present().await.map_err(failed)?;
            let deployment = self.deployment(template);
            let happened = std::cell::RefCell::new(Vec::new());
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

    /// Has the stack be as it was before, where CloudFormation does not do that: it took the services for rolled out.
    async fn gone_back(&self, told: &str, rollout: &mut Rollout<'_>, progress: &mut Progress) -> Failure {
        let Some(before) = self.standing() else {
            return Failure::operation(told).help("mend it and deploy again");
        };
        progress.done("going back to what was deployed before");
        let deployment = self.deployment(before);
        let mut tell = |happening| tell(&happening, progress);
        let back = self.aws.cloud.deploy(&deployment, &mut tell).await;
        let back = match back {
            Ok(_) => rollout.note_present().await,
            Err(error) => Err(error),
        };
        match back {
            Ok(()) => Failure::operation(format!("{told}\nthe stack was rolled back to what it was before"))
                .help("mend it and deploy again"),
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
    fn hot_swap(&self, before: &Value, after: &Value, progress: &mut Progress) -> Result<Reached, Failure> {
        let cloud = &self.aws.cloud;
        self.aws.wait(async {
            let mut rollout = Rollout::of(cloud, &self.name);
            rollout.note_present().await.map_err(failed)?;
            let resources = cloud.resources(&self.name).await.map_err(failed)?;
            for (arn, id) in super::rollout::services(&resources) {
                let images = deployed::images(after, &id);
                let states = cloud.services(std::slice::from_ref(&arn)).await.map_err(failed)?;
                let Some(state) = states.get(&arn) else { continue };
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
        })?;
        Ok(Reached {
            outcome: "swapped",
            ..self.unchanged()
        })
    }

    /// Keeps a template to go back to.
    fn keep(&self, template: Option<&Value>) -> Result<(), Failure> {
        let Some(template) = template else {
            return Ok(());
        };
        let kept = self.stack.settings.deployment.as_ref();
        let kept = kept.and_then(|deployment| {
            serde_json::to_value(deployment)
                .ok()?
                .get("previousVersionsToKeep")?
                .as_u64()
        });
        let kept = kept.and_then(|kept| usize::try_from(kept).ok()).unwrap_or(KEPT);
        let text = template.to_string();
        self.aws
            .run(self.aws.cloud.keep_template(&self.name, &text, kept))
            .map(drop)
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
