"""What nobody grants: listing all there is, making more of it, other services, and roles."""

from .words import ALLOWED, Call, Differs, Target

ROLE = {"RoleName": "$role"}
STACK = {"StackName": "$stack"}
ANY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}'
LAMBDA = {"Role": "$roleArn", "Code": {"ZipFile": b"z"}, "Runtime": "python3.12", "Handler": "a.b"}

REFUSED = {
    "s3": [
        ("list_buckets", {}),
        ("create_bucket", {"Bucket": "matrix-$run"}),
    ],
    "dynamodb": [
        ("list_tables", {}),
        ("list_backups", {}),
        ("list_global_tables", {}),
        ("describe_limits", {}),
        ("describe_endpoints", {}),
        (
            "create_table",
            {
                "TableName": "matrix-$run",
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            },
        ),
    ],
    "dynamodbstreams": [("list_streams", {})],
    "sqs": [
        ("list_queues", {}),
        ("create_queue", {"QueueName": "matrix-$run"}),
    ],
    "sns": [
        ("list_topics", {}),
        ("list_subscriptions", {}),
        ("create_topic", {"Name": "matrix-$run"}),
        ("publish", {"PhoneNumber": "+12025550100", "Message": "a"}),
        ("get_sms_attributes", {}),
        ("list_platform_applications", {}),
    ],
    "events": [
        ("list_event_buses", {}),
        ("create_event_bus", {"Name": "matrix-$run"}),
        ("list_archives", {}),
        ("list_replays", {}),
        ("list_connections", {}),
        ("list_api_destinations", {}),
    ],
    "kinesis": [
        ("create_stream", {"StreamName": "matrix-$run", "ShardCount": 1}),
        ("describe_limits", {}),
    ],
    "cognito-idp": [
        ("list_user_pools", {"MaxResults": 10}),
        ("create_user_pool", {"PoolName": "matrix-$run"}),
        ("describe_user_pool_domain", {"Domain": "matrix"}),
    ],
    "iam": [
        ("list_users", {}),
        ("list_roles", {}),
        ("list_policies", {}),
        ("list_access_keys", {"UserName": "root"}),
        ("get_account_summary", {}),
        ("get_account_authorization_details", {}),
        ("get_role", ROLE),
        ("list_role_policies", ROLE),
        ("get_role_policy", {**ROLE, "PolicyName": "custom-allow-access-to-policy-statements"}),
        ("put_role_policy", {**ROLE, "PolicyName": "all", "PolicyDocument": ANY}),
        ("delete_role_policy", {**ROLE, "PolicyName": "all"}),
        ("attach_role_policy", {**ROLE, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("update_assume_role_policy", {**ROLE, "PolicyDocument": TRUST}),
        ("put_role_permissions_boundary", {**ROLE, "PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("create_role", {"RoleName": "matrix-$run", "AssumeRolePolicyDocument": TRUST}),
        ("create_policy", {"PolicyName": "matrix-$run", "PolicyDocument": ANY}),
        ("create_user", {"UserName": "matrix-$run"}),
        ("create_access_key", {"UserName": "matrix-$run"}),
        ("create_access_key", {}),
        ("create_login_profile", {"UserName": "matrix-$run", "Password": "Some-password-1"}),
        ("delete_role", ROLE),
    ],
    "sts": [
        ("assume_role", {"RoleArn": "$roleArn", "RoleSessionName": "own"}),
        ("assume_role", {"RoleArn": "$otherRoleArn", "RoleSessionName": "other"}),
        ("assume_role", {"RoleArn": "arn:aws:iam::000000000000:root", "RoleSessionName": "root"}),
        ("get_session_token", {}),
        ("get_federation_token", {"Name": "matrix", "Policy": ANY}),
        ("decode_authorization_message", {"EncodedMessage": "abc"}),
        ("get_access_key_info", {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE"}),
    ],
    "secretsmanager": [
        ("list_secrets", {}),
        ("get_secret_value", {"SecretId": "tapedeck/aws-root"}),
        ("batch_get_secret_value", {"SecretIdList": ["tapedeck/aws-root"]}),
        ("create_secret", {"Name": "matrix-$run", "SecretString": "a"}),
        ("put_secret_value", {"SecretId": "a", "SecretString": "a"}),
        ("describe_secret", {"SecretId": "a"}),
        ("get_random_password", {}),
        ("delete_secret", {"SecretId": "a"}),
    ],
    "ssm": [
        ("describe_parameters", {}),
        ("get_parameters_by_path", {"Path": "/"}),
        ("get_parameter", {"Name": "a"}),
        ("put_parameter", {"Name": "matrix-$run", "Value": "a", "Type": "String"}),
        ("send_command", {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-00000000000000000"]}),
    ],
    "kms": [
        ("list_keys", {}),
        ("list_aliases", {}),
        ("create_key", {}),
        ("encrypt", {"KeyId": "alias/a", "Plaintext": b"a"}),
        ("decrypt", {"CiphertextBlob": b"a"}),
        ("generate_data_key", {"KeyId": "alias/a", "KeySpec": "AES_256"}),
        ("generate_random", {"NumberOfBytes": 8}),
    ],
    "cloudformation": [
        ("list_stacks", {}),
        ("describe_stacks", {}),
        ("describe_stacks", STACK),
        ("describe_stack_resources", STACK),
        ("describe_stack_events", STACK),
        ("list_stack_resources", STACK),
        ("get_template", STACK),
        ("list_exports", {}),
        ("create_stack", {"StackName": "matrix-$run", "TemplateBody": "{}"}),
        ("update_stack", {**STACK, "TemplateBody": "{}"}),
        ("create_change_set", {**STACK, "ChangeSetName": "a", "TemplateBody": "{}"}),
        ("delete_stack", STACK),
    ],
    "lambda": [
        ("list_functions", {}),
        ("create_function", {**LAMBDA, "FunctionName": "matrix-$run"}),
        ("invoke", {"FunctionName": "matrix"}),
        ("get_function", {"FunctionName": "matrix"}),
        ("list_layers", {}),
        ("list_event_source_mappings", {}),
        ("create_event_source_mapping", {"FunctionName": "matrix", "EventSourceArn": "$jobs_arn"}),
    ],
    "stepfunctions": [
        ("list_state_machines", {}),
        ("create_state_machine", {"name": "matrix-$run", "definition": "{}", "roleArn": "$roleArn"}),
        ("start_execution", {"stateMachineArn": "arn:aws:states:local:000000000000:stateMachine:a"}),
    ],
    "ecs": [
        ("list_clusters", {}),
        ("list_services", {}),
        ("describe_clusters", {}),
        ("register_task_definition", {"family": "matrix", "containerDefinitions": [{"name": "a", "image": "a"}]}),
        ("run_task", {"taskDefinition": "matrix"}),
        ("update_service", {"service": "connected", "desiredCount": 0}),
    ],
    "ecr": [
        ("describe_repositories", {}),
        ("get_authorization_token", {}),
        ("create_repository", {"repositoryName": "matrix-$run"}),
    ],
    "logs": [
        ("describe_log_groups", {}),
        ("create_log_group", {"logGroupName": "matrix-$run"}),
        ("filter_log_events", {"logGroupName": "matrix"}),
        ("delete_log_group", {"logGroupName": "matrix"}),
    ],
    "cloudwatch": [
        ("list_metrics", {}),
        ("put_metric_data", {"Namespace": "matrix", "MetricData": [{"MetricName": "a", "Value": 1}]}),
        ("describe_alarms", {}),
    ],
    "batch": [
        ("describe_job_queues", {}),
        ("submit_job", {"jobName": "a", "jobQueue": "a", "jobDefinition": "a"}),
    ],
    "ec2": [
        ("describe_instances", {}),
        ("describe_security_groups", {}),
        ("run_instances", {"ImageId": "ami-00000000", "MinCount": 1, "MaxCount": 1}),
        ("create_vpc", {"CidrBlock": "10.9.0.0/16"}),
        (
            "authorize_security_group_ingress",
            {"GroupId": "sg-00000000", "IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIp": "0.0.0.0/0"},
        ),
    ],
    "rds": [
        ("describe_db_instances", {}),
        ("modify_db_instance", {"DBInstanceIdentifier": "a", "MasterUserPassword": "Some-password-1"}),
        ("delete_db_instance", {"DBInstanceIdentifier": "a", "SkipFinalSnapshot": True}),
    ],
    "elasticache": [
        ("describe_replication_groups", {}),
        ("delete_replication_group", {"ReplicationGroupId": "a"}),
    ],
    "firehose": [("list_delivery_streams", {})],
    "scheduler": [("list_schedules", {})],
    "pipes": [("list_pipes", {})],
    "efs": [("describe_file_systems", {})],
    "opensearch": [("list_domain_names", {})],
    "apigateway": [("get_rest_apis", {})],
    "route53": [("list_hosted_zones", {})],
    "cloudfront": [("list_distributions", {})],
    "elbv2": [("describe_load_balancers", {})],
    "autoscaling": [("describe_auto_scaling_groups", {})],
    "servicediscovery": [("list_namespaces", {})],
    "resourcegroupstaggingapi": [("get_resources", {})],
    "cognito-identity": [("list_identity_pools", {"MaxResults": 10})],
    "cloudtrail": [("lookup_events", {})],
    "organizations": [("describe_organization", {})],
    "acm": [("list_certificates", {})],
    "glue": [("get_databases", {})],
    "athena": [("list_work_groups", {})],
    "eks": [("list_clusters", {})],
}


# ministack asks nobody for permission to read the address of the account, which on this machine is nobody's.
OPEN = [
    Call(
        "get_contact_information",
        differs=Differs("ministack asks for no permission", denied=ALLOWED),
    )
]


def _targets():
    for service, calls in REFUSED.items():
        refused = [Call(operation, parameters, label=_label(parameters)) for operation, parameters in calls]
        yield Target(service, "elsewhere", None, [], refused)
    yield Target("account", "elsewhere", None, [], OPEN)


def _label(parameters):
    return ", ".join(value for value in parameters.values() if isinstance(value, str) and len(value) < 50)


TARGETS = list(_targets())
