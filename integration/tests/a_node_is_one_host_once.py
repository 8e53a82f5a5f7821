"""A node is a host id, made with its data directory: it goes on from its newest directory, and once at a time. Whatever else is started
ends with a sentence that names the cause and the way out."""

import shutil
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from clients import Clients
from processes import HENGE, Dev, Program, Server, answers, running, wait_until

END_SECONDS = 30
# Longer than a lease of the clock reaches ahead, and than peers take to store what they saw.
LATER_SECONDS = 2.5
# What may go while a directory of a running node is copied: its socket, and files about to be renamed.
PASSING_FILES = ("admin.sock", "*.new", "*.tmp", "*.dbtmp")

KEYSPACE = "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}"


@pytest.fixture
def cluster(tmp_path):
    made = Dev(tmp_path / "three", 3).start()
    clients = Clients(made.addresses)
    session = clients.session()
    session.execute(KEYSPACE)
    session.execute("CREATE TABLE k.counts (a int PRIMARY KEY, n counter)")
    yield made, clients
    clients.close()
    assert made.stop() == 0


def add(clients, address, times):
    session = clients.session(via=[address])
    for _ in range(times):
        session.execute("UPDATE k.counts SET n = n + 1 WHERE a = 1")


def serves(clients, addresses, additions):
    """All nodes together, which have met, know all additions."""
    for address in addresses:
        def level():
            try:
                session = clients.session(via=[address])
                return session.execute("SELECT n FROM k.counts WHERE a = 1").one().n == additions
            except Exception:  # Whatever a client meets while nodes have yet to meet.
                return False

        wait_until(level, f"{address} knows {additions} additions", 60)


def last_words(node):
    """Starts a node that should end, and returns what it says at the end."""
    start = node.log.stat().st_size
    with node.log.open("ab") as log:
        child = node.again.start(log)
    try:
        assert child.wait(END_SECONDS) != 0
    finally:
        child.kill()
        child.wait()
    return node.log.read_bytes()[start:].decode(errors="replace")


def other_process(tmp_path, name, node, seed):
    """`henge server` on a copy of a node's directory and certificates, at another address."""
    folder = tmp_path / name
    shutil.copytree(node.directory / "data", folder / "data", ignore=shutil.ignore_patterns(*PASSING_FILES))
    shutil.copytree(node.directory / "certs", folder / "certs")
    return Server(folder, "127.0.0.9", ["--development-certificates", str(folder / "certs"), "--seeds", f"{seed.address}:7000"])


def end_of(server):
    server.launch()
    code = server.program.process.wait(END_SECONDS)
    assert code not in (0, -signal.SIGKILL), server.program.text()
    return server.program.text()


def copy(node, folder):
    shutil.copytree(node.directory / "data", folder, ignore=shutil.ignore_patterns(*PASSING_FILES))


def put(folder, node):
    shutil.rmtree(node.directory / "data")
    shutil.copytree(folder, node.directory / "data")


def test_an_older_copy_is_refused_and_the_newest_goes_on(cluster, tmp_path):
    nodes, clients = cluster
    first, second, third = nodes.nodes
    add(clients, third.address, 10)
    copy(third, tmp_path / "older")
    time.sleep(LATER_SECONDS)
    add(clients, third.address, 10)
    third.kill()
    copy(third, tmp_path / "newest")
    put(tmp_path / "older", third)
    said = last_words(third)
    assert "is an older copy of node" in said and "newest data directory" in said and "--accept-older-copy" in said, said
    # It is refused however often it is tried, and by peers that have been restarted since.
    second.kill()
    second.restart()
    assert "is an older copy of node" in last_words(third)
    put(tmp_path / "newest", third)
    third.restart()
    serves(clients, nodes.addresses, 20)
    add(clients, third.address, 1)
    serves(clients, nodes.addresses, 21)


def test_an_older_copy_can_be_accepted(cluster, tmp_path):
    nodes, clients = cluster
    third = nodes.nodes[2]
    add(clients, nodes.nodes[0].address, 10)
    copy(third, tmp_path / "older")
    time.sleep(LATER_SECONDS)
    third.kill()
    put(tmp_path / "older", third)
    third.again.arguments.append("--accept-older-copy")
    third.restart()
    serves(clients, nodes.addresses, 10)
    # What is accepted is forgotten by a crash before the clock's lease was extended: then the option is needed again.
    time.sleep(LATER_SECONDS)
    third.kill()
    third.again.arguments.remove("--accept-older-copy")
    third.restart()
    serves(clients, nodes.addresses, 10)


