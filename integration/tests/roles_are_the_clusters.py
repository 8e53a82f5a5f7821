"""Roles belong to the cluster: made on one node, known on every other, also while one is down."""

import pytest
from cassandra import Unauthorized
from cassandra.auth import PlainTextAuthProvider

from clients import Clients
from processes import Dev, answers, wait_until

REPLICATION = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}"


@pytest.fixture(scope="module")
def guarded_nodes(tmp_path_factory):
    """Three nodes with passwords and permissions."""
    patch = pytest.MonkeyPatch()
    patch.setenv("HENGE_AUTHENTICATOR", "PasswordAuthenticator")
    patch.setenv("HENGE_AUTHORIZER", "CassandraAuthorizer")
    patch.setenv("HENGE_SUPERUSER_PASSWORD", "boss")
    cluster = Dev(tmp_path_factory.mktemp("guarded"), 3).start()
    patch.undo()
    yield cluster
    assert cluster.stop() == 0


@pytest.fixture
def log_in(guarded_nodes):
    clients = Clients(guarded_nodes.addresses)

    def session(role, password, node=None):
        via = [guarded_nodes.addresses[node - 1]] if node else None
        return clients.session(via=via, auth_provider=PlainTextAuthProvider(role, password))

    yield session
    clients.close()


def test_one_superuser_is_made(guarded_nodes, log_in):
    said = [node.log.read_text().count("superuser: cassandra") for node in guarded_nodes.nodes]
    assert sorted(said) == [0, 0, 1]
    for number in (1, 2, 3):
        assert log_in("cassandra", "boss", number).execute("LIST USERS").one() == ("cassandra", True, "ALL")


def test_grants_and_revocations_hold_on_every_node_at_once(log_in):
    bosses = [log_in("cassandra", "boss", number) for number in (1, 2, 3)]
    bosses[0].execute(f"CREATE KEYSPACE shared {REPLICATION}")
    bosses[1].execute("CREATE TABLE shared.t (k int PRIMARY KEY)")
    bosses[2].execute("CREATE ROLE ann WITH PASSWORD = 'ann' AND LOGIN = true")
    anns = [log_in("ann", "ann", number) for number in (1, 2, 3)]
    for boss in bosses:
        boss.execute("GRANT SELECT ON shared.t TO ann")
        for ann in anns:
            ann.execute("SELECT * FROM shared.t")
        boss.execute("REVOKE SELECT ON shared.t FROM ann")
        for ann in anns:
            with pytest.raises(Unauthorized):
                ann.execute("SELECT * FROM shared.t")


def test_logins_need_no_other_node(guarded_nodes, log_in):
    log_in("cassandra", "boss", 2).execute("CREATE ROLE eve WITH PASSWORD = 'eve' AND LOGIN = true")
    guarded_nodes.node("127.0.0.1").kill()
    guarded_nodes.node("127.0.0.2").kill()
    log_in("eve", "eve", 3)
    guarded_nodes.node("127.0.0.1").restart()
    guarded_nodes.node("127.0.0.2").restart()
    wait_until(lambda: all(answers(address) for address in guarded_nodes.addresses), "all nodes are back")
    for number in (1, 2, 3):
        log_in("eve", "eve", number)
