//! What CloudFormation fills in, it reads in the name of whoever deploys.

use serde_json::{Value, json};

use crate::Lookups;
use crate::permissions::tests::{allowed, deployment, template};
use crate::permissions::{Deployment, of_caller, of_role};

fn resources() -> Vec<(&'static str, &'static str, Value)> {
    let text =
        "https://{{resolve:ssm:/shop/host:3}}/?key={{resolve:secretsmanager:shopKey:SecretString:key::v1}}";
    let image = "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id";
    vec![
        (
            "Function",
            "AWS::Lambda::Function",
            json!({ "FunctionName": "f", "Environment": { "Variables": { "URL": text } } }),
        ),
        (
            "Template",
            "AWS::EC2::LaunchTemplate",
            json!({ "LaunchTemplateData": { "ImageId": image } }),
        ),
    ]
}

#[test]
fn secrets_and_parameters_that_are_filled_in_may_be_read_and_no_others() {
    let lookups = Lookups::default();
    let permissions = of_caller(&template(&resources()), &deployment(&lookups));
    assert_eq!(
        allowed(&permissions, "secretsmanager:GetSecretValue"),
        ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:shopKey-??????"]
    );
    assert_eq!(
        allowed(&permissions, "ssm:GetParameters"),
        [
            "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/host",
            "arn:aws:ssm:eu-west-1::parameter/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
        ]
    );
}

#[test]
fn where_cloudformation_has_a_role_it_is_that_which_reads_them() {
    let lookups = Lookups::default();
    let given = Deployment {
        role: Some("arn:aws:iam::123456789012:role/deployer"),
        ..deployment(&lookups)
    };
    let action = "secretsmanager:GetSecretValue";
    let template = template(&resources());
    assert_eq!(allowed(&of_caller(&template, &given), action), [] as [&str; 0]);
    assert_eq!(allowed(&of_role(&template, &given), action).len(), 1);
}
