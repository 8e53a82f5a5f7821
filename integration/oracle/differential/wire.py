"""A client of the native protocol, versions 4 and 5, that shows answers as they came: bytes of rows and of types, words of errors."""

import socket
import struct
import zlib

QUERY, PREPARE, EXECUTE = 0x07, 0x09, 0x0A
ERROR, RESULT = 0x00, 0x08
STARTUP = 0x01
ONE, SERIAL = 1, 8
TIMEOUT_SECONDS = 600
PAGES_MAX = 200
SEGMENT_BYTES_MAX = 131071
CRC24_INITIAL, CRC24_POLYNOMIAL = 0x875060, 0x1974F0B
CRC32_INITIAL = zlib.crc32(bytes.fromhex("fa2d55ca"))


class UNSET:
    """Stands for a value that is not given; a class, so that it is the same in all processes."""


def crc24(header):
    crc = CRC24_INITIAL
    for byte in header:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= CRC24_POLYNOMIAL
    return crc & 0xFFFFFF


def segments(envelope):
    """The segments of version 5 that carry an envelope: one that holds it, or slices of it."""
    alone = 1 << 17 if len(envelope) <= SEGMENT_BYTES_MAX else 0
    sent = b""
    for start in range(0, len(envelope), SEGMENT_BYTES_MAX):
        part = envelope[start : start + SEGMENT_BYTES_MAX]
        header = (len(part) | alone).to_bytes(3, "little")
        checksum = zlib.crc32(part, CRC32_INITIAL)
        sent += header + crc24(header).to_bytes(3, "little") + part + struct.pack("<I", checksum)
    return sent


class Reader:
    """A place in the body of a message."""

    def __init__(self, body):
        self.body, self.place = body, 0

    def take(self, length):
        self.place += length
        return self.body[self.place - length : self.place]

    def number(self, length):
        return int.from_bytes(self.take(length), "big", signed=length > 2)

    def string(self):
        return self.take(self.number(2)).decode(errors="replace")

    def value(self):
        length = self.number(4)
        return None if length < 0 else self.take(length)

    def type_bytes(self):
        start = self.place
        self.skip_type()
        return self.body[start : self.place]

    def skip_type(self):
        kind = self.number(2)
        if kind == 0:
            self.string()
        elif kind in (0x20, 0x22):
            self.skip_type()
        elif kind == 0x21:
            self.skip_type()
            self.skip_type()
        elif kind == 0x30:
            self.string(), self.string()
            for _ in range(self.number(2)):
                self.string()
                self.skip_type()
        elif kind == 0x31:
            for _ in range(self.number(2)):
                self.skip_type()


class Answer:
    """What a server said: an error with its words, or columns, rows and warnings."""

    def __init__(self):
        self.kind = "void"
        self.code = self.message = None
        self.warnings = []
        self.columns, self.rows, self.pages = None, b"", []
        self.more = None
        self.bound = self.id = self.metadata_id = None

    @property
    def failed(self):
        return self.code is not None


def parse_columns(reader, flags, count):
    if flags & 0x04:
        return None
    shared = (reader.string(), reader.string()) if flags & 0x01 else None
    columns = []
    for _ in range(count):
        keyspace, table = shared or (reader.string(), reader.string())
        columns.append((keyspace, table, reader.string(), reader.type_bytes()))
    return columns


def parse_metadata(reader, answer):
    flags, count = reader.number(4), reader.number(4)
    answer.more = reader.value() if flags & 0x02 else None
    if flags & 0x08:
        reader.take(reader.number(2))
    return parse_columns(reader, flags, count)


def parse_prepared(reader, answer, version):
    answer.kind = "prepared"
    answer.id = reader.take(reader.number(2))
    answer.metadata_id = reader.take(reader.number(2)) if version >= 5 else None
    flags, count, keys = reader.number(4), reader.number(4), reader.number(4)
    places = [reader.number(2) for _ in range(keys)]
    answer.bound = (places, parse_columns(reader, flags, count))
    answer.columns = parse_metadata(reader, answer)


