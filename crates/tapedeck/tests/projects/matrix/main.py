"""Says what this task may do and reach: a line of JSON for each check, and one at the end.

The other worker is met in the database that both reach: each leaves there what only the other's checks may not reach by it.
"""

import json
import os
import signal
import sys
import threading
import time

import psycopg

from table import credentials, databases, network, play, signing_up, variables

ROLE = os.environ["ROLE"]
OTHER = {"connected": "stranger", "stranger": "connected"}[ROLE]
told = 0


def say(**line):
    print(json.dumps(line), flush=True)


def tell(check, got, expected, why=None):
    global told
    told += 1
    # As they are once they have been told.
    got, expected = json.loads(json.dumps([got, expected], default=str))
    line = {"check": f"{ROLE}: {check}", "got": got, "expected": expected, "ok": got == expected}
    say(**line, **({"differs": why} if why else {}))


def skip(check):
    say(skipped=f"{ROLE}: {check}")


def meet():
    """Leaves word for the other worker for as long as this one runs, and gives what that one has left."""
    mine = {
        "address": network.own_address(),
        "credentials": os.environ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
        "metadata": os.environ["ECS_CONTAINER_METADATA_URI_V4"],
        "agent": os.environ["ECS_AGENT_URI"],
    }
    connection = psycopg.connect(os.environ["DB_CONNECTION_STRING"], autocommit=True)
    connection.execute("SELECT pg_advisory_lock(7)")
    connection.execute("CREATE TABLE IF NOT EXISTS word (role text PRIMARY KEY, at timestamptz, told text)")
    connection.execute("SELECT pg_advisory_unlock(7)")

    def leave():
        connection.execute(
            "INSERT INTO word VALUES (%s, clock_timestamp(), %s) ON CONFLICT (role) DO UPDATE SET at = excluded.at, told = excluded.told",
            (ROLE, json.dumps(mine)),
        )

    def keep():
        while True:
            leave()
            time.sleep(0.5)

    threading.Thread(target=keep, daemon=True).start()
    fresh = "SELECT told FROM word WHERE role = %s AND at > clock_timestamp() - interval '2 seconds'"
    with psycopg.connect(os.environ["DB_CONNECTION_STRING"], autocommit=True) as looking:
        while not (found := looking.execute(fresh, (OTHER,)).fetchone()):
            time.sleep(0.2)
    return json.loads(found[0])


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    tcp, udp = network.listen()
    other = meet()
    network.datagram(other, udp, tell)
    variables.check(ROLE, tell)
    identity = play.client("sts").get_caller_identity()["Arn"]
    role = identity.split("/")[1]
    stack = os.environ["JOBS_NAME"].removesuffix("-jobs")
    tell("role", role, f"{stack}-{ROLE}-{os.environ['AWS_REGION']}")
    arn = f"arn:aws:iam::000000000000:role/{role}"
    names = {
        "run": f"run{time.time_ns():x}",
        "role": role,
        "roleArn": arn,
        "otherRoleArn": arn.replace(ROLE, OTHER),
        "stack": stack,
    }
    play.play(ROLE, names, tell)
    signing_up.check(ROLE, names["run"], tell)
    credentials.check(ROLE, other, tell)
    if ROLE == "connected":
        databases.check(tell)
    network.check(ROLE, other, tell, skip)
    say(role=ROLE, checks=told)
    while True:
        time.sleep(3600)


main()
