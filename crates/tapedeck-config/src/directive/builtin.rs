//! The directives that are there without anybody defining them.

/// A directive of the language.
#[derive(Debug)]
pub struct Builtin {
    /// Its name, without the `$`.
    pub name: &'static str,
    /// When its value is known.
    pub phase: Phase,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// Whether any number of further values may follow.
    pub is_variadic: bool,
    /// What it gives.
    pub doc: &'static str,
    /// A call as an example.
    pub example: &'static str,
}

/// A parameter of a directive.
#[derive(Debug)]
pub struct Parameter {
    /// Its name, for messages.
    pub name: &'static str,
    /// Whether it must be given.
    pub is_required: bool,
}

/// When the value of a directive is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// When the file is read.
    Early,
    /// When the stack is deployed: until then it stays an expression.
    Late,
}

const fn required(name: &'static str) -> Parameter {
    Parameter {
        name,
        is_required: true,
    }
}

const fn optional(name: &'static str) -> Parameter {
    Parameter {
        name,
        is_required: false,
    }
}

/// A row of the table: name, phase, parameters, documentation, example.
const fn row(
    name: &'static str,
    phase: Phase,
    parameters: &'static [Parameter],
    doc: &'static str,
    example: &'static str,
) -> Builtin {
    Builtin {
        name,
        phase,
        parameters,
        is_variadic: false,
        doc,
        example,
    }
}

use Phase::{Early, Late};

/// Every directive of the language.
pub static BUILTINS: &[Builtin] = &[
    row("Stage", Early, &[], "the stage", "$Stage()"),
    row("Region", Early, &[], "the region", "$Region()"),
    row(
        "Profile",
        Early,
        &[],
        "the AWS profile that the command was given",
        "$Profile()",
    ),
    row(
        "AwsAccountId",
        Early,
        &[],
        "the AWS account; `000000000000` on this machine",
        "$AwsAccountId()",
    ),
    row(
        "CliArgs",
        Early,
        &[required("name"), optional("default")],
        "an option of the command line, also one of those after `--`",
        "$CliArgs('tag', 'latest')",
    ),
    row(
        "Env",
        Early,
        &[required("name"), optional("default")],
        "a variable of the environment that the command runs in",
        "$Env('CI', 'false')",
    ),
    row(
        "Var",
        Early,
        &[],
        "a value of the section `variables`, by the path after it",
        "$Var().database.port",
    ),
    row(
        "This",
        Early,
        &[],
        "a value of this file, by the path after it",
        "$This().resources.jobs.type",
    ),
    row(
        "File",
        Early,
        &[required("path")],
        "the content of a file: `.json`, `.yml`, `.ini`, `.env`, or what a function in JavaScript, TypeScript or Python \
         returns",
        "$File('settings.yml').mailer",
    ),
    row(
        "FileRaw",
        Early,
        &[required("path")],
        "the text of a file",
        "$FileRaw('prompt.txt')",
    ),
    Builtin {
        is_variadic: true,
        ..row(
            "Format",
            Early,
            &[required("text")],
            "a text in which each `{}` is replaced by one of the values",
            "$Format('{}-jobs', $Stage())",
        )
    },
    row(
        "GitInfo",
        Early,
        &[optional("property")],
        "something about the git repository: `commit`, `branch`, `username`, `gitUrl`, `hasUncommitedChanges`",
        "$GitInfo('commit')",
    ),
    row(
        "StackOutput",
        Early,
        &[required("stack"), required("output"), optional("region")],
        "an output of a deployed stack, read now",
        "$StackOutput('shared-dev', 'apiUrl')",
    ),
    row(
        "ResourceParam",
        Late,
        &[required("resource"), required("parameter")],
        "a parameter of a resource of this file",
        "$ResourceParam('jobs', 'arn')",
    ),
    row(
        "Param",
        Late,
        &[required("resource"), required("parameter")],
        "older name of `$ResourceParam`",
        "$Param('jobs', 'arn')",
    ),
    row(
        "CfResourceParam",
        Late,
        &[required("logical id"), required("attribute")],
        "an attribute of a resource of the template, or its `Ref`",
        "$CfResourceParam('NotificationTopic', 'Arn')",
    ),
    row(
        "Secret",
        Late,
        &[required("name")],
        "a secret, or a value in one that is JSON",
        "$Secret('dbSecret.password')",
    ),
    row(
        "SsmParam",
        Late,
        &[required("name")],
        "a parameter of the AWS Systems Manager",
        "$SsmParam('/mailer/sender')",
    ),
    row(
        "CfStackOutput",
        Late,
        &[required("stack"), required("output")],
        "an output that another stack exports, tied to it by CloudFormation",
        "$CfStackOutput('shared-dev', 'apiUrl')",
    ),
    Builtin {
        is_variadic: true,
        ..row(
            "CfFormat",
            Late,
            &[required("text")],
            "as `$Format`, for values that only the deployment knows",
            "$CfFormat('{}/*', $ResourceParam('photos', 'arn'))",
        )
    },
];

/// A directive of the language by its name.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|one| one.name == name)
}
