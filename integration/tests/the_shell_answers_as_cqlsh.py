"""`henge shell` answers as the real cqlsh does: the same statements and commands through both, compared in what is printed and in the errors.
An answer that differs is listed here by its reason, a row of the table in docs/reference/shell.md; one that differs no more fails, too."""

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from processes import HENGE

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "shell.md"
SHELLS = {"henge": [HENGE, "shell"], "cqlsh": ["cqlsh", "--no-color"]}
# Between two inputs, in what is printed and in the errors.
MARK = "\nSHOW HOST\nDESCRIBE KEYSPACE no_such_mark\n"
PRINTED_MARK = re.compile(r"^Connected to .*\n", re.MULTILINE)
ERROR_MARK = re.compile(r"^.*:\d+:'no_such_mark' not found in keyspaces\n", re.MULTILINE)

MADE = r"""
CREATE KEYSPACE answers WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
CREATE TYPE answers.address (street text, number int, "Mixed" inet);
CREATE TYPE answers.person (name text, homes frozen<list<frozen<address>>>);
CREATE TABLE answers.plain (k int PRIMARY KEY, v text);
CREATE TABLE answers.empty (k int PRIMARY KEY, v text);
CREATE TABLE answers.wide (p int, c int, s text static, v text, PRIMARY KEY (p, c));
CREATE TABLE answers.counted (k int PRIMARY KEY, n counter);
CREATE TABLE answers."Mixed" ("Key" int PRIMARY KEY, "a b" text, "x\y" int);
CREATE TABLE answers.texts (k int PRIMARY KEY, a ascii, v text);
CREATE TABLE answers.numbers (k int PRIMARY KEY, t tinyint, s smallint, b bigint, v varint, d decimal, f float, e double);
CREATE TABLE answers.times (k int PRIMARY KEY, d date, t time, at timestamp, span duration);
CREATE TABLE answers.others (k int PRIMARY KEY, b blob, o boolean, i inet, u uuid, tu timeuuid);
CREATE TABLE answers.parts (k int PRIMARY KEY, l list<text>, s set<inet>, m map<text, timestamp>, n frozen<map<int, frozen<set<text>>>>,
    u set<uuid>, d list<double>, x list<blob>, y set<date>);
CREATE TABLE answers.made (k int PRIMARY KEY, t tuple<int, text>, tt tuple<int, frozen<tuple<text, inet>>>, a address, p frozen<person>,
    l list<frozen<address>>, v vector<float, 3>, w vector<int, 2>);
CREATE INDEX named ON answers.plain (v);
INSERT INTO answers.plain (k, v) VALUES (1, 'one');
INSERT INTO answers.plain (k, v) VALUES (2, 'two');
INSERT INTO answers.plain (k) VALUES (3);
INSERT INTO answers.wide (p, c, s, v) VALUES (1, 1, 'static', 'a');
INSERT INTO answers.wide (p, c, v) VALUES (1, 2, 'bb');
INSERT INTO answers.wide (p, s) VALUES (2, 'alone');
UPDATE answers.counted SET n = n + 7 WHERE k = 1;
INSERT INTO answers."Mixed" ("Key", "a b", "x\y") VALUES (1, 'v', 2);
INSERT INTO answers.texts (k, a, v) VALUES (1, 'plain', 'it''s "quoted"');
INSERT INTO answers.texts (k, a, v) VALUES (2, '', '');
INSERT INTO answers.texts (k, v) VALUES (3, 'C:\dir\new');
INSERT INTO answers.texts (k, v) VALUES (5, '日本語 wide');
INSERT INTO answers.texts (k, v) VALUES (6, 'café e');
INSERT INTO answers.texts (k, v) VALUES (7, 'emoji 😀 x');
INSERT INTO answers.numbers (k, t, s, b, v, d, f, e) VALUES (1, -128, 32767, -9223372036854775808, 123456789012345678901234567890, 123.4500, 0.1, 0.1);
INSERT INTO answers.numbers (k, d, f, e) VALUES (2, 1E+5, 1.0, 100000);
INSERT INTO answers.numbers (k, d, f, e) VALUES (3, 0.0000000001, NaN, Infinity);
INSERT INTO answers.numbers (k, d, f, e) VALUES (4, -0.10, -Infinity, 1.5e300);
INSERT INTO answers.numbers (k, d, f, e) VALUES (5, 0E-10, 16777216, -0.0);
INSERT INTO answers.numbers (k, d, f, e) VALUES (6, 1E+30, 3.4028235e38, 123456.789);
INSERT INTO answers.numbers (k, d, f, e) VALUES (7, 100, 0.00001234567, 99999.999999);
INSERT INTO answers.times (k, d, t, at, span) VALUES (1, '2024-02-29', '10:11:12.123456789', '2024-02-29 10:11:12.345+0000', 1y2mo3d4h5m6s7ms8us9ns);
INSERT INTO answers.times (k, d, t, at, span) VALUES (2, '0001-01-01', '00:00:00', 0, -1mo2d);
INSERT INTO answers.times (k, d, t, at, span) VALUES (3, '9999-12-31', '23:59:59.999999999', '0001-02-03 00:00:00+0000', 2w);
INSERT INTO answers.times (k, d, at) VALUES (4, 0, 99999999999999999);
INSERT INTO answers.times (k, d, at) VALUES (5, '-5000-01-01', '1969-12-31 23:59:59.999+0000');
INSERT INTO answers.others (k, b, o, i, u, tu) VALUES (1, 0xCAFE, true, '127.0.0.1', f81d4fae-7dec-11d0-a765-00a0c91e6bf6, 50554d6e-29bb-11e5-b345-feff819cdc9f);
INSERT INTO answers.others (k, b, o, i) VALUES (2, 0x, false, '::1');
INSERT INTO answers.others (k, i) VALUES (3, '2001:db8:0:0:1::5');
INSERT INTO answers.others (k, i) VALUES (4, '::1.2.3.4');
INSERT INTO answers.parts (k, l, s, m) VALUES (1, ['a', 'it''s', 'b\c'], {'9.0.0.1', '10.0.0.1', '::1'}, {'x': 0, 'y''z': '2024-02-29 10:11:12+0000'});
INSERT INTO answers.parts (k, n, u) VALUES (2, {1: {'b', 'a'}, 2: {'c'}}, {f81d4fae-7dec-11d0-a765-00a0c91e6bf6, 50554d6e-29bb-11e5-b345-feff819cdc9f});
INSERT INTO answers.parts (k, d, x, y) VALUES (3, [0.3333333333, 123456.789, 1e20], [0x, 0xff], {'2024-02-29', '1970-01-01'});
INSERT INTO answers.made (k, t, tt, a) VALUES (1, (1, 'two'), (1, ('x''y', '127.0.0.1')), {street: 'West', number: 2, "Mixed": '::1'});
INSERT INTO answers.made (k, p, l) VALUES (2, {name: 'Ada', homes: [{street: 'a'}, {number: 3}]}, [{street: 'West, wing', number: 1}]);
INSERT INTO answers.made (k, v, w) VALUES (3, [1.5, -2, 0.333333333], [1, 2]);
"""

