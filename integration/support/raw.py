"""A connection that shows what frames hold: prepared ids, metadata, flags and error codes that drivers act on and hide.

Versions 3 to 5, without compression. A request is answered before the next is sent.
"""

import socket
import struct
import zlib

from processes import CQL_PORT

ERROR, STARTUP, READY, QUERY, RESULT, PREPARE, EXECUTE, BATCH = 0x00, 0x01, 0x02, 0x07, 0x08, 0x09, 0x0A, 0x0D
VOID, ROWS, SET_KEYSPACE, PREPARED, SCHEMA_CHANGE = 1, 2, 3, 4, 5
UNPREPARED = 0x2500
GLOBAL_TABLE, MORE_PAGES, NO_METADATA, METADATA_CHANGED = 0x01, 0x02, 0x04, 0x08
VALUES, SKIP_METADATA = 0x01, 0x02
ONE = 1
# Types with parts, by their code, and how many parts they have.
COLLECTIONS = {0x20: 1, 0x21: 2, 0x22: 1}
CUSTOM, UDT, TUPLE = 0x00, 0x30, 0x31


class Reader:
    """Reads the body of a message from its start."""

    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, length):
        assert 0 <= length <= len(self.body) - self.at, "the body is shorter than it says"
        self.at += length
        return self.body[self.at - length : self.at]

    def short(self):
        return struct.unpack(">H", self.take(2))[0]

    def integer(self):
        return struct.unpack(">i", self.take(4))[0]

    def string(self):
        return self.take(self.short()).decode()

    def value(self):
        length = self.integer()
        return None if length < 0 else self.take(length)

    def type(self):
        code = self.short()
        if code == CUSTOM:
            return (code, self.string())
        if code in COLLECTIONS:
            return (code, *(self.type() for _ in range(COLLECTIONS[code])))
        if code == TUPLE:
            return (code, *(self.type() for _ in range(self.short())))
        if code == UDT:
            name = (self.string(), self.string())
            return (code, name, *((self.string(), self.type()) for _ in range(self.short())))
        return code

    def columns(self, flags, count):
        """Names and types."""
        if flags & GLOBAL_TABLE:
            self.string(), self.string()
        found = []
        for _ in range(count):
            if not flags & GLOBAL_TABLE:
                self.string(), self.string()
            found.append((self.string(), self.type()))
        return found


class RawConnection:
    """A client's connection."""

    def __init__(self, address, version):
        self.version, self.framed = version, False
        self.stream = socket.create_connection((address, CQL_PORT), timeout=20)
        body = struct.pack(">H", 1) + string("CQL_VERSION") + string("3.0.0")
        assert self.ask(STARTUP, body)[0] == READY
        self.framed = version >= 5

    def close(self):
        self.stream.close()

    def query(self, text):
        """The result of a statement without values, or its error."""
        text = text.encode()
        flags = struct.pack(">HI" if self.version >= 5 else ">HB", ONE, 0)
        return self.result(QUERY, struct.pack(">i", len(text)) + text + flags)

    def prepare(self, text):
        """What is told of a statement: its id, its result's id (version 5), bind markers and columns."""
        text = text.encode()
        body = struct.pack(">i", len(text)) + text + (struct.pack(">I", 0) if self.version >= 5 else b"")
        return self.result(PREPARE, body)

    def execute(self, prepared, values=(), skip=False, result_id=None):
        """What executing answers. `result_id` is what a client of version 5 says that it knows; else what PREPARE said."""
        body = short_bytes(prepared["id"])
        if self.version >= 5:
            body += short_bytes(prepared["result_id"] if result_id is None else result_id)
        flags = (VALUES if values else 0) | (SKIP_METADATA if skip else 0)
        body += struct.pack(">HI" if self.version >= 5 else ">HB", ONE, flags)
        if values:
            body += bound(values)
        return self.result(EXECUTE, body)

    def batch(self, statements):
        """What a logged batch of prepared statements with their values answers."""
        body = struct.pack(">BH", 0, len(statements))
        for prepared, values in statements:
            body += b"\1" + short_bytes(prepared["id"]) + bound(values)
        return self.result(BATCH, body + struct.pack(">HI" if self.version >= 5 else ">HB", ONE, 0))

    def result(self, opcode, body):
        opcode, body = self.ask(opcode, body)
        reader = Reader(body)
        if opcode == ERROR:
            return self.error(reader)
        assert opcode == RESULT, opcode
        kind = reader.integer()
        read = {ROWS: self.rows, PREPARED: self.prepared}.get(kind)
        return {"kind": kind} | (read(reader) if read else {})

    def error(self, reader):
        code, message = reader.integer(), reader.string()
        unknown = {"unknown_id": reader.take(reader.short())} if code == UNPREPARED else {}
        return {"error": code, "message": message} | unknown

    def rows(self, reader):
        flags, count = reader.integer(), reader.integer()
        if flags & MORE_PAGES:
            reader.value()
        changed = {"result_id": reader.take(reader.short())} if flags & METADATA_CHANGED else {}
        columns = None if flags & NO_METADATA else reader.columns(flags, count)
        rows = [[reader.value() for _ in range(count)] for _ in range(reader.integer())]
        return {"columns": columns, "rows": rows} | changed

    def prepared(self, reader):
        prepared = {"id": reader.take(reader.short())}
        if self.version >= 5:
            prepared["result_id"] = reader.take(reader.short())
        flags, count = reader.integer(), reader.integer()
        if self.version >= 4:
            [reader.short() for _ in range(reader.integer())]
        prepared["bind"] = reader.columns(flags, count)
        flags, count = reader.integer(), reader.integer()
        prepared["columns"] = None if flags & NO_METADATA else reader.columns(flags, count)
        return prepared

    def ask(self, opcode, body):
        """The opcode and the body of the answer; warnings before it are left out."""
        message = struct.pack(">BBhBi", self.version, 0, 1, opcode, len(body)) + body
        self.stream.sendall(segment(message) if self.framed else message)
        _, flags, _, opcode, length = struct.unpack(">BBhBi", self.receive(9))
        body = self.receive(length)
        if flags & 0x08:
            reader = Reader(body)
            [reader.string() for _ in range(reader.short())]
            body = body[reader.at :]
        return opcode, body

    def receive(self, length):
        """So many bytes of messages: from the stream, or out of its segments."""
        if not self.framed:
            return self.exactly(length)
        while len(self.buffered) < length:
            header = int.from_bytes(self.exactly(6)[:3], "little")
            self.buffered += self.exactly(header & 0x1FFFF)
            self.exactly(4)
        taken, self.buffered = self.buffered[:length], self.buffered[length:]
        return taken

    buffered = b""

    def exactly(self, length):
        received = b""
        while len(received) < length:
            part = self.stream.recv(length - len(received))
            assert part, "the connection was closed"
            received += part
        return received


def string(text):
    return short_bytes(text.encode())


def short_bytes(content):
    return struct.pack(">H", len(content)) + content


def bound(values):
    return struct.pack(">H", len(values)) + b"".join(
        struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value for value in values
    )


def segment(payload):
    """One self-contained segment of version 5."""
    header = (len(payload) | 1 << 17).to_bytes(3, "little")
    checksum = zlib.crc32(payload, zlib.crc32(b"\xfa\x2d\x55\xca"))
    return header + crc24(header).to_bytes(3, "little") + payload + checksum.to_bytes(4, "little")


def crc24(header):
    crc = 0x875060
    for byte in header:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1974F0B
    return crc
