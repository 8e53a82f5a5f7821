"""A mutation is sent once to each other datacentre, and forwarded there; traces and metrics tell so."""

import urllib.request

from cassandra import ConsistencyLevel

from clients import DCAwareRoundRobinPolicy
from processes import wait_until

WRITES = 200


def test_a_write_crosses_once_and_arrives_everywhere(two_datacentres, clients):
    session = clients.keyspace(
        "far",
        "{'class': 'NetworkTopologyStrategy', 'dc1': 3, 'dc2': 3}",
        policy=DCAwareRoundRobinPolicy("dc1"),
        consistency=ConsistencyLevel.EACH_QUORUM,
    )
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
    insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    before = sent(two_datacentres)
    for k in range(WRITES):
        session.execute(insert, (k, "x" * 1000))
    far_messages, far_bytes = (now - then for now, then in zip(sent(two_datacentres), before))
    # Nothing is late on a machine that has nothing else to do; where there is, a few are sent once more.
    assert WRITES <= far_messages < WRITES * 3 // 2, far_messages
    assert WRITES * 1000 < far_bytes < WRITES * 1700, far_bytes

    hosts = session.cluster.metadata.all_hosts()
    for host in hosts:
        own = clients.session("far", via=[host.address], consistency=ConsistencyLevel.LOCAL_ONE)
        wait_until(lambda: own.execute("SELECT count(*) FROM t").one().count == WRITES, f"all rows are read through {host.address}")
    written = session.execute_async(insert, (0, "y"), trace=True)
    written.result()
    # Both copies of a trace may be in the other datacentre, where LOCAL_ONE, the driver's own level, does not look.
    trace = written.get_query_trace(query_cl=ConsistencyLevel.ONE)
    crossings = [event.description for event in trace.events if "forwards it to" in event.description]
    assert len(crossings) == 1, [event.description for event in trace.events]
    far = {host.address for host in hosts if host.datacenter == "dc2"}
    assert all(address in crossings[0] for address in far), crossings


def sent(system):
    """Messages and bytes of mutations that nodes of dc1 and dc2 sent to the other datacentre."""
    totals = [0.0, 0.0]
    for address in system.addresses:
        text = urllib.request.urlopen(f"http://{address}:9180/metrics").read().decode()
        for at, name in enumerate(["henge_mutations_sent_total", "henge_mutations_sent_bytes_total"]):
            line = next(line for line in text.splitlines() if line.startswith(f'{name}{{datacenter="other"}}'))
            totals[at] += float(line.split()[-1])
    return totals
