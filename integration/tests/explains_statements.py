"""EXPLAIN: a statement's plan with the replicas it would ask, through the driver and cqlsh; nothing is written. EXPLAIN ANALYZE counts."""

import os
import subprocess

import pytest
from cassandra import ConsistencyLevel, InvalidRequest
from cassandra.protocol import SyntaxException
from cassandra.query import BatchStatement, SimpleStatement

from clients import Clients
from processes import CQL_PORT

REPLICATION = "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}"


@pytest.fixture(scope="module")
def session(three_nodes):
    clients = Clients(three_nodes.addresses)
    session = clients.keyspace("explained", REPLICATION, consistency=ConsistencyLevel.QUORUM)
    session.execute("CREATE TABLE t (k int, c int, v int, w text, PRIMARY KEY (k, c))")
    session.execute("CREATE INDEX by_w ON t (w)")
    for c in range(30):
        session.execute("INSERT INTO t (k, c, v, w) VALUES (1, %s, %s, 'x')", (c, c))
    yield session
    clients.close()


def explain(session, text, values=None):
    rows = session.execute(text, values).all()
    assert [row.step for row in rows] == list(range(1, len(rows) + 1))
    return [(row.subject, row.detail) for row in rows]


def details(lines, subject):
    return [detail for name, detail in lines if name == subject]


def test_reads(session, three_nodes):
    lines = explain(session, "EXPLAIN SELECT * FROM t WHERE k = %s AND c > 3 LIMIT 5", (1,))
    assert ("partitions", "1 by key") in lines and ("rows", "1 range of clustering keys") in lines and ("limit", "5 rows") in lines, lines
    assert details(lines, "consistency") == ["QUORUM: 2 of 3 replicas must answer; enough are up"], lines
    replicas = details(lines, "replica")
    assert sorted(replicas) == [f"{address}:7000 (datacenter1, rack1) is up" for address in sorted(three_nodes.addresses)], replicas
    lines = explain(session, "EXPLAIN SELECT * FROM t WHERE w = 'x'")
    assert details(lines, "index")[0].startswith("by_w: replicas look up w = ..."), lines
    lines = explain(session, "EXPLAIN SELECT * FROM t WHERE v = 3 ALLOW FILTERING")
    assert details(lines, "warning") == ["all rows of the range are read to find those that match"], lines
    assert details(lines, "partitions") == ["all, by a scan of the ring"], lines


def test_bound_values_of_a_prepared_explanation(session):
    prepared = session.prepare("EXPLAIN SELECT v FROM t WHERE k IN ?")
    assert [column.name for column in prepared.column_metadata] == ["in(k)"]
    lines = [(row.subject, row.detail) for row in session.execute(prepared, ([1, 2, 3],))]
    assert ("partitions", "3 by key") in lines and (len(details(lines, "token")), len(details(lines, "replica"))) == (3, 9), lines


def test_writes_are_not_made(session):
    lines = explain(session, "EXPLAIN INSERT INTO t (k, c, v) VALUES (9, 9, 9)")
    assert ("statement", "write to explained.t") in lines and ("rows", "1 row") in lines, lines
    lines = explain(session, "EXPLAIN UPDATE t SET v = 1 WHERE k = 9 AND c = 9 IF v = 2")
    assert details(lines, "condition")[0].startswith("a round of Paxos at SERIAL"), lines
    assert details(lines, "consistency")[0].startswith("SERIAL: 2 of 3"), lines
    lines = explain(session, "EXPLAIN DELETE FROM t WHERE k = 1")
    assert details(lines, "rows") == ["1 deletion of a partition"], lines
    assert session.execute("SELECT count(*) FROM t").one().count == 30


def test_analyze_counts_rows_and_tells_the_steps(session):
    lines = explain(session, "EXPLAIN ANALYZE SELECT * FROM t WHERE k = 1")
    [answer] = details(lines, "answer")
    assert answer.startswith("30 rows of ") and "more pages" not in answer, answer
    steps = details(lines, "trace")
    assert any("Reading at QUORUM: 2 of 3 replicas" in step for step in steps), steps
    assert any("READ_REQ message received" in step for step in steps), steps
    paged = session.execute(SimpleStatement("EXPLAIN ANALYZE SELECT * FROM t", fetch_size=10)).all()
    assert [row.detail for row in paged if row.subject == "answer"][0].endswith("more pages"), paged


def test_analyze_counts_rows_and_tombstones_of_each_replica(session, three_nodes):
    def write(text, values=None):
        # By all, so that no replica lacks a row when it is read.
        session.execute(SimpleStatement(text, consistency_level=ConsistencyLevel.ALL), values)

    for c in range(10):
        write("INSERT INTO t (k, c, v) VALUES (2, %s, 7)", (c,))
    for c in range(4):
        write("DELETE FROM t WHERE k = 2 AND c = %s", (c,))
    write("DELETE v FROM t WHERE k = 2 AND c = 9")
    write("DELETE FROM t WHERE k = 2 AND c > 20 AND c < 30")

    def read(level, condition="k = 2"):
        lines = explain(session, SimpleStatement(f"EXPLAIN ANALYZE SELECT * FROM t WHERE {condition}", consistency_level=level))
        return dict(detail.split(": ") for detail in details(lines, "read")), lines

    # Four rows, a cell, and the two ends of a range; who answers with a digest counts as well.
    told, lines = read(ConsistencyLevel.ALL)
    assert told == {f"/{address}:7000": "10 rows, 7 tombstones" for address in three_nodes.addresses}, lines
    assert details(lines, "answer")[0].startswith("6 rows of "), lines
    told, lines = read(ConsistencyLevel.ONE)
    assert list(told.values()) == ["10 rows, 7 tombstones"], lines
    told, lines = read(ConsistencyLevel.ALL, "k = 2 AND c = 5")
    assert set(told.values()) == {"1 row, 0 tombstones"} and len(told) == 3, lines


def test_refusals(session):
    with pytest.raises(InvalidRequest, match="for SELECT only"):
        session.execute("EXPLAIN ANALYZE DELETE FROM t WHERE k = 1")
    with pytest.raises(SyntaxException, match="this is a batch"):
        session.execute("EXPLAIN BEGIN BATCH DELETE FROM t WHERE k = 1; APPLY BATCH")
    with pytest.raises(InvalidRequest, match="no column|Undefined column|not found"):
        session.execute("EXPLAIN SELECT * FROM t WHERE nothing = 1")
    batch = BatchStatement()
    batch.add(SimpleStatement("EXPLAIN INSERT INTO t (k, c) VALUES (1, 1)"))
    with pytest.raises(InvalidRequest):
        session.execute(batch)


def test_cqlsh_shows_it(session, three_nodes, tmp_path):
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"}
    text = "EXPLAIN SELECT * FROM explained.t WHERE k = 1;"
    command = ["cqlsh", "--no-color", three_nodes.addresses[0], str(CQL_PORT), "-e", text]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (process.returncode, process.stderr) == (0, ""), process
    assert "all of each partition" in process.stdout and "enough are up" in process.stdout, process.stdout
