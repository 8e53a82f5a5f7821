"""Two nodes that back up to a bucket, and commands about it."""

import os
import subprocess
from contextlib import contextmanager

import pytest
from cassandra import ConsistencyLevel
from cassandra.concurrent import execute_concurrent_with_args

from clients import Clients
from processes import HENGE, Dev


@contextmanager
def cluster_with_rows(folder, environment, rows, row_bytes):
    """Two nodes that know the store, with so many rows of random bytes in `shop.t`; and a session at ALL."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        dev = Dev(folder, 2).start()
    clients = Clients(dev.addresses)
    session = clients.session(consistency=ConsistencyLevel.ALL)
    session.execute("CREATE KEYSPACE shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}")
    session.execute("CREATE TABLE shop.t (k int PRIMARY KEY, v blob)")
    insert = session.prepare("INSERT INTO shop.t (k, v) VALUES (?, ?)")
    execute_concurrent_with_args(session, insert, [(k, os.urandom(row_bytes)) for k in range(rows)], concurrency=32)
    yield dev, session
    clients.close()
    assert dev.stop() == 0


def local(environment, *arguments):
    """A command that asks no node: its exit code, and what it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run([HENGE, "admin", *map(str, arguments)], env=clean | environment, capture_output=True, text=True, timeout=200)
    return done.returncode, done.stdout + done.stderr
