"""A refused statement comes back as the class that clients catch, and the connection goes on."""

import pytest
from cassandra import AlreadyExists, ConsistencyLevel, InvalidRequest, Unauthorized
from cassandra.protocol import ConfigurationException, SyntaxException
from cassandra.query import SimpleStatement

from clients import Clients

SIMPLE = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
CASES = {
    SyntaxException: [
        "SELEC * FROM t",
        "SELECT * FROM t WHERE",
        "SELECT * FROM t; SELECT * FROM t",
        "INSERT INTO t (k) VALUES (1",
        "SELECT 'open FROM t",
        "CREATE TABLE x (k int PRIMARY KEY) WITH nonsense = 1",
        "",
    ],
    InvalidRequest: [
        "SELECT * FROM unknown_table",
        "SELECT * FROM unknown_keyspace.t",
        "USE unknown_keyspace",
        "SELECT nothing FROM t",
        "SELECT * FROM t WHERE v = 1",
        "INSERT INTO t (v) VALUES (1)",
        "INSERT INTO t (k, v) VALUES (1)",
        "INSERT INTO t (k, v) VALUES ('text', 1)",
        "INSERT INTO t (k, v) VALUES (null, 1)",
        "INSERT INTO t (k, v) VALUES (1, 1) USING TTL -1",
        "UPDATE t SET k = 1 WHERE k = 1",
        "DELETE FROM t WHERE v = 1",
        "CREATE TABLE x (k int)",
        "CREATE TABLE x (k nosuchtype PRIMARY KEY)",
        "CREATE TABLE unknown_keyspace.x (k int PRIMARY KEY)",
        "DROP TABLE unknown_table",
        "DROP KEYSPACE unknown_keyspace",
        "SELECT * FROM t LIMIT 0",
    ],
    Unauthorized: [
        "CREATE TABLE system.x (k int PRIMARY KEY)",
        "DROP TABLE system.local",
    ],
    AlreadyExists: [
        "CREATE TABLE t (k int PRIMARY KEY)",
        f"CREATE KEYSPACE refused WITH replication = {SIMPLE}",
    ],
    ConfigurationException: [
        "CREATE KEYSPACE x WITH replication = {'class': 'NoSuchStrategy'}",
        "CREATE KEYSPACE x WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 'many'}",
        "CREATE KEYSPACE x WITH replication = {'class': 'NetworkTopologyStrategy', 'nowhere': 3}",
    ],
}


@pytest.fixture(scope="module")
def made(node):
    clients = Clients(node.addresses)
    clients.keyspace("refused").execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
    yield
    clients.close()


@pytest.fixture(params=[5, 4], ids=["v5", "v4"])
def session(request, made, clients):
    return clients.session("refused", version=request.param)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in CASES.items() for text in texts])
def test_is_refused_as(session, kind, text):
    with pytest.raises(kind):
        session.execute(text)
    assert session.execute("SELECT key FROM system.local").one().key == "local"


def test_already_exists_names_keyspace_and_table(session):
    with pytest.raises(AlreadyExists) as caught:
        session.execute("CREATE TABLE t (k int PRIMARY KEY)")
    assert (caught.value.keyspace, caught.value.table) == ("refused", "t")
    session.execute("CREATE TABLE IF NOT EXISTS t (k int PRIMARY KEY)")


def test_read_at_any_is_invalid(session):
    with pytest.raises(InvalidRequest):
        session.execute(SimpleStatement("SELECT * FROM t", consistency_level=ConsistencyLevel.ANY))


def test_syntax_error_says_where(session):
    with pytest.raises(SyntaxException, match=r"line 2:\d+ "):
        session.execute("SELECT *\nFORM t")


@pytest.mark.parametrize("text", ["SELECT * FROM unknown_table WHERE k = ?", "SELECT * FROM t WHERE nothing = ?"])
def test_prepare_refuses_likewise(session, text):
    with pytest.raises(InvalidRequest):
        session.prepare(text)


def test_wrong_length_of_a_bound_value_is_invalid(session):
    insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    bound = insert.bind((1, 2))
    bound.values[1] = b"\0\0\0"
    with pytest.raises(InvalidRequest):
        session.execute(bound)