def test_a_clone_at_another_address_ends_and_the_original_goes_on(cluster, tmp_path):
    nodes, clients = cluster
    first, second, _ = nodes.nodes
    pid = second.pid()
    add(clients, second.address, 5)
    at_once = other_process(tmp_path, "at-once", second, first)
    said = end_of(at_once)
    assert "another process runs as node" in said or "is an older copy of node" in said, said
    later = other_process(tmp_path, "later", second, first)
    time.sleep(LATER_SECONDS)
    assert "is an older copy of node" in end_of(later)
    assert running(pid) and answers(second.address)
    add(clients, second.address, 5)
    serves(clients, nodes.addresses, 10)


def test_a_clone_at_the_same_address(cluster, tmp_path):
    nodes, clients = cluster
    second = nodes.nodes[1]
    add(clients, second.address, 5)
    folder = tmp_path / "clone"
    copy(second, folder)
    arguments = ["server", "--data-directory", str(folder), "--listen-address", second.address, "--rpc-address", second.address]
    clone = Program([*arguments, "--metrics-port", "0"], tmp_path, "clone")
    assert clone.process.wait(END_SECONDS) != 0
    assert "is in use" in clone.text(), clone.text()
    time.sleep(LATER_SECONDS)
    second.kill()
    # The directory that was in use last may be anywhere.
    copy(second, tmp_path / "moved")
    put(folder, second)
    assert "is an older copy of node" in last_words(second)
    put(tmp_path / "moved", second)
    second.restart()
    serves(clients, nodes.addresses, 5)


def test_a_voter_that_lost_its_disk_is_no_member_any_more(cluster, tmp_path):
    nodes, clients = cluster
    first, second, third = nodes.nodes
    second.kill()
    shutil.rmtree(second.directory / "data")
    said = last_words(second)
    assert "is for host" in said and "this data directory is host" in said and "henge cert request" in said, said
    # With a certificate of its own it is a new host, and the lost one has its address.
    for name in ("node.pem", "node.key"):
        (second.directory / "certs" / name).unlink()
    said = last_words(second)
    assert "belongs to member" in said and "henge admin removenode" in said, said
    clients.session(via=[first.address]).execute("CREATE TABLE k.later (a int PRIMARY KEY)")
    clients.session(via=[third.address]).execute("DROP TABLE k.later")


def test_a_seed_that_lost_its_disk_makes_no_cluster_beside_its_old_one(cluster):
    nodes, _ = cluster
    first = nodes.nodes[0]
    first.kill()
    shutil.rmtree(first.directory / "data")
    said = last_words(first)
    assert "is for host" in said and "henge cert request" in said, said


def test_disks_that_change_places_are_accepted(cluster, tmp_path):
    nodes, clients = cluster
    _, second, third = nodes.nodes
    add(clients, third.address, 5)
    second.kill()
    third.kill()
    for name in ("data", "certs"):
        shutil.move(second.directory / name, tmp_path / name)
        shutil.move(third.directory / name, second.directory / name)
        shutil.move(tmp_path / name, third.directory / name)
    second.restart()
    third.restart()
    serves(clients, nodes.addresses, 5)
    add(clients, second.address, 5)
    serves(clients, nodes.addresses, 10)


def test_a_certificate_that_has_expired_or_is_anothers_is_refused(tmp_path):
    folder, authority = tmp_path / "node", tmp_path / "authority"
    server = Server(folder, "127.0.0.8", ["--certificates", str(folder / "certs")])
    assert "henge cert request" in end_of(server)
    host = next(line.split()[1] for line in (folder / "data" / "identity").read_text().splitlines() if line.startswith("host "))
    henge("cert", "ca", "--directory", authority)
    certificate = ("cert", "node", "--authority", authority, "--directory", folder / "certs")
    henge(*certificate, "--host-id", "11111111-2222-3333-4444-555555555555")
    said = end_of(server)
    assert "is for host 11111111-2222-3333-4444-555555555555" in said and f"is host {host}" in said and "--overwrite" in said, said
    henge(*certificate, "--host-id", host, "--overwrite")
    let_expire(folder / "certs" / "node.pem", authority)
    said = end_of(server)
    assert "expired" in said and "henge cert request" in said, said
    henge(*certificate, "--host-id", host, "--overwrite")
    server.start()
    assert server.stop() == 0


