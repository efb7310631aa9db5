//! What is written beside an image, and what an image says about itself.

use fs_err as fs;
use serde_json::Value;
use tapedeck_build::{LayerName, Outcome};

use crate::project::{Project, components, image, no_programs, rebuilt, store};

const MANIFEST: &str = r#"{ "name": "p", "type": "module",
    "dependencies": { "is-odd": "3.0.1" }, "devDependencies": { "ms": "2.1.3" } }"#;
const SOURCE: &str = "import isOdd from 'is-odd';\nconsole.log(isOdd(3));\n";

fn project() -> Project {
    Project::with(&[
        ("package.json", MANIFEST),
        ("src/main.ts", SOURCE),
        ("README.md", "# p\n"),
    ])
}

fn provenance(built: &tapedeck_build::Built) -> Value {
    let text = store().provenance(&built.image).unwrap().unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn what_is_in_an_image_and_how_it_was_made_lies_beside_it() {
    let mut project = project();
    let built = project.build().unwrap();
    let found = components(&built);
    for purl in ["pkg:npm/is-odd@3.0.1", "pkg:npm/is-number@6.0.0"] {
        assert!(found.iter().any(|found| found == purl), "{purl} in {found:?}");
    }
    assert!(
        !found.iter().any(|purl| purl.starts_with("pkg:npm/ms@")),
        "{found:?}"
    );
    let of_system = |name: &str| found.iter().filter(|purl| purl.contains(name)).count();
    assert_eq!((of_system("/libc6@"), of_system("/tini@")), (1, 1), "{found:?}");

    let statement = provenance(&built);
    let digest = built.image.as_str().trim_start_matches("sha256:");
    assert_eq!(statement["subject"][0]["digest"]["sha256"], digest);
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(definition["externalParameters"]["entryfilePath"], "src/main.ts");
    let materials = definition["resolvedDependencies"].as_array().unwrap();
    let names: Vec<&str> = materials
        .iter()
        .map(|material| material["uri"].as_str().unwrap())
        .collect();
    for name in ["package-lock.json", "package.json", "src/main.ts"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(
        names
            .iter()
            .all(|name| !name.starts_with('/') && *name != "README.md"),
        "{names:?}"
    );
    assert!(names.iter().any(|name| name.starts_with("pkg:oci/")), "{names:?}");

    // An edit makes another image, with documents of its own; what is in other layers is not looked for again.
    project.write("src/main.ts", &SOURCE.replace('3', "4"));
    project.search_path = no_programs();
    let second = project.build().unwrap();
    assert_eq!(rebuilt(&second), [LayerName::Application]);
    assert_eq!(components(&second), found);
    let of_source = |statement: &Value| {
        let materials = &statement["predicate"]["buildDefinition"]["resolvedDependencies"];
        let all = materials.as_array().unwrap().iter();
        all.clone()
            .find(|material| material["uri"] == "src/main.ts")
            .unwrap()["digest"]
            .clone()
    };
    assert_ne!(of_source(&provenance(&second)), of_source(&statement));
}

#[test]
fn an_image_says_what_it_is_and_when_it_claims_to_be_made() {
    let mut project = project();
    let first = project.build().unwrap();
    let labels = image(&first).config.labels;
    let label = |name: &str| labels.get(&format!("org.opencontainers.image.{name}")).cloned();
    assert_eq!(label("title").as_deref(), Some("worker"));
    assert_eq!(label("created").as_deref(), Some("1970-01-01T00:00:00Z"));
    assert!(label("base.digest").unwrap().starts_with("sha256:"));

    project.created = 1_700_000_000;
    let second = project.build().unwrap();
    assert_ne!(second.image, first.image);
    assert_eq!(rebuilt(&second), [], "the layers are the same");
    let labels = image(&second).config.labels;
    assert_eq!(labels["org.opencontainers.image.created"], "2023-11-14T22:13:20Z");
    let sbom = fs::read_to_string(store().sbom_path(&second.image)).unwrap();
    assert!(sbom.contains(r#""created": "2023-11-14T22:13:20Z""#), "{sbom}");
    assert_eq!(project.build().unwrap().outcome, Outcome::Unchanged);
}
