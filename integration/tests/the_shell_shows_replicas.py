"""`henge shell` shows the nodes that hold a token as cqlsh does, for it computes them as drivers do."""

import ast
import os
import subprocess

from processes import HENGE

MADE = """
CREATE KEYSPACE one WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
CREATE KEYSPACE two WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 2};
CREATE KEYSPACE "All" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3};
CREATE TABLE one.t (k int PRIMARY KEY);
INSERT INTO one.t (k) VALUES (1);
"""
TOKENS = ["0", "-4069959284402364209", "9223372036854775807", "-9223372036854775808", "5000000000000000000"]


def run(command, folder, text):
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return subprocess.run(command, input=text, env=environment, capture_output=True, text=True, timeout=60)


def test_replicas_are_those_of_drivers(three_nodes, tmp_path):
    address = three_nodes.addresses[0]
    ours, cqlsh = [HENGE, "shell", address], ["cqlsh", "--no-color", address]
    assert run(ours, tmp_path, MADE).returncode == 0
    token = run(ours, tmp_path, "SELECT token(k) FROM one.t;").stdout.split("\n")[3].strip()
    tokens = [*TOKENS, token]
    text = "".join(f"SHOW REPLICAS {token} {keyspace}\n" for token in tokens for keyspace in ("one", "two"))
    text += "USE one;\nSHOW REPLICAS 77\n"
    shown = {}
    for name, command in (("henge", ours), ("cqlsh", cqlsh)):
        done = run(command, tmp_path, text)
        assert done.returncode == 0, done
        shown[name] = [ast.literal_eval(line) for line in done.stdout.splitlines() if line]
    assert shown["henge"] == shown["cqlsh"] and len(shown["henge"]) == 2 * len(tokens) + 1, shown
    assert [len(nodes) for nodes in shown["henge"]] == [1, 2] * len(tokens) + [1]
    every = run(ours, tmp_path, 'SHOW REPLICAS 0 "All"\n').stdout
    assert sorted(ast.literal_eval(every.strip())) == sorted(three_nodes.addresses), every


def test_what_has_no_replicas_is_named(three_nodes, tmp_path):
    def refused(text):
        done = run([HENGE, "shell", three_nodes.addresses[0]], tmp_path, text)
        assert done.returncode == 2 and done.stdout == "", done
        return done.stderr

    assert "none is named, and none in use" in refused("SHOW REPLICAS 0\n")
    assert "Keyspace 'nowhere' not found." in refused("SHOW REPLICAS 0 nowhere\n")
    assert "each node keeps rows of its own" in refused("SHOW REPLICAS 0 system\n")
    assert "a whole number of 64 bits" in refused("SHOW REPLICAS half\n")
