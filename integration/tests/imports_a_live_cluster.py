"""`henge admin import`: every cell comes with its time and what is left of its time to live, an interrupted import goes on, both sides are
compared. The source is another Henge, and an Apache Cassandra where IMPORT_CASSANDRA names the address of one that runs."""

import os
import signal
import subprocess
import time

import pytest
from cassandra.query import SimpleStatement

from clients import Clients
from processes import HENGE, Server, remove, wait_until

REPLICATION = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
SOURCES = ["henge", "cassandra"]
TABLES = [
    "CREATE TYPE {ks}.place (street text, number int)",
    "CREATE TABLE {ks}.wide (k int, c text, s text static, \"V\" int, f frozen<list<int>>, m map<text, int>, st set<int>, l list<text>, "
    "p place, fp frozen<place>, t tuple<int, text>, PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY (c DESC)",
    "CREATE TABLE {ks}.plain (a int, b text, v blob, w double, PRIMARY KEY ((a, b))) WITH default_time_to_live = 1000",
    "CREATE TABLE {ks}.keys (k int, c int, PRIMARY KEY (k, c))",
    "CREATE TABLE {ks}.counted (k int, c int, n counter, o counter, sc counter static, PRIMARY KEY (k, c))",
    "CREATE INDEX by_v ON {ks}.wide (\"V\")",
]
STAMP = 1_700_000_000_000_000


@pytest.fixture(scope="module", params=SOURCES)
def source(request, tmp_path_factory):
    """The address of a server to read from."""
    if request.param == "cassandra":
        address = os.environ.get("IMPORT_CASSANDRA")
        if not address:
            pytest.skip("IMPORT_CASSANDRA names no Apache Cassandra")
        yield address
        return
    directory = tmp_path_factory.mktemp("source")
    server = Server(directory, "127.0.0.5").start()
    yield server.address
    assert server.stop() == 0
    remove(directory)


@pytest.fixture
def sessions(node, source):
    """A session to the source and one to the target."""
    both = Clients([source]), Clients(node.addresses)
    yield [one.session() for one in both]
    for one in both:
        one.close()


def fill(session, ks):
    session.execute(f"DROP KEYSPACE IF EXISTS {ks}")
    session.execute(f"CREATE KEYSPACE {ks} WITH replication = {REPLICATION}")
    for text in TABLES:
        session.execute(text.format(ks=ks))

    def run(text, stamp=STAMP, ttl=0):
        session.execute(text.format(ks=ks, using=f"USING TIMESTAMP {stamp} AND TTL {ttl}"))

    for k in range(40):
        for c in "abc":
            run(f"INSERT INTO {{ks}}.wide (k, c, \"V\", f, t, fp) VALUES ({k}, '{c}', {k}, [1, 2], (1, 'x'), {{{{street: 'a', number: 1}}}}) {{using}}", STAMP + k)
        run(f"UPDATE {{ks}}.wide {{using}} SET s = 'static {k}' WHERE k = {k}", STAMP + 7, 5000)
        run(f"UPDATE {{ks}}.wide {{using}} SET m = m + {{{{'old': 1}}}}, st = st + {{{{1, 2}}}} WHERE k = {k} AND c = 'a'", STAMP + 1)
        run(f"UPDATE {{ks}}.wide {{using}} SET m = m + {{{{'new': 2}}}}, st = st + {{{{3}}}} WHERE k = {k} AND c = 'a'", STAMP + 2, 4000)
        run(f"UPDATE {{ks}}.wide {{using}} SET l = ['x', 'y', 'x'] WHERE k = {k} AND c = 'b'", STAMP + 3)
        run(f"UPDATE {{ks}}.wide {{using}} SET p.street = 'one' WHERE k = {k} AND c = 'b'", STAMP + 4)
        run(f"UPDATE {{ks}}.wide {{using}} SET p.number = 5 WHERE k = {k} AND c = 'b'", STAMP + 5, 3000)
        run(f"INSERT INTO {{ks}}.plain (a, b, v, w) VALUES ({k}, 'kept', 0x01, 1.5) {{using}}", STAMP + k)
        run(f"INSERT INTO {{ks}}.plain (a, b, v) VALUES ({k}, 'expires', 0x) {{using}}", STAMP + k, 2000)
        session.execute(f"INSERT INTO {ks}.keys (k, c) VALUES ({k}, {k})")
        session.execute(f"UPDATE {ks}.counted SET n = n + {k + 1}, sc = sc + 2 WHERE k = {k} AND c = 1")
    # A partition of static columns alone, and what is deleted.
    run("UPDATE {ks}.wide {using} SET s = 'alone' WHERE k = 1000")
    run("INSERT INTO {ks}.wide (k, c, \"V\") VALUES (2000, 'a', 1) {using}")
    session.execute(f"DELETE FROM {ks}.wide USING TIMESTAMP {STAMP + 1} WHERE k = 2000")
    session.execute(f"DELETE \"V\" FROM {ks}.wide USING TIMESTAMP {STAMP + 50} WHERE k = 3 AND c = 'c'")


