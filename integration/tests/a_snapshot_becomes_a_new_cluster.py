"""`henge server --restore` makes a new cluster of one node from a snapshot: its rows, schema and roles, and nothing of what the old node
was. The old cluster goes on, and the two never meet."""

import shutil

import pytest
from cassandra import ConsistencyLevel
from cassandra.concurrent import execute_concurrent_with_args

from admin import admin
from clients import Clients
from processes import Dev, Server, answers

ROWS = 500
LONE = "127.0.0.5"
RF_3 = "{'class': 'SimpleStrategy', 'replication_factor': 3}"
RF_1 = "{'class': 'SimpleStrategy', 'replication_factor': 1}"


@pytest.fixture
def cluster(tmp_path):
    made = Dev(tmp_path / "three", 3).start()
    clients = Clients([*made.addresses, LONE])
    yield made, clients
    clients.close()
    assert made.stop() == 0


def fill(clients, address):
    session = clients.session(via=[address], consistency=ConsistencyLevel.ALL)
    session.execute(f"CREATE KEYSPACE everywhere WITH replication = {RF_3}")
    session.execute(f"CREATE KEYSPACE spread WITH replication = {RF_1}")
    for keyspace in ("everywhere", "spread"):
        session.execute(f"CREATE TABLE {keyspace}.t (k int PRIMARY KEY, v text)")
        insert = session.prepare(f"INSERT INTO {keyspace}.t (k, v) VALUES (?, ?)")
        execute_concurrent_with_args(session, insert, [(k, f"value {k}") for k in range(ROWS)], concurrency=32)
    session.execute("CREATE INDEX ON everywhere.t (v)")
    session.execute("CREATE TABLE everywhere.counts (k int PRIMARY KEY, n counter)")
    for _ in range(7):
        session.execute("UPDATE everywhere.counts SET n = n + 1 WHERE k = 1")
    session.execute("INSERT INTO everywhere.t (k, v) VALUES (1000, 'once') IF NOT EXISTS")
    session.execute("DELETE FROM everywhere.t WHERE k = 0")
    return session


def restored(folder, snapshot, *arguments):
    return Server(folder, LONE, ["--restore", str(snapshot), "--set", "memory=64MiB", *arguments])


def end_of(server):
    server.launch()
    try:
        assert server.program.process.wait(30) != 0
    finally:
        server.program.process.kill()
    return server.program.text()


def host(session):
    return session.execute("SELECT host_id FROM system.local").one().host_id


def test_rows_schema_and_nothing_of_the_old_node(cluster, tmp_path):
    nodes, clients = cluster
    second = nodes.nodes[1]
    old = fill(clients, second.address)
    admin(second, "snapshot", "-t", "drill")
    old.execute("INSERT INTO everywhere.t (k, v) VALUES (2000, 'later')")
    snapshot = tmp_path / "backup"
    shutil.copytree(second.directory / "data" / "snapshots" / "drill", snapshot)

    # A snapshot itself is still no node.
    wrong = Server(tmp_path / "wrong", LONE, ["--set", "memory=64MiB"])
    (tmp_path / "wrong").mkdir()
    shutil.copytree(snapshot, tmp_path / "wrong" / "data")
    said = end_of(wrong)
    assert "is a snapshot of node" in said and "--restore" in said, said

    lone = restored(tmp_path / "lone", snapshot).start()
    try:
        session = clients.session(via=[LONE])
        assert host(session) != host(old) and not list(session.execute("SELECT * FROM system.peers"))
        expected = {k: f"value {k}" for k in range(1, ROWS)} | {1000: "once"}
        assert {row.k: row.v for row in session.execute("SELECT k, v FROM everywhere.t")} == expected
        assert session.execute("SELECT k FROM everywhere.t WHERE v = 'value 77'").one().k == 77
        assert session.execute("SELECT n FROM everywhere.counts WHERE k = 1").one().n == 7
        found = len(list(session.execute("SELECT k FROM spread.t")))
        assert 0 < found < ROWS, found
        said = lone.program.text()
        assert "the node of this snapshot held" in said and "spread" in said and "everywhere" not in said.split("held")[0].split("restored")[-1], said
        # Three copies are asked for, and there is one.
        session.execute(f"ALTER KEYSPACE everywhere WITH replication = {RF_1}")
        assert not session.execute("INSERT INTO everywhere.t (k, v) VALUES (1000, 'twice') IF NOT EXISTS").was_applied
        session.execute("UPDATE everywhere.counts SET n = n + 1 WHERE k = 1")
        session.execute("CREATE TABLE everywhere.more (k int PRIMARY KEY)")
        identity = host(session)
        clients.close()
        # With the same option it goes on, and so it does without.
        lone.restart()
        session = Clients([LONE]).session()
        assert host(session) == identity and session.execute("SELECT n FROM everywhere.counts WHERE k = 1").one().n == 8
        # The old cluster knows nothing of it.
        again = Clients([second.address]).session(consistency=ConsistencyLevel.QUORUM)
        assert again.execute("SELECT v FROM everywhere.t WHERE k = 2000").one().v == "later"
        assert len(list(again.execute("SELECT * FROM system.peers"))) == 2
        assert not list(again.execute("SELECT * FROM system_schema.tables WHERE keyspace_name = 'everywhere' AND table_name = 'more'"))
    finally:
        assert lone.stop() == 0
    assert not answers(LONE)
    # Another directory's rows are not taken in.
    said = end_of(restored(tmp_path / "lone", second.directory / "data"))
    assert "another henge uses this data directory" in said, said
    other = Server(tmp_path / "other", LONE, ["--set", "memory=64MiB"]).start()
    assert other.stop() == 0
    said = end_of(restored(tmp_path / "other", snapshot))
    assert "is the data directory of node" in said and "empty one" in said, said


def test_a_damaged_snapshot_makes_no_node(cluster, tmp_path):
    nodes, clients = cluster
    first = nodes.nodes[0]
    fill(clients, first.address)
    admin(first, "snapshot", "-t", "cut")
    snapshot = tmp_path / "backup"
    shutil.copytree(first.directory / "data" / "snapshots" / "cut", snapshot)
    files = sorted((snapshot / "engine").glob("*.sst"))
    files[0].unlink()
    said = end_of(restored(tmp_path / "lone", snapshot))
    assert files[0].name in said, said
    # It is begun anew from a whole one.
    shutil.rmtree(snapshot)
    shutil.copytree(first.directory / "data" / "snapshots" / "cut", snapshot)
    lone = restored(tmp_path / "lone", snapshot).start()
    assert len(list(clients.session(via=[LONE]).execute("SELECT k FROM everywhere.t"))) == ROWS
    assert lone.stop() == 0
