"""A second `henge dev` or `henge server` on addresses or data in use says so, and leaves what runs, its files and its folder as they are."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from processes import HENGE, Program, Server, running, wait_until

FIRST, SECOND = "127.0.37.21", "127.0.37.31"
NODES = 2


def start(folder, address, *more, directory="data"):
    command = ["dev", "--nodes", str(NODES), "--address", address, "--directory", str(folder / directory), *more]
    return Program(command, folder, "dev")


def refused(folder, arguments):
    done = subprocess.run([HENGE, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "ready" not in done.stdout, done
    return done.stderr


def contents(folder):
    """Every file that starts write to, with what is in it."""
    names = ("henge.pid", "henge.log", "identity", "generation", "ca.pem", "node.pem")
    return {path: path.read_bytes() for path in folder.rglob("*") if path.name in names}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    program = start(folder, FIRST)
    wait_until(lambda: program.alive() and "ready: 2 nodes" in program.text(), "the cluster is ready", 90)
    yield folder / "data"
    assert program.signal_and_wait(signal.SIGINT) == 0


def pids(directory):
    return [int((directory / f"node{n}/henge.pid").read_text()) for n in range(1, NODES + 1)]


def test_a_cluster_in_a_second_folder_is_refused(cluster, tmp_path):
    before = contents(cluster)
    error = refused(tmp_path, ["dev", "--nodes", "2", "--address", FIRST])
    assert f"tcp {FIRST}:9042 is in use" in error or f"udp {FIRST}:7000 is in use" in error, error
    assert "--address 127.0.38.21" in error, error
    assert list(tmp_path.iterdir()) == [], "a refused start wrote something"
    assert contents(cluster) == before and all(running(pid) for pid in pids(cluster))


def test_a_cluster_that_overlaps_in_one_address_is_refused(cluster, tmp_path):
    error = refused(tmp_path, ["dev", "--nodes", "2", "--address", "127.0.37.20"])
    assert f"{FIRST}:" in error and "is in use" in error and list(tmp_path.iterdir()) == [], error


def test_a_folder_in_use_is_refused(cluster):
    before = contents(cluster)
    error = refused(cluster, ["dev", "--nodes", "2", "--address", SECOND, "--directory", str(cluster)])
    assert "lock is locked: another henge uses this data directory" in error, error
    assert contents(cluster) == before and all(running(pid) for pid in pids(cluster))


def test_a_start_that_fails_says_why(tmp_path):
    folder = tmp_path / "data/node2/data"
    folder.mkdir(parents=True)
    (folder / "diary.txt").write_text("no data directory")
    pid_file = tmp_path / "data/node1/henge.pid"
    pid_file.parent.mkdir()
    pid_file.write_text("1\n")
    error = refused(tmp_path, ["dev", "--nodes", "2", "--address", SECOND, "--directory", "data"])
    assert "node 2 ended with" in error and "is not empty and is no data directory of henge" in error, error
    assert pid_file.read_text() == "1\n"


def test_wrong_arguments_for_servers_are_refused_at_once(tmp_path):
    error = refused(tmp_path, ["dev", "--address", SECOND, "--", "--set", "log_level=verbose"])
    assert 'invalid level "verbose"' in error and list(tmp_path.iterdir()) == [], error
    error = refused(tmp_path, ["dev", "--address", SECOND, "--", "--native-transport-prot", "9043"])
    assert "--native-transport-port" in error and list(tmp_path.iterdir()) == [], error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nodes_end_with_the_process_that_started_them(tmp_path, number):
    program = start(tmp_path, SECOND)
    wait_until(lambda: program.alive() and "ready: 2 nodes" in program.text(), "the cluster is ready", 90)
    nodes = pids(tmp_path / "data")
    assert all(running(pid) for pid in nodes)
    os.kill(program.process.pid, number)
    program.process.wait(60)
    wait_until(lambda: not any(running(pid) for pid in nodes), "the nodes have ended", 30)


def servers_of(folder):
    """Processes that were started on data in a folder."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((int(process.name), (process / "cmdline").read_bytes()))
        except OSError:
            pass
    return [pid for pid, line in lines if os.fsencode(folder / "data/node") in line and running(pid)]


def test_nodes_of_a_start_that_is_killed_end_too(tmp_path):
    program = start(tmp_path, SECOND)
    wait_until(lambda: program.alive() and servers_of(tmp_path), "a node was started", 30)
    program.process.kill()
    program.process.wait()
    wait_until(lambda: not servers_of(tmp_path), "the nodes have ended", 30)
    again = start(tmp_path, SECOND)
    wait_until(lambda: again.alive() and "ready: 2 nodes" in again.text(), "the cluster is ready", 90)
    assert again.signal_and_wait(signal.SIGINT) == 0


def test_a_second_server_names_the_setting(tmp_path):
    first = Server(tmp_path / "first", SECOND).start()
    try:
        own = [part for flag in ("rpc", "listen", "metrics", "admin") for part in (f"--{flag}-address", "127.0.37.33")] + ["--admin-port", "7199"]
        before = contents(tmp_path / "first")
        error = refused(tmp_path, ["server", *own, "--data-directory", str(tmp_path / "first/data")])
        assert "is locked" in error and "data_directory" in error, error
        for flag, setting in [("rpc", "native_transport_port"), ("listen", "storage_port"), ("metrics", "metrics_port"), ("admin", "admin_port")]:
            taken = list(own)
            taken[taken.index(f"--{flag}-address") + 1] = SECOND
            error = refused(tmp_path, ["server", *taken, "--data-directory", str(tmp_path / "second")])
            assert f"{SECOND}:" in error and "is in use" in error and setting in error, error
        assert not (tmp_path / "second").exists(), "a refused server wrote something"
        assert contents(tmp_path / "first") == before
    finally:
        assert first.stop() == 0
