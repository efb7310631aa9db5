//! How images come about: `packaging` of a container.

use std::collections::HashMap;

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Branch, Case, Key, Kind, OBJECT, OPTIONAL, Object, Pattern, REQUIRED, Type, entry_extension, one_type,
    whole,
};

use tapedeck_diagnostic::{Allowed, Span};

use super::languages::{
    GO_CONFIG, JAVA_CONFIG, JAVASCRIPT, JAVASCRIPT_CONFIG, LANGUAGES, OTHER_CONFIG, PYTHON_CONFIG,
};

/// `packaging` of a container.
pub(crate) static PACKAGING: Object = Object {
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
    ..OBJECT
};

static PACKAGING_TYPES: &[Type] = &[
    one_type("stacktape-image-buildpack"),
    one_type("custom-dockerfile"),
    one_type("external-buildpack"),
    one_type("nixpacks"),
    one_type("prebuilt-image"),
];

static PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        case(&["stacktape-image-buildpack"], &STACKTAPE_IMAGE_BUILDPACK),
        case(&["custom-dockerfile"], &CUSTOM_DOCKERFILE),
        case(&["external-buildpack"], &EXTERNAL_BUILDPACK),
        case(&["nixpacks"], &NIXPACKS),
        case(&["prebuilt-image"], &PREBUILT_IMAGE),
    ],
};

const fn case(values: &'static [&'static str], object: &'static Object) -> Case {
    Case { values, object }
}

