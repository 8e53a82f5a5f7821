"""Members come and go while a client reads and writes at QUORUM: a node joins, one leaves, one is killed and replaced; ten join at once.
Nothing that was acknowledged is missing, and no request fails but for reasons that are documented."""

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


def loaded(clients):
    """A session of all nodes, and a client that writes and reads through it."""
    alone = clients.session(via=[clients.addresses[0]])
    alone.execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    alone.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v text)")
    session = clients.session(policy=RoundRobinPolicy(), consistency=ConsistencyLevel.QUORUM)
    insert = session.prepare("INSERT INTO ks.t (k, v) VALUES (?, ?)")
    execute_concurrent_with_args(session, insert, [(k, VALUE) for k in range(ROWS)], concurrency=32)
    load = Load(session)
    load.start()
    return alone, load


def check_all_is_there(clients, load, addresses):
    for address in addresses:
        reader = clients.session(via=[address], consistency=ConsistencyLevel.ALL)
        found = {row.k for row in reader.execute("SELECT k FROM ks.t")}
        lost = [k for k in load.acknowledged if k not in found]
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
    check_all_is_there(clients, load, [first.address, fourth.address, fifth.address])


def test_ten_nodes_join_at_once(cluster):
    dev, clients, add = cluster
    alone, load = loaded(clients)
    began = time.monotonic()
    servers = [add(number) for number in range(4, 14)]
    for server in servers:
        serves(server)
    print(f"ten nodes serve after {time.monotonic() - began:.1f} s")
    addresses = sorted(node.address for node in [*dev.nodes, *servers])
    wait_until(lambda: sorted([dev.addresses[0], *peers(alone)]) == addresses, "all are peers", 20)
    logs = "".join(node.log.read_text(errors="replace") for node in dev.nodes)
    plans = set(re.findall(r"plan \d+ is under way no more: (hosts? .* joins?)", logs))
    print("\n".join(sorted(plans)))
    assert any(plan.startswith("hosts ") for plan in plans), plans
    replaced = replace(dev, dev.nodes[2], alone, add, 14)
    wait_until(lambda: replaced.address in peers(alone) and dev.nodes[2].address not in peers(alone), "one was replaced", 20)
    load.end()
    check_all_is_there(clients, load, [dev.addresses[0], servers[0].address, servers[-1].address, replaced.address])
