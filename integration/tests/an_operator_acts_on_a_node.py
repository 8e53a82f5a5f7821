"""`henge admin`: snapshots that a node can be started on, sizes of tables, and what is said when something cannot be done."""

import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from clients import Clients
from processes import HENGE, Server


def admin(*arguments, ok=True):
    done = subprocess.run([HENGE, "admin", *arguments], capture_output=True, text=True, timeout=60)
    assert (done.returncode == 0) == ok, (arguments, done.stdout, done.stderr)
    return done.stdout if ok else done.stderr


def test_a_node_starts_on_a_copy_of_a_snapshot(tmp_path):
    node = Server(tmp_path).start()
    clients = Clients([node.address])
    try:
        session = clients.keyspace("ks")
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
        insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
        for k in range(500):
            session.execute(insert, (k, "then"))
        assert "Snapshot monday" in admin("snapshot", "-t", "monday")
        for k in range(500):
            session.execute(insert, (k, "now"))
        session.execute("TRUNCATE t")
        admin("compact")
        listed = admin("listsnapshots")
        assert "monday" in listed and "True size" in listed
        assert "there is a snapshot monday already" in admin("snapshot", "-t", "monday", ok=False)
        clients.close()
        assert node.stop() == 0

        shutil.copytree(tmp_path / "data/snapshots/monday", tmp_path / "copy/data")
        node = Server(tmp_path / "copy").start()
        clients = Clients([node.address])
        rows = list(clients.session("ks").execute("SELECT k, v FROM t"))
        assert {row.k for row in rows} == set(range(500)) and {row.v for row in rows} == {"then"}
    finally:
        clients.close()
        assert node.stop() == 0


def test_sizes_snapshots_and_refusals(node, clients):
    session = clients.keyspace("ks")
    session.execute("CREATE TABLE small (k int PRIMARY KEY, v text)")
    session.execute("CREATE TABLE large (k int, c int, v text, PRIMARY KEY (k, c))")
    insert = session.prepare("INSERT INTO large (k, c, v) VALUES (?, ?, ?)")
    for k in range(100):
        for c in range(3):
            session.execute(insert, (k, c, "x" * 1000))
    admin("flush")
    sizes = {line.split()[0]: line.split()[1:] for line in admin("tablestats", "ks").splitlines()[1:]}
    assert set(sizes) == {"ks.small", "ks.large"} and sizes["ks.large"][-1] == "100", sizes
    assert "ks.large" in admin("tablestats", "ks.large") and "ks.small" not in admin("tablestats", "ks.large")
    assert "no such table" in admin("tablestats", "ks.nothing", ok=False)

    assert "There are no snapshots" in admin("listsnapshots")
    admin("snapshot", "-t", "a")
    admin("snapshot")
    assert len(admin("listsnapshots").splitlines()) == 3
    admin("clearsnapshot", "-t", "a")
    assert "there is no snapshot a" in admin("clearsnapshot", "-t", "a", ok=False)
    admin("clearsnapshot", "--all")
    assert "There are no snapshots" in admin("listsnapshots")
    assert "cannot name a snapshot" in admin("snapshot", "-t", "../x", ok=False)
    assert "no node answers" in admin("-p", "7198", "listsnapshots", ok=False)


def test_a_page_in_a_browser_gets_nothing(node):
    request = urllib.request.Request(f"http://{node.address}:7199/compact", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 403
