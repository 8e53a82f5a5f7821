"""Requests, answers and prepared statements take no more memory than a part of `memory`, whoever sends how many of them."""

import select
import socket
import struct
import threading
import time

import pytest

from attack import ATTACKER, answer, connect, error, execute, frame, prepare, query, started
from bystander import Attack
from raw import ERROR, EXECUTE, PREPARE, QUERY, RESULT

MEGABYTE = 1 << 20
OVERLOADED, INVALID = 0x1001, 0x2200


def fill(target, key, rows, kilobytes):
    """A partition of so many rows of so many kilobytes each."""
    connection = target.bystander()
    insert = connection.prepare("INSERT INTO bystander.large (k, c, v) VALUES (?, ?, ?)")
    for c in range(rows):
        done = connection.execute(insert, (struct.pack(">i", key), struct.pack(">i", c), b"x" * (kilobytes << 10)))
        assert "error" not in done, done
    connection.close()


def drain(stream, seconds=60):
    """Numbers of answers and of refusals, until the node says nothing for a while or closes."""
    answers, refused = 0, {}
    stream.settimeout(seconds)
    try:
        while True:
            opcode, body = answer(stream)
            answers += 1
            if opcode == ERROR:
                refused[error(body)[1][:60]] = refused.get(error(body)[1][:60], 0) + 1
            stream.settimeout(2)
    except OSError:
        return answers, refused


@pytest.mark.parametrize("connections, reads", [(6, 60), pytest.param(40, 60, marks=pytest.mark.long)])
@pytest.mark.parametrize("page", [None, 5000])
def test_answers_that_nobody_reads(target, connections, reads, page):
    fill(target, 1, 4, 512)
    with Attack(target, f"{connections} x {reads} reads of 2 MB that nobody takes, {'without pages' if page is None else 'in pages'}") as attack:
        held = []
        for _ in range(connections):
            stream = started(target.address, receive_bytes=4096)
            stream.sendall(b"".join(query("SELECT * FROM bystander.large WHERE k = 1", number, page) for number in range(reads)))
            held.append(stream)
        time.sleep(3)
        for stream in held[1:]:
            stream.close()
        answers, refused = drain(held[0])
        attack.outcome = f"{refused} of {answers} answers that one of them took at last"
        assert answers > 0
        held[0].close()


def test_one_connection_leaves_room_for_others_of_its_address(target):
    fill(target, 4, 2, 500)
    fill(target, 5, 12, 500)
    with Attack(target, "60 reads of 1 MB on one connection that takes none, and reads of 6 MB on another of its address") as attack:
        held = started(target.address, receive_bytes=4096)
        held.sendall(b"".join(query("SELECT * FROM bystander.large WHERE k = 4", number) for number in range(60)))
        time.sleep(2)
        other, longest = started(target.address), 0.0
        for _ in range(5):
            began = time.monotonic()
            other.sendall(query("SELECT * FROM bystander.large WHERE k = 5"))
            opcode, body = answer(other)
            assert opcode != ERROR, error(body)
            longest = max(longest, time.monotonic() - began)
        attack.outcome = f"nothing on the other connection, whose reads took {longest * 1000:.0f} ms at most"
        held.close()
        other.close()


def insert(number, megabytes):
    text = f"INSERT INTO bystander.large (k, c, v) VALUES (6, {number}, 0x{'ab' * (megabytes << 20)})"
    return query(text, number)


@pytest.mark.parametrize("throws", [False, True])
def test_requests_of_one_connection(target, throws):
    count = 40
    with Attack(target, f"{count} INSERTs of 2 MB at once on one connection{' that wants errors' if throws else ''}") as attack:
        stream = started(target.address, options={"THROW_ON_OVERLOAD": "1"} if throws else {})
        sender = threading.Thread(target=lambda: [stream.sendall(insert(number, 1)) for number in range(count)], daemon=True)
        sender.start()
        refused = {}
        for _ in range(count):
            opcode, body = answer(stream)
            if opcode == ERROR:
                refused[error(body)] = refused.get(error(body), 0) + 1
        sender.join()
        assert all(code == OVERLOADED for code, _ in refused) and (throws or not refused), refused
        attack.outcome = f"{refused or 'nothing'} of {count}"
        stream.close()


def test_rows_of_many_megabytes(target):
    fill(target, 2, 1, 4096)
    with Attack(target, "10 x 60 reads of one row of 4 MB, prepared and not, that nobody takes") as attack:
        held = []
        text = "SELECT v FROM bystander.large WHERE k = 2 AND c = 0"
        for number in range(10):
            stream = started(target.address, receive_bytes=4096)
            if number % 2:
                stream.sendall(b"".join(query(text, number) for number in range(60)))
            else:
                stream.sendall(prepare(text))
                _, body = answer(stream)
                identity = body[6 : 6 + struct.unpack(">H", body[4:6])[0]]
                stream.sendall(b"".join(execute(identity, number) for number in range(60)))
            held.append(stream)
        time.sleep(3)
        for stream in held:
            stream.close()
        attack.outcome = "nothing that anybody saw"


def test_an_answer_without_pages_ends_at_a_limit(target):
    fill(target, 3, 24, 1024)
    with Attack(target, "unpaged SELECTs of 24 MB, one after another") as attack:
        stream = started(target.address)
        seen = set()
        for _ in range(3):
            stream.sendall(query("SELECT * FROM bystander.large WHERE k = 3"))
            opcode, body = answer(stream)
            assert opcode == ERROR, "the whole answer"
            seen.add(error(body))
        assert {code for code, _ in seen} == {INVALID}, seen
        attack.outcome = str(seen)
        stream.close()


def test_large_requests_that_are_half_sent(target):
    count, length = 150, 15 * MEGABYTE
    with Attack(target, f"{count} half-sent requests of 15 MB") as attack:
        half = frame(QUERY, b"")[:5] + struct.pack(">i", length) + struct.pack(">i", length - 7) + b" " * (length // 2)
        held, refused = [], 0
        for _ in range(count):
            stream = started(target.address)
            stream.settimeout(0.05)
            try:
                stream.sendall(half)
            except OSError:
                pass
            held.append(stream)
        for stream in held:
            stream.settimeout(1)
            readable, _, _ = select.select([stream], [], [], 0)
            if readable:
                opcode, body = answer(stream)
                assert opcode == ERROR and error(body)[0] == OVERLOADED, error(body)
                refused += 1
        assert refused > 100, refused
        attack.outcome = f"{refused} of {count}, Overloaded"
        for stream in held:
            stream.close()


def test_wide_statements(target):
    columns = 2_000
    connection = target.bystander()
    names = ", ".join(f"column_{number} int" for number in range(columns))
    assert "error" not in connection.query(f"CREATE TABLE bystander.wide (k int PRIMARY KEY, {names})")
    connection.close()
    with Attack(target, f"100 PREPAREs of {columns} columns, and executions of them") as attack:
        streams = [started(target.address) for _ in range(4)]
        refused = {}
        for number in range(25):
            for at, stream in enumerate(streams):
                stream.sendall(prepare(f"SELECT * FROM bystander.wide WHERE k = {number * 4 + at}"))
            for stream in streams:
                opcode, body = answer(stream)
                if opcode == ERROR:
                    refused[error(body)] = refused.get(error(body), 0) + 1
        attack.outcome = str(refused or "nothing; the oldest statements are prepared again")
        for stream in streams:
            stream.close()