static STACKTAPE_IMAGE_BUILDPACK: Object = Object {
    name: "`stacktape-image-buildpack`",
    doc: "Zero-config packaging: the image is made from an entry file and what it needs.",
    keys: &[
        Key {
            name: "entryfilePath",
            kind: Kind::EntryFile(LANGUAGES),
            doc: "path of the entry file, relative to the folder of the config file; its extension names the language",
            example: Some("src/main.ts"),
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
        Key {
            name: "customDockerBuildCommands",
            kind: Kind::Texts,
            default: Some("[]"),
            doc: "commands to run on top of the base image, as root, before anything of the project is added",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// `languageSpecificConfig`.
pub(crate) static LANGUAGE_CONFIG: Branch = Branch {
    key: "entryfilePath",
    select: entry_extension,
    cases: &[
        case(JAVASCRIPT, &JAVASCRIPT_CONFIG),
        case(&["py"], &PYTHON_CONFIG),
        case(&["java"], &JAVA_CONFIG),
        case(&["go"], &GO_CONFIG),
        case(&["rb", "php", "cs"], &OTHER_CONFIG),
    ],
};

static CUSTOM_DOCKERFILE: Object = Object {
    name: "`custom-dockerfile`",
    doc: "The image is built from a Dockerfile of the user's.",
    keys: &[
        Key {
            name: "buildContextPath",
            kind: Kind::Folder,
            doc: "the folder that the build sees, relative to that of the config file",
            example: Some("."),
            ..REQUIRED
        },
        Key {
            name: "dockerfilePath",
            kind: Kind::Text,
            default: Some("Dockerfile"),
            doc: "the Dockerfile, relative to `buildContextPath`",
            ..OPTIONAL
        },
        Key {
            name: "buildArgs",
            kind: Kind::ListOf(&BUILD_ARGUMENT),
            doc: "arguments of the build",
            ..OPTIONAL
        },
        Key {
            name: "target",
            kind: Kind::Text,
            doc: "the stage of the Dockerfile to build; when left out, the last one",
            ..OPTIONAL
        },
        COMMAND,
        ENTRY_POINT,
    ],
    ..OBJECT
};

static BUILD_ARGUMENT: Object = Object {
    name: "an argument of the build",
    doc: "A value for an `ARG` of the Dockerfile.",
    keys: &[
        Key {
            name: "argName",
            kind: Kind::Text,
            doc: "its name",
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

const COMMAND: Key = Key {
    name: "command",
    kind: Kind::Texts,
    default: Some("[]"),
    doc: "what to run instead of the command of the image",
    ..OPTIONAL
};

const ENTRY_POINT: Key = Key {
    name: "entryPoint",
    kind: Kind::Texts,
    default: Some("[]"),
    doc: "what to run instead of the entry point of the image",
    ..OPTIONAL
};

static PREBUILT_IMAGE: Object = Object {
    name: "`prebuilt-image`",
    doc: "An image that is there already.",
    keys: &[
        Key {
            name: "image",
            kind: Kind::Text,
            doc: "the image, as `docker pull` names it",
            example: Some("nginx:1.27"),
            late: true,
            ..REQUIRED
        },
        Key {
            name: "repositoryCredentialsSecretArn",
            kind: Kind::Text,
            doc: "the secret with `username` and `password` for its registry",
            late: true,
            ..OPTIONAL
        },
        COMMAND,
        ENTRY_POINT,
    ],
    ..OBJECT
};

static EXTERNAL_BUILDPACK: Object = Object {
    name: "`external-buildpack`",
    doc: "The image is built by Cloud Native Buildpacks.",
    keys: &[
        SOURCE_DIRECTORY,
        Key {
            name: "builder",
            kind: Kind::Text,
            default: Some("paketobuildpacks/builder-jammy-base"),
            doc: "the builder",
            ..OPTIONAL
        },
        Key {
            name: "buildpacks",
            kind: Kind::Texts,
            doc: "the buildpacks; when left out, those of the builder",
            ..OPTIONAL
        },
        COMMAND,
    ],
    ..OBJECT
};

const SOURCE_DIRECTORY: Key = Key {
    name: "sourceDirectoryPath",
    kind: Kind::Folder,
    doc: "the folder of the source, relative to that of the config file",
    example: Some("."),
    ..REQUIRED
};

static NIXPACKS: Object = Object {
    name: "`nixpacks`",
    doc: "The image is built by Nixpacks.",
    keys: &[
        SOURCE_DIRECTORY,
        Key {
            name: "buildImage",
            kind: Kind::Text,
            doc: "image to build in",
            ..OPTIONAL
        },
        Key {
            name: "providers",
            kind: Kind::Texts,
            doc: "languages to build for; when left out, what the sources are in",
            ..OPTIONAL
        },
        Key {
            name: "startCmd",
            kind: Kind::Text,
            doc: "command that starts the program",
            ..OPTIONAL
        },
        Key {
            name: "startRunImage",
            kind: Kind::Text,
            doc: "image to run in",
            ..OPTIONAL
        },
        Key {
            name: "startOnlyIncludeFiles",
            kind: Kind::Texts,
            doc: "files that alone are taken into that image",
            ..OPTIONAL
        },
        Key {
            name: "phases",
            kind: Kind::ListOf(&NIXPACKS_PHASE),
            doc: "phases of the build, changed or added",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static NIXPACKS_PHASE: Object = Object {
    name: "a phase of Nixpacks",
    doc: "A phase of the build.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Pattern(&PHASE_NAME),
            doc: "its name, such as `setup`, `install` or `build`",
            ..REQUIRED
        },
        Key {
            name: "cmds",
            kind: Kind::Texts,
            doc: "commands that are run",
            ..OPTIONAL
        },
        Key {
            name: "nixPkgs",
            kind: Kind::Texts,
            doc: "packages of Nix",
            ..OPTIONAL
        },
        Key {
            name: "nixLibs",
            kind: Kind::Texts,
            doc: "libraries of Nix",
            ..OPTIONAL
        },
        Key {
            name: "nixOverlay",
            kind: Kind::Texts,
            doc: "overlays of Nix",
            ..OPTIONAL
        },
        Key {
            name: "nixpkgsArchive",
            kind: Kind::Text,
            doc: "archive of packages to use",
            ..OPTIONAL
        },
        Key {
            name: "aptPkgs",
            kind: Kind::Texts,
            doc: "packages of Debian",
            ..OPTIONAL
        },
        Key {
            name: "cacheDirectories",
            kind: Kind::Texts,
            doc: "folders that are kept from build to build",
            ..OPTIONAL
        },
        Key {
            name: "onlyIncludeFiles",
            kind: Kind::Texts,
            doc: "files that alone are taken into the phase",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static PHASE_NAME: Pattern = Pattern {
    name: "the name of a phase",
    holds: |text| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte))
    },
    advice: "use letters, digits, `-`, `_` and `:`",
    regex: "^[A-Za-z0-9_:-]+$",
};

/// Judges what relates several keys of `packaging`.
pub(crate) fn check(packaging: &Mapping, scope: &mut Scope<'_>) {
    let Some(properties) = packaging.mapping("properties") else {
        return;
    };
    if packaging.text("type") == Some("nixpacks") {
        check_phases(properties, scope);
    }
    let Some(entry) = properties.spanned_text("entryfilePath") else {
        return;
    };
    if entry_extension(&entry.value) != "py" {
        return;
    }
    let names_application = entry.value.contains(':');
    let settings = properties.mapping("languageSpecificConfig");
    let server = settings.and_then(|settings| settings.spanned_text("runAppAs"));
    match server {
        None if names_application => {
            let meaning = "`WSGI` or `ASGI`, the kind of server that runs the application after the colon";
            scope
                .diagnostics
                .missing_key(entry.span, "`languageSpecificConfig`", "runAppAs", meaning);
        }
        Some(_) if !names_application => {
            let advice = "with `runAppAs`, name the application after a colon, such as main.py:app";
            scope
                .diagnostics
                .invalid_value(&entry, "`entryfilePath`", Allowed::Advice(advice));
        }
        _ => {}
    }
}

/// Tells when a phase is there twice: only one of the two would count.
fn check_phases(properties: &Mapping, scope: &mut Scope<'_>) {
    let mut seen: HashMap<String, Span> = HashMap::new();
    let phases = properties.list("phases").iter();
    for name in phases.filter_map(|item| item.value.as_mapping()?.spanned_text("name")) {
        match seen.get(&name.value) {
            Some(first) => scope.diagnostics.duplicate_name(&name, "phase", *first),
            None => drop(seen.insert(name.value, name.span)),
        }
    }
}
