"""Page states that no node gave, or gave for another read, are refused, or read rows of the table that was asked for and no others."""

import random
import socket
import struct

from cassandra.query import SimpleStatement

from processes import CQL_PORT

PARTITIONS, ROWS, SECRET = 20, 10, 7
PROTOCOL_ERROR, INVALID, INT = 0x000A, 0x2200, 9
READS = [
    "SELECT k, c FROM pages",
    "SELECT k, c FROM pages WHERE k = 3",
    "SELECT k, c FROM pages WHERE k = 3 ORDER BY c DESC",
    "SELECT k, c FROM pages WHERE k IN (1, 2, 3)",
    "SELECT k, c FROM pages PER PARTITION LIMIT 2",
    "SELECT k, c FROM pages LIMIT 50",
    "SELECT DISTINCT k FROM pages",
]


def changed(source, state):
    """The state with some of its bytes changed, cut or added to, or nothing of it."""
    state = bytearray(state)
    for _ in range(source.randrange(1, 4)):
        at = source.randrange(len(state) + 1)
        kind = source.randrange(5)
        if kind == 0 and at < len(state):
            state[at] ^= 1 << source.randrange(8)
        elif kind == 1:
            state[at:at] = source.randbytes(source.randrange(9))
        elif kind == 2:
            del state[at:]
        elif kind == 3:
            state = bytearray(source.randbytes(source.randrange(40)))
        elif at < len(state):
            state[at] = source.choice([0, 1, 2, 3, 0x7F, 0x80, 0xFF])
    return bytes(state)


class Cursor:
    """Goes through the body of a result."""

    def __init__(self, body, at):
        self.body, self.at = body, at

    def take(self, length):
        assert 0 <= length <= len(self.body) - self.at
        self.at += length
        return self.body[self.at - length : self.at]

    def short(self):
        return struct.unpack(">H", self.take(2))[0]

    def integer(self):
        return struct.unpack(">i", self.take(4))[0]

    def value(self):
        """An int or null."""
        length = self.integer()
        return None if length == -1 else struct.unpack(">i", self.take(length))[0]


class Plain:
    """A connection in version 4 that goes on after an error of the protocol, where drivers begin a new one."""

    def __init__(self, address, keyspace):
        self.stream = socket.create_connection((address, CQL_PORT), timeout=10)
        assert self.ask(1, struct.pack(">HH", 1, 11) + b"CQL_VERSION" + struct.pack(">H", 5) + b"3.0.0")[0] == 2
        use = f"USE {keyspace}".encode()
        assert self.ask(7, struct.pack(">i", len(use)) + use + struct.pack(">HB", 1, 0))[0] == 8

    def ask(self, opcode, body):
        self.stream.sendall(struct.pack(">BBhBi", 4, 0, 1, opcode, len(body)) + body)
        header = self.stream.recv(9, socket.MSG_WAITALL)
        assert len(header) == 9, "the connection was closed"
        length = struct.unpack(">i", header[5:])[0]
        return header[4], self.stream.recv(length, socket.MSG_WAITALL) if length else b""

    def page(self, text, size, state):
        """The first column of the rows of a page, or the code of an error."""
        text = text.encode()
        # Consistency ONE; a page size, a page state.
        flags = struct.pack(">HBii", 1, 0x04 | 0x08, size, len(state))
        opcode, body = self.ask(7, struct.pack(">i", len(text)) + text + flags + state)
        if opcode == 0:
            return struct.unpack(">i", body[:4])[0]
        assert (opcode, body[:4]) == (8, b"\0\0\0\2")
        flags, columns = struct.unpack(">ii", body[4:12])
        rows = Cursor(body, 12)
        if flags & 2:
            rows.take(rows.integer())
        for _ in ("keyspace", "table"):
            rows.take(rows.short())
        for _ in range(columns):
            rows.take(rows.short())
            assert rows.short() == INT
        keys = [[rows.value() for _ in range(columns)][0] for _ in range(rows.integer())]
        assert rows.at == len(body)
        return keys


def test_forged_states(node, clients):
    session = clients.keyspace("forged")
    for table in ("before", "pages", "secrets"):
        session.execute(f"CREATE TABLE {table} (k int, c int, s int STATIC, PRIMARY KEY (k, c))")
        number = 0 if table == "pages" else 1_000
        for k in range(PARTITIONS):
            for c in range(ROWS):
                session.execute(f"INSERT INTO {table} (k, c, s) VALUES ({number + k}, {c}, {SECRET})")
    states = [state_of(session, text) for text in [*READS, "SELECT k, c FROM before", "SELECT k, c FROM secrets"]]
    source = random.Random(1)
    plain = Plain(node.address, "forged")
    refused = answered = 0
    for _ in range(3_000):
        text, state = source.choice(READS), source.choice(states)
        if source.random() < 0.8:
            state = changed(source, state)
        keys = plain.page(text, source.choice([1, 5, 1_000]), state)
        if isinstance(keys, int):
            assert keys in (PROTOCOL_ERROR, INVALID), (text, state.hex(), hex(keys))
            refused += 1
            continue
        answered += 1
        assert all(k == 3 if "k = 3" in text else 0 <= k < PARTITIONS for k in keys), (text, state.hex(), keys)
    assert refused > 300 and answered > 300
    assert len(list(session.execute("SELECT k FROM pages"))) == PARTITIONS * ROWS


def state_of(session, text):
    """Where the first page of a read ends."""
    return session.execute(SimpleStatement(text, fetch_size=2)).paging_state