SELECTED = [
    "plain", "empty", "wide", "counted", '"Mixed"', "texts", "numbers", "times", "others", "parts", "made",
]
INPUTS = [
    *(f"SELECT * FROM answers.{table};" for table in SELECTED),
    *(f"EXPAND ON\nSELECT * FROM answers.{table};\nEXPAND OFF" for table in SELECTED),
    "USE answers;\nSELECT k FROM plain;\nSELECT count(*) FROM plain;",
    "SELECT k AS alias, v FROM answers.plain WHERE k = 1;",
    "SELECT JSON * FROM answers.plain WHERE k = 1;",
    "SELECT DISTINCT p, s FROM answers.wide;",
    "SELECT k, writetime(v), ttl(v) FROM answers.plain WHERE k = 3;",
    "SELECT t, a FROM answers.made WHERE k = 3;",
    "SELECT a.street, a.number FROM answers.made WHERE k = 1;",
    "SELECT token(k), k FROM answers.plain;",
    "SELECT cast(k AS text) FROM answers.plain WHERE k = 1;",
    "select * from answers.plain where k in (1, 2);",
    "SELECT * FROM answers.plain WHERE k = 99;",
    "SELECT * FROM answers.wide WHERE p = 1 ORDER BY c DESC;",
    "SELECT * FROM answers.plain WHERE v = 'two';",
    "SELECT * FROM answers.wide WHERE v = 'a' ALLOW FILTERING;",
    "SELECT * FROM answers.wide WHERE v = 'a';",
    "SELECT key FROM system.local;",
    "SELECT role, is_superuser FROM system_auth.roles;",
    "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = 'answers';",
    "-- a comment\nSELECT k FROM answers.plain WHERE k = 1; // behind",
    "/* several\nlines */ SELECT k\nFROM answers.plain\nWHERE k = 1;",
    "SELECT k FROM answers.plain WHERE k = 1; SELECT k FROM answers.plain WHERE k = 2;",
    "SELECT v FROM answers.texts WHERE v = 'a;b' ALLOW FILTERING;",
    "SELECT $$it's$$ FROM answers.plain;",
    # Statements without rows, and their outcomes.
    "INSERT INTO answers.plain (k, v) VALUES (9, 'nine');",
    "INSERT INTO answers.plain (k, v) VALUES (1, 'new') IF NOT EXISTS;",
    "UPDATE answers.plain SET v = 'x' WHERE k = 1 IF v = 'no';",
    "UPDATE answers.plain SET v = 'one' WHERE k = 1 IF v = 'one';",
    "EXPAND ON\nUPDATE answers.plain SET v = 'x' WHERE k = 1 IF v = 'no';\nEXPAND OFF",
    "DELETE FROM answers.plain WHERE k = 77 IF EXISTS;",
    "BEGIN BATCH INSERT INTO answers.plain (k, v) VALUES (9, 'n'); DELETE FROM answers.plain WHERE k = 9; APPLY BATCH;",
    "BEGIN BATCH UPDATE answers.plain SET v = 'x' WHERE k = 1 IF v = 'no'; APPLY BATCH;",
    "CREATE TABLE answers.later (k int PRIMARY KEY);\nDROP TABLE answers.later;",
    "TRUNCATE answers.empty;",
    # Errors.
    "SELECT * FROM answers.nope;",
    "SELECT * FROM nope.nope;",
    "SELECT nope FROM answers.plain;",
    "SELEC * FROM answers.plain;",
    "SELECT * FRM answers.plain;",
    "SELECT *\nFROM answers.plain\nWHERE k ==\n 1;",
    "INSERT INTO answers.plain (k, v) VALUES ('x', 1);",
    "INSERT INTO answers.plain (v) VALUES ('x');",
    "UPDATE answers.plain SET v = 1 WHERE k = 1;",
    "CREATE TABLE answers.plain (k int PRIMARY KEY);",
    "CREATE KEYSPACE answers WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};",
    "CREATE TABLE answers.bad (k int PRIMARY KEY, v nope);",
    "DROP TABLE answers.nope;",
    "USE nope;",
    "GRANT SELECT ON answers.plain TO nobody;",
    "SELECT * FROM answers.plain; SELECT nope FROM answers.plain; SELECT k FROM answers.plain WHERE k = 1;",
    "SELECT nope FROM answers.plain; SELECT k FROM\nanswers.plain WHERE k = 1;",
    "SELECT * FROM answers.plain WHERE k = 'unclosed;\n';",
    "CONSISTENCY THREE\nSELECT k FROM answers.plain;\nCONSISTENCY ONE",
    # Commands.
    "CONSISTENCY", "CONSISTENCY QUORUM\nCONSISTENCY\nconsistency one;", "SERIAL CONSISTENCY", "SERIAL CONSISTENCY LOCAL_SERIAL\nSERIAL CONSISTENCY SERIAL",
    "EXPAND", "EXPAND ON\nEXPAND ON\nEXPAND\nEXPAND OFF", "TRACING", "TRACING OFF",
    "PAGING", "PAGING 2\nSELECT k FROM answers.plain;\nPAGING ON", "PAGING OFF\nPAGING\nPAGING ON\nPAGING 100",
    "CONSISTENCY NOPE", "SERIAL CONSISTENCY QUORUM", "EXPAND MAYBE", "PAGING 0", "PAGING x", "TRACING x", "SHOW NOPE", "SHOW VERSION",
    "SHOW REPLICAS 5 answers", "SHOW SESSION 11111111-1111-1111-1111-111111111111",
    "CAPTURE", "CAPTURE OFF", "CAPTURE '/nowhere/at all'", "CAPTURE x", "SOURCE '/nowhere/at all'", "SOURCE x", "LOGIN",
    "COPY answers.plain TO STDOUT WITH NUMPROCESSES = 1;", "COPY answers.nope TO STDOUT;", "HELP nope",
    # Descriptions.
    "DESCRIBE KEYSPACES", "DESCRIBE TABLES", "USE answers;\nDESCRIBE TABLES\nDESCRIBE TYPES\nDESCRIBE FUNCTIONS\nDESCRIBE AGGREGATES",
    "DESCRIBE TABLE answers.wide", "DESC answers.plain", "DESCRIBE TYPE answers.address", "DESCRIBE INDEX answers.named", "DESCRIBE KEYSPACE answers",
    "DESCRIBE CLUSTER", "USE answers;\nDESCRIBE CLUSTER", 'DESCRIBE answers."Mixed"', "DESCRIBE TABLE answers.nope", "DESCRIBE nope", "DESCRIBE",
    "DESCRIBE TABLE", "DESCRIBE SCHEMA", "LIST ROLES;",
    "DESCRIBE FULL SCHEMA", "DESC KEYSPACE answers;", "USE answers;\nDESCRIBE KEYSPACE", 'DESCRIBE TABLE answers."Mixed"', "DESCRIBE INDEX answers.nope",
    "DESCRIBE TYPE answers.nope", "DESCRIBE KEYSPACE nope", "DESCRIBE TABLE system.local",
]


