//! What a type of resource is: its keys, and what other parts of a file may say about one.

use tapedeck_model::{BatchJob, ValueType, WorkerService, Workload};

use super::{Object, Support};
use crate::parse::Mapping;
use crate::scope::{Declared, Scope};

/// A type of resource.
#[derive(Debug)]
pub struct ResourceType {
    /// Its name, such as `sqs-queue`.
    pub name: &'static str,
    /// What it is, as a sentence.
    pub doc: &'static str,
    /// Its properties. `None`: Stacktape has the type, this version has not.
    pub properties: Option<&'static Object>,
    /// Whether region `local` runs it, and if not, why.
    pub support: Support,
    /// What `$ResourceParam` can ask of it, in the order in which variables are injected.
    pub parameters: &'static [Parameter],
    /// Whether `connectTo` may name it.
    pub connectable: Connectable,
    /// Whether `overrides` may be given.
    pub takes_overrides: bool,
    /// The logical ids of what it becomes, if they are known for all its forms: for `overrides` and clashes of names.
    pub children: Option<fn(&Declared<'_>) -> Vec<String>>,
    /// The rules that relate several of its keys, or other resources.
    pub check: Option<fn(&Declared<'_>, &mut Scope<'_>)>,
    /// Makes the model of it, for worker services only. Called when nothing is wrong with the keys.
    pub service: Option<fn(&Declared<'_>, &mut Scope<'_>) -> Option<WorkerService>>,
    /// Makes the model of the containers of it, for other types that are made of some. Called when nothing is wrong with the
    /// keys.
    pub workload: Option<fn(&Declared<'_>) -> Option<Workload>>,
    /// Makes the model of each run of it, for jobs only. Called when nothing is wrong with the keys.
    pub job: Option<fn(&Declared<'_>) -> Option<BatchJob>>,
}

/// A referenceable parameter of a resource.
#[derive(Debug)]
pub struct Parameter {
    /// Its name, such as `arn`.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// What its value will be.
    pub value: ValueType,
    /// Whether it holds a credential.
    pub is_secret: bool,
    /// When a resource has it.
    pub when: When,
}

/// When a resource has a parameter.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// Always.
    Always,
    /// When its properties say so. The text tells how, such as ``with `streamType` ``.
    If(fn(&Mapping) -> bool, &'static str),
}

/// Whether `connectTo` may name a resource.
#[derive(Debug, Clone, Copy)]
pub enum Connectable {
    /// Yes.
    Yes,
    /// No. The text says what to do instead.
    No(&'static str),
}

/// What is known of an attribute of a type of CloudFormation's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeCheck {
    /// The type has it.
    Known,
    /// The type has no such attribute. With those that it has.
    Unknown(Vec<String>),
    /// Nothing is known of the type.
    UnknownType,
}

/// All types of resources, and what is known of CloudFormation's.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue {
    /// The types.
    pub types: &'static [&'static ResourceType],
    /// Looks up an attribute of a type of CloudFormation's.
    pub attribute: fn(&str, &str) -> AttributeCheck,
}

impl Catalogue {
    /// A type by its name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static ResourceType> {
        self.types.iter().copied().find(|one| one.name == name)
    }

    /// The names of all types.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.types.iter().map(|one| one.name).collect()
    }

    /// The names of the types that this version has.
    #[must_use]
    pub fn supported_names(&self) -> Vec<&'static str> {
        let supported = self.types.iter().filter(|one| one.properties.is_some());
        supported.map(|one| one.name).collect()
    }
}

impl ResourceType {
    /// The parameters that a resource with these properties has.
    pub fn parameters_of<'a>(
        &'static self,
        properties: &'a Mapping,
    ) -> impl Iterator<Item = &'static Parameter> + 'a {
        self.parameters
            .iter()
            .filter(move |parameter| match parameter.when {
                When::Always => true,
                When::If(holds, _) => holds(properties),
            })
    }
}

impl Parameter {
    /// A text that every resource of the type has.
    #[must_use]
    pub const fn text(name: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            doc,
            value: ValueType::Text,
            is_secret: false,
            when: When::Always,
        }
    }

    /// A number that every resource of the type has.
    #[must_use]
    pub const fn number(name: &'static str, doc: &'static str) -> Self {
        Self {
            value: ValueType::Number,
            ..Self::text(name, doc)
        }
    }

    /// A text that holds a credential.
    #[must_use]
    pub const fn secret(name: &'static str, doc: &'static str) -> Self {
        Self {
            is_secret: true,
            ..Self::text(name, doc)
        }
    }

    /// The same parameter, there under a condition only.
    #[must_use]
    pub const fn when(self, holds: fn(&Mapping) -> bool, condition: &'static str) -> Self {
        Self {
            when: When::If(holds, condition),
            ..self
        }
    }
}

/// The base of table rows, with `..`: a type that this version has not.
pub const UNSUPPORTED: ResourceType = ResourceType {
    name: "",
    doc: "",
    properties: None,
    support: Support::NotYet,
    parameters: &[],
    connectable: Connectable::No("leave it out"),
    takes_overrides: true,
    children: None,
    check: None,
    service: None,
    workload: None,
    job: None,
};
