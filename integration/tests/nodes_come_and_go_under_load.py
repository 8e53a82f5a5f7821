"""Members come and go while a client reads and writes at QUORUM: a node joins, one leaves, one is killed and replaced. Nothing that was
acknowledged is missing, and no request fails but for reasons that are documented."""

import shutil

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


def test_nothing_is_lost_while_members_come_and_go(cluster):
    dev, clients, add = cluster
    first, second, third = dev.nodes
    alone = clients.session(via=[first.address])
    alone.execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    alone.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v text)")
    session = clients.session(policy=RoundRobinPolicy(), consistency=ConsistencyLevel.QUORUM)
    insert = session.prepare("INSERT INTO ks.t (k, v) VALUES (?, ?)")
    execute_concurrent_with_args(session, insert, [(k, VALUE) for k in range(ROWS)], concurrency=32)
    load = Load(session)
    load.start()

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

    dead = next(row.host_id for row in alone.execute("SELECT rpc_address, host_id FROM system.peers") if row.rpc_address == third.address)
    third.kill()
    wait_until(lambda: "DN" in admin(first, "metadata"), "the third node is down", 60)
    fifth = add(5, "--replace", str(dead))
    serves(fifth)
    wait_until(lambda: peers(alone) == [fourth.address, fifth.address], "the fifth node is a peer in place of the third", 20)

    load.end()
    for address in (first.address, fourth.address, fifth.address):
        reader = clients.session(via=[address], consistency=ConsistencyLevel.ALL)
        found = {row.k for row in reader.execute("SELECT k FROM ks.t")}
        lost = [k for k in load.acknowledged if k not in found]
        assert not lost, (address, len(lost), lost[:5])
