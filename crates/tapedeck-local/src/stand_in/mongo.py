"""Starts SecantusDB, which stands in for MongoDB Atlas: a replica set of one, with SCRAM.

MONGO_USER and MONGO_PASSWORD say who there is to be, MONGO_ADMIN_USER and MONGO_ADMIN_PASSWORD who else, MONGO_PORT where it
listens. Argument `ready`: tells whether it answers. Every commit is synced before it is acknowledged, as Atlas acknowledges what a majority has journalled.
"""

import hashlib
import os
import sys

from begin import DATA, answers, hold_data

PORT = int(os.environ.get("MONGO_PORT", "27017"))
STORAGE = os.path.join(DATA, "secantusdb")
SETTLED = os.path.join(DATA, "settled")
CACHE = "128M"


def mark(users, salt):
    """Tells no more of the passwords than the database does."""
    wanted = "\n".join(f"{user}/{password}" for user, password in users)
    text = hashlib.pbkdf2_hmac("sha256", wanted.encode(), salt, 50_000)
    return f"{salt.hex()} {text.hex()}\n"


def settle(users):
    """Makes the users, or gives them these passwords, with a server that nobody else can reach."""
    from pymongo import MongoClient
    from pymongo.errors import OperationFailure
    from secantus.server import SecantusDBServer

    server = SecantusDBServer(
        host="127.0.0.1",
        port=0,
        storage_path=STORAGE,
        require_auth=False,
        enable_test_commands=False,
        cache_size=CACHE,
        sync_on_commit=True,
    )
    server.start()
    try:
        with MongoClient("127.0.0.1", server.port, directConnection=True, serverSelectionTimeoutMS=10_000) as client:
            roles = [{"role": "root", "db": "admin"}]
            for user, password in users:
                try:
                    client.admin.command("updateUser", user, pwd=password, roles=roles)
                except OperationFailure as error:
                    # There is no such user.
                    if error.code != 11:
                        raise
                    client.admin.command("createUser", user, pwd=password, roles=roles)
    finally:
        server.stop()


def main():
    if sys.argv[1:] == ["ready"]:
        sys.exit(0 if answers(PORT) else 1)
    kinds = ["MONGO", "MONGO_ADMIN"]
    users = [(os.environ.get(f"{kind}_USER", ""), os.environ.pop(f"{kind}_PASSWORD", "")) for kind in kinds]
    users = [(user, password) for user, password in users if user and password]
    if not users:
        sys.exit("tapedeck: MONGO_USER and MONGO_PASSWORD are not set")
    held = hold_data()
    try:
        with open(SETTLED) as file:
            found = file.read()
    except OSError:
        found = ""
    salt = bytes.fromhex(found.split(" ")[0]) if found else os.urandom(16)
    wanted = mark(users, salt)
    # What was asked for before and is so no longer was changed by somebody with a client, and stays as it is.
    if found != wanted:
        settle(users)
        with open(SETTLED + ".new", "w") as file:
            file.write(wanted)
        os.replace(SETTLED + ".new", SETTLED)
    from secantus import cli

    arguments = ["--host", "0.0.0.0", "--port", str(PORT), "--storage-path", STORAGE, "--auth", "--sync-on-commit"]
    code = cli.main([*arguments, "--cache-size", CACHE, "--log-level", "WARNING"])
    held.close()
    sys.exit(code)


if __name__ == "__main__":
    main()
