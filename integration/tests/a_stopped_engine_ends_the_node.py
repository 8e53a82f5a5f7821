"""A node whose storage engine has stopped, or whose data directory is gone, ends at once and says why in one line."""

import os
import shutil
import subprocess

import pytest
from cassandra import ConsistencyLevel
from cassandra.concurrent import execute_concurrent_with_args

from clients import Clients
from processes import HENGE, Server, wait_until

ADDRESS = "127.0.0.8"
ROWS = 2000
END_SECONDS = 30


@pytest.fixture
def node(tmp_path):
    """A node with rows in files."""
    node = Server(tmp_path, ADDRESS, ["--set", "memory=64MiB"]).start()
    clients = Clients([ADDRESS])
    session = clients.keyspace("stops", consistency=ConsistencyLevel.ONE)
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v blob)")
    insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    for _ in range(2):
        for result, _ in execute_concurrent_with_args(session, insert, [(k, os.urandom(500)) for k in range(ROWS)], concurrency=64):
            assert result
        admin("flush")
    clients.close()
    yield node
    if node.program.process.poll() is None:
        node.program.process.kill()
        node.program.process.wait()


def admin(command):
    return subprocess.run([HENGE, "admin", "-H", ADDRESS, "-p", "7199", command], capture_output=True, timeout=60)


def fatal_lines(node):
    wait_until(lambda: node.program.process.poll() is not None, "the node ends", END_SECONDS)
    assert node.program.process.returncode not in (0, -9)
    return [line for line in node.program.text().splitlines() if line.startswith("henge: fatal:")]


def test_a_damaged_block_met_by_compaction(node):
    # What was just written out is in memory still.
    node.restart()
    for path in (node.directory / "data" / "engine").glob("*.sst"):
        content = bytearray(path.read_bytes())
        if len(content) > 100_000:
            middle = len(content) // 2
            content[middle : middle + 4096] = bytes(4096)
            # In place: the engine has the file open.
            with path.open("r+b") as file:
                file.write(content)
    admin("compact")
    lines = fatal_lines(node)
    assert len(lines) == 1 and "the storage engine has stopped: Corruption" in lines[0], lines


def test_a_data_directory_that_is_removed(node):
    shutil.rmtree(node.directory / "data")
    lines = fatal_lines(node)
    assert len(lines) == 1 and "is gone" in lines[0] and "full" not in node.program.text(), lines
