"""The real cqlsh, not ours: it starts, describes and selects, and its exit code tells success from failure."""

import os
import subprocess

import pytest

from processes import CQL_PORT


@pytest.fixture
def cqlsh(node, tmp_path):
    """Runs statements and returns the finished process; its home is empty, so that no user's settings apply."""

    def run(text):
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"}
        command = ["cqlsh", "--no-color", node.address, str(CQL_PORT), "-e", text]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    return run


def good(process):
    assert (process.returncode, process.stderr) == (0, ""), process
    return process.stdout


def test_shows_version_and_host(cqlsh):
    output = good(cqlsh("SHOW VERSION; SHOW HOST;"))
    assert "[cqlsh 6.2.2 | Cassandra 5.0.0-henge | CQL spec 3.4.7 | Native protocol v5]" in output
    assert "at 127.0.0.1:9042" in output


def test_describes_and_selects(cqlsh):
    good(cqlsh("CREATE KEYSPACE shown WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};"))
    good(cqlsh("CREATE TABLE shown.people (town text, name text, age int, PRIMARY KEY (town, name));"))
    good(cqlsh("INSERT INTO shown.people (town, name, age) VALUES ('Avebury', 'Ada', 36);"))
    assert "shown" in good(cqlsh("DESCRIBE KEYSPACES")).split()
    assert "people" in good(cqlsh("USE shown; DESCRIBE TABLES")).split()
    described = good(cqlsh("DESCRIBE KEYSPACE shown"))
    assert "CREATE KEYSPACE shown WITH replication = {'class': 'SimpleStrategy', 'replication_factor': '1'}" in described
    assert "CREATE TABLE shown.people (" in described and "PRIMARY KEY (town, name)" in described
    lines = good(cqlsh("SELECT * FROM shown.people")).split("\n")
    assert lines == ["", " town    | name | age", "---------+------+-----", " Avebury |  Ada |  36", "", "(1 rows)", ""]


def test_described_table_can_be_made_again(cqlsh):
    good(cqlsh("CREATE KEYSPACE again WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};"))
    good(cqlsh("CREATE TABLE again.t (a int, b text, c bigint, v blob, PRIMARY KEY ((a, b), c)) WITH CLUSTERING ORDER BY (c DESC);"))
    statement = good(cqlsh("DESCRIBE TABLE again.t"))
    good(cqlsh("DROP TABLE again.t"))
    # Without the blank line that cqlsh prints first: given one, it sends an empty statement of its own.
    good(cqlsh(statement.strip()))
    assert good(cqlsh("DESCRIBE TABLE again.t")) == statement


def test_failing_statement_exits_2(cqlsh):
    process = cqlsh("SELECT * FROM nowhere.nothing")
    assert process.returncode == 2
    assert "InvalidRequest: Error from server: code=2200 [Invalid query]" in process.stderr


def test_consistency_and_expand_are_understood(cqlsh):
    assert "Consistency level set to QUORUM." in good(cqlsh("CONSISTENCY QUORUM; SELECT key FROM system.local;"))
    assert "@ Row 1" in good(cqlsh("EXPAND ON; SELECT key FROM system.local;"))
