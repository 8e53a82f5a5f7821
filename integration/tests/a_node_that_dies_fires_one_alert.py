"""A real Prometheus with the rules of config/monitoring, their times shortened, over three nodes: one that is killed fires
HengeNodeDown and nothing else, and its return ends that."""

import time

import pytest

from clients import ConsistencyLevel
from processes import wait_until
from prometheus import Prometheus

QUIET_SECONDS = 8
# A machine that runs tests may take longer than the objective of latency has it.
SLOW_DISKS = (('le="0.1"', 'le="10"'),)
REPLICATION = "{'class': 'SimpleStrategy', 'replication_factor': 3}"


@pytest.fixture(scope="module")
def prometheus(three_nodes, tmp_path_factory):
    prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), three_nodes.addresses, replacements=SLOW_DISKS).start()
    yield prometheus
    prometheus.stop()


def work(session, seconds):
    """Reads and writes at QUORUM for a while, a few in a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        session.execute("INSERT INTO t (k, v) VALUES (1, 1)")
        session.execute("SELECT v FROM t WHERE k = 1")
        time.sleep(0.2)


def test_a_node_that_is_killed(three_nodes, prometheus, clients):
    survivors = three_nodes.addresses[:2]
    session = clients.keyspace("ks", REPLICATION, via=survivors, consistency=ConsistencyLevel.QUORUM)
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
    wait_until(lambda: len(prometheus.query('up{job="henge"} == 1')) == 3, "all three are scraped")
    work(session, QUIET_SECONDS)
    assert prometheus.failed_rules() == {}
    # The disk's trend is that of the machine, on which others write too.
    assert prometheus.alerts() == {} and set(prometheus.alerts("pending")) <= {"HengeDiskFills"}
    assert prometheus.query("cluster_outcome:henge_requests:rate5m"), "the recording rules record"
    dead = three_nodes.nodes[2]
    dead.kill()
    began = time.monotonic()
    wait_until(prometheus.alerts, "an alert fires", 30, pause=0.5)
    print(f"HengeNodeDown fired {time.monotonic() - began:.1f} s after the kill")
    work(session, QUIET_SECONDS)
    assert prometheus.alerts() == {"HengeNodeDown": {f"{dead.address}:9180"}}
    dead.restart()
    wait_until(lambda: prometheus.alerts() == {}, "the alert is over", 30, pause=0.5)
