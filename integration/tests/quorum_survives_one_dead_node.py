"""Three replicas, one killed: QUORUM goes on from the first request, ALL is refused with Unavailable."""

import pytest
from cassandra import ConsistencyLevel, OperationTimedOut, ReadTimeout, Unavailable, WriteTimeout
from cassandra.query import SimpleStatement

from processes import wait_until


def test_quorum_survives_one_dead_node(three_nodes, clients):
    session = clients.keyspace("strong", "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}", consistency=ConsistencyLevel.QUORUM)
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
    insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    for k in range(100):
        session.execute(insert, (k, k))

    dead, survivors = three_nodes.nodes[2], [node.address for node in three_nodes.nodes[:2]]
    # Connected and prepared before the kill, so that nothing but the requests themselves meets the dead node.
    through = clients.session("strong", via=survivors, consistency=ConsistencyLevel.QUORUM)
    insert, select = through.prepare("INSERT INTO t (k, v) VALUES (?, ?)"), through.prepare("SELECT v FROM t WHERE k = ?")
    dead.kill()

    for k in range(100):
        assert through.execute(select, (k,)).one().v == k
        through.execute(insert, (k, k + 1000))
        assert through.execute(select, (k,)).one().v == k + 1000
    for statement in ("SELECT v FROM t WHERE k = 1", "INSERT INTO t (k, v) VALUES (1, 2)"):
        all_is_refused(through, statement)
    # What was refused was not done.
    assert through.execute(select, (1,)).one().v == 1001


def all_is_refused(session, text):
    statement = SimpleStatement(text, consistency_level=ConsistencyLevel.ALL)

    def unavailable():
        try:
            session.execute(statement)
        except Unavailable as error:
            return error
        except (ReadTimeout, WriteTimeout, OperationTimedOut):
            return None
        pytest.fail("ALL succeeded with a dead replica")

    error = wait_until(unavailable, "ALL is refused with Unavailable", seconds=30)
    assert (error.consistency, error.required_replicas, error.alive_replicas) == (ConsistencyLevel.ALL, 3, 2)
