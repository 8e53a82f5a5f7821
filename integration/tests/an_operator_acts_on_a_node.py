"""`henge admin`: snapshots that a node can be started on, sizes of tables, and what is said when something cannot be done."""

import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request

from clients import Clients
from processes import ADMIN_PORT, HENGE, Server


def admin(*arguments, ok=True):
    port = [] if "-p" in arguments else ["-p", str(ADMIN_PORT)]
    done = subprocess.run([HENGE, "admin", *port, *arguments], capture_output=True, text=True, timeout=60)
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
        # Nobody takes it for the node by mistake, also where no other member could tell.
        refused = Server(tmp_path / "copy").launch()
        assert refused.program.process.wait(30) != 0
        said = refused.program.text()
        assert "is a snapshot of node" in said and "--replace" in said and "--accept-older-copy" in said, said
        node = Server(tmp_path / "copy", arguments=["--accept-older-copy"]).start()
        assert node.stop() == 0
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
    for k in range(20):
        session.execute("SELECT v FROM large WHERE k = %s", (k,))
    admin("flush")
    sizes = {line.split()[0]: line.split()[1:] for line in admin("tablestats", "ks").splitlines()[1:]}
    # Partitions, reads and writes.
    assert set(sizes) == {"ks.small", "ks.large"}, sizes
    assert sizes["ks.large"][-3:] == ["100", "20", "300"] and sizes["ks.small"][-2:] == ["0", "0"], sizes
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


def raw(node, path, headers=(), method="GET", body=None):
    """The status and the body of a request to the admin port with exactly these headers."""
    request = urllib.request.Request(f"http://{node.address}:7199{path}", method=method, data=body, headers=dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


OWN = {"henge-admin": "1"}


def test_tables_are_compacted_by_name(node, clients):
    session = clients.keyspace("named")
    admin("compact")
    session.execute("CREATE TABLE other (k int PRIMARY KEY, v text)")
    session.execute("CREATE TABLE twice (k int PRIMARY KEY, v text)")
    insert = session.prepare("INSERT INTO twice (k, v) VALUES (?, ?)")
    for _ in range(2):
        for k in range(200):
            session.execute(insert, (k, os.urandom(1000).hex()))
        assert admin("flush", "named", "other").endswith(", which all tables share, to files\n")
    body = json.dumps({"operation": "compact", "keyspace": "named", "tables": ["twice", "other"]}).encode()
    status, operation = raw(node, "/operations", OWN, "POST", body)
    assert status == 202, operation
    ended = raw(node, f"/operations/{operation['id']}?wait_millis=20000", OWN)[1]["state"]
    # Of each row, only the newer version is left.
    assert ended["outcome"]["before_bytes"] > 1.5 * ended["outcome"]["after_bytes"] > 0, ended
    assert len(list(session.execute("SELECT k FROM twice"))) == 200

    assert admin("compact", "named", "other").startswith("Compacted named.other: ")
    assert admin("compact", "named").startswith("Compacted all tables of named: ")
    assert admin("compact").startswith("Compacted all tables: ")
    listed = admin("operations")
    assert "  compact named twice other  " in listed and "  flush named other  " in listed, listed


def test_tables_that_are_not_there_are_not_compacted(node, clients):
    session = clients.keyspace("known")
    session.execute("CREATE TABLE t (k int PRIMARY KEY)")
    for command in ("flush", "compact"):
        assert "Keyspace [nothing] does not exist." in admin(command, "nothing", ok=False)
        assert "Unknown keyspace/cf pair (known.nothing)" in admin(command, "known", "t", "nothing", ok=False)


def test_a_page_in_a_browser_gets_nothing(node):
    asked = [{}, {**OWN, "Origin": "https://example.org"}, {**OWN, "Origin": "null"}, {**OWN, "Host": "example.org:7199"}]
    for headers in asked:
        status, body = raw(node, "/operations", headers, "POST", b'{"operation": "compact"}')
        assert (status, body["kind"]) == (403, "forbidden"), headers
    for host in ("localhost", "127.0.0.1:7199", "[::1]:7199"):
        assert raw(node, "/operations", {**OWN, "Host": host})[0] == 200, host


def test_operations_are_started_listed_and_watched(node):
    started = admin("flush", "--no-wait")
    number = started.split()[2].rstrip(":")
    assert admin("watch", number).startswith("Flushed ")
    admin("compact")
    listed = [line.split()[:2] for line in admin("operations").splitlines()[1:]]
    assert [number, "flush"] in listed and listed[-1][1] == "compact", listed
    assert "there is no operation 999" in admin("watch", "999", ok=False)
    assert "cannot be aborted" in admin("abort", number, ok=False)


def test_a_compaction_has_steps_and_outlives_its_client(node):
    status, operation = raw(node, "/operations", {**OWN, "Content-Type": "application/json"}, "POST", b'{"operation": "compact"}')
    # A small node may be done before the answer is written.
    assert status == 202 and operation["state"]["state"] in ("running", "done"), operation
    status, ended = raw(node, f"/operations/{operation['id']}?wait_millis=20000", OWN)
    assert status == 200 and ended["state"]["state"] == "done" and ended["state"]["outcome"]["outcome"] == "compacted", ended


def test_failures_have_a_kind_and_an_exit_code(node):
    assert raw(node, "/nothing", OWN) == (404, {"kind": "not_found", "message": "this release has no such request"})
    status, body = raw(node, "/operations", OWN, "POST", b"{}")
    assert (status, body["kind"]) == (400, "invalid")
    status, body = raw(node, "/snapshots/none", OWN, "DELETE")
    assert (status, body["kind"]) == (404, "not_found")
    code = lambda *arguments, port=7199: subprocess.run([HENGE, "admin", "-p", str(port), *arguments], capture_output=True, timeout=60).returncode
    assert [code("operations"), code("snapshot", "-t", "../x"), code("tablestats", "a b"), code("flsh")] == [0, 1, 1, 1]
    assert [code("tablestats", "nothing"), code("flush", port=7198)] == [2, 2]


def test_what_nodetool_has_and_henge_has_not_is_answered():
    """No node runs: the command line answers by itself."""
    for arguments, said in (
        (["drain"], "error: there is no drain: stop the node (SIGTERM, or systemctl stop henge), which does all that drain does\n"),
        (["-H", "192.0.2.1", "scrub", "--no-snapshot", "ks", "t"], "error: there is no scrub: every read checks checksums"),
        (["disablegossip", "-x"], "error: there is no disablegossip: "),
        (["help", "viewbuildstatus"], "error: there is no viewbuildstatus: there are no materialized views"),
    ):
        done = subprocess.run([HENGE, "admin", *arguments], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (1, "") and done.stderr.startswith(said), done
    other = subprocess.run([HENGE, "drain"], capture_output=True, text=True, timeout=60)
    assert other.returncode == 1 and "there is no drain" not in other.stderr, other


def test_many_silent_connections_end(node):
    silent = [socket.create_connection((node.address, 7199), timeout=30) for _ in range(70)]
    # Beyond the limit they are closed at once; the others once they have said nothing for ten seconds.
    assert [connection.recv(1) for connection in silent] == [b""] * 70
    assert admin("operations")
