"""Members come and go while a client reads and writes at QUORUM: a node joins, one leaves, one is killed and replaced; ten join at once, and
a datacentre among them is added to a keyspace and removed. Nothing that was acknowledged is missing, and no request fails but for reasons that are documented."""

import re
import shutil
import time

import pytest
from cassandra import ConsistencyLevel
from cassandra.concurrent import execute_concurrent_with_args

from admin import admin
from clients import Clients, RoundRobinPolicy
from processes import Dev, Server, answers, running, wait_until
from quorum_load import ROWS, VALUE, Load


@pytest.fixture
def cluster(tmp_path):
    dev, servers = Dev(tmp_path / "three", 3).start(), []
    clients = Clients(dev.addresses)

    def add(number, *arguments):
        """Launches another node with the authority of the first; gives it before it serves."""
        folder = tmp_path / f"node{number}"
        certificates = folder / "certs"
        certificates.mkdir(parents=True)
        for name in ("ca.pem", "ca.key"):
            shutil.copy(dev.nodes[0].directory / "certs" / name, certificates)
        own = ["--development-certificates", str(certificates), "--seeds", f"{dev.addresses[0]}:7000", "--set", "memory=64MiB"]
        servers.append(Server(folder, f"127.0.0.{number}", [*own, *arguments]).launch())
        return servers[-1]

    yield dev, clients, add
    clients.close()
    for server in servers:
        server.stop()
    dev.stop()


def serves(server):
    wait_until(lambda: server.program.alive() and answers(server.address), f"{server.address} serves", 240)


def peers(session):
    return sorted(row.rpc_address for row in session.execute("SELECT rpc_address FROM system.peers"))


def replication(copies):
    """So many copies in each datacentre; three wherever they may lie if none is named."""
    if not copies:
        return {"class": "SimpleStrategy", "replication_factor": 3}
    return {"class": "NetworkTopologyStrategy"} | copies


def loaded(clients, **copies):
    """A session of all nodes, and a client that writes and reads through it."""
    alone = clients.session(via=[clients.addresses[0]])
    alone.execute(f"CREATE KEYSPACE ks WITH replication = {replication(copies)}")
    alone.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v text)")
    session = clients.session(policy=RoundRobinPolicy(), consistency=ConsistencyLevel.QUORUM)
    insert = session.prepare("INSERT INTO ks.t (k, v) VALUES (?, ?)")
    execute_concurrent_with_args(session, insert, [(k, VALUE) for k in range(ROWS)], concurrency=32)
    load = Load(session)
    load.start()
    return alone, load


def check_all_is_there(clients, acknowledged, addresses, level=ConsistencyLevel.ALL):
    for address in addresses:
        reader = clients.session(via=[address], consistency=level)
        found = {row.k for row in reader.execute("SELECT k FROM ks.t")}
        lost = [k for k in acknowledged if k not in found]
        assert not lost, (address, len(lost), lost[:5])


def replace(dev, dead, alone, add, number):
    """Kills a node of `henge dev` and starts another in its place; gives the new one once it serves."""
    host = next(row.host_id for row in alone.execute("SELECT rpc_address, host_id FROM system.peers") if row.rpc_address == dead.address)
    dead.kill()
    wait_until(lambda: "DN" in admin(dev.nodes[0], "metadata"), f"{dead.address} is down", 60)
    server = add(number, "--replace", str(host))
    serves(server)
    return server


def test_nothing_is_lost_while_members_come_and_go(cluster):
    dev, clients, add = cluster
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

    fifth = replace(dev, third, alone, add, 5)
    wait_until(lambda: peers(alone) == [fourth.address, fifth.address], "the fifth node is a peer in place of the third", 20)

    load.end()
    check_all_is_there(clients, load.acknowledged, [first.address, fourth.address, fifth.address])


def leave(first, node):
    """Has a node leave, and waits for its end."""
    process = node.program.process
    assert "Began plan" in admin(node, "decommission")
    wait_until(lambda: process.poll() is not None, f"{node.address} has ended", 240)
    wait_until(lambda: "No member comes or goes" in admin(first, "plan"), "the plan has ended", 60)


def test_ten_nodes_join_at_once_and_a_datacentre_comes_and_goes(cluster):
    dev, clients, add = cluster
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
    replaced = replace(dev, dev.nodes[2], alone, add, 14)
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
