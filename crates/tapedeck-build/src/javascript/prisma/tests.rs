//! Reading schemas, configs and clients.

use std::path::{Path, PathBuf};

use tapedeck_image::Platform;

use super::client::{annotated, says_schema, says_version};
use super::engines::keep_engines;
use super::schema::{outputs_in, schema_in};

#[test]
fn generators_of_clients_are_found() {
    let schema = "generator client {\n  provider = \"prisma-client\" // the new one\n  output   = \"../src/db\"\n}\n\n\
        generator docs {\n  provider = \"node docs.js\"\n  output = \"../docs\"\n}\n\
        generator other {\n  provider = \"prisma-client-js\"\n}\nmodel A {\n  output = 1\n}\n";
    assert_eq!(outputs_in(schema), [Some("../src/db".to_owned()), None]);
    assert_eq!(outputs_in("model A {}"), []);
}

#[test]
fn the_config_of_prisma_names_the_schema() {
    let of = |text: &str| schema_in(text);
    let path = |text: &str| Some(PathBuf::from(text));
    assert_eq!(
        of("export default defineConfig({ schema: 'db/schema.prisma', x: 1 })"),
        path("db/schema.prisma")
    );
    assert_eq!(
        of("({\n  schema: path.join(\"prisma\", \"schema\"),\n})"),
        path("prisma/schema")
    );
    assert_eq!(of("import { schema } from './x'\n({ schema: \"a\" })"), path("a"));
    assert_eq!(of("({ schema: somewhere() })"), None);
    assert_eq!(of("({ datasource: { url: 'x' } })"), None);
}

#[test]
fn a_client_says_what_it_was_made_of() {
    let client = "const config = {\n  \"clientVersion\": \"7.1.0\",\n  \"inlineSchema\": \"model A {\\n  id Int\\n\\n}\\n\"\n}\n\
        path.join(__dirname, \"schema.prisma\");\npath.join(process.cwd(), \"src/db/schema.prisma\")\n\
        path.join(process.cwd(), \"../out/schema.prisma\")\n";
    assert!(says_version(client, "7.1.0") && !says_version(client, "7.1.1"));
    assert!(says_schema(client, "model A {\n    id    Int\n}\n"));
    assert!(!says_schema(client, "model A {\n  id String\n}\n"));
    assert!(!says_schema("nothing", "model A {}"));
    assert_eq!(annotated(client).collect::<Vec<_>>(), ["src/db/schema.prisma"]);
}

#[test]
fn engines_for_other_systems_stay_out_and_a_missing_one_is_told() {
    let keep = |names: &[&str], platform| {
        let mut files: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        let kept = keep_engines(&mut files, PathBuf::as_path, platform);
        kept.map(|()| files).map_err(|error| error.to_string())
    };
    let (debian, arm) = (
        "a/libquery_engine-debian-openssl-3.0.x.so.node",
        "a/libquery_engine-linux-arm64-openssl-3.0.x.so.node",
    );
    assert_eq!(
        keep(&[debian, arm, "b.js"], Platform::Amd64).unwrap(),
        [debian, "b.js"].map(PathBuf::from)
    );
    assert_eq!(
        keep(&[debian, arm], Platform::Arm64).unwrap(),
        [PathBuf::from(arm)]
    );
    let error = keep(&[debian], Platform::Arm64).unwrap_err();
    assert!(
        error.contains("binaryTargets = [\"native\", \"linux-arm64-openssl-3.0.x\"]"),
        "{error}"
    );
    assert_eq!(keep(&["b.js"], Platform::Arm64).unwrap(), [Path::new("b.js")]);
}
