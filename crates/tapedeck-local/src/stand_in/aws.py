"""Starts ministack, which stands in for the APIs of AWS, and sees to it that its state outlives a kill.

MINISTACK_HOST, GATEWAY_PORT, MINISTACK_ACCOUNT_ID, MINISTACK_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
AWS_ENDPOINT_URL come from outside. Argument `ready`: tells whether it answers.

ministack writes its state when it is asked to end, and only then. Here it is also written while it runs: soon after a
request, and now and then without one, each service whose state has changed to a file of its own, which is written
beside, synced and renamed. Nor is everybody root who knows how root's key looks: its signature is checked like any other,
and what lets one look at everything or wipe it takes the secret in the header `x-tapedeck-key`. Nor is it who signs nothing:
of S3 that one has what the policy of a bucket gives to everybody.

Where ministack has no longer the names that this needs, it says so and goes without.
"""

import asyncio
import hashlib
import hmac
import json
import os
import shutil
import stat
import sys
import threading
import time
import urllib.request
import zipfile

from begin import DATA, hold_data, say, sync

PORT = os.environ.setdefault("GATEWAY_PORT", "4566")

# Seconds from a request to the next look at the state, and between looks without one.
SOON, NOW_AND_THEN = 1.0, 30.0
# The part of the time that looking may take.
SHARE = 0.05
# A look that fails so often in a row is told.
TOLERATED = 5

# Pages of ministack's own for people, which ask nobody who they are.
CLOSED = tuple(f"/_ministack/{page}" for page in ("config", "lambda", "reset", "ses", "sns", "sqs", "transfer"))


def ready():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/_ministack/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def set_environment():
    os.environ.update(
        AUTH="true",
        PERSIST_STATE="1",
        S3_PERSIST="1",
        STATE_DIR=os.path.join(DATA, "state"),
        S3_DATA_DIR=os.path.join(DATA, "s3"),
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        # Containers are started by tapedeck alone.
        DOCKER_HOST="unix:///nonexistent",
    )
    os.environ.setdefault("BIND_HOST", "0.0.0.0")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    # Functions have the environment of this program as well as their own.
    os.environ.pop("AWS_EXECUTION_ENV", None)
    for folder in ("state", "s3"):
        os.makedirs(os.path.join(DATA, folder), exist_ok=True)


def keep_previous():
    """Keeps the state of this start in `state/previous`: ministack goes on without what it cannot read, and writes that over."""
    state = os.environ["STATE_DIR"]
    previous = os.path.join(state, "previous")
    shutil.rmtree(previous, ignore_errors=True)
    os.mkdir(previous)
    for name in os.listdir(state):
        if name.endswith(".json"):
            # Files are replaced and never changed, so a link is as good as a copy.
            os.link(os.path.join(state, name), os.path.join(previous, name))


class Keeper:
    """Writes the states of services. Takes the place of ministack's own writing, at its end, too."""

    def __init__(self, app, persistence):
        self.states_of = app._build_persistence_save_dict
        self.save_all = persistence.save_all
        self.default = persistence._json_default
        self.version_of = persistence._state_format_version
        self.folder = persistence.STATE_DIR
        # By service: a number for each time it was looked at, what was written last, and how often in a row it failed.
        self.looks, self.written, self.failed = 0, {}, {}
        self.collected = None
        self.writing = threading.Lock()
        self.requests = 0

    def save_state(self, service, state):
        """What `save_all` calls for each service."""
        try:
            document = {"__ministack_format__": self.version_of(service), "payload": state}
            content = json.dumps(document, default=self.default).encode()
        except Exception as error:
            # Something changed while it was looked at, or there is a value that no file can hold. The last good file stays.
            self.failed[service] = self.failed.get(service, 0) + 1
            if self.failed[service] == TOLERATED or self.collected is None:
                say(f"the state of {service} could not be saved: {type(error).__name__}: {error}")
            return
        self.failed.pop(service, None)
        digest = hashlib.blake2b(content).digest()
        self.looks += 1
        if self.written.get(service, (0, None))[1] == digest:
            return
        if self.collected is None:
            self.write([(self.looks, service, content, digest)])
        else:
            self.collected.append((self.looks, service, content, digest))

    def write(self, changed):
        with self.writing:
            for look, service, content, digest in changed:
                # The end has overtaken this.
                if self.written.get(service, (0, None))[0] > look:
                    continue
                path = os.path.join(self.folder, f"{service}.json")
                try:
                    with open(path + ".new", "wb") as file:
                        file.write(content)
                        file.flush()
                        os.fsync(file.fileno())
                    os.replace(path + ".new", path)
                except OSError as error:
                    say(f"the state of {service} could not be saved: {error}")
                else:
                    self.written[service] = (look, digest)
            if changed:
                sync(self.folder)

    def look(self):
        """What has changed. On the loop that serves requests, so that no request is half done."""
        self.collected = []
        try:
            self.save_all(self.states_of())
            return self.collected
        finally:
            self.collected = None

    async def keep(self):
        seen, last, pause = 0, time.monotonic(), SOON
        while True:
            await asyncio.sleep(pause)
            started = time.monotonic()
            if self.requests == seen and not self.failed and started - last < NOW_AND_THEN:
                continue
            seen, last = self.requests, started
            try:
                changed = self.look()
                took = time.monotonic() - started
                await asyncio.to_thread(self.write, changed)
            except Exception as error:
                say(f"the state could not be saved: {type(error).__name__}: {error}")
            else:
                pause = max(SOON, took / SHARE)

    def serving(self, app):
        """The same application; it counts requests, and its state is kept while it runs."""

        async def counted(scope, receive, send):
            if scope["type"] == "lifespan":
                task = asyncio.create_task(self.keep())
                try:
                    await app(scope, receive, send)
                finally:
                    task.cancel()
                return
            try:
                await app(scope, receive, send)
            finally:
                if not scope.get("path", "").startswith("/_ministack/health"):
                    self.requests += 1

        return counted


