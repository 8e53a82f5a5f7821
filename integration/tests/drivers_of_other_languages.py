"""Unmodified drivers of other languages: each program connects, goes through every type, pages a table, keeps a prepared statement
through ALTER TABLE, and gets the right class for statements that are wrong. A driver that cannot be installed here is skipped."""

import shutil
import subprocess
from pathlib import Path

import pytest
from cassandra.concurrent import execute_concurrent_with_args

from clients import Clients

PROGRAMS = Path(__file__).parent.parent / "drivers"
ROWS = 100_000


@pytest.fixture(scope="module")
def paged(node):
    clients = Clients(node.addresses)
    session = clients.keyspace("drivers")
    session.execute("CREATE TABLE paged (k int PRIMARY KEY, v text)")
    insert = session.prepare("INSERT INTO paged (k, v) VALUES (?, ?)")
    execute_concurrent_with_args(session, insert, [(k, f"row {k}") for k in range(ROWS)], concurrency=256)
    clients.close()
    return node


def prepared(name, needs, install, tmp_path):
    """A copy of a driver's program with what it needs, or a skip that says why not."""
    if not shutil.which(needs):
        pytest.skip(f"{needs} is not installed")
    folder = tmp_path / name
    shutil.copytree(PROGRAMS / name, folder)
    try:
        subprocess.run(install, cwd=folder, check=True, capture_output=True, text=True, timeout=120)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"the driver cannot be installed here: {str(error.stderr)[-300:]}")
    return folder


def run(folder, command, address):
    done = subprocess.run([*command, address, str(ROWS)], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def test_node(paged, tmp_path):
    folder = prepared("node", "npm", ["npm", "install", "--no-audit", "--no-fund"], tmp_path)
    run(folder, ["node", "client.js"], paged.address)


def test_go(paged, tmp_path):
    folder = prepared("go", "go", ["go", "build", "-o", "client", "."], tmp_path)
    run(folder, ["./client"], paged.address)


def test_java(paged, tmp_path):
    if not shutil.which("javac"):
        pytest.skip("javac is not installed")
    command = "mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib && javac -cp 'lib/*' Client.java"
    folder = prepared("java", "mvn", ["bash", "-c", command], tmp_path)
    run(folder, ["java", "-cp", "lib/*:.", "Client"], paged.address)
