"""Who answers whom: databases as their security groups say, the emulator, the world, and nobody else."""

import errno
import ipaddress
import os
import socket
import struct
import time

# Where each worker listens, for nobody.
LISTENS = 7000
# Longer than an answer within one machine takes.
PATIENCE = 2
# How many connections are tried at once.
AT_ONCE = 800
# What each address of the network is tried for.
SCANNED = [3000, 4566, 5432, 5544, 6379, 6400, LISTENS]

REACHED, REFUSED, DROPPED = "reached", "refused", "dropped"


def gateway():
    with open("/proc/net/route") as table:
        for line in table.readlines()[1:]:
            fields = line.split()
            if fields[1] == "00000000":
                return socket.inet_ntoa(struct.pack("<I", int(fields[2], 16)))


def own_address():
    return socket.gethostbyname(socket.gethostname())


def address_of(name):
    try:
        return socket.gethostbyname(name)
    except OSError:
        return "0.0.0.0"


def listen():
    """Listens on all addresses, on TCP and UDP; connections are made without being accepted."""
    tcp = socket.create_server(("0.0.0.0", LISTENS), backlog=1000)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("0.0.0.0", LISTENS))
    return tcp, udp


def attempts(ends):
    """What becomes of connections. The kernel makes them: it does not matter how busy this machine is meanwhile."""
    results = []
    for start in range(0, len(ends), AT_ONCE):
        begun = [begin(*end) for end in ends[start : start + AT_ONCE]]
        time.sleep(PATIENCE)
        results += [end(*one) for one in begun]
    return results


def begin(address, port):
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    connection.setblocking(False)
    return connection, connection.connect_ex((address, port))


def end(connection, code):
    with connection:
        if code in (0, errno.EINPROGRESS):
            code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            return REFUSED if code == errno.ECONNREFUSED else errno.errorcode[code]
        try:
            connection.getpeername()
        except OSError:
            return DROPPED
        return REACHED


def ends(role, other):
    """What, where, and what is to become of a connection."""
    told, allowed = os.environ, role == "connected"
    machine, _, port = told.get("MATRIX_MACHINE", "").partition(":")
    emulator = told["AWS_ENDPOINT_URL"].removeprefix("http://").split(":")[0]

    def at(name):
        return told[f"{name}_HOST"], int(told[f"{name}_PORT"])

    scoped = REACHED if allowed else DROPPED
    yield "db, open to the internet", at("DB"), REACHED
    yield "guardedDb, open to whom it is connected", at("GUARDED_DB"), scoped
    yield "twinGuardedDb, connected to nobody", at("TWIN_GUARDED_DB"), DROPPED
    yield "cache, open to the network", at("CACHE"), REACHED
    yield "guardedCache, open to whom it is connected", at("GUARDED_CACHE"), scoped
    yield "twinGuardedCache, connected to nobody", at("TWIN_GUARDED_CACHE"), DROPPED
    for name in ["DB", "GUARDED_DB", "CACHE", "GUARDED_CACHE"]:
        for other_port in [22, at(name)[1] + 1]:
            yield f"{name}, port {other_port}", (at(name)[0], other_port), DROPPED
    yield "door, a private service", (address_of("door"), 3000), REACHED
    yield "door, another port", (address_of("door"), 3001), DROPPED
    yield "emulator", (emulator, 4566), REACHED
    for other_port in [22, 80, 443, 1883, 4510, 4567, 8443, 15432]:
        yield f"emulator, port {other_port}", (emulator, other_port), DROPPED
    yield "the other task", (other["address"], LISTENS), DROPPED
    yield "the other task, where its metadata are for it", (other["address"], 80), DROPPED
    yield "itself", (own_address(), LISTENS), REACHED
    yield "its agent", ("169.254.170.2", 80), REACHED
    yield "its agent, another port", ("169.254.170.2", 81), REFUSED
    yield "metadata of machines", ("169.254.169.254", 80), DROPPED
    yield "another link-local address", ("169.254.170.3", 80), DROPPED
    for other_port in [22, 80, 443, 4566, 5432, 6379, LISTENS]:
        yield f"gateway, port {other_port}", (gateway(), other_port), DROPPED
    yield "the world by IPv6", ("2001:db8::1", 80), "ENETUNREACH"
    if machine:
        yield "this machine, where somebody listens", (machine, int(port)), DROPPED
        yield "gateway, where somebody listens on this machine", (gateway(), int(port)), DROPPED
        yield "its loopback, where somebody listens on that of this machine", ("127.0.0.1", int(port)), REFUSED
    if outside := told.get("MATRIX_OUTSIDE"):
        address, _, port = outside.partition(":")
        yield "the world", (address, int(port)), REACHED


def check(role, other, tell, skip):
    listed = list(ends(role, other))
    results = attempts([where for _, where, _ in listed])
    for (what, _, expected), got in zip(listed, results):
        tell(f"network: {what}", got, expected)
    for variable in ["MATRIX_MACHINE", "MATRIX_OUTSIDE", "MATRIX_NAME"]:
        if not os.environ.get(variable):
            skip(f"network: what {variable} is needed for")
    if name := os.environ.get("MATRIX_NAME"):
        try:
            got = "resolved" if socket.getaddrinfo(name, 80) else "nothing"
        except OSError as error:
            got = str(error)
        tell("network: a name of the world", got, "resolved")
    scan(role, tell)


def scan(role, tell):
    """Whoever answers on one of the usual ports, at any address of the network."""
    told = os.environ
    own = own_address()
    network = ipaddress.ip_network(f"{gateway()}/22", strict=False)
    tried = [(str(address), port) for address in network.hosts() for port in SCANNED if str(address) != own]
    results = attempts(tried)
    got = sorted(f"{address}:{port}" for (address, port), result in zip(tried, results) if result == REACHED)
    names = ["DB", "CACHE", *(["GUARDED_DB", "GUARDED_CACHE"] if role == "connected" else [])]
    expected = [f"{told[f'{name}_HOST']}:{told[f'{name}_PORT']}" for name in names]
    expected.append(told["AWS_ENDPOINT_URL"].removeprefix("http://"))
    expected.append(f"{address_of('door')}:3000")
    tell("network: whoever answers in it", got, sorted(expected))


def datagram(other, receiver, tell):
    """Sends the other one a datagram, and waits for what it sends."""
    receiver.sendto(b"matrix", (other["address"], LISTENS))
    receiver.settimeout(4)
    try:
        got = f"from {receiver.recvfrom(100)[1][0]}"
    except OSError:
        got = "nothing"
    tell("network: a datagram of the other task", got, "nothing")