TIMED = {
    "wide": ["s", '"V"', "f", "t", "fp", "m", "st", "p"],
    "plain": ["v", "w"],
}
# The driver reads no lists with nulls in them, as those of elements that stay would be.
EXPIRING = {"wide": ["s", '"V"', "fp", "m['old']", "m['new']", "st[3]", "p.street", "p.number"], "plain": ["v", "w"]}


def rows(session, ks, table):
    """All rows with the times of their cells."""
    columns = {"wide": ["k", "c", "l"], "plain": ["a", "b"], "keys": ["k", "c"], "counted": ["k", "c", "n", "o", "sc"]}[table]
    timed = TIMED.get(table, [])
    text = ", ".join(columns + timed + [f"writetime({name}) AS w{at}" for at, name in enumerate(timed)])
    found = [tuple(repr(value) for value in row) for row in session.execute(f"SELECT {text} FROM {ks}.{table}")]
    left = ", ".join([columns[0]] + [f"ttl({name}) AS t{at}" for at, name in enumerate(EXPIRING.get(table, []))])
    return sorted(found), sorted(flat(row) for row in session.execute(f"SELECT {left} FROM {ks}.{table}"))


def flat(row):
    """Times to live, of which some seconds are gone, in steps of 500 s."""
    steps = lambda value: None if value is None else -(-value // 500)  # noqa: E731
    return str([row[0]] + [[steps(one) for one in value] if isinstance(value, list) else steps(value) for value in row[1:]])


def importing(source, *arguments):
    return [HENGE, "admin", "import", "--from", source, "--progress-seconds", "1", *arguments]


def run_import(source, folder, *arguments):
    return subprocess.run(importing(source, *arguments), cwd=folder, capture_output=True, text=True, timeout=200)


def test_a_keyspace_comes_with_the_times_of_its_cells(source, sessions, tmp_path):
    origin, target = sessions
    fill(origin, "moved")
    target.execute("DROP KEYSPACE IF EXISTS moved")
    done = run_import(source, tmp_path, "moved", "--ranges", "8", "--page-rows", "7")
    assert done.returncode == 0, done
    assert "moved.wide: 121 rows, 8 of 8 ranges copied, 8 compared" in done.stdout, done
    assert "All rows of the source are in the target" in done.stdout
    assert "not kept: moved.counted: counters have their values" in done.stderr
    assert "not kept: moved.wide: a list has one time" in done.stderr
    for table in ("wide", "plain", "keys", "counted"):
        assert rows(origin, "moved", table) == rows(target, "moved", table), table
    found = target.execute("SELECT k FROM moved.wide WHERE \"V\" = 7").all()
    assert len(found) == 3
    # Once more, from the start: nothing changes, lists and counters included.
    again = run_import(source, tmp_path, "moved", "--ranges", "4", "--state", "again.state")
    assert again.returncode == 0, again
    for table in ("wide", "keys", "counted"):
        assert rows(origin, "moved", table) == rows(target, "moved", table), table
    # A row lives on as one that was inserted when its last column goes.
    target.execute("DELETE v, w FROM moved.plain WHERE a = 1 AND b = 'kept'")
    assert target.execute("SELECT a FROM moved.plain WHERE a = 1 AND b = 'kept'").one()


def test_an_interrupted_import_goes_on(source, sessions, tmp_path):
    origin, target = sessions
    origin.execute("DROP KEYSPACE IF EXISTS large")
    target.execute("DROP KEYSPACE IF EXISTS large")
    origin.execute(f"CREATE KEYSPACE large WITH replication = {REPLICATION}")
    origin.execute("CREATE TABLE large.t (k int PRIMARY KEY, v text, l list<int>)")
    origin.execute("CREATE TABLE large.other (k int PRIMARY KEY)")
    insert = origin.prepare("INSERT INTO large.t (k, v, l) VALUES (?, ?, ?)")
    from cassandra.concurrent import execute_concurrent_with_args

    execute_concurrent_with_args(origin, insert, [(k, "x" * 50, [k, k]) for k in range(6000)], concurrency=100)
    arguments = ("large.t", "--ranges", "64", "--page-rows", "50", "--rate", "1500")
    began = time.monotonic()
    first = subprocess.Popen(importing(source, *arguments), cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    state = tmp_path / "henge-import-large.t.state"
    wait_until(lambda: state.exists() and state.read_text().count('"done"') > 5, "some ranges are done", seconds=60)
    first.send_signal(signal.SIGKILL)
    told = first.communicate()[1]
    assert time.monotonic() - began < 60
    before = state.read_text().count('"done"')
    assert before < 64
    rest = run_import(source, tmp_path, *arguments)
    assert rest.returncode == 0, rest
    assert "large.t: 6000 rows, 64 of 64 ranges copied, 64 compared" in rest.stdout, rest
    # Each range is done once; those that were cut off are begun twice.
    assert state.read_text().count('"done"') == 64
    assert "rows/s, time left" in told + rest.stderr
    assert rows_of_large(origin) == rows_of_large(target)
    assert not target.execute("SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'large' AND table_name = 'other'").all()
    finished = run_import(source, tmp_path, *arguments)
    assert finished.returncode == 0 and "64 of 64 ranges" in finished.stdout
    other = run_import(source, tmp_path, *arguments[:1], "--ranges", "8")
    assert other.returncode == 2 and "is of another import" in other.stderr, other


def rows_of_large(session):
    statement = SimpleStatement("SELECT k, v, l, writetime(v) FROM large.t", fetch_size=1000)
    return sorted(tuple(map(str, row)) for row in session.execute(statement))


def test_what_others_wrote_is_told(source, sessions, tmp_path):
    origin, target = sessions
    for session in sessions:
        session.execute("DROP KEYSPACE IF EXISTS shared")
        session.execute(f"CREATE KEYSPACE shared WITH replication = {REPLICATION}")
        session.execute("CREATE TABLE shared.t (k int PRIMARY KEY, v int)")
    for k in range(20):
        origin.execute(f"INSERT INTO shared.t (k, v) VALUES ({k}, {k}) USING TIMESTAMP {STAMP}")
    target.execute(f"INSERT INTO shared.t (k, v) VALUES (1, 100) USING TIMESTAMP {STAMP + 1}")
    target.execute("INSERT INTO shared.t (k, v) VALUES (100, 100)")
    # Deleted here later than it was written there: it stays deleted, and is missing.
    target.execute(f"DELETE FROM shared.t USING TIMESTAMP {STAMP + 5} WHERE k = 2")
    done = run_import(source, tmp_path, "shared", "--no-schema", "--ranges", "4")
    assert done.returncode == 2, done
    assert "1 rows are missing in the target, 0 are different" in done.stdout, done
    assert "2 rows are in the target alone, or newer there" in done.stdout, done
    assert "Not complete: the same command goes on" in done.stdout
    assert target.execute("SELECT v FROM shared.t WHERE k = 1").one().v == 100
    target.execute("ALTER TABLE shared.t ADD w int")
    origin.execute("ALTER TABLE shared.t ADD w text")
    refused = run_import(source, tmp_path, "shared", "--no-schema", "--state", "other.state")
    assert refused.returncode == 2 and "t.w is regular text in the source, and regular int in the target" in refused.stderr
    itself = run_import("127.0.0.1", tmp_path, "shared")
    assert itself.returncode == 2 and "one cluster" in itself.stderr
