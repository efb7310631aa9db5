//! What a template tells of itself, and what is read from that.

use super::*;
use crate::synthesize;
use crate::tests::{lookups, stack};

const CONFIG: &str = "
resources:
  worker:
    type: worker-service
    properties:
      packaging: { type: prebuilt-image, properties: { image: busybox } }
      resources: { cpu: 0.25, memory: 512 }
  jobs: { type: sqs-queue }
  people:
    type: user-auth-pool
    properties: { generateClientSecret: true }
scripts:
  send:
    type: local-script
    properties:
      executeCommand: ./send
      connectTo: [jobs]
      assumeRoleOfResource: worker
      environment:
        LOGS: $CfFormat('{}!', $CfResourceParam('WorkerServiceContainerLogGroup', 'Arn'))
";

fn told_of(template: &Template) -> Vec<String> {
    let output = template
        .outputs
        .get(REFERENCES)
        .map(|output| &output.value["Fn::Sub"]);
    let text = output.and_then(Value::as_str).unwrap_or_default();
    text.lines().map(str::to_string).collect()
}

#[test]
fn a_template_tells_what_parameters_and_scripts_are_made_of_but_no_secret() {
    let template = synthesize(&stack(CONFIG), &lookups()).unwrap();
    let told = told_of(&template);
    for line in [
        "JobsQueue=${JobsQueue}",
        "JobsQueue.Arn=${JobsQueue.Arn}",
        "WorkerRole.Arn=${WorkerRole.Arn}",
        "WorkerServiceContainerLogGroup.Arn=${WorkerServiceContainerLogGroup.Arn}",
    ] {
        assert!(told.iter().any(|known| known == line), "{line} of {told:#?}");
    }
    assert!(
        !told.iter().any(|line| line.contains("ClientSecret")),
        "{told:#?}"
    );
    assert_eq!(references::problems(&template), []);
}

#[test]
fn what_goes_from_a_template_is_not_told() {
    let mut template = synthesize(&stack(CONFIG), &lookups()).unwrap();
    template.remove_types(&["AWS::SQS::Queue".to_string()]);
    let told = told_of(&template);
    assert!(!told.iter().any(|line| line.contains("JobsQueue")), "{told:#?}");
    assert!(told.iter().any(|line| line.contains("WorkerRole")), "{told:#?}");
}

#[test]
fn a_role_that_a_script_names_may_be_assumed_and_no_other() {
    let trusted = |config: &str| {
        let template = synthesize(&stack(config), &lookups()).unwrap();
        let role = &template.resources["WorkerRole"].properties;
        let mut statements = role["AssumeRolePolicyDocument"]["Statement"]
            .as_array()
            .unwrap()
            .iter();
        statements.any(|statement| statement["Principal"]["AWS"] == "123456789012")
    };
    assert!(trusted(CONFIG));
    assert!(!trusted(
        &CONFIG.replace("      assumeRoleOfResource: worker\n", "")
    ));
}

#[test]
fn values_are_made_of_what_a_deployed_stack_tells() {
    let stack = stack(CONFIG);
    let values = values(&stack, &lookups()).unwrap();
    let lines = "JobsQueue=https://queue\nJobsQueue.Arn=arn:aws:sqs:eu-west-1:1:jobs=1";
    let mut known = Known {
        outputs: read(&BTreeMap::from([(REFERENCES.to_string(), lines.to_string())])),
        ..Known::default()
    };
    let of = |values: &[(String, Value)], name: &str, known: &Known| {
        let value = values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value);
        evaluate(value.unwrap(), known).map(|parts| format!("{parts:?}"))
    };
    let jobs = values
        .parameters
        .iter()
        .find(|(name, _)| name.as_str() == "jobs")
        .unwrap()
        .1;
    assert_eq!(
        of(jobs, "arn", &known),
        Ok("[Text(\"arn:aws:sqs:eu-west-1:1:jobs=1\")]".to_string())
    );
    let script = &values.scripts["send"];
    assert_eq!(
        of(script, "STP_JOBS_URL", &known),
        Ok("[Text(\"https://queue\")]".to_string())
    );
    let unknown = Unresolved::Reference("JobsQueue.QueueName".to_string());
    assert_eq!(of(jobs, "name", &known), Err(unknown));
    known.outputs.insert(import_key("other-url"), "there".to_string());
    let import = serde_json::json!({ "Fn::Join": ["", ["<", { "Fn::ImportValue": "other-url" }, ">"]] });
    assert_eq!(imports(&import), BTreeSet::from(["other-url".to_string()]));
    assert_eq!(
        evaluate(&import, &known).map(|parts| format!("{parts:?}")),
        Ok("[Text(\"<there>\")]".to_string())
    );
}
