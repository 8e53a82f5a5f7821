"""SIGHUP reads log_level again and ends nothing; a reader that has gone away ends no server, and no command with a panic."""

import os
import signal
import subprocess
import urllib.request

from clients import Clients
from processes import HENGE, Server, wait_until


def test_sighup_reads_the_log_level_again(tmp_path):
    file = tmp_path / "henge.yaml"
    file.write_text("log_level: info\n")
    node = Server(tmp_path, arguments=("--config", str(file))).start()
    try:
        for level, told in [("debug", "log_level was read again"), ("lound", "log_level stays as it is")]:
            file.write_text(f"log_level: {level}\n")
            node.program.process.send_signal(signal.SIGHUP)
            wait_until(lambda: told in node.program.text() and node.program.alive(), told)
        urllib.request.urlopen(f"http://{node.address}:9180/livez", timeout=10)
    finally:
        assert node.stop() == 0


def test_a_server_outlives_the_readers_of_its_output(tmp_path):
    reader, writer = os.pipe()
    own = [part for flag in ("rpc", "listen", "metrics", "admin") for part in (f"--{flag}-address", "127.0.0.1")]
    command = [HENGE, "server", "--data-directory", str(tmp_path / "data"), "--log-level", "debug", *own]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
    os.close(writer)
    os.close(reader)
    clients = Clients(["127.0.0.1"])
    try:
        wait_until(lambda: process.poll() is None and ready(), "the server is ready")
        session = clients.keyspace("ks")
        session.execute("CREATE TABLE t (k int PRIMARY KEY)")
        assert not list(session.execute("SELECT * FROM t"))
    finally:
        clients.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def ready():
    try:
        return urllib.request.urlopen("http://127.0.0.1:9180/readyz", timeout=10).status == 200
    except OSError:
        return False


def test_no_command_panics_when_nobody_reads_it(tmp_path):
    for command in ("check-config", "check-config --template", "cert ca --directory ca", "simulate --seed 1", "--help"):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([HENGE, *command.split()], cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120)
        os.close(writer)
        assert "panic" not in done.stderr and done.returncode in (0, 2), (command, done)
