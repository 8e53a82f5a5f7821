"""GROUP BY with pages: however small they are, every group comes once and whole, and every node goes on from any page state."""

import pytest
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.query import SimpleStatement

from clients import Clients

PARTITIONS, FIRST, SECOND = 6, 4, 300


@pytest.fixture(scope="module")
def filled(three_nodes):
    clients = Clients(three_nodes.addresses)
    session = clients.keyspace("grouped")
    session.execute("CREATE TABLE t (k int, a int, b int, s int STATIC, v int, PRIMARY KEY (k, a, b))")
    insert = session.prepare("INSERT INTO t (k, a, b, v) VALUES (?, ?, ?, ?)")
    rows = [(k, a, b, b) for k in range(PARTITIONS) for a in range(FIRST) for b in range(SECOND)]
    execute_concurrent_with_args(session, insert, rows, concurrency=64)
    for k in range(PARTITIONS, PARTITIONS + 3):
        session.execute("INSERT INTO t (k, s) VALUES (%s, %s)", (k, k))
    yield
    clients.close()


def read(session, text, size):
    """All rows, and how many came with each page; every page but the last is full."""
    rows, pages, state = [], [], None
    while True:
        result = session.execute(SimpleStatement(text, fetch_size=size), paging_state=state)
        rows += [tuple(row) for row in result.current_rows]
        pages.append(len(result.current_rows))
        if not result.has_more_pages:
            assert all(page == size for page in pages[:-1])
            return rows
        state = result.paging_state


@pytest.mark.parametrize("size", [1, 2, 3, 7, 5_000])
@pytest.mark.parametrize(
    "text",
    [
        "SELECT k, count(*), sum(v), s FROM t GROUP BY k",
        "SELECT k, a, count(*), max(b), sum(v) FROM t GROUP BY k, a",
        "SELECT k, a, b FROM t GROUP BY k, a",
        "SELECT k, a, count(*) FROM t GROUP BY k, a PER PARTITION LIMIT 3",
        "SELECT k, a, count(*) FROM t GROUP BY k, a LIMIT 11",
        "SELECT k, a, count(*) FROM t GROUP BY k, a PER PARTITION LIMIT 3 LIMIT 8",
        "SELECT k, a, count(*) FROM t WHERE k IN (1, 4, 7) GROUP BY k, a",
        "SELECT k, a, count(*), min(b) FROM t WHERE k = 2 GROUP BY k, a ORDER BY a DESC, b DESC",
        "SELECT k, count(*) FROM t WHERE k IN (0, 1) AND a IN (1, 3) GROUP BY k",
        "SELECT k, a, count(*) FROM t WHERE v > 200 GROUP BY k, a ALLOW FILTERING",
    ],
)
def test_groups_are_the_same_in_pages_of_any_size(filled, clients, text, size):
    session = clients.session("grouped")
    assert read(session, text, size) == read(session, text, 100_000)


def test_groups_hold_all_of_their_rows(filled, clients):
    session = clients.session("grouped")
    rows = read(session, "SELECT k, a, count(*), max(b), sum(v) FROM t GROUP BY k, a", 5)
    groups = [(k, a, SECOND, SECOND - 1, SECOND * (SECOND - 1) // 2) for k in range(PARTITIONS) for a in range(FIRST)]
    statics = [(k, None, 1, None, 0) for k in range(PARTITIONS, PARTITIONS + 3)]
    assert sorted(rows[i] for i in range(len(rows)) if rows[i][1] is not None) == groups
    assert sorted(row for row in rows if row[1] is None) == statics
