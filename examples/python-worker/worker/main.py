"""Prints a line of JSON each second until it is told to stop."""

import json
import signal
import threading

import humanize
import psutil

from worker.settings import Settings

stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda number, frame: stopped.set())


def say(message: str, **facts: object) -> None:
    print(json.dumps({"message": message, **facts}))


def main() -> None:
    settings = Settings.of_environment()
    process = psutil.Process()
    beat = 0
    say("started", name=settings.name)
    while not stopped.wait(settings.interval_s):
        beat += 1
        memory = humanize.naturalsize(process.memory_info().rss, binary=True)
        say("still here", name=settings.name, beat=beat, memory=memory)
    say("stopped", name=settings.name, beats=beat)


if __name__ == "__main__":
    main()
