"""Reads at SERIAL and LOCAL_SERIAL that are not of one partition answer rows; only IN of several keys is refused."""

import pytest
from cassandra import ConsistencyLevel, InvalidRequest
from cassandra.query import SimpleStatement

from clients import Clients

READS = {
    "SELECT k FROM t": [1, 2],
    "SELECT count(*) FROM t": [2],
    "SELECT DISTINCT k FROM t": [1, 2],
    "SELECT k FROM t WHERE token(k) > -9223372036854775808": [1, 2],
    "SELECT k FROM t WHERE v = 5": [1, 2],
    "SELECT k FROM t WHERE k = 1 AND v = 5": [1],
    "SELECT k FROM t WHERE k IN (1, 1)": [1],
    "SELECT k FROM t WHERE k = 1": [1],
    "SELECT max(v) FROM t GROUP BY k": [5, 5],
}


@pytest.fixture(scope="module")
def filled(node):
    clients = Clients(node.addresses)
    session = clients.keyspace("serial_reads")
    session.execute("CREATE TABLE t (k int, c int, v int, PRIMARY KEY (k, c))")
    session.execute("CREATE INDEX ON t (v)")
    for key in (1, 2):
        session.execute("INSERT INTO t (k, c, v) VALUES (%s, 1, 5)", (key,))
    yield
    clients.close()


@pytest.mark.parametrize("level", [ConsistencyLevel.SERIAL, ConsistencyLevel.LOCAL_SERIAL])
@pytest.mark.parametrize("page_size", [1, 5_000])
def test_serial_reads(filled, clients, level, page_size):
    session = clients.session("serial_reads")

    def values(text):
        statement = SimpleStatement(text, consistency_level=level, fetch_size=page_size)
        return sorted(row[0] for row in session.execute(statement))

    assert {text: values(text) for text in READS} == READS
    with pytest.raises(InvalidRequest, match="one partition at a time"):
        values("SELECT k FROM t WHERE k IN (1, 2)")
