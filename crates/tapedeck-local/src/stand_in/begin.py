"""What every start script in Python begins with."""

import fcntl
import os
import sys

DATA = os.environ.get("DATA", "/data")


def say(text):
    print(f"tapedeck: {text}", file=sys.stderr, flush=True)


def hold_data():
    """Waits until nobody else uses the data folder. What this gives is to be kept until the end."""
    if not os.access(DATA, os.W_OK):
        sys.exit(f"tapedeck: {DATA} cannot be written to by user {os.getuid()}")
    held = open(os.path.join(DATA, "lock"), "a")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting: another process uses this data")
        fcntl.flock(held, fcntl.LOCK_EX)
    return held


def sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def answers(port):
    """Whether somebody listens on a port of this container."""
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
