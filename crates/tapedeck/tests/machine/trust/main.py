"""Asks the cache for an answer, by a connection whose certificate is checked as Python checks it by default."""

import os
import socket
import ssl
import threading
from urllib.parse import unquote, urlsplit

url = urlsplit(os.environ["STP_CACHE_CONNECTION_STRING"])


def ask(name):
    with socket.create_connection((url.hostname, url.port)) as plain:
        with ssl.create_default_context().wrap_socket(plain, server_hostname=name) as connection:
            connection.sendall(f"AUTH {url.username} {unquote(url.password)}\r\nPING\r\n".encode())
            said = b""
            while b"PONG" not in said:
                said += connection.recv(100)
            return "PONG"


print(f"python: {ask(url.hostname)}", flush=True)
try:
    ask("elsewhere.example")
except ssl.SSLCertVerificationError as error:
    print(f"python: refused, {error.verify_message}", flush=True)
threading.Event().wait()
