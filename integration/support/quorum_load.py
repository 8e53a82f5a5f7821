"""A client that writes and reads at QUORUM while the cluster changes, and what may fail of it."""

import threading
import time

from cassandra import OperationTimedOut, ReadFailure, ReadTimeout, Unavailable, WriteFailure, WriteTimeout
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionException

ROWS = 2_000
VALUE = "v" * 200
# A step of a plan leaves a write in doubt that was planned before it, and a connection of a node that goes ends. A node that was killed and
# is back may serve clients some tenths of a second before its peers take its new process for the present one: they refuse it till then.
DOCUMENTED = (WriteTimeout, WriteFailure, ReadFailure, ReadTimeout, Unavailable, OperationTimedOut, NoHostAvailable, ConnectionException)


class Load(threading.Thread):
    """Writes one key after another, and reads back one that was acknowledged before."""

    def __init__(self, session):
        super().__init__(daemon=True)
        self.session, self.ending = session, threading.Event()
        self.acknowledged, self.failures, self.missing, self.longest = list(range(ROWS)), [], [], 0.0
        self.insert = session.prepare("INSERT INTO ks.t (k, v) VALUES (?, ?)")
        self.select = session.prepare("SELECT k FROM ks.t WHERE k = ?")

    def run(self):
        key = ROWS
        while not self.ending.is_set():
            began = time.monotonic()
            try:
                self.session.execute(self.insert, (key, VALUE))
                self.acknowledged.append(key)
                known = self.acknowledged[key * 7_919 % len(self.acknowledged)]
                if not list(self.session.execute(self.select, (known,))):
                    self.missing.append(known)
            except Exception as error:  # noqa: BLE001 - told apart at the end
                self.failures.append((round(began, 1), error))
            self.longest = max(self.longest, time.monotonic() - began)
            key += 1
            time.sleep(0.002)

    def end(self):
        self.ending.set()
        self.join(60)
        undocumented = [failure for failure in self.failures if not isinstance(failure[1], DOCUMENTED)]
        assert not undocumented, undocumented[:5]
        assert not self.missing, self.missing[:5]
        kinds = {}
        for at, error in self.failures:
            kinds.setdefault(type(error).__name__, []).append(at)
        print({kind: (len(times), times[0], times[-1]) for kind, times in kinds.items()})
        print(f"{len(self.acknowledged)} writes, {len(self.failures)} failures, longest {self.longest:.1f} s")
