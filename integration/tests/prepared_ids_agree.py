"""A statement that names its keyspace has one id on every node and in every keyspace, as drivers take for granted."""

from cassandra.query import BatchStatement, BatchType


def test_qualified_statement_has_one_id(three_nodes, clients):
    plain = clients.keyspace("ids", "{'class': 'SimpleStrategy', 'replication_factor': 3}")
    plain.execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
    text = "INSERT INTO ids.t (k, v) VALUES (?, ?)"
    ids = set()
    for keyspace in (None, "ids", "system"):
        for node in three_nodes.addresses:
            session = clients.session(keyspace, via=[node])
            ids.add(bytes(session.prepare(text).query_id))
    assert len(ids) == 1
    named = {bytes(clients.session(keyspace).prepare("SELECT * FROM t").query_id) for keyspace in ("ids",)}
    assert named and not named & ids


def test_batch_of_prepared_statements_goes_to_any_node(three_nodes, clients):
    session = clients.session("ids")
    insert = session.prepare("INSERT INTO ids.t (k, v) VALUES (?, ?)")
    for node in three_nodes.addresses:
        batch = BatchStatement(BatchType.UNLOGGED)
        for k in range(20):
            batch.add(insert, (k, k))
        clients.session(via=[node]).execute(batch)
    assert sorted(row.k for row in session.execute("SELECT k FROM t")) == list(range(20))
