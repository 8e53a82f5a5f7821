"""SIGTERM under load: requests in flight are answered, the process exits 0 in time, and nothing acknowledged is lost."""

import signal
import threading
import time

from processes import running, wait_until

DRAIN_SECONDS = 30


def test_sigterm_drains_and_exits_zero(node, clients):
    session = clients.keyspace("drained")
    session.execute("CREATE TABLE t (k int PRIMARY KEY)")
    insert = session.prepare("INSERT INTO t (k) VALUES (?)")
    acknowledged, over = [], threading.Event()
    writers = [threading.Thread(target=write, args=(session, insert, range(lane, 10**9, 4), acknowledged, over)) for lane in range(4)]
    for writer in writers:
        writer.start()
    wait_until(lambda: len(acknowledged) > 500, "writes flow")

    pid, began = node.program.process.pid, time.monotonic()
    assert node.program.signal_and_wait(signal.SIGTERM) == 0
    assert time.monotonic() - began < DRAIN_SECONDS
    assert not running(pid)
    over.set()
    for writer in writers:
        writer.join(60)

    node.start()
    fresh = clients.session("drained")
    found = {row.k for row in fresh.execute("SELECT k FROM t")}
    assert set(acknowledged) <= found


def write(session, insert, keys, acknowledged, over):
    """Until the node is gone; a write that failed may or may not be there."""
    for key in keys:
        if over.is_set():
            return
        try:
            session.execute(insert, (key,), timeout=5)
        except Exception:  # noqa: BLE001 - the node is going
            return
        acknowledged.append(key)


def test_sigint_ends_it_as_well(node):
    assert node.program.signal_and_wait(signal.SIGINT) == 0
    node.start()
