//! Files that a deployment puts into a bucket.

use tapedeck_config::schema::{Key, Kind, OBJECT, OPTIONAL, Object, Pattern, REQUIRED};

/// The ways in which headers for caching can be set by one word.
pub(crate) const PRESETS: &[&str] = &[
    "static-website",
    "single-page-app",
    "gatsby-static-website",
    "astro-static-website",
    "sveltekit-static-website",
    "nuxt-static-website",
];

/// The path of a folder that need not be there before a build has made it.
pub(crate) static RELATIVE_FOLDER: Pattern = Pattern {
    name: "a relative path",
    holds: |text| {
        let has_drive = text.as_bytes().get(1) == Some(&b':');
        !text.starts_with(['/', '\\', '~']) && !has_drive
    },
    advice: "use a path relative to the folder of the config file",
    regex: "^[^/\\\\~]",
};

/// `excludeFilesPatterns`.
pub(crate) const EXCLUDE_FILES_PATTERNS: Key = Key {
    name: "excludeFilesPatterns",
    kind: Kind::Texts,
    doc: "globs of files that are left out, relative to the folder",
    example: Some("['**/*.map']"),
    ..OPTIONAL
};

/// `fileOptions`.
pub(crate) const FILE_OPTIONS: Key = Key {
    name: "fileOptions",
    kind: Kind::ListOf(&FILE_OPTION),
    doc: "headers and tags of some of the files",
    ..OPTIONAL
};

static FILE_OPTION: Object = Object {
    name: "an entry of `fileOptions`",
    doc: "Headers and tags of the files that a glob finds.",
    keys: &[
        Key {
            name: "includePattern",
            kind: Kind::Text,
            doc: "glob of the files that are meant",
            example: Some("'assets/**'"),
            ..REQUIRED
        },
        Key {
            name: "excludePattern",
            kind: Kind::Text,
            doc: "glob of files that are not meant all the same",
            ..OPTIONAL
        },
        Key {
            name: "headers",
            kind: Kind::ListOf(&KEY_VALUE),
            doc: "HTTP headers that they are served with",
            ..OPTIONAL
        },
        Key {
            name: "tags",
            kind: Kind::ListOf(&KEY_VALUE),
            doc: "tags that they get; rules of the lifecycle can ask for them",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// A header or a tag.
pub(crate) static KEY_VALUE: Object = Object {
    name: "a pair of `key` and `value`",
    doc: "A header or a tag.",
    keys: &[
        Key {
            name: "key",
            kind: Kind::Text,
            doc: "its name",
            example: Some("Cache-Control"),
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
