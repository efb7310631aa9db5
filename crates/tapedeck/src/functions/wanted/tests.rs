//! Which functions can be run here, and how they are packaged.

use serde_json::{Value, json};
use tapedeck_model::{Data, LanguageConfig, Number, Resource, ResourceName};

use super::{Family, Origin, Versions, Wanted};

fn data(value: &Value) -> Data {
    match value {
        Value::Null => Data::Null,
        Value::Bool(flag) => Data::Boolean(*flag),
        Value::Number(number) => Data::Number(Number(number.to_string())),
        Value::String(text) => Data::Text(text.clone()),
        Value::Array(items) => Data::List(items.iter().map(data).collect()),
        Value::Object(object) => Data::Mapping(
            object
                .iter()
                .map(|(key, value)| (key.clone(), data(value)))
                .collect(),
        ),
    }
}

fn function(properties: &Value) -> Resource {
    Resource {
        name: ResourceName::new("resize").unwrap(),
        kind: "function".to_owned(),
        properties: data(properties),
        overrides: Vec::new(),
        workload: None,
        job: None,
    }
}

fn source(entry: &str) -> Value {
    json!({ "packaging": { "type": "stacktape-lambda-buildpack", "properties": { "entryfilePath": entry } } })
}

#[test]
fn what_cannot_be_run_here_is_refused_by_its_name() {
    let java = json!({
        "runtime": "java21",
        "packaging": { "type": "custom-artifact", "properties": { "packagePath": "a.jar", "handler": "a:b" } },
    });
    let mut layered = source("src/a.ts");
    layered["layers"] = json!(["arn:aws:lambda:eu-west-1:1:layer:a:1"]);
    for (properties, told) in [
        (source("src/App.java"), "one for `.java`"),
        (java, "one for java21"),
        (layered, "`layers`"),
    ] {
        let failure = Wanted::here(&function(&properties)).unwrap_err();
        assert!(format!("{:#}", failure.error).contains(told), "{failure:?}");
        assert!(failure.help.is_some());
    }
}

#[test]
fn source_is_packaged_for_the_versions_that_are_here() {
    let here = Versions::here(Some("3.11".to_owned()));
    let mut properties = source("src/main.py");
    properties["runtime"] = json!("python3.13");
    let wanted = Wanted::of(&function(&properties));
    assert_eq!(wanted.family, Some(Family::Python));
    assert_eq!(
        wanted.runs_on_other(&here).unwrap(),
        "Python 3.11 runs it here in place of Python 3.13"
    );
    let Origin::Source { packaging, .. } = wanted.origin else {
        panic!("it has a source");
    };
    let LanguageConfig::Python(settings) = here.settle(*packaging).language else {
        panic!("it is Python");
    };
    assert_eq!(settings.python_version.as_deref(), Some("3.11"));
}

#[test]
fn nobody_is_told_of_a_version_that_nobody_asked_for() {
    let here = Versions::here(Some("3.11".to_owned()));
    for entry in ["a.py", "a.ts", "cmd/a/main.go"] {
        assert_eq!(Wanted::of(&function(&source(entry))).runs_on_other(&here), None);
    }
}

#[test]
fn a_runtime_says_which_version_code_is_packaged_for() {
    let versions = Versions::of_runtime("nodejs22.x");
    assert_eq!((versions.node, versions.python), (Some(22), None));
    let versions = Versions::of_runtime("python3.12");
    assert_eq!((versions.node, versions.python.as_deref()), (None, Some("3.12")));
    let versions = Versions::of_runtime("provided.al2023");
    assert_eq!((versions.node, versions.python), (None, None));
}
