"""Who somebody is: other keys than one's own, other people's, none at all, and what is signed for others."""

import json
import os
import time
import urllib.error
import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from .play import CONFIG, client, code_of
from .words import ALLOWED, denied

NOBODY = {"aws_access_key_id": "ASIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "a" * 40, "aws_session_token": "b"}

# A call for each way of answering: Query, REST with XML, JSON, JSON that is compatible with Query.
PROBES = {
    "sts": ("get_caller_identity", {}),
    "s3": ("list_objects_v2", {"Bucket": os.environ["PHOTOS_NAME"]}),
    "dynamodb": ("describe_table", {"TableName": os.environ["ORDERS_NAME"]}),
    "sqs": ("get_queue_url", {"QueueName": os.environ["JOBS_NAME"]}),
}
UNKNOWN = {
    "sts": "InvalidClientTokenId",
    "s3": "InvalidAccessKeyId",
    "dynamodb": "UnrecognizedClientException",
    "sqs": "InvalidClientTokenId",
}
WRONG_SECRET = {
    "sts": "SignatureDoesNotMatch",
    "s3": "SignatureDoesNotMatch",
    "dynamodb": "InvalidSignatureException",
    "sqs": "SignatureDoesNotMatch",
}
WRONG_TOKEN = {
    "sts": "InvalidClientTokenId",
    "s3": "InvalidToken",
    "dynamodb": "UnrecognizedClientException",
    "sqs": "InvalidClientTokenId",
}
NO_TOKEN = {**UNKNOWN}
ANONYMOUS = {
    "sts": "MissingAuthenticationToken",
    "s3": "AccessDenied",
    "dynamodb": "MissingAuthenticationTokenException",
    "sqs": "AccessDenied",
}


def fetch(url, method="GET", headers=None, body=None):
    """The status of an answer and its text; what went wrong when there is none."""
    request = urllib.request.Request(url, method=method, headers=headers or {}, data=body)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return str(error), ""


def check(role, other, tell):
    """`other` is what the other task has told about itself."""
    keys(tell)
    if role == "connected":
        signed(tell)
    metadata(role, other, tell)
    emulator(role, tell)


def keys(tell):
    own = boto3.Session().get_credentials().get_frozen_credentials()
    mine = {"aws_access_key_id": own.access_key, "aws_secret_access_key": own.secret_key, "aws_session_token": own.token}
    account = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "test"}
    cases = [
        ("an unknown key", NOBODY, UNKNOWN),
        ("an unknown key of a user", {**NOBODY, "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_session_token": None}, UNKNOWN),
        # Keys that many emulators let everybody in with. AWS knows none of them; here they are root's, without its secret.
        ("the key test", {"aws_access_key_id": "test", "aws_secret_access_key": "test"}, WRONG_SECRET),
        ("an account as key", account, WRONG_SECRET),
        ("a wrong secret", {**mine, "aws_secret_access_key": "c" * 40}, WRONG_SECRET),
        ("a wrong token", {**mine, "aws_session_token": "d" * 100}, WRONG_TOKEN),
        ("no token", {**mine, "aws_session_token": None}, NO_TOKEN),
    ]
    for what, credentials, expected in cases:
        for service, (operation, parameters) in PROBES.items():
            asking = boto3.client(service, config=CONFIG, **credentials)
            got, _ = code_of(lambda: getattr(asking, operation)(**parameters))
            tell(f"credentials: {what}: {service}", got, expected[service])
    for service, (operation, parameters) in PROBES.items():
        asking = boto3.client(service, config=CONFIG.merge(Config(signature_version=UNSIGNED)))
        got, _ = code_of(lambda: getattr(asking, operation)(**parameters))
        tell(f"credentials: none: {service}", got, ANONYMOUS[service])


