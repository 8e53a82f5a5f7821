"""What was written while a node was dead is on that node soon after it returns, without anyone reading or repairing it."""

from cassandra import ConsistencyLevel

from processes import wait_until

ROWS = 500
DELETED = range(0, 100)


def test_hints_bring_a_returning_node_level(three_nodes, clients):
    dead, survivors = three_nodes.nodes[2], three_nodes.nodes[:2]
    session = clients.keyspace(
        "hinted",
        "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}",
        via=[node.address for node in survivors],
        consistency=ConsistencyLevel.QUORUM,
    )
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
    insert, delete = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)"), session.prepare("DELETE FROM t WHERE k = ?")
    for k in DELETED:
        session.execute(insert, (k, "old"))
    dead.kill()
    for k in range(ROWS):
        session.execute(insert, (k, f"row {k}"))
    for k in DELETED:
        session.execute(delete, (k,))
    dead.restart()

    alone = clients.session("hinted", via=[dead.address], consistency=ConsistencyLevel.ONE)
    select = alone.prepare("SELECT v FROM t WHERE k = ?")
    # A coordinator that is a replica answers a read at ONE by itself.
    wait_until(lambda: not missing(alone, select), "all hints arrived", seconds=90, pause=1)
    # With the others gone, nobody but the returned node can have answered.
    for node in survivors:
        node.kill()
    wait_until(lambda: not missing(alone, select), "the returned node answers alone", seconds=60)
    for node in survivors:
        node.restart()


def missing(session, select):
    """The keys that the node does not know as they were written last; all of them as long as it does not answer."""
    expected = {k: None if k in DELETED else f"row {k}" for k in range(ROWS)}
    wrong = []
    for k, value in expected.items():
        try:
            row = session.execute(select, (k,)).one()
        except Exception:  # noqa: BLE001 - whatever the reason, it has not answered yet
            return list(expected)
        if (row.v if row else None) != value:
            wrong.append(k)
    return wrong
