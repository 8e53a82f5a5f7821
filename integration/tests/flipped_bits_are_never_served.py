"""A bit that flips on disk is found: the answer is right or an error, other rows stay readable, and a node that cannot go on says
which file and what to do."""

import os
import random
import signal

import pytest
from cassandra import ConsistencyLevel
from cassandra.concurrent import execute_concurrent_with_args

from clients import Clients
from processes import Server, answers, wait_until

SEED = int(os.environ.get("HENGE_FLIP_SEED", "1"))
ADDRESS = "127.0.0.8"
ROWS = 3000
REFUSAL_SECONDS = 20


def row(k):
    return k, f"text {k} " * 8, k * 7, bytes([k % 251]) * 200


@pytest.fixture
def node(tmp_path):
    """A node with rows on disk and nothing in the log."""
    node = Server(tmp_path, ADDRESS, ["--set", "memory=64MiB"]).start()
    clients = Clients([ADDRESS])
    session = clients.keyspace("flips")
    session.execute("CREATE TABLE t (k int PRIMARY KEY, a text, b bigint, c blob)")
    insert = session.prepare("INSERT INTO t (k, a, b, c) VALUES (?, ?, ?, ?)")
    for result, _ in execute_concurrent_with_args(session, insert, [row(k) for k in range(ROWS)], concurrency=64):
        assert result
    clients.close()
    yield node
    if node.program.process.poll() is None:
        node.program.process.kill()
        node.program.process.wait()


def flip(path, source, low=0.0, high=1.0):
    """Turns one bit somewhere in a part of the file."""
    content = bytearray(path.read_bytes())
    at = source.randrange(int(len(content) * low), max(int(len(content) * high), int(len(content) * low) + 1))
    content[at] ^= 1 << source.randrange(8)
    path.write_bytes(content)
    return at


def read_everything(node):
    """The right answers and the errors; asserts that there is nothing else."""
    clients = Clients([ADDRESS])
    session = clients.session("flips", consistency=ConsistencyLevel.ONE)
    select = session.prepare("SELECT k, a, b, c FROM t WHERE k = ?")
    results = execute_concurrent_with_args(session, select, [(k,) for k in range(ROWS)], concurrency=64, raise_on_first_error=False)
    right = 0
    for k, (ok, answer) in enumerate(results):
        if ok:
            assert [tuple(found) for found in answer] == [row(k)], f"row {k} is not what was written"
            right += 1
    try:
        scanned = {found.k: tuple(found) for found in session.execute("SELECT k, a, b, c FROM t")}
        assert scanned == {k: row(k) for k in range(ROWS)}
    except AssertionError:
        raise
    except Exception:  # noqa: BLE001 - an error is an answer
        pass
    clients.close()
    return right


def starts(node):
    """Whether it comes up; if it does not, it has to say why."""
    node.launch()
    process = node.program.process
    wait_until(lambda: process.poll() is not None or answers(ADDRESS), "the node decides", REFUSAL_SECONDS)
    return process.poll() is None


def files(node, pattern):
    return sorted((node.directory / "data" / "engine").glob(pattern), key=lambda path: -path.stat().st_size)


@pytest.mark.parametrize("part", ["head", "middle", "tail"])
def test_in_a_file_of_rows(node, part):
    source = random.Random(f"{SEED} {part}")
    assert node.stop() == 0
    largest = files(node, "*.sst")[0]
    low, high = {"head": (0.0, 0.1), "middle": (0.3, 0.7), "tail": (0.95, 1.0)}[part]
    flip(largest, source, low, high)
    if starts(node):
        right = read_everything(node)
        assert right > ROWS * 0.9 or part == "tail", f"one bit made {ROWS - right} rows unreadable"
        assert node.program.alive()
        node.program.process.kill()
        node.program.process.wait()
    else:
        says_which(node, largest.name)


def test_in_a_running_node(node):
    """Blocks that are not in memory are read again: the node is restarted so that none of them is."""
    source = random.Random(SEED)
    node.restart()
    for path in files(node, "*.sst")[:2]:
        content = bytearray(path.read_bytes())
        with path.open("r+b") as file:
            for _ in range(5):
                at = source.randrange(len(content) // 10, len(content) * 8 // 10)
                file.seek(at)
                file.write(bytes([content[at] ^ 1 << source.randrange(8)]))
    assert read_everything(node) > ROWS // 2
    assert node.program.alive()


def test_in_the_middle_of_the_log(node):
    """What follows a damaged record was acknowledged too: it must not vanish without a word."""
    source = random.Random(SEED)
    # The record of what is on disk is a second behind at most.
    wait_until(lambda: (node.directory / "data" / "durable").exists(), "the record is written", 10)
    clients = Clients([ADDRESS])
    session = clients.session("flips")
    for _ in range(3):
        before = (node.directory / "data" / "durable").read_text()
        session.execute("INSERT INTO t (k, a) VALUES (-1, 'x')")
        wait_until(lambda: (node.directory / "data" / "durable").read_text() != before, "the record follows", 10)
    clients.close()
    node.program.process.send_signal(signal.SIGKILL)
    node.program.process.wait()
    log = files(node, "*.log")[0]
    flip(log, source, 0.2, 0.8)
    assert not starts(node)
    says_which(node, "durable")
    text = node.program.text()
    assert "acknowledged writes are lost" in text and "remove that file" in text
    # The way out that it names.
    (node.directory / "data" / "durable").unlink()
    assert starts(node)
    assert node.stop() == 0


@pytest.mark.parametrize("name", ["format", "identity", "generation", "cluster", "durable"])
def test_in_a_file_of_the_node_itself(node, name):
    source = random.Random(f"{SEED} {name}")
    wait_until(lambda: (node.directory / "data" / "durable").exists(), "the record is written", 10)
    assert node.stop() == 0
    flip(node.directory / "data" / name, source)
    assert not starts(node)
    says_which(node, name)


@pytest.mark.parametrize("pattern", ["MANIFEST-*", "CURRENT", "OPTIONS-*"])
def test_in_a_file_of_the_engine_itself(node, pattern):
    source = random.Random(f"{SEED} {pattern}")
    assert node.stop() == 0
    flip(files(node, pattern)[0], source)
    if starts(node):
        assert read_everything(node) == ROWS, "it came up and does not have everything"
        assert node.program.alive()
    else:
        says_which(node, "engine")


def says_which(node, name):
    text = node.program.text().splitlines()
    said = [line for line in text if line.startswith("error: ")]
    assert said and name in said[-1], text[-5:]
    assert node.program.process.returncode not in (0, -signal.SIGSEGV, -signal.SIGABRT)
    assert "panicked" not in "".join(text)
