"""Corrections of ministack, mostly of what it asks policies for, where AWS asks them for something else.

Without them a task is refused what its role allows: to send in batches, to read the stream of a table; or it is allowed
what nothing allows: to publish on any topic. `correct` names what of ministack has not been found.
"""

import importlib
import json
import re
from urllib.parse import parse_qs

# Operations that have no action of their own.
ACTIONS = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}

# Where a request names its resource by ARN.
FIELDS = {
    "cognito-idp": "ResourceArn",
    "dynamodb": "ResourceArn",
    "dynamodbstreams": "StreamArn",
}


def correct():
    missing = []
    for module, name, made in [
        ("ministack.core.iam_actions", "extract_iam_action", action),
        ("ministack.core.iam_actions", "extract_resource_arn", resource),
        ("ministack.services.dynamodb", "_DDB_REGION_RE", region),
        ("ministack.services.sns", "topic_policy_for_arn", policy_of_topic),
        ("ministack.services.sts", "get_state", sessions),
        ("ministack.services.sts", "load_persisted_state", with_sessions),
        ("ministack.services.sts", "register_session", kept),
    ]:
        try:
            module = importlib.import_module(module)
            setattr(module, name, made(getattr(module, name)))
        except (ImportError, AttributeError):
            missing.append(name)
    return missing


def region(_):
    """Of which regions it takes ARNs for ARNs of tables: of `local`, too."""
    return re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")


def action(found):
    def corrected(*arguments):
        told = found(*arguments)
        return ACTIONS.get(told, told)

    return corrected


def resource(found):
    def corrected(service, method, path, headers, body, query, *rest):
        told = found(service, method, path, headers, body, query, *rest)
        if told != "*":
            return told
        if service == "sns":
            return topic_of(query, body) or told
        try:
            asked = json.loads(body or b"{}")
            return asked.get(FIELDS.get(service)) or stream_of(service, asked) or told
        except (AttributeError, TypeError, ValueError):
            return told

    return corrected


def topic_of(query, body):
    """The topic of a subscription: what is granted on the topic is granted on that."""
    given = query.get("SubscriptionArn") or parse_qs((body or b"").decode(errors="replace")).get("SubscriptionArn")
    given = given[0] if isinstance(given, list) else given
    return given.rpartition(":")[0] if given and given.count(":") == 6 else None


def stream_of(service, asked):
    """The stream that an iterator is of."""
    iterator = asked.get("ShardIterator")
    if not iterator:
        return None
    if service == "dynamodbstreams":
        streams = importlib.import_module("ministack.services.dynamodb_streams")
        return (streams._decode_iterator(iterator) or {}).get("arn")
    if service == "kinesis":
        kinesis = importlib.import_module("ministack.services.kinesis")
        stream = (kinesis._shard_iterators.get(iterator) or {}).get("stream")
        return (kinesis._streams.get(stream) or {}).get("StreamARN")
    return None


def policy_of_topic(found):
    """What the policy of each topic says from the beginning is for services, and for nobody who calls."""

    def corrected(arn):
        told = found(arn)
        if told is None:
            return None
        try:
            policy = json.loads(told[0])
            statements = policy["Statement"]
            policy["Statement"] = [one for one in statements if one.get("Sid") != "__default_statement_ID"]
        except (AttributeError, KeyError, TypeError, ValueError):
            return told
        return json.dumps(policy), told[1]

    return corrected


def sessions(_):
    """The state of STS: who was given credentials keeps them until they expire, whatever becomes of this process."""
    return lambda: {"sessions": dict(importlib.import_module("ministack.services.sts")._sessions)}


def with_sessions(_):
    def loaded(state):
        importlib.import_module("ministack.services.sts")._sessions.update(state.get("sessions", {}))

    return loaded


def kept(register):
    """Credentials are on the disk before they are given to anybody."""

    def registered(*arguments, **named):
        register(*arguments, **named)
        sts = importlib.import_module("ministack.services.sts")
        importlib.import_module("ministack.core.persistence").save_state("sts", sts.get_state())

    return registered
