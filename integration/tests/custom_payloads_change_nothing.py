"""Custom payloads of requests: taken wherever the protocol has a place for them, and without any effect, as with Cassandra's own handler."""

import os
import socket
import struct

import pytest
from cassandra.query import BatchStatement, BatchType, SimpleStatement

from processes import CQL_PORT

PAYLOADS = [{}, {"a": b""}, {"who": b"me", "Stra\u00dfe": os.urandom(1000)}, {str(k): b"x" for k in range(500)}, {"large": os.urandom(300_000)}]
ERROR, READY, PROTOCOL = 0, 2, 10
STARTUP, OPTIONS, CUSTOM_PAYLOAD = 1, 5, 4


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("compression", [True, False])
def test_statements_of_all_kinds_take_them(node, clients, version, compression):
    keyspace = f"payloads_{version}_{compression}".lower()
    session = clients.keyspace(keyspace, version=version, compression=compression)
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)", custom_payload={"ddl": b"too"})
    for number, payload in enumerate(PAYLOADS):
        insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)", custom_payload=payload)
        select = session.prepare("SELECT v FROM t WHERE k = ?", custom_payload=payload)
        keys = [10 * number + k for k in range(4)]
        session.execute(SimpleStatement(f"INSERT INTO t (k, v) VALUES ({keys[0]}, 'simple')"), custom_payload=payload)
        session.execute(insert, (keys[1], "prepared"), custom_payload=payload)
        batch = BatchStatement(BatchType.LOGGED)
        batch.add(insert, (keys[2], "batched"))
        batch.add(SimpleStatement(f"INSERT INTO t (k, v) VALUES ({keys[3]}, 'in text')"))
        session.execute(batch, custom_payload=payload)
        future = session.execute_async(select, (keys[0],), custom_payload=payload, trace=True)
        assert [row.v for row in future.result()] == ["simple"]
        assert future.custom_payload is None and future.get_query_trace()
        found = [session.execute(select, (key,), custom_payload=payload).one().v for key in keys]
        assert found == ["simple", "prepared", "batched", "in text"]
        paged = session.execute(SimpleStatement("SELECT k FROM t", fetch_size=2), custom_payload=payload)
        assert len(list(paged)) == 4 * (number + 1)


def request(version, opcode, body, flags=0):
    return struct.pack(">BBhBi", version, flags, 0, opcode, len(body)) + body


def answer(stream):
    header = stream.recv(9, socket.MSG_WAITALL)
    return header[4], stream.recv(struct.unpack(">i", header[5:])[0], socket.MSG_WAITALL)


def test_there_are_none_before_version_4(node):
    body = struct.pack(">HH", 1, 11) + b"CQL_VERSION" + struct.pack(">H", 5) + b"3.0.0"
    with socket.create_connection((node.address, CQL_PORT), timeout=10) as stream:
        stream.sendall(request(3, STARTUP, body))
        assert answer(stream)[0] == READY
        stream.sendall(request(3, OPTIONS, struct.pack(">H", 0), CUSTOM_PAYLOAD))
        opcode, body = answer(stream)
        assert (opcode, struct.unpack(">i", body[:4])[0]) == (ERROR, PROTOCOL)
        assert b"Received frame with CUSTOM_PAYLOAD flag for native protocol version < 4" in body
        stream.sendall(request(3, OPTIONS, b""))
        assert answer(stream)[0] != ERROR


def test_what_is_none_is_a_protocol_error(node):
    body = struct.pack(">HH", 1, 11) + b"CQL_VERSION" + struct.pack(">H", 5) + b"3.0.0"
    with socket.create_connection((node.address, CQL_PORT), timeout=10) as stream:
        stream.sendall(request(4, STARTUP, body))
        assert answer(stream)[0] == READY
        for body in (b"\xff\xff", b"\0\1\0\5ab", b"\0\1\0\1a\x7f\xff\xff\xff"):
            stream.sendall(request(4, OPTIONS, body, CUSTOM_PAYLOAD))
            opcode, told = answer(stream)
            assert (opcode, struct.unpack(">i", told[:4])[0]) == (ERROR, PROTOCOL)
