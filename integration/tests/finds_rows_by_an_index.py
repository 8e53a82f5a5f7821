"""Secondary indexes over a real driver: what they find is what is there, whatever replicas have missed."""

import pytest
from cassandra import ConsistencyLevel, InvalidRequest
from cassandra.query import SimpleStatement

from clients import Clients

ROWS = 1_500
QUORUM = ConsistencyLevel.QUORUM


@pytest.fixture(scope="module")
def session(three_nodes):
    clients = Clients(three_nodes.addresses)
    session = clients.keyspace(
        "shop", "{'class': 'SimpleStrategy', 'replication_factor': 3}", consistency=QUORUM
    )
    session.execute(
        "CREATE TABLE orders (customer int, id int, state text, price int, tags set<text>, PRIMARY KEY (customer, id))"
    )
    insert = session.prepare("INSERT INTO orders (customer, id, state, price, tags) VALUES (?, ?, ?, ?, ?)")
    for number in range(ROWS):
        state = "open" if number % 10 == 0 else "done"
        session.execute(insert, (number % 50, number, state, number, {f"t{number % 7}"}))
    yield session
    clients.close()


def ids(session, where, fetch_size=100):
    return [row.id for row in session.execute(SimpleStatement(f"SELECT id FROM orders WHERE {where}", fetch_size=fetch_size))]


def test_rows_from_before_the_index_are_found_page_by_page(session):
    session.execute("CREATE INDEX ON orders (state)")
    assert sorted(ids(session, "state = 'open'", fetch_size=17)) == list(range(0, ROWS, 10))
    assert len(ids(session, "state = 'done'", fetch_size=333)) == ROWS - ROWS // 10
    assert ids(session, "customer = 10 AND state = 'open'", fetch_size=4) == list(range(10, ROWS, 50))


def test_ranges_and_parts_of_collections(session):
    session.execute("CREATE INDEX price ON orders (price) USING 'sai'")
    session.execute("CREATE INDEX tag ON orders (tags) USING 'sai'")
    assert sorted(ids(session, "price >= 100 AND price < 150", fetch_size=7)) == list(range(100, 150))
    assert sorted(ids(session, "tags CONTAINS 't3' AND price < 70", fetch_size=3)) == list(range(3, 70, 7))


def test_drivers_know_indexes(session):
    session.cluster.refresh_table_metadata("shop", "orders")
    indexes = session.cluster.metadata.keyspaces["shop"].tables["orders"].indexes
    kinds = {"orders_state_idx": "COMPOSITES", "price": "CUSTOM", "tag": "CUSTOM"}
    assert {name: index.kind for name, index in indexes.items()} == kinds
    assert "USING 'sai'" in indexes["price"].as_cql_query()


def test_what_changes_moves_in_the_index(session):
    session.execute("UPDATE orders SET state = 'lost' WHERE customer = 0 AND id = 0")
    assert ids(session, "state = 'lost'") == [0]
    assert 0 not in ids(session, "state = 'open'")
    session.execute("DELETE FROM orders WHERE customer = 0 AND id = 0")
    assert ids(session, "state = 'lost'") == []


def test_a_replica_that_missed_writes_shows_nothing_that_is_over(three_nodes, session):
    away = three_nodes.nodes[2]
    clients = Clients(three_nodes.addresses)
    survivors = clients.session("shop", via=three_nodes.addresses[:2], consistency=QUORUM)
    away.kill()
    for number in range(20, 40):
        survivors.execute(f"UPDATE orders SET state = 'sent' WHERE customer = {number % 50} AND id = {number}")
    away.restart()
    # Through each node, whether hints have come or not.
    for address in three_nodes.addresses:
        through = clients.session("shop", via=[address], consistency=QUORUM)
        for _ in range(5):
            assert sorted(ids(through, "state = 'sent'", fetch_size=7)) == list(range(20, 40))
            assert not {20, 30} & set(ids(through, "state = 'open'"))
    clients.close()


def test_an_index_outlives_a_restart_and_goes_when_it_is_dropped(three_nodes, session):
    node = three_nodes.nodes[0]
    node.kill()
    node.restart()
    clients = Clients(three_nodes.addresses)
    session = clients.session("shop", via=[node.address], consistency=ConsistencyLevel.ONE)
    assert 50 in ids(session, "state = 'open'")
    session.execute("DROP INDEX orders_state_idx")
    with pytest.raises(InvalidRequest, match="ALLOW FILTERING"):
        ids(session, "state = 'open'")
    session.execute("CREATE INDEX ON orders (state)")
    found = ids(session, "state = 'open'")
    assert 50 in found and 30 not in found
    clients.close()