# Answers that differ, by the row that argues it in docs/reference/shell.md.
DIFFERENT = {
    "`Improper COMMAND command.`": [
        "CONSISTENCY NOPE", "SERIAL CONSISTENCY QUORUM", "EXPAND MAYBE", "PAGING x", "TRACING x", "SHOW NOPE", "CAPTURE x", "SOURCE x", "LOGIN",
        "DESCRIBE", "DESCRIBE TABLE",
    ],
    "a syntax error is the server's words": ["SELEC * FROM answers.plain;", "SELECT * FRM answers.plain;", "SELECT *\nFROM answers.plain\nWHERE k ==\n 1;"],
    "`AlreadyExists` has words of the driver": [
        "CREATE TABLE answers.plain (k int PRIMARY KEY);",
        "CREATE KEYSPACE answers WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};",
    ],
    "`NoHostAvailable` around": ["CONSISTENCY THREE\nSELECT k FROM answers.plain;\nCONSISTENCY ONE"],
    # Python warns once.
    "`DateOverFlowWarning`": ["SELECT * FROM answers.times;"],
    "`PAGING 0`": ["PAGING 0"],
    "`[cqlsh 6.2": ["SHOW VERSION"],
    "`CAPTURE OFF` of cqlsh 6.2.2 only shows": ["CAPTURE OFF"],
    "`Column family nope not found`": ["COPY answers.nope TO STDOUT;"],
}
# Of these only the errors differ: what is printed is the same.
ONLY_ERRORS = set(DIFFERENT) - {"`PAGING 0`", "`[cqlsh 6.2", "`CAPTURE OFF` of cqlsh 6.2.2 only shows"}


