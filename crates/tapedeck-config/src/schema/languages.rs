//! Programming languages that the zero-config packager knows, and the settings of each.

use super::{Key, Kind, OPTIONAL, Object, Range, Support, not_yet};

/// A programming language.
#[derive(Debug)]
pub struct Language {
    /// Its name.
    pub name: &'static str,
    /// The extensions of its files, without the dot.
    pub extensions: &'static [&'static str],
    /// How far this version packages it.
    pub support: Support,
}

/// Extensions of JavaScript and TypeScript.
pub(super) const JAVASCRIPT: &[&str] = &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"];

/// The languages, supported ones first.
pub static LANGUAGES: &[Language] = &[
    Language {
        name: "JavaScript or TypeScript",
        extensions: JAVASCRIPT,
        support: Support::Full,
    },
    later("Python", &["py"]),
    later("Java", &["java"]),
    later("Go", &["go"]),
    later("Ruby", &["rb"]),
    later("PHP", &["php"]),
    later("C#", &["cs"]),
];

const fn later(name: &'static str, extensions: &'static [&'static str]) -> Language {
    Language {
        name,
        extensions,
        support: Support::NotYet,
    }
}

/// The extension of an entry file, without the dot; empty when it has none. What follows a colon (`main.py:app`) is
/// not part of the path.
#[must_use]
pub fn extension(entry_file: &str) -> &str {
    let path = entry_file.split(':').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension,
        _ => "",
    }
}

/// `languageSpecificConfig` of an entry file in JavaScript or TypeScript.
pub(super) static JAVASCRIPT_CONFIG: Object = Object {
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
        not_yet(
            "emitTsDecoratorMetadata",
            "whether types of decorated members are emitted",
        ),
        not_yet(
            "dependenciesToExcludeFromBundle",
            "packages that are installed instead of bundled",
        ),
        not_yet(
            "dependenciesToExcludeFromDeploymentPackage",
            "packages that are not installed",
        ),
        not_yet("outputSourceMapsTo", "folder for source maps"),
    ],
};

static NODE_VERSION: Range = Range {
    min: 16,
    max: 99,
    advice: "use a major version of Node from 16 on, such as 24",
};
