"""Says as a line of JSON what it has found so far, over and over; what fails is tried again, as anybody would."""

import http.server
import json
import os
import socket
import sys
import time
import urllib.request

PORT = int(os.environ.get("PORT", "3000"))


class Prices(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = socket.gethostname().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def ask(address):
    with urllib.request.urlopen(f"http://{address}/", timeout=3) as answer:
        return answer.read().decode()


def serve():
    http.server.ThreadingHTTPServer((os.environ.get("HOST", "0.0.0.0"), PORT), Prices).serve_forever()


class Worker:
    """What it was told is done is counted here, and must be there whoever was killed."""

    def __init__(self):
        self.acknowledged = self.failures = self.refused = 0
        self.answered_by = set()
        self.connection = None

    def row(self):
        import psycopg

        if self.connection is None or self.connection.closed:
            self.connection = psycopg.connect(
                os.environ["STP_DB_CONNECTION_STRING"], autocommit=True, connect_timeout=3
            )
            self.connection.execute("create table if not exists life (id text primary key)")
        name = f"{socket.gethostname()}-{time.time_ns()}"
        self.connection.execute("insert into life values (%s)", [name])
        self.acknowledged += 1
        return self.connection.execute("select count(*) from life").fetchone()[0]

    def message(self):
        import boto3

        queue = boto3.resource("sqs").get_queue_by_name(QueueName=os.environ["QUEUE"])
        queue.send_message(MessageBody="life")
        boto3.resource("dynamodb").Table(os.environ["STP_SEEN_NAME"]).put_item(Item={"id": "life"})
        return int(queue.attributes["ApproximateNumberOfMessages"])

    def attempt(self, what):
        try:
            return what()
        except Exception as error:
            self.failures += 1
            print(f"{what.__name__}: {type(error).__name__}: {error}"[:300], file=sys.stderr, flush=True)
            if self.connection is not None:
                self.connection.close()
            return None

    def price(self):
        self.answered_by.add(ask(os.environ["STP_PRICES_ADDRESS"]))
        return len(self.answered_by)

    def run(self):
        while True:
            rows, messages, prices = (self.attempt(what) for what in (self.row, self.message, self.price))
            said = {
                "rows": rows,
                "acknowledged": self.acknowledged,
                "messages": messages,
                "prices": prices,
                "failures": self.failures,
            }
            print(json.dumps(said), flush=True)
            time.sleep(0.2)


if sys.argv[1:] == ["check"]:
    ask(f"127.0.0.1:{PORT}")
elif os.environ["ROLE"] == "prices":
    serve()
else:
    Worker().run()
