"""Metrics say how many hints wait for a node that is away, and since when."""

from clients import ConsistencyLevel
from metric_pages import values
from processes import wait_until

REPLICATION = "{'class': 'SimpleStrategy', 'replication_factor': 3}"


def test_hints_wait_and_are_delivered(three_nodes, clients):
    first, _, third = three_nodes.nodes
    session = clients.keyspace("ks", REPLICATION, via=[first.address], consistency=ConsistencyLevel.QUORUM)
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
    told = lambda: values(first.address)
    assert told()["henge_hints_pending"] == told()["henge_hints_oldest_age_seconds"] == 0
    third.kill()
    for k in range(20):
        session.execute("INSERT INTO t (k, v) VALUES (%s, 1)", (k,))
    wait_until(lambda: told()["henge_hints_pending"] >= 20, "hints wait", 30)
    assert told()["henge_hints_pending_bytes"] > 0
    wait_until(lambda: told()["henge_hints_oldest_age_seconds"] >= 1, "they grow older", 10)
    third.restart()
    wait_until(lambda: told()["henge_hints_pending"] == 0, "they are delivered", 60)
    assert told()["henge_hints_oldest_age_seconds"] == 0
