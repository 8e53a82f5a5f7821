"""A whole table is read page by page: every row once, in the order of tokens, each partition's rows together."""

import pytest
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.query import SimpleStatement

from clients import Clients

PARTITIONS = 2_000
ROWS = 3


@pytest.fixture(scope="module")
def filled(node):
    clients = Clients(node.addresses)
    session = clients.keyspace("whole")
    session.execute("CREATE TABLE t (k int, c int, PRIMARY KEY (k, c))")
    session.execute("CREATE TABLE bare (k int PRIMARY KEY)")
    insert = session.prepare("INSERT INTO t (k, c) VALUES (?, ?)")
    execute_concurrent_with_args(session, insert, [(k, c) for k in range(PARTITIONS) for c in range(ROWS)], concurrency=64)
    yield
    clients.close()


@pytest.mark.parametrize("version", [5, 4])
@pytest.mark.parametrize("size", [5_000, 1_000, 77])
def test_every_row_once_and_in_order_of_tokens(filled, clients, version, size):
    session = clients.session("whole", version=version)
    rows = [tuple(row) for row in session.execute(SimpleStatement("SELECT token(k), k, c FROM t", fetch_size=size))]
    assert rows == sorted(rows)
    assert sorted(row[1:] for row in rows) == [(k, c) for k in range(PARTITIONS) for c in range(ROWS)]


def test_ranges_of_tokens_add_up_to_the_table(filled, clients):
    session = clients.session("whole")
    bounds = [-(2**63), -(2**62), 0, 2**62, 2**63 - 1]
    select = session.prepare("SELECT k, c FROM t WHERE token(k) > ? AND token(k) <= ?")
    rows = [tuple(row) for bound in zip(bounds, bounds[1:]) for row in session.execute(select, bound)]
    assert sorted(rows) == [(k, c) for k in range(PARTITIONS) for c in range(ROWS)]


def test_counts_without_pages(filled, clients):
    assert clients.session("whole").execute("SELECT count(*) FROM t").one()[0] == PARTITIONS * ROWS


def test_empty_table_is_one_empty_page(filled, clients):
    result = clients.session("whole").execute("SELECT * FROM bare")
    assert list(result.current_rows) == [] and not result.has_more_pages