def run(shell, home, *arguments, text=None):
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"}
    command = [*SHELLS[shell], *map(str, arguments)]
    return subprocess.run(command, input=text, env=environment, cwd=home, capture_output=True, text=True, timeout=120)


def fill(node, home):
    made = run("henge", home, node.address, "-e", "DROP KEYSPACE IF EXISTS answers;" + MADE)
    assert (made.returncode, made.stderr) == (0, ""), made


def answers(shell, node, home, inputs):
    """What each input prints, and its errors."""
    fill(node, home)
    (home / "inputs.cql").write_text("".join(text + MARK for text in inputs))
    done = run(shell, home, node.address, "-f", "inputs.cql")
    printed, errors = PRINTED_MARK.split(done.stdout), ERROR_MARK.split(done.stderr)
    assert len(printed) == len(errors) == len(inputs) + 1, done
    return list(zip(printed, errors))


@pytest.fixture(scope="module")
def found(node, tmp_path_factory):
    """What each input prints and its errors, by shell."""
    home = tmp_path_factory.mktemp("home")
    return {shell: answers(shell, node, home, INPUTS) for shell in SHELLS}


def test_answers_are_those_of_cqlsh(found):
    listed = {text for texts in DIFFERENT.values() for text in texts}
    triples = zip(INPUTS, found["henge"], found["cqlsh"])
    wrong = {text: (ours, theirs) for text, ours, theirs in triples if (ours == theirs) is (text in listed)}
    assert not wrong, wrong
    assert len(INPUTS) >= 120 and max(Counter(INPUTS).values()) == 1


def test_differences_are_argued_in_the_manual(found):
    page = PAGE.read_text().split("## Differences from cqlsh")[1]
    assert [reason for reason in DIFFERENT if reason not in page] == []
    printed = {text: (ours[0], theirs[0]) for text, ours, theirs in zip(INPUTS, found["henge"], found["cqlsh"])}
    for reason in ONLY_ERRORS:
        for text in DIFFERENT[reason]:
            assert printed[text][0] == printed[text][1], text


def test_a_trace_stands_below_its_result_as_in_cqlsh(node, tmp_path):
    """What the rows of a trace say hangs on the run: its frame is compared."""
    fill(node, tmp_path)
    frames = {}
    for shell in SHELLS:
        done = run(shell, tmp_path, node.address, "-e", "TRACING ON; SELECT k FROM answers.plain WHERE k = 1; TRACING OFF;")
        assert done.returncode == 0, done
        kept = [line for line in done.stdout.splitlines() if "127.0.0.1" not in line]
        frames[shell] = [re.sub(r" +|-+", " ", re.sub(r"[0-9a-f]{8}-[-0-9a-f]{27}", "ID", line)).strip() for line in kept]
    assert frames["henge"] == frames["cqlsh"] and "Tracing session: ID" in frames["henge"], frames
