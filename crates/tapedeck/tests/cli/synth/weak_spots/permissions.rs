//! Roles, secrets and names of AWS.

use serde_json::{Value, json};

use super::{REFUSED, allowing, of_type, on_instances, properties, resources, said, statements, worker};

/// Everything that a stack may have for itself, in one config.
fn plain() -> Value {
    resources(
        &worker("connectTo: [jobs]").replace("resources:\n", "resources:\n  jobs: { type: sqs-queue }\n"),
    )
}

#[test]
fn w03_secrets_are_handed_over_when_a_container_starts() {
    let resources = resources(&worker(
        "environment: [{ name: KEY, value: $Secret('appSecret.password') }]",
    ));
    let main = &properties(&resources, "WorkerTaskDefinition")["ContainerDefinitions"][0];
    assert_eq!(main["Secrets"][0]["Name"], "KEY");
    assert!(main["Environment"].as_array().is_none_or(Vec::is_empty));
    let read = allowing(&resources, "StpEcsExecutionRole", "secretsmanager:GetSecretValue");
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789999:secret:appSecret-??????";
    assert_eq!(read["Resource"], json!([arn]));
}

#[test]
fn w04_encrypted_parameters_are_handed_over_when_a_container_starts() {
    let resources = resources(&worker(
        "environment: [{ name: KEY, value: $SsmParam('/app/secure/token') }]",
    ));
    let main = &properties(&resources, "WorkerTaskDefinition")["ContainerDefinitions"][0];
    let arn = "arn:aws:ssm:eu-west-1:123456789999:parameter/app/secure/token";
    assert_eq!(main["Secrets"], json!([{ "Name": "KEY", "ValueFrom": arn }]));
    assert_eq!(
        allowing(&resources, "StpEcsExecutionRole", "ssm:GetParameters")["Resource"],
        json!([arn])
    );
}

#[test]
fn w05_connections_to_databases_use_up_no_references() {
    let databases: String = (0..15)
        .map(|index| {
            format!(
                "  cache{index}:\n    type: redis-cluster\n    properties: {{ instanceSize: cache.t4g.micro, \
                 defaultUserPassword: $Secret('redisSecret.password') }}\n"
            )
        })
        .collect();
    let names: Vec<String> = (0..15).map(|index| format!("cache{index}")).collect();
    let side = "sideContainers:\n  - name: agent\n    containerType: always-running\n    packaging: { type: prebuilt-image, \
                properties: { image: busybox } }";
    let parts = format!("connectTo: [{}]\n{side}", names.join(", "));
    let resources = resources(&format!("{}{databases}", worker(&parts)));
    let task = properties(&resources, "WorkerTaskDefinition").to_string();
    assert!(!task.contains("{{resolve:"), "{task}");
    let count = resources.to_string().matches("{{resolve:").count();
    assert!(count <= 60, "{count} references");
}

#[test]
fn w11_a_statement_without_actions_is_refused() {
    let wrong = worker("iamRoleStatements: [{ Resource: ['*'] }]");
    let told = said(&wrong).expect_err("it is refused");
    assert!(
        told.contains("error[missing-key]: an IAM statement needs the key `Action`"),
        "{told}"
    );
    assert!(
        REFUSED
            .iter()
            .any(|(name, _)| name.ends_with("iam-role-statements"))
    );
}

#[test]
fn w12_w13_nothing_of_ours_runs_in_the_account_or_may_do_anything_there() {
    let resources = plain();
    assert_eq!(of_type(&resources, "AWS::Lambda::Function"), [""; 0]);
    assert_eq!(
        of_type(&resources, "AWS::IAM::Role"),
        ["StpEcsExecutionRole", "WorkerRole"]
    );
    assert!(
        !resources.to_string().contains(":root"),
        "no account may take a role"
    );
}

#[test]
fn w16_scaling_has_no_role_of_its_own() {
    let resources = resources(&worker("scaling: { minInstances: 1, maxInstances: 3 }"));
    assert!(
        properties(&resources, "WorkerScalableTarget")
            .get("RoleARN")
            .is_none()
    );
    assert!(resources.get("StpEcsAutoScaleRole").is_none());
}

