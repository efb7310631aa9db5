//! Programming languages that the zero-config packager knows, and the settings of each.

use tapedeck_config::schema::{Key, Kind, Language, OBJECT, OPTIONAL, Object, Range, Support};

/// Extensions of JavaScript and TypeScript.
pub(crate) const JAVASCRIPT: &[&str] = &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"];

/// Extensions of Python.
pub(crate) const PYTHON: &[&str] = &["py"];

/// Extensions of Go.
pub(crate) const GO: &[&str] = &["go"];

/// Extensions of Java.
pub(crate) const JAVA: &[&str] = &["java"];

/// What is said about a language that is not packaged yet.
const NOT_PACKAGED: &str = "sources in this language are not packaged yet";

/// The languages, in the order that messages name them.
pub static LANGUAGES: &[Language] = &[
    Language {
        name: "JavaScript or TypeScript",
        extensions: JAVASCRIPT,
        support: Support::Full,
    },
    Language {
        name: "Python",
        extensions: PYTHON,
        support: Support::Full,
    },
    Language {
        name: "Java",
        extensions: JAVA,
        support: Support::Full,
    },
    Language {
        name: "Go",
        extensions: GO,
        support: Support::Full,
    },
    later("Ruby", &["rb"]),
    later("PHP", &["php"]),
    later("C#", &["cs"]),
];

const fn later(name: &'static str, extensions: &'static [&'static str]) -> Language {
    Language {
        name,
        extensions,
        support: Support::NotHere(NOT_PACKAGED),
    }
}

/// `languageSpecificConfig` of an entry file in JavaScript or TypeScript.
pub(crate) static JAVASCRIPT_CONFIG: Object = Object {
    name: "`languageSpecificConfig` of JavaScript and TypeScript",
    doc: "How JavaScript and TypeScript are bundled and run.",
    keys: &[
        Key {
            name: "tsConfigPath",
            kind: Kind::Path,
            doc: "path of a `tsconfig.json`, relative to the folder of the config file",
            ..OPTIONAL
        },
        Key {
            name: "nodeVersion",
            kind: Kind::IntegerOrText(&NODE_VERSION),
            doc: "major version of Node; when left out, what the project says, else the current LTS line",
            ..OPTIONAL
        },
        Key {
            name: "outputModuleFormat",
            kind: Kind::TextOneOf(&["cjs", "esm"]),
            doc: "module format of the bundle; when left out, what `package.json` says",
            ..OPTIONAL
        },
        Key {
            name: "disableSourceMaps",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether source maps are left out",
            ..OPTIONAL
        },
        Key {
            name: "emitTsDecoratorMetadata",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether types of decorated members are emitted",
            support: Support::NotHere("types of decorated members are not emitted yet"),
            ..OPTIONAL
        },
        Key {
            name: "dependenciesToExcludeFromBundle",
            kind: Kind::Texts,
            doc: "packages that are installed instead of bundled; here all packages are",
            support: Support::NoEffect("all packages are installed beside the bundle"),
            ..OPTIONAL
        },
        Key {
            name: "dependenciesToExcludeFromDeploymentPackage",
            kind: Kind::Texts,
            doc: "packages that are not installed; see `excludeDependencies`",
            support: Support::Deprecated("excludeDependencies"),
            ..OPTIONAL
        },
        Key {
            name: "outputSourceMapsTo",
            kind: Kind::Folder,
            doc: "folder that source maps are written to as well",
            support: Support::NotHere("source maps are kept in the image only"),
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static NODE_VERSION: Range = Range {
    min: 16,
    max: 99,
    advice: "use a major version of Node from 16 on, such as 24",
};

/// `languageSpecificConfig` of an entry file in Python.
pub(crate) static PYTHON_CONFIG: Object = Object {
    name: "`languageSpecificConfig` of Python",
    doc: "How Python is packaged and run.",
    keys: &[
        Key {
            name: "pythonVersion",
            kind: Kind::Scalar,
            doc: "version of Python, such as 3.12; when left out, what the project says, else that of the base image",
            example: Some("3.12"),
            ..OPTIONAL
        },
        Key {
            name: "packageManagerFile",
            kind: Kind::Path,
            doc: "path of `requirements.txt`, `pyproject.toml`, `Pipfile` or a lock file; when left out, the nearest above the entry file",
            ..OPTIONAL
        },
        Key {
            name: "packageManager",
            kind: Kind::TextOneOf(&["uv", "pip", "poetry", "pipenv"]),
            doc: "who installs the packages; when left out, whoever the project's files belong to",
            ..OPTIONAL
        },
        uv(
            "uvOptionalDependencies",
            "optional dependencies that `uv` installs as well",
        ),
        uv(
            "uvWithGroups",
            "groups of dependencies that `uv` installs as well",
        ),
        uv("uvWithoutGroups", "groups of dependencies that `uv` leaves out"),
        uv(
            "uvOnlyGroups",
            "groups of dependencies that `uv` installs and nothing else",
        ),
        Key {
            name: "runAppAs",
            kind: Kind::TextOneOf(&["WSGI", "ASGI"]),
            doc: "run the object that `entryfilePath: main.py:app` names by a server of this kind",
            ..OPTIONAL
        },
        Key {
            name: "minify",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether the sources are stripped of what only people need",
            support: Support::NotHere("sources in Python are taken as they are"),
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

const fn uv(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Texts,
        doc,
        ..OPTIONAL
    }
}

/// `languageSpecificConfig` of an entry file in Java.
pub(crate) static JAVA_CONFIG: Object = Object {
    name: "`languageSpecificConfig` of Java",
    doc: "How Java is built and run.",
    keys: &[
        Key {
            name: "javaVersion",
            kind: Kind::IntegerOrText(&JAVA_VERSION),
            doc: "major version of Java; when left out, what the project says",
            ..OPTIONAL
        },
        Key {
            name: "useMaven",
            kind: Kind::Boolean,
            doc: "whether the project is built by Maven; when left out, whoever its files belong to",
            ..OPTIONAL
        },
        Key {
            name: "packageManagerFile",
            kind: Kind::Path,
            doc: "path of `pom.xml`, `build.gradle` or `build.gradle.kts`",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static JAVA_VERSION: Range = Range {
    min: 8,
    max: 99,
    advice: "use a major version of Java from 8 on, such as 21",
};

/// `languageSpecificConfig` of an entry file in Go.
pub(crate) static GO_CONFIG: Object = Object {
    name: "`languageSpecificConfig` of Go",
    doc: "How Go is built.",
    keys: &[Key {
        name: "goVersion",
        kind: Kind::Scalar,
        doc: "least version of Go, such as 1.24; when left out, what `go.mod` says",
        example: Some("1.24"),
        ..OPTIONAL
    }],
    ..OBJECT
};

/// `languageSpecificConfig` of an entry file in Ruby, PHP or C#.
pub(crate) static OTHER_CONFIG: Object = Object {
    name: "`languageSpecificConfig` of Ruby, PHP and C#",
    doc: "How the other languages are packaged.",
    keys: &[
        Key {
            name: "rubyVersion",
            kind: Kind::Scalar,
            doc: "version of Ruby",
            ..OPTIONAL
        },
        Key {
            name: "phpVersion",
            kind: Kind::Scalar,
            doc: "version of PHP",
            ..OPTIONAL
        },
        Key {
            name: "dotnetVersion",
            kind: Kind::Scalar,
            doc: "version of .NET",
            ..OPTIONAL
        },
        Key {
            name: "projectFile",
            kind: Kind::Path,
            doc: "path of the project's file",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};
