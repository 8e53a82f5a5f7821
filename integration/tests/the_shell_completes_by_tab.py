"""`henge shell` completes by Tab what a person types: keywords, names of the schema, levels and files."""

import os
import re
import signal
import subprocess

import pytest

from processes import HENGE
from terminal import Terminal

MADE = """
CREATE KEYSPACE shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
CREATE TABLE shop.orders (id int PRIMARY KEY, customer text, "Total" decimal);
CREATE TABLE shop."Old" (id int PRIMARY KEY);
CREATE INDEX by_customer ON shop.orders (customer);
CREATE TYPE shop.address (street text);
INSERT INTO shop.orders (id, customer) VALUES (1, 'Ada');
"""
PROMPT = r"cqlsh(:\w+)?> "
TAB = "\t"


def environment(folder):
    return {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


@pytest.fixture(scope="module")
def made(node, tmp_path_factory):
    done = subprocess.run([HENGE, "shell", node.address, "-e", MADE], env=environment(tmp_path_factory.mktemp("home")), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    return node


@pytest.fixture
def prompt(made, tmp_path):
    terminal = Terminal([HENGE, "shell", "--no-color", made.address, "-k", "shop"], environment(tmp_path), tmp_path)
    terminal.until(PROMPT)
    yield terminal
    cleared(terminal)  # The end of the input ends an empty line alone.
    assert terminal.close() == 0


def expect(terminal, typed, line):
    """Types, and waits until the line stands so. A mark behind what was typed tells that Tab is through."""
    terminal.type(typed + "!")
    terminal.until(re.escape(f"{line}!"))
    terminal.type("\x7f")


def cleared(terminal):
    terminal.type("\x03")
    terminal.until(PROMPT)


def test_a_statement_is_typed_with_tabs_and_runs(prompt):
    expect(prompt, f"sel{TAB}customer fr{TAB}ord{TAB} wh{TAB}id = 1", "select customer from orders where id = 1")
    prompt.type(";\n")
    shown = prompt.until(PROMPT)
    assert "Ada" in shown and "(1 rows)" in shown, shown


def test_what_may_follow_is_listed(prompt):
    prompt.type(f"SELECT * FROM orders {TAB}{TAB}")
    shown = prompt.until(r"WHERE\s+cqlsh:shop> SELECT \* FROM orders ")
    assert all(word in shown for word in ("ALLOW", "GROUP", "LIMIT", "ORDER", "PER")) and "VALUES" not in shown, shown
    cleared(prompt)


@pytest.mark.parametrize(
    "begun, complete",
    [
        ("UPDATE ord", "UPDATE orders"),
        ("SELECT * FROM sho", "SELECT * FROM shop."),
        ("SELECT * FROM shop.ol", 'SELECT * FROM shop."Old"'),
        ('SELECT "T', 'SELECT "T'),
        ("INSERT INTO orders (to", 'INSERT INTO orders ("Total"'),
        ("DROP INDEX by", "DROP INDEX by_customer"),
        ("CREATE TABLE t (k int PRIMARY KEY, a addr", "CREATE TABLE t (k int PRIMARY KEY, a address"),
        ("consistency local_q", "consistency local_quorum"),
        ("SELECT * FROM system_virtual_schema.keys", "SELECT * FROM system_virtual_schema.keyspaces"),
        ("insert into orders (id) values (1) if n", "insert into orders (id) values (1) if not "),
        ("xyz ab", "xyz ab"),
    ],
)
def test_names_and_words_are_completed(prompt, begun, complete):
    expect(prompt, begun + TAB, complete)
    cleared(prompt)


def test_a_table_that_was_just_made_is_known(prompt):
    prompt.type("CREATE TABLE newest (k int PRIMARY KEY);\n")
    prompt.until(PROMPT)
    expect(prompt, f"SELECT * FROM new{TAB}", "FROM newest")
    cleared(prompt)
    prompt.type("DROP TABLE newest;\n")
    prompt.until(PROMPT)


def test_a_statement_over_several_lines_is_completed(prompt):
    prompt.type("SELECT customer\n")
    prompt.until(r"\.\.\. ")
    prompt.type(f"FROM ord{TAB}\n")
    prompt.until(r"\.\.\. ")
    prompt.type(f"WHE{TAB}id = 1;\n")
    assert "Ada" in prompt.until(PROMPT)


def test_files_are_completed(prompt, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "some statements.cql").write_text("SELECT customer FROM shop.orders;\n")
    expect(prompt, f"SOURCE 'fol{TAB}so{TAB}", "SOURCE 'folder/some statements.cql'")
    prompt.type("\n")
    assert "Ada" in prompt.until(PROMPT)


def test_a_server_that_does_not_answer_costs_a_moment(made, tmp_path):
    terminal = Terminal([HENGE, "shell", "--no-color", made.address, "-k", "shop"], environment(tmp_path), tmp_path)
    terminal.until(PROMPT)
    os.kill(made.program.process.pid, signal.SIGSTOP)
    try:
        expect(terminal, f"SELECT * FROM ord{TAB}ers", "SELECT * FROM orders")
    finally:
        os.kill(made.program.process.pid, signal.SIGCONT)
    terminal.type(";\n")
    assert "Ada" in terminal.until(PROMPT)
    assert terminal.close() == 0
