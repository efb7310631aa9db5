//! The keys at the root of the file.

use super::resources::RESOURCE;
use super::{Key, Kind, OPTIONAL, Object, REQUIRED, Support, not_yet};

/// The whole file.
pub static ROOT: Object = Object {
    name: "the file",
    doc: "A config file is one mapping, in YAML or JSON.",
    keys: &[
        Key {
            name: "projectName",
            kind: Kind::Text,
            doc: "name of the project; `--projectName` goes before it, and without either the name of the folder counts",
            ..OPTIONAL
        },
        Key {
            name: "serviceName",
            kind: Kind::Text,
            doc: "older name of `projectName`",
            support: Support::Deprecated("projectName"),
            ..OPTIONAL
        },
        Key {
            name: "resources",
            kind: Kind::MapOf(&RESOURCE),
            doc: "the resources of the stack by their names",
            ..REQUIRED
        },
        not_yet("variables", "values for `$Var()`"),
        not_yet("directives", "directives of the project's own"),
        not_yet("providerConfig", "accounts of other providers"),
        not_yet("deploymentConfig", "how a deployment to AWS goes"),
        not_yet("stackConfig", "outputs, tags and network of the stack"),
        not_yet("budgetControl", "limits on what the stack may cost"),
        not_yet("alarms", "alarms of the stack"),
        not_yet("hooks", "scripts that run before and after commands"),
        not_yet("scripts", "scripts of the project"),
        not_yet(
            "cloudformationResources",
            "resources of CloudFormation, as they are",
        ),
    ],
};
