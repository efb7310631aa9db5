//! The keys at the root of the file. Long because it is one table.

use super::{
    Branch, Case, Key, Kind, Need, OBJECT, OPTIONAL, Object, Pattern, REQUIRED, Range, Support, Type,
    one_type, whole,
};

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
            support: Support::NotHere("hooks are not run yet"),
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
            support: Support::NotHere("nothing makes them here"),
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
            doc: "its name without the `$`: letters and digits",
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

static PROVIDERS: Object = Object {
    name: "`providerConfig`",
    doc: "Accounts of other providers, for the resources that need them.",
    keys: &[
        Key {
            name: "mongoDbAtlas",
            kind: Kind::Object(&MONGO_DB_ATLAS),
            doc: "account of MongoDB Atlas",
            ..OPTIONAL
        },
        Key {
            name: "upstash",
            kind: Kind::Object(&UPSTASH),
            doc: "account of Upstash",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static MONGO_DB_ATLAS: Object = Object {
    name: "`mongoDbAtlas`",
    doc: "The account in which clusters are made, and who reaches them.",
    keys: &[
        Key {
            name: "publicKey",
            kind: Kind::Text,
            doc: "public key of the API",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "privateKey",
            kind: Kind::Text,
            doc: "private key of the API, best as a `$Secret()`",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "organizationId",
            kind: Kind::Text,
            doc: "the organization",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "accessibility",
            kind: Kind::Object(&ATLAS_ACCESSIBILITY),
            doc: "who reaches the clusters",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static ATLAS_ACCESSIBILITY: Object = Object {
    name: "`accessibility` of MongoDB Atlas",
    doc: "Who reaches the clusters of the stack.",
    keys: &[
        Key {
            name: "accessibilityMode",
            kind: Kind::TextOneOf(&[
                "internet",
                "vpc",
                "scoping-workloads-in-vpc",
                "whitelisted-ips-only",
            ]),
            default: Some("internet"),
            doc: "from where",
            ..REQUIRED
        },
        Key {
            name: "whitelistedIps",
            kind: Kind::Texts,
            doc: "addresses and blocks of addresses that are let in, in every mode",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static UPSTASH: Object = Object {
    name: "`upstash`",
    doc: "The account in which databases are made.",
    keys: &[
        Key {
            name: "accountEmail",
            kind: Kind::Text,
            doc: "address of the account",
            late: true,
            ..REQUIRED
        },
        Key {
            name: "apiKey",
            kind: Kind::Text,
            doc: "key of the API, best as a `$Secret()`",
            late: true,
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static DEPLOYMENT: Object = Object {
    name: "`deploymentConfig`",
    doc: "How CloudFormation deploys the stack.",
    keys: &[
        Key {
            name: "terminationProtection",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether the stack is kept from being deleted",
            ..OPTIONAL
        },
        Key {
            name: "cloudformationRoleArn",
            kind: Kind::Text,
            doc: "role that CloudFormation acts in",
            ..OPTIONAL
        },
        Key {
            name: "triggerRollbackOnAlarms",
            kind: Kind::Texts,
            doc: "alarms that end a deployment and roll it back",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "monitoringTimeAfterDeploymentInMinutes",
            kind: Kind::Integer(&MONITORING),
            default: Some("0"),
            doc: "minutes for which those alarms are watched after a deployment",
            ..OPTIONAL
        },
        Key {
            name: "disableAutoRollback",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether a failed deployment is left as it is",
            ..OPTIONAL
        },
        Key {
            name: "publishEventsToArn",
            kind: Kind::Texts,
            doc: "topics that get the events of the stack",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "previousVersionsToKeep",
            kind: Kind::Integer(&VERSIONS),
            default: Some("10"),
            doc: "earlier versions that are kept for rolling back",
            ..OPTIONAL
        },
        Key {
            name: "disableS3TransferAcceleration",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether uploads go to the bucket the plain way",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static MONITORING: Range = Range {
    min: 0,
    max: 180,
    advice: "use 0 to 180 minutes, as CloudFormation does",
};

static VERSIONS: Range = Range {
    min: 0,
    max: 1000,
    advice: "use 0 to 1000",
};

static STACK: Object = Object {
    name: "`stackConfig`",
    doc: "Settings of the stack as a whole.",
    keys: &[
        Key {
            name: "outputs",
            kind: Kind::ListOf(&OUTPUT),
            doc: "values that the deployed stack tells",
            support: Support::NoEffect("outputs are not told on this machine yet"),
            ..OPTIONAL
        },
        Key {
            name: "tags",
            kind: Kind::ListOf(&TAG),
            doc: "tags of everything in AWS that takes tags, 45 at most",
            support: Support::NoEffect("nothing on this machine has tags"),
            ..OPTIONAL
        },
        Key {
            name: "disableStackInfoSaving",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether no information about a deployed stack is saved beside the config",
            support: Support::NoEffect("nothing is saved beside the config"),
            ..OPTIONAL
        },
        Key {
            name: "stackInfoDirectory",
            kind: Kind::Folder,
            default: Some("'.stacktape-stack-info/'"),
            doc: "where that information is saved",
            support: Support::NoEffect("nothing is saved beside the config"),
            ..OPTIONAL
        },
        Key {
            name: "vpc",
            kind: Kind::Object(&VPC),
            doc: "network of the stack in AWS",
            support: Support::NoEffect("this machine has a network of its own"),
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static OUTPUT: Object = Object {
    name: "an output",
    doc: "A value that the deployed stack tells.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Pattern(&ALPHANUMERIC),
            doc: "its name: letters and digits",
            ..REQUIRED
        },
        Key {
            name: "value",
            kind: Kind::Scalar,
            doc: "its value",
            late: true,
            ..REQUIRED
        },
        Key {
            name: "description",
            kind: Kind::Text,
            doc: "what it is",
            ..OPTIONAL
        },
        Key {
            name: "export",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether other stacks can import it",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static ALPHANUMERIC: Pattern = Pattern {
    name: "a name of letters and digits",
    holds: |text| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
    advice: "use letters and digits only",
    regex: "^[A-Za-z0-9]{1,255}$",
};

static TAG: Object = Object {
    name: "a tag",
    doc: "A tag of everything in AWS that takes tags.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Pattern(&TAG_NAME),
            doc: "its key",
            ..REQUIRED
        },
        Key {
            name: "value",
            kind: Kind::Scalar,
            doc: "its value",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static TAG_NAME: Pattern = Pattern {
    name: "the key of a tag",
    holds: |text| {
        let lower = text.to_ascii_lowercase();
        (1..=128).contains(&text.chars().count()) && !lower.starts_with("aws:") && !lower.starts_with("stp:")
    },
    advice: "use 1 to 128 characters that do not begin with `aws:` or `stp:`: those are not yours to set",
    regex: "^(?!aws:|stp:).{1,128}$",
};

static VPC: Object = Object {
    name: "`vpc`",
    doc: "Network of the stack in AWS.",
    keys: &[
        Key {
            name: "nat",
            kind: Kind::Object(&NAT),
            doc: "gateways for services in private subnets",
            ..OPTIONAL
        },
        Key {
            name: "reuseVpc",
            kind: Kind::Object(&REUSED),
            doc: "a VPC that is there already; either `vpcId`, or `projectName` and `stage`",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static NAT: Object = Object {
    name: "`nat`",
    doc: "Gateways for services in private subnets.",
    keys: &[Key {
        name: "availabilityZones",
        kind: Kind::NumberOneOf(&["1", "2", "3"]),
        default: Some("2"),
        doc: "in how many availability zones there is one",
        ..OPTIONAL
    }],
    ..OBJECT
};

static REUSED: Object = Object {
    name: "`reuseVpc`",
    doc: "A VPC that is there already.",
    keys: &[
        Key {
            name: "vpcId",
            kind: Kind::Pattern(&VPC_ID),
            doc: "its id",
            ..OPTIONAL
        },
        Key {
            name: "projectName",
            kind: Kind::Text,
            doc: "project of the stack that it belongs to",
            ..OPTIONAL
        },
        Key {
            name: "stage",
            kind: Kind::Text,
            doc: "stage of that stack",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static VPC_ID: Pattern = Pattern {
    name: "the id of a VPC",
    holds: |text| {
        text.strip_prefix("vpc-")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    },
    advice: "use an id such as vpc-0a1b2c3d",
    regex: "^vpc-[A-Za-z0-9]+$",
};

static HOOKS: Object = Object {
    name: "`hooks`",
    doc: "Scripts that run before and after commands. One that fails before a command keeps it from running.",
    keys: &[
        hook("beforeDeploy"),
        hook("afterDeploy"),
        hook("beforeDelete"),
        hook("afterDelete"),
        hook("beforeBucketSync"),
        hook("afterBucketSync"),
        hook("beforeDev"),
        hook("afterDev"),
    ],
    ..OBJECT
};

const fn hook(name: &'static str) -> Key {
    Key {
        name,
        kind: Kind::ListOf(&HOOK),
        doc: "scripts that run then, one after the other",
        ..OPTIONAL
    }
}

static HOOK: Object = Object {
    name: "a hook",
    doc: "A script that runs at some moment.",
    keys: &[
        Key {
            name: "scriptName",
            kind: Kind::Text,
            doc: "a key of `scripts`",
            ..REQUIRED
        },
        Key {
            name: "skipOnCI",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether it is left out where `CI` is set",
            ..OPTIONAL
        },
        Key {
            name: "skipOnLocal",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether it is left out where `CI` is not set",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static SCRIPT: Object = Object {
    name: "a script",
    doc: "A script of the project, for `hooks` or to be run by hand.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(SCRIPT_TYPES),
            doc: "where it runs",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&SCRIPT_PROPERTIES),
            doc: "what it does",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static SCRIPT_TYPES: &[Type] = &[
    one_type("local-script"),
    one_type("bastion-script"),
    one_type("local-script-with-bastion-tunneling"),
];

static SCRIPT_PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[Case {
        values: &[
            "local-script",
            "bastion-script",
            "local-script-with-bastion-tunneling",
        ],
        object: &SCRIPT_SETTINGS,
    }],
};

static SCRIPT_SETTINGS: Object = Object {
    name: "`properties` of a script",
    doc: "Just one of `executeCommand`, `executeCommands`, `executeScript` and `executeScripts` is given.",
    keys: &[
        Key {
            name: "executeCommand",
            kind: Kind::Text,
            doc: "a line for the shell",
            ..OPTIONAL
        },
        Key {
            name: "executeCommands",
            kind: Kind::Texts,
            doc: "lines for the shell, one after the other",
            ..OPTIONAL
        },
        Key {
            name: "executeScript",
            kind: Kind::Path,
            doc: "a file in JavaScript, TypeScript or Python to run",
            ..OPTIONAL
        },
        Key {
            name: "executeScripts",
            kind: Kind::Globs,
            doc: "such files, one after the other",
            ..OPTIONAL
        },
        Key {
            name: "cwd",
            kind: Kind::Folder,
            default: Some("'.'"),
            doc: "folder to run in, relative to that of the config file",
            ..OPTIONAL
        },
        Key {
            name: "pipeStdio",
            kind: Kind::Boolean,
            default: Some("true"),
            doc: "whether its output is shown and it can be typed to",
            ..OPTIONAL
        },
        Key {
            name: "connectTo",
            kind: Kind::Texts,
            doc: "resources that it is told about in its environment",
            ..OPTIONAL
        },
        Key {
            name: "environment",
            kind: Kind::Environment(&SCRIPT_VARIABLE),
            doc: "environment variables",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "assumeRoleOfResource",
            kind: Kind::Text,
            doc: "resource in whose role it runs",
            ..OPTIONAL
        },
        Key {
            name: "bastionResource",
            kind: Kind::Text,
            doc: "the bastion that it goes through",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static SCRIPT_VARIABLE: Object = Object {
    name: "an environment variable of a script",
    doc: "One entry of the list form of `environment`.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Text,
            doc: "name of the variable, without `=`",
            ..REQUIRED
        },
        Key {
            name: "value",
            kind: Kind::Scalar,
            doc: "a text, number or boolean",
            late: true,
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
