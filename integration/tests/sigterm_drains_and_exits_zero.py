"""SIGTERM under load: requests in flight are answered, the process exits 0 in time, and nothing acknowledged is lost."""

import signal
import struct
import threading
import time

from processes import running, wait_until
from raw import RawConnection, string

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


REGISTER, EVENT, BOOTSTRAPPING = 0x0B, 0x0C, 0x1002


def test_a_client_is_told_then_served_then_refused_and_then_left(node):
    client, busy = RawConnection("127.0.0.1", 4), RawConnection("127.0.0.1", 4)
    client.ask(REGISTER, struct.pack(">H", 1) + string("STATUS_CHANGE"))
    node.program.process.send_signal(signal.SIGTERM)
    header = client.exactly(9)
    assert header[4] == EVENT
    event = client.exactly(struct.unpack(">i", header[5:])[0])
    assert string("STATUS_CHANGE") + string("DOWN") in event, event
    assert "error" not in busy.query("SELECT key FROM system.local"), "it is served after that was told"
    answers = ["error" not in answer and "served" or answer["error"] for answer in until_the_end(busy)]
    assert "served" in answers and answers[-1] == BOOTSTRAPPING, answers[-5:]
    assert answers.index(BOOTSTRAPPING) == answers.count("served"), "once it refuses, it goes on to"
    assert client.stream.recv(1) == b"", "a client that is quiet sees the end of its connection only"
    assert node.program.signal_and_wait(signal.SIGTERM) == 0
    node.start()


def until_the_end(client):
    while True:
        try:
            yield client.query("SELECT key FROM system.local")
        except AssertionError:
            assert client.stream.recv(1) == b"", "it ends between two answers"
            return


def test_sigint_ends_it_as_well(node):
    assert node.program.signal_and_wait(signal.SIGINT) == 0
    node.start()
