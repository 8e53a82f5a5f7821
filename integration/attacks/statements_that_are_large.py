"""Statements that are large take their sender's time: a node goes on with those of others meanwhile."""

import struct
import time

import pytest

from attack import answer, error, frame, query, started
from bystander import Attack
from raw import ERROR, QUERY

LIST_LENGTH = 100_000
FIELDS = 5_000


def said(opcode, body):
    """The error of an answer in a few words, or that it is none."""
    return f"{error(body)[1][:70]!r}" if opcode == ERROR else "done"


def numbers(count, first=0):
    return ", ".join(str(first + number) for number in range(count))


def by_name(text, names, value):
    """A QUERY at ONE with so many values that all go by names."""
    text = text.encode()
    values = b"".join(struct.pack(">H", len(name)) + name.encode() + struct.pack(">i", len(value)) + value for name in names)
    return frame(QUERY, struct.pack(">i", len(text)) + text + b"\0\1\x41" + struct.pack(">H", len(names)) + values)


NAMES = [f"name_{number}" for number in range(30_000)]
STATEMENTS = {
    "1,000 elements deleted from a list of 100,000": lambda: query(
        f"DELETE {', '.join(f'l[{number}]' for number in range(1000))} FROM bystander.lists WHERE k = 1"),
    "5,000 elements taken from a list of 100,000": lambda: query(f"UPDATE bystander.lists SET l = l - [{numbers(5000, 50_000)}] WHERE k = 1"),
    "30,000 values by name": lambda: by_name(
        f"SELECT k FROM bystander.maps WHERE {' AND '.join(f'm CONTAINS :{name}' for name in NAMES)} ALLOW FILTERING", NAMES, struct.pack(">i", 1)),
    "80,000 keys of a map set one by one": lambda: query(
        f"UPDATE bystander.maps SET {', '.join(f'm[{number}] = 1' for number in range(80_000))} WHERE k = 1"),
    "20,000 times CONTAINS": lambda: query(
        f"SELECT k FROM bystander.maps WHERE {' AND '.join(f'm CONTAINS {number}' for number in range(20_000))} ALLOW FILTERING"),
    "1,000 fields selected of a type of 5,000": lambda: query(
        f"SELECT {', '.join(f'v.f{number}' for number in range(1000))} FROM bystander.types WHERE k = 1"),
    "1,000 fields set of a type of 5,000": lambda: query(
        f"UPDATE bystander.types SET {', '.join(f'v.f{number} = 1' for number in range(1000))} WHERE k = 1"),
    "a table of 10,000 columns": lambda: query(
        f"CREATE TABLE bystander.wide (k int PRIMARY KEY, {', '.join(f'c{number} int' for number in range(10_000))})"),
    "5,000 columns added to a table": lambda: query(f"ALTER TABLE bystander.maps ADD ({', '.join(f'c{number} int' for number in range(5_000))})"),
}


@pytest.fixture(scope="module")
def collections(target):
    """A long list, a map and a row of a large type."""
    connection = target.bystander()
    schema = [
        "CREATE TABLE bystander.lists (k int PRIMARY KEY, l list<int>)",
        "CREATE TABLE bystander.maps (k int PRIMARY KEY, m map<int, int>)",
        f"CREATE TYPE bystander.large_type ({', '.join(f'f{number} int' for number in range(FIELDS))})",
        "CREATE TABLE bystander.types (k int PRIMARY KEY, v large_type)",
        "INSERT INTO bystander.types (k, v) VALUES (1, {f0: 1})",
    ]
    lists = [f"UPDATE bystander.lists SET l = l + [{numbers(10_000, first)}] WHERE k = 1" for first in range(0, LIST_LENGTH, 10_000)]
    for statement in schema + lists:
        done = connection.query(statement)
        assert "error" not in done, f"{statement[:100]}: {done}"
    connection.close()


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_bystander_goes_on(target, collections, name):
    request = STATEMENTS[name]()
    stream = started(target.address)
    with Attack(target, f"{name}, {len(request):,} bytes") as attack:
        began = time.monotonic()
        stream.sendall(request)
        done = said(*answer(stream))
        attack.outcome = f"{done} after {time.monotonic() - began:.2f} s"
    stream.close()
