"""Many clients that change one row under a condition: how often each succeeds, and how many answers leave an outcome unknown.

    HENGE_BIN=target/dist/henge integration/run benchmarks/contended.py [--clients 32] [--seconds 20]

Three nodes, RF 3, `UPDATE ... IF v = ?` at SERIAL, first through one node and then through all three. Each client takes the value that a
refusal shows as its next condition. In the end the row must have been changed as often as clients were told, or were left in doubt.
"""

import argparse
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from cassandra import OperationTimedOut, WriteTimeout
from cassandra.query import SimpleStatement

from clients import Clients, ConsistencyLevel
from processes import Dev, remove


class Contender(threading.Thread):
    """A client that adds one to the row, again and again."""

    def __init__(self, session, end):
        super().__init__(daemon=True)
        self.session, self.end = session, end
        self.update = session.prepare("UPDATE ks.t SET v = ? WHERE k = 0 IF v = ?")
        self.update.serial_consistency_level = ConsistencyLevel.SERIAL
        self.counts, self.longest_wait = Counter(), 0.0

    def run(self):
        value, applied_at = 0, time.monotonic()
        while time.monotonic() < self.end:
            try:
                answer = self.session.execute(self.update, (value + 1, value)).one()
            except (WriteTimeout, OperationTimedOut):
                self.counts["unknown"] += 1
                continue
            except Exception as error:  # noqa: BLE001 - counted by class
                self.counts[type(error).__name__] += 1
                continue
            if not answer.applied:
                self.counts["refused"] += 1
                value = answer.v
                continue
            self.counts["applied"] += 1
            value, now = value + 1, time.monotonic()
            self.longest_wait, applied_at = max(self.longest_wait, now - applied_at), now
        self.longest_wait = max(self.longest_wait, time.monotonic() - applied_at)


def contend(name, sessions, options):
    alone = sessions[0]
    alone.execute("INSERT INTO ks.t (k, v) VALUES (0, 0) IF NOT EXISTS")
    alone.execute("UPDATE ks.t SET v = 0 WHERE k = 0 IF EXISTS")
    end = time.monotonic() + options.seconds
    contenders = [Contender(sessions[number % len(sessions)], end) for number in range(options.clients)]
    for contender in contenders:
        contender.start()
    for contender in contenders:
        contender.join()
    total = sum((contender.counts for contender in contenders), Counter())
    applied = [contender.counts["applied"] / options.seconds for contender in contenders]
    longest = max(contender.longest_wait for contender in contenders)
    unknown = total["unknown"] / total.total()
    print(
        f"{name}: {total['applied'] / options.seconds:.0f} applied a second, {min(applied):.1f} to {max(applied):.1f} by a client, "
        f"{longest:.2f} s between two of one at most; {unknown:.2%} unknown; {dict(total)}",
        flush=True,
    )
    read = SimpleStatement("SELECT v FROM ks.t WHERE k = 0", consistency_level=ConsistencyLevel.SERIAL)
    value = alone.execute(read).one().v
    assert total["applied"] <= value <= total["applied"] + total["unknown"], (value, total)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    dev = Dev(Path(tempfile.mkdtemp()), 3).start()
    clients = Clients(dev.addresses)
    try:
        sessions = [clients.session(via=[address], consistency=ConsistencyLevel.QUORUM) for address in dev.addresses]
        sessions[0].execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
        sessions[0].execute("CREATE TABLE ks.t (k int PRIMARY KEY, v int)")
        contend("one coordinator", sessions[:1], options)
        contend("three coordinators", sessions, options)
    finally:
        clients.close()
        dev.stop()
        remove(dev.directory)


if __name__ == "__main__":
    main()
