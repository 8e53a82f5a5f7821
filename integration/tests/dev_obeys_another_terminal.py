"""`henge dev` does as another terminal in the same folder says: status, stop, start, restart, kill and add."""

import signal
import subprocess

import pytest

from processes import HENGE, Program, running, wait_until

ADDRESS = "127.0.39.1"


def ask(folder, *action):
    return subprocess.run([HENGE, "dev", *action, "--directory", str(folder / "data")], capture_output=True, text=True, timeout=120)


def done(folder, *action):
    answer = ask(folder, *action)
    assert answer.returncode == 0, answer
    return answer.stdout


def rows(folder):
    return [line.split() for line in done(folder, "status").splitlines()]


def states(folder):
    return [row[-1] for row in rows(folder)]


@pytest.fixture
def cluster(tmp_path):
    command = ["dev", "--nodes", "2", "--racks", "2", "--address-base", ADDRESS, "--directory", str(tmp_path / "data")]
    program = Program(command, tmp_path, "dev")
    wait_until(lambda: program.alive() and "ready: 2 nodes" in program.text(), "the cluster is ready", 90)
    yield tmp_path, program
    if program.process.poll() is None:
        assert program.signal_and_wait(signal.SIGINT) == 0


def test_nodes_are_stopped_started_killed_and_added(cluster):
    folder, program = cluster
    first, second = rows(folder)
    assert first[:2] == ["1", f"{ADDRESS}:9042"] and first[4:] == ["datacenter1", "rack1", "serving"], first
    assert second[:2] == ["2", "127.0.39.2:9042"] and second[4:] == ["datacenter1", "rack2", "serving"], second
    assert all(running(int(row[3])) for row in (first, second))

    assert "node 2 was killed" in done(folder, "kill", "2")
    assert states(folder) == ["serving", "ended"] and not running(int(second[3]))
    assert "node 2 has ended" in ask(folder, "kill", "2").stderr
    assert "node 2 serves after" in done(folder, "start", "2")
    assert "node 2 runs already" in ask(folder, "start", "2").stderr
    assert "node 1 serves after" in done(folder, "restart", "1")
    assert states(folder) == ["serving", "serving"] and rows(folder)[0][3] != first[3]
    assert "there is no node 7: they are 1 to 2" in ask(folder, "stop", "7").stderr

    assert "node 3 serves on 127.0.39.3:9042" in done(folder, "add", "--rack", "far")
    assert rows(folder)[2][4:] == ["datacenter1", "far", "serving"]
    assert "node 3 has stopped" in done(folder, "stop", "3")
    assert states(folder) == ["serving", "serving", "ended"]

    pids = [int(row[3]) for row in rows(folder)]
    done(folder, "stop")
    assert program.process.wait(60) == 0
    assert not any(running(pid) for pid in pids)
    answer = ask(folder, "status")
    assert answer.returncode == 2 and "no henge dev runs in" in answer.stderr, answer
