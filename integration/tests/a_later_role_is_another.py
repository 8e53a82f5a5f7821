"""A connection logs in as a role. Once that is dropped the connection is nobody's, also when there is a role of the same name again."""

import os
import signal

import pytest
from cassandra.auth import PlainTextAuthProvider

from attack import AUTH_SUCCESS, answer, error, log_in, query
from clients import Clients
from processes import Dev, wait_until
from raw import ERROR

UNAUTHORIZED = 0x2100


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """Three nodes with passwords and without an authorizer: whoever is logged in may do nearly everything."""
    patch = pytest.MonkeyPatch()
    patch.setenv("HENGE_AUTHENTICATOR", "PasswordAuthenticator")
    patch.setenv("HENGE_SUPERUSER_PASSWORD", "boss")
    cluster = Dev(tmp_path_factory.mktemp("passwords"), 3).start()
    patch.undo()
    yield cluster
    assert cluster.stop() == 0


@pytest.fixture
def boss(nodes):
    clients = Clients(nodes.addresses)
    yield clients.session(via=[nodes.addresses[0]], auth_provider=PlainTextAuthProvider("cassandra", "boss"))
    clients.close()


def ask(stream, statement):
    stream.sendall(query(statement))
    opcode, body = answer(stream)
    return error(body) if opcode == ERROR else None


def enter(nodes, number, name, password):
    stream, (opcode, _) = log_in(nodes.addresses[number - 1], f"127.0.0.{60 + number}", name, password)
    return stream if opcode == AUTH_SUCCESS else stream.close()


def create(boss, name, password):
    boss.execute(f"CREATE ROLE {name} WITH LOGIN = true AND PASSWORD = '{password}' AND SUPERUSER = true")


def test_a_connection_of_a_dropped_role_is_refused(nodes, boss):
    create(boss, "passing", "one")
    for number in (1, 2):
        stream = enter(nodes, number, "passing", "one")
        assert ask(stream, f"CREATE ROLE first{number} WITH SUPERUSER = true") is None
        assert ask(stream, "SELECT key FROM system.local") is None
        boss.execute("DROP ROLE passing")
        create(boss, "passing", "one")
        for statement in (f"CREATE ROLE second{number} WITH SUPERUSER = true", "SELECT key FROM system.local", "LIST ROLES"):
            code, text = ask(stream, statement)
            assert code == UNAUTHORIZED, (statement, text)
        stream.close()


def test_so_it_is_where_drop_and_creation_are_learnt_at_once(nodes, boss):
    create(boss, "fleeting", "one")
    stream = enter(nodes, 3, "fleeting", "one")
    assert ask(stream, "CREATE ROLE third WITH SUPERUSER = true") is None
    os.kill(nodes.nodes[2].pid(), signal.SIGSTOP)
    try:
        boss.execute("DROP ROLE fleeting", timeout=60)
        boss.execute("CREATE ROLE fleeting WITH LOGIN = true AND PASSWORD = 'two' AND SUPERUSER = true", timeout=60)
    finally:
        os.kill(nodes.nodes[2].pid(), signal.SIGCONT)
    wait_until(lambda: enter(nodes, 3, "fleeting", "two"), "the node knows the later role", pause=0.5)
    code, text = ask(stream, "CREATE ROLE fourth WITH SUPERUSER = true")
    assert code == UNAUTHORIZED, text
    stream.close()
