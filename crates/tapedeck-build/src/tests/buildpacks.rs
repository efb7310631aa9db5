//! What builders and projects say, read and judged.

use std::path::Path;

use crate::buildpacks::pure::{Buildpack, Labels, layout_path, order_text, parse_descriptor};

fn labels() -> Labels {
    serde_json::from_str(
        r#"{
            "buildpacks": [
                { "id": "example/node", "version": "1.0.0" },
                { "id": "example/node", "version": "2.0.0" },
                { "id": "example/go", "version": "3.1.0" }
            ],
            "images": [{ "image": "index.docker.io/example/run:1", "mirrors": ["near.example/run:1"] }],
            "stack": { "runImage": { "image": "example/old-run", "mirrors": null } },
            "lifecycle": {
                "version": "0.20.0",
                "apis": { "platform": { "deprecated": ["0.3"], "supported": ["0.7", "0.12", "0.13"] } }
            }
        }"#,
    )
    .unwrap()
}

fn chosen(names: &[&str]) -> Result<Vec<String>, String> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let told = |own: Buildpack| format!("{}@{}", own.id, own.version);
    match labels().choose(&names) {
        Ok(buildpacks) => Ok(buildpacks.into_iter().map(told).collect()),
        Err((name, why)) => Err(format!("{name}: {why}")),
    }
}

#[test]
fn buildpacks_are_found_by_id_and_version() {
    assert_eq!(chosen(&[]), Ok(vec![]));
    assert_eq!(chosen(&["from=builder"]), Ok(vec![]));
    assert_eq!(
        chosen(&["example/go", "urn:cnb:builder:example/node@1.0.0"]),
        Ok(vec![
            "example/go@3.1.0".to_owned(),
            "example/node@1.0.0".to_owned()
        ])
    );
    assert_eq!(
        chosen(&["example/node"]),
        Err(
            "example/node: it has the versions 1.0.0, 2.0.0: write one of them, such as example/node@1.0.0"
                .to_owned()
        )
    );
    assert_eq!(
        chosen(&["docker://example/other"]),
        Err(
            "docker://example/other: it has example/go, example/node; buildpacks from elsewhere cannot be added"
                .to_owned()
        )
    );
}

#[test]
fn the_nearest_run_image_and_the_best_interface_are_taken() {
    assert_eq!(labels().run_image("near.example/builder"), "near.example/run:1");
    assert_eq!(
        labels().run_image("far.example/builder"),
        "index.docker.io/example/run:1"
    );
    assert_eq!(labels().platform_api(), Some("0.13"));
    assert_eq!(Labels::default().platform_api(), None);
}

#[test]
fn images_lie_where_a_lifecycle_looks() {
    let path = |name| layout_path(name).display().to_string();
    assert_eq!(path("ubuntu"), "index.docker.io/library/ubuntu/latest");
    assert_eq!(
        path("registry.example:5000/a/b:1.2"),
        "registry.example:5000/a/b/1.2"
    );
    assert_eq!(path("localhost/a:1"), "index.docker.io/localhost/a/1");
    let digest = "ab".repeat(32);
    assert_eq!(
        layout_path(&format!("registry.example/a@sha256:{digest}")),
        Path::new("registry.example/a/sha256").join(digest)
    );
}

#[test]
fn an_order_is_written() {
    let own = Buildpack {
        id: "example/go".to_owned(),
        version: "3.1.0".to_owned(),
    };
    let text = order_text(&[own]);
    let read: toml::Value = toml::from_str(&text).unwrap();
    assert_eq!(read["order"][0]["group"][0]["id"].as_str(), Some("example/go"));
    assert_eq!(read["order"][0]["group"][0]["version"].as_str(), Some("3.1.0"));
}

#[test]
fn both_forms_of_a_descriptor_are_read() {
    let first = parse_descriptor(
        "[project]\nid = \"x\"\n[build]\nexclude = [\"/secret\"]\n[[build.buildpacks]]\nid = \"example/go\"\n\
         version = \"3.1.0\"\n[[build.env]]\nname = \"A\"\nvalue = \"1\"\n",
    );
    let first = first.unwrap();
    assert_eq!(first.exclude, ["/secret"]);
    assert_eq!(first.buildpacks, ["example/go@3.1.0"]);
    assert_eq!(first.environment, [("A".to_owned(), "1".to_owned())]);

    let second = parse_descriptor(
        "[_]\nschema-version = \"0.2\"\n[io.buildpacks]\ninclude = [\"src/\"]\n[[io.buildpacks.group]]\nid = \"example/go\"\n\
         [[io.buildpacks.build.env]]\nname = \"B\"\nvalue = \"2\"\n",
    );
    let second = second.unwrap();
    assert_eq!(second.include, ["src/"]);
    assert_eq!(second.buildpacks, ["example/go"]);
    assert_eq!(second.environment, [("B".to_owned(), "2".to_owned())]);

    let old = parse_descriptor("[[io.buildpacks.env.build]]\nname = \"C\"\n").unwrap();
    assert_eq!(old.environment, [("C".to_owned(), String::new())]);
}

#[test]
fn a_descriptor_that_cannot_be_meant_is_refused() {
    assert!(parse_descriptor("[build]\ninclude = [\"a\"]\nexclude = [\"b\"]\n").is_err());
    assert!(parse_descriptor("[[build.env]]\nname = \"../A\"\nvalue = \"1\"\n").is_err());
    assert!(parse_descriptor("build = 1\n").is_err());
}
