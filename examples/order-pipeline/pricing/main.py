"""Prices orders: takes them from the queue of new ones, and puts them into the next with what they cost.

A message is deleted when what became of it has been sent on, so a crash in between sends it twice.
"""

import json
import os
import signal
import threading

import boto3
import redis

NEW_ORDERS = os.environ["STP_NEW_ORDERS_URL"]
PRICED_ORDERS = os.environ["STP_PRICED_ORDERS_URL"]

sqs = boto3.client("sqs")
cache = redis.Redis.from_url(os.environ["STP_PRICES_CONNECTION_STRING"], decode_responses=True)
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda number, frame: stopped.set())


def price_of(article: int) -> int:
    """In cents. Stands for something that takes its time, such as asking a supplier."""
    return 199 + article * 350


def prices_of(articles: list[int]) -> dict[int, int]:
    """Asks the cache first; what it does not know yet is worked out, and kept for an hour."""
    known = cache.mget([f"price:{article}" for article in articles])
    prices = {}
    with cache.pipeline() as pipeline:
        for article, price in zip(articles, known):
            if price is None:
                price = price_of(article)
                pipeline.set(f"price:{article}", price, ex=3600)
            prices[article] = int(price)
        pipeline.incrby("priced", len(articles))
        pipeline.execute()
    return prices


def work_off(messages: list[dict]) -> None:
    orders = [json.loads(message["Body"]) for message in messages]
    prices = prices_of([order["article"] for order in orders])
    for order in orders:
        order["cents"] = prices[order["article"]] * order["quantity"]
    entries = [{"Id": str(at), "MessageBody": json.dumps(order)} for at, order in enumerate(orders)]
    answer = sqs.send_message_batch(QueueUrl=PRICED_ORDERS, Entries=entries)
    sent = [int(entry["Id"]) for entry in answer.get("Successful", [])]
    entries = [{"Id": str(at), "ReceiptHandle": messages[at]["ReceiptHandle"]} for at in sent]
    if entries:
        sqs.delete_message_batch(QueueUrl=NEW_ORDERS, Entries=entries)


def main() -> None:
    print(json.dumps({"message": "started", "priced": int(cache.get("priced") or 0)}))
    while not stopped.is_set():
        messages = sqs.receive_message(QueueUrl=NEW_ORDERS, MaxNumberOfMessages=10).get("Messages")
        if messages:
            work_off(messages)
    print(json.dumps({"message": "stopped"}))


if __name__ == "__main__":
    main()
