//! `packaging` of a `function`.

use tapedeck_config::schema::{Branch, Case, Kind, OBJECT, Object, Pattern, REQUIRED, one_type, whole};

use crate::shared::key::{Key, defaulting, key, pattern, required, such_as, text};
use crate::shared::languages::LANGUAGES;
use crate::shared::packaging::LANGUAGE_CONFIG;
use crate::shared::patterns::RELATIVE_PATH;

pub(super) static PACKAGING: Object = Object {
    name: "`packaging` of a function",
    doc: "How the code of the function is packed up.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[
                one_type("stacktape-lambda-buildpack"),
                one_type("custom-artifact"),
            ]),
            doc: "the way it is packed up",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&PROPERTIES),
            doc: "the settings of that way",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["stacktape-lambda-buildpack"],
            object: &BUILDPACK,
        },
        Case {
            values: &["custom-artifact"],
            object: &ARTIFACT,
        },
    ],
};

static BUILDPACK: Object = Object {
    name: "`stacktape-lambda-buildpack`",
    doc: "Zero-config packaging: the package is made from an entry file and what it needs.",
    keys: &[
        such_as(
            "src/handler.ts",
            required(key(
                "entryfilePath",
                Kind::EntryFile(LANGUAGES),
                "path of the entry file, relative to the folder of the config file; its extension names the language",
            )),
        ),
        text(
            "handlerFunction",
            "the function in it that is called; when left out, `default` or `handler`",
        ),
        defaulting(
            "[]",
            key(
                "includeFiles",
                Kind::Globs,
                "files to add to the package under the same path",
            ),
        ),
        defaulting(
            "[]",
            key(
                "excludeFiles",
                Kind::Globs,
                "files to leave out of `includeFiles`",
            ),
        ),
        defaulting(
            "[]",
            key("excludeDependencies", Kind::Texts, "packages to leave out"),
        ),
        key(
            "languageSpecificConfig",
            Kind::Branch(&LANGUAGE_CONFIG),
            "settings of the language of the entry file",
        ),
    ],
    ..OBJECT
};

static ARTIFACT: Object = Object {
    name: "`custom-artifact`",
    doc: "A package that is there already.",
    keys: &[
        such_as(
            "dist/handler.zip",
            required(pattern(
                "packagePath",
                &RELATIVE_PATH,
                "path of a zip file, or of a file or folder that is made one, relative to the folder of the config file",
            )),
        ),
        such_as(
            "'index.js:handler'",
            required(pattern(
                "handler",
                &HANDLER,
                "file in it and function that is called",
            )),
        ),
    ],
    ..OBJECT
};

static HANDLER: Pattern = Pattern {
    name: "a file and a function",
    holds: |text| {
        text.split_once(':')
            .is_some_and(|(file, function)| !file.is_empty() && !function.is_empty())
    },
    advice: "use a file and a function with a colon between them, such as 'index.js:handler'",
    regex: "^[^:]+:.+$",
};
