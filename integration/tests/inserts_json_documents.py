"""INSERT JSON with documents as bound values, alone, in batches and under conditions."""

import json

import pytest
from cassandra import InvalidRequest
from cassandra.query import BatchStatement

from clients import Clients


@pytest.fixture(scope="module")
def table(node):
    clients = Clients(node.addresses)
    session = clients.keyspace("documents")
    session.execute("CREATE TABLE t (k int, c text, s int STATIC, v int, l list<int>, PRIMARY KEY (k, c))")
    yield
    clients.close()


def test_bound_documents(table, clients):
    session = clients.session("documents")
    insert = session.prepare("INSERT INTO t JSON ?")
    for c in "ab":
        session.execute(insert, [json.dumps({"k": 1, "c": c, "s": 7, "v": ord(c), "l": [1, 2]})])
    keep = session.prepare("INSERT INTO t JSON :document DEFAULT UNSET USING TTL :ttl")
    session.execute(keep, {"document": json.dumps({"k": 1, "c": "a", "l": [3]}), "ttl": 1_000})
    rows = [tuple(row) for row in session.execute("SELECT c, s, v, l FROM t WHERE k = 1")]
    assert rows == [("a", 7, 97, [3]), ("b", 7, 98, [1, 2])]
    session.execute(insert, [json.dumps({"k": 1, "c": "b"})])
    assert tuple(session.execute("SELECT s, v, l FROM t WHERE k = 1 AND c = 'b'").one()) == (None, None, None)


@pytest.mark.parametrize("document", [None, "", "null", "[]", "{", '{"k": 1}', '{"k": 1, "c": "a", "x": 1}', '{"k": "x", "c": "a"}'])
def test_documents_that_are_none(table, clients, document):
    session = clients.session("documents")
    insert = session.prepare("INSERT INTO t JSON ?")
    with pytest.raises(InvalidRequest):
        session.execute(insert, [document])


def test_in_batches_and_under_conditions(table, clients):
    session = clients.session("documents")
    insert = session.prepare("INSERT INTO t JSON ?")
    batch = BatchStatement()
    batch.add(insert, [json.dumps({"k": 2, "c": "a", "v": 1})])
    batch.add(insert, [json.dumps({"k": 2, "c": "b", "v": 2})])
    session.execute(batch)
    assert [row[0] for row in session.execute("SELECT v FROM t WHERE k = 2")] == [1, 2]
    once = session.prepare("INSERT INTO t JSON ? IF NOT EXISTS")
    assert session.execute(once, [json.dumps({"k": 3, "c": "a", "v": 1})]).one()[0] is True
    assert session.execute(once, [json.dumps({"k": 3, "c": "a", "v": 2})]).one()[0] is False
    assert session.execute("SELECT v FROM t WHERE k = 3").one()[0] == 1


def test_from_json_of_bound_values(table, clients):
    session = clients.session("documents")
    update = session.prepare("UPDATE t SET l = fromJson(?), v = fromJson(?) WHERE k = 4 AND c = 'a'")
    session.execute(update, ["[1, 2, 3]", "5"])
    assert tuple(session.execute("SELECT l, v FROM t WHERE k = 4").one()) == ([1, 2, 3], 5)


def test_arithmetic_on_bound_values(table, clients):
    session = clients.session("documents")
    update = session.prepare("UPDATE t SET v = (int) ? * 2 + (int) ? WHERE k = 5 AND c = 'a'")
    session.execute(update, [20, 2])
    select = session.prepare("SELECT v + (int) ?, v / (double) :half FROM t WHERE k = (int) ? - 1 AND c = 'a'")
    assert tuple(session.execute(select, [1, 2.0, 6]).one()) == (43, 21.0)
    with pytest.raises(InvalidRequest):
        session.prepare("SELECT ? + ? FROM t")