def parse_result(reader, answer, version):
    kind = reader.number(4)
    if kind == 2:
        answer.kind = "rows"
        answer.columns = parse_metadata(reader, answer)
        answer.pages = [reader.number(4)]
        answer.rows = reader.body[reader.place :]
    elif kind == 3:
        answer.kind = "keyspace"
    elif kind == 4:
        parse_prepared(reader, answer, version)
    elif kind == 5:
        answer.kind = "schema"
        answer.columns = [reader.string(), reader.string(), reader.string()]


def parse(flags, opcode, body, version):
    reader, answer = Reader(body), Answer()
    if flags & 0x02:
        reader.take(16)
    if flags & 0x08:
        answer.warnings = [reader.string() for _ in range(reader.number(2))]
    if opcode == ERROR:
        answer.kind, answer.code, answer.message = "error", reader.number(4), reader.string()
    elif opcode == RESULT:
        parse_result(reader, answer, version)
    return answer


class Connection:
    """One connection, one request at a time; `send` and `receive` are apart so that two servers work at once."""

    def __init__(self, address, version, port=9042):
        self.version, self.framed = version, False
        self.socket = socket.create_connection((address, port), timeout=TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.place = b"", 0
        self.send(STARTUP, struct.pack(">HH", 1, 11) + b"CQL_VERSION" + struct.pack(">H", 5) + b"3.0.0")
        answer = self.receive()
        assert not answer.failed, answer.message
        self.framed = version >= 5

    def send(self, opcode, body):
        envelope = struct.pack(">BBHBI", self.version, 0, 1, opcode, len(body)) + body
        self.socket.sendall(segments(envelope) if self.framed else envelope)

    def take(self, length):
        while len(self.buffer) - self.place < length:
            got = self.socket.recv(1 << 20)
            if not got:
                raise ConnectionError("the server closed the connection")
            self.buffer, self.place = self.buffer[self.place :] + got, 0
        self.place += length
        return self.buffer[self.place - length : self.place]

    def take_segment(self):
        header = int.from_bytes(self.take(6)[:3], "little")
        payload = self.take(header & 0x1FFFF)
        self.take(4)
        return payload

    def receive(self):
        if not self.framed:
            header = self.take(9)
            body = self.take(int.from_bytes(header[5:9], "big"))
            return parse(header[1], header[4], body, self.version)
        payload = self.take_segment()
        while len(payload) < 9 or len(payload) - 9 < int.from_bytes(payload[5:9], "big"):
            payload += self.take_segment()
        return parse(payload[1], payload[4], payload[9:], self.version)

    def close(self):
        self.socket.close()


def parameters(version, request, state=None):
    """Consistency, flags and what they announce, in the order of the protocol."""
    flags, tail = 0x10, b""
    if request.values:
        flags |= 0x01
        tail += struct.pack(">H", len(request.values)) + b"".join(encode_value(value) for value in request.values)
    if request.page_size:
        flags |= 0x04
        tail += struct.pack(">i", request.page_size)
    if state is not None:
        flags |= 0x08
        tail += struct.pack(">i", len(state)) + state
    tail += struct.pack(">H", SERIAL)
    if request.timestamp is not None:
        flags |= 0x20
        tail += struct.pack(">q", request.timestamp)
    if request.now is not None and version >= 5:
        flags |= 0x100
        tail += struct.pack(">i", request.now)
    return struct.pack(">H", ONE) + struct.pack(">i" if version >= 5 else ">B", flags) + tail


def encode_value(value):
    if value is None:
        return b"\xff\xff\xff\xff"
    if value is UNSET:
        return b"\xff\xff\xff\xfe"
    return struct.pack(">i", len(value)) + value


def query_body(version, text, request, state=None):
    encoded = text.encode()
    return struct.pack(">i", len(encoded)) + encoded + parameters(version, request, state)


def prepare_body(version, text):
    encoded = text.encode()
    return struct.pack(">i", len(encoded)) + encoded + (struct.pack(">i", 0) if version >= 5 else b"")


def execute_body(version, prepared, request, state=None):
    body = struct.pack(">H", len(prepared.id)) + prepared.id
    if version >= 5:
        body += struct.pack(">H", len(prepared.metadata_id)) + prepared.metadata_id
    return body + parameters(version, request, state)
