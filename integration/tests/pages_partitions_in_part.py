"""PER PARTITION LIMIT and DISTINCT come to the same rows whatever the size of a page, and do not read what they leave out."""

import pytest
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.query import SimpleStatement

from clients import Clients

PARTITIONS = 60


@pytest.fixture(scope="module")
def filled(node):
    clients = Clients(node.addresses)
    session = clients.keyspace("parts")
    session.execute("CREATE TABLE t (k int, c int, s int static, v int, PRIMARY KEY (k, c))")
    insert = session.prepare("INSERT INTO t (k, c, v) VALUES (?, ?, ?)")
    rows = [(k, c, c % 3) for k in range(PARTITIONS) for c in range(k * k % 90)]
    execute_concurrent_with_args(session, insert, rows, concurrency=64)
    for k in range(0, PARTITIONS + 10, 2):
        session.execute("INSERT INTO t (k, s) VALUES (%s, %s)", (k, k))
    yield
    clients.close()


STATEMENTS = [
    "SELECT k, c FROM t PER PARTITION LIMIT 1",
    "SELECT k, c, s FROM t PER PARTITION LIMIT 7",
    "SELECT k, c FROM t PER PARTITION LIMIT 7 LIMIT 100",
    "SELECT k, c FROM t WHERE v = 1 PER PARTITION LIMIT 3 ALLOW FILTERING",
    "SELECT DISTINCT k, s FROM t",
    "SELECT k, c FROM t WHERE k IN (1, 8, 7, 61) PER PARTITION LIMIT 30",
    "SELECT k, c FROM t WHERE k = 8 ORDER BY c DESC PER PARTITION LIMIT 30",
    "SELECT k, c FROM t WHERE k IN (7, 8) AND c IN (1, 2, 3, 5, 8, 13) PER PARTITION LIMIT 2",
    "SELECT k, c FROM t WHERE k = 8 AND c IN (1, 2, 3, 5) ORDER BY c DESC PER PARTITION LIMIT 3",
    "SELECT k, c FROM t WHERE k IN (7, 8) AND c IN (1, 2, 3, 5) AND v = 2 PER PARTITION LIMIT 2 ALLOW FILTERING",
    "SELECT k, c, count(*) FROM t WHERE k IN (7, 8) AND c IN (1, 2, 3, 5) GROUP BY k, c PER PARTITION LIMIT 2",
]


@pytest.mark.parametrize("text", STATEMENTS)
def test_pages_add_up(filled, clients, text):
    session = clients.session("parts")
    whole = [tuple(row) for row in session.execute(SimpleStatement(text, fetch_size=100_000))]
    assert whole
    for size in (1, 3, 10, 64, 1_000):
        assert [tuple(row) for row in session.execute(SimpleStatement(text, fetch_size=size))] == whole, size


def test_they_are_the_first_of_each_partition(filled, clients):
    session = clients.session("parts")
    everything = [tuple(row) for row in session.execute("SELECT k, c FROM t")]
    first, seen = [], {}
    for k, c in everything:
        seen[k] = seen.get(k, 0) + 1
        if seen[k] <= 7:
            first.append((k, c))
    assert [tuple(row) for row in session.execute("SELECT k, c FROM t PER PARTITION LIMIT 7")] == first
    distinct = [row.k for row in session.execute("SELECT DISTINCT k FROM t")]
    assert distinct == list(dict.fromkeys(k for k, _ in everything)) and len(distinct) > PARTITIONS
