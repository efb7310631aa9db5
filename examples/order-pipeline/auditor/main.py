"""Looks at the books, the receipts, the marks and the queues once a second, and says how things stand.

Each line of its log is JSON. `"complete": true` is said when every order is where it belongs, and exactly once.
"""

import json
import os
import signal
import threading

import boto3
import psycopg

ORDERS = int(os.environ["ORDERS"])
QUEUES = {
    "new": os.environ["STP_NEW_ORDERS_URL"],
    "priced": os.environ["STP_PRICED_ORDERS_URL"],
    "booked": os.environ["STP_BOOKED_ORDERS_URL"],
    "dead": os.environ["STP_DEAD_LETTERS_URL"],
}

sqs, s3, dynamo = (boto3.client(name) for name in ("sqs", "s3", "dynamodb"))
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda number, frame: stopped.set())


def queues() -> dict[str, int]:
    """How many messages there are, those in somebody's hands included."""
    kinds = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    lengths = {}
    for name, url in QUEUES.items():
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=kinds)["Attributes"]
        lengths[name] = sum(int(attributes[kind]) for kind in kinds)
    return lengths


def books(connection: psycopg.Connection) -> dict[str, int]:
    """Orders, and what they add up to; the same of what customers owe, which each order has changed once."""
    answer = connection.execute(
        """select (select count(*) from orders), (select count(distinct id) from orders),
                  (select count(*) from orders where id between 1 and %s),
                  (select coalesce(sum(cents), 0)::bigint from orders),
                  (select coalesce(sum(orders), 0)::bigint from balances),
                  (select coalesce(sum(cents), 0)::bigint from balances)""",
        [ORDERS],
    )
    names = ["orders", "distinct", "expected", "cents", "owed_orders", "owed_cents"]
    return dict(zip(names, answer.fetchone()))


def receipts() -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=os.environ["STP_ARCHIVE_NAME"])
    return {entry["Key"] for page in pages for entry in page.get("Contents", [])}


def done() -> int:
    pages = dynamo.get_paginator("scan").paginate(TableName=os.environ["STP_STATUSES_NAME"], Select="COUNT")
    return sum(page["Count"] for page in pages)


def audit(connection: psycopg.Connection) -> dict[str, object]:
    found = {"queues": queues(), **books(connection)}
    if found["orders"] < ORDERS or any(found["queues"].values()):
        return {"complete": False, **found}
    # Only now, since it takes longer.
    wanted, there = {f"receipts/{order}.json" for order in range(1, ORDERS + 1)}, receipts()
    found |= {"receipts": len(there), "done": done()}
    is_right = (
        found["orders"] == found["distinct"] == found["expected"] == found["owed_orders"] == found["done"] == ORDERS
        and found["cents"] == found["owed_cents"]
        and there == wanted
    )
    return {"complete": is_right, **found}


def main() -> None:
    with psycopg.connect(os.environ["STP_BOOKS_CONNECTION_STRING"], autocommit=True) as connection:
        while not stopped.wait(1):
            if connection.execute("select to_regclass('balances')").fetchone()[0]:
                print(json.dumps(audit(connection)))


if __name__ == "__main__":
    main()
