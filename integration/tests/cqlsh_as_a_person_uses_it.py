"""The real cqlsh at a terminal, as a person uses it: completion, DESCRIBE, pages, traces, files, LOGIN, and COPY there and back."""

import os
import re
import subprocess

import pytest
from cassandra.auth import PlainTextAuthProvider

from clients import Clients
from processes import CQL_PORT, Server
from terminal import Terminal

ADDRESS = "127.0.11.9"
PASSWORD = "of the superuser"
SETTINGS = ["authenticator=PasswordAuthenticator", f"superuser_password={PASSWORD}"]
PROMPT = r"cqlsh(:\w+)?> "
REPLICATION = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"

MADE = [
    f"CREATE KEYSPACE person {REPLICATION}",
    "CREATE TYPE person.address (street text, number int)",
    "CREATE TABLE person.people (town text, name text, age int, tags set<text>, home frozen<address>, PRIMARY KEY (town, name))"
    " WITH comment = 'who''s who'",
    'CREATE TABLE person."Mixed" ("Key" int PRIMARY KEY, v int)',
    "INSERT INTO person.people (town, name, age, tags, home)"
    " VALUES ('Avebury', 'Ada', 36, {'a', 'b'}, {street: 'West', number: 1})",
    "INSERT INTO person.people (town, name) VALUES ('Avebury', 'Bob')",
    *[f'INSERT INTO person."Mixed" ("Key", v) VALUES ({i}, {i})' for i in range(5)],
    "CREATE ROLE reader WITH PASSWORD = 'reads' AND LOGIN = true",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    flags = [part for setting in SETTINGS for part in ("--set", setting)]
    server = Server(tmp_path_factory.mktemp("person"), ADDRESS, flags).start()
    clients = Clients([ADDRESS])
    session = clients.session(auth_provider=PlainTextAuthProvider("cassandra", PASSWORD))
    for statement in MADE:
        session.execute(statement)
    server.session = session
    yield server
    clients.close()
    assert server.stop() == 0


@pytest.fixture(scope="module")
def call(server, tmp_path_factory):
    """The command, the environment and the folder of a cqlsh; its home is empty, so that no user's settings apply."""
    home = tmp_path_factory.mktemp("home")
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"}
    return ["cqlsh", "--no-color", "-u", "cassandra", "-p", PASSWORD, ADDRESS, str(CQL_PORT)], environment, home


@pytest.fixture(scope="module")
def terminal(call):
    terminal = Terminal(*call)
    assert "Use HELP for help." in terminal.until(PROMPT)
    terminal.type("USE person;\n")
    terminal.until(PROMPT)
    yield terminal
    assert terminal.close() == 0


@pytest.fixture
def typed(terminal):
    """Types a line and returns what is shown up to the next prompt."""

    def type_line(line, prompt=PROMPT):
        terminal.type(line + "\n")
        return terminal.until(prompt)

    return type_line


@pytest.fixture
def completed(terminal):
    """Types the beginning of a line and tabs, and returns the words that are shown then; the line is given up."""

    def complete(beginning):
        terminal.type(beginning + "\t\t")
        shown = terminal.settled()
        terminal.type("\x03")
        terminal.until(PROMPT)
        return shown.split()

    return complete


def batch(call, *arguments, text=None):
    """A cqlsh without a terminal; it must succeed."""
    command, environment, folder = call
    run = subprocess.run(
        [*command, *arguments], env=environment, cwd=folder, input=text, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run
    return run.stdout


def test_tabs_complete_statements_and_names(completed):
    assert completed("SEL")[0] == "SELECT"
    assert {"person.", "people", '"Mixed"', "system.", "system_schema."} <= set(completed("SELECT * FROM "))
    assert "person.people" in completed("SELECT * FROM person.peo")
    assert {"peers", "peers_v2", "local"} <= set(completed("SELECT * FROM system."))
    assert {"age", "home", "tags"} <= set(completed("UPDATE people SET "))
    assert "town" in completed("SELECT * FROM people WHERE ")
    assert "address" in completed("DROP TYPE addr")
    assert {"CLUSTER", "KEYSPACES", "TABLES", "TYPES", "people"} <= set(completed("DESCRIBE "))
    assert {"comment", "compaction", "gc_grace_seconds"} <= set(completed("CREATE TABLE x (k int PRIMARY KEY) WITH "))


def test_describes_everything(typed):
    assert {"person", "system", "system_schema"} <= set(typed("DESCRIBE KEYSPACES;").split())
    assert {"people", '"Mixed"'} <= set(typed("DESCRIBE TABLES;").split())
    assert "address" in typed("DESCRIBE TYPES;").split()
    assert "CREATE TYPE person.address (\n    street text,\n    number int\n);" in typed("DESCRIBE TYPE address;")
    assert "comment = 'who''s who'" in typed("DESCRIBE TABLE people;")
    assert 'CREATE TABLE person."Mixed" (\n    "Key" int PRIMARY KEY,' in typed('DESC "Mixed";')
    keyspace = typed("DESCRIBE KEYSPACE person;")
    assert keyspace.index("CREATE KEYSPACE") < keyspace.index("CREATE TYPE") < keyspace.index("CREATE TABLE")
    schema = typed("DESCRIBE SCHEMA;")
    assert "CREATE KEYSPACE person " in schema and "system_schema" not in schema
    full = typed("DESCRIBE FULL SCHEMA;")
    assert "CREATE TABLE system_schema.columns (" in full and "CREATE TABLE person.people (" in full
    assert "VIRTUAL KEYSPACE system_virtual_schema;\n*/" in full


def test_describes_the_cluster_and_who_owns_it(server, typed):
    described = typed("DESCRIBE CLUSTER;")
    assert "Cluster: Test Cluster\nPartitioner: Murmur3Partitioner\nSnitch: " in described
    owned = re.findall(r"^ +(-?\d+)  \[(.*)\]$", described, re.MULTILINE)
    tokens = server.session.execute("SELECT tokens FROM system.local").one().tokens
    assert {token for token, _ in owned} == set(tokens)
    assert {addresses for _, addresses in owned} == {f"{ADDRESS}/{ADDRESS}:7000"}


@pytest.mark.parametrize(
    "what, message",
    [
        ("KEYSPACE nope", "'nope' not found in keyspaces"),
        ("TABLE nope", "Table 'nope' not found in keyspace 'person'"),
        ("TYPE nope", "User defined type 'nope' not found in 'person'"),
        ("FUNCTION nope", "User defined function 'nope' not found in 'person'"),
        ("AGGREGATE nope", "User defined aggregate 'nope' not found in 'person'"),
        ("MATERIALIZED VIEW nope", "Materialized view 'nope' not found in 'person'"),
        ("FUNCTION nope.f", "'nope' not found in keyspaces"),
        ("nope", "'nope' not found in keyspace 'person'"),
    ],
)
def test_what_is_not_there_is_missed_in_cassandras_words(typed, what, message):
    assert message in typed(f"DESCRIBE {what};")


def test_rows_stand_on_end_or_come_in_pages(terminal, typed):
    typed("EXPAND ON")
    assert "@ Row 1" in typed("SELECT * FROM people;")
    typed("EXPAND OFF")
    typed("PAGING 2")
    terminal.type('SELECT "Key" FROM "Mixed";\n')
    pages = [terminal.until("---MORE---"), *(shown(terminal) for _ in range(2))]
    assert sorted(int(key) for page in pages for key in re.findall(r"^ +(\d)$", page, re.MULTILINE)) == [0, 1, 2, 3, 4]
    assert "(5 rows)" in pages[2]
    typed("PAGING 100")


def shown(terminal):
    """The next page, after the key that asks for it."""
    terminal.type("\n")
    return terminal.until(f"---MORE---|{PROMPT}")


def test_consistency_is_set_and_held_to(typed):
    assert "Consistency level set to THREE." in typed("CONSISTENCY THREE")
    assert "Cannot achieve consistency level THREE" in typed("SELECT name FROM people;")
    assert "Consistency level set to SERIAL." in typed("CONSISTENCY SERIAL")
    assert "(2 rows)" in typed("SELECT name FROM people WHERE town = 'Avebury';")
    assert "Consistency level set to ONE." in typed("CONSISTENCY ONE")
    assert "set to LOCAL_SERIAL." in typed("SERIAL CONSISTENCY LOCAL_SERIAL")
    refused = typed("UPDATE people SET age = 1 WHERE town = 'Avebury' AND name = 'Ada' IF age = 35;")
    assert re.search(r" \[applied\] \| age\n-+\+-+\n +False \| +36\n", refused)
    typed("SERIAL CONSISTENCY SERIAL")


def test_a_trace_is_shown_in_order(typed):
    typed("TRACING ON")
    traced = typed("SELECT name FROM people WHERE town = 'Avebury';")
    typed("TRACING OFF")
    assert "wasn't found" in typed("SHOW SESSION 11111111-1111-1111-1111-111111111111")
    lines = re.findall(rf"^ +(.+?) +\| +(\S+ \S+) \| +{re.escape(ADDRESS)} \| +(\S+) \|", traced, re.MULTILINE)
    assert lines, traced
    activities = [activity for activity, _, _ in lines]
    assert activities[0] == "Execute CQL3 query" and activities[-1] == "Request complete"
    assert any(activity.startswith("Parsing SELECT name FROM people") for activity in activities)
    times = [time.removesuffix("+00:00") for _, time, _ in lines]
    assert times == sorted(times)
    elapsed = [int(elapsed) for _, _, elapsed in lines]
    assert elapsed == sorted(elapsed)


def test_statements_come_from_files_and_answers_go_to_them(call, typed):
    folder = call[2]
    (folder / "some.cql").write_text(
        "-- a comment\nSELECT age FROM person.people\n  WHERE town = 'Avebury'; /* another */ SELECT nope FROM person.people;\n"
        "SELECT name FROM person.people WHERE town = 'nowhere'; // no line behind it"
    )
    sourced = typed("SOURCE 'some.cql'")
    assert "(2 rows)" in sourced and "Undefined column name nope" in sourced and "(0 rows)" in sourced
    batch(call, text="CAPTURE 'answers.txt'\nSELECT name FROM person.people;\n")
    assert "(2 rows)" in (folder / "answers.txt").read_text()
    (folder / "good.cql").write_text("USE person;\nSELECT name FROM people;\n")
    assert "(2 rows)" in batch(call, "-f", "good.cql")
    assert "(2 rows)" in batch(call, text="SELECT name FROM person.people;\n")


def test_shows_and_helps(typed):
    assert f"Connected to Test Cluster at {ADDRESS}:{CQL_PORT}" in typed("SHOW HOST")
    assert re.search(r"\[cqlsh \S+ \| Cassandra 5\.0\.0-henge \| CQL spec 3\.4\.7 \| Native protocol v5\]", typed("SHOW VERSION"))
    assert f"['{ADDRESS}']" in typed("SHOW REPLICAS 5 person")
    assert "Documented shell commands" in typed("HELP")
    assert "did you mean SELECT?" in typed("SELEC;")


def test_logs_in_as_somebody_else(terminal, typed):
    assert {"cassandra", "reader"} <= set(typed("LIST ROLES;").split())
    assert "Provided username reader and/or password are incorrect" in typed("LOGIN reader 'guesses'")
    assert "reader@cqlsh" in typed("LOGIN reader 'reads'", rf"\w+@{PROMPT}")
    listed = typed("LIST ROLES;", rf"\w+@{PROMPT}")
    assert "reader" in listed.split() and "cassandra" not in listed.splitlines()[-6:]
    typed(f"LOGIN cassandra '{PASSWORD}'", rf"\w+@{PROMPT}")


COLUMNS = {
    "ascii": "'plain'",
    "bigint": "9223372036854775807",
    "blob": "0xcafe",
    "boolean": "true",
    "date": "'2024-02-29'",
    "decimal": "123.4500",
    "double": "1.5e300",
    "float": "0.5",
    "inet": "'::1'",
    "int": "-5",
    "smallint": "-300",
    "text": "'a,b \"c\" ''d'' é'",
    "time": "'10:11:12.123456789'",
    "timestamp": "'2024-02-29 10:11:12.345+0000'",
    "timeuuid": "50554d6e-29bb-11e5-b345-feff819cdc9f",
    "tinyint": "-128",
    "uuid": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "varint": "123456789012345678901234567890",
    "list<int>": "[1, 2, 2]",
    "set<text>": "{'a', 'b,c'}",
    "map<text, int>": "{'x': 1, 'y''z': 2}",
    "frozen<list<text>>": "['p', 'q']",
    "frozen<map<int, frozen<set<int>>>>": "{1: {2, 3}}",
    "tuple<int, text>": "(1, 'two')",
    "vector<float, 3>": "[1.5, -2, 3]",
    "frozen<address>": "{street: 'West, wing', number: null}",
    "address": "{street: 'North', number: 2}",
    "frozen<list<frozen<address>>>": "[{street: 'x', number: 1}]",
}


def test_rows_of_every_type_are_copied_out_and_in(server, call):
    """All but durations, which cqlsh can write and not read. To it an empty text is null."""
    columns = ", ".join(f"c{i} {kind}" for i, kind in enumerate(COLUMNS))
    for table in ["there", "back"]:
        server.session.execute(f"CREATE TABLE person.{table} (k int PRIMARY KEY, {columns})")
    names = ", ".join(f"c{i}" for i in range(len(COLUMNS)))
    server.session.execute(f"INSERT INTO person.there (k, {names}) VALUES (1, {', '.join(COLUMNS.values())})")
    server.session.execute("INSERT INTO person.there (k) VALUES (2)")
    frozen = list(COLUMNS).index("frozen<list<text>>")
    server.session.execute(f"INSERT INTO person.there (k, c2, c6, c7, c{frozen}) VALUES (3, 0x, NaN, -Infinity, [])")
    assert "3 rows exported" in batch(call, "-e", "COPY person.there TO 'rows.csv' WITH HEADER = true")
    assert "3 rows imported" in batch(call, "-e", "COPY person.back FROM 'rows.csv' WITH HEADER = true")
    there, back = ({row.k: str(row) for row in server.session.execute(f"SELECT * FROM person.{table}")} for table in ["there", "back"])
    assert len(there) == 3 and there == back


def test_counters_and_many_rows_are_copied_in(server, call):
    server.session.execute("CREATE TABLE person.counted (k int, c int, n counter, PRIMARY KEY (k, c))")
    server.session.execute("CREATE TABLE person.many (k int PRIMARY KEY, v text)")
    folder = call[2]
    (folder / "counted.csv").write_text("1,1,5\n1,2,-7\n")
    batch(call, "-e", "COPY person.counted FROM 'counted.csv'; COPY person.counted FROM 'counted.csv'")
    assert [row.n for row in server.session.execute("SELECT n FROM person.counted")] == [10, -14]
    lines = sorted(f"{i},value {i}" for i in range(5_000))
    (folder / "many.csv").write_text("\n".join(lines) + "\n")
    assert "5000 rows imported" in batch(call, "-e", "COPY person.many FROM 'many.csv' WITH CHUNKSIZE = 500")
    assert "5000 rows exported" in batch(call, "-e", "COPY person.many TO 'again.csv'")
    assert sorted((folder / "again.csv").read_text().split()) == sorted(" ".join(lines).split())
