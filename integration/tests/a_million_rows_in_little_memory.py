"""A million rows in a node that was given 128 MiB: written, paged through, counted, aggregated and filtered, while what the process
holds for itself stays below 200 MB. What is mapped from files (the program's own text) is not counted: the system takes it back."""

import re
import subprocess
import threading
import time
from pathlib import Path

import pytest
from cassandra.query import SimpleStatement

from clients import Clients
from processes import HENGE, Server, remove

ROWS = 1_000_000
VALUE_BYTES = 100
LIMIT_MB = 200
FILL_SECONDS = 60
RARE = [7, 123_456, 999_999]


class Watch(threading.Thread):
    """The most anonymous memory a process had, looked at all the time."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.status = Path(f"/proc/{pid}/status")
        self.most = {}
        self.phase = "start"
        self.over = False

    def run(self):
        while not self.over:
            self.look()
            time.sleep(0.01)

    def look(self):
        found = re.search(r"RssAnon:\s+(\d+) kB", self.status.read_text())
        now = int(found.group(1)) / 1024
        self.most[self.phase] = max(now, self.most.get(self.phase, 0))

    def stop(self):
        self.over = True
        self.join()


@pytest.fixture(scope="module")
def small_node(tmp_path_factory):
    """A node on a small machine, full of rows, and what its memory was meanwhile."""
    directory = tmp_path_factory.mktemp("small")
    server = Server(directory, arguments=["--set", "memory=128MiB"]).start()
    watch = Watch(server.program.process.pid)
    watch.start()
    watch.phase = "fill"
    began = time.monotonic()
    fill(server)
    server.filled_in = time.monotonic() - began
    yield server, watch
    watch.stop()
    assert server.stop() == 0
    remove(directory)


def fill(server):
    """Keys 0 to 999,999, each with a random value, by the product's own benchmark: no other client here is as fast."""
    shape = ["--rows", ROWS, "--value-bytes", VALUE_BYTES, "--seconds", 0, "--warm-up", 0]
    command = [HENGE, "bench", "--hosts", f"{server.address}:9042", "--write", "--fill", *map(str, shape)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def session(small_node):
    server, watch = small_node
    made = Clients(server.addresses)
    yield made.session("bench")
    made.close()


@pytest.fixture(autouse=True)
def phase(small_node, request):
    small_node[1].phase = request.node.name


def test_writing_takes_under_a_minute(small_node):
    assert small_node[0].filled_in < FILL_SECONDS


def test_every_row_is_on_some_page(session):
    seen = bytearray(ROWS)
    for row in session.execute(SimpleStatement("SELECT k FROM data", fetch_size=5_000), timeout=120):
        seen[row.k] += 1
    assert seen == b"\1" * ROWS


def test_values_page_whole(session):
    rows = session.execute(SimpleStatement("SELECT v FROM data LIMIT 100000", fetch_size=10_000), timeout=120)
    values = {row.v for row in rows}
    assert len(values) == 100_000 and {len(value) for value in values} == {VALUE_BYTES}


def test_aggregates_go_through_all_rows(session):
    row = session.execute("SELECT count(*), min(k), max(k), avg(k), sum(k) FROM data", timeout=120).one()
    assert tuple(row) == (ROWS, 0, ROWS - 1, (ROWS - 1) // 2, ROWS * (ROWS - 1) // 2)


def test_a_filter_with_few_hits_finds_them(session):
    for key in RARE:
        session.execute(f"UPDATE data SET v = 0xff WHERE k = {key}")
    query = SimpleStatement("SELECT k FROM data WHERE v = 0xff ALLOW FILTERING", fetch_size=100)
    assert sorted(row.k for row in session.execute(query, timeout=120)) == RARE


def test_memory_stayed_small(small_node):
    most = small_node[1].most
    assert max(most.values()) < LIMIT_MB, {name: f"{megabytes:.0f} MB" for name, megabytes in most.items()}
    print({name: f"{megabytes:.0f} MB" for name, megabytes in most.items()})
