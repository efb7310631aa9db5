"""`sqs-queue`: sending, receiving, and what belongs to that. `SendMessageBatch` and its like go by the actions without `Batch`."""

from .words import Call, Target

Q = {"QueueUrl": "$url"}
EVERYBODY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"$arn"}]}'


def granted(group):
    receive = {**Q, "MaxNumberOfMessages": 1, "WaitTimeSeconds": 2, "VisibilityTimeout": 30}
    receipt = {"receipt": "Messages[0].ReceiptHandle"}
    entry = {"Id": "a", "ReceiptHandle": "$receipt"}
    return [
        Call("purge_queue", Q),
        Call("get_queue_url", {"QueueName": "$name"}),
        Call("get_queue_attributes", {**Q, "AttributeNames": ["All"]}),
        Call("list_queue_tags", Q),
        Call("send_message", {**Q, "MessageBody": "a-$run", **group}),
        Call("receive_message", receive, keep=receipt),
        Call("change_message_visibility", {**Q, "ReceiptHandle": "$receipt", "VisibilityTimeout": 20}),
        Call("delete_message", {**Q, "ReceiptHandle": "$receipt"}),
        Call("send_message_batch", {**Q, "Entries": [{"Id": "a", "MessageBody": "b-$run", **group}]}),
        Call("receive_message", receive, keep=receipt, label="again"),
        Call("change_message_visibility_batch", {**Q, "Entries": [{**entry, "VisibilityTimeout": 20}]}),
        Call("delete_message_batch", {**Q, "Entries": [entry]}),
    ]


REFUSED = [
    Call("add_permission", {**Q, "Label": "a", "AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"]}),
    Call("remove_permission", {**Q, "Label": "a"}),
    Call("list_dead_letter_source_queues", Q),
    Call("list_message_move_tasks", {"SourceArn": "$arn"}),
    Call("start_message_move_task", {"SourceArn": "$arn"}),
    Call("set_queue_attributes", {**Q, "Attributes": {"Policy": EVERYBODY}}, label="its policy"),
    Call("set_queue_attributes", {**Q, "Attributes": {"VisibilityTimeout": "1"}}),
    Call("tag_queue", {**Q, "Tags": {"a": "b"}}),
    Call("untag_queue", {**Q, "TagKeys": ["a"]}),
    Call("delete_queue", Q),
]

TARGETS = [
    Target("sqs", "jobs", "twinJobs", granted({}), REFUSED),
    Target("sqs", "steps", "twinSteps", granted({"MessageGroupId": "g"}), REFUSED),
]
