"""`henge shell` prints what DESCRIBE answers as cqlsh does: lists under their keyspaces, and statements."""

import os
import subprocess

from processes import HENGE

MADE = """
CREATE KEYSPACE shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
CREATE TYPE shop.address (street text);
CREATE TABLE shop.buyers (id int PRIMARY KEY, home frozen<address>);
CREATE TABLE shop."Mixed" (id int PRIMARY KEY);
"""
DESCRIBED = ["KEYSPACES", "TABLES", "TYPES", "TABLE shop.buyers", "TYPE shop.address"]


def run(command, folder, text):
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    done = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout


def lines(text):
    """Lines that say something: cqlsh pads the last column, and puts fewer blank lines between statements."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def test_descriptions_are_printed_as_by_cqlsh(node, tmp_path):
    text = "".join(f"DESCRIBE {what}\n" for what in DESCRIBED) + "USE shop;\nDESC TABLES;\n"
    ours, cqlsh = [HENGE, "shell", node.address], ["cqlsh", "--no-color", node.address]
    run(ours, tmp_path, MADE)
    assert lines(run(ours, tmp_path, text)) == lines(run(cqlsh, tmp_path, text))
