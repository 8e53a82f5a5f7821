"""`system_views`: who is connected, what is under way, how a node is set up and what it holds, by Cassandra's tables and to those who may know."""

import os
import socket
import ssl
import struct
import subprocess
import uuid

import pytest
from cassandra import InvalidRequest, Unauthorized
from cassandra.auth import PlainTextAuthProvider
from cassandra.query import BatchStatement, BatchType

from clients import Clients
from processes import CQL_PORT, HENGE, Server, wait_until

GUARDED, ENCRYPTED = "127.0.21.4", "127.0.21.5"
STARTUP = 1
TABLES = "batch_metrics caches clients cql_metrics disk_usage gossip_info pending_hints queries repairs settings streams thread_pools workers".split()


def startup(address, **options):
    """A connection that has said STARTUP and nothing else."""
    stream = socket.create_connection((address, CQL_PORT), timeout=10)
    pairs = {"CQL_VERSION": "3.0.0"} | options
    body = struct.pack(">H", len(pairs)) + b"".join(text(part) for pair in pairs.items() for part in pair)
    stream.sendall(struct.pack(">BBhBi", 4, 0, 0, STARTUP, len(body)) + body)
    assert len(stream.recv(9, socket.MSG_WAITALL)) == 9
    return stream


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


def shown(session, **wanted):
    """Clients whose columns have these values."""
    rows = list(session.execute("SELECT * FROM system_views.clients"))
    return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]


def test_every_connection_is_shown_until_it_ends(node, clients, monkeypatch):
    first = clients.keyspace("first")
    monkeypatch.setattr("cassandra.connection.DRIVER_NAME", "importer")
    monkeypatch.setattr("cassandra.connection.DRIVER_VERSION", "9.9")
    second = clients.keyspace("second", version=4)

    (row,) = shown(second, keyspace_name="second")
    assert (row.driver_name, row.driver_version, row.protocol_version) == ("importer", "9.9", 4)
    (row,) = shown(second, keyspace_name="first")
    assert (row.driver_name, row.protocol_version) == ("Apache Cassandra Python Driver", 5)
    assert (row.connection_stage, row.username, row.hostname) == ("ready", "anonymous", "localhost")
    assert (row.ssl_enabled, row.ssl_protocol, row.ssl_cipher_suite) == (False, None, None)
    assert row.client_options["CQL_VERSION"] and row.client_options["DRIVER_NAME"] == row.driver_name
    assert list(row.client_options) == sorted(row.client_options)

    before = row.request_count
    for _ in range(20):
        first.execute("SELECT key FROM system.local")
    insert = first.prepare("SELECT key FROM system.local WHERE key = ?")
    for _ in range(20):
        first.execute(insert, ("local",))
    assert shown(second, keyspace_name="first")[0].request_count == before + 41

    stream = startup(node.address, driver_name="by hand", FOO="bar")
    (row,) = shown(first, driver_name="by hand")
    assert (row.address, row.port) == stream.getsockname()
    assert dict(row.client_options) == {"CQL_VERSION": "3.0.0", "DRIVER_NAME": "by hand", "FOO": "bar"}
    assert row.request_count == 1 and row.driver_version is None
    one = "SELECT connection_stage FROM system_views.clients WHERE address = %s AND port = %s"
    assert first.execute(one, (row.address, row.port)).one().connection_stage == "ready"
    stream.close()
    wait_until(lambda: not shown(first, driver_name="by hand"), "a connection that ended is not shown")


