"""`sns-topic`: publishing, and subscriptions to it."""

from .words import Call, Differs, Target

T = {"TopicArn": "$arn"}


def granted(group, queue):
    return [
        Call("get_topic_attributes", T),
        Call("publish", {**T, "Message": "a-$run", **group}),
        Call("publish_batch", {**T, "PublishBatchRequestEntries": [{"Id": "a", "Message": "b-$run", **group}]}),
        Call(
            "subscribe",
            {**T, "Protocol": "sqs", "Endpoint": f"${queue}_arn", "ReturnSubscriptionArn": True},
            keep={"subscription": "SubscriptionArn"},
        ),
        Call("list_subscriptions_by_topic", T),
        Call(
            "confirm_subscription",
            {**T, "Token": "0" * 64},
            gives="InvalidParameter",
            differs=Differs("ministack spells the code otherwise", allowed="InvalidParameterException"),
        ),
        Call("unsubscribe", {"SubscriptionArn": "$subscription"}),
    ]


REFUSED = [
    Call("add_permission", {**T, "Label": "a", "AWSAccountId": ["111111111111"], "ActionName": ["Publish"]}),
    Call("remove_permission", {**T, "Label": "a"}),
    Call("get_data_protection_policy", {"ResourceArn": "$arn"}),
    Call("put_data_protection_policy", {"ResourceArn": "$arn", "DataProtectionPolicy": "{}"}),
    Call("list_tags_for_resource", {"ResourceArn": "$arn"}),
    Call("tag_resource", {"ResourceArn": "$arn", "Tags": [{"Key": "a", "Value": "b"}]}),
    Call("untag_resource", {"ResourceArn": "$arn", "TagKeys": ["a"]}),
    Call("set_topic_attributes", {**T, "AttributeName": "DisplayName", "AttributeValue": "a"}),
    Call("get_subscription_attributes", {"SubscriptionArn": "$arn:00000000-0000-0000-0000-000000000000"}),
    Call(
        "set_subscription_attributes",
        {
            "SubscriptionArn": "$arn:00000000-0000-0000-0000-000000000000",
            "AttributeName": "RawMessageDelivery",
            "AttributeValue": "true",
        },
    ),
    Call("delete_topic", T),
]

TARGETS = [
    Target("sns", "news", "twinNews", granted({}, "jobs"), REFUSED),
    Target("sns", "series", "twinSeries", granted({"MessageGroupId": "g"}, "steps"), REFUSED),
]
