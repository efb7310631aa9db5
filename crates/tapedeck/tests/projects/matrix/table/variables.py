"""What a connection tells: each variable and its value, none missing, none more. `{…}` stands for other variables."""

import os
import re

ACCOUNT = "000000000000"
REGION = os.environ.get("AWS_REGION", "")
STACK = os.environ["JOBS_NAME"].removesuffix("-jobs")
ADDRESS = r"\d+\.\d+\.\d+\.\d+"


def arn(service, rest):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def database(stem, password, port, name):
    return {
        f"{stem}_HOST": re.compile(ADDRESS),
        f"{stem}_CONNECTION_STRING": f"postgresql://keeper:{password}@{{{stem}_HOST}}:{port}/{name}",
        f"{stem}_JDBC_CONNECTION_STRING": f"jdbc:postgresql://{{{stem}_HOST}}:{port}/{name}?user=keeper&password={password}",
        f"{stem}_PORT": port,
        f"{stem}_DB_NAME": name,
    }


def cache(stem, password, port):
    return {
        f"{stem}_SHARDING": "disabled",
        f"{stem}_HOST": re.compile(ADDRESS),
        f"{stem}_CONNECTION_STRING": f"rediss://default:{password}@{{{stem}_HOST}}:{port}",
        f"{stem}_READER_HOST": f"{{{stem}_HOST}}",
        f"{stem}_READER_CONNECTION_STRING": f"rediss://default:{password}@{{{stem}_HOST}}:{port}",
        f"{stem}_PORT": port,
        f"{stem}_READER_PORT": port,
    }


def queue(stem, name):
    return {
        f"{stem}_ARN": arn("sqs", name),
        f"{stem}_URL": f"{os.environ.get('AWS_ENDPOINT_URL')}/{ACCOUNT}/{name}",
        f"{stem}_NAME": name,
    }


def topic(stem, name):
    return {f"{stem}_ARN": arn("sns", name), f"{stem}_NAME": name}


CONNECTED = {
    "STP_PHOTOS_NAME": re.compile(f"{STACK}-photos-[0-9a-f]+"),
    "STP_PHOTOS_ARN": "arn:aws:s3:::{STP_PHOTOS_NAME}",
    "STP_ORDERS_NAME": re.compile(f"{STACK}-orders-[0-9a-f]+"),
    "STP_ORDERS_ARN": arn("dynamodb", "table/{STP_ORDERS_NAME}"),
    "STP_ORDERS_STREAM_ARN": re.compile(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{STACK}-orders-[0-9a-f]+/stream/.+"),
    **queue("STP_JOBS", f"{STACK}-jobs"),
    **queue("STP_STEPS", f"{STACK}-steps.fifo"),
    **topic("STP_NEWS", f"{STACK}-news"),
    **topic("STP_SERIES", f"{STACK}-series.fifo"),
    "STP_EVENTS_ARN": arn("events", f"event-bus/{STACK}-events"),
    "STP_CLICKS_ARN": arn("kinesis", f"stream/{STACK}-clicks"),
    "STP_CLICKS_NAME": f"{STACK}-clicks",
    "STP_PEOPLE_ID": re.compile(f"{REGION}_[A-Za-z0-9]+"),
    "STP_PEOPLE_CLIENT_ID": re.compile("[A-Za-z0-9]+"),
    "STP_PEOPLE_CLIENT_SECRET": re.compile("[A-Za-z0-9+/=]{32,}"),
    "STP_PEOPLE_ARN": arn("cognito-idp", "userpool/{STP_PEOPLE_ID}"),
    "STP_PEOPLE_PROVIDER_URL": f"https://cognito-idp.{REGION}.amazonaws.com/{{STP_PEOPLE_ID}}",
    "STP_PEOPLE_DOMAIN": f"{STACK}-people.auth.{REGION}.amazoncognito.com",
    **database("STP_DB", "matrix-password", "5432", "shop"),
    **database("STP_GUARDED_DB", "guarded-password", "5544", "defdb"),
    "STP_DOOR_ADDRESS": "door:3000",
    **cache("STP_CACHE", "matrix-password-1", "6379"),
    **cache("STP_GUARDED_CACHE", "guarded-password-1", "6400"),
}

# What the engine itself tells.
OF_THE_ENGINE = {
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": re.compile("/v2/credentials/[0-9a-f]{32}"),
    "AWS_DEFAULT_REGION": "local",
    "AWS_ENDPOINT_URL": re.compile(f"http://{ADDRESS}:4566"),
    "AWS_ENDPOINT_URL_BATCH": "http://169.254.170.2",
    "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
    "AWS_REGION": "local",
}


def check(role, tell):
    expected = (CONNECTED if role == "connected" else {}) | OF_THE_ENGINE
    for name, value in expected.items():
        got = os.environ.get(name)
        if isinstance(value, re.Pattern):
            is_right = got is not None and value.fullmatch(got)
            value = got if is_right else f"something like {value.pattern}"
        else:
            value = re.sub(r"\{(\w+)\}", lambda match: os.environ.get(match[1], ""), value)
        tell(f"variable {name}", got, value)
    more = [name for name in os.environ if name.startswith(("STP_", "AWS_")) and name not in expected]
    tell("variables beside these", more, [])
