"""`dynamo-db-table`: reading and writing of items in the table, its indexes and its stream, and describing these."""

from .words import Call, Target

T = {"TableName": "$name"}
ID = {"id": {"S": "$run"}}
ITEM = {**ID, "customer": {"S": "c"}}
INDEX = {
    **T,
    "IndexName": "byCustomer",
    "KeyConditionExpression": "customer = :c",
    "ExpressionAttributeValues": {":c": {"S": "c"}},
}
BY_ID = {**T, "KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "$run"}}}
UPDATE = {
    **T,
    "Key": ID,
    "UpdateExpression": "SET seen = :s",
    "ExpressionAttributeValues": {":s": {"N": "1"}},
}
STREAM = {"service": "dynamodbstreams"}
SELECT = "SELECT * FROM \"${name}\" WHERE id = 'a'"
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"dynamodb:*","Resource":"$arn"}]}'
)

GRANTED = [
    Call("describe_table", T),
    Call("put_item", {**T, "Item": ITEM}),
    Call("put_item", {"TableName": "$arn", "Item": ITEM}, label="by ARN"),
    Call("get_item", {**T, "Key": ID}),
    Call("update_item", UPDATE),
    Call("query", BY_ID),
    Call("query", INDEX, label="an index"),
    Call("scan", T),
    Call("scan", {**T, "IndexName": "byCustomer"}, label="an index"),
    Call("batch_get_item", {"RequestItems": {"$name": {"Keys": [ID]}}}),
    Call("batch_write_item", {"RequestItems": {"$name": [{"PutRequest": {"Item": {"id": {"S": "b"}}}}]}}),
    Call("transact_get_items", {"TransactItems": [{"Get": {**T, "Key": ID}}]}),
    Call("transact_write_items", {"TransactItems": [{"Put": {**T, "Item": ITEM}}]}, label="Put"),
    Call("transact_write_items", {"TransactItems": [{"Update": UPDATE}]}, label="Update"),
    Call(
        "transact_write_items",
        {
            "TransactItems": [
                {"ConditionCheck": {**T, "Key": ID, "ConditionExpression": "attribute_exists(id)"}},
                {"Delete": {**T, "Key": {"id": {"S": "b"}}}},
            ]
        },
        label="ConditionCheck and Delete",
    ),
    Call("get_resource_policy", {"ResourceArn": "$arn"}, gives="PolicyNotFoundException"),
    Call(
        "describe_stream",
        {"StreamArn": "$streamArn"},
        keep={"shard": "StreamDescription.Shards[0].ShardId"},
        **STREAM,
    ),
    Call(
        "get_shard_iterator",
        {"StreamArn": "$streamArn", "ShardId": "$shard", "ShardIteratorType": "TRIM_HORIZON"},
        keep={"iterator": "ShardIterator"},
        **STREAM,
    ),
    Call("get_records", {"ShardIterator": "$iterator"}, **STREAM),
    Call("delete_item", {**T, "Key": ID}),
]

REFUSED = [
    Call("execute_statement", {"Statement": SELECT}),
    Call("batch_execute_statement", {"Statements": [{"Statement": SELECT}]}),
    Call("execute_transaction", {"TransactStatements": [{"Statement": SELECT}]}),
    Call("describe_continuous_backups", T),
    Call("describe_contributor_insights", T),
    Call("describe_kinesis_streaming_destination", T),
    Call("describe_time_to_live", T),
    Call("list_tags_of_resource", {"ResourceArn": "$arn"}),
    Call("create_backup", {**T, "BackupName": "matrix"}),
    Call(
        "export_table_to_point_in_time",
        {"TableArn": "$arn", "S3Bucket": "matrix"},
    ),
    Call("enable_kinesis_streaming_destination", {**T, "StreamArn": "$clicks_arn"}),
    Call("put_resource_policy", {"ResourceArn": "$arn", "Policy": POLICY}),
    Call("delete_resource_policy", {"ResourceArn": "$arn"}),
    Call("tag_resource", {"ResourceArn": "$arn", "Tags": [{"Key": "a", "Value": "b"}]}),
    Call("untag_resource", {"ResourceArn": "$arn", "TagKeys": ["a"]}),
    Call("update_continuous_backups", {**T, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}),
    Call("update_contributor_insights", {**T, "ContributorInsightsAction": "ENABLE"}),
    Call("update_time_to_live", {**T, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "end"}}),
    Call("update_table", {**T, "BillingMode": "PAY_PER_REQUEST"}),
    Call(
        "restore_table_to_point_in_time",
        {"SourceTableName": "$name", "TargetTableName": "matrix-restored", "UseLatestRestorableTime": True},
    ),
    Call("delete_table", T),
    Call(
        "transact_write_items",
        {
            "TransactItems": [
                {"Put": {**T, "Item": ITEM}},
                {"Put": {"TableName": "$twinOrders_name", "Item": ITEM}},
            ]
        },
        label="in two tables",
    ),
    Call(
        "batch_get_item",
        {"RequestItems": {"$name": {"Keys": [ID]}, "$twinOrders_name": {"Keys": [ID]}}},
        label="from two tables",
    ),
]

TARGETS = [Target("dynamodb", "orders", "twinOrders", GRANTED, REFUSED)]
