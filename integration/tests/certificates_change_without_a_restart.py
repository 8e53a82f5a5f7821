"""Certificates between nodes are renewed and revoked while the nodes run."""

import shutil
import subprocess

import pytest
from cassandra import ConsistencyLevel
from cassandra.query import SimpleStatement

from clients import Clients
from processes import HENGE, Dev, wait_until

IN_USE = "new certificates between nodes are in use"
CUT_OFF = "not accepted any more"


@pytest.fixture
def three_nodes(tmp_path):
    cluster = Dev(tmp_path / "three", 3).start()
    yield cluster
    assert cluster.stop() == 0


def test_a_revoked_node_is_cut_off_and_returns_with_a_new_certificate(three_nodes, tmp_path):
    first, second, third = three_nodes.nodes
    clients = Clients([first.address])
    # The revoked node serves its clients too, and cannot reach a quorum: it must not coordinate here.
    session = clients.session(via=[first.address])
    session.execute("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    session.execute("CREATE TABLE k.t (a int PRIMARY KEY)")
    write_at_all(session, 1)
    authority = three_nodes.directory / "data"
    cert("revoke", "--authority", authority, certificates(third) / "node.pem")
    for node in (first, second):
        shutil.copy(authority / "crl.pem", certificates(node))
    down = f"peer is DOWN peer={host(third)}"
    wait_until(lambda: down in first.log.read_text(), "the others hold the revoked node for down", 30)
    assert CUT_OFF in first.log.read_text()
    write(session, 2, ConsistencyLevel.QUORUM)
    with pytest.raises(Exception, match="ALL|all|replicas|alive"):
        write_at_all(session, 3)
    # No process was restarted: neither those that refuse it nor the one that gets a new certificate.
    renew(third, authority)
    wait_until(lambda: IN_USE in third.log.read_text(), "the node uses its new certificate", 10)
    wait_until(lambda: is_written_at_all(session, 4), "all replicas answer again", 30)
    clients.close()


def test_certificates_that_cannot_be_used_change_nothing(three_nodes, tmp_path):
    third = three_nodes.nodes[2]
    clients = Clients([three_nodes.nodes[0].address])
    session = clients.session()
    session.execute("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    session.execute("CREATE TABLE k.t (a int PRIMARY KEY)")
    good = (certificates(third) / "node.pem").read_text()
    (certificates(third) / "node.pem").write_text("no certificate")
    wait_until(lambda: "the former stay" in third.log.read_text(), "the log says so", 10)
    write_at_all(session, 1)
    (certificates(third) / "node.pem").write_text(good)
    wait_until(lambda: IN_USE in third.log.read_text(), "the certificate is used again", 10)
    write_at_all(session, 2)
    clients.close()


def certificates(node):
    return node.directory / "certs"


def renew(node, authority):
    cert("node", "--authority", authority, "--directory", certificates(node), "--host-id", host(node), "--overwrite")


def cert(*arguments):
    subprocess.run([HENGE, "cert", *map(str, arguments)], check=True, capture_output=True)


def host(node):
    return next(word for word in (node.directory / "data" / "identity").read_text().split() if word.count("-") == 4)


def write(session, key, level):
    session.execute(SimpleStatement(f"INSERT INTO k.t (a) VALUES ({key})", consistency_level=level))


def write_at_all(session, key):
    write(session, key, ConsistencyLevel.ALL)


def is_written_at_all(session, key):
    try:
        write_at_all(session, key)
        return True
    except Exception:
        return False
