"""All nodes of a cluster come back at new addresses at once: they find each other by one seed, the log goes on, and rows are where they were."""

import pytest
from cassandra import ConsistencyLevel

from clients import Clients
from processes import Dev, answers, wait_until

KEYSPACE = "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}"
ROWS = 100
STEP = 20


@pytest.fixture
def cluster(tmp_path):
    made = Dev(tmp_path / "five", 5).start()
    yield made
    assert made.stop() == 0


def moved(address):
    """The address that takes the place of another."""
    head, _, number = address.rpartition(".")
    return f"{head}.{int(number) + STEP}"


def test_every_node_comes_back_at_a_new_address(cluster):
    clients = Clients(cluster.addresses)
    session = clients.session(consistency=ConsistencyLevel.QUORUM)
    session.execute(KEYSPACE)
    session.execute("CREATE TABLE k.t (a int PRIMARY KEY)")
    for a in range(ROWS):
        session.execute("INSERT INTO k.t (a) VALUES (%s)", (a,))
    clients.close()
    for node in cluster.nodes:
        node.kill()
    for node in cluster.nodes:
        # The only seed is the new address of the first one.
        node.again.arguments = [moved(part) if part in cluster.addresses else part for part in node.again.arguments]
        node.address = moved(node.address)
        with node.log.open("ab") as log:
            node.child = node.again.start(log)
    addresses = [node.address for node in cluster.nodes]
    wait_until(lambda: all(answers(address) for address in addresses), "all nodes serve", 90)
    clients = Clients(addresses)
    for node in cluster.nodes:
        others = sorted(address for address in addresses if address != node.address)
        session = clients.session(via=[node.address], consistency=ConsistencyLevel.ALL)
        peers = "SELECT peer, rpc_address FROM system.peers"
        wait_until(lambda: sorted(row.rpc_address for row in session.execute(peers)) == others, f"{node.address} knows where all others are")
        assert sorted(row.peer for row in session.execute(peers)) == others
        session.execute(f"CREATE TABLE k.by_{node.number} (a int PRIMARY KEY)")
        wait_until(lambda: knows_all(session), f"{node.address} reads all rows at ALL")
    clients.close()


def knows_all(session):
    try:
        return {row.a for row in session.execute("SELECT a FROM k.t")} == set(range(ROWS))
    except Exception:  # noqa: BLE001 - a member may not have been heard of yet
        return False
