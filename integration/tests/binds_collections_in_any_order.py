"""Collections as drivers may send them: in any order, with duplicates, with nulls, and larger than one might think."""

import struct

import pytest
from cassandra import InvalidRequest
from cassandra.query import UNSET_VALUE, BoundStatement

from clients import Clients


def packed(*parts):
    """Parts with their lengths; None is null."""
    return b"".join(struct.pack(">i", -1) if part is None else struct.pack(">i", len(part)) + part for part in parts)


def collection(*parts, each=1):
    return struct.pack(">i", len(parts) // each) + packed(*parts)


def ints(*values, each=1):
    return collection(*(struct.pack(">i", value) for value in values), each=each)


def raw(session, text, *values):
    """Rows of a statement whose values are sent as these bytes."""
    bound = BoundStatement(session.prepare(text))
    bound.values = list(values)
    return session.execute(bound)


@pytest.fixture(scope="module")
def tables(node):
    clients = Clients(node.addresses)
    session = clients.keyspace("bound_values")
    session.execute("CREATE TYPE pair (s frozen<set<int>>, b int)")
    session.execute("CREATE TABLE keys (k frozen<set<int>>, c frozen<map<int, int>>, v int, PRIMARY KEY (k, c))")
    session.execute(
        "CREATE TABLE t (k int PRIMARY KEY, v int, fs frozen<set<int>>, fl frozen<list<int>>, l list<int>, s set<int>, "
        "m map<int, int>, ls list<frozen<set<int>>>, tu tuple<set<int>, int>, u pair, vs vector<set<int>, 1>)"
    )
    session.execute("CREATE TABLE big (k int, c int, t set<text> static, m map<text, int>, l list<int>, PRIMARY KEY (k, c))")
    yield
    clients.close()


@pytest.fixture(params=[3, 4, 5])
def session(tables, clients, request):
    return clients.session("bound_values", version=request.param)


def test_keys_are_those_of_literals(session):
    session.execute("TRUNCATE keys")
    key, clustering = ints(2, 1, 2), ints(2, 8, 1, 9, 2, 7, each=2)
    raw(session, "INSERT INTO keys (k, c, v) VALUES (?, ?, 1)", key, clustering)
    session.execute("INSERT INTO keys (k, c, v) VALUES ({1, 2}, {1: 9, 2: 7}, 2)")
    assert [row.v for row in session.execute("SELECT v FROM keys")] == [2]
    for where, values in [
        ("k = ? AND c = ?", [key, clustering]),
        ("k IN ? AND c = ?", [collection(key), clustering]),
        ("k = ? AND c >= ?", [key, clustering]),
        ("token(k) = token(?)", [key]),
    ]:
        assert [row.v for row in raw(session, f"SELECT v FROM keys WHERE {where}", *values)] == [2], where


@pytest.mark.parametrize(
    ("column", "value", "literal"),
    [
        ("fs", ints(2, 1, 2), "{1, 2}"),
        ("ls", collection(ints(2, 1)), "[{1, 2}]"),
        ("tu", packed(ints(2, 1), struct.pack(">i", 7)), "({1, 2}, 7)"),
        ("u", packed(ints(2, 1), None), "{s: {1, 2}}"),
        ("vs", bytes([len(ints(2, 1))]) + ints(2, 1), "[{1, 2}]"),
    ],
)
def test_values_are_those_of_literals(session, column, value, literal):
    raw(session, f"INSERT INTO t (k, v, {column}) VALUES (1, 1, ?)", value)
    applied = session.execute(f"UPDATE t SET v = 2 WHERE k = 1 IF {column} = {literal}").one()
    assert applied[0]
    session.execute(f"INSERT INTO t (k, v, {column}) VALUES (1, 1, {literal})")
    assert raw(session, f"UPDATE t SET v = 2 WHERE k = 1 IF {column} = ?", value).one()[0]


def test_parts_are_those_of_literals(session):
    session.execute("UPDATE t SET ls = [{1, 2}, {3}] WHERE k = 2")
    one = ints(2, 1)
    assert raw(session, "SELECT k FROM t WHERE k = 2 AND ls CONTAINS ? ALLOW FILTERING", one).one().k == 2
    raw(session, "UPDATE t SET ls = ls - ? WHERE k = 2", collection(one))
    assert session.execute("SELECT ls FROM t WHERE k = 2").one().ls == [{3}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("INSERT INTO t (k, l) VALUES (1, ?)", collection(None)),
        ("INSERT INTO t (k, fl) VALUES (1, ?)", collection(None)),
        ("INSERT INTO t (k, fs) VALUES (1, ?)", collection(None)),
        ("INSERT INTO t (k, s) VALUES (1, ?)", collection(None)),
        ("INSERT INTO t (k, m) VALUES (1, ?)", collection(struct.pack(">i", 1), None, each=2)),
        ("INSERT INTO t (k, m) VALUES (1, ?)", collection(None, struct.pack(">i", 1), each=2)),
        ("INSERT INTO t (k, ls) VALUES (1, ?)", collection(collection(None))),
        ("INSERT INTO t (k, tu) VALUES (1, ?)", packed(collection(None), None)),
        ("UPDATE t SET l = l + ? WHERE k = 1", collection(None)),
        ("UPDATE t SET l = ? + l WHERE k = 1", collection(None)),
        ("UPDATE t SET s = s + ? WHERE k = 1", collection(None)),
        ("UPDATE t SET u.s = ? WHERE k = 1", collection(None)),
        ("SELECT v FROM keys WHERE k = ?", collection(None)),
    ],
)
def test_null_inside_a_collection_is_invalid(session, text, value):
    with pytest.raises(InvalidRequest, match="null is not supported inside collections"):
        raw(session, text, value)


