//! A stack that is larger than CloudFormation takes is told with the limit.

use std::collections::BTreeMap;

use crate::limits::{self, BYTES, DYNAMIC_REFERENCES, OUTPUTS, RESOURCES};
use crate::template::{Output, Resource, Template};
use crate::{SynthError, synthesize};

use super::{lookups, stack};

fn queues(count: usize) -> String {
    let queues: String = (0..count)
        .map(|index| format!("  jobs{index}: {{ type: sqs-queue }}\n"))
        .collect();
    format!("projectName: shop\nresources:\n{queues}")
}

fn told(template: &Template) -> String {
    limits::check(template).map_or_else(|error| error.to_string(), |()| "nothing".to_string())
}

#[test]
fn a_stack_with_too_many_resources_is_refused_and_says_of_what() {
    synthesize(&stack(&queues(RESOURCES)), &lookups()).expect("as many as there may be");
    let error = synthesize(&stack(&queues(RESOURCES + 1)), &lookups()).expect_err("one too many");
    assert!(matches!(
        error,
        SynthError::TooLarge {
            count: 501,
            limit: 500,
            ..
        }
    ));
    assert_eq!(
        error.to_string(),
        "the template would have 501 resources, and CloudFormation takes 500; 501 of them are AWS::SQS::Queue"
    );
}

#[test]
fn each_limit_is_told_by_its_name() {
    let text = |value: &str| Output {
        description: None,
        value: value.into(),
        export: None,
    };
    let with_outputs = |count: usize, value: &str| {
        let mut template = Template::new(String::new());
        let outputs = (0..count).map(|index| (format!("Out{index}"), text(value)));
        template.outputs = outputs.collect::<BTreeMap<_, _>>();
        template
    };
    assert_eq!(told(&with_outputs(OUTPUTS, "a")), "nothing");
    assert_eq!(
        told(&with_outputs(OUTPUTS + 1, "a")),
        "the template would have 201 outputs, and CloudFormation takes 200"
    );
    let reference = "{{resolve:ssm:a:1}}";
    assert_eq!(told(&with_outputs(DYNAMIC_REFERENCES, reference)), "nothing");
    assert_eq!(
        told(&with_outputs(DYNAMIC_REFERENCES + 1, reference)),
        "the template would have 61 dynamic references to secrets and parameters, and CloudFormation takes 60"
    );
    let mut large = Template::new(String::new());
    let definition = serde_json::json!({ "Definition": "a".repeat(BYTES) });
    let machine = Resource::new("AWS::StepFunctions::StateMachine", definition);
    large.resources.insert("Machine".to_string(), machine);
    let told_of_it = told(&large);
    assert!(
        told_of_it.contains(" bytes, and CloudFormation takes 1048576; "),
        "{told_of_it}"
    );
    assert!(told_of_it.ends_with(" of them are `Machine`"), "{told_of_it}");
    assert_eq!(
        told(&Template::new("a".repeat(1025))),
        "the template would have 1025 bytes of description, and CloudFormation takes 1024"
    );
    let mut long = with_outputs(1, "a");
    long.outputs.insert("B".repeat(256), text("b"));
    assert!(told(&long).starts_with("the template would have 256 characters in a logical id"));
}
