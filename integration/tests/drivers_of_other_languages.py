"""Unmodified drivers of other languages: each program connects, goes through every type, pages a table, keeps a prepared statement
through ALTER TABLE, and gets the right class for statements that are wrong. A driver that cannot be installed here is skipped."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cassandra.concurrent import execute_concurrent_with_args

from clients import Clients

PROGRAMS = Path(__file__).parent.parent / "drivers"
ROWS = 100_000
CACHE = Path(os.environ.get("HENGE_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "henge")


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


@pytest.fixture(scope="module")
def rust_programs():
    """The folder with the programs for the Rust drivers. What they need is compiled once, into a folder that stays."""
    if not shutil.which("cargo"):
        pytest.skip("cargo is not installed")
    target = CACHE / "drivers-rust"
    command = ["cargo", "build", "--locked", "--quiet", "--manifest-path", PROGRAMS / "rust" / "Cargo.toml", "--target-dir", target]
    try:
        # What is set around it for the product's own build would compile everything anew.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("CARGO_PROFILE_", "CARGO_INCREMENTAL"))}
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=500, env=environment)
    except subprocess.CalledProcessError as error:
        if "error[E" in error.stderr:
            raise AssertionError(error.stderr[-4000:]) from error
        pytest.skip(f"the drivers cannot be installed here: {error.stderr[-300:]}")
    except subprocess.TimeoutExpired:
        pytest.skip("the drivers were not compiled within 500 s")
    return target / "debug"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("driver", ["scylla", "cdrs_tokio"])
def test_rust(paged, rust_programs, driver):
    run(rust_programs, [rust_programs / driver], paged.address)