#[test]
fn w29_a_worker_alone_is_all_that_there_is() {
    let resources = resources(&worker(""));
    for kind in [
        "AWS::Events::Rule",
        "AWS::Lambda::Permission",
        "AWS::S3::Bucket",
        "AWS::ECR::Repository",
    ] {
        assert_eq!(of_type(&resources, kind), [""; 0], "{kind}");
    }
    assert!(
        !resources
            .to_string()
            .contains("AWS::CloudFormation::CustomResource")
    );
}

#[test]
fn w30_connections_to_streams_do_what_they_promise() {
    let config = format!(
        "{}  table: {{ type: dynamo-db-table, properties: {{ primaryKey: {{ partitionKey: {{ name: id, type: string }} }}, \
         streamType: NEW_IMAGE }} }}\n  stream: {{ type: kinesis-stream }}\n",
        worker("connectTo: [table, stream]")
    );
    let resources = resources(&config);
    let records = allowing(&resources, "WorkerRole", "dynamodb:GetRecords");
    let below = json!([{ "Fn::Join": ["", [{ "Fn::GetAtt": ["TableGlobalTable", "Arn"] }, "/stream/*"]] }]);
    assert_eq!(records["Resource"], below);
    assert_eq!(
        allowing(&resources, "WorkerRole", "kinesis:ListStreams")["Resource"],
        json!(["*"])
    );
}

#[test]
fn w31_a_service_uses_only_the_clusters_it_is_connected_to_and_can_be_narrowed() {
    let clusters = "  orders: { type: mongo-db-atlas-cluster, properties: { clusterTier: M10 } }\n  \
                    others: { type: mongo-db-atlas-cluster, properties: { clusterTier: M10 } }\n";
    let config = format!("{}{clusters}", worker("connectTo: [orders]"));
    let user = |config: &str| properties(&resources(config), "WorkerAtlasMongoDatabaseUser").clone();
    assert_eq!(
        user(&config)["Scopes"],
        json!([{ "Name": "orders", "Type": "CLUSTER" }])
    );
    let narrowed = format!(
        "{}    overrides: {{ WorkerAtlasMongoDatabaseUser: {{ Roles: [{{ DatabaseName: shop, RoleName: read }}] }} }}\n{clusters}",
        worker("connectTo: [orders]")
    );
    assert_eq!(
        user(&narrowed)["Roles"],
        json!([{ "DatabaseName": "shop", "RoleName": "read" }])
    );
}

#[test]
fn w32_arns_are_those_of_the_partition() {
    let config = format!(
        "# synth: --stage dev --region us-gov-west-1 --projectName demo\n{}",
        on_instances(
            "t3.medium",
            "logging: { logForwarding: { type: highlight, properties: { projectId: p } } }"
        )
    );
    let text = resources(&config).to_string();
    assert!(text.contains("arn:aws-us-gov:"), "{text}");
    assert!(!text.contains("arn:aws:"), "{text}");
}

#[test]
fn w34_aws_takes_roles_on_behalf_of_this_account_only() {
    let resources = resources(&on_instances("t3.medium", ""));
    for id in of_type(&resources, "AWS::IAM::Role") {
        let trust = &properties(&resources, id)["AssumeRolePolicyDocument"]["Statement"][0];
        // EC2 never tells for whom it asks.
        if id != "StpEcsInstanceRole" {
            let condition = json!({ "StringEquals": { "aws:SourceAccount": "123456789999" } });
            assert_eq!(trust["Condition"], condition, "{id}");
        }
    }
    assert!(statements(&resources, "StpEcsInstanceRole").is_empty());
}

#[test]
fn w37_tags_that_decide_permissions_cannot_be_set() {
    for name in ["stp:stage", "aws:name"] {
        let config = format!(
            "stackConfig: {{ tags: [{{ name: '{name}', value: other }}] }}\n{}",
            worker("")
        );
        let told = said(&config).expect_err("it is refused");
        assert!(
            told.contains(&format!("error[invalid-value]: `name` cannot be `{name}`")),
            "{told}"
        );
    }
}
