"""Changes of the schema are answered while a member stands still, one that votes on the metadata or one that does not: whoever is asked."""

import os
import re
import signal
import subprocess
import time

import pytest

from clients import Clients
from processes import HENGE, Dev, wait_until

# Members that stand still for longer than gossip needs to notice would not be waited for in any case.
PAUSE_SECONDS_MAX = 8
NODES = [int(number) for number in os.environ.get("PAUSED_MEMBERS_OF", "3 4").split()]


def voters(node):
    """The host ids that vote."""
    command = [HENGE, "admin", "--data-directory", str(node.directory / "data"), "metadata"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", said))


def host(node):
    lines = (node.directory / "data" / "identity").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("host "))


def state(pid):
    return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]


@pytest.fixture(params=NODES)
def cluster(request, tmp_path):
    made = Dev(tmp_path / "nodes", request.param).start()
    # The driver must not wait until all nodes have one schema: it would wait for the one that stands still.
    clients = Clients(made.addresses)
    yield made, lambda node: clients.session(via=[node.address], max_schema_agreement_wait=0, schema_metadata_enabled=False)
    clients.close()
    assert made.stop() == 0


def test_a_paused_member_holds_up_no_schema_change(cluster):
    made, session = cluster
    sessions = {node.number: session(node) for node in made.nodes}
    sessions[1].execute("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    voting = voters(made.nodes[0])
    longest = {}
    for paused in made.nodes:
        kind = "voter" if host(paused) in voting else "member without a vote"
        for asked in made.nodes:
            if asked is paused:
                continue
            by = "voter" if host(asked) in voting else "member without a vote"
            name = f"t{paused.number}_{asked.number}"
            took = []
            os.kill(paused.pid(), signal.SIGSTOP)
            try:
                for text in (f"CREATE TABLE k.{name} (a int PRIMARY KEY)", f"ALTER TABLE k.{name} ADD b int", f"DROP TABLE k.{name}"):
                    began = time.monotonic()
                    sessions[asked.number].execute(text)
                    took.append(round(time.monotonic() - began, 3))
                assert state(paused.pid()) == "T"
                assert sum(took) < PAUSE_SECONDS_MAX, took
            finally:
                os.kill(paused.pid(), signal.SIGCONT)
            last = heartbeat(sessions[asked.number], paused)
            wait_until(lambda: heartbeat(sessions[asked.number], paused) > last, f"node {asked.number} hears of node {paused.number} again")
            longest[kind, by] = max(longest.get((kind, by), 0), *took)
            print(f"{len(made.nodes)} nodes, {kind} {paused.number} paused, {by} {asked.number} asked: {took} s")
    print({f"{kind} paused, {by} asked": took for (kind, by), took in longest.items()})


def heartbeat(session, node):
    """The last that the node which is asked has heard of another."""
    rows = session.execute("SELECT rpc_address, heartbeat FROM system_views.gossip_info")
    return next(row.heartbeat for row in rows if row.rpc_address == node.address)
