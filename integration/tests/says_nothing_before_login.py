"""What a client can do that has not logged in: next to nothing. In protocol v4, byte by byte."""

import re
import socket
import struct
import urllib.request

import pytest

from processes import CQL_PORT, Server

ADDRESS = "127.0.11.7"
ERROR, STARTUP, AUTHENTICATE, OPTIONS, SUPPORTED, QUERY, REGISTER, AUTH_RESPONSE, AUTH_SUCCESS = 0, 1, 3, 5, 6, 7, 11, 15, 16
BAD_CREDENTIALS, PROTOCOL = 0x0100, 0x000A


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("HENGE_SUPERUSER_PASSWORD", "secret")
    server = Server(tmp_path_factory.mktemp("guarded"), ADDRESS, ["--set", "authenticator=PasswordAuthenticator"]).start()
    patch.undo()
    yield server
    assert server.stop() == 0


class Wire:
    """One connection, one frame at a time."""

    def __init__(self):
        self.stream = socket.create_connection((ADDRESS, CQL_PORT), timeout=20)

    def send(self, opcode, body=b"", number=1):
        self.stream.sendall(struct.pack(">BBhBi", 4, 0, number, opcode, len(body)) + body)

    def answer(self):
        """Opcode and body; `None` once the server has closed the connection."""
        header = self.stream.recv(9, socket.MSG_WAITALL)
        if len(header) < 9:
            return None
        *_, opcode, length = struct.unpack(">BBhBi", header)
        return opcode, self.stream.recv(length, socket.MSG_WAITALL) if length else b""

    def ask(self, opcode, body=b""):
        self.send(opcode, body)
        return self.answer()

    def error(self, opcode, body=b""):
        kind, answer = self.ask(opcode, body)
        assert kind == ERROR, (kind, answer)
        return struct.unpack(">i", answer[:4])[0], answer[6:].decode()

    def closed(self):
        try:
            return self.answer() is None
        except ConnectionResetError:
            return True


def token(text):
    return struct.pack(">i", len(text)) + text


def text(value):
    return struct.pack(">i", len(value)) + value


@pytest.fixture
def wire(guarded):
    wire = Wire()
    kind, body = wire.ask(STARTUP, struct.pack(">H", 1) + b"\0\x0bCQL_VERSION\0\x053.0.0")
    assert kind == AUTHENTICATE and body[2:] == b"org.apache.cassandra.auth.PasswordAuthenticator"
    yield wire
    wire.stream.close()


QUERY_BODY = text(b"SELECT key FROM system.local") + b"\0\x01\0"


def test_statements_and_events_are_refused(wire):
    assert wire.error(QUERY, QUERY_BODY) == (PROTOCOL, "Unexpected message QUERY, expecting SASL_RESPONSE")
    assert wire.error(REGISTER, struct.pack(">H", 1) + b"\0\x0dSTATUS_CHANGE")[0] == PROTOCOL
    assert wire.error(STARTUP, struct.pack(">H", 1) + b"\0\x0bCQL_VERSION\0\x053.0.0")[0] == PROTOCOL
    assert wire.ask(OPTIONS)[0] == SUPPORTED
    assert wire.ask(AUTH_RESPONSE, token(b"\0cassandra\0secret"))[0] == AUTH_SUCCESS
    assert wire.ask(QUERY, QUERY_BODY)[0] == 8
    assert wire.error(AUTH_RESPONSE, token(b"\0cassandra\0secret"))[0] == PROTOCOL


def test_an_answer_to_no_question_is_refused(guarded):
    wire = Wire()
    assert wire.error(AUTH_RESPONSE, token(b"\0cassandra\0secret"))[0] == PROTOCOL
    assert wire.error(QUERY, QUERY_BODY)[0] == PROTOCOL


def test_the_third_wrong_password_closes_the_connection(wire):
    for _ in range(3):
        code, message = wire.error(AUTH_RESPONSE, token(b"\0cassandra\0guess"))
        assert (code, message) == (BAD_CREDENTIALS, "Provided username cassandra and/or password are incorrect")
    assert wire.closed()


def test_logins_are_counted(wire):
    def count(outcome):
        page = urllib.request.urlopen(f"http://{ADDRESS}:9180/metrics").read().decode()
        found = re.search(rf'henge_logins_total{{outcome="{outcome}"}} (\d+)', page)
        return int(found[1]) if found else 0

    refused, ok = count("refused"), count("ok")
    wire.error(AUTH_RESPONSE, token(b"\0cassandra\0guess"))
    wire.ask(AUTH_RESPONSE, token(b"\0cassandra\0secret"))
    assert (count("refused"), count("ok")) == (refused + 1, ok + 1)


@pytest.mark.parametrize("bad", [b"", b"cassandra", b"\0\xff\0\xff", b"\0a\0b\0c", b"\0cassandra\0" + 2000 * b"x", b"\0\0"])
def test_tokens_that_are_none_harm_nobody(wire, bad):
    assert wire.error(AUTH_RESPONSE, token(bad))[0] in (PROTOCOL, BAD_CREDENTIALS)
    assert wire.ask(AUTH_RESPONSE, token(b"\0cassandra\0secret"))[0] == AUTH_SUCCESS


def test_passwords_are_checked_one_by_one(wire):
    for number in range(50):
        wire.send(AUTH_RESPONSE, token(b"\0cassandra\0guess"), number)
    codes = []
    while len(codes) < 50 and (answer := wire.answer()) is not None:
        codes.append(struct.unpack(">i", answer[1][:4])[0])
    # One is looked at; the others came while nobody was asked.
    assert codes.count(BAD_CREDENTIALS) <= 3 and codes.count(PROTOCOL) >= 47, codes


def test_large_requests_have_to_wait_for_the_login(wire):
    body = token(b"\0cassandra\0secret")
    assert wire.ask(AUTH_RESPONSE, body)[0] == AUTH_SUCCESS
    large = text(b"SELECT key FROM system.local /*" + 100_000 * b"x" + b"*/") + b"\0\x01\0"
    assert wire.ask(QUERY, large)[0] == 8


def test_large_requests_are_refused_before(wire):
    wire.send(AUTH_RESPONSE, token(100_000 * b"\0"))
    answer = wire.answer()
    assert answer is None or answer[0] == ERROR
