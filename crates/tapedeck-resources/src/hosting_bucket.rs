//! `hosting-bucket`: a website of files, in S3 behind CloudFront.

use tapedeck_config::schema::{
    Connectable, Key, Kind, OBJECT, OPTIONAL, Object, Parameter, REQUIRED, ResourceType, Support, UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};

use crate::shared::container::ENVIRONMENT;
use crate::shared::domains::{self, CUSTOM_DOMAINS};
use crate::shared::upload::{EXCLUDE_FILES_PATTERNS, FILE_OPTIONS, PRESETS, RELATIVE_FOLDER};
use crate::shared::{cdn, relations};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "hosting-bucket",
    doc: "A website of files, in S3 behind CloudFront.",
    properties: Some(&SITE),
    support: Support::NotHere("websites are not served here yet"),
    parameters: &[
        Parameter::text("name", "name of the bucket"),
        Parameter::text("arn", "ARN of the bucket"),
        cdn::CDN_URL.when(|site| !domains::are_given(site), "without `customDomains`"),
        cdn::CDN_CUSTOM_DOMAIN_URLS.when(domains::are_given, "with `customDomains`"),
        cdn::CDN_CUSTOM_DOMAINS.when(domains::are_given, "with `customDomains`"),
        cdn::CDN_DOMAIN,
        cdn::CDN_CANONICAL_DOMAIN,
        cdn::CDN_CANONICAL_URL,
    ],
    connectable: Connectable::No(
        "each deployment replaces what is in it: use a `bucket` for files of the application; for its URL use \
         $ResourceParam()",
    ),
    check: Some(check),
    ..UNSUPPORTED
};

static SITE: Object = Object {
    name: "a hosting bucket",
    doc: "A website of files, in S3 behind CloudFront.",
    keys: &[
        Key {
            name: "uploadDirectoryPath",
            kind: Kind::Pattern(&RELATIVE_FOLDER),
            doc: "path of the folder with the files, relative to that of the config file",
            example: Some("./dist"),
            ..REQUIRED
        },
        Key {
            name: "build",
            kind: Kind::Object(&BUILD),
            doc: "what makes the files",
            ..OPTIONAL
        },
        Key {
            name: "dev",
            kind: Kind::Object(&DEV_SERVER),
            doc: "what the command `dev` runs instead",
            ..OPTIONAL
        },
        EXCLUDE_FILES_PATTERNS,
        Key {
            name: "hostingContentType",
            kind: Kind::TextOneOf(PRESETS),
            default: Some("static-website"),
            doc: "kind of site: decides on headers for caching, and what paths lead to",
            ..OPTIONAL
        },
        CUSTOM_DOMAINS,
        cdn::DISABLE_URL_NORMALIZATION,
        cdn::EDGE_FUNCTIONS,
        cdn::ERROR_DOCUMENT,
        cdn::INDEX_DOCUMENT,
        Key {
            name: "injectEnvironment",
            doc: "variables that the pages of the site find in `window.STP_INJECTED_ENV`",
            ..ENVIRONMENT
        },
        Key {
            name: "writeDotenvFilesTo",
            kind: Kind::Pattern(&RELATIVE_FOLDER),
            doc: "folder in which those variables are written into `.env`",
            example: Some("./"),
            ..OPTIONAL
        },
        cdn::USE_FIREWALL,
        FILE_OPTIONS,
        cdn::ROUTE_REWRITES,
    ],
    absent: &[(
        "cdn",
        "a hosting bucket always has one: write `customDomains`, `routeRewrites` and the like here",
    )],
};

static BUILD: Object = Object {
    name: "`build` of a hosting bucket",
    doc: "What makes the files.",
    keys: &[COMMAND, WORKING_DIRECTORY],
    ..OBJECT
};

static DEV_SERVER: Object = Object {
    name: "`dev` of a hosting bucket",
    doc: "What the command `dev` runs instead.",
    keys: &[COMMAND, WORKING_DIRECTORY],
    ..OBJECT
};

const COMMAND: Key = Key {
    name: "command",
    kind: Kind::Text,
    doc: "line for the shell",
    example: Some("npm run build"),
    ..REQUIRED
};

const WORKING_DIRECTORY: Key = Key {
    name: "workingDirectory",
    kind: Kind::Pattern(&RELATIVE_FOLDER),
    default: Some("."),
    doc: "folder in which it runs, relative to that of the config file",
    ..OPTIONAL
};

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    domains::check(one.properties, scope);
    cdn::check_routes(one.properties, scope);
    if !one.properties.has("injectEnvironment") {
        let reason = "there is nothing to write without `injectEnvironment`";
        relations::unused(one.properties, &["writeDotenvFilesTo"], reason, scope);
    }
}
