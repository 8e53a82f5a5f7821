"""Relations between several columns and tuples that are bound whole, or in part."""

import pytest

from clients import Clients


@pytest.fixture(scope="module")
def filled(node):
    clients = Clients(node.addresses)
    session = clients.keyspace("tuples")
    session.execute("CREATE TABLE t (k int, a int, b text, PRIMARY KEY (k, a, b)) WITH CLUSTERING ORDER BY (a ASC, b DESC)")
    for a in range(4):
        for b in "xyz":
            session.execute("INSERT INTO t (k, a, b) VALUES (1, %s, %s)", (a, b))
    yield
    clients.close()


@pytest.mark.parametrize(
    ("where", "values", "expected"),
    [
        ("(a, b) = ?", [(1, "y")], [(1, "y")]),
        ("(a, b) IN ?", [[(2, "z"), (0, "x"), (9, "x")]], [(0, "x"), (2, "z")]),
        ("(a, b) IN ((?, 'y'), (3, 'y'), (?, 'x'))", [1, 2], [(1, "y"), (2, "x"), (3, "y")]),
        ("(a, b) >= ? AND (a, b) < ?", [(1, "y"), (2, "y")], [(1, "z"), (1, "y"), (2, "x")]),
        ("a = 1 AND (b) IN ?", [[("x",), ("z",)]], [(1, "z"), (1, "x")]),
        ("a IN ?", [[3, 2]], [(2, "z"), (2, "y"), (2, "x"), (3, "z"), (3, "y"), (3, "x")]),
    ],
)
def test_tuples_are_bound_whole(filled, clients, where, values, expected):
    session = clients.session("tuples")
    select = session.prepare(f"SELECT a, b FROM t WHERE k = 1 AND {where}")
    assert [tuple(row) for row in session.execute(select, values)] == expected
