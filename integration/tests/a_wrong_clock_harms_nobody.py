"""A node whose clock is wrong coordinates no writes, says so, and comes back by itself; reads and all other nodes go on."""

import os
import threading
import time
import urllib.error
import urllib.request

import pytest
from cassandra.cluster import NoHostAvailable
from cassandra.protocol import OverloadedErrorMessage

from clients import Clients, ConsistencyLevel
from processes import Dev, wait_until

HOUR_MS = 3_600_000
# Stamps are ahead of the clocks of most by less.
BOUND_SECONDS = 0.6
SCHEMA = (
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}",
    "CREATE TABLE k.t (a int PRIMARY KEY, b int)",
    "CREATE TABLE k.c (a int PRIMARY KEY, b int)",
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    os.environ["HENGE_TEST_CLOCKS"] = "1"
    try:
        cluster = Dev(tmp_path_factory.mktemp("clocks") / "three", 3).start()
    finally:
        del os.environ["HENGE_TEST_CLOCKS"]
    yield cluster
    assert cluster.stop() == 0


@pytest.fixture
def sessions(cluster):
    """A session for each node; its requests have no timestamps, so that the node stamps them."""
    clients = Clients(cluster.addresses)
    sessions = [clients.session(via=[address], consistency=ConsistencyLevel.QUORUM) for address in cluster.addresses]
    for session in sessions:
        session.use_client_timestamp = False
    for text in SCHEMA:
        sessions[0].execute(text.replace("KEYSPACE k", "KEYSPACE IF NOT EXISTS k").replace("TABLE ", "TABLE IF NOT EXISTS "))
    yield sessions
    clients.close()


def offset_file(node):
    return node.directory / "data" / "test_clock_offset_ms"


class WrongPace:
    """The clock of a node that gains some milliseconds each second while this lasts; one that stands still loses a thousand."""

    def __init__(self, node, gain_ms):
        self.file, self.gain_ms, self.ended = offset_file(node), gain_ms, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        began, written = time.monotonic(), self.file.with_suffix(".new")
        while not self.ended.wait(0.01):
            written.write_text(str(int((time.monotonic() - began) * self.gain_ms)))
            written.replace(self.file)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.file.unlink()


def health(node):
    try:
        with urllib.request.urlopen(f"http://{node.address}:9180/readyz", timeout=5) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def reads(session):
    try:
        return session.execute("SELECT b FROM k.t WHERE a = 2")
    except NoHostAvailable:
        return None


def is_refused(session, text):
    """Whether a node refuses a statement for its clock; drivers ask another node then."""
    try:
        session.execute(text)
        return False
    except NoHostAvailable as refused:
        (error,) = refused.errors.values()
    except OverloadedErrorMessage as refused:
        error = refused
    assert isinstance(error, OverloadedErrorMessage) and "clock" in str(error), error
    return True


def test_a_clock_an_hour_ahead_or_back(cluster, sessions):
    wrong, second, third = sessions
    node = cluster.nodes[0]
    second.execute("INSERT INTO k.c (a, b) VALUES (1, 0) IF NOT EXISTS")
    for round, ahead_ms in enumerate((HOUR_MS, -HOUR_MS), 1):
        offset_file(node).write_text(str(ahead_ms))
        assert is_refused(wrong, "INSERT INTO k.t (a, b) VALUES (1, 666)")
        assert is_refused(wrong, "UPDATE k.c SET b = 666 WHERE a = 1 IF EXISTS")
        status, reason = health(node)
        assert status == 503 and "clock" in reason, reason
        second.execute(f"INSERT INTO k.t (a, b) VALUES (1, {round})")
        applied = third.execute(f"UPDATE k.c SET b = {round} WHERE a = 1 IF b = {round - 1}").one().applied
        assert applied, "the partition is locked"
        assert wrong.execute("SELECT b FROM k.t WHERE a = 1").one().b == round
        wrong.execute(f"CREATE TABLE k.made{round} (a int PRIMARY KEY)")
        offset_file(node).unlink()
        wait_until(lambda: health(node)[0] == 200, "the node is back by itself")
        wrong.execute("INSERT INTO k.t (a, b) VALUES (2, 2)")
        assert wrong.execute("UPDATE k.c SET b = 9 WHERE a = 1 IF b = 666").one().applied is False
    log = node.log.read_text()
    assert log.count("until it is right this node coordinates no writes") == 2, "once for each time"
    assert log.count("right again") == 2


@pytest.mark.parametrize("gain_ms", [-1_000, 200, -200], ids=["frozen", "drifting ahead", "drifting behind"])
def test_a_clock_that_stands_still_or_drifts(cluster, sessions, gain_ms):
    wrong, second, third = sessions
    node, key = cluster.nodes[0], 100 + gain_ms
    second.execute(f"INSERT INTO k.c (a, b) VALUES ({key}, 0) IF NOT EXISTS")
    with WrongPace(node, gain_ms):
        # Until it is noticed the clock is within the bound, and what it stamps is as good as any other's.
        wait_until(lambda: is_refused(wrong, f"INSERT INTO k.t (a, b) VALUES ({key}, 666)"), "the clock is found out")
        assert is_refused(wrong, f"UPDATE k.c SET b = 666 WHERE a = {key} IF EXISTS")
        # Its last stamp was ahead by less than the bound of 500 ms, so that it is the newest for as long.
        time.sleep(BOUND_SECONDS)
        for number in (1, 2):
            second.execute(f"INSERT INTO k.t (a, b) VALUES ({key}, {number})")
            applied = third.execute(f"UPDATE k.c SET b = {number} WHERE a = {key} IF b = {number - 1}").one().applied
            assert applied, "the partition is locked"
            assert wrong.execute(f"SELECT b FROM k.t WHERE a = {key}").one().b == number
    wait_until(lambda: health(node)[0] == 200, "the node is back by itself")
    wrong.execute(f"INSERT INTO k.t (a, b) VALUES ({key}, 3)")
    assert second.execute(f"SELECT b FROM k.t WHERE a = {key}").one().b == 3
    assert wrong.execute(f"UPDATE k.c SET b = 9 WHERE a = {key} IF b = 666").one().applied is False


def test_a_node_that_starts_with_a_wrong_clock(cluster, sessions):
    node, third = cluster.nodes[2], sessions[2]
    node.kill()
    offset_file(node).write_text(str(HOUR_MS))
    node.restart()
    wait_until(lambda: reads(third), "the session is back")
    assert is_refused(third, "INSERT INTO k.t (a, b) VALUES (3, 666)")
    told = "SELECT clock_offset_ms FROM system_views.gossip_info WHERE address = %s"
    offset = lambda: sessions[0].execute(told, (node.address,)).one().clock_offset_ms
    wait_until(lambda: abs(offset() - HOUR_MS) < 1_000, "gossip tells how far its clock is ahead")
    offset_file(node).unlink()
    wait_until(lambda: health(node)[0] == 200, "the node is back by itself")
    third.execute("INSERT INTO k.t (a, b) VALUES (3, 3)")
    sessions[1].execute("INSERT INTO k.t (a, b) VALUES (3, 4)")
    assert third.execute("SELECT b FROM k.t WHERE a = 3").one().b == 4, "no stamp of an hour ahead was used"
    wait_until(lambda: abs(offset()) < 100, "gossip tells that its clock is right")
