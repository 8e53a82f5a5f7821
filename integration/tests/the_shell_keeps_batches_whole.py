"""`henge shell` ends statements where cqlsh does: a batch is one statement however it comes in, with comments, quotes and names that look like its parts."""

import os
import subprocess

import pytest

from clients import Clients
from processes import HENGE, Server
from terminal import Terminal

ADDRESS = "127.0.37.10"
PROMPT = r"cqlsh(:\w+)?> "

# What is run, and which keys @t has afterwards: of a batch with a part that is refused, none.
CASES = {
    "whole": ("BEGIN BATCH INSERT INTO @t (k) VALUES (1); INSERT INTO @t (k) VALUES (2); APPLY BATCH;", {1, 2}),
    "lines": ("BEGIN UNLOGGED BATCH\nINSERT INTO @t (k) VALUES (1);\n\nINSERT INTO @t (k) VALUES (2);\nAPPLY BATCH;\n", {1, 2}),
    "lower case": ("begin batch insert into @t (k) values (1); insert into @t (k) values (2) apply batch;", {1, 2}),
    "refused part": ("BEGIN BATCH INSERT INTO @t (k) VALUES (1); INSERT INTO @t (no) VALUES (2); APPLY BATCH;", set()),
    "misspelt kind": ("BEGIN UNLOGED BATCH INSERT INTO @t (k) VALUES (1); INSERT INTO @t (k) VALUES (2); APPLY BATCH;", set()),
    "comments": (
        "-- BEGIN BATCH;\n/* ; */ BEGIN /* COUNTER */ BATCH // APPLY BATCH;\nINSERT INTO @t (k) VALUES (1); -- one; two\n"
        "/* APPLY BATCH;\n */ INSERT INTO @t (k) VALUES (2); APPLY /* ; */ BATCH;\n",
        {1, 2},
    ),
    "strings": (
        "BEGIN BATCH INSERT INTO @t (k, v) VALUES (1, 'APPLY BATCH; it''s'); INSERT INTO @t (k, v) VALUES (2, $$; APPLY BATCH; '$$);"
        " APPLY BATCH;",
        {1, 2},
    ),
    "names": (
        'INSERT INTO @t (k, "batch", "begin", "apply;") VALUES (1, 1, 1, 1); UPDATE @t SET "batch" = 2 WHERE k = 2;'
        ' BEGIN BATCH UPDATE @t SET "apply" = 3, "begin" = 3 WHERE k = 3; DELETE "batch" FROM @t WHERE k = 1; APPLY BATCH;',
        {1, 2, 3},
    ),
    "before and after": (
        "INSERT INTO @t (k) VALUES (1); BEGIN BATCH INSERT INTO @t (k) VALUES (2); INSERT INTO @t (k) VALUES (3); APPLY BATCH;"
        " DELETE FROM @t WHERE k = 1; INSERT INTO @t (k) VALUES (4);",
        {2, 3, 4},
    ),
    "commands of the shell": (
        "CONSISTENCY ONE\nDESCRIBE TABLES\nSHOW HOST\nBEGIN BATCH\nINSERT INTO @t (k) VALUES (1); INSERT INTO @t (k) VALUES (2);\n"
        "APPLY BATCH;\nCONSISTENCY\n",
        {1, 2},
    ),
}

COLUMNS = '(k int PRIMARY KEY, v text, "batch" int, "begin" int, "apply" int, "apply;" int)'


def table(case):
    return case.replace(" ", "_")


def text():
    return "".join(part.replace("@t", table(case)) + "\n" for case, (part, _) in CASES.items())


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("batches"), ADDRESS).start()
    clients = Clients([ADDRESS])
    try:
        session = clients.keyspace("b")
        for case in ("t", *CASES):
            session.execute(f"CREATE TABLE {table(case)} {COLUMNS}")
        yield session
    finally:
        clients.close()
        assert server.stop() == 0


@pytest.fixture(params=["henge shell", "cqlsh"])
def shell(request, tmp_path):
    """The command of either shell, its environment and folder; no user's settings apply."""
    command = [HENGE, "shell", ADDRESS] if request.param == "henge shell" else ["cqlsh", "--no-color", ADDRESS]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return [*command, "-k", "b"], environment, tmp_path


def run(shell, *arguments, text=None):
    command, environment, folder = shell
    return subprocess.run([*command, *arguments], input=text, env=environment, cwd=folder, capture_output=True, text=True, timeout=120)


def keys(session, name):
    found = {row.k for row in session.execute(f"SELECT k FROM {name}")}
    session.execute(f"TRUNCATE {name}")
    return found


def check(session, shown):
    found = {case: keys(session, table(case)) for case in CASES}
    assert found == {case: expected for case, (_, expected) in CASES.items()}, shown


@pytest.mark.parametrize("way", ["-f", "-e", "pipe", "SOURCE"])
def test_a_batch_is_one_statement(session, shell, way):
    file = shell[2] / "statements.cql"
    file.write_text(text())
    ways = {"-f": ["-f", str(file)], "-e": ["-e", text()], "pipe": [], "SOURCE": ["-e", f"SOURCE '{file}'"]}
    done = run(shell, *ways[way], text=text() if way == "pipe" else None)
    check(session, done)


@pytest.mark.parametrize("way", ["typed", "pasted"])
def test_a_batch_at_the_prompt_is_one_statement(session, shell, way):
    terminal = Terminal(*shell)
    terminal.until(PROMPT)
    if way == "pasted":
        terminal.type(f"\x1b[200~{text()}\x1b[201~\n")
        terminal.settled(2)
    else:
        for line in text().splitlines():
            terminal.type(line + "\n")
            terminal.settled(0.1)
    terminal.type("SHOW VERSION\n")
    shown = terminal.until(rf"\| CQL spec [\s\S]*{PROMPT}")
    assert terminal.close() == 0
    check(session, shown)


def test_a_statement_without_its_end_is_not_run(session, shell):
    file = shell[2] / "cut.cql"
    batch = "BEGIN BATCH INSERT INTO t (k) VALUES (2); INSERT INTO t (k) VALUES (3);"
    ends = ["INSERT INTO t (k) VALUES (1)", "INSERT INTO t (k, v) VALUES (1, 'a;\n", "/* INSERT INTO t (k) VALUES (1);", batch]
    for end in ends if shell[0][0] == HENGE else [batch]:
        file.write_text(f"INSERT INTO t (k) VALUES (7);\n{end}")
        done = run(shell, "-f", str(file))
        assert done.returncode == 2 and "Incomplete statement at end of file" in done.stderr, done
        assert keys(session, "t") == {7}


def test_a_text_on_the_command_line_needs_no_last_semicolon(session, tmp_path):
    shell = [HENGE, "shell", ADDRESS, "-k", "b"], {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, tmp_path
    done = run(shell, "-e", "INSERT INTO t (k) VALUES (7) -- the last one needs no semicolon here")
    assert done.returncode == 0 and keys(session, "t") == {7}, done
    done = run(shell, "-e", "BEGIN BATCH INSERT INTO t (k) VALUES (7); INSERT INTO t (k) VALUES (8)")
    assert done.returncode == 2 and keys(session, "t") == set(), done
