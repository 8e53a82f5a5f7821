"""A datacentre that is gone costs the other one nothing at LOCAL_QUORUM; EACH_QUORUM is refused with Unavailable."""

import pytest
from cassandra import ConsistencyLevel, OperationTimedOut, Unavailable, WriteTimeout
from cassandra.query import SimpleStatement

from clients import DCAwareRoundRobinPolicy
from processes import wait_until


def test_one_datacentre_goes_on_without_the_other(two_datacentres, clients):
    session = clients.keyspace(
        "far",
        "{'class': 'NetworkTopologyStrategy', 'dc1': 3, 'dc2': 3}",
        policy=DCAwareRoundRobinPolicy("dc1"),
        consistency=ConsistencyLevel.LOCAL_QUORUM,
    )
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
    insert, select = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)"), session.prepare("SELECT v FROM t WHERE k = ?")
    each = SimpleStatement("INSERT INTO t (k, v) VALUES (1, 2)", consistency_level=ConsistencyLevel.EACH_QUORUM)
    session.execute(each)
    hosts = session.cluster.metadata.all_hosts()
    far = [host.address for host in hosts if host.datacenter == "dc2"]
    assert len(far) == 3 and len(hosts) == 6
    arrives_in_the_other(clients, insert.query_string, session, far)

    for address in far:
        two_datacentres.node(address).kill()
    for k in range(100):
        session.execute(insert, (k, k))
        assert session.execute(select, (k,)).one().v == k
    error = wait_until(lambda: unavailable(session, each), "EACH_QUORUM is refused with Unavailable", seconds=30)
    assert error.consistency == ConsistencyLevel.EACH_QUORUM
    assert error.alive_replicas < error.required_replicas


def arrives_in_the_other(clients, text, session, far):
    """Before anything fails: what one datacentre acknowledged is in the other soon."""
    session.execute(text.replace("?", "%s"), (5, 55))
    other = clients.session("far", via=far, consistency=ConsistencyLevel.LOCAL_QUORUM)
    rows = lambda: list(other.execute("SELECT v FROM t WHERE k = 5"))  # noqa: E731
    wait_until(lambda: [row.v for row in rows()] == [55], "the write arrived in dc2")


def unavailable(session, statement):
    try:
        session.execute(statement)
    except Unavailable as error:
        return error
    except (WriteTimeout, OperationTimedOut):
        return None
    pytest.fail("EACH_QUORUM succeeded without the other datacentre")
