"""What the tables are written in.

A call is an operation of boto3 and its parameters. In them `$name`, `$arn` and the like stand for what the resource is
called, `$Other_arn` for a resource of that name, and what an earlier call was told to keep for what that call gave.
"""

from dataclasses import dataclass, field

ALLOWED = "allowed"

# What each service answers to who is not allowed to.
DENIED = {
    "cloudformation": "AccessDenied",
    "cloudfront": "AccessDenied",
    "ec2": "UnauthorizedOperation",
    "elasticache": "AccessDenied",
    "elbv2": "AccessDenied",
    "autoscaling": "AccessDenied",
    "iam": "AccessDenied",
    "rds": "AccessDenied",
    "route53": "AccessDenied",
    "s3": "AccessDenied",
    "ses": "AccessDenied",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
    "sts": "AccessDenied",
}


def denied(service):
    return DENIED.get(service, "AccessDeniedException")


@dataclass(frozen=True)
class Differs:
    """Where what stands in for AWS answers otherwise: what it answers where the call is allowed, and where it is not."""

    why: str
    allowed: str | None = None
    denied: str | None = None


@dataclass(frozen=True)
class Call:
    operation: str
    parameters: dict = field(default_factory=dict)
    # What it gives where it is allowed: nothing is wrong, or an error that only comes after permission was given.
    gives: str = ALLOWED
    # What it gives where it is not, if not what its service gives; answers to HEAD have no body.
    denied: str | None = None
    # Names for parts of the answer, as JMESPath, for the calls after it.
    keep: dict = field(default_factory=dict)
    label: str = ""
    # Another service than the one of its table.
    service: str | None = None
    differs: Differs | None = None


@dataclass(frozen=True)
class Target:
    """A resource that `connected` is connected to, and one like it that nobody is."""

    service: str
    own: str
    # None where there is no such thing.
    twin: str | None
    # What the connection grants, in this order, and what is next to it and it does not grant.
    granted: list
    refused: list = field(default_factory=list)
    # What it grants as well, and would be the end of the resource: only tried where it is refused.
    ending: list = field(default_factory=list)