def test_a_stolen_certificate_and_identity_are_not_enough(cluster, tmp_path):
    """Whoever has a node's certificate and the file that names it, and none of its data, is not the node, running or not."""
    nodes, clients = cluster
    first, second, _ = nodes.nodes
    pid = second.pid()

    def thief(name, files):
        folder = tmp_path / name
        (folder / "data").mkdir(parents=True)
        shutil.copytree(second.directory / "certs", folder / "certs")
        for file in files:
            shutil.copy(second.directory / "data" / file, folder / "data")
        arguments = ["--development-certificates", str(folder / "certs"), "--seeds", f"{first.address}:7000"]
        return Server(folder, "127.0.0.9", arguments)

    said = end_of(thief("certificate", ()))
    assert "is for host" in said and "this data directory is host" in said, said
    identity = ("identity", "format", "generation")
    said = end_of(thief("identity", identity))
    assert ("another process runs as node" in said or "is an older copy of node" in said) and "empty data directory" in said, said
    assert running(pid) and answers(second.address)
    second.kill()
    said = end_of(thief("later", identity))
    assert "is an older copy of node" in said and "--replace" in said, said
    second.restart()
    add(clients, second.address, 5)
    serves(clients, nodes.addresses, 5)


def test_nodes_of_two_clusters_with_one_authority_do_not_mix(tmp_path):
    henge("cert", "ca", "--directory", tmp_path / "authority")

    def server(name, number, seed):
        certificates = tmp_path / name / "certs"
        certificates.mkdir(parents=True, exist_ok=True)
        for file in ("ca.pem", "ca.key"):
            shutil.copy(tmp_path / "authority" / file, certificates)
        address = f"127.0.0.{number}"
        return Server(tmp_path / name, address, ["--development-certificates", str(certificates), "--seeds", f"127.0.0.{seed}:7000", "--set", "memory=64MiB"])

    one, two, three = server("one", 11, 11).start(), server("two", 12, 12).start(), server("three", 13, 12).start()
    assert three.stop() == 0
    assert two.stop() == 0
    # A member of the second cluster is told a node of the first one for a seed, and looks there for the member that it misses.
    two.arguments = [part.replace("127.0.0.12:7000", "127.0.0.11:7000") for part in two.arguments]
    two.start()
    for node in (one, two):
        wait_until(lambda: "is of cluster" in node.program.text(), "the refusal is in the log")
        assert "addresses and seeds of its own" in node.program.text(), node.program.text()
    for node, members in ((one, 0), (two, 1)):
        clients = Clients([node.address])
        assert len(list(clients.session().execute("SELECT * FROM system.peers"))) == members
        clients.close()
    assert two.stop() == 0
    assert one.stop() == 0


def test_off_loopback_a_new_cluster_is_made_on_demand_only(tmp_path):
    address = address_off_loopback()
    if not address:
        pytest.skip("this machine has no address off loopback")
    server = Server(tmp_path, "127.0.0.8", ["--set", f"listen_address={address}", "--set", f"seeds={address}"])
    said = end_of(server)
    assert "--bootstrap" in said and "seeds" in said, said
    server.arguments.append("--bootstrap")
    server.start()
    assert server.stop() == 0
    server.arguments.remove("--bootstrap")
    server.start()
    assert server.stop() == 0


def address_off_loopback():
    """An address of this machine at which others may reach it. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return None


def let_expire(path, authority):
    """Signs a certificate anew, so that it was valid until an hour ago; the rest of it stays. `henge cert` makes none like that."""
    signer = x509.load_pem_x509_certificate((authority / "ca.pem").read_bytes())
    key = serialization.load_pem_private_key((authority / "ca.key").read_bytes(), password=None)
    good, now = x509.load_pem_x509_certificate(path.read_bytes()), datetime.now(UTC)
    expired = x509.CertificateBuilder(good.subject, signer.subject, good.public_key(), x509.random_serial_number())
    expired = expired.not_valid_before(now - timedelta(days=2)).not_valid_after(now - timedelta(hours=1))
    for extension in good.extensions:
        expired = expired.add_extension(extension.value, extension.critical)
    path.write_bytes(expired.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def henge(*arguments):
    subprocess.run([HENGE, *map(str, arguments)], check=True, capture_output=True)
