//! A deployment to AWS.
//!
//! ```text
//! config ─▶ packaged ─▶ repository there? ─▶ pushed ─▶ template ─▶ same as deployed ─▶ nothing is called that changes anything
//!                        └▶ made first                     └▶ shown, agreed to ─▶ change set ─▶ watched ─▶ services settled
//!                                                              └▶ --hotSwap, only images differ ─▶ task definitions ─▶ ┘
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::{Value, json};
use tapedeck_cloud::Outcome as Came;
use tapedeck_model::{Moment, Stack};
use tapedeck_synth::deployed;
use tapedeck_synth::diff::{Difference, ResourceChange, Surroundings, compare};
use tapedeck_synth::{Lookups, Template, told};

use super::settings::Settings;
use super::stack::CloudStack;
use super::{Aws, code, images};
use crate::args::DeployArgs;
use crate::commands::synth;
use crate::config::Reading;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::packaging::{self, Packager};
use crate::printer::Printer;
use crate::text::span;
use crate::{prompt, report, scripts};

/// What a deployment is made with.
struct Deploying<'a> {
    aws: &'a Aws,
    args: &'a DeployArgs,
    stack: &'a Stack,
    there: CloudStack<'a>,
    surroundings: Surroundings,
    /// How many templates are kept to go back to.
    kept: usize,
}

/// What was reached.
struct Reached {
    outcome: &'static str,
    outputs: BTreeMap<String, String>,
}

/// Load, package, push, compare, agree, change, wait, show.
pub(crate) fn run(args: &DeployArgs, context: &Context, printer: &Printer) -> Outcome {
    let began = Instant::now();
    if args.detach {
        return Err(Failure::usage(
            "a deployment to AWS is waited for, so that what fails can be told and undone",
        )
        .help(
            "leave --detach out; whoever interrupts it can have it gone on with later; nothing was changed",
        ));
    }
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
    let (stack, file, hooks) = scripts::load_stack(Moment::BeforeDeploy, &reading, context, printer)?;
    let plan = synth::plan(stack, file, &reading, None, (context, printer))?;
    let store = packaging::open_images(context, "package")?;
    let share = store.share().or_fail(ExitKind::Environment)?;
    let packager = Packager {
        context,
        config: &plan.file,
        images: &store,
        platform: tapedeck_image::Platform::host(),
        no_cache: args.no_cache,
        resident: None,
    };
    let is_emulated = aws.endpoint_url.is_some();
    let made = images::package(&plan.stack, &[], packager, is_emulated, printer)?;
    store.settle().or_fail(ExitKind::Environment)?;

    let name = plan.stack.name().to_string();
    let region = aws.region.to_string();
    let tags = tapedeck_synth::tags(&plan.stack, &plan.lookups).or_fail(ExitKind::Internal)?;
    let settings = Settings::of(&plan.stack)?;
    let wanted = Some((tags, settings.manner));
    let there = CloudStack::of(&aws, name.clone(), wanted, &mut printer.progress("deploy"))?;
    let mut deploying = Deploying {
        aws: &aws,
        args,
        stack: &plan.stack,
        surroundings: Surroundings::new(&region, &name, plan.lookups.account.as_deref()),
        there,
        kept: settings.kept,
    };
    let template = deploying.bring(&made, plan.lookups, plan.template, packager, printer)?;
    drop(share);
    let mut reached = deploying.reach(template, printer)?;
    reached.outputs.remove(told::REFERENCES);

    if printer.is_json() {
        printer.json(&json!({
            "unchanged": reached.outcome == "unchanged",
            "outcome": reached.outcome,
            "stack": { "name": name, "region": region, "outputs": reached.outputs },
        }));
        return Ok(hooks.after(Moment::AfterDeploy));
    }
    for (output, value) in &reached.outputs {
        printer.data(format!("{output}: {value}"));
    }
    let took = span(began.elapsed());
    printer.say(match reached.outcome {
        "unchanged" => format!("nothing has changed: stack {name} is as defined ({took})"),
        _ => format!("stack {name} is deployed to {} ({took})", aws.cloud.place()),
    });
    Ok(hooks.after(Moment::AfterDeploy))
}

