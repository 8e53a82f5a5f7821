"""Deletions that are purged as fast as they may be, while nodes are restarted one after another: no read fails, and nothing returns.

    HENGE_BIN=target/dist/henge integration/run benchmarks/deletions_stay.py [--minutes 60] [--threads 6] [--rate 400]

Three nodes, RF 3, QUORUM, two tables: one whose deletions may go `GRACE_SECONDS` after they were made, swept every ten seconds, and one
whose deletions go once all replicas are proven to have them. Each thread has partitions of its own and knows what they hold; it writes and
deletes rows, ranges and whole partitions, and reads those of now and of long ago. Any difference, and any request that the driver could
not have answered by one of the nodes, is printed and fails the run.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from admin import admin
from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from process_figures import resident_mb
from processes import Dev, remove, running, wait_until

GRACE_SECONDS = 120
# Between the end of a restart and the next one.
REST_SECONDS = 15
TABLES = {
    "graced": f"gc_grace_seconds = {GRACE_SECONDS} AND "
    "compaction = {'class': 'SizeTieredCompactionStrategy', 'only_purge_repaired_tombstones': 'false'}",
    "proven": "gc_grace_seconds = 0",
}
VALUE = "v" * 200
ROWS_MAX = 40
# Partitions of a thread and table that are written to; older ones are left as they are, most of them with nothing in them.
PARTITIONS = 20


class Worker(threading.Thread):
    """A client with partitions of its own in one table."""

    def __init__(self, number, table, session, rate):
        super().__init__(daemon=True)
        self.number, self.table, self.session, self.pause = number, table, session, 1 / rate
        self.source, self.over = random.Random(number), threading.Event()
        # What each partition holds, by its key.
        self.rows, self.newest = {}, 0
        self.counts, self.problems, self.longest = Counter(), [], 0.0
        self.insert = self.prepare(f"INSERT INTO ks.{table} (k, c, v) VALUES (?, ?, ?)")
        self.delete_row = self.prepare(f"DELETE FROM ks.{table} WHERE k = ? AND c = ?")
        self.delete_range = self.prepare(f"DELETE FROM ks.{table} WHERE k = ? AND c >= ? AND c < ?")
        self.delete_all = self.prepare(f"DELETE FROM ks.{table} WHERE k = ?")
        self.select = self.prepare(f"SELECT c FROM ks.{table} WHERE k = ?")

    def prepare(self, text):
        # A write that is sent twice is the same one here: nobody else writes to the partition.
        prepared = self.session.prepare(text)
        prepared.is_idempotent = True
        return prepared

    def run(self):
        while not self.over.wait(self.source.uniform(0, 2 * self.pause)):
            self.step()

    def step(self):
        chance, key = self.source.random(), self.key()
        rows = self.rows.setdefault(key, set())
        if chance < 0.4:
            return self.read(key)
        if chance < 0.75:
            row = self.source.randrange(ROWS_MAX)
            return self.write("insert", self.insert, (key, row, VALUE), lambda: rows.add(row))
        if chance < 0.85:
            row = self.source.randrange(ROWS_MAX)
            return self.write("delete a row", self.delete_row, (key, row), lambda: rows.discard(row))
        if chance < 0.95:
            first, behind = sorted(self.source.sample(range(ROWS_MAX + 1), 2))
            return self.write("delete a range", self.delete_range, (key, first, behind), lambda: rows.difference_update(range(first, behind)))
        self.write("delete a partition", self.delete_all, (key,), rows.clear)
        # From time to time an emptied partition is left for good, and a new one begun.
        self.newest += self.source.random() < 0.7
        return None

    def key(self):
        """A partition that is in use; for half of the reads one of long ago is taken in its place."""
        return self.name(self.newest + self.source.randrange(PARTITIONS))

    def name(self, at):
        return self.number * 10_000_000 + at

    def read(self, key):
        if self.newest and self.source.random() < 0.5:
            key = self.name(self.source.randrange(self.newest))
        expected = sorted(self.rows.get(key, ()))
        found = self.ask("read", self.select, (key,))
        if found is not None and [row.c for row in found] != expected:
            self.problem(f"{self.table} {key} has {[row.c for row in found]}, not {expected}")

    def write(self, kind, statement, values, then):
        # A write whose outcome is not known is made again until it is: the partition's rows have to be known.
        while self.ask(kind, statement, values) is None and not self.over.is_set():
            time.sleep(0.1)
        then()

    def ask(self, kind, statement, values):
        """The rows of an answer; `None` if there was none."""
        began = time.monotonic()
        self.counts[kind] += 1
        try:
            return list(self.session.execute(statement, values))
        except Exception as error:  # noqa: BLE001 - each is printed
            self.problem(f"{kind} of {self.table} failed: {type(error).__name__}: {error}")
            return None
        finally:
            self.longest = max(self.longest, time.monotonic() - began)

    def problem(self, text):
        self.problems.append(text)
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


class Restarts(threading.Thread):
    """SIGTERM and the same command again, for one node after another."""

    def __init__(self, dev, driver):
        super().__init__(daemon=True)
        self.dev, self.driver, self.over, self.count = dev, driver, threading.Event(), 0

    def run(self):
        while not self.over.wait(REST_SECONDS):
            self.restart(self.dev.nodes[self.count % len(self.dev.nodes)])
            self.count += 1

    def restart(self, node):
        node.terminate()
        node.restart()
        wait_until(lambda: all(admin(other, "status").count("UN") == 3 for other in self.dev.nodes), "all are up", 60)
        wait_until(lambda: all(host.is_up for host in self.driver.metadata.all_hosts()), "the driver takes all for up", 60)


def table_size(dev, table):
    """The line of a table's size on a node, after all is rewritten into the fewest files."""
    admin(dev.nodes[0], "compact")
    return admin(dev.nodes[0], "tablestats", f"ks.{table}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=6, help="an even number: half of them for each table")
    parser.add_argument("--rate", type=float, default=400.0, help="requests a second of all threads together, at most")
    options = parser.parse_args()
    dev = Dev(Path(tempfile.mkdtemp()), 3, arguments=["--set", "tombstone_purge_interval=10s"]).start()
    profile = ExecutionProfile(consistency_level=ConsistencyLevel.QUORUM)
    driver = Cluster(dev.addresses, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    try:
        sys.exit(run(options, dev, driver))
    finally:
        driver.shutdown()
        dev.stop()
        remove(dev.directory)


def run(options, dev, driver):
    session = driver.connect()
    session.execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    for table, settings in TABLES.items():
        session.execute(f"CREATE TABLE ks.{table} (k int, c int, v text, PRIMARY KEY (k, c)) WITH {settings}")
    tables = [list(TABLES)[number % len(TABLES)] for number in range(options.threads)]
    workers = [Worker(number, table, session, options.rate / options.threads) for number, table in enumerate(tables, 1)]
    restarts = Restarts(dev, driver)
    for thread in [*workers, restarts]:
        thread.start()
    for minute in range(1, max(1, round(options.minutes)) + 1):
        time.sleep(60 if options.minutes >= 1 else 60 * options.minutes)
        requests = sum(worker.counts.total() for worker in workers)
        problems = sum(len(worker.problems) for worker in workers)
        longest = max(worker.longest for worker in workers)
        memory = "/".join(f"{resident_mb(node.pid()):.0f}" for node in dev.nodes if running(node.pid()))
        print(f"minute {minute}: {requests} requests, {restarts.count} restarts, longest {longest:.2f} s, {memory} MB, {problems} problems", flush=True)
    restarts.over.set()
    restarts.join(120)
    for worker in workers:
        worker.over.set()
        worker.join(60)
    return judge(workers, dev)


def judge(workers, dev):
    """Reads every partition that ever was once more; the number of problems."""
    for worker in workers:
        for key in list(worker.rows):
            found = worker.ask("last read", worker.select, (key,))
            expected = sorted(worker.rows[key])
            if found is not None and [row.c for row in found] != expected:
                worker.problem(f"{worker.table} {key} has {[row.c for row in found]}, not {expected}, in the end")
    for table in TABLES:
        own = [worker for worker in workers if worker.table == table]
        counts = sum((worker.counts for worker in own), Counter())
        partitions, rows = sum(len(worker.rows) for worker in own), sum(len(rows) for worker in own for rows in worker.rows.values())
        print(f"{table}: {dict(counts)}; {partitions} partitions, {rows} rows left; on a node:\n{table_size(dev, table)}", flush=True)
    problems = sum(len(worker.problems) for worker in workers)
    print(f"problems: {problems}", flush=True)
    return min(problems, 1)


if __name__ == "__main__":
    main()
