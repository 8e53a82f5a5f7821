"""`henge shell` at a terminal: a lost connection is made anew, Ctrl-C ends a statement and not the shell, warnings are shown, a wrong port is named."""

import os
import signal
import subprocess

import pytest

from processes import CQL_PORT, HENGE, Server, wait_until, answers
from terminal import Terminal

ADDRESS = "127.0.37.12"
PROMPT = r"cqlsh(:\w+)?> "


def environment(folder):
    return {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "node", ADDRESS).start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def terminal(server, tmp_path):
    terminal = Terminal([HENGE, "shell", ADDRESS], environment(tmp_path), tmp_path)
    terminal.until(PROMPT)
    return terminal


def ask(terminal, text, pattern=PROMPT):
    terminal.type(text + "\n")
    return terminal.until(pattern)


def test_a_lost_connection_is_made_anew(server, terminal):
    ask(terminal, "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};")
    ask(terminal, "USE k; CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t (k) VALUES (7);")
    assert server.stop() == 0
    assert "the connection broke" in ask(terminal, "SELECT k FROM t;")
    assert f"no node serves clients at {ADDRESS}:{CQL_PORT}" in ask(terminal, "SELECT k FROM t;")
    server.start()
    shown = ask(terminal, "SELECT k FROM t;")
    assert "7" in shown and "(1 rows)" in shown, shown
    assert terminal.close() == 0


def test_ctrl_c_ends_a_statement_and_not_the_shell(server, terminal):
    # A node that is stopped answers nothing.
    os.kill(server.program.process.pid, signal.SIGSTOP)
    try:
        terminal.type("SELECT cluster_name FROM system.local;\n")
        terminal.settled()
        terminal.type("\x03")
        assert "cancelled" in terminal.until(PROMPT)
    finally:
        os.kill(server.program.process.pid, signal.SIGCONT)
    assert "Test Cluster" in ask(terminal, "SELECT cluster_name FROM system.local;")
    ask(terminal, "SELECT half a statement", r"\.\.\. ")
    terminal.type("\x03")
    terminal.until(PROMPT)
    assert "Test Cluster" in ask(terminal, "SELECT cluster_name FROM system.local;")
    assert terminal.close() == 0


def test_ctrl_c_ends_a_listing(server, terminal):
    ask(terminal, "PAGING 1")
    assert "---MORE---" in ask(terminal, "SELECT keyspace_name FROM system_schema.keyspaces;", "---MORE---")
    terminal.type("\x03")
    terminal.until(PROMPT)
    terminal.type("SELECT keyspace_name FROM system_schema.keyspaces;\n")
    terminal.until("---MORE---")
    terminal.type("\n")
    terminal.until("---MORE---")
    terminal.type("\x03")
    terminal.until(PROMPT)
    assert terminal.close() == 0


def test_warnings_are_shown(server, tmp_path):
    count = "SELECT count(*) FROM system_schema.tables"
    done = shell(tmp_path, ADDRESS, "-e", count)
    assert done.returncode == 0 and "Warnings :\nAggregation query used without partition key\n" in done.stdout, done


def shell(folder, *arguments):
    command = [HENGE, "shell", *arguments]
    return subprocess.run(command, env=environment(folder), cwd=folder, capture_output=True, text=True, timeout=60)


def test_wrong_guesses_are_named(server, tmp_path):
    plain = shell(tmp_path, ADDRESS, "7199", "-e", "SELECT 1")
    assert plain.returncode == 1 and "native_transport_port, 9042" in plain.stderr, plain
    ca = server.directory / "data/certs/ca.pem"
    tls = shell(tmp_path, ADDRESS, "--ssl", "--ssl-certfile", str(ca), "-e", "SELECT 1")
    assert tls.returncode == 1 and "leave out --ssl" in tls.stderr, tls
    nobody = shell(tmp_path, ADDRESS, "9041", "-e", "SELECT 1")
    assert nobody.returncode == 1 and "is its native_transport_port 9041?" in nobody.stderr, nobody
    for port in (str(CQL_PORT), "9180"):
        admin = subprocess.run([HENGE, "admin", "-H", ADDRESS, "-p", port, "flush"], capture_output=True, text=True, timeout=60)
        assert admin.returncode == 2 and "is no admin port" in admin.stderr, admin
    usage = subprocess.run([HENGE, "admin", "flsh"], capture_output=True, text=True, timeout=60)
    assert usage.returncode == 1 and "flush" in usage.stderr, usage


def test_a_server_with_tls_is_named(tmp_path):
    made = Server(tmp_path / "made", "127.0.37.13").start()
    assert made.stop() == 0
    certificates = made.directory / "data/certs"
    settings = {"enabled": "true", "certificate": certificates / "node.pem", "key": certificates / "node.key"}
    flags = [part for name, value in settings.items() for part in ("--set", f"client_encryption_options_{name}={value}")]
    server = Server(tmp_path / "tls", "127.0.37.13", flags).launch()
    try:
        wait_until(lambda: server.program.alive() and "ready" in server.program.text(), "the server is ready", 90)
        done = shell(tmp_path, "127.0.37.13", "-e", "SELECT 1")
        assert done.returncode == 1 and "--ssl" in done.stderr, done
    finally:
        assert server.stop() == 0


def test_output_that_nobody_reads_is_no_error(server, tmp_path):
    for line in (
        f"henge shell {ADDRESS} -e 'SELECT * FROM system_schema.columns'",
        f"henge admin -H {ADDRESS} tablestats",
        "henge check-config --template",
        "henge check-config",
        "henge --help",
        "henge cert ca --directory certs",
    ):
        line = line.replace("henge", HENGE, 1)
        # The reader is gone before anything is written.
        done = subprocess.run(
            ["bash", "-c", f"{line} | true; exit ${{PIPESTATUS[0]}}"], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0 and done.stderr == "", (line, done)


def test_a_server_goes_on_when_nobody_reads_its_output(tmp_path):
    server = Server(tmp_path, "127.0.37.14")
    own = [part for flag in ("rpc", "listen", "metrics", "admin") for part in (f"--{flag}-address", server.address)]
    command = [HENGE, "server", "--data-directory", str(tmp_path / "data"), *own]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.close()
    try:
        wait_until(lambda: process.poll() is None and answers(server.address), "the server is ready", 90)
    finally:
        process.terminate()
        assert process.wait(60) == 0


def test_admin_says_what_it_did(server):
    def admin(*arguments):
        done = subprocess.run([HENGE, "admin", "-H", ADDRESS, *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done
        return done.stdout

    assert admin("flush").startswith("Flushed ") and admin("compact").startswith("Compacted ")
    taken = admin("snapshot", "-t", "monday")
    folder = server.directory / "data/snapshots/monday"
    assert taken.startswith("Snapshot monday: ") and taken.strip().endswith(f"in {folder}") and folder.is_dir()
    assert "Cleared snapshot monday" in admin("clearsnapshot", "--all") and "no snapshots" in admin("clearsnapshot", "--all")
