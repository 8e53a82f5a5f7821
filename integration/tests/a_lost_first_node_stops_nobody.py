"""The node that created the cluster is lost for good with its disk, under load: changes of the schema, logins, a join and restarts of all
others go on by themselves, and nothing that was acknowledged is missing."""

import shutil
import threading
import time

import pytest
from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider

from clients import Clients
from processes import Dev, Server, answers, wait_until

KEYSPACE = "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}"
WRITERS = 4
# By this time a step has not waited for the node that is lost; it is generous, for machines under load.
STEP_SECONDS = 60


class Load:
    """Writes one key after another at QUORUM through the nodes that stay; what fails was not acknowledged."""

    def __init__(self, log_in):
        self.session = log_in("ann")
        self.insert = self.session.prepare("INSERT INTO k.t (a) VALUES (?)")
        self.acknowledged, self.failures, self.over = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True) for number in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        key = number
        while not self.over.is_set():
            try:
                self.session.execute(self.insert, (key,))
                self.acknowledged.append(key)
            except Exception as error:  # noqa: BLE001 - a request may meet a node that is being killed
                self.failures.append(error)
            key += WRITERS
            time.sleep(0.002)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        print(f"{len(self.acknowledged)} writes acknowledged, {len(self.failures)} not")


@pytest.fixture
def nodes(tmp_path, monkeypatch):
    # Nodes that join or are started again have them too.
    monkeypatch.setenv("HENGE_AUTHENTICATOR", "PasswordAuthenticator")
    monkeypatch.setenv("HENGE_SUPERUSER_PASSWORD", "boss")
    cluster = Dev(tmp_path / "four", 4).start()
    yield cluster.nodes
    assert cluster.stop() == 0


@pytest.fixture
def log_in(nodes):
    clients = Clients([node.address for node in nodes[1:]])

    def session(role, password=None, via=None):
        login = PlainTextAuthProvider(role, password or role)
        return clients.session(via=via, consistency=ConsistencyLevel.QUORUM, auth_provider=login)

    yield session
    clients.close()


def step(what, act):
    """Has `act` succeed, however often it has to be tried, and prints how long that took."""
    began, errors = time.monotonic(), []

    def succeeds():
        try:
            act()
            return True
        except Exception as error:  # noqa: BLE001 - told at the end
            errors.append(error)
            return False

    try:
        wait_until(succeeds, what, STEP_SECONDS)
    finally:
        print(f"{what}: {time.monotonic() - began:.2f} s, {len(errors)} attempts failed {errors[-1:]}")


def joining(seed, tmp_path):
    certificates = tmp_path / "fifth" / "certs"
    certificates.mkdir(parents=True)
    for name in ("ca.pem", "ca.key"):
        shutil.copy(seed.directory / "certs" / name, certificates)
    arguments = ["--development-certificates", str(certificates), "--seeds", f"{seed.address}:7000", "--set", "memory=64MiB"]
    return Server(tmp_path / "fifth", "127.0.0.5", arguments)


@pytest.mark.timeout(900)
def test_everything_goes_on_without_the_first_node(nodes, log_in, tmp_path):
    first, *others = nodes
    boss = log_in("cassandra", "boss")
    boss.execute(KEYSPACE)
    boss.execute("CREATE TABLE k.t (a int PRIMARY KEY)")
    boss.execute("CREATE ROLE ann WITH PASSWORD = 'ann' AND LOGIN = true")
    load = Load(log_in)
    time.sleep(1)
    first.kill()
    shutil.rmtree(first.directory / "data")

    made = {"t"}

    def make(name, node):
        step(f"{name} is made by node {node.number}", lambda: log_in("cassandra", "boss", [node.address]).execute(f"CREATE TABLE IF NOT EXISTS k.{name} (a int PRIMARY KEY)"))
        made.add(name)

    for node in others:
        make(f"at_once_{node.number}", node)
        step(f"ann logs in to node {node.number}", lambda: log_in("ann", via=[node.address]).execute("SELECT a FROM k.t LIMIT 1"))
    step("a role is made", lambda: boss.execute("CREATE ROLE IF NOT EXISTS bob WITH PASSWORD = 'bob' AND LOGIN = true"))
    step("it logs in", lambda: log_in("bob").execute("SELECT a FROM k.t LIMIT 1"))

    fifth = joining(others[0], tmp_path).launch()
    try:
        began = time.monotonic()
        wait_until(lambda: fifth.program.alive() and answers(fifth.address), "a node has joined", STEP_SECONDS)
        print(f"a node has joined: {time.monotonic() - began:.2f} s")
        for node in others:
            node.kill()
            began = time.monotonic()
            node.restart()
            print(f"node {node.number} is back: {time.monotonic() - began:.2f} s")
            make(f"by_{node.number}", node)
        load.end()
        for address in [node.address for node in others] + [fifth.address]:
            reader = log_in("bob", via=[address])
            found = {row.a for row in reader.execute("SELECT a FROM k.t")}
            lost = [key for key in load.acknowledged if key not in found]
            assert load.acknowledged and not lost, (address, len(lost), lost[:5])
            tables = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'k'"
            wait_until(lambda: {row.table_name for row in reader.execute(tables)} == made, f"{address} has the schema")
    finally:
        assert fifth.stop() == 0
