"""A client that sends requests and reads no answers keeps nobody from anything: not other changes of the schema, not conditional
writes of the same partition, not the end of the server."""

import signal
import time

import pytest

from attack import answer, query, started
from bystander import Attack
from processes import Server
from raw import ERROR

LARGE = 50_000
# Far below the client's write deadline, and above what a busy machine needs.
SECONDS = 25


def fill(target, rows=8):
    """A partition that is far larger than what a socket holds."""
    connection = target.bystander()
    for c in range(rows):
        assert "error" not in connection.query(f"INSERT INTO bystander.large (k, c, v) VALUES (1, {c}, 0x{'ab' * LARGE})")
    connection.close()


def frozen(target, *statements):
    """A client with a small receive buffer that asks for many large answers and then for something that needs a lock."""
    stream = started(target.address, receive_bytes=4096)
    large = [query("SELECT * FROM bystander.large WHERE k = 1", number) for number in range(40)]
    small = [query(statement, 100 + number) for number, statement in enumerate(statements)]
    stream.sendall(b"".join(large[:20] + small + large[20:]))
    return stream


def ask(stream, statement):
    stream.sendall(query(statement))
    return answer(stream)


def test_others_change_the_schema(target):
    fill(target)
    with Attack(target, "40 large reads and CREATE TABLE by a client that does not read") as attack:
        held = [frozen(target, f"CREATE TABLE bystander.a{number} (k int PRIMARY KEY)") for number in range(3)]
        time.sleep(1)
        other = started(target.address, source="127.0.0.78")
        began = time.monotonic()
        other.settimeout(SECONDS)
        opcode, _ = ask(other, "CREATE TABLE bystander.other (k int PRIMARY KEY)")
        assert opcode != ERROR
        attack.outcome = f"nothing; CREATE TABLE of another client took {time.monotonic() - began:.1f} s"
        for stream in [*held, other]:
            stream.close()


def test_others_write_conditionally(target):
    fill(target)
    with Attack(target, "40 large reads and conditional writes by a client that does not read") as attack:
        conditions = [f"INSERT INTO bystander.t (k, v) VALUES ({k}, 'a') IF NOT EXISTS" for k in range(30)]
        held = [frozen(target, *conditions) for _ in range(3)]
        time.sleep(1)
        other = started(target.address, source="127.0.0.78")
        other.settimeout(SECONDS)
        began = time.monotonic()
        for k in range(30):
            opcode, body = ask(other, f"UPDATE bystander.t SET v = 'b' WHERE k = {k} IF v = 'a'")
            assert opcode != ERROR, body
        attack.outcome = f"nothing; 30 conditional writes of another client took {time.monotonic() - began:.1f} s"
        for stream in [*held, other]:
            stream.close()


def test_the_server_ends(tmp_path, target):
    """Last in this file: the node is started again for the fixture's sake."""
    fill(target)
    held = [frozen(target, f"CREATE TABLE bystander.e{number} (k int PRIMARY KEY)") for number in range(3)]
    time.sleep(1)
    began = time.monotonic()
    target.server.program.process.send_signal(signal.SIGTERM)
    assert target.server.program.process.wait(SECONDS) == 0
    print(f"\nattack: SIGTERM while clients do not read: ended with 0 after {time.monotonic() - began:.1f} s", flush=True)
    for stream in held:
        stream.close()
    target.server.start()
    target.pid = target.server.program.process.pid
