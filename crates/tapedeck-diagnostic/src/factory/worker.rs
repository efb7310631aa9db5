//! What is said about the rules of a service and of its containers.

use crate::{Diagnostics, Rule, Span, Spanned, quoted};

use super::listed;

impl Diagnostics {
    /// `resources` that say on what to run in neither of the two ways. `missing` names the key that would complete one.
    pub fn missing_compute(&mut self, at: Span, missing: &[&str]) {
        let message = match missing {
            ["cpu", "memory"] => {
                "`resources` says neither how large a task is nor on which instances it runs".into()
            }
            missing => format!("`resources` needs {} as well", listed(missing, "and")),
        };
        let help = "for Fargate give `cpu` and `memory`, such as `cpu: 0.25` and `memory: 512`; for EC2 give \
                    `instanceTypes`, such as `[t3.medium]`";
        self.push(Rule::MissingCompute, at, message, Some(help.into()));
    }

    /// A greatest number of instances below the least.
    pub fn scaling_bounds(&mut self, at: Span, min: &str, max: &str) {
        let message = format!("`maxInstances` is {max}, below `minInstances`, which is {min}");
        let help = format!("use {min} or more for `maxInstances`, or less for `minInstances`");
        self.push(Rule::ScalingBounds, at, message, Some(help));
    }

    /// A type of EC2 instance that there is not.
    pub fn unknown_instance_type(&mut self, name: &Spanned<String>, guess: Option<&str>) {
        let message = format!("there is no EC2 instance type {}", quoted(&name.value));
        let help = match guess {
            Some(guess) => format!("did you mean `{guess}`?"),
            None => "use one such as `t3.medium` or `c7g.large`".to_string(),
        };
        self.push(Rule::UnknownInstanceType, name.span, message, Some(help));
    }

    /// Types of instances with different architectures.
    pub fn mixed_architectures(&mut self, name: &Spanned<String>, architecture: &str, first: (&str, &str)) {
        let message = format!(
            "{} has the architecture {architecture}, and `{}` before it has {}: one image cannot run on both",
            quoted(&name.value),
            first.0,
            first.1
        );
        let help = format!("use types with {} only", first.1);
        self.push(Rule::MixedArchitectures, name.span, message, Some(help));
    }

    /// `architecture` beside `instanceTypes`.
    pub fn architecture_conflict(&mut self, key: &Spanned<String>) {
        let message = "`architecture` cannot stand beside `instanceTypes`, which decide it".to_string();
        let help = "remove `architecture`; types with a `g` after the number, such as c7g.large, are arm64";
        self.push(Rule::ArchitectureConflict, key.span, message, Some(help.into()));
    }

    /// A warm pool for none or several types.
    pub fn warm_pool(&mut self, at: Span, types: usize) {
        let message = match types {
            0 => "`enableWarmPool` is about EC2 instances, and `instanceTypes` names none".to_string(),
            types => format!("`enableWarmPool` takes exactly one type of instance, and {types} are listed"),
        };
        let help = "list one type in `instanceTypes`, or remove `enableWarmPool`";
        self.push(Rule::WarmPool, at, message, Some(help.into()));
    }

    /// More memory than an instance has to give. Amounts are in MiB.
    pub fn memory_too_large(&mut self, at: Span, given: u32, instance: &str, usable: u32) {
        let message = format!("{given} MiB are more than `{instance}` can give a task");
        let help = format!(
            "use {usable} or less (the system needs the rest), or leave `memory` out to get just that"
        );
        self.push(Rule::MemoryTooLarge, at, message, Some(help));
    }

    /// A dependency on a container that is not there.
    pub fn unknown_container(&mut self, name: &Spanned<String>, known: &[&str]) {
        let message = format!("there is no container {}", quoted(&name.value));
        let help = format!("the task has {}", listed(known, "and"));
        self.push(Rule::UnknownContainer, name.span, message, Some(help));
    }

    /// Containers that wait for each other.
    pub fn dependency_cycle(&mut self, at: Span, chain: &[&str]) {
        let message = format!("containers wait for each other: {}", chain.join(" → "));
        let help = "take one of these dependencies out";
        self.push(Rule::DependencyCycle, at, message, Some(help.into()));
    }

    /// A dependency that can never be met.
    pub fn impossible_dependency(
        &mut self,
        condition: &Spanned<String>,
        container: &str,
        why: &str,
        help: &str,
    ) {
        let message = format!(
            "{} of {} can never be met: {why}",
            quoted(&condition.value),
            quoted(container)
        );
        self.push(
            Rule::ImpossibleDependency,
            condition.span,
            message,
            Some(help.to_string()),
        );
    }

    /// `essential: true` of a container that is to run to its end.
    pub fn conflicting_essential(&mut self, at: Span, container: &str) {
        let message = format!(
            "{} runs to its end before the task begins, and `essential: true` would end the task with it",
            quoted(container)
        );
        let help = "remove `essential`, or use `containerType: always-running`";
        self.push(Rule::ConflictingEssential, at, message, Some(help.into()));
    }

    /// Two volumes in the same place.
    pub fn volume_clash(&mut self, path: &Spanned<String>, first: Span) {
        let message = format!("another volume is mounted at {}", quoted(&path.value));
        let help = "give each volume a path of its own";
        self.push(Rule::VolumeClash, path.span, message, Some(help.into()));
        self.relate(first, "the first one is here");
    }
}
