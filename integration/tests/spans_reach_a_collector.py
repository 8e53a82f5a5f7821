"""Spans of OpenTelemetry: a request with a sampled `traceparent` becomes one tree under its client's span, with its replicas; values of
statements are in none of them; a collector that is away harms nobody."""

import secrets
import subprocess
import time
import urllib.request
import uuid

import pytest
from cassandra import ConsistencyLevel, InvalidRequest
from cassandra.query import BatchStatement, SimpleStatement

from clients import Clients
from collector import Collector, attributes, tree_below
from processes import HENGE, Dev, Server, remove, wait_until

REPLICATION = "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}"
SECRET = "very-secret-value"


@pytest.fixture(scope="module")
def collector():
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture(scope="module")
def cluster(collector, tmp_path_factory):
    directory = tmp_path_factory.mktemp("spans")
    cluster = Dev(directory, 3, arguments=["--otlp-endpoint", f"http://127.0.0.1:{collector.port}"])
    cluster.start()
    yield cluster
    assert cluster.stop() == 0
    remove(directory)


@pytest.fixture
def session(cluster):
    clients = Clients(cluster.addresses)
    session = clients.session(consistency=ConsistencyLevel.QUORUM)
    session.execute(f"CREATE KEYSPACE IF NOT EXISTS spans WITH replication = {REPLICATION}")
    session.execute("CREATE TABLE IF NOT EXISTS spans.t (k int PRIMARY KEY, v text)")
    yield session
    clients.close()


class Traced:
    """A span of a client, as it goes along with a request."""

    def __init__(self, flags="01"):
        self.trace, self.span = secrets.token_hex(16), secrets.token_hex(8)
        self.payload = {"traceparent": f"00-{self.trace}-{self.span}-{flags}".encode(), "tracestate": b"vendor=1"}

    def levels(self, collector, spans_min):
        """All spans of the trace by depth; none hangs elsewhere."""
        wait_until(lambda: len(collector.of_trace(self.trace)) >= spans_min, f"{spans_min} spans", seconds=20)
        time.sleep(1.5)
        levels, rest = tree_below(collector.of_trace(self.trace), self.span)
        assert not rest, rest
        return levels


def nodes_at_work(levels):
    """The nodes that worked for a request as replicas, the coordinator's own copy included."""
    work = [span for level in levels[1:] for span in level if span["kind"] != 3]
    return {span["resource"]["service.instance.id"] for span in work}


def test_a_write_and_a_read_at_quorum_are_trees_with_their_replicas(session, collector):
    traced = Traced()
    insert = session.prepare("INSERT INTO spans.t (k, v) VALUES (?, ?)")
    session.execute(insert, (1, SECRET), custom_payload=traced.payload)
    levels = traced.levels(collector, 6)
    [request] = levels[0]
    assert request["name"] == "INSERT spans.t" and request["kind"] == 2
    assert request["traceState"] == "vendor=1"
    said = attributes(request)
    assert said["db.query.text"] == "INSERT INTO spans.t (k, v) VALUES (?, ?)"
    assert said["cassandra.consistency.level"] == "quorum"
    assert (said["db.namespace"], said["db.collection.name"]) == ("spans", "t")
    # All three replicas, the one that nobody waited for too.
    assert len(nodes_at_work(levels)) == 3, levels
    calls = [span for span in levels[1] if span["kind"] == 3]
    assert {span["name"] for span in levels[1]} == {"MUTATION_REQ"} and len(calls) == 2
    for served in levels[2]:
        call = next(call for call in calls if call["spanId"] == served["parentSpanId"])
        assert int(call["startTimeUnixNano"]) <= int(served["startTimeUnixNano"]) <= int(call["endTimeUnixNano"])
        assert served["resource"]["service.instance.id"] != call["resource"]["service.instance.id"]
        assert any(event["name"].startswith("Appended to commit log") for event in served["events"]), served

    traced = Traced()
    text = f"SELECT v FROM spans.t WHERE k = 1 AND v = '{SECRET}' ALLOW FILTERING"
    assert session.execute(SimpleStatement(text), custom_payload=traced.payload).one().v == SECRET
    levels = traced.levels(collector, 4)
    [request] = levels[0]
    assert attributes(request)["db.query.text"] == "SELECT v FROM spans.t WHERE k = ? AND v = ? ALLOW FILTERING"
    assert attributes(request)["db.response.returned_rows"] == "1"
    assert len(nodes_at_work(levels)) >= 2, levels
    assert any(event["name"].startswith("Reading at QUORUM: 2 of 3") for event in request["events"]), request
    assert SECRET not in "".join(collector.texts)


