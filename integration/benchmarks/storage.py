"""What storage does under load, printed: data sets that fit in memory and that do not, reads across a flush and a compaction,
recovery after SIGKILL, bytes per row, and what many tables cost.

    HENGE_BIN=target/dist/henge integration/run benchmarks/storage.py [sets reads recovery tables]

With CASSANDRA naming a process' data folder and HOSTS its address, `bytes` compares the disk that a million rows take.
"""

import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from clients import Clients
from process_figures import cpu_seconds, resident_mb
from processes import HENGE, Server, remove


def say(text):
    print(text, flush=True)


def figures(node):
    text = urllib.request.urlopen(f"http://{node.address}:9180/metrics", timeout=10).read().decode()
    return {name: float(value) for name, value in re.findall(r"^henge_(\w+) (\S+)$", text, re.M)}


def cpu(node):
    return cpu_seconds(node.program.process.pid)


def resident(node):
    return round(resident_mb(node.program.process.pid))


def disk(directory):
    return sum(path.stat().st_size for path in (directory / "data/engine").iterdir() if path.suffix == ".sst")


def bench(node, *arguments):
    command = [HENGE, "bench", "--hosts", f"{node.address}:9042", "--pids", str(node.program.process.pid), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().splitlines()[-1]


def settle(node):
    """Until compaction has nothing to do."""
    quiet = 0
    while quiet < 5:
        time.sleep(0.2)
        now = figures(node)
        quiet = quiet + 1 if now["compaction_pending_bytes"] == 0 and now["compactions_running"] == 0 else 0


def fresh(*arguments):
    directory = Path(tempfile.mkdtemp(prefix="henge-bench-"))
    return Server(directory, arguments=list(arguments)).start()


def fill(node, rows):
    began, before = time.monotonic(), cpu(node)
    bench(node, "--write", "--fill", "--rows", rows, "--seconds", 0, "--warm-up", 0)
    loaded, spent = time.monotonic() - began, cpu(node) - before
    settle(node)
    settled = cpu(node) - before
    size = disk(node.directory)
    say(
        f"{rows} rows of 200 B written in {loaded:.0f} s: {spent / rows * 1e6:.1f} us of CPU each, {settled / rows * 1e6:.1f} us "
        f"until compaction is done; {size / rows:.0f} bytes each on disk, {resident(node)} MB resident"
    )


def reads(node, rows, *arguments):
    before = figures(node)
    said = bench(node, "--rows", rows, *arguments)
    after = figures(node)
    hits, misses = (after[name] - before[name] for name in ("reads_from_memory_total", "reads_from_disk_total"))
    say(f"  {said}; {misses / max(1, hits + misses) * 100:.2f}% from disk")


def sets():
    for rows in (200_000, 10_000_000):
        node = fresh("--set", "memory=1GiB", "--set", "commitlog_sync=periodic")
        fill(node, rows)
        reads(node, rows, "--seconds", 10, "--warm-up", 20)
        if rows > 1_000_000:
            recovery(node)
        node.stop()
        remove(node.directory)


def recovery(node=None):
    own = node is None
    if own:
        node = fresh("--set", "commitlog_sync=periodic")
        fill(node, 4_000_000)
    bench(node, "--write", "--rows", 4_000_000, "--seconds", 5, "--warm-up", 0)
    node.program.process.kill()
    node.program.process.wait()
    began = time.monotonic()
    node.start()
    clients = Clients([node.address])
    assert clients.session("bench").execute("SELECT v FROM data LIMIT 1").one()
    clients.close()
    say(f"after SIGKILL with {disk(node.directory) >> 20} MiB of rows and a full log: the first row after {time.monotonic() - began:.2f} s")
    if own:
        node.stop()
        remove(node.directory)


def during():
    rows = 1_000_000
    node = fresh("--set", "memory=1GiB", "--set", "commitlog_sync=periodic")
    fill(node, rows)
    rate = ["--rate", 10_000, "--connections", 16, "--seconds", 6, "--warm-up", 2]
    say("reads at 10,000/s, warm:")
    reads(node, rows, "--seconds", 5)
    reads(node, rows, *rate)
    for what in ("flush", "compact"):
        bench(node, "--write", "--rows", rows, "--seconds", 3, "--warm-up", 0)
        say(f"across a {what}:")
        timer = threading.Timer(4, lambda: subprocess.run([HENGE, "admin", "-p", "7199", what], check=True))
        timer.start()
        reads(node, rows, *rate)
        timer.join()
        say("after it:")
        reads(node, rows, *rate)
    node.stop()
    remove(node.directory)


def tables():
    node = fresh()
    clients = Clients([node.address])
    session = clients.keyspace("many")
    session.cluster.schema_metadata_enabled = False
    made = 0
    for count in (50, 5_000):
        began = time.monotonic()
        while made < count:
            session.execute(f"CREATE TABLE t{made} (k int PRIMARY KEY, v text)", timeout=60)
            made += 1
        took = time.monotonic() - began
        for number in range(0, made, max(1, made // 50)):
            session.execute(f"INSERT INTO t{number} (k, v) VALUES (1, 'v')")
        say(f"{made} tables: {resident(node)} MB resident, the last ones made in {took / (made if made == 50 else made - 50) * 1e3:.1f} ms each")
        # Rows of their own each time: overwritten ones cost more to read.
        keys = ["--first", made * 1_000_000]
        bench(node, "--write", "--fill", "--rows", 100_000, *keys, "--seconds", 0, "--warm-up", 0)
        reads(node, 100_000, *keys, "--seconds", 5)
        say("  " + bench(node, "--write", "--rows", 100_000, *keys, "--seconds", 5))
    clients.close()
    began = time.monotonic()
    node.restart()
    say(f"stopped and started again with {made} tables in {time.monotonic() - began:.2f} s, {resident(node)} MB resident")
    node.stop()
    remove(node.directory)


PARTS = {"sets": sets, "reads": during, "recovery": recovery, "tables": tables}

for part in sys.argv[1:] or ["sets", "reads", "tables"]:
    PARTS[part]()
