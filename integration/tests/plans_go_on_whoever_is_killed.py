"""Three nodes become six and three again while a client reads and writes at QUORUM. At each step of each change a node is killed with SIGKILL,
started again and killed once more: the driver of the plan, a node that gives rows, or one that gets them. Requests go through all nodes, so
that each of them dies as a coordinator as well. Nothing that was acknowledged is missing, and every change comes to its end."""

import json
import subprocess
import time

from cassandra.cluster import NoHostAvailable

from admin import admin
from growing_cluster import GrowingCluster, check_all_is_there, loaded, peers, serves
from processes import HENGE, answers, wait_until

# Slow enough that rows are on their way for seconds.
SETTINGS = ["--set", "stream_throughput_outbound=64KiB"]
KILLS = 2
PLAN_SECONDS = 240


class Members:
    """The nodes by their addresses, those that left taken out."""

    def __init__(self, cluster, session):
        self.cluster, self.session = cluster, session
        self.nodes = {node.address: node for node in cluster.dev.nodes}

    def plan(self):
        """The plan under way by the first node that answers; None if there is none."""
        for node in list(self.nodes.values()):
            command = [HENGE, "admin", "--data-directory", str(node.directory / "data"), "plan", "--format", "json"]
            done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=30)
            if done.returncode == 0:
                return json.loads(done.stdout)["plan"]
        raise AssertionError("no node answers")

    def addresses(self):
        """Addresses by host id, as two nodes know them: each names all but itself."""
        rows = [row for _ in range(2) for row in self.session.execute("SELECT host_id, rpc_address FROM system.peers")]
        return {str(row.host_id): row.rpc_address for row in rows}

    def kill(self, address):
        """SIGKILL, and a new process on the same data."""
        node = self.nodes[address]
        if node in self.cluster.dev.nodes:
            node.kill()
            node.restart()
        else:
            node.program.process.kill()
            node.program.process.wait()
            wait_until(lambda: not answers(address), f"{address} is gone", 20)
            node.launch()

    def change(self, what, role):
        """Waits for the end of the change that was begun, and kills the node of a role at each step that is seen."""
        began, killed = time.monotonic(), {}
        # The node that was asked last may have been killed just now.
        addresses = wait_until(lambda: attempt(self.addresses), "members are known", 30)
        wait_until(self.plan, f"a plan, for {what}", 60, pause=0.02)
        while plan := self.plan():
            assert time.monotonic() - began < PLAN_SECONDS, plan
            step = plan["step"]
            address = role(plan, addresses)
            if address in self.nodes and killed.get(step, 0) < KILLS:
                self.kill(address)
                killed[step] = killed.get(step, 0) + 1
        print(f"{what}: {time.monotonic() - began:.1f} s, killed at {killed}", flush=True)
        return killed


def attempt(ask):
    try:
        return ask()
    except NoHostAvailable:
        return None


def gainer(plan, _):
    return next((host(gainer) for gainer in plan["gainers"]), None)


def source(plan, _):
    gainers = {host(gainer) for gainer in plan["gainers"]}
    found = (host(source) for gainer in plan["gainers"] for source in gainer["sources"] if source["address"])
    return next((address for address in found if address not in gainers), None)


def driver(plan, addresses):
    """The member that drives the plan; it is named by its host id."""
    return addresses.get(plan["driver"])


def host(of):
    """The address without the port for peers."""
    return of["address"].rsplit(":", 1)[0]


def test_three_become_six_and_three_again(tmp_path):
    with GrowingCluster(tmp_path, SETTINGS) as cluster:
        alone, load = loaded(cluster.clients)
        members, steps = Members(cluster, cluster.clients.session()), {}

        def change(what, role):
            for step, count in members.change(what, role).items():
                steps[step] = steps.get(step, 0) + count

        for number, role in ((4, driver), (5, source), (6, gainer)):
            server = cluster.add(number)
            members.nodes[server.address] = server
            change(f"{server.address} joins, the {role.__name__} dies", role)
            serves(server)
        wait_until(lambda: len(attempt(lambda: peers(alone)) or []) == 5, "six nodes", 60)
        print(admin(cluster.dev.nodes[0], "status"))

        for number, role in ((6, driver), (5, gainer), (4, None)):
            server = members.nodes[f"127.0.0.{number}"]
            assert "Began plan" in admin(server, "decommission")
            named = role.__name__ if role else "one that leaves"
            change(f"{server.address} leaves, the {named} dies", role or (lambda *_, address=server.address: address))
            wait_until(lambda server=server: server.program.process.poll() is not None, f"{server.address} has ended", 60)
            del members.nodes[server.address]
        wait_until(lambda: len(attempt(lambda: peers(alone)) or []) == 2, "three nodes", 60)
        print(admin(cluster.dev.nodes[0], "status"))

        load.end()
        check_all_is_there(cluster.clients, load.acknowledged, cluster.dev.addresses)
        # Once for each change; the second time rows may all be there on a slow machine, whose nodes take long to start.
        assert steps.get("streaming", 0) >= 6, steps
