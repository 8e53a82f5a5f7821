"""Replicas that differ are brought level by comparing what they hold, without hints and without a read."""

from cassandra import ConsistencyLevel
from hints_are_kept_paused_and_removed import admin
from processes import wait_until

ROWS = 300
DELETED = range(0, 100)


def test_an_operator_has_replicas_compared(three_nodes, clients):
    first, second, third = three_nodes.nodes
    session = clients.keyspace(
        "ks",
        "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}",
        via=[first.address],
        consistency=ConsistencyLevel.QUORUM,
    )
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
    for k in DELETED:
        session.execute("INSERT INTO t (k, v) VALUES (%s, 'old')", (k,))
    third.kill()
    for k in range(ROWS):
        session.execute("INSERT INTO t (k, v) VALUES (%s, 'new')", (k,))
    for k in DELETED:
        session.execute("DELETE FROM t WHERE k = %s", (k,))
    # Nobody remembers what the third node missed.
    wait_until(lambda: third.address in admin(first, "listpendinghints"), "hints are pending", seconds=30)
    for node in (first, second):
        admin(node, "pausehandoff")
        admin(node, "truncatehints")
    third.restart()

    def is_repaired():
        try:
            return admin(first, "repair", "ks", "t")
        except AssertionError:
            return None  # The first node has not heard of the third yet.

    text = wait_until(is_repaired, "the replicas are compared", seconds=90, pause=1)
    assert "Repair completed successfully" in text and "ks.t" in text, text
    alone = clients.session("ks", via=[third.address], consistency=ConsistencyLevel.ONE)
    found = {row.k: row.v for row in alone.execute("SELECT k, v FROM t")}
    assert found == {k: "new" for k in range(ROWS) if k not in DELETED}
    shown = alone.execute("SELECT proven_until, rows FROM system_views.repairs WHERE keyspace_name = 'ks' AND table_name = 't'")
    assert shown.one() is not None
