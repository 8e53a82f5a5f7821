"""Clients that guess passwords keep the operator out neither by their number nor by what they leave behind."""

import os
import struct
import threading
import time

import pytest
from cassandra.auth import PlainTextAuthProvider

from attack import Target, answer, connect, error, frame, query
from clients import Clients
from processes import remove
from raw import ERROR, STARTUP, string

AUTH_RESPONSE, AUTHENTICATE, AUTH_SUCCESS = 0x0F, 0x03, 0x10
PASSWORD = "correct-horse"


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    directory = tmp_path_factory.mktemp("guarded")
    settings = ("--set", "authenticator=PasswordAuthenticator")
    os.environ["HENGE_SUPERUSER_PASSWORD"] = PASSWORD
    try:
        target = Target(directory, 128, settings)
    finally:
        del os.environ["HENGE_SUPERUSER_PASSWORD"]
    yield target
    assert target.stop() == 0
    remove(directory)


def log_in(address, source, user, password, seconds=60):
    """What the node says to a login: its opcode and body."""
    stream = connect(address, source=source)
    stream.settimeout(seconds)
    stream.sendall(frame(STARTUP, struct.pack(">H", 1) + string("CQL_VERSION") + string("3.0.0")))
    assert answer(stream)[0] == AUTHENTICATE
    token = f"\0{user}\0{password}".encode()
    stream.sendall(frame(AUTH_RESPONSE, struct.pack(">i", len(token)) + token))
    return stream, answer(stream)


def test_two_hundred_guessers(target):
    over = threading.Event()

    def guess(number):
        while not over.is_set():
            try:
                stream, _ = log_in(target.address, f"127.0.1.{number % 40 + 1}", "cassandra", f"guess {number}", 10)
                stream.close()
            except OSError:
                time.sleep(0.05)

    guessers = [threading.Thread(target=guess, args=(number,), daemon=True) for number in range(200)]
    for guesser in guessers:
        guesser.start()
    time.sleep(3)
    times = []
    try:
        for _ in range(5):
            began = time.monotonic()
            stream, (opcode, body) = log_in(target.address, "127.0.0.5", "cassandra", PASSWORD)
            assert opcode == AUTH_SUCCESS, error(body)
            stream.close()
            times.append(time.monotonic() - began)
            # What was right is remembered for two seconds: each login is to be checked.
            time.sleep(2.1)
    finally:
        over.set()
    for guesser in guessers:
        guesser.join(30)
    print(f"\nattack: 200 guessers from 40 addresses: the operator's logins took {max(times):.1f} s at most; {target.resident_mb():.0f} MB", flush=True)


def test_a_later_role_of_the_same_name_is_another(target):
    clients = Clients([target.address])
    try:
        boss = clients.session(auth_provider=PlainTextAuthProvider("cassandra", PASSWORD))
        boss.execute("CREATE ROLE passing WITH LOGIN = true AND PASSWORD = 'one' AND SUPERUSER = true")
        stream, (opcode, _) = log_in(target.address, "127.0.0.6", "passing", "one")
        assert opcode == AUTH_SUCCESS
        make = lambda name: query(f"CREATE ROLE {name} WITH SUPERUSER = true")
        stream.sendall(make("first"))
        assert answer(stream)[0] != ERROR
        boss.execute("DROP ROLE passing")
        boss.execute("CREATE ROLE passing WITH LOGIN = true AND PASSWORD = 'two' AND SUPERUSER = true")
        stream.sendall(make("second"))
        assert answer(stream)[0] == ERROR, "the open connection has become that of another role"
        stream.close()
    finally:
        clients.close()