impl Deploying<'_> {
    /// Has repository and bucket hold images and code, for which they are made first where they are missing, and gives the template
    /// that names these.
    fn bring(
        &mut self,
        made: &[images::Made],
        mut lookups: Lookups,
        template: Template,
        packager: Packager<'_>,
        printer: &Printer,
    ) -> Result<Template, Failure> {
        let repository = template.image_repository().filter(|_| !made.is_empty());
        let bucket = template.code_bucket();
        if repository.is_none() && bucket.is_none() {
            return Ok(template);
        }
        if let Some(foundation) = template.foundation(self.there.standing()) {
            let mut progress = printer.progress("deploy");
            let names: Vec<&str> = repository.into_iter().chain(bucket).collect();
            progress.now("making what images and code are brought to");
            self.there.change(&foundation, &mut progress)?;
            progress.done(&format!("made {}", names.join(" and ")));
            self.there.look(&mut progress)?;
        }
        if let Some(repository) = repository {
            let login = self.aws.run(self.aws.cloud.registry_login())?;
            lookups.images = images::push(
                made,
                repository,
                &login,
                packager.images,
                packager.context,
                printer,
            )?;
        }
        if let Some(bucket) = bucket {
            let account = self.aws.account_of(&lookups)?;
            let place = (bucket, account.as_str());
            let code = code::bring(self.aws, self.stack, &template, place, packager, printer)?;
            lookups.artifacts.extend(code);
        }
        tapedeck_synth::synthesize(self.stack, &lookups).or_fail(ExitKind::Internal)
    }

    /// Makes the stack what a template says.
    fn reach(&mut self, mut template: Template, printer: &Printer) -> Result<Reached, Failure> {
        self.leave_out_unknown(&mut template, printer)?;
        let after = template.to_value();
        if self.there.is_as(&after)? {
            // A deployment that was killed may have left it in the middle of a rollout.
            self.there.settle(&after, &mut printer.progress("deploy"))?;
            return Ok(self.unchanged());
        }
        let difference = self.difference(&after);
        self.agree(&difference, printer)?;
        let mut progress = printer.progress("deploy");
        if self.args.hot_swap {
            let before = self.there.standing().cloned().unwrap_or_default();
            match deployed::differ_in_images_alone(&before, &after) {
                true => {
                    self.there.swap_images(&before, &after, &mut progress)?;
                    return Ok(Reached {
                        outcome: "swapped",
                        ..self.unchanged()
                    });
                }
                false => progress.done("more than code has changed: the whole stack is deployed"),
            }
        }
        // What was deployed by other means, or by a deployment that was killed right afterwards, can be gone back to as well.
        let standing = self.there.standing();
        self.keep(standing.filter(|template| !deployed::is_foundation(template)))?;
        let deployed = self.there.reach(&after, &mut progress)?;
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

    fn unchanged(&self) -> Reached {
        Reached {
            outcome: "unchanged",
            outputs: self
                .there
                .state
                .as_ref()
                .map(|state| state.outputs.clone())
                .unwrap_or_default(),
        }
    }

    fn difference(&self, after: &Value) -> Difference {
        let empty = json!({ "Resources": {} });
        compare(self.there.standing().unwrap_or(&empty), after, &self.surroundings)
    }

    /// Shows what will change, and asks where something is lost.
    fn agree(&self, difference: &Difference, printer: &Printer) -> Result<(), Failure> {
        if !printer.is_json() && self.there.standing().is_some() {
            printer.tell(report::difference(difference, &self.there.name, None).trim_end());
        }
        let endangered = difference
            .resources
            .iter()
            .filter(|change| change.danger.is_some() && !self.is_empty_repository(change));
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

    /// Whether a repository of images is known to have none in it.
    fn is_empty_repository(&self, change: &ResourceChange) -> bool {
        let name = self.there.standing().and_then(|standing| {
            let repository = &standing["Resources"][&change.logical_id];
            repository["Properties"]["RepositoryName"].as_str()
        });
        let Some(name) = name.filter(|_| change.kind == deployed::REPOSITORY_TYPE) else {
            return false;
        };
        // Whoever may not look is asked.
        matches!(self.aws.run(self.aws.cloud.holds_images(name)), Ok(false))
    }

    /// Keeps a template to go back to.
    fn keep(&self, template: Option<&Value>) -> Result<(), Failure> {
        let Some(template) = template else {
            return Ok(());
        };
        let text = template.to_string();
        self.aws
            .run(self.aws.cloud.keep_template(&self.there.name, &text, self.kept))
            .map(drop)
    }
}
