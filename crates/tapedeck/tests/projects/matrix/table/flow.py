"""`event-bus`: `events:PutEvents` and nothing else. `kinesis-stream`: reading, writing and describing."""

from .words import Call, Target

BUS = {"Name": "$name"}
ON = {"EventBusName": "$name"}
EVENT = {"Source": "matrix", "DetailType": "a", "Detail": "{}"}

BUS_GRANTED = [
    Call("put_events", {"Entries": [{**EVENT, "EventBusName": "$name"}]}),
    Call("put_events", {"Entries": [{**EVENT, "EventBusName": "$arn"}]}, label="by ARN"),
    Call("put_events", {"Entries": [{**EVENT, "EventBusName": "$name"}] * 10}, label="ten at once"),
]

BUS_REFUSED = [
    Call("put_events", {"Entries": [EVENT]}, label="on the bus of everybody"),
    Call(
        "put_events",
        {"Entries": [{**EVENT, "EventBusName": "$name"}, {**EVENT, "EventBusName": "$twinEvents_name"}]},
        label="on two buses",
    ),
    Call("describe_event_bus", BUS),
    Call("list_rules", ON),
    Call("list_rule_names_by_target", {**ON, "TargetArn": "$jobs_arn"}),
    Call("put_rule", {**ON, "Name": "matrix", "EventPattern": '{"source":["matrix"]}'}),
    Call("describe_rule", {**ON, "Name": "matrix"}),
    Call("disable_rule", {**ON, "Name": "matrix"}),
    Call("enable_rule", {**ON, "Name": "matrix"}),
    Call("put_targets", {**ON, "Rule": "matrix", "Targets": [{"Id": "a", "Arn": "$jobs_arn"}]}),
    Call("list_targets_by_rule", {**ON, "Rule": "matrix"}),
    Call("remove_targets", {**ON, "Rule": "matrix", "Ids": ["a"]}),
    Call("delete_rule", {**ON, "Name": "matrix"}),
    Call(
        "put_permission",
        {**ON, "Action": "events:PutEvents", "Principal": "*", "StatementId": "a"},
    ),
    Call("remove_permission", {**ON, "StatementId": "a"}),
    Call("create_archive", {"ArchiveName": "matrix", "EventSourceArn": "$arn"}),
    Call("list_tags_for_resource", {"ResourceARN": "$arn"}),
    Call("tag_resource", {"ResourceARN": "$arn", "Tags": [{"Key": "a", "Value": "b"}]}),
    Call("untag_resource", {"ResourceARN": "$arn", "TagKeys": ["a"]}),
    Call("update_event_bus", {**BUS, "Description": "a"}),
    Call("delete_event_bus", BUS),
]

S = {"StreamName": "$name"}

STREAM_GRANTED = [
    Call("describe_stream", S),
    Call("describe_stream", {"StreamARN": "$arn"}, label="by ARN"),
    Call("describe_stream_summary", S),
    Call("list_shards", S, keep={"shard": "Shards[0].ShardId"}),
    Call("put_record", {**S, "Data": b"a", "PartitionKey": "k"}),
    Call("put_records", {**S, "Records": [{"Data": b"b", "PartitionKey": "k"}]}),
    Call(
        "get_shard_iterator",
        {**S, "ShardId": "$shard", "ShardIteratorType": "TRIM_HORIZON"},
        keep={"iterator": "ShardIterator"},
    ),
    Call("get_records", {"ShardIterator": "$iterator"}),
    Call("get_records", {"ShardIterator": "$iterator", "StreamARN": "$arn"}, label="by ARN"),
]

STREAM_REFUSED = [
    Call("add_tags_to_stream", {**S, "Tags": {"a": "b"}}),
    Call("list_tags_for_stream", S),
    Call("remove_tags_from_stream", {**S, "TagKeys": ["a"]}),
    Call("increase_stream_retention_period", {**S, "RetentionPeriodHours": 48}),
    Call("decrease_stream_retention_period", {**S, "RetentionPeriodHours": 24}),
    Call("enable_enhanced_monitoring", {**S, "ShardLevelMetrics": ["ALL"]}),
    Call("disable_enhanced_monitoring", {**S, "ShardLevelMetrics": ["ALL"]}),
    Call("list_stream_consumers", {"StreamARN": "$arn"}),
    Call("register_stream_consumer", {"StreamARN": "$arn", "ConsumerName": "matrix"}),
    Call("deregister_stream_consumer", {"StreamARN": "$arn", "ConsumerName": "matrix"}),
    Call("merge_shards", {**S, "ShardToMerge": "shardId-000000000000", "AdjacentShardToMerge": "shardId-000000000001"}),
    Call("split_shard", {**S, "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "5"}),
    Call("update_shard_count", {**S, "TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}),
    Call("update_stream_mode", {"StreamARN": "$arn", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}),
    Call("start_stream_encryption", {**S, "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
    Call("stop_stream_encryption", {**S, "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
    Call("get_resource_policy", {"ResourceARN": "$arn"}),
    Call("put_resource_policy", {"ResourceARN": "$arn", "Policy": "{}"}),
    Call("delete_resource_policy", {"ResourceARN": "$arn"}),
    Call("delete_stream", S),
]

TARGETS = [
    Target("events", "events", "twinEvents", BUS_GRANTED, BUS_REFUSED),
    Target("kinesis", "clicks", "twinClicks", STREAM_GRANTED, STREAM_REFUSED),
    # The list of all takes no resource.
    Target("kinesis", "clicks", None, [Call("list_streams")]),
]
