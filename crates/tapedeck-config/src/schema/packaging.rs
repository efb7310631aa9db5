//! How images come about.

use super::languages::{JAVASCRIPT, JAVASCRIPT_CONFIG, extension};
use super::{Branch, Case, Key, Kind, OPTIONAL, Object, REQUIRED, Support, Type, not_yet, whole};

/// `packaging` of a service.
pub(super) static PACKAGING: Object = Object {
    name: "`packaging`",
    doc: "How the image of a container comes about.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(PACKAGING_TYPES),
            doc: "the way the image is made",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&PROPERTIES),
            doc: "the settings of that way",
            ..REQUIRED
        },
    ],
};

static PACKAGING_TYPES: &[Type] = &[
    Type {
        name: "stacktape-image-buildpack",
        support: Support::Full,
    },
    later("custom-dockerfile"),
    later("external-buildpack"),
    later("nixpacks"),
    later("prebuilt-image"),
];

const fn later(name: &'static str) -> Type {
    Type {
        name,
        support: Support::NotYet,
    }
}

static PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[Case {
        values: &["stacktape-image-buildpack"],
        object: &STACKTAPE_IMAGE_BUILDPACK,
    }],
};

static STACKTAPE_IMAGE_BUILDPACK: Object = Object {
    name: "`stacktape-image-buildpack`",
    doc: "Zero-config packaging: the image is made from an entry file and what it needs.",
    keys: &[
        Key {
            name: "entryfilePath",
            kind: Kind::EntryFile,
            doc: "path of the entry file, relative to the folder of the config file; its extension names the language",
            ..REQUIRED
        },
        Key {
            name: "includeFiles",
            kind: Kind::Globs,
            default: Some("[]"),
            doc: "files to add to the image under the same path",
            ..OPTIONAL
        },
        Key {
            name: "excludeFiles",
            kind: Kind::Globs,
            default: Some("[]"),
            doc: "files to leave out of `includeFiles`",
            ..OPTIONAL
        },
        Key {
            name: "excludeDependencies",
            kind: Kind::Texts,
            default: Some("[]"),
            doc: "packages to leave out of the image",
            ..OPTIONAL
        },
        Key {
            name: "languageSpecificConfig",
            kind: Kind::Branch(&LANGUAGE_CONFIG),
            doc: "settings of the language of the entry file",
            ..OPTIONAL
        },
        Key {
            name: "requiresGlibcBinaries",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether a dependency needs glibc; the base image always has it",
            ..OPTIONAL
        },
        not_yet(
            "customDockerBuildCommands",
            "commands to run while the image is made",
        ),
    ],
};

static LANGUAGE_CONFIG: Branch = Branch {
    key: "entryfilePath",
    select: extension,
    cases: &[Case {
        values: JAVASCRIPT,
        object: &JAVASCRIPT_CONFIG,
    }],
};
