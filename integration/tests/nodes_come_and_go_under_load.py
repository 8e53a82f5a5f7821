"""Members come and go while a client reads and writes at QUORUM: a node joins, one leaves, one is killed and replaced; ten join at once, and
a datacentre among them is added to a keyspace and removed. Nothing that was acknowledged is missing, and no request fails but for reasons that are documented."""

import re
import time

import pytest
from cassandra import ConsistencyLevel

from admin import admin
from growing_cluster import GrowingCluster, check_all_is_there, leave, loaded, peers, replication, serves
from processes import answers, running, wait_until


@pytest.fixture
def cluster(tmp_path):
    with GrowingCluster(tmp_path) as growing:
        yield growing


def test_nothing_is_lost_while_members_come_and_go(cluster):
    dev, clients, add = cluster.dev, cluster.clients, cluster.add
    first, second, third = dev.nodes
    alone, load = loaded(clients)

    fourth = add(4)
    wait_until(lambda: "joins" in admin(first, "plan") or answers(fourth.address), "a plan", 60)
    known = peers(alone)
    assert answers(fourth.address) or fourth.address not in known, known
    serves(fourth)
    wait_until(lambda: fourth.address in peers(alone), "the fourth node is a peer", 20)
    assert "No member comes or goes" in admin(first, "plan")

    pid = second.pid()
    assert "Began plan" in admin(second, "decommission")
    wait_until(lambda: not running(pid), "the second node has ended", 240)
    assert "is no member of the cluster any more" in second.log.read_text(errors="replace")
    wait_until(lambda: second.address not in peers(alone), "the second node is no peer", 20)

    fifth = cluster.replace(third, alone, 5)
    wait_until(lambda: peers(alone) == [fourth.address, fifth.address], "the fifth node is a peer in place of the third", 20)

    load.end()
    check_all_is_there(clients, load.acknowledged, [first.address, fourth.address, fifth.address])


def test_ten_nodes_join_at_once_and_a_datacentre_comes_and_goes(cluster):
    dev, clients, add = cluster.dev, cluster.clients, cluster.add
    first = dev.nodes[0]
    alone, load = loaded(clients, datacenter1=3)
    began = time.monotonic()

    def say(what):
        print(f"{time.monotonic() - began:.1f} s: {what}", flush=True)

    def alter(**copies):
        alone.execute(f"ALTER KEYSPACE ks WITH replication = {replication(copies)}")
        wait_until(lambda: "No member comes or goes" in admin(first, "plan"), "the replication has changed", 240)

    near = [add(number) for number in range(4, 11)]
    far = [add(number, "--datacenter", "paris") for number in range(11, 14)]
    for server in [*near, *far]:
        serves(server)
    say("ten nodes serve")
    addresses = sorted(node.address for node in [*dev.nodes, *near, *far])
    wait_until(lambda: sorted([first.address, *peers(alone)]) == addresses, "all are peers", 20)
    logs = "".join(node.log.read_text(errors="replace") for node in dev.nodes)
    plans = set(re.findall(r"plan \d+ is under way no more: (hosts? .* joins?)", logs))
    print("\n".join(sorted(plans)))
    assert any(plan.startswith("hosts ") for plan in plans), plans
    replaced = cluster.replace(dev.nodes[2], alone, 14)
    wait_until(lambda: replaced.address in peers(alone) and dev.nodes[2].address not in peers(alone), "one was replaced", 20)
    say("one was replaced")
    before = list(load.acknowledged)
    alter(datacenter1=3, paris=3)
    say("a datacentre was added")
    # What is acknowledged at QUORUM from now on may be on one of its nodes only.
    check_all_is_there(clients, before, [far[0].address, far[2].address], ConsistencyLevel.LOCAL_QUORUM)
    alter(datacenter1=3)
    say("it was removed")
    for node in far:
        leave(first, node)
    say("its nodes have left")
    load.end()
    check_all_is_there(clients, load.acknowledged, [first.address, near[0].address, near[-1].address, replaced.address])
