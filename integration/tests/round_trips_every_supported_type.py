"""Every supported type comes back as it went in: bound and as text, as value and as key; null, unset and empty."""

from datetime import datetime
from uuid import UUID

import pytest
from cassandra.query import UNSET_VALUE

from clients import Clients

SAMPLES = {
    "text": ["", "a", "Stonehenge", "ünïcödé ☉ 巨石", "it's", "\0\n\t", "x" * 70_000],
    "blob": [b"", b"\0", b"\x80\xff\0\x01", bytes(range(256)), b"\xff" * 100_000],
    "int": [0, 1, -1, 2**31 - 1, -(2**31)],
    "bigint": [0, 1, -1, 2**63 - 1, -(2**63)],
    "boolean": [True, False],
    "uuid": [UUID(int=0), UUID(int=2**128 - 1), UUID("123e4567-e89b-12d3-a456-426614174000"), UUID("f47ac10b-58cc-4372-a567-0e02b2c3d479")],
    "timestamp": [datetime(1970, 1, 1), datetime(1969, 12, 31, 23, 59, 59, 999000), datetime(2026, 2, 28, 12, 0, 0, 1000), datetime(1, 1, 1)],
}
# A key is at most 64 KiB, and a single-column partition key is not empty.
KEYS = {kind: [value for value in values if value not in ("", b"") and not (hasattr(value, "__len__") and len(value) > 60_000)]
        for kind, values in SAMPLES.items()}
TYPES = sorted(SAMPLES)


@pytest.fixture(scope="module")
def made(node):
    """Both protocol versions use the same tables."""
    clients = Clients(node.addresses)
    session = clients.keyspace("types")
    for kind in TYPES:
        session.execute(f"CREATE TABLE value_{kind} (k int PRIMARY KEY, v {kind}, other int)")
        session.execute(f"CREATE TABLE key_{kind} (k {kind} PRIMARY KEY, v int)")
        session.execute(f"CREATE TABLE ascending_{kind} (k int, c {kind}, PRIMARY KEY (k, c))")
        session.execute(f"CREATE TABLE descending_{kind} (k int, c {kind}, PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY (c DESC)")
    yield
    clients.close()


@pytest.fixture(params=[5, 4], ids=["v5", "v4"])
def session(request, made, clients):
    return clients.session("types", version=request.param)


def literal(kind, value):
    if value is None:
        return "null"
    if kind == "text":
        return "'" + value.replace("'", "''") + "'"
    if kind == "blob":
        return "0x" + value.hex()
    if kind == "timestamp":
        return str(round((value - datetime(1970, 1, 1)).total_seconds() * 1000))
    return str(value).lower() if kind == "boolean" else str(value)


def value_of(session, kind, key):
    rows = list(session.execute(f"SELECT v, other FROM value_{kind} WHERE k = %s", (key,)))
    assert len(rows) == 1
    return rows[0].v


@pytest.mark.parametrize("kind", TYPES)
def test_bound_values(session, kind):
    insert = session.prepare(f"INSERT INTO value_{kind} (k, v, other) VALUES (?, ?, 1)")
    for key, value in enumerate([*SAMPLES[kind], None]):
        session.execute(insert, (key, value))
        assert value_of(session, kind, key) == value


@pytest.mark.parametrize("kind", TYPES)
def test_literals(session, kind):
    for key, value in enumerate([*SAMPLES[kind], None], start=100):
        session.execute(f"INSERT INTO value_{kind} (k, v, other) VALUES ({key}, {literal(kind, value)}, 1)")
        assert value_of(session, kind, key) == value


@pytest.mark.parametrize("kind", TYPES)
def test_null_removes_and_unset_leaves(session, kind):
    insert = session.prepare(f"INSERT INTO value_{kind} (k, v, other) VALUES (?, ?, 1)")
    value = SAMPLES[kind][1]
    session.execute(insert, (200, value))
    session.execute(insert, (200, UNSET_VALUE))
    assert value_of(session, kind, 200) == value
    session.execute(insert, (200, None))
    assert value_of(session, kind, 200) is None


def test_empty_text_is_not_null(session):
    session.execute("INSERT INTO value_text (k, v, other) VALUES (300, '', 1)")
    session.execute("INSERT INTO value_text (k, v, other) VALUES (301, null, 1)")
    assert value_of(session, "text", 300) == ""
    assert value_of(session, "text", 301) is None


@pytest.mark.parametrize("kind", TYPES)
def test_partition_keys(session, kind):
    insert = session.prepare(f"INSERT INTO key_{kind} (k, v) VALUES (?, ?)")
    select = session.prepare(f"SELECT k, v FROM key_{kind} WHERE k = ?")
    for number, key in enumerate(KEYS[kind]):
        session.execute(insert, (key, number))
    for number, key in enumerate(KEYS[kind]):
        assert [tuple(row) for row in session.execute(select, (key,))] == [(key, number)]
    assert len(list(session.execute(f"SELECT k FROM key_{kind}"))) == len(KEYS[kind])


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_clustering_keys_in_order(session, kind, order):
    values = [value for value in SAMPLES[kind] if not hasattr(value, "__len__") or len(value) < 60_000]
    insert = session.prepare(f"INSERT INTO {order}_{kind} (k, c) VALUES (1, ?)")
    for value in values:
        session.execute(insert, (value,))
    expected = sorted(values, key=lambda value: sorting(kind, value), reverse=order == "descending")
    assert [row.c for row in session.execute(f"SELECT c FROM {order}_{kind} WHERE k = 1")] == expected
    select = session.prepare(f"SELECT c FROM {order}_{kind} WHERE k = 1 AND c = ?")
    for value in values:
        assert [row.c for row in session.execute(select, (value,))] == [value]


def sorting(kind, value):
    """A key that orders values as CQL does."""
    if kind == "uuid":
        # By version first; time-based ones by time and all others by their bytes.
        time = value.time if value.version == 1 else 0
        return ((value.int >> 76) & 15, time, value.bytes)
    return value.encode() if kind == "text" else value