def signed(tell):
    """URLs that were signed for whoever has them."""
    s3 = client("s3")
    own = {"Bucket": os.environ["PHOTOS_NAME"], "Key": "signed"}
    twin = {**own, "Bucket": os.environ["TWIN_PHOTOS_NAME"]}

    def url(operation, parameters, seconds=60):
        return s3.generate_presigned_url(operation, Params=parameters, ExpiresIn=seconds)

    tell("signed URL: PUT", fetch(url("put_object", own), "PUT", body=b"x")[0], 200)
    tell("signed URL: GET", fetch(url("get_object", own)), (200, "x"))
    tell("signed URL: DELETE with one for GET", fetch(url("get_object", own), "DELETE")[0], 403)
    tell("signed URL: another key with it", fetch(url("get_object", own).replace("/signed?", "/a?"))[0], 403)
    tell("signed URL: another signature", fetch(url("get_object", own)[:-4] + "0000")[0], 403)
    tell("signed URL: of another bucket", fetch(url("get_object", twin))[0], 403)
    short = url("get_object", own, 1)
    time.sleep(2.5)
    tell("signed URL: too late", fetch(short)[0], 403)


def metadata(role, other, tell):
    """The endpoint of this task, asked for this one and for the other one."""
    agent = "http://169.254.170.2"
    relative = os.environ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
    status, text = fetch(agent + relative)
    given = json.loads(text) if status == 200 else {}
    tell("own credentials", status, 200)
    tell("own credentials: parts", sorted(given), ["AccessKeyId", "Expiration", "RoleArn", "SecretAccessKey", "Token"])
    tell("own credentials: role", given.get("RoleArn", "").split("/")[-1].split("-")[2:3], [role])
    tell("the other's credentials", fetch(agent + other["credentials"])[0], 404)
    tell("credentials of an id that nobody has", fetch(f"{agent}/v2/credentials/{'0' * 32}")[0], 404)
    tell("credentials without id", fetch(f"{agent}/v2/credentials")[0], 400)
    tell("credentials without id, with a slash", fetch(f"{agent}/v2/credentials/")[0], 400)
    tell("own metadata", fetch(os.environ["ECS_CONTAINER_METADATA_URI_V4"] + "/task")[0], 200)
    tell("the other's metadata", fetch(other["metadata"] + "/task")[0], 404)
    tell("the other's statistics", fetch(other["metadata"] + "/stats")[0], 404)
    body, headers = b'{"ProtectionEnabled":true}', {"Content-Type": "application/json"}
    protected = fetch(other["agent"] + "/task-protection/v1/state", "PUT", headers, body)
    tell("the other's protection", protected[0], 404)


def emulator(role, tell):
    """Doors of the emulator that AWS does not have."""
    url = os.environ["AWS_ENDPOINT_URL"]
    for page in ["ses/messages", "sqs/messages", "sns/sms-messages", "lambda-code/a", "transfer/sftp-ports"]:
        tell(f"emulator: {page}", fetch(f"{url}/_ministack/{page}")[0], 403)
    for page in ["config", "reset"]:
        # What wipes everything when it is posted: asked for in a way that does nothing.
        tell(f"emulator: {page}", fetch(f"{url}/_ministack/{page}", "OPTIONS" if page == "reset" else "POST")[0], 403)
    # What it gives to machines and tasks of its own is good for nothing.
    for path in ["/latest/meta-data/iam/security-credentials/a", f"/latest/meta-data/iam/security-credentials/{role}", "/v2/credentials/a"]:
        status, text = fetch(url + path)
        got = ALLOWED
        try:
            given = json.loads(text)
            found = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["Token"],
            }
        except (ValueError, KeyError):
            got = UNKNOWN["sts"]
        else:
            asking = boto3.client("sts", config=CONFIG, **found)
            got, _ = code_of(asking.get_caller_identity)
        tell(f"emulator: credentials from {path}", got, UNKNOWN["sts"])
    tell("emulator: an API that it has not", code_of(client("sts").get_session_token)[0], denied("sts"))
