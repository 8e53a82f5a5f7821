"""What a driver computes about replicas is what the cluster does: tokens by the server's own function, replicas by asking
for each key, with one node dead, at a level that fails exactly where that node is a replica."""

import random

from cassandra import ConsistencyLevel, Unavailable
from cassandra.concurrent import execute_concurrent_with_args

from processes import wait_until

KEYS = 10_000


def test_tokens_and_replicas_are_the_clusters_own(three_nodes, clients):
    session = clients.session()
    keys = random_keys()
    # One replica: a read at ONE needs it. Two replicas: a read at ALL needs both.
    session.execute("CREATE KEYSPACE one WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
    session.execute("CREATE KEYSPACE two WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': 2}")
    for keyspace in ("one", "two"):
        session.execute(f"CREATE TABLE {keyspace}.t (k blob PRIMARY KEY)")
    agrees_on_tokens(session, keys)

    dead = three_nodes.nodes[2]
    replicas = {keyspace: replicas_of(session, keyspace, keys) for keyspace in ("one", "two")}
    dead.kill()
    survivors = [node.address for node in three_nodes.nodes if node is not dead]
    for keyspace, level in (("one", ConsistencyLevel.ONE), ("two", ConsistencyLevel.ALL)):
        for survivor in survivors:
            asked = clients.session(keyspace, via=[survivor], consistency=level)
            select = asked.prepare("SELECT k FROM t WHERE k = ?")
            lost = next(key for key in keys if dead.address in replicas[keyspace][key])
            wait_until(lambda: refused(asked, select, lost), f"{survivor} knows that node {dead.number} is dead")
            results = execute_concurrent_with_args(asked, select, [(key,) for key in keys], concurrency=100, raise_on_first_error=False)
            for key, (success, result) in zip(keys, results):
                assert success or isinstance(result, Unavailable), result
                assert success == (dead.address not in replicas[keyspace][key]), (keyspace, survivor, key)


def random_keys():
    """All lengths up to two blocks of the hash, so that each tail is met, with bytes above 0x7f, where hashes differ."""
    source = random.Random(20)
    keys = {bytes(source.randrange(256) for _ in range(1 + number % 33)) for number in range(KEYS * 2)}
    return sorted(keys)[:: len(keys) // KEYS][:KEYS]


def agrees_on_tokens(session, keys):
    """Over all keys, the token that the server stores by is the one that the driver routes by."""
    metadata = session.cluster.metadata
    insert = session.prepare("INSERT INTO two.t (k) VALUES (?)")
    execute_concurrent_with_args(session, insert, [(key,) for key in keys], concurrency=100)
    rows = {row[0]: row[1] for row in session.execute("SELECT k, token(k) FROM two.t")}
    assert len(rows) == len(keys)
    assert all(metadata.token_map.token_class.from_key(key).value == token for key, token in rows.items())


def replicas_of(session, keyspace, keys):
    metadata = session.cluster.metadata
    found = {key: {host.address for host in metadata.get_replicas(keyspace, key)} for key in keys}
    wanted = {"one": 1, "two": 2}[keyspace]
    assert all(len(addresses) == wanted for addresses in found.values())
    return found


def refused(session, select, key):
    try:
        session.execute(select, (key,))
    except Unavailable:
        return True
    except Exception:  # noqa: BLE001 - a timeout, until the failure detector has decided
        return False
    return False
