"""Hints: a write at ANY while all its replicas are down, and what an operator does: pause, resume, list, remove."""

import pytest
from cassandra import ConsistencyLevel, Unavailable

from admin import admin
from processes import wait_until


def test_a_write_at_any_is_read_once_its_replicas_are_up(three_nodes, clients):
    first, *others = three_nodes.nodes
    session = clients.keyspace("one", "{'class': 'NetworkTopologyStrategy', 'replication_factor': 1}", via=[first.address])
    session.execute("CREATE TABLE t (k int PRIMARY KEY)")
    at_one = clients.session("one", via=[first.address], consistency=ConsistencyLevel.ONE)
    at_any = clients.session("one", via=[first.address], consistency=ConsistencyLevel.ANY)
    for node in others:
        node.kill()
    select = "SELECT k FROM t WHERE k = %s"

    def absent():
        """Keys whose only replica is down, once the first node knows that both are."""
        keys = []
        for k in range(20):
            try:
                at_one.execute(select, (k,))
            except Unavailable:
                keys.append(k)
            except Exception:
                return []
        return keys

    keys = wait_until(absent, "the others are down", seconds=60)
    for k in keys:
        with pytest.raises(Unavailable):
            at_one.execute("INSERT INTO t (k) VALUES (%s)", (k,))
        at_any.execute("INSERT INTO t (k) VALUES (%s)", (k,))
    # What was acknowledged outlives the coordinator's process.
    first.kill()
    for node in three_nodes.nodes:
        node.restart()
    again = clients.session("one", via=[first.address], consistency=ConsistencyLevel.ONE)

    def is_read(k):
        try:
            return bool(list(again.execute(select, (k,))))
        except Unavailable:
            return False  # The first node has not heard of the others yet.

    wait_until(lambda: all(is_read(k) for k in keys), "all are read", seconds=90, pause=1)


def test_an_operator_pauses_lists_and_removes(three_nodes, clients):
    first, second, third = three_nodes.nodes
    session = clients.keyspace("ks", "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}", via=[first.address])
    session.execute("CREATE TABLE t (k int PRIMARY KEY)")
    assert admin(first, "statushandoff") == "Hinted handoff is running\n"
    assert admin(first, "listpendinghints") == "This node does not have any pending hints\n"
    admin(first, "pausehandoff")
    assert "paused" in admin(first, "statushandoff")

    third.kill()
    for k in range(10):
        session.execute("INSERT INTO t (k) VALUES (%s)", (k,))
    pending = wait_until(lambda: third.address in admin(first, "listpendinghints"), "hints are pending", seconds=30)
    assert pending
    third.restart()
    is_up = lambda: any(third.address in line and " UP " in line for line in admin(first, "listpendinghints").splitlines())
    wait_until(is_up, "the third node is up", seconds=60)
    alone = clients.session("ks", via=[third.address], consistency=ConsistencyLevel.ONE)
    assert "paused" in admin(first, "statushandoff")
    admin(first, "resumehandoff")
    wait_until(lambda: "not have any" in admin(first, "listpendinghints"), "hints are delivered", seconds=60)
    wait_until(lambda: len(list(alone.execute("SELECT k FROM t"))) == 10, "all rows arrived", seconds=30)

    second.kill()
    for k in range(10, 20):
        session.execute("INSERT INTO t (k) VALUES (%s)", (k,))
    # The third node's link may break as it learns of the restart: it is owed hints of its own.
    row = lambda: [line.split() for line in admin(first, "listpendinghints").splitlines() if second.address in line]
    wait_until(lambda: any("10" in columns for columns in row()), "ten hints are pending", seconds=30)
    assert "Removed" in admin(first, "truncatehints", row()[0][0])
    assert row() == []