def test_batches_conditional_writes_and_errors_have_spans(session, collector):
    traced = Traced()
    batch = BatchStatement()
    for key in (10, 11):
        batch.add(SimpleStatement(f"INSERT INTO spans.t (k, v) VALUES ({key}, '{SECRET}')"))
    session.execute(batch, custom_payload=traced.payload)
    levels = traced.levels(collector, 8)
    assert levels[0][0]["name"] == "BATCH" and attributes(levels[0][0])["db.operation.batch.size"] == "2"
    assert {"BATCH_STORE_REQ", "MUTATION_REQ"} <= {span["name"] for span in levels[1]}

    traced = Traced()
    session.execute(f"INSERT INTO spans.t (k, v) VALUES (20, '{SECRET}') IF NOT EXISTS", custom_payload=traced.payload)
    levels = traced.levels(collector, 8)
    assert {"PAXOS_PREPARE_REQ", "PAXOS_PROPOSE_REQ", "PAXOS_COMMIT_REQ"} <= {span["name"] for span in levels[1]}
    assert len(nodes_at_work(levels)) == 3

    traced = Traced()
    with pytest.raises(InvalidRequest):
        session.execute(f"SELECT v FROM spans.t WHERE nothing = '{SECRET}'", custom_payload=traced.payload)
    [[request]] = traced.levels(collector, 1)
    assert request["status"] == {"code": 2, "message": "Invalid"} and attributes(request)["error.type"] == "Invalid"
    assert SECRET not in "".join(collector.texts)


def test_what_is_not_sampled_has_none_and_sessions_stay_as_they_are(session, collector):
    unsampled, sampled = Traced("00"), Traced()
    before = len(collector.spans)
    statement = SimpleStatement("SELECT v FROM spans.t WHERE k = 1")
    session.execute(statement, custom_payload=unsampled.payload)
    session.execute(statement, custom_payload={"traceparent": b"nonsense"})
    assert session.execute(statement, trace=True).get_query_trace(max_wait_sec=10).events
    result = session.execute(statement, custom_payload=sampled.payload)
    assert result.get_query_trace() is None
    sampled.levels(collector, 4)
    assert {span["traceId"] for span in collector.spans[before:]} == {sampled.trace}
    both = Traced()
    traced = session.execute(statement, custom_payload=both.payload, trace=True).get_query_trace(max_wait_sec=10)
    assert any(event.description.startswith("Read 1 rows") for event in traced.events)
    both.levels(collector, 4)


def test_a_collector_by_https_is_the_one_that_its_authority_signed(tmp_path):
    for command in (
        ("ca", "--directory", tmp_path / "authority"),
        ("ca", "--directory", tmp_path / "stranger"),
        ("node", "--authority", tmp_path / "authority", "--directory", tmp_path / "collector", "--host-id", uuid.uuid4(), "--name", "127.0.0.1"),
    ):
        subprocess.run([HENGE, "cert", *map(str, command)], check=True, stdout=subprocess.DEVNULL)
    collector = Collector(certificate=tmp_path / "collector/node.pem", key=tmp_path / "collector/node.key")
    try:
        for authority, comes in (("stranger", False), ("authority", True)):
            settings = {"otlp_endpoint": f"https://127.0.0.1:{collector.port}", "otlp_authorities": tmp_path / authority / "ca.pem", "otlp_sample_share": 1}
            node = Server(tmp_path / f"by-{authority}", "127.0.0.5", [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]).start()
            clients = Clients(node.addresses)
            clients.session().execute("SELECT * FROM system.local")
            if comes:
                wait_until(lambda: collector.spans, "spans come", seconds=60)
            else:
                wait_until(lambda: "spans cannot be sent" in node.program.text(), "the certificate is refused", seconds=60)
                assert "invalid peer certificate" in node.program.text() and not collector.spans
            clients.close()
            assert node.stop() == 0
    finally:
        collector.close()


def metric(node, name):
    with urllib.request.urlopen(f"http://{node.address}:9180/metrics", timeout=10) as page:
        lines = page.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_a_share_is_sampled_and_a_collector_that_is_away_harms_nobody(tmp_path):
    collector = Collector()
    port = collector.port
    collector.close()
    arguments = ["--otlp-endpoint", f"http://127.0.0.1:{port}", "--otlp-sample-share", "1"]
    node = Server(tmp_path, "127.0.0.5", arguments).start()
    clients = Clients(node.addresses)
    try:
        session = clients.keyspace("away")
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
        session.execute("INSERT INTO t (k, v) VALUES (1, 'x')")
        select = session.prepare("SELECT v FROM t WHERE k = ?")
        began = time.monotonic()
        for _ in range(2000):
            assert session.execute(select, (1,)).one().v == "x"
        assert time.monotonic() - began < 60
        assert metric(node, "henge_otlp_spans_exported_total") == 0
        collector = Collector(port)
        collector.statuses = [503]
        exported = wait_until(lambda: metric(node, "henge_otlp_spans_exported_total"), "spans are sent", seconds=60)
        wait_until(lambda: len([s for s in collector.spans if s["name"] == "SELECT away.t"]) == 2000, "all of them", seconds=60)
        assert exported > 0 and metric(node, "henge_otlp_spans_dropped_total") == 0
        first = next(span for span in collector.spans if span["name"] == "SELECT away.t")
        assert "parentSpanId" not in first
        # What waits is sent before the node ends.
        session.execute("INSERT INTO t (k, v) VALUES (2, 'y')")
    finally:
        clients.close()
        assert node.stop() == 0
        collector.close()
    assert any(span["name"] == "INSERT away.t" for span in collector.spans[-20:])
