"""Each of three nodes is stopped and started again in turn while a driver writes and reads at LOCAL_QUORUM, in several threads: as it
comes, no request fails; with a policy that retries nothing, hardly any. Nothing is missing, and the version of the formats is as it was.
The way of an upgrade (docs/protocols/versions.md)."""

import subprocess
import time

import pytest
from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import FallthroughRetryPolicy

from admin import admin
from clients import Clients
from processes import HENGE, Dev, answers, wait_until
from quorum_load import ROWS, Load

THREADS = 8


@pytest.fixture
def cluster(tmp_path):
    dev = Dev(tmp_path / "three", 3).start()
    clients = Clients(dev.addresses)
    yield dev, clients
    clients.close()
    dev.stop()


def restart(node, others):
    """SIGTERM, which drains the node, and the same command again; waits until all take it for up."""
    node.terminate()
    node.restart()
    wait_until(lambda: all(admin(other, "status").count("UN") == 3 for other in [node, *others]), "all are up", 60)


@pytest.mark.parametrize("options", [{}, {"retry_policy": FallthroughRetryPolicy()}], ids=["as it comes", "without retries"])
def test_no_request_fails_while_nodes_are_restarted(cluster, options):
    dev, clients = cluster
    alone = clients.session(via=[dev.addresses[0]])
    alone.execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    alone.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v text)")
    profile = ExecutionProfile(consistency_level=ConsistencyLevel.LOCAL_QUORUM, **options)
    driver = Cluster(dev.addresses, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    clients.open.append(driver)
    session = driver.connect()
    insert = session.prepare("INSERT INTO ks.t (k, v) VALUES (?, 'first')")
    for k in range(ROWS):
        session.execute(insert, (k,))
    loads = [Load(session) for _ in range(THREADS)]
    for load in loads:
        load.start()
    for node in dev.nodes:
        restart(node, [other for other in dev.nodes if other is not node])
        assert answers(node.address)
        # The next one goes once the driver uses this one again.
        wait_until(lambda: all(host.is_up for host in driver.metadata.all_hosts()), "the driver takes all for up", 60)
        time.sleep(1)
    for load in loads:
        load.end()
    failures = [failure for load in loads for failure in load.failures]
    # Where a driver is held up for longer than a node waits, a connection ends with what was sent on it: one request of each thread.
    assert len(failures) <= (THREADS * len(dev.nodes) if options else 0), failures[:5]
    for node in dev.nodes:
        assert "Version: 1 (" in admin(node, "metadata")
    reader = clients.session(consistency=ConsistencyLevel.ALL)
    found = {row.k for row in reader.execute("SELECT k FROM ks.t")}
    lost = [k for load in loads for k in load.acknowledged if k not in found]
    assert not lost, (len(lost), lost[:5])


def test_a_raise_that_nobody_speaks_is_refused(cluster):
    dev, _ = cluster
    command = [HENGE, "admin", "--data-directory", str(dev.nodes[1].directory / "data"), "finaliseupgrade"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    text = done.stdout + done.stderr
    assert done.returncode == 2 and "not every member is known to speak version 2" in text and "speaks 1" in text, text
