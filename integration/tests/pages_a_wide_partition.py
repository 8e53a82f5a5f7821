"""A partition of many rows is read page by page: every row once, in order, from where the last page ended."""

import pytest
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.query import SimpleStatement

from clients import Clients

ROWS = 5_000


@pytest.fixture(scope="module")
def filled(node):
    clients = Clients(node.addresses)
    session = clients.keyspace("wide")
    session.execute("CREATE TABLE t (k int, c int, v text, PRIMARY KEY (k, c))")
    insert = session.prepare("INSERT INTO t (k, c, v) VALUES (1, ?, ?)")
    execute_concurrent_with_args(session, insert, [(c, f"row {c}") for c in range(ROWS)], concurrency=64)
    yield
    clients.close()


@pytest.fixture(params=[5, 4], ids=["v5", "v4"])
def session(request, filled, clients):
    return clients.session("wide", version=request.param)


def pages(session, text, size):
    result = session.execute(SimpleStatement(text, fetch_size=size))
    while True:
        yield list(result.current_rows)
        if not result.has_more_pages:
            return
        result.fetch_next_page()


@pytest.mark.parametrize("size", [1_000, 100, 97, ROWS, ROWS + 1])
def test_every_row_once_and_in_order(session, size):
    found = list(pages(session, "SELECT c, v FROM t WHERE k = 1", size))
    assert [row.c for page in found for row in page] == list(range(ROWS))
    assert all(row.v == f"row {row.c}" for page in found for row in page)
    assert all(len(page) == size for page in found[:-1]) and len(found[-1]) <= size


def test_backwards(session):
    found = pages(session, "SELECT c FROM t WHERE k = 1 ORDER BY c DESC", 333)
    assert [row.c for page in found for row in page] == list(reversed(range(ROWS)))


def test_slices(session):
    found = pages(session, "SELECT c FROM t WHERE k = 1 AND c > 1000 AND c <= 3000", 300)
    assert [row.c for page in found for row in page] == list(range(1001, 3001))


def test_limit_counts_over_all_pages(session):
    found = pages(session, "SELECT c FROM t WHERE k = 1 LIMIT 250", 100)
    assert [row.c for page in found for row in page] == list(range(250))


def test_another_session_goes_on_from_a_paging_state(session, clients):
    first = session.execute(SimpleStatement("SELECT c FROM t WHERE k = 1", fetch_size=1_234))
    state = first.paging_state
    other = clients.session("wide", version=session.cluster.protocol_version)
    rest = other.execute(SimpleStatement("SELECT c FROM t WHERE k = 1", fetch_size=5_000), paging_state=state)
    assert [row.c for row in rest] == list(range(1_234, ROWS))
