"""What was acknowledged survives the loss of power, whole; and the harness that says so finds what a lying disk loses."""

import os
import random
import threading
import time

import pytest
from cassandra import ConsistencyLevel
from cassandra.query import BatchStatement, BatchType

from clients import Clients
from power import Machine, StartFailed, build

CUTS = int(os.environ.get("HENGE_POWER_CUTS", "12"))
SEED = int(os.environ.get("HENGE_POWER_SEED", "1"))
ADDRESS = "127.0.0.9"
WRITERS = 4
BATCH = 5


class Writers:
    """Threads that write until the node is gone: single rows, and batches of rows of one partition."""

    def __init__(self, address, round):
        self.clients = Clients([address])
        self.session = self.clients.session("power")
        self.round = round
        self.acknowledged = []
        self.attempted = 0
        self.stopping = False
        self.insert = self.session.prepare("INSERT INTO rows (k, c, a, b) VALUES (?, ?, ?, ?)")
        self.threads = [threading.Thread(target=self.write, args=(number,)) for number in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def write(self, writer):
        number = 0
        while not self.stopping:
            key = f"{self.round}-{writer}-{number}"
            count = BATCH if number % 3 == 0 else 1
            batch = BatchStatement(BatchType.UNLOGGED, consistency_level=ConsistencyLevel.ONE)
            for c in range(count):
                batch.add(self.insert, row(key, c))
            try:
                self.attempted += 1
                self.session.execute(batch if count > 1 else self.insert.bind(row(key, 0)), timeout=2)
                self.acknowledged.append((key, count, time.monotonic()))
            except Exception:  # noqa: BLE001 - the node is being killed
                pass
            number += 1

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        self.clients.close()
        return self.acknowledged


def row(key, c):
    return key, c, f"{key}/{c}" * 3, key.encode() * (1 + c)


def begin(machine):
    machine.start()
    clients = Clients([machine.address])
    session = clients.keyspace("power")
    session.execute("CREATE TABLE rows (k text, c int, a text, b blob, PRIMARY KEY (k, c))")
    clients.close()


def one_round(machine, number, source):
    """Writes, loses power, starts again. Returns what was acknowledged, when the log's last sync began, and what the cut undid."""
    writers = Writers(machine.address, number)
    time.sleep(source.uniform(0.2, 0.6))
    machine.kill()
    acknowledged = writers.stop()
    synced = machine.last_log_sync()
    cuts = machine.cut(source)
    machine.start()
    return acknowledged, synced, cuts


def missing(machine, acknowledged):
    """The acknowledged writes that are not there; asserts that whatever is there is right and whole."""
    clients = Clients([machine.address])
    session = clients.session("power")
    try:
        found = {}
        for k, c, a, b in session.execute("SELECT k, c, a, b FROM rows"):
            assert (k, c, a, b) == row(k, c)
            found.setdefault(k, set()).add(c)
        for key, rows in found.items():
            whole = BATCH if int(key.rsplit("-", 1)[1]) % 3 == 0 else 1
            assert rows == set(range(whole)), f"{key} is torn: {rows}"
        return [write for write in acknowledged if write[0] not in found]
    finally:
        clients.close()


@pytest.mark.timeout(1200)
def test_what_was_acknowledged_survives(tmp_path):
    source = random.Random(SEED)
    machine = Machine(tmp_path, ADDRESS, build(tmp_path))
    begin(machine)
    acknowledged, files, names = [], 0, 0
    try:
        for number in range(CUTS):
            written, _, (cut, undone) = one_round(machine, number, source)
            acknowledged += written
            files, names = files + cut, names + undone
            if CUTS < 20 or number % 10 == 9 or number == CUTS - 1:
                assert missing(machine, acknowledged) == [], f"after cut {number} of seed {SEED}"
    finally:
        machine.kill()
    print(f"{CUTS} cuts: {len(acknowledged)} writes acknowledged and there, {files} files cut, {names} changes of names undone")
    assert len(acknowledged) > 20 * CUTS and files > CUTS // 2, "too little happened"


def test_a_disk_that_lies_is_found_out(tmp_path):
    """Without this the test above would prove nothing."""
    source = random.Random(SEED)
    machine = Machine(tmp_path, ADDRESS, build(tmp_path))
    begin(machine)
    machine.kill()
    machine.journal.unlink()
    machine.lie = True
    machine.start()
    try:
        for number in range(5):
            written, _, _ = one_round(machine, number, source)
            if missing(machine, written):
                return
    except StartFailed:
        return
    finally:
        machine.kill()
    pytest.fail("five cuts of a disk that never synced lost nothing")


def test_periodic_sync_loses_only_what_came_after_the_last_sync(tmp_path):
    source = random.Random(SEED)
    arguments = ["--set", "commitlog_sync=periodic", "--set", "commitlog_sync_period=50ms"]
    machine = Machine(tmp_path, ADDRESS, build(tmp_path), arguments)
    begin(machine)
    lost, kept = 0, 0
    try:
        for number in range(max(3, CUTS // 4)):
            written, synced, _ = one_round(machine, number, source)
            gone = missing(machine, written)
            lost += len(gone)
            if synced is not None:
                assert all(at >= synced for _, _, at in gone), f"cut {number} of seed {SEED}"
                kept += sum(at < synced for _, _, at in written)
    finally:
        machine.kill()
    print(f"{lost} writes after the last sync before each cut were lost, {kept} before it kept")
    assert kept > 0, "no sync came while anything was written"
