"""A sample of the tables in docs/consistency.md, asked of processes: which level is answered with how many replicas down."""

import random
import re
from pathlib import Path

import pytest
from cassandra import ConsistencyLevel, InvalidRequest, OperationTimedOut, ReadFailure, ReadTimeout, Unavailable
from cassandra.query import SimpleStatement

from clients import Clients
from processes import Dev, wait_until

PAGE = Path(__file__).parents[2] / "docs" / "consistency.md"
COPIES = 3
SAMPLE = 20


def table(name):
    """The cells of a generated table, by level and heading."""
    part = re.search(rf"<!-- generated: {name} -->\n(.*?)<!-- end -->", PAGE.read_text(), re.S).group(1)
    heading, _, *rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")] for line in part.strip().splitlines()
    ]
    return {(row[0], column): cell for row in rows for column, cell in zip(heading[1:], row[1:])}


@pytest.fixture
def start(tmp_path):
    """Starts a cluster, and kills what is left of it: some of its nodes are dead already."""
    started = []

    def start(*shape):
        started.append(Dev(tmp_path / "cluster", *shape).start())
        return started[-1]

    yield start
    for cluster in started:
        cluster.stop()


def test_replicas_of_one_datacentre_are_killed_one_by_one(start):
    nodes = start(4).nodes
    cells = {(level, *heading.split(", ")): cell for (level, heading), cell in table("one datacenter").items()}
    sample = random.Random(17).sample(sorted(cells.items()), SAMPLE)
    asked = {down: [(a, l, cell) for (l, a, d), cell in sample if d == f"{down} down"] for down in range(COPIES + 1)}
    check(nodes, "{'class': 'SimpleStrategy', 'replication_factor': 3}", list(zip([None, *nodes[1:]], asked.values())))


def test_replicas_of_two_datacentres_are_killed_one_by_one(start):
    nodes = start(8, "dc1:4,dc2:4").nodes
    # Down here + there, and who is killed to come to that.
    path = {"0+0": None, "0+1": nodes[5], "1+1": nodes[1], "1+2": nodes[6], "2+2": nodes[2], "2+3": nodes[7]}
    tables = {act: table(f"two datacenters {act}") for act in ("write", "read")}
    cells = {(act, *key): cell for act, cells in tables.items() for key, cell in cells.items() if key[1] in path}
    sample = random.Random(17).sample(sorted(cells.items()), SAMPLE)
    asked = {down: [(a, l, cell) for (a, l, d), cell in sample if d == down] for down in path}
    replication = "{'class': 'NetworkTopologyStrategy', 'dc1': 3, 'dc2': 3}"
    check(nodes, replication, [(killed, asked[down]) for down, killed in path.items()], idle=[nodes[0], nodes[4]])


def check(nodes, replication, steps, idle=None):
    """Kills a node in each step and asks the first one, which holds no copy."""
    clients = Clients([node.address for node in nodes])
    session = clients.session(via=[nodes[0].address])
    session.execute(f"CREATE KEYSPACE k WITH replication = {replication}")
    session.execute("CREATE TABLE k.t (a int PRIMARY KEY, v int)")
    # The serial level of a table is fixed before a node is down.
    for level in ("SERIAL", "LOCAL_SERIAL"):
        session.execute(f"CREATE TABLE k.{level.lower()} (a int PRIMARY KEY, v int) WITH serial_consistency = '{level}'")
    keys = keys_without(session, idle or nodes[:1])
    copies = replicas_alive(session, next(keys))
    for killed, (node, cells) in enumerate(steps):
        if node:
            node.kill()
        wait_until(lambda: replicas_alive(session, next(keys)) == copies - killed, "the coordinator knows who is down", 30)
        for act, level, cell in cells:
            assert answer(session, act, level, next(keys)) == cell, f"{act} at {level} after {killed} kills"
    clients.close()


def keys_without(session, idle):
    """Keys of which some nodes hold no copy, without end."""
    session.cluster.refresh_schema_metadata()
    addresses = {node.address for node in idle}
    for key in range(1 << 30):
        replicas = session.cluster.metadata.get_replicas("k", key.to_bytes(4, "big"))
        if addresses.isdisjoint(host.address for host in replicas):
            yield key


def replicas_alive(session, key):
    """How many replicas the coordinator takes for alive; None while it is not sure."""
    try:
        session.execute(SimpleStatement(f"SELECT v FROM k.t WHERE a = {key}", consistency_level=ConsistencyLevel.ALL))
        return len(session.cluster.metadata.get_replicas("k", key.to_bytes(4, "big")))
    except Unavailable as error:
        return error.alive_replicas
    except (ReadTimeout, ReadFailure, OperationTimedOut):
        return None


def answer(session, act, level, key):
    """What the page calls it."""
    number, condition, options = ConsistencyLevel.name_to_value[level], "", {}
    if "SERIAL" in level and act == "write":
        commit = ConsistencyLevel.LOCAL_QUORUM if level == "LOCAL_SERIAL" else ConsistencyLevel.QUORUM
        options, condition = {"consistency_level": commit, "serial_consistency_level": number}, " IF NOT EXISTS"
    else:
        options = {"consistency_level": number}
    table = level.lower() if "SERIAL" in level else "t"
    text = f"SELECT v FROM k.{table} WHERE a = {key}"
    if act == "write":
        text = f"INSERT INTO k.{table} (a, v) VALUES ({key}, {key}){condition}"
    try:
        session.execute(SimpleStatement(text, **options))
        return "yes"
    except Unavailable:
        return "no"
    except InvalidRequest:
        return ""
