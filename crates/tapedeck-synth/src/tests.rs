//! Names as existing stacks have them, and what holds for the template of every config.

mod every_config;
mod every_key;
mod limits;
mod settings;

use std::collections::BTreeMap;

use serde_json::json;
use tapedeck_config::{Answer, Answers, LoadOptions};
use tapedeck_diagnostic::Source;
use tapedeck_model::{Region, Stack, StageName};

use crate::naming::{digest, logical_id, stack_hash, within};
use crate::template::{Resource, Template};
use crate::{Lookups, Problem, overrides, problems, synthesize, yaml};

/// The stack of a config without mistakes.
pub(crate) fn stack(config: &str) -> Stack {
    loaded(config).unwrap_or_else(|found| panic!("{config}\n{found}"))
}

/// The stack of a config, or what is wrong with it.
fn loaded(config: &str) -> Result<Stack, String> {
    let options = LoadOptions {
        project_name: None,
        fallback_project_name: Some("shop".to_string()),
        stage: StageName::new("dev").unwrap(),
        region: Region::new("eu-west-1").unwrap(),
        profile: None,
        command_line: BTreeMap::new(),
        is_deployment: false,
    };
    let source = Source::new("stacktape.yml", config);
    let mut answers = Answers::new();
    let mut loaded = tapedeck_resources::load(&source, &options, &answers);
    while !loaded.questions.is_empty() {
        // About files, which a template does not look into.
        for question in loaded.questions {
            answers.insert(question, Answer::Unknowable);
        }
        loaded = tapedeck_resources::load(&source, &options, &answers);
    }
    let found = format!("{:?}", loaded.diagnostics);
    loaded.stack.ok_or(found)
}

/// As little as AWS may answer.
pub(crate) fn lookups() -> Lookups {
    Lookups {
        account: Some("123456789012".to_string()),
        ..Lookups::default()
    }
}

#[test]
fn names_are_those_of_existing_stacks() {
    assert_eq!(stack_hash("eu-west-1", "demo-dev", "123456789999"), "bba2d6a0");
    assert_eq!(logical_id(&["APIWorker2", "Service"]), "ApiWorker2Service");
    assert_eq!(
        logical_id(&["worker", "service-container", "LogGroup"]),
        "WorkerServiceContainerLogGroup"
    );
    let long = "demo-dev-averylongworkerservicenamethatgoesonandonandonuntilitistoolong-logs-xxxxxxxx";
    let short = within(long.to_string(), 63);
    assert_eq!(
        short,
        "demo-dev-averylongworkerservicenamethatgoesonandonandonu-df74bf"
    );
    assert_eq!(within(short.clone(), 63), short);
    assert_eq!(digest("a").len(), 6);
}

#[test]
fn an_override_is_put_where_its_path_says() {
    let mut properties = json!({ "A": { "B": [{ "C": 1, "D": 2 }] }, "E": { "Ref": "X" } });
    overrides::set_path(&mut properties, "A.B[0].C", &json!(3));
    overrides::set_path(&mut properties, "A.F.G", &json!("new"));
    overrides::set_path(&mut properties, "E", &json!({ "Ref": "Y" }));
    overrides::set_path(&mut properties, "A", &json!({ "H": true }));
    let expected = json!({
        "A": { "B": [{ "C": 3, "D": 2 }], "F": { "G": "new" }, "H": true },
        "E": { "Ref": "Y" },
    });
    assert_eq!(properties, expected);
}

#[test]
fn yaml_takes_no_text_for_something_else() {
    let value = json!({ "on": "off", "A": ["yes", 1, {}, []], "B": { "Fn::Sub": "a: ${b} # c\n" } });
    let expected =
        "A:\n  - \"yes\"\n  - 1\n  - {}\n  - []\nB:\n  \"Fn::Sub\": \"a: ${b} # c\\n\"\n\"on\": \"off\"\n";
    assert_eq!(yaml::write(&value), expected);
}

#[test]
fn what_cloudformation_would_refuse_is_found() {
    let mut template = Template::new(String::new());
    let mut add = |id: &str, properties| {
        let resource = Resource::new("AWS::SNS::Topic", properties);
        template.resources.insert(id.to_string(), resource);
    };
    add("A", json!({ "X": { "Fn::Sub": "${B.Arn} ${AWS::Region}" } }));
    add("B", json!({ "X": { "Fn::GetAtt": ["A", "Arn"] } }));
    add(
        "C",
        json!({ "X": { "Fn::Sub": ["${v} ${Gone}", { "v": { "Ref": "A" } }] } }),
    );
    let cycle = ["A", "B", "A"].map(str::to_string).to_vec();
    let dangling = Problem::Dangling {
        from: "C".to_string(),
        to: "Gone".to_string(),
    };
    assert_eq!(problems(&template), [dangling, Problem::Cycle(cycle)]);
}

#[test]
fn a_url_does_not_ask_for_what_lambda_answers_itself() {
    let config = "
resources:
  api:
    type: function
    properties:
      runtime: nodejs24.x
      packaging: { type: custom-artifact, properties: { packagePath: code.zip, handler: 'index.js:handler' } }
      url: { enabled: true, cors: { enabled: true, allowedMethods: [GET, OPTIONS] } }
";
    let template = synthesize(&stack(config), &lookups()).expect("it has a template");
    let cors = &template.resources["ApiUrl"].properties["Cors"];
    assert_eq!(cors["AllowMethods"], json!(["GET"]));
}
