"""Whoever is not of the cluster gets nothing from it, and the log says so once, not once per attempt."""

import shutil
import time

from processes import Server, answers, wait_until

LINE = "no connection between nodes"
# Long enough for a dozen attempts to connect.
PATIENCE_SECONDS = 6


def test_a_node_of_another_authority(node, clients, tmp_path):
    stranger = Server(tmp_path, "127.0.0.4", ["--seeds", f"{node.address}:7000"]).launch()
    try:
        wait_until(lambda: LINE in stranger.program.text(), "the stranger says why it gets no answer", 20)
        time.sleep(PATIENCE_SECONDS)
        assert stranger.program.alive() and not answers(stranger.address)
    finally:
        assert stranger.stop() == 0
    assert complaints(stranger, node.address) == 1
    assert complaints(node, stranger.address) == 1
    assert "ca.pem" in node.program.text()
    serves(clients)


def test_a_node_of_another_cluster(tmp_path):
    authority = tmp_path / "authority"
    first = server(tmp_path, authority, "first", "127.0.0.4")
    second = server(tmp_path, authority, "second", "127.0.0.5", seeds="127.0.0.4:7000")
    first.start()
    shutil.copytree(tmp_path / "first" / "certs", tmp_path / "second" / "certs")
    for name in ("node.pem", "node.key"):
        (tmp_path / "second" / "certs" / name).unlink()
    second.start()
    assert second.stop() == 0
    # Another cluster of the same authority gets the address; the first node goes on asking there for its peer.
    other = server(tmp_path, authority, "other", second.address)
    shutil.copytree(tmp_path / "first" / "certs", tmp_path / "other" / "certs")
    for name in ("node.pem", "node.key"):
        (tmp_path / "other" / "certs" / name).unlink()
    other.start()
    try:
        wait_until(lambda: complaints(other, first.address) > 0, "the other cluster's node says whom it refuses", 20)
        time.sleep(PATIENCE_SECONDS)
        assert complaints(other, first.address) == 1
        assert "cluster" in next(line for line in other.program.text().splitlines() if LINE in line)
        assert 1 <= complaints(first, other.address) <= 2
    finally:
        assert other.stop() == 0
        assert first.stop() == 0


def server(tmp_path, authority, name, address, seeds=None):
    arguments = ["--development-certificates", str(tmp_path / name / "certs")]
    return Server(tmp_path / name, address, arguments + (["--seeds", seeds] if seeds else []))


def complaints(system, address):
    return sum(LINE in line and f"peer={address}" in line for line in system.program.text().splitlines())


def serves(clients):
    assert clients.session().execute("SELECT key FROM system.local").one().key == "local"
