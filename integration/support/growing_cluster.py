"""Three nodes of `henge dev` that others join, and a client that writes and reads meanwhile."""

import shutil

from cassandra import ConsistencyLevel
from cassandra.concurrent import execute_concurrent_with_args

from admin import admin
from clients import Clients, RoundRobinPolicy
from processes import Dev, Server, answers, wait_until
from quorum_load import ROWS, VALUE, Load


class GrowingCluster:
    """The three nodes and those that were added."""

    def __init__(self, directory, arguments=()):
        """`arguments` are further ones for every server."""
        self.directory, self.arguments, self.servers = directory, list(arguments), []
        self.dev = Dev(directory / "three", 3, arguments=arguments)

    def __enter__(self):
        self.dev.start()
        self.clients = Clients(self.dev.addresses)
        return self

    def __exit__(self, *_):
        self.clients.close()
        for server in self.servers:
            server.stop()
        for node in self.dev.nodes:
            node.stop()
        self.dev.stop()

    def add(self, number, *arguments):
        """Launches another node with the authority of the first; gives it before it serves."""
        folder = self.directory / f"node{number}"
        certificates = folder / "certs"
        certificates.mkdir(parents=True)
        for name in ("ca.pem", "ca.key"):
            shutil.copy(self.dev.nodes[0].directory / "certs" / name, certificates)
        own = ["--development-certificates", str(certificates), "--seeds", f"{self.dev.addresses[0]}:7000", "--set", "memory=64MiB"]
        self.servers.append(Server(folder, f"127.0.0.{number}", [*own, *self.arguments, *arguments]).launch())
        return self.servers[-1]

    def replace(self, dead, alone, number):
        """Kills a node of `henge dev` and starts another in its place; gives the new one once it serves."""
        host = next(row.host_id for row in alone.execute("SELECT rpc_address, host_id FROM system.peers") if row.rpc_address == dead.address)
        dead.kill()
        wait_until(lambda: "DN" in admin(self.dev.nodes[0], "metadata"), f"{dead.address} is down", 60)
        server = self.add(number, "--replace", str(host))
        serves(server)
        return server


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
    """A session of the first node, and a client that writes and reads through all nodes."""
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


def leave(first, node):
    """Has a node leave, and waits for its end."""
    process = node.program.process
    assert "Began plan" in admin(node, "decommission")
    wait_until(lambda: process.poll() is not None, f"{node.address} has ended", 240)
    wait_until(lambda: "No member comes or goes" in admin(first, "plan"), "the plan has ended", 60)