def test_our_shell_sees_itself(node):
    select = "SELECT driver_name, keyspace_name FROM system_views.clients"
    done = subprocess.run([HENGE, "shell", node.address, "-e", f"USE system; {select}"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "henge shell" in done.stdout, done


def test_queries_under_way_are_shown(node, clients):
    session, other = clients.keyspace("busy"), clients.session()
    (own,) = session.execute("SELECT * FROM system_views.queries")
    assert own.task == "QUERY SELECT * FROM system_views.queries [pageSize = 5000] at consistency LOCAL_ONE"
    assert own.queued_micros >= 0 and own.running_micros >= 0 and own.thread_id.startswith("core-")

    session.execute("CREATE TABLE t (k int, c int, v text, PRIMARY KEY (k, c))")
    insert = session.prepare("INSERT INTO t (k, c, v) VALUES (?, ?, ?)")
    for future in [session.execute_async(insert, (k % 20, k, "x" * 100)) for k in range(4_000)]:
        future.result()
    scan = session.prepare("SELECT count(*) FROM busy.t WHERE v = ? ALLOW FILTERING")

    def seen():
        under_way = [session.execute_async(scan, ("y",)) for _ in range(20)]
        tasks = [row.task for row in other.execute("SELECT task FROM system_views.queries")]
        for future in under_way:
            future.result()
        return any(task.startswith("EXECUTE SELECT count(*) FROM busy.t") and "with 1 values" in task for task in tasks)

    wait_until(seen, "a scan is seen under way")
    assert [row.task for row in session.execute("SELECT task FROM system_views.queries")] == ["QUERY SELECT task FROM system_views.queries [pageSize = 5000] at consistency LOCAL_ONE"]


def test_figures_are_those_of_the_node(node, clients):
    session = clients.keyspace("figures")
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v blob)")
    numbers = lambda: {row.name: row.value for row in session.execute("SELECT * FROM system_views.cql_metrics")}  # noqa: E731
    before = numbers()
    insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    for k in range(40):
        session.execute(insert, (k, os.urandom(50_000)))
    after = numbers()
    assert after["prepared_statements_executed"] == before["prepared_statements_executed"] + 40
    assert after["prepared_statements_count"] == before["prepared_statements_count"] + 1
    assert after["regular_statements_executed"] > before["regular_statements_executed"]
    assert 0 < after["prepared_statements_ratio"] < 1

    for size, kind in ((3, BatchType.LOGGED), (7, BatchType.UNLOGGED)):
        batch = BatchStatement(kind)
        for k in range(size):
            batch.add(insert, (k, b"x"))
        session.execute(batch)
    batches = {row.name: row.max for row in session.execute("SELECT * FROM system_views.batch_metrics")}
    assert batches == {"partitions_per_logged_batch": 3, "partitions_per_unlogged_batch": 7, "partitions_per_counter_batch": 0}

    (cache,) = session.execute("SELECT * FROM system_views.caches")
    assert cache.name == "chunks" and cache.capacity_bytes > cache.size_bytes > 0 and cache.request_count >= cache.hit_count

    pools = {row.name: row for row in session.execute("SELECT * FROM system_views.thread_pools")}
    assert pools["disk-write"].active_tasks_limit == 1 and pools["disk-write"].completed_tasks > 0
    assert sum(row.completed_tasks for name, row in pools.items() if name.startswith("core-")) > 80

    usage = "SELECT mebibytes FROM system_views.disk_usage WHERE keyspace_name = 'figures' AND table_name = 't'"
    assert session.execute(usage).one().mebibytes == 0
    subprocess.run([HENGE, "admin", "-p", "7199", "flush"], check=True, timeout=60, stdout=subprocess.DEVNULL)
    assert session.execute(usage).one().mebibytes in (2, 3)


def test_settings_are_those_in_effect(node, clients):
    session = clients.session()
    settings = {row.name: row.value for row in session.execute("SELECT * FROM system_views.settings")}
    assert settings["rpc_address"] == settings["listen_address"] == "127.0.0.1"
    assert settings["seed_provider.parameters"] == "{seeds=127.0.0.1:7000}"
    assert settings["authenticator.class_name"] == "AllowAllAuthenticator"
    assert settings["client_encryption_options.key"] == settings["superuser_password"] == "<REDACTED>"
    assert len(settings) > 30


def test_nothing_is_written_there(node, clients):
    session = clients.session()
    for statement in ("UPDATE system_views.settings SET value = 'x' WHERE name = 'y'", "TRUNCATE system_views.clients"):
        with pytest.raises(InvalidRequest, match="is not supported by table system_views"):
            session.execute(statement)
    prepared = session.prepare("INSERT INTO system_views.settings (name, value) VALUES (?, ?)")
    batch = BatchStatement(BatchType.UNLOGGED)
    batch.add(prepared, ("a", "b"))
    for statement in (prepared.bind(("a", "b")), batch):
        with pytest.raises(InvalidRequest, match="Modification is not supported by table system_views.settings"):
            session.execute(statement)


def test_background_workers_are_shown_with_their_states(node, clients):
    session = clients.session()
    workers = {row.name: row for row in session.execute("SELECT * FROM system_views.workers")}
    names = "batch_removal batch_replay clock_lease dropped_tables hint_delivery hint_writer index_build purge space_watch"
    assert set(names.split()) <= set(workers)
    assert {row.state for row in workers.values()} <= {"running", "paused", "waiting"}
    assert workers["clock_lease"].steps > 0 and workers["clock_lease"].last_error is None


def test_drivers_know_the_tables_as_virtual(node, clients):
    metadata = clients.session().cluster.metadata.keyspaces["system_views"]
    assert metadata.virtual and sorted(metadata.tables) == TABLES
    table = metadata.tables["clients"]
    assert [column.name for column in table.primary_key] == ["address", "port"]
    assert table.columns["client_options"].cql_type == "frozen<map<text, text>>"


def test_cqlsh_describes_and_selects(node, tmp_path):
    def cqlsh(statement):
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        command = ["cqlsh", "--no-color", node.address, str(CQL_PORT), "-e", statement]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    described = cqlsh("DESCRIBE system_views")
    assert "Warning: Keyspace system_views is a virtual keyspace and cannot be recreated with CQL." in described
    assert all(f"VIRTUAL TABLE system_views.{table} (" in described for table in TABLES)
    assert "system_views" in cqlsh("DESCRIBE KEYSPACES").split()
    selected = cqlsh("SELECT * FROM system_views.clients")
    assert "connection_stage" in selected and "Apache Cassandra Python Driver" in selected and "ready" in selected


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    """A node with passwords and permissions, and a function that logs in there."""
    monkeypatch.setenv("HENGE_SUPERUSER_PASSWORD", "boss")
    settings = ("authenticator=PasswordAuthenticator", "authorizer=CassandraAuthorizer")
    server = Server(tmp_path, GUARDED, [part for setting in settings for part in ("--set", setting)]).start()
    clients = Clients([GUARDED])
    yield lambda role, password: clients.session(auth_provider=PlainTextAuthProvider(role, password))
    clients.close()
    assert server.stop() == 0


def test_only_those_see_who_may(guarded):
    boss = guarded("cassandra", "boss")
    boss.execute("CREATE ROLE ann WITH PASSWORD = 'ann' AND LOGIN = true")
    ann = guarded("ann", "ann")
    for table in TABLES:
        with pytest.raises(Unauthorized, match=f"User ann has no SELECT permission on <table system_views.{table}>"):
            ann.execute(f"SELECT * FROM system_views.{table}")
    # Drivers need to know the tables, whoever uses them.
    assert len(list(ann.execute("SELECT * FROM system_virtual_schema.tables WHERE keyspace_name = 'system_views'"))) == len(TABLES)
    assert {row.username for row in shown(boss)} == {"ann", "cassandra"}
    stream = startup(GUARDED, DRIVER_NAME="by hand")
    (row,) = shown(boss, driver_name="by hand")
    assert (row.connection_stage, row.username) == ("authenticating", None)
    stream.close()
    boss.execute("GRANT SELECT ON system_views.clients TO ann")
    assert shown(ann, username="cassandra")
    values = {row.value for row in boss.execute("SELECT value FROM system_views.settings")}
    assert "<REDACTED>" in values and "boss" not in values


def test_traces_are_read_by_everybody_as_in_cassandra(guarded):
    boss = guarded("cassandra", "boss")
    boss.execute("CREATE ROLE ann WITH PASSWORD = 'ann' AND LOGIN = true")
    ann = guarded("ann", "ann")
    assert ann.execute("SELECT key FROM system.local", trace=True).get_query_trace().events
    for table in ("sessions", "events"):
        assert list(ann.execute(f"SELECT session_id FROM system_traces.{table} LIMIT 1"))
        for refused in (f"TRUNCATE system_traces.{table}", f"DELETE FROM system_traces.{table} WHERE session_id = {uuid.uuid4()}"):
            with pytest.raises(Unauthorized):
                ann.execute(refused)
    with pytest.raises(Unauthorized, match="Granting permissions on system keyspaces is strictly limited"):
        boss.execute("GRANT MODIFY ON KEYSPACE system_traces TO ann")


def henge(*arguments):
    subprocess.run([HENGE, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def test_encrypted_connections_are_told_apart(tmp_path):
    henge("cert", "ca", "--directory", tmp_path)
    node = tmp_path / "node"
    henge("cert", "node", "--authority", tmp_path, "--directory", node, "--host-id", uuid.uuid4(), "--name", ENCRYPTED)
    settings = {"enabled": "true", "optional": "true", "certificate": node / "node.pem", "key": node / "node.key"}
    flags = [part for name, value in settings.items() for part in ("--set", f"client_encryption_options_{name}={value}")]
    server = Server(tmp_path, ENCRYPTED, flags).start()
    clients = Clients([ENCRYPTED])
    try:
        plain = clients.keyspace("plain")
        for version, protocol in ((ssl.TLSVersion.TLSv1_3, "TLSv1.3"), (ssl.TLSVersion.TLSv1_2, "TLSv1.2")):
            context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
            context.minimum_version = context.maximum_version = version
            session = clients.session("system", ssl_context=context, ssl_options={"server_hostname": ENCRYPTED})
            (row,) = [row for row in shown(session, keyspace_name="system") if row.ssl_protocol == protocol]
            assert row.ssl_enabled and row.ssl_cipher_suite.startswith("TLS_") and "TLS13" not in row.ssl_cipher_suite
        (row,) = shown(plain, keyspace_name="plain")
        assert not row.ssl_enabled
        options = {row.name: row.value for row in plain.execute("SELECT * FROM system_views.settings")}
        assert options["client_encryption_options.enabled"] == options["client_encryption_options.optional"] == "true"
        assert not any(str(node) in (value or "") for value in options.values())
    finally:
        clients.close()
    assert server.stop() == 0
