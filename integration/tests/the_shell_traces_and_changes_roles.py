"""`henge shell` as cqlsh: traces below results, a trace once more, the serial level, settings that are shown, and other roles."""

import os
import re
import subprocess

import pytest

from processes import HENGE, Server
from terminal import Terminal

ADDRESS = "127.0.37.13"
PASSWORD = "of the superuser"
SETTINGS = ["authenticator=PasswordAuthenticator", "authorizer=CassandraAuthorizer", f"superuser_password={PASSWORD}"]
PROMPT = r"cqlsh(:\w+)?> "
MADE = """
CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
CREATE TABLE k.t (k int PRIMARY KEY, v int);
CREATE ROLE reader WITH PASSWORD = 'reads it' AND LOGIN = true;
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    flags = [part for setting in SETTINGS for part in ("--set", setting)]
    server = Server(tmp_path_factory.mktemp("node"), ADDRESS, flags).start()
    done = run(MADE)
    assert done.returncode == 0, done
    yield server
    assert server.stop() == 0


def run(text):
    """Statements from the standard input, as the superuser."""
    command = [HENGE, "shell", ADDRESS, "-u", "cassandra", "-p", PASSWORD]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)


def trace_lines(text):
    """Activity, time and microseconds of each line of the traces in a text."""
    return re.findall(rf"^ +(.+?) +\| +(\S+ \S+) +\| +{re.escape(ADDRESS)} +\| +(\S+) +\|", text, re.MULTILINE)


def test_a_trace_is_printed_below_the_result_and_once_more(server):
    done = run("TRACING ON\nSELECT v FROM k.t WHERE k = 1;\nTRACING OFF\nSELECT v FROM k.t WHERE k = 2;\n")
    assert done.returncode == 0 and done.stdout.count("Tracing session: ") == 1, done
    assert done.stdout.index("(0 rows)") < done.stdout.index("Tracing session: ")
    lines = trace_lines(done.stdout)
    assert lines[0][0] == "Execute CQL3 query" and lines[-1][0] == "Request complete" and len(lines) > 3, done.stdout
    assert any(activity.startswith("Parsing SELECT v FROM k.t WHERE k = 1") for activity, _, _ in lines), lines
    elapsed = [int(micros) for _, _, micros in lines]
    assert elapsed == sorted(elapsed) and lines == sorted(lines, key=lambda line: line[1]), lines
    session = re.search(r"Tracing session: (\S+)", done.stdout)[1]
    again = run(f"SHOW SESSION {session}\n")
    assert again.returncode == 0 and trace_lines(again.stdout) == lines, again
    missing = run("SHOW SESSION 11111111-1111-1111-1111-111111111111\nSHOW SESSION that one\n")
    assert missing.returncode == 2 and "wasn't found" in missing.stderr and "SHOW SESSION takes the id of a trace" in missing.stderr, missing


def test_a_conditional_statement_has_the_serial_level(server):
    done = run(
        "SERIAL CONSISTENCY\nSERIAL CONSISTENCY LOCAL_SERIAL\nTRACING ON\nINSERT INTO k.t (k, v) VALUES (7, 7) IF NOT EXISTS;\nTRACING OFF\n"
    )
    assert done.returncode == 0 and "Current serial consistency level is SERIAL." in done.stdout, done
    assert "Serial consistency level set to LOCAL_SERIAL." in done.stdout
    session = re.search(r"Tracing session: (\S+)", done.stdout)[1]
    told = run(f"SELECT parameters FROM system_traces.sessions WHERE session_id = {session};")
    assert "'serial_consistency_level': 'LOCAL_SERIAL'" in told.stdout, told
    wrong = run("SERIAL CONSISTENCY QUORUM\n")
    assert wrong.returncode == 2 and "there are SERIAL, LOCAL_SERIAL" in wrong.stderr, wrong


def test_settings_are_shown(server):
    done = run("EXPAND\nEXPAND ON\nEXPAND\nTRACING\nPAGING\nPAGING 7\nPAGING OFF\nPAGING\n")
    assert done.returncode == 0, done
    assert done.stdout.splitlines() == [
        "EXPAND is OFF", "EXPAND set to ON", "EXPAND is ON", "TRACING is OFF", "PAGING is ON", "Page size: 100", "Page size: 7",
        "PAGING set to OFF", "PAGING is OFF",
    ]  # fmt: skip


def test_a_person_goes_on_as_another_role(server, tmp_path):
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    terminal = Terminal([HENGE, "shell", ADDRESS, "-u", "cassandra", "-p", PASSWORD, "-k", "k"], environment, tmp_path)
    terminal.until(PROMPT)

    def typed(line, pattern=PROMPT):
        terminal.type(line + "\n")
        return terminal.until(pattern)

    assert "(0 rows)" in typed("SELECT v FROM t WHERE k = 3;")
    # Who is not let in stays who they were.
    assert "incorrect" in typed("LOGIN reader 'guesses'")
    assert "(0 rows)" in typed("SELECT v FROM t WHERE k = 3;")
    typed("LOGIN reader 'reads it'")
    assert "no SELECT permission" in typed("SELECT v FROM t WHERE k = 3;")
    typed("LOGIN cassandra", "Password: ")
    shown = typed(PASSWORD)
    assert PASSWORD not in shown
    assert "(0 rows)" in typed("SELECT v FROM t WHERE k = 3;")
    assert terminal.close() == 0
    history = (tmp_path / ".henge_history").read_text()
    assert "LOGIN cassandra" in history and "reads it" not in history and "guesses" not in history, history
