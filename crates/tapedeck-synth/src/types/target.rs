//! A resource of the config, and who connects to it.

use serde_json::{Value, json};
use tapedeck_model::{Connection, Data, Resource};

use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, reference};
use crate::naming::logical_id;
use crate::template;
use crate::workload;

/// A resource of the config.
pub(crate) struct Target<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its type.
    pub(crate) kind: &'a str,
    /// Its properties, defaults filled in.
    pub(crate) properties: &'a Data,
}

impl<'a> Target<'a> {
    /// A resource.
    pub(crate) fn of(resource: &'a Resource) -> Self {
        Self {
            name: resource.name.as_str(),
            kind: &resource.kind,
            properties: &resource.properties,
        }
    }

    /// The logical id of a part of it.
    pub(crate) fn id(&self, part: &str) -> String {
        logical_id(&[self.name, part])
    }

    /// `Ref` of a part.
    pub(crate) fn reference(&self, part: &str) -> Value {
        reference(&self.id(part))
    }

    /// An attribute of a part.
    pub(crate) fn attribute(&self, part: &str, name: &str) -> Value {
        attribute(&self.id(part), name)
    }

    /// A property, with dots between the keys.
    pub(crate) fn get(&self, path: &str) -> Option<&'a Data> {
        get(self.properties, path)
    }

    /// A property that is a text.
    pub(crate) fn text(&self, path: &str) -> Option<&'a str> {
        self.get(path)?.as_text()
    }

    /// A property that is a number.
    pub(crate) fn number(&self, path: &str) -> Option<u64> {
        number(self.get(path)?)
    }

    /// Whether a property is true.
    pub(crate) fn flag(&self, path: &str) -> bool {
        matches!(self.get(path), Some(Data::Boolean(true)))
    }

    /// The items of a property that is a list.
    pub(crate) fn items(&self, path: &str) -> &'a [Data] {
        match self.get(path) {
            Some(Data::List(items)) => items,
            _ => &[],
        }
    }

    /// Whether a key is given and says more than that something is off.
    pub(crate) fn is_used(&self, path: &str) -> bool {
        match self.get(path) {
            None | Some(Data::Null | Data::Boolean(false)) => false,
            Some(Data::List(items)) => !items.is_empty(),
            Some(data @ Data::Mapping(entries)) => {
                !entries.is_empty() && !matches!(data.get("enabled"), Some(Data::Boolean(false)))
            }
            Some(_) => true,
        }
    }

    /// The error of a part that has no template yet.
    pub(crate) fn unsupported(&self, what: &str) -> SynthError {
        SynthError::Unsupported {
            name: self.name.to_string(),
            kind: self.kind.to_string(),
            what: what.to_string(),
        }
    }

    /// Adds its security group with these rules; `what` is what people call it.
    pub(crate) fn add_security_group(&self, what: &str, rules: Vec<Value>, assembly: &mut Assembly<'_>) {
        let (name, stack) = (self.name, &assembly.names.stack);
        let group = json!({
            "GroupName": assembly.names.physical(&format!("{name}-sg"), 255),
            "GroupDescription": format!("Stacktape generated security group for {what} {name} in stack {stack}"),
            "SecurityGroupIngress": rules,
            "VpcId": assembly.network.vpc,
        });
        assembly.add(
            &self.id("SecurityGroup"),
            template::Resource::new("AWS::EC2::SecurityGroup", group),
        );
    }

    /// Rules that let in every service that is connected to it.
    pub(crate) fn rules_of_services(&self, port: u64, assembly: &Assembly<'_>) -> Vec<Value> {
        let groups = self.groups_of_services(assembly);
        let rules = groups
            .iter()
            .map(|group| rule(port, "SourceSecurityGroupId", &reference(group)));
        rules.collect()
    }

    /// The security groups of every service that is connected to it, by their ids.
    pub(crate) fn groups_of_services(&self, assembly: &Assembly<'_>) -> Vec<String> {
        let is_this =
            |connection: &Connection| matches!(connection, Connection::Resource(name) if name == self.name);
        let services = assembly.workloads.iter();
        let services = services
            .filter(|service| service.connect_to.iter().any(is_this))
            .map(|service| workload::security_group_id(service.name.as_str()));
        let others = assembly.stack.resources.iter().filter(|other| {
            let connections = Target::of(other).items("connectTo");
            connections.iter().any(|name| name.as_text() == Some(self.name))
        });
        let mut groups: Vec<String> = services.collect();
        for group in others.filter_map(super::security_group_id) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }
}

/// A value within data, with dots between the keys.
pub(crate) fn get<'a>(data: &'a Data, path: &str) -> Option<&'a Data> {
    path.split('.').try_fold(data, |data, key| data.get(key))
}

/// A whole number.
pub(crate) fn number(data: &Data) -> Option<u64> {
    match data {
        Data::Number(number) => number.0.parse().ok(),
        Data::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// A rule that lets in one source on one port.
pub(crate) fn rule(port: u64, source: &str, value: &Value) -> Value {
    json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, source: value })
}
