"""A client that prepared before the node was restarted notices nothing: same id, same answers."""

import pytest
from cassandra import OperationTimedOut
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionException

from processes import wait_until


@pytest.mark.parametrize("version", [5, 4])
def test_prepared_statement_survives_restart(node, clients, version):
    session = clients.keyspace(f"prepared{version}", version=version)
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
    insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    select = session.prepare("SELECT k, v FROM t WHERE k = ?")
    session.execute(insert, (1, "before"))

    node.restart()

    row = wait_until(lambda: answer(session, select, (1,)), "the session works again")
    assert tuple(row) == (1, "before")
    session.execute(insert, (2, "after"))
    assert tuple(session.execute(select, (2,)).one()) == (2, "after")
    fresh = clients.session(f"prepared{version}", version=version)
    assert fresh.prepare("SELECT k, v FROM t WHERE k = ?").query_id == select.query_id


def answer(session, statement, values):
    """The row, or nothing as long as the connection is not back."""
    try:
        return session.execute(statement, values).one()
    except (NoHostAvailable, ConnectionException, OperationTimedOut):
        return None
