//! The sections `scripts` and `hooks`.

use crate::schema::{
    Branch, Case, Key, Kind, OBJECT, OPTIONAL, Object, REQUIRED, Support, Type, one_type, whole,
};

pub(super) static HOOKS: Object = Object {
    name: "`hooks`",
    doc: "Scripts that run before and after commands. One that fails before a command keeps it from running; one that fails after it leaves \
          what was done, and the command ends with exit code 1.",
    keys: &[
        hook("beforeDeploy"),
        hook("afterDeploy"),
        hook("beforeDelete"),
        hook("afterDelete"),
        no_hook("beforeBucketSync"),
        no_hook("afterBucketSync"),
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

const fn no_hook(name: &'static str) -> Key {
    Key {
        support: Support::NoEffect("no command here syncs a folder into a bucket"),
        ..hook(name)
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

pub(super) static SCRIPT: Object = Object {
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
            doc: "a file in JavaScript, TypeScript, Python or for the shell",
            ..OPTIONAL
        },
        Key {
            name: "executeScripts",
            kind: Kind::Texts,
            doc: "such files, one after the other, by their paths relative to the folder of the config file",
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
            support: Support::NoEffect("there are no bastions yet"),
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
