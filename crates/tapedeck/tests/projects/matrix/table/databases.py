"""Databases and caches from inside: what a connection tells leads into them, and nothing else does."""

import os

import psycopg
import redis

from .words import ALLOWED

SAID = {
    "password authentication failed": "wrong password",
    "no password supplied": "no password",
    "fe_sendauth": "no password",
    "WRONGPASS": "wrong password",
    "invalid username-password pair": "wrong password",
    "NOAUTH": "no password",
    "HELLO must be called with the client already authenticated": "no password",
    "Authentication required": "no password",
    "Connection closed by server": "refused",
    "Connection reset by peer": "refused",
    "timed out": "dropped",
    "timeout expired": "dropped",
    "Timeout connecting": "dropped",
    "CERTIFICATE_VERIFY_FAILED": "unknown certificate",
}


def outcome(work):
    try:
        return work()
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        return next((what for said, what in SAID.items() if said in text), text)


def postgres(connection, **more):
    with psycopg.connect(connection, connect_timeout=3, **more) as connected:
        connected.execute("CREATE TABLE IF NOT EXISTS seen (id int)")
        return ALLOWED if connected.execute("SELECT 1").fetchone() == (1,) else "nothing"


def cached(url, **more):
    connected = redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3, **more)
    connected.set("matrix", "seen")
    return ALLOWED if connected.get("matrix") == b"seen" else "nothing"


def check(tell):
    told = os.environ
    for stem, other in [("STP_DB", "STP_GUARDED_DB"), ("STP_GUARDED_DB", "STP_DB")]:
        url = told[f"{stem}_CONNECTION_STRING"]
        start, password = url.rsplit("@")[0].rsplit(":", 1)
        tell(f"{stem}: its connection string", outcome(lambda: postgres(url)), ALLOWED)
        tell(f"{stem}: with TLS", outcome(lambda: postgres(url, sslmode="require")), ALLOWED)
        parts = {"host": told[f"{stem}_HOST"], "port": told[f"{stem}_PORT"], "dbname": told[f"{stem}_DB_NAME"]}
        own = {**parts, "user": "keeper", "password": password}
        tell(f"{stem}: its parts", outcome(lambda: postgres("", **own)), ALLOWED)
        jdbc = told[f"{stem}_JDBC_CONNECTION_STRING"].removeprefix("jdbc:")
        tell(f"{stem}: its JDBC string", outcome(lambda: postgres(jdbc)), ALLOWED)
        wrong = {**own, "password": told[f"{other}_CONNECTION_STRING"].rsplit("@")[0].rsplit(":", 1)[1]}
        tell(f"{stem}: the password of another", outcome(lambda: postgres("", **wrong)), "wrong password")
        tell(f"{stem}: without password", outcome(lambda: postgres("", **{**own, "password": None})), "no password")
        for user in ["postgres", "rdsadmin"]:
            tell(f"{stem}: as {user}", outcome(lambda: postgres("", **{**own, "user": user})), "wrong password")
    for stem in ["STP_CACHE", "STP_GUARDED_CACHE"]:
        for reader in ["", "READER_"]:
            url = told[f"{stem}_{reader}CONNECTION_STRING"]
            tell(f"{stem}: its {reader}CONNECTION_STRING", outcome(lambda: cached(url)), ALLOWED)
            unchecked = {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
            tell(f"{stem}: its {reader}CONNECTION_STRING, unchecked", outcome(lambda: cached(url, **unchecked)), ALLOWED)
        wrong = url.replace(url.split("@")[0].split(":")[-1], "another-password-1")
        tell(f"{stem}: a wrong password", outcome(lambda: cached(wrong, **unchecked)), "wrong password")
        none = "://".join([url.split("://")[0], url.split("@")[1]])
        tell(f"{stem}: without password", outcome(lambda: cached(none, **unchecked)), "no password")
        plain = url.replace("rediss:", "redis:")
        tell(f"{stem}: without TLS", outcome(lambda: cached(plain)), "refused")
