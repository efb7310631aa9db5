//! Parts of a template: what comes before the rest, and what is left without types that nobody has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tapedeck_model::{Architecture, Stack};

use crate::assembly::Assembly;
use crate::deployment_bucket;
use crate::naming::logical_id;
use crate::references;
use crate::shared::REPOSITORY;
use crate::template::{Output, Resource, Template};
use crate::{Lookups, SynthError, told, workload};

/// The logical ids of what images and code are brought to.
pub(crate) const FOUNDATION: [&str; 3] = [REPOSITORY, deployment_bucket::BUCKET, deployment_bucket::POLICY];

impl Template {
    /// The name of the repository that images go to, if the stack has one.
    #[must_use]
    pub fn image_repository(&self) -> Option<&str> {
        let repository = self.resources.get(REPOSITORY)?;
        repository.properties.get("RepositoryName")?.as_str()
    }

    /// The name of the bucket that code of functions goes to, if the stack has one.
    #[must_use]
    pub fn code_bucket(&self) -> Option<&str> {
        let bucket = self.resources.get(deployment_bucket::BUCKET)?;
        bucket.properties.get("BucketName")?.as_str()
    }

    /// What runs the function of a resource, and on which processor.
    #[must_use]
    pub fn function_platform(&self, resource: &str) -> (Option<&str>, Architecture) {
        let function = self.resources.get(&logical_id(&[resource, "Function"]));
        let text = |path: &str| function.and_then(|function| function.properties.pointer(path)?.as_str());
        let architecture = match text("/Architectures/0") {
            Some("arm64") => Architecture::Arm,
            _ => Architecture::X86,
        };
        (text("/Runtime"), architecture)
    }

    /// What `deployed`, a template or nothing, lacks for images and code to be brought: the template that it becomes with that. None
    /// when it lacks nothing.
    #[must_use]
    pub fn foundation(&self, deployed: Option<&Value>) -> Option<Value> {
        let mut foundation = match deployed {
            Some(deployed) => deployed.clone(),
            None => Self::new(self.description.clone()).to_value(),
        };
        let resources = foundation.get_mut("Resources")?.as_object_mut()?;
        let mut lacks_something = false;
        for id in FOUNDATION {
            if let Some(resource) = self.resources.get(id)
                && !resources.contains_key(id)
            {
                let resource = serde_json::to_value(resource).unwrap_or_default();
                resources.insert(id.to_string(), resource);
                lacks_something = true;
            }
        }
        lacks_something.then_some(foundation)
    }

    /// The logical ids of the resources of a type.
    pub fn ids_of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        let resources = self.resources.iter();
        resources
            .filter(move |(_, resource)| resource.kind == kind)
            .map(|(id, _)| id.as_str())
    }

    /// Takes out the resources of some types, and what refers to them. Tells the logical ids of all that went.
    pub fn remove_types(&mut self, types: &[String]) -> BTreeSet<String> {
        let mut gone = BTreeSet::new();
        let resources = self.resources.iter();
        let mut next: Vec<String> = resources
            .filter(|(_, resource)| types.contains(&resource.kind))
            .map(|(id, _)| id.clone())
            .collect();
        while let Some(id) = next.pop() {
            self.resources.remove(&id);
            let left = self.resources.iter();
            let orphans = left.filter(|(_, resource)| needs(resource, &id));
            next.extend(orphans.map(|(orphan, _)| orphan.clone()));
            gone.insert(id);
        }
        for resource in self.resources.values_mut() {
            resource.depends_on.retain(|id| !gone.contains(id));
        }
        told::forget(self, &gone);
        let is_whole = |output: &Output| references::of(&output.value).is_disjoint(&gone);
        self.outputs.retain(|_, output| is_whole(output));
        gone
    }
}

/// Whether a resource refers to another one, and does not only wait for it.
fn needs(resource: &Resource, id: &str) -> bool {
    references::of(&resource.properties).contains(id)
}

/// The tags of a stack and of all that is in it.
///
/// # Errors
/// When the account is not known.
pub fn tags(stack: &Stack, lookups: &Lookups) -> Result<BTreeMap<String, String>, SynthError> {
    let workloads = workload::all(stack);
    Ok(tags_of(&Assembly::new(stack, &workloads, lookups)?))
}

/// The same of what is being put together.
pub(crate) fn tags_of(assembly: &Assembly<'_>) -> BTreeMap<String, String> {
    let tags = assembly.tags();
    let texts = tags.as_array().into_iter().flatten().filter_map(|tag| {
        let text = |key: &str| tag.get(key).and_then(Value::as_str).map(str::to_string);
        Some((text("Key")?, text("Value")?))
    });
    texts.collect()
}