def test_the_drivers_own_null_in_a_list_is_invalid(session):
    insert = session.prepare("INSERT INTO t (k, l) VALUES (1, ?)")
    with pytest.raises(InvalidRequest, match="null is not supported inside collections"):
        session.execute(insert, ([1, None],))


def test_literals_of_collections_hold_no_markers(session):
    for text in [
        "INSERT INTO t (k, l) VALUES (1, [?])",
        "INSERT INTO t (k, m) VALUES (1, {1: ?})",
        "UPDATE t SET s = s + {?} WHERE k = 1",
        "SELECT v FROM keys WHERE k = {?}",
    ]:
        with pytest.raises(InvalidRequest, match="bind variables are not supported inside collection literals"):
            session.prepare(text)
    assert session.prepare("SELECT (list<int>)[?] FROM t") and session.prepare("UPDATE t SET tu = ({1}, ?) WHERE k = 1")


def test_fields_may_be_null(session):
    raw(session, "INSERT INTO t (k, tu, u) VALUES (3, ?, ?)", packed(None, None), packed(None, struct.pack(">i", 1)))
    row = session.execute("SELECT tu, u FROM t WHERE k = 3").one()
    assert (row.tu, tuple(row.u)) == ((None, None), (None, 1))


def test_unset_leaves_collections_as_they_are(tables, clients):
    session = clients.session("bound_values")
    for change in ["DELETE l[?]", "DELETE s[?]"]:
        session.execute("INSERT INTO t (k, l, s) VALUES (4, [1, 2], {1, 2})")
        session.execute(session.prepare(f"{change} FROM t WHERE k = 4"), (UNSET_VALUE,))
        assert tuple(session.execute("SELECT l, s FROM t WHERE k = 4").one()) == ([1, 2], {1, 2})
    for change in ["l = l - ?", "l = l + ?", "l = ? + l", "s = s - ?", "s = s + ?", "m = m + ?", "m = m - ?", "l[0] = ?", "m[1] = ?"]:
        session.execute("INSERT INTO t (k, l, s, m) VALUES (4, [1, 2], {1, 2}, {1: 1})")
        session.execute(session.prepare(f"UPDATE t SET {change} WHERE k = 4"), (UNSET_VALUE,))
        row = session.execute("SELECT l, s, m FROM t WHERE k = 4").one()
        assert tuple(row) == ([1, 2], {1, 2}, {1: 1}), change
    for change, words in [
        ("UPDATE t SET l[?] = 1 WHERE k = 4", "Invalid unset value for list index"),
        ("UPDATE t SET m[?] = 1 WHERE k = 4", "Invalid unset map key"),
        ("DELETE m[?] FROM t WHERE k = 4", "Invalid unset map key"),
        ("UPDATE t SET tu = ({1}, ?) WHERE k = 4", "Invalid unset value for tuple field number 1"),
        ("UPDATE t SET v = 1 WHERE k = 4 IF v = ?", "Invalid 'unset' value in condition"),
    ]:
        with pytest.raises(InvalidRequest, match=words):
            session.execute(session.prepare(change), (UNSET_VALUE,))


@pytest.mark.parametrize("length", [65_536, 10_000_000])
def test_elements_and_map_keys_may_be_long(tables, clients, length):
    session = clients.session("bound_values")
    text = "x" * length
    session.execute(session.prepare("UPDATE big SET t = ? WHERE k = 1"), ({text},))
    session.execute(session.prepare("UPDATE big SET m[?] = 1 WHERE k = 1 AND c = 1"), (text,))
    row = session.execute("SELECT t, m FROM big WHERE k = 1").one()
    assert (set(row.t), dict(row.m)) == ({text}, {text: 1})
    session.execute(session.prepare("DELETE t[?] FROM big WHERE k = 1"), (text,))
    session.execute(session.prepare("DELETE m[?] FROM big WHERE k = 1 AND c = 1"), (text,))
    assert session.execute("SELECT t FROM big WHERE k = 1").one() in (None, (None,))


def test_lists_may_be_long(tables, clients):
    session = clients.session("bound_values")
    numbers = list(range(70_000))
    session.execute(session.prepare("UPDATE big SET l = ? WHERE k = 2 AND c = 1"), (numbers,))
    session.execute(session.prepare("UPDATE big SET l = ? + l WHERE k = 2 AND c = 1"), (numbers,))
    assert session.execute("SELECT l FROM big WHERE k = 2").one().l == numbers + numbers


def test_statements_may_be_long(tables, clients):
    session = clients.session("bound_values")
    text = "x" * 3_000_000
    session.execute(f"UPDATE big SET t = {{'{text}'}} WHERE k = 3")
    assert set(session.execute("SELECT t FROM big WHERE k = 3").one().t) == {text}
    prepared = session.prepare(f"SELECT k FROM big WHERE k = 3 AND t CONTAINS '{text}' ALLOW FILTERING")
    assert session.execute(prepared).one().k == 3
