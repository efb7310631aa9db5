//! Databases, caches and topics, for which other programs stand in on one machine.
//!
//! A file for each family finds those of a stack and says the same of each, as a [`Database`]: what the program is told, what it
//! answers for, who may connect to it. Nobody else tells one kind from another, but for whoever knows which program it is.

mod atlas;
mod elasticache;
mod kafka;
mod relational;
mod upstash;

use std::net::Ipv4Addr;

use serde_json::{Value, json};
use tapedeck_model::{ResourceName, SecretName, Stack};

use super::evaluate::{Known, evaluate};
use crate::naming::logical_id;
use crate::template::{Resource, Template};

/// What a database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// Redis.
    Redis,
    /// MongoDB.
    Mongo,
    /// Kafka.
    Kafka,
}

/// Variables, with values as templates have them.
pub type Variables = Vec<(&'static str, Value)>;

/// A database, a cache or a broker of a stack.
#[derive(Debug, Clone)]
pub struct Database {
    /// The service that stands in, in the stack.
    pub service: ResourceName,
    /// The resources of the config for which it does.
    pub resources: Vec<ResourceName>,
    /// What it speaks.
    pub kind: DatabaseKind,
    /// What it stands in for, as that is called elsewhere, such as `aurora-postgresql`.
    pub engine: String,
    /// The version that the config asks for, if it asks for any.
    pub version: Option<String>,
    /// Whether the program that stands in is the one that it stands in for.
    pub is_same_program: bool,
    /// The port on which it is reached.
    pub port: u16,
    /// What the program is told when it starts.
    pub environment: Variables,
    /// What a server of Upstash's REST protocol is told that runs in front of it, where there is one.
    pub rest: Option<Variables>,
    /// The secret that is made for it, once.
    pub secret: Option<OwnSecret>,
    /// Attributes of the template, by logical id and name, as texts of `Fn::Sub`.
    attributes: Vec<(String, &'static str, String)>,
    access: Access,
}

/// A secret that is made for a database: nobody but this machine has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSecret {
    /// Its name.
    pub name: SecretName,
    /// What is in it.
    pub keys: &'static [&'static str],
}

/// Who may connect.
#[derive(Debug, Clone)]
enum Access {
    /// Who knows the password, as from the internet.
    Everybody,
    /// Whom rules of the template let in.
    Rules(Vec<Value>),
}

/// The address and the port of a database, in its attributes.
const ADDRESS: &str = "${Address}";
const PORT: &str = "${Port}";

/// Finds the databases of a family.
type Find = fn(&Stack, &Template) -> Vec<Database>;

const FAMILIES: [Find; 5] = [
    relational::all,
    elasticache::all,
    atlas::all,
    upstash::all,
    kafka::all,
];

/// The databases of a stack.
pub(super) fn all(stack: &Stack, template: &Template) -> Vec<Database> {
    FAMILIES.iter().flat_map(|find| find(stack, template)).collect()
}

impl Database {
    /// One that listens there, and of which nothing else is known.
    fn new(resource: &ResourceName, kind: DatabaseKind, engine: &str, port: u16) -> Self {
        Self {
            service: resource.clone(),
            resources: vec![resource.clone()],
            kind,
            engine: engine.to_string(),
            version: None,
            is_same_program: false,
            port,
            environment: Vec::new(),
            rest: None,
            secret: None,
            attributes: Vec::new(),
            access: Access::Everybody,
        }
    }

    /// Has it answer for attributes of a resource of the template.
    fn answer(&mut self, id: &str, attributes: &[(&'static str, &str)]) {
        let attributes = attributes.iter();
        self.attributes
            .extend(attributes.map(|(name, text)| (id.to_string(), *name, (*text).to_string())));
    }

    /// Adds what others are told about it.
    ///
    /// # Panics
    /// Never: its texts are made of what is known.
    pub fn tell(&self, address: Ipv4Addr, known: &mut Known) {
        let own = json!({ "Address": address.to_string(), "Port": self.port.to_string() });
        for (id, name, text) in &self.attributes {
            let value = json!({ "Fn::Sub": [text, own] });
            let parts = evaluate(&value, &Known::default()).expect("it names nothing but itself");
            known.attributes.insert((id.clone(), (*name).to_string()), parts);
        }
    }

    /// Whether it tells that attribute.
    pub(super) fn answers(&self, logical_id: &str, attribute: &str) -> bool {
        let mut attributes = self.attributes.iter();
        attributes.any(|(id, name, _)| id == logical_id && *name == attribute)
    }

    /// The values that it needs itself.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        let variables = self.environment.iter().chain(self.rest.iter().flatten());
        variables.map(|(_, value)| value)
    }

    /// Whether a member of a security group may connect, in a network of those addresses.
    pub(super) fn lets_in(&self, group: &Value, network: &str) -> bool {
        let Access::Rules(rules) = &self.access else {
            return true;
        };
        let names_group = |rule: &Value| {
            let groups = ["SourceSecurityGroupId", "AwsSecurityGroup"];
            groups.iter().any(|key| rule.get(*key) == Some(group))
        };
        let is_for_all = |rule: &Value| {
            let mut blocks = ["CidrIp", "CidrBlock"].iter().filter_map(|key| rule.get(*key));
            blocks.any(|block| block == "0.0.0.0/0" || block == network)
        };
        rules.iter().any(|rule| names_group(rule) || is_for_all(rule))
    }
}

impl Access {
    /// Whom a list of rules lets in. Without the list, nobody.
    fn of(template: &Template, id: &str, property: &str) -> Self {
        let resource = template.resources.get(id);
        let rules = resource.and_then(|resource| resource.properties.get(property)?.as_array());
        Self::Rules(rules.cloned().unwrap_or_default())
    }
}

impl OwnSecret {
    /// That of a database.
    fn of(stack: &Stack, resource: &ResourceName, keys: &'static [&'static str]) -> Self {
        let name = SecretName::new(format!("tapedeck/{}/{resource}", stack.name()));
        Self {
            name: name.expect("names of stacks and resources are short, and of letters, digits and hyphens"),
            keys,
        }
    }

    /// A reference to what is in it, as a text of a template.
    fn value(&self, key: &str) -> String {
        format!("{{{{resolve:secretsmanager:{}:SecretString:{key}}}}}", self.name)
    }
}

/// The resources of a config that have become one of this type, with its logical id.
fn found<'a>(
    stack: &'a Stack,
    template: &'a Template,
    part: &'a str,
    kind: &'a str,
) -> impl Iterator<Item = (&'a ResourceName, String, &'a Resource)> {
    stack.resources.iter().filter_map(move |resource| {
        let id = logical_id(&[resource.name.as_str(), part]);
        let main = template.resources.get(&id)?;
        (main.kind == kind).then_some((&resource.name, id, main))
    })
}

/// A property that is a text.
fn text<'a>(resource: &'a Resource, key: &str) -> Option<&'a str> {
    resource.properties.get(key).and_then(Value::as_str)
}

/// A property that is a port.
fn port(resource: &Resource) -> Option<u16> {
    let port = resource.properties.get("Port")?;
    let number = port.as_u64().or_else(|| port.as_str()?.parse().ok());
    number.and_then(|number| u16::try_from(number).ok())
}

/// A property as the value of a variable, which is empty without it.
fn value(resource: &Resource, key: &str) -> Value {
    let found = resource.properties.get(key).filter(|value| !value.is_null());
    found.cloned().unwrap_or_else(|| Value::from(""))
}

#[cfg(test)]
mod tests;