def closed(app):
    """The same application; what is for whoever knows the secret alone is refused to others."""
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY", "").encode()

    async def guarded(scope, receive, send):
        path = scope.get("path", "")
        while "//" in path:
            path = path.replace("//", "/")
        if path.startswith(CLOSED):
            given = dict(scope.get("headers", [])).get(b"x-tapedeck-key", b"")
            if not secret or not hmac.compare_digest(given, secret):
                await send({"type": "http.response.start", "status": 403, "headers": []})
                await send({"type": "http.response.body", "body": b"the header x-tapedeck-key has no right value\n"})
                return
        await app(scope, receive, send)

    return guarded


def unpack_as_lambda():
    """Has links and modes in zips of code survive, as they do in Lambda: packages of Node may be links to each other."""
    plain = zipfile.ZipFile._extract_member

    def extract(self, member, targetpath, pwd):
        info = member if isinstance(member, zipfile.ZipInfo) else self.getinfo(member)
        mode = info.external_attr >> 16
        before = os.path.join(targetpath, info.filename)
        if os.path.islink(before):
            os.unlink(before)
        path = plain(self, info, targetpath, pwd)
        if stat.S_ISLNK(mode):
            os.unlink(path)
            os.symlink(self.read(info).decode(), path)
        elif stat.S_ISREG(mode):
            os.chmod(path, stat.S_IMODE(mode) | stat.S_IRUSR)
        return path

    zipfile.ZipFile._extract_member = extract


def is_root(key):
    """Takes the place of `_is_root_key`, whose keys are not checked: here only what has no key is not."""
    return not key


def enforcing(evaluator):
    """As `enforce`, but who sends S3 no signature is nobody: what a bucket's policy allows everybody is allowed."""
    enforce, result = evaluator.enforce, evaluator.EvalResult

    def enforced(key, action, service, region, resource_arn="*", service_context=None):
        if service != "s3" or key or not evaluator._anonymous.get():
            return enforce(key, action, service, region, resource_arn, service_context)
        context = evaluator.EvalContext(
            principal_arn="arn:aws:iam::000000000000:anonymous",
            principal_type="Anonymous",
            principal_account="",
            action=action,
            resource_arn=resource_arn,
            region=region,
            service_context={name.lower(): value for name, value in (service_context or {}).items()},
            principal_keys={},
        )
        found = evaluator._resource_policy(service, resource_arn)
        if found and evaluator.evaluate_resource_policy(found[0], context).decision == "Allow":
            return None
        return result("ImplicitDeny", principal_arn="anonymous")

    for needed in ("_anonymous", "_is_root_key", "_resource_policy", "evaluate_resource_policy", "EvalContext"):
        getattr(evaluator, needed)
    return enforced


def main():
    if sys.argv[1:] == ["ready"]:
        sys.exit(0 if ready() else 1)
    held = hold_data()
    set_environment()
    keep_previous()
    unpack_as_lambda()
    import corrections
    import ministack.app as app
    from ministack.core import iam_evaluator, persistence

    try:
        keeper = Keeper(app, persistence)
        serving = keeper.serving(app.app)
    except AttributeError as error:
        say(f"state is only saved at a clean stop: this ministack lacks a name: {error}")
        serving = app.app
    else:
        persistence.save_state = keeper.save_state
    try:
        iam_evaluator.enforce = enforcing(iam_evaluator)
    except AttributeError as error:
        say(f"whoever signs nothing, or as root, may not be checked: this ministack lacks a name: {error}")
    else:
        iam_evaluator._is_root_key = is_root
    for name in corrections.correct():
        say(f"not everything is as on AWS: this ministack lacks a name: {name}")
    app.app = closed(serving)
    sys.argv[1:] = []
    app.main()
    held.close()


if __name__ == "__main__":
    main()
