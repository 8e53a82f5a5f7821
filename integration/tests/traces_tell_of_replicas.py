"""Tracing: a replica that lacked rows, and one that another was asked in place of, are in the trace of the read that met them."""

import os
import signal
from contextlib import contextmanager

from cassandra import ConsistencyLevel, DriverException
from cassandra.query import SimpleStatement

from clients import Clients
from processes import Dev, wait_until
from traces import in_order, texts

REPLICATION = "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}"


def test_a_trace_tells_that_a_replica_lacked_rows(tmp_path):
    with outside(Dev(tmp_path, 3, arguments=["--set", "hinted_handoff_enabled=false", "--set", "auto_repair_enabled=false"])) as (nodes, clients):
        session = clients.keyspace("lacking", REPLICATION, via=nodes.addresses[:1], consistency=ConsistencyLevel.QUORUM)
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
        nodes.nodes[2].kill()
        session.execute("INSERT INTO t (k, v) VALUES (1, 2)")
        nodes.nodes[2].restart()
        said = []

        def is_read():
            said[:] = texts(session, SimpleStatement("SELECT v FROM t WHERE k = 1", consistency_level=ConsistencyLevel.ALL))
            return True

        wait_until(lambda: succeeds(is_read), "a read at ALL succeeds")
        steps = ["Reading at ALL: 3 of 3 replicas", "Digest mismatch", "Read repair: a replica lacks rows", "Sending READ_REPAIR_REQ message"]
        assert in_order(steps, said), said
        assert any(text.startswith("Sending READ_REPAIR_REQ message to") and nodes.addresses[2] in text for text in said), said
        is_read()
        assert not any(text.startswith(("Digest mismatch", "Read repair")) for text in said), said


def test_a_trace_tells_that_another_replica_was_asked(tmp_path):
    with outside(Dev(tmp_path, 3)) as (nodes, clients):
        session = clients.keyspace("silent", REPLICATION, via=nodes.addresses[:1], consistency=ConsistencyLevel.QUORUM)
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v int) WITH speculative_retry = '5ms'")
        session.execute("INSERT INTO t (k, v) VALUES (1, 2)")
        said = []
        # A read at QUORUM asks one of the two others: which one, its latency decides.
        for node in nodes.nodes[1:]:
            os.kill(node.pid(), signal.SIGSTOP)
            for _ in range(3):
                said.append(texts(session, SimpleStatement("SELECT v FROM t WHERE k = 1")))
            os.kill(node.pid(), signal.SIGCONT)
        steps = ["Reading at QUORUM: 2 of 3 replicas", "Speculating read retry", "Reading"]
        assert any(in_order(steps, texts) for texts in said), said


@contextmanager
def outside(nodes):
    """A cluster of the test's own, with clients."""
    clients = Clients(nodes.start().addresses)
    yield nodes, clients
    clients.close()
    assert nodes.stop() == 0


def succeeds(act):
    try:
        return act()
    except DriverException:
        return False
