//! The keys at the root of the file.

mod deployment;
mod providers;
mod scripts;
mod stack;

use deployment::DEPLOYMENT;
use providers::PROVIDERS;
use scripts::{HOOKS, SCRIPT};
use stack::STACK;

use super::{Key, Kind, Need, OBJECT, OPTIONAL, Object, REQUIRED, Support};

/// The whole file.
pub static ROOT: Object = Object {
    name: "the file",
    doc: "A config file is one mapping, in YAML or JSON, or made by TypeScript or JavaScript.",
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
            kind: Kind::Resources,
            doc: "the resources of the stack by their names",
            ..REQUIRED
        },
        Key {
            name: "variables",
            kind: Kind::AnyMapping,
            doc: "values for `$Var()`, of any shape",
            ..OPTIONAL
        },
        Key {
            name: "directives",
            kind: Kind::ListOf(&DIRECTIVE),
            doc: "directives of the project's own",
            ..OPTIONAL
        },
        Key {
            name: "providerConfig",
            kind: Kind::Object(&PROVIDERS),
            doc: "accounts of other providers",
            ..OPTIONAL
        },
        Key {
            name: "deploymentConfig",
            kind: Kind::Object(&DEPLOYMENT),
            doc: "how a deployment to AWS goes",
            support: Support::NoEffect("it is about AWS"),
            ..OPTIONAL
        },
        Key {
            name: "stackConfig",
            kind: Kind::Object(&STACK),
            doc: "outputs, tags and network of the stack",
            ..OPTIONAL
        },
        Key {
            name: "hooks",
            kind: Kind::Object(&HOOKS),
            doc: "scripts that run before and after commands",
            ..OPTIONAL
        },
        Key {
            name: "scripts",
            kind: Kind::MapOf(&SCRIPT),
            doc: "scripts of the project, by their names",
            ..OPTIONAL
        },
        Key {
            name: "cloudformationResources",
            kind: Kind::MapOf(&RAW_RESOURCE),
            doc: "resources of CloudFormation as they are, by their logical ids",
            support: Support::Partly("an emulator makes those that it has"),
            ..OPTIONAL
        },
        super::not_yet("budgetControl", "limits on what the stack may cost"),
        super::not_yet("alarms", "alarms of the stack"),
    ],
    ..OBJECT
};

/// An entry of `resources`. Its properties depend on the type and are described there.
pub static RESOURCE: Object = Object {
    name: "a resource",
    doc: "A resource has a name of letters and digits, a type, and properties that depend on the type.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Text,
            doc: "what the resource is",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::AnyMapping,
            doc: "the settings of the resource",
            ..REQUIRED
        },
        Key {
            name: "overrides",
            kind: Kind::AnyMapping,
            doc: "changes to the CloudFormation resources that it becomes: logical id, then path, then value",
            support: Support::NoEffect("overrides change what is made in AWS"),
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static DIRECTIVE: Object = Object {
    name: "a directive of the project's own",
    doc: "A function in TypeScript, JavaScript or Python that gives a value: `$myDirective('argument')`.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Text,
            doc: "its name without the `$`: letters, digits and `_`",
            example: Some("'myDirective'"),
            ..REQUIRED
        },
        Key {
            name: "filePath",
            kind: Kind::Text,
            doc: "the file of the function and, after a colon, its name; without one the default export, or `main` in Python",
            example: Some("'directives.ts:myDirective'"),
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static RAW_RESOURCE: Object = Object {
    name: "a resource of CloudFormation",
    doc: "It goes into the template as it is.",
    keys: &[
        Key {
            name: "Type",
            kind: Kind::Text,
            doc: "its type",
            example: Some("'AWS::SNS::Topic'"),
            ..REQUIRED
        },
        Key {
            name: "Properties",
            kind: Kind::AnyMapping,
            doc: "its properties",
            ..OPTIONAL
        },
        attribute("DependsOn", "resources that are made before it"),
        attribute("Condition", "when it is made"),
        attribute("DeletionPolicy", "what becomes of it when the stack is deleted"),
        attribute("UpdateReplacePolicy", "what becomes of it when it is replaced"),
        attribute("Metadata", "data about it"),
        attribute("CreationPolicy", "when it counts as made"),
        attribute("UpdatePolicy", "how it is changed"),
    ],
    ..OBJECT
};

const fn attribute(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Any,
        need: Need::Optional,
        doc,
        ..OPTIONAL
    }
}
