"""Runs in the user's `python3`: loads files, calls what was asked for, and writes one line of JSON for each call.

The numbers of two open files come as arguments: one holds the request, the other takes the lines. Standard output is
not used, it belongs to the user's code. `protocol.rs` has the shapes of both.
"""

import importlib.util
import json
import math
import os
import sys
import types

LONGEST_MESSAGE = 4000
LONGEST_PATH = 160
DEEPEST = 100

with os.fdopen(int(sys.argv[1]), "rb") as request_file:
    request = json.load(request_file)
result_file = os.fdopen(int(sys.argv[2]), "wb")
own_path = list(sys.path)
modules = {}


class Failed(Exception):
    """An outcome that is no value: a `Failure` of protocol.rs."""

    def __init__(self, **failure):
        super().__init__(failure["kind"])
        self.failure = failure


def answer(call):
    handler = call["handler"] or "main"
    module = load(call)
    if not hasattr(module, handler):
        raise Failed(kind="missing", exports=listed(module))
    value = getattr(module, handler)
    if callable(value):
        value = value(*call["arguments"])
    if isinstance(value, types.CoroutineType):
        import asyncio

        value = asyncio.run(value)
    check(value, "", [], [request["largest"]])
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    if len(text.encode("utf-8", "surrogatepass")) > request["largest"]:
        raise Failed(kind="large")
    return text


def load(call):
    """The module, which is loaded once however often it is called. Its folder is where it looks for others first."""
    path = call["program"]
    sys.argv = [path]
    sys.path[:] = [os.path.dirname(path), *(item for item in own_path if item)]
    if path not in modules:
        specification = importlib.util.spec_from_file_location("__directive__", path)
        modules[path] = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(modules[path])
    return modules[path]


def listed(module):
    """What the file itself defines, imports aside."""
    public = ((name, value) for name, value in vars(module).items() if not name.startswith("_"))
    return [
        name for name, value in public if callable(value) and getattr(value, "__module__", None) == module.__name__
    ]


def check(value, path, above, room):
    """Refuses what JSON cannot express, and says where it is."""

    def unfit(problem):
        text = path.removeprefix(".")
        shown = text if len(text) <= LONGEST_PATH else text[:LONGEST_PATH] + "…"
        return Failed(kind="value", path=shown, problem=problem)

    room[0] -= 2 + (len(value) if isinstance(value, str) else 0)
    if room[0] < 0:
        raise Failed(kind="large")
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise unfit("is a number of more than 64 bits: give it as a string")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise unfit(f"is {value}, which JSON cannot express")
    elif isinstance(value, (dict, list, tuple)):
        if any(item is value for item in above):
            raise unfit("is circular: it is a part of itself")
        if len(above) > DEEPEST:
            raise unfit(f"is nested more than {DEEPEST} levels deep")
        above.append(value)
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(value, dict) and not isinstance(key, str):
                raise unfit(f"has the key {key!r}, which is not a string")
            room[0] -= len(key) if isinstance(key, str) else 0
            check(item, path + step(key), above, room)
        above.pop()
    else:
        raise unfit(f"is of type {type(value).__name__}, which JSON cannot express")


def step(key):
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if key.isidentifier() else f"[{json.dumps(key)}]"


def failure_of(error):
    if isinstance(error, Failed):
        return error.failure
    name = type(error).__name__
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return {
        "kind": "thrown",
        "message": f"{name}: {message}"[:LONGEST_MESSAGE] if message else name,
        "place": place_of(error),
    }


def place_of(error):
    """Where in the user's own files an error comes from."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return {"file": error.filename, "line": error.lineno, "column": error.offset or None}
    import traceback

    libraries = ("/site-packages/", "/dist-packages/", os.path.dirname(os.__file__) + os.sep)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if os.path.isabs(frame.filename) and not any(folder in frame.filename for folder in libraries):
            column = getattr(frame, "colno", None)
            return {"file": frame.filename, "line": frame.lineno, "column": None if column is None else column + 1}
    return None


def main():
    for index, call in enumerate(request["calls"]):
        try:
            outcome = {"value": answer(call), "inputs": []}
        # Leaving by `sys.exit` is a failure, too.
        except BaseException as error:
            outcome = {"failure": failure_of(error)}
        line = json.dumps({"index": index, **outcome})
        result_file.write(line.encode() + b"\n")
        result_file.flush()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Threads that were left running are not waited for.
    os._exit(0)


main()
