//! A template in the making, and what all parts of it share.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tapedeck_model::{CloudformationResource, Stack, Workload};

use crate::naming::{Names, logical_id};
use crate::network::Network;
use crate::shared::Needs;
use crate::template::{Output, Resource, Template};
use crate::{Lookups, SynthError};

/// A template in the making.
pub(crate) struct Assembly<'a> {
    pub(crate) stack: &'a Stack,
    /// All that is made of containers, the worker services of the stack among it.
    pub(crate) workloads: &'a [Workload],
    pub(crate) lookups: &'a Lookups,
    pub(crate) names: Names,
    pub(crate) needs: Needs,
    pub(crate) network: Network,
    pub(crate) template: Template,
    /// What the execution role may read, by a text that tells one from another.
    pub(crate) readable: BTreeMap<String, Readable>,
    /// The variables of containers as they were before secrets were set apart, by workload and container.
    pub(crate) environments: BTreeMap<String, BTreeMap<String, Vec<(String, Value)>>>,
    /// The workloads that were asked for their addresses since the last one was begun.
    pub(crate) called: BTreeSet<String>,
    /// The workloads that each workload calls, by names.
    pub(crate) calls: BTreeMap<String, BTreeSet<String>>,
}

/// A value that is read when a container starts.
pub(crate) enum Readable {
    /// A secret, or one within this template.
    Secret(Value),
    /// A parameter of the Systems Manager.
    Parameter(Value),
}

impl<'a> Assembly<'a> {
    /// An empty template for a stack.
    pub(crate) fn new(
        stack: &'a Stack,
        workloads: &'a [Workload],
        lookups: &'a Lookups,
    ) -> Result<Self, SynthError> {
        let names = Names::of(stack, lookups)?;
        let description = format!("STP-stack_{}_{}_{}", stack.project, stack.stage, names.hash);
        Ok(Self {
            needs: Needs::of(stack, workloads),
            network: Network::of(stack, lookups)?,
            stack,
            workloads,
            lookups,
            names,
            template: Template::new(description),
            readable: BTreeMap::new(),
            environments: BTreeMap::new(),
            called: BTreeSet::new(),
            calls: BTreeMap::new(),
        })
    }

    /// Adds a resource of ours. Its id is made of names that are unique.
    pub(crate) fn add(&mut self, logical_id: &str, resource: Resource) {
        self.template.resources.insert(logical_id.to_string(), resource);
    }

    /// Adds a resource as it was written.
    pub(crate) fn add_raw(&mut self, raw: &CloudformationResource) -> Result<(), SynthError> {
        if self.template.resources.contains_key(&raw.logical_id) {
            return Err(SynthError::DuplicateLogicalId {
                logical_id: raw.logical_id.clone(),
            });
        }
        let definition = self.data(&raw.definition)?;
        let mut resource = Resource::new("", Value::Null);
        for (key, value) in definition.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                ("Type", Value::String(kind)) => resource.kind.clone_from(kind),
                ("Properties", value) => resource.properties = value.clone(),
                _ => {
                    resource.others.insert(key.clone(), value.clone());
                }
            }
        }
        self.add(&raw.logical_id, resource);
        Ok(())
    }

    /// Adds an output that tells which version of something is in the template.
    pub(crate) fn note(&mut self, name: String, directive: &str, value: Value) {
        let output = Output {
            description: Some(format!("Added by {directive} directive")),
            value,
            export: None,
        };
        self.template.outputs.insert(name, output);
    }

    /// Adds the outputs that the config asks for.
    pub(crate) fn add_outputs(&mut self) -> Result<(), SynthError> {
        for output in &self.stack.settings.outputs {
            let value = self.value(&output.value)?;
            let export = output
                .export
                .then(|| json!({ "Name": logical_id(&[&self.names.stack, &output.name]) }));
            let output_value = Output {
                description: output.description.clone(),
                value,
                export,
            };
            self.template.outputs.insert(output.name.clone(), output_value);
        }
        Ok(())
    }

    /// The tags of everything, with more between those of the config and ours.
    pub(crate) fn tags_with(&self, more: &[(&str, &str)]) -> Value {
        let stack = self.stack;
        let ours = [
            ("stp:stack-name", self.names.stack.as_str()),
            ("stp:project-name", stack.project.as_str()),
            ("stp:stage", stack.stage.as_str()),
            ("stp:globally-unique-stack-hash", self.names.hash.as_str()),
        ];
        let theirs = stack.settings.tags.iter();
        let tags = theirs
            .map(|tag| (tag.name.as_str(), tag.value.as_str()))
            .chain(more.iter().copied())
            .chain(ours)
            .map(|(key, value)| json!({ "Key": key, "Value": value }));
        Value::Array(tags.collect())
    }

    /// The tags of everything.
    pub(crate) fn tags(&self) -> Value {
        self.tags_with(&[])
    }
}
