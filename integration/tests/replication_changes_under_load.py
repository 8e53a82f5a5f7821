"""A keyspace gets more copies and then fewer while a client reads and writes at QUORUM: nothing that was acknowledged is missing, and rows lie
on the nodes that the new replication says."""

from cassandra import ConsistencyLevel, OperationTimedOut, ReadFailure, ReadTimeout, Unavailable
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.protocol import ConfigurationException

from admin import admin
from clients import Clients, RoundRobinPolicy
from processes import Dev, wait_until
from quorum_load import ROWS, VALUE, Load


def simple(copies):
    return f"{{'class': 'SimpleStrategy', 'replication_factor': {copies}}}"


def alter(session, keyspace, replication):
    """The warnings of the statement."""
    future = session.execute_async(f"ALTER KEYSPACE {keyspace} WITH replication = {replication}")
    future.result()
    return future.warnings or []


def read_without(missing, address):
    """`all` if the node finds all rows at ONE, and the rows that it misses if it does not; nothing while it asks a node that is gone."""
    try:
        return missing(ConsistencyLevel.ONE, [address]) or "all"
    except (ReadTimeout, ReadFailure, Unavailable, OperationTimedOut):
        return None


def test_copies_come_and_go_under_load(tmp_path):
    dev = Dev(tmp_path / "four", 4).start()
    clients = Clients(dev.addresses)
    try:
        alone = clients.session(via=[dev.addresses[0]])
        alone.execute(f"CREATE KEYSPACE ks WITH replication = {simple(1)}")
        alone.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v text)")
        session = clients.session(policy=RoundRobinPolicy(), consistency=ConsistencyLevel.QUORUM)
        insert = session.prepare("INSERT INTO ks.t (k, v) VALUES (?, ?)")
        execute_concurrent_with_args(session, insert, [(k, VALUE) for k in range(ROWS)], concurrency=32)
        load = Load(session)
        load.start()
        ended = lambda: "No member comes or goes" in admin(dev.nodes[0], "plan")  # noqa: E731

        (warning,) = alter(alone, "ks", simple(3))
        assert "henge admin plan" in warning and "No repair" in warning, warning
        shown = alone.execute("SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = 'ks'").one()
        assert shown.replication["replication_factor"] == "3"
        wait_until(ended, "three copies", 120)
        alter(alone, "ks", simple(2))
        wait_until(ended, "two copies", 120)
        load.end()

        def missing(level, via):
            reader = clients.session(via=via, consistency=level)
            found = {row.k for row in reader.execute("SELECT k FROM ks.t")}
            return [k for k in load.acknowledged if k not in found]

        # Whichever node is gone, the other copy of each of its rows is there.
        for gone in (dev.nodes[1], dev.nodes[3]):
            gone.kill()
            assert wait_until(lambda: read_without(missing, dev.addresses[0]), f"{gone.address} is down", 60) == "all"
            gone.restart()
        for address in dev.addresses:
            assert not missing(ConsistencyLevel.ALL, [address]), address

        # A datacentre that is not there is refused, and the strategy may change. Every operator alters these two.
        try:
            alter(alone, "ks", "{'class': 'NetworkTopologyStrategy', 'elsewhere': 3}")
            raise AssertionError("a datacentre without members was taken")
        except ConfigurationException as refused:
            assert "Unrecognized strategy option" in str(refused)
        datacenter = alone.execute("SELECT data_center FROM system.local").one().data_center
        topology = f"{{'class': 'NetworkTopologyStrategy', '{datacenter}': 3}}"
        for keyspace in ("ks", "system_auth", "system_traces", "system_distributed"):
            alter(alone, keyspace, topology)
            wait_until(ended, f"{keyspace} over datacentres", 120)
            described = alone.execute(f"DESCRIBE ONLY KEYSPACE {keyspace}").one().create_statement
            assert f"'{datacenter}': '3'" in described, described
        assert {row.k for row in session.execute("SELECT k FROM ks.t")} >= set(load.acknowledged)
        assert alone.execute("SELECT role FROM system_auth.roles") is not None
    finally:
        clients.close()
        dev.stop()
