"""Plays the tables: as `connected`, which may do what is granted on its own, or as `stranger`, which may do nothing."""

import os
import re
import string
import time

import boto3
import botocore.exceptions
import jmespath
from botocore.config import Config

from . import bucket, elsewhere, flow, people, queue, statements, table, topic
from .words import ALLOWED, denied

TARGETS = [
    *bucket.TARGETS,
    *table.TARGETS,
    *queue.TARGETS,
    *topic.TARGETS,
    *flow.TARGETS,
    *people.TARGETS,
    *statements.TARGETS,
    *elsewhere.TARGETS,
]

CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)

# Where operations that take several things tell what is wrong with one of them.
INNER = jmespath.compile("Errors[0].Code || Failed[0].Code || Entries[?ErrorCode].ErrorCode | [0]")

clients = {}


def client(service):
    if service not in clients:
        clients[service] = boto3.client(service, config=CONFIG)
    return clients[service]


def code_of(work):
    """What becomes of a call: that it is allowed, or the code of its error. And what it gives."""
    try:
        answer = work()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"], {}
    except Exception as error:
        return f"{type(error).__name__}: {error}", {}
    inner = INNER.search(answer) if isinstance(answer, dict) else None
    return inner or ALLOWED, answer


def filled(value, names):
    if isinstance(value, dict):
        return {filled(key, names): filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, names) for inner in value]
    if isinstance(value, str):
        return string.Template(value).safe_substitute(names)
    return value


def names_of(resource):
    """`PHOTOS_STREAM_ARN=…` of the environment is `streamArn` of `photos`, and `photos_streamArn` of all."""
    stem = re.sub("([A-Z])", r"_\1", resource).upper() + "_"
    names = {}
    for variable, value in os.environ.items():
        if variable.startswith(stem):
            first, *rest = variable.removeprefix(stem).lower().split("_")
            names[first + "".join(word.capitalize() for word in rest)] = value
    return names


def play(role, names, tell):
    """All of the tables. Calls `tell(check, got, expected, why)` for each."""
    # Where nobody has told any: long enough for boto3 to send it.
    names = {"shard": "shardId-" + "0" * 20, **names}
    resources = [one for target in TARGETS for one in (target.own, target.twin) if one]
    for resource in resources:
        names |= {f"{resource}_{name}": value for name, value in names_of(resource).items()}
    for target in TARGETS:
        for resource in filter(None, [target.own, target.twin]):
            is_granted = role == "connected" and resource == target.own
            known = names | names_of(resource)
            for call in target.granted:
                one(resource, target.service, call, known, is_granted, tell)
            for call in target.refused:
                one(resource, target.service, call, known, False, tell)
            for call in target.ending:
                if not is_granted:
                    one(resource, target.service, call, known, False, tell)


def one(resource, service, call, known, is_granted, tell):
    service = call.service or service
    parameters = filled(call.parameters, known)
    got, answer = code_of(lambda: getattr(client(service), call.operation)(**parameters))
    for name, path in call.keep.items():
        if (value := jmespath.search(path, answer)) is not None:
            known[name] = value
    expected = call.gives if is_granted else call.denied or denied(service)
    why = None
    if call.differs and (here := call.differs.allowed if is_granted else call.differs.denied):
        expected, why = here, f"{call.differs.why}; AWS: {expected}"
    label = f" ({call.label})" if call.label else ""
    tell(f"{resource}: {service} {call.operation}{label}", got, expected, why)
