"""A node under attack and the frames of who attacks it.

The attacker, the bystander and the operator come from addresses of their own, as they would in a network.
"""

import re
import socket
import struct
from pathlib import Path

from processes import CQL_PORT, Server
from raw import ERROR, EXECUTE, PREPARE, QUERY, STARTUP, RawConnection, string

AUTH_RESPONSE, AUTHENTICATE, AUTH_SUCCESS = 0x0F, 0x03, 0x10
ATTACKER = "127.0.0.66"
CGROUPS = [Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")]
CGROUP_LIMIT = 3 << 30
STARTUP_BODY = struct.pack(">H", 1) + string("CQL_VERSION") + string("3.0.0")


def frame(opcode, body, stream=0):
    return struct.pack(">BBhBi", 4, 0, stream, opcode, len(body)) + body


def query(text, stream=0, page=None):
    """A QUERY at ONE, without pages unless their size is given."""
    text = text.encode()
    flags = b"\x00" if page is None else b"\x04" + struct.pack(">i", page)
    return frame(QUERY, struct.pack(">i", len(text)) + text + b"\0\1" + flags, stream)


def prepare(text, stream=0):
    text = text.encode()
    return frame(PREPARE, struct.pack(">i", len(text)) + text, stream)


def execute(identity, stream=0):
    return frame(EXECUTE, struct.pack(">H", len(identity)) + identity + b"\0\1\0", stream)


def connect(address, source=ATTACKER, receive_bytes=None, port=CQL_PORT):
    """A connection from an address of its own, with as small a receive buffer as is asked for."""
    stream = socket.socket()
    if receive_bytes:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    stream.settimeout(30)
    stream.bind((source, 0))
    stream.connect((address, port))
    return stream


def started(address, options=None, **connection):
    """The same after STARTUP in version 4, with further options."""
    stream = connect(address, **connection)
    said = {"CQL_VERSION": "3.0.0"} | (options or {})
    body = struct.pack(">H", len(said)) + b"".join(string(key) + string(value) for key, value in said.items())
    stream.sendall(frame(STARTUP, body))
    opcode, _ = answer(stream)
    assert opcode != ERROR
    return stream


def log_in(address, source, user, password, seconds=60):
    """A connection and what the node says to its login: opcode and body."""
    stream = connect(address, source=source)
    stream.settimeout(seconds)
    stream.sendall(frame(STARTUP, STARTUP_BODY))
    assert answer(stream)[0] == AUTHENTICATE
    token = f"\0{user}\0{password}".encode()
    stream.sendall(frame(AUTH_RESPONSE, struct.pack(">i", len(token)) + token))
    return stream, answer(stream)


def exactly(stream, length):
    received = bytearray()
    while len(received) < length:
        part = stream.recv(min(1 << 20, length - len(received)))
        if not part:
            raise ConnectionError("the node closed the connection")
        received += part
    return bytes(received)


def answer(stream):
    """Opcode and body of the next answer."""
    _, _, _, opcode, length = struct.unpack(">BBhBi", exactly(stream, 9))
    return opcode, exactly(stream, length)


def error(body):
    """Code and text of an error."""
    code, length = struct.unpack(">iH", body[:6])
    return code, body[6 : 6 + length].decode()


class Target:
    """A node with so much memory, in a cgroup of its own where this process may make one."""

    def __init__(self, directory, memory_mib, arguments=()):
        self.memory_mib = memory_mib
        self.server = Server(directory, arguments=["--set", f"memory={memory_mib}MiB", *arguments]).start()
        self.address, self.pid = self.server.address, self.server.program.process.pid
        self.cgroup = enclose(self.pid)

    def stop(self):
        code = self.server.stop()
        if self.cgroup:
            self.cgroup.rmdir()
        return code

    def resident_mb(self):
        """Anonymous memory. What is mapped from files, the program's own text, is the system's to take back."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+) kB", status).group(1)) / 1024

    def limit_mb(self):
        return 1.5 * self.memory_mib + 100

    def bystander(self):
        return RawConnection(self.address, 4)


def enclose(pid):
    """Puts a process into a cgroup that ends it before it takes the machine's memory; none where that is not allowed."""
    for root in CGROUPS:
        try:
            line = next(line for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines() if ":memory:" in line or line.startswith("0::"))
            group = root / line.rpartition(":")[2].lstrip("/") / f"henge-attack-{pid}"
            group.mkdir()
            limit = group / ("memory.limit_in_bytes" if root.name == "memory" else "memory.max")
            try:
                limit.write_text(str(CGROUP_LIMIT))
                (group / "cgroup.procs").write_text(str(pid))
                return group
            except OSError:
                group.rmdir()
        except (OSError, StopIteration):
            continue
    return None
