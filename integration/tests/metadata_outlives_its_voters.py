"""The schema can be changed whatever becomes of the node that created the cluster, and all nodes have one schema."""

import itertools
import os
import random
import shutil
import signal
import threading
import time

import pytest
from cassandra import AlreadyExists, InvalidRequest, OperationTimedOut
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionException
from cassandra.protocol import ServerError

from clients import Clients
from processes import Dev, Server, wait_until

STORM_SECONDS = int(os.environ.get("SCHEMA_STORM_SECONDS", "20"))
KILL_PAUSE_SECONDS = 3
# What a client of a node that is killed may meet.
UNREACHABLE = (ServerError, NoHostAvailable, OperationTimedOut, ConnectionException)


@pytest.fixture
def four_nodes(tmp_path):
    cluster = Dev(tmp_path / "four", 4).start()
    yield cluster
    assert cluster.stop() == 0


def test_the_first_node_and_its_disk_are_lost_for_good(four_nodes, tmp_path):
    first, second, third, fourth = four_nodes.nodes
    first.kill()
    shutil.rmtree(first.directory / "data")
    clients = Clients([second.address])
    fifth = joining(four_nodes, second, tmp_path).start()
    try:
        session = clients.session(via=[second.address])
        session.execute("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
        session.execute("CREATE TABLE k.t (a int PRIMARY KEY)")
        session.execute("ALTER TABLE k.t ADD b int")
        for node in (third, fourth):
            node.kill()
            node.restart()
            other = clients.session(via=[node.address])
            other.execute(f"CREATE TABLE k.t{node.number} (a int PRIMARY KEY)")
        os.kill(third.pid(), signal.SIGSTOP)
        try:
            clients.session(via=[fifth.address]).execute("CREATE TABLE k.t5 (a int PRIMARY KEY)")
            session.execute("DROP TABLE k.t4")
        finally:
            os.kill(third.pid(), signal.SIGCONT)
        for address in (second.address, third.address, fourth.address, fifth.address):
            wait_until(lambda: tables(clients, address) == {"t", "t3", "t5"}, f"{address} has the schema")
    finally:
        clients.close()
        assert fifth.stop() == 0


def test_clients_that_compete_leave_one_schema(four_nodes):
    addresses = four_nodes.addresses
    clients = Clients(addresses)
    clients.session().execute("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    clients.session().execute("CREATE TABLE k.t (a int PRIMARY KEY)")
    added, end, kills = [], time.monotonic() + STORM_SECONDS, 0
    workers = [threading.Thread(target=compete, args=(addresses[n % 4], n, end, added)) for n in range(8)]
    for worker in workers:
        worker.start()
    try:
        for node in itertools.cycle(four_nodes.nodes):
            time.sleep(KILL_PAUSE_SECONDS)
            if time.monotonic() > end:
                break
            node.kill()
            kills += 1
            node.restart()
    finally:
        for worker in workers:
            worker.join()
    schemas = wait_until(lambda: one_schema(clients, addresses), "all nodes have one schema")
    columns = {row.column_name for row in schemas if row.table_name == "t"}
    assert set(added) <= columns, "a column that was acknowledged is lost"
    assert added, "no change was acknowledged"
    print(f"{len(added)} columns added, {kills} nodes killed in {STORM_SECONDS} s")
    clients.close()


def compete(address, number, end, added):
    """Adds columns of its own to one table, and creates, alters and drops tables that others create, alter and drop too."""
    chance, count, clients = random.Random(number), 0, Clients([address])
    session = None
    while time.monotonic() < end:
        count += 1
        column, name = f"c{number}_{count}", f"k.n{chance.randrange(3)}"
        alter = f"ALTER TABLE {chance.choice(['k.t', name])} ADD {column} int"
        statement = chance.choice([f"CREATE TABLE {name} (a int PRIMARY KEY)", f"DROP TABLE {name}", alter])
        try:
            session = session or clients.session(via=[address])
            session.execute(statement)
            if statement.startswith("ALTER TABLE k.t "):
                added.append(column)
        except (AlreadyExists, InvalidRequest):
            pass
        except UNREACHABLE:
            session = None
            clients.close()
            time.sleep(0.2)
    clients.close()


def one_schema(clients, addresses):
    """The columns that all nodes know, if they agree on tables, ids and columns."""
    seen = []
    for address in addresses:
        session = clients.session(via=[address])
        ids = sorted((row.table_name, str(row.id)) for row in session.execute("SELECT table_name, id FROM system_schema.tables WHERE keyspace_name = 'k'"))
        columns = list(session.execute("SELECT table_name, column_name, type FROM system_schema.columns WHERE keyspace_name = 'k'"))
        seen.append((ids, sorted(columns), session.execute("SELECT schema_version FROM system.local").one().schema_version))
    return seen[0][1] if all(other == seen[0] for other in seen) else None


def tables(clients, address):
    rows = clients.session(via=[address]).execute("SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'k'")
    return {row.table_name for row in rows}


def joining(cluster, seed, tmp_path):
    """A node with a certificate of the cluster's authority, which joins by a seed."""
    certificates = tmp_path / "certs"
    shutil.copytree(seed.directory / "certs", certificates)
    for name in ("node.pem", "node.key"):
        (certificates / name).unlink()
    arguments = ["--development-certificates", str(certificates), "--seeds", f"{seed.address}:7000"]
    return Server(tmp_path / "fifth", "127.0.0.5", arguments)
