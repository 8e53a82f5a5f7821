"""Whatever arrives on the CQL port, it costs the sender its connection and nobody else anything."""

import random
import socket
import ssl
import struct

import pytest

from processes import CQL_PORT, answers

STARTUP_BODY = b"\0\1\0\x0bCQL_VERSION\0\x053.0.0"


def frame(version, opcode, body, flags=0, length=None, stream=0):
    return struct.pack(">BBhBi", version, flags, stream, opcode, len(body) if length is None else length) + body


STARTUP = frame(4, 1, STARTUP_BODY)
noise = random.Random(1)
CASES = {
    "noise": noise.randbytes(100_000),
    "zeros": bytes(100_000),
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "lone_byte": b"\x04",
    "half_a_header": STARTUP[:5],
    "half_a_body": STARTUP[:15],
    "negative_length": frame(4, 1, b"", length=-1),
    "largest_length": frame(4, 1, b"", length=2**31 - 1),
    "length_just_over_the_limit": frame(4, 7, b"", length=256 * 1024 * 1024 + 1) + bytes(1000),
    "unknown_version": frame(66, 1, STARTUP_BODY),
    "version_zero": frame(0, 1, STARTUP_BODY),
    "response_to_the_server": frame(0x84, 2, b""),
    "unknown_opcode": frame(4, 0x55, b""),
    "query_before_startup": frame(4, 7, struct.pack(">i", 8) + b"SELECT 1" + b"\0\1\0"),
    "second_startup": STARTUP + STARTUP,
    "tracing_with_empty_body": STARTUP + frame(4, 7, b"", flags=2),
    "payload_of_nonsense": STARTUP + frame(4, 7, b"\xff\xff\xff", flags=4),
    "query_longer_than_its_body": STARTUP + frame(4, 7, struct.pack(">i", 2**31 - 1) + b"SELECT"),
    "query_of_negative_length": STARTUP + frame(4, 7, struct.pack(">i", -5) + b"\0\1\0"),
    "query_not_utf8": STARTUP + frame(4, 7, struct.pack(">i", 4) + b"\xff\xfe\xfd\xfc" + b"\0\1\0"),
    "execute_of_unknown_id": STARTUP + frame(4, 10, struct.pack(">H", 16) + bytes(16) + b"\0\1\0"),
    "batch_of_65535_nothings": STARTUP + frame(4, 13, b"\0\xff\xff"),
    "register_for_65535_events": STARTUP + frame(4, 11, b"\xff\xff"),
    "compressed_without_agreement": STARTUP + frame(4, 7, bytes(64), flags=1),
    "compressed_bomb": frame(4, 1, b"\0\2\0\x0bCQL_VERSION\0\x053.0.0\0\x0bCOMPRESSION\0\x03lz4")
    + frame(4, 7, struct.pack(">I", 2**31 - 1) + noise.randbytes(100), flags=1),
    "v5_segment_of_noise": frame(5, 1, STARTUP_BODY) + noise.randbytes(5_000),
    "v5_segment_of_zeros": frame(5, 1, STARTUP_BODY) + bytes(5_000),
    "deeply_nested_text": STARTUP + frame(4, 7, struct.pack(">i", 200_000) + b"SELECT " + b"(" * 199_993 + b"\0\1\0"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_neighbour_notices_nothing(node, clients, name):
    session = clients.session()
    pid = node.program.process.pid
    for _ in range(3):
        send(node.address, CASES[name])
        assert session.execute("SELECT key FROM system.local").one().key == "local"
    assert node.program.alive() and node.program.process.pid == pid
    assert answers(node.address)
    assert "panicked" not in node.program.text()


def test_tls_hello_on_a_plain_port(node, clients):
    session = clients.session()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((node.address, CQL_PORT), timeout=5) as stream, pytest.raises(OSError):
        context.wrap_socket(stream)
    assert session.execute("SELECT key FROM system.local").one().key == "local"


def test_many_idle_connections(node, clients):
    session = clients.session()
    idle = [socket.create_connection((node.address, CQL_PORT), timeout=5) for _ in range(500)]
    for stream in idle[::2]:
        stream.sendall(STARTUP[:7])
    assert session.execute("SELECT key FROM system.local").one().key == "local"
    assert answers(node.address)
    for stream in idle:
        stream.close()


def test_damaged_frames_of_a_real_session(node, clients):
    """Valid requests with a few bits turned, which get further than noise does."""
    session = clients.session()
    source = random.Random(2)
    text = b"SELECT * FROM system.local LIMIT 100"
    query = frame(4, 7, struct.pack(">i", len(text)) + text + b"\0\1\0")
    for _ in range(300):
        damaged = bytearray(STARTUP + query)
        for _ in range(source.randrange(1, 6)):
            damaged[source.randrange(len(damaged))] ^= 1 << source.randrange(8)
        send(node.address, bytes(damaged), wait=0.02)
    assert session.execute("SELECT key FROM system.local").one().key == "local"
    assert node.program.alive() and "panicked" not in node.program.text()


def send(address, content, wait=0.3):
    """Sends and reads whatever comes back until the node closes or falls silent."""
    with socket.create_connection((address, CQL_PORT), timeout=5) as stream:
        stream.settimeout(wait)
        try:
            stream.sendall(content)
            while stream.recv(65_536):
                pass
        except OSError:
            pass
