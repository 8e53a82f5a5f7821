"""The keyspace of traces is there from the first start, as in Cassandra, takes writes of those who may, and lets nodes join."""

import shutil
import uuid

import pytest
from cassandra import ConsistencyLevel, Unauthorized
from cassandra.cluster import NoHostAvailable
from cassandra.query import SimpleStatement

from processes import Server, wait_until

SESSIONS, EVENTS = "c5e99f16-8677-3914-b17e-960613512345", "8826e8e9-e16a-3728-8753-3bc1fc713c25"
CLIENTS_EXPECT = {"system", "system_auth", "system_distributed", "system_schema", "system_traces"}


def test_the_system_has_its_keyspaces_from_the_start(three_nodes, clients):
    session = clients.session()
    keyspaces = {row.keyspace_name: row.replication for row in session.execute("SELECT * FROM system_schema.keyspaces")}
    assert set(keyspaces) == CLIENTS_EXPECT
    assert keyspaces["system_traces"] == {"class": "org.apache.cassandra.locator.SimpleStrategy", "replication_factor": "2"}
    rows = session.execute("SELECT table_name, id FROM system_schema.tables WHERE keyspace_name = 'system_traces'")
    assert {row.table_name: str(row.id) for row in rows} == {"sessions": SESSIONS, "events": EVENTS}
    described = {row.name for row in session.execute("DESCRIBE KEYSPACES")}
    assert described == CLIENTS_EXPECT | {"system_views", "system_virtual_schema"}
    for table in ("repair_history", "parent_repair_history", "view_build_status", "partition_denylist"):
        assert list(session.execute(f"SELECT * FROM system_distributed.{table}")) == []


def test_traces_are_written_and_deleted_by_those_who_may(three_nodes, clients):
    session = clients.session(consistency=ConsistencyLevel.ALL)
    own = uuid.uuid4()
    session.execute("INSERT INTO system_traces.sessions (session_id, request) VALUES (%s, 'mine')", (own,))
    session.execute("UPDATE system_traces.sessions SET duration = 7 WHERE session_id = %s", (own,))
    read = "SELECT request, duration FROM system_traces.sessions WHERE session_id = %s"
    assert tuple(session.execute(read, (own,)).one()) == ("mine", 7)
    session.execute("DELETE FROM system_traces.sessions WHERE session_id = %s", (own,))
    assert session.execute(read, (own,)).one() is None
    session.execute("INSERT INTO system_traces.sessions (session_id, request) VALUES (%s, 'mine')", (own,))
    session.execute("TRUNCATE system_traces.sessions")
    assert session.execute(read, (own,)).one() is None
    for refused in (
        "DROP KEYSPACE system_traces",
        "DROP TABLE system_traces.sessions",
        "ALTER TABLE system_traces.sessions ADD a int",
        "CREATE TABLE system_traces.t (k int PRIMARY KEY)",
        "CREATE INDEX ON system_traces.sessions (request)",
    ):
        with pytest.raises(Unauthorized):
            session.execute(refused)


def test_a_node_joins_where_traces_lie(three_nodes, clients, tmp_path):
    session = clients.session()
    for _ in range(5):
        traced = session.execute(SimpleStatement("SELECT key FROM system.local"), trace=True)
        assert traced.get_query_trace(max_wait_sec=10).events
    fourth = joining(three_nodes, tmp_path).start()
    try:
        own = clients.session(via=[fourth.address])
        assert len(list(own.execute("SELECT peer FROM system.peers_v2"))) == 3
        wait_until(lambda: is_traced(own), "the new node keeps traces")
        everywhere = clients.session(consistency=ConsistencyLevel.ALL)
        everywhere.execute("INSERT INTO system_traces.sessions (session_id, request) VALUES (%s, 'x')", (uuid.uuid4(),))
        # What users make is placed on all four.
        everywhere.execute("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 4}")
        everywhere.execute("CREATE TABLE k.t (k int PRIMARY KEY)")
        everywhere.execute("INSERT INTO k.t (k) VALUES (1)")
        assert len(list(own.execute("SELECT k FROM k.t"))) == 1
    finally:
        clients.close()
        assert fourth.stop() == 0


def is_traced(session):
    try:
        return session.execute(SimpleStatement("SELECT key FROM system.local"), trace=True).get_query_trace(max_wait_sec=10).events
    except NoHostAvailable:
        return False


def joining(cluster, tmp_path):
    """A node with a certificate of the cluster's authority."""
    certificates = tmp_path / "certs"
    shutil.copytree(cluster.nodes[0].directory / "certs", certificates)
    for name in ("node.pem", "node.key"):
        (certificates / name).unlink()
    arguments = ["--development-certificates", str(certificates), "--seeds", f"{cluster.nodes[0].address}:7000"]
    return Server(tmp_path / "fourth", "127.0.0.4", arguments)
