"""What `iamRoleStatements` of the config allow and deny, on resources that it writes as CloudFormation does."""

from .words import Call, Differs, Target

TOPIC = {"TopicArn": "$arn"}
QUEUE = {"QueueUrl": "$url"}
PARAMETER = {"Name": "$name"}
PARAMETERS = Call(
    "get_parameters",
    {"Names": ["$name"]},
    differs=Differs("ministack asks for permission to read all parameters", allowed="AccessDeniedException"),
)
LOCKED = {"Bucket": "$photos_name", "Key": "locked/a"}

TARGETS = [
    Target(
        "sns",
        "rawTopic",
        "twinRawTopic",
        [
            Call("publish", {**TOPIC, "Message": "a"}),
            # Under a condition that is met.
            Call("get_topic_attributes", TOPIC),
        ],
        [
            # Under one that is not.
            Call("list_subscriptions_by_topic", TOPIC),
            Call("subscribe", {**TOPIC, "Protocol": "sqs", "Endpoint": "$jobs_arn"}),
            Call("set_topic_attributes", {**TOPIC, "AttributeName": "DisplayName", "AttributeValue": "a"}),
            Call("delete_topic", TOPIC),
        ],
    ),
    Target(
        "sqs",
        "rawQueue",
        "twinRawQueue",
        [Call("send_message", {**QUEUE, "MessageBody": "a"}), Call("get_queue_attributes", QUEUE)],
        [
            Call("receive_message", QUEUE),
            # Allowed by a star, and denied by name.
            Call("get_queue_url", {"QueueName": "$name"}),
            Call("purge_queue", QUEUE),
            Call("delete_queue", QUEUE),
        ],
    ),
    Target(
        "ssm",
        "rawParameter",
        "twinRawParameter",
        [Call("get_parameter", PARAMETER), PARAMETERS],
        [
            Call("put_parameter", {**PARAMETER, "Value": "b", "Overwrite": True}),
            Call("get_parameter_history", PARAMETER),
            Call("delete_parameter", PARAMETER),
        ],
    ),
    # A part of the bucket that it is connected to.
    Target(
        "s3",
        "a denied folder",
        None,
        [],
        [
            Call("put_object", {**LOCKED, "Body": b"a"}),
            Call("get_object", LOCKED),
            Call("delete_object", LOCKED),
            Call("head_object", LOCKED, denied="403"),
        ],
    ),
]
