"""What drivers and cqlsh show of warnings that need no setting, and that guardrails hold plain users but not superusers."""

import os
import subprocess

import pytest
from cassandra import InvalidRequest, ReadFailure
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, ResponseFuture
from cassandra.policies import FallthroughRetryPolicy
from cassandra.protocol import PrepareMessage
from cassandra.query import BatchStatement, BatchType

from processes import CQL_PORT, Server

LARGE = "x" * 1000


@pytest.fixture
def session(node):
    cluster = Cluster([node.address], protocol_version=5, execution_profiles={EXEC_PROFILE_DEFAULT: ExecutionProfile(retry_policy=FallthroughRetryPolicy())})
    session = cluster.connect()
    yield session
    cluster.shutdown()


@pytest.fixture
def table(session):
    session.execute("CREATE KEYSPACE IF NOT EXISTS warned WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
    session.execute("CREATE TABLE IF NOT EXISTS warned.t (k int, c int, v text, PRIMARY KEY (k, c))")
    return "warned.t"


def warnings(session, statement, *values):
    future = session.execute_async(statement, *values)
    future.result()
    return future.warnings or []


def batch(session, table, partitions, statements, kind=BatchType.LOGGED):
    insert = session.prepare(f"INSERT INTO {table} (k, c, v) VALUES (?, ?, ?)")
    batch = BatchStatement(kind)
    for number in range(statements):
        batch.add(insert, (number % partitions, number, LARGE))
    return batch


def test_large_batches_over_several_partitions(session, table):
    assert warnings(session, batch(session, table, 2, 4)) == []
    (warning,) = warnings(session, batch(session, table, 2, 6))
    assert warning == "Batch for [warned.t] is of size 6328, exceeding specified threshold of 5120 by 1208."
    with pytest.raises(InvalidRequest, match="Batch too large"):
        session.execute(batch(session, table, 2, 60))
    assert session.execute(f"SELECT count(*) FROM {table} WHERE k = 0 AND c > 50").one()[0] == 0
    # Of one partition it is one write.
    assert warnings(session, batch(session, table, 1, 60)) == []
    assert session.execute(f"SELECT count(*) FROM {table} WHERE k = 0 AND c > 50").one()[0] == 9


def test_options_that_have_no_effect(session, table):
    """Cassandra does what they say."""
    create = "CREATE TABLE warned.o (k int PRIMARY KEY) WITH cdc = true AND comment = 'x' AND caching = {'keys': 'NONE'}"
    told = "Options of table o that are kept but have no effect in Henge: "
    assert warnings(session, create) == [told + "caching, cdc"]
    assert warnings(session, create.replace("TABLE", "TABLE IF NOT EXISTS")) == []
    retry = "ALTER TABLE warned.o WITH speculative_retry = '{}' AND read_repair = 'NONE'"
    for obeyed in ["NEVER", "ALWAYS", "50ms", "95p", "MIN(99p,50ms)"]:
        assert warnings(session, retry.format(obeyed)) == []
    # What tools set by habit is Cassandra's default.
    habit = "ALTER TABLE warned.o WITH caching = {'keys': 'ALL', 'rows_per_partition': 'NONE'} AND speculative_retry = '99p'"
    assert warnings(session, habit) == []
    assert warnings(session, "ALTER TABLE warned.o WITH compression = {'class': 'ZstdCompressor'}") == [told + "compression"]
    (warning,) = warnings(session, "ALTER KEYSPACE warned WITH durable_writes = false")
    assert warning == "durable_writes = false of keyspace warned is kept but has no effect: all writes are durable"
    assert warnings(session, "ALTER KEYSPACE warned WITH durable_writes = true") == []


def test_unlogged_batches_over_many_partitions(session, table):
    insert = session.prepare(f"INSERT INTO {table} (k, c) VALUES (?, 1)")
    for partitions, number in ((10, 0), (11, 1)):
        batch = BatchStatement(BatchType.UNLOGGED)
        for key in range(partitions):
            batch.add(insert, (key,))
        assert len(warnings(session, batch)) == number
    assert warnings(session, batch)[0].startswith("Unlogged batch covering 11 partitions detected against table [warned.t].")


def test_aggregates(session, table):
    assert warnings(session, f"SELECT count(*) FROM {table}") == ["Aggregation query used without partition key"]
    assert warnings(session, f"SELECT count(*) FROM {table} WHERE k = 1") == []
    prepared = session.prepare(f"SELECT max(c) FROM {table} WHERE k IN ?")
    assert warnings(session, prepared, ([1, 2],)) == ["Aggregation query used on multiple partition keys (IN restriction)"]


def test_more_copies_than_nodes(session):
    statement = "CREATE KEYSPACE copies WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}"
    expected = "Your replication factor 3 for keyspace copies is higher than the number of nodes 1 for datacenter datacenter1"
    assert warnings(session, statement) == [expected]


def test_prepared_statements_that_hang_on_the_keyspace(session, table):
    session.execute("USE warned")

    def prepared(text):
        future = ResponseFuture(session, PrepareMessage(query=text), query=None, timeout=10)
        future.send_request()
        future.result()
        return future.warnings or []

    assert prepared(f"SELECT * FROM {table} WHERE k = ?") == []
    (warning,) = prepared("SELECT * FROM t WHERE k = ?")
    assert warning.startswith("`USE <keyspace>` with prepared statements is considered to be an anti-pattern")
    assert "Keyspace used: warned, statement keyspace: warned, statement id: " in warning
    # Once is enough for a connection.
    assert prepared("SELECT * FROM t WHERE k = ? AND c = 1") == []


def test_tombstones(session, table):
    session.execute("CREATE TABLE IF NOT EXISTS warned.dead (k int, c int, PRIMARY KEY (k, c))")
    delete = session.prepare("DELETE FROM warned.dead WHERE k = 1 AND c = ?")
    for start in range(0, 1_001, 91):
        batch = BatchStatement(BatchType.UNLOGGED)
        for number in range(start, start + 91):
            batch.add(delete, (number,))
        session.execute(batch)
    (warning,) = warnings(session, "SELECT * FROM warned.dead WHERE k = 1")
    assert warning.startswith("Read 0 live rows and 1001 tombstone cells for query ")
    assert warning.endswith("(see tombstone_warn_threshold)")
    assert warnings(session, "SELECT * FROM warned.dead WHERE k = 1 AND c < 1000") == []


def cqlsh(address, home, text, *arguments):
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"}
    command = ["cqlsh", "--no-color", *arguments, address, str(CQL_PORT), "-e", text]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_cqlsh_prints_warnings(node, session, table, tmp_path):
    process = cqlsh(node.address, tmp_path, f"SELECT count(*) FROM {table}")
    assert process.returncode == 0 and process.stderr == ""
    assert "Warnings :\nAggregation query used without partition key\n" in process.stdout


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    """A server with passwords and a few guardrails."""
    monkeypatch.setenv("HENGE_SUPERUSER_PASSWORD", "cassandra")
    settings = (
        "authenticator=PasswordAuthenticator", "page_size_warn_threshold=100", "page_size_fail_threshold=6000",
        "tombstone_failure_threshold=50", "tombstone_warn_threshold=20", "drop_keyspace_enabled=false", "default_keyspace_rf=2",
    )
    server = Server(tmp_path, "127.0.11.6", [part for setting in settings for part in ("--set", setting)]).start()
    yield server
    assert server.stop() == 0


def logged_in(address, name):
    return Cluster([address], auth_provider=PlainTextAuthProvider(name, name), protocol_version=5)


def test_guardrails_hold_users_and_not_superusers(guarded, tmp_path):
    with logged_in(guarded.address, "cassandra") as cluster:
        session = cluster.connect()
        session.execute("CREATE ROLE plain WITH PASSWORD = 'plain' AND LOGIN = true")
        session.execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy'}")
        (row,) = session.execute("SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = 'ks'")
        assert row.replication["replication_factor"] == "2"
        session.execute("CREATE TABLE ks.t (k int PRIMARY KEY)")
        # The driver's pages have 5000 rows.
        assert warnings(session, "SELECT * FROM ks.t") == []
        session.execute("DROP KEYSPACE ks")
        session.execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
        session.execute("CREATE TABLE ks.t (k int, c int, PRIMARY KEY (k, c))")
    with logged_in(guarded.address, "plain") as cluster:
        session = cluster.connect()
        (warning,) = warnings(session, "SELECT * FROM ks.t")
        assert warning == "Guardrail page_size violated: Query for table t with page size 5000 exceeds warning threshold of 100."
        # The way of reads of one row from memory is no way round.
        prepared = session.prepare("SELECT * FROM ks.t WHERE k = ? AND c = ?")
        session.execute("INSERT INTO ks.t (k, c) VALUES (1, 1)")
        assert warnings(session, prepared, (1, 1)) == [warning]
        with pytest.raises(InvalidRequest, match="Guardrail drop_keyspace_enabled violated: DROP KEYSPACE functionality is not allowed"):
            session.execute("DROP KEYSPACE ks")
        for number in range(60):
            session.execute("DELETE FROM ks.t WHERE k = 2 AND c = %s", (number,))
        with pytest.raises(ReadFailure) as failure:
            session.execute("SELECT * FROM ks.t WHERE k = 2")
        assert failure.value.error_code_map == {guarded.address: 1}
    process = cqlsh(guarded.address, tmp_path, "SELECT * FROM ks.t WHERE k = 1", "-u", "plain", "-p", "plain")
    assert process.returncode == 0, process
    log = guarded.program.text()
    assert "a client was warned" in log and "page_size violated" in log


def test_unknown_settings_are_told_with_the_nearest(tmp_path):
    server = Server(tmp_path, "127.0.11.6", ["--set", "page_size_warn_treshold=5"])
    server.launch()
    assert server.program.process.wait(30) != 0
    assert "did you mean page_size_warn_threshold?" in server.program.text()
