"""`henge admin backup`, `verifybackup` and `restore`: three nodes that are lost with their disks come back as a cluster of another size,
and one table is restored beside its live self."""

import json
import os
import shutil
import subprocess
import time

import pytest
from cassandra import ConsistencyLevel
from cassandra.concurrent import execute_concurrent_with_args

from admin import admin
from clients import Clients
from processes import HENGE, Dev, wait_until

ROWS = 3_000
RF_3 = "{'class': 'SimpleStrategy', 'replication_factor': 3}"
RF_1 = "{'class': 'SimpleStrategy', 'replication_factor': 1}"


def local(*arguments):
    """A command that asks no node: its exit code, and what it prints."""
    done = subprocess.run([HENGE, "admin", *map(str, arguments)], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def fill(session):
    """A schema of all kinds, with what lives, expires, was overwritten and deleted."""
    session.execute(f"CREATE KEYSPACE shop WITH replication = {RF_3}")
    session.execute(f"CREATE KEYSPACE lone WITH replication = {RF_1}")
    session.execute("CREATE TYPE shop.place (street text, number int)")
    session.execute("CREATE TABLE shop.orders (k int, c int, s text static, v text, at frozen<place>, tags set<text>, PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY (c DESC)")
    session.execute("CREATE INDEX by_v ON shop.orders (v)")
    session.execute("CREATE TABLE shop.counts (k int PRIMARY KEY, n counter)")
    session.execute("CREATE TABLE lone.t (k int PRIMARY KEY, v text)")
    # Column ids that differ from those of a table that is created anew.
    session.execute("ALTER TABLE shop.orders ADD gone text")
    session.execute("UPDATE shop.orders SET gone = 'x' WHERE k = 1 AND c = 1")
    session.execute("ALTER TABLE shop.orders DROP gone")
    session.execute("ALTER TABLE shop.orders ADD added int")
    insert = session.prepare("INSERT INTO shop.orders (k, c, v, tags, added) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?")
    execute_concurrent_with_args(session, insert, [(k, k % 7, f"v{k}", {f"t{k}", "all"}, k, 1_000_000 + k) for k in range(ROWS)], concurrency=64)
    alone = session.prepare("INSERT INTO lone.t (k, v) VALUES (?, ?)")
    execute_concurrent_with_args(session, alone, [(k, f"v{k}") for k in range(500)], concurrency=64)
    session.execute("UPDATE shop.orders SET s = 'static', at = {street: 'a', number: 5} WHERE k = 5 AND c = 5")
    session.execute("INSERT INTO shop.orders (k, c, v) VALUES (9000, 0, 'expires') USING TTL 86400")
    session.execute("DELETE FROM shop.orders WHERE k = 10")
    session.execute("DELETE FROM shop.orders WHERE k = 11 AND c > 0")
    session.execute("DELETE v FROM shop.orders WHERE k = 12 AND c = 5")
    session.execute("UPDATE shop.orders SET tags = tags - {'all'} WHERE k = 13 AND c = 6")
    for _ in range(7):
        session.execute("UPDATE shop.counts SET n = n + 3 WHERE k = 1")


def content(session, table="shop.orders"):
    rows = session.execute(f"SELECT k, c, s, v, at, tags, added, writetime(v) AS at_v, ttl(v) AS left FROM {table}")
    return {(row.k, row.c): (row.s, row.v, row.at, frozenset(row.tags or ()), row.added, row.at_v, bool(row.left)) for row in rows}


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def test_three_nodes_are_lost_and_restored_as_two(tmp_path, place):
    three = Dev(tmp_path / "three", 3).start()
    clients = Clients(three.addresses)
    try:
        session = clients.session(consistency=ConsistencyLevel.QUORUM)
        fill(session)
        expected, lone = content(session), {row.k for row in session.execute("SELECT k FROM lone.t")}
        assert (10, 3) not in expected and expected[(12, 5)][1] is None and len(expected) > ROWS - 10
        said = admin(three.nodes[1], "backup", str(place), "--name", "monday")
        assert "Backup monday: " in said and "of 3 nodes" in said, said
        for node in three.nodes:
            assert not list((node.directory / "data" / "snapshots").iterdir()), "snapshots of a backup go with it"
        # What comes later is not in it, and the next one brings no more than that.
        session.execute("INSERT INTO shop.orders (k, c, v) VALUES (1, 1, 'later')")
        admin(three.nodes[0], "backup", str(place), "--name", "tuesday")
        listed = json.loads(local("listbackups", place, "--format", "json")[1])
        assert [backup["name"] for backup in listed] == ["monday", "tuesday"] and not listed[0]["missing"], listed
        code, said = local("verify", place, "monday")
        assert code == 0 and "3 nodes" in said and "All of it is as it was written" in said, said
    finally:
        clients.close()
        three.stop()
    shutil.rmtree(tmp_path / "three")

    two = Dev(tmp_path / "two", 2).start()
    clients = Clients(two.addresses)
    try:
        began = time.monotonic()
        said = admin(two.nodes[0], "restore", str(place), "monday")
        print(f"restored in {time.monotonic() - began:.1f} s:\n{said}")
        session = clients.session(consistency=ConsistencyLevel.QUORUM)
        assert content(session) == expected
        assert {row.k for row in session.execute("SELECT k FROM lone.t")} == lone
        assert session.execute("SELECT n FROM shop.counts WHERE k = 1").one().n == 21
        session.execute("UPDATE shop.counts SET n = n + 1 WHERE k = 1")
        assert session.execute("SELECT n FROM shop.counts WHERE k = 1").one().n == 22
        wait_until(lambda: [row.k for row in session.execute("SELECT k FROM shop.orders WHERE v = 'v77'")] == [77], "the index answers", 60)
        assert not any((node.directory / "data" / "restoring-backup").exists() for node in two.nodes)
        # Once more changes nothing.
        admin(two.nodes[1], "restore", str(place), "monday")
        assert content(session) == expected
        assert session.execute("SELECT n FROM shop.counts WHERE k = 1").one().n == 22
    finally:
        clients.close()
        two.stop()


def test_a_table_is_restored_beside_its_live_self(tmp_path, place):
    one = Dev(tmp_path / "one", 1).start()
    clients = Clients(one.addresses)
    try:
        node, session = one.nodes[0], clients.session()
        session.execute(f"CREATE KEYSPACE ks WITH replication = {RF_1}")
        session.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v text)")
        for k in range(50):
            session.execute("INSERT INTO ks.t (k, v) VALUES (%s, 'before')", (k,))
        admin(node, "backup", str(place), "--name", "before")
        session.execute("UPDATE ks.t SET v = 'after' WHERE k = 1")
        session.execute("DELETE FROM ks.t WHERE k = 2")
        said = admin(node, "restore", str(place), "before", "--table", "ks.t", "--as", "t_before")
        assert "ks.t_before" in said and "50" in said, said
        beside = {row.k: row.v for row in session.execute("SELECT k, v FROM ks.t_before")}
        assert beside == {k: "before" for k in range(50)}
        live = {row.k: row.v for row in session.execute("SELECT k, v FROM ks.t")}
        assert live == {k: "after" if k == 1 else "before" for k in range(50) if k != 2}
        # Into itself: newer values and deletions win. Once it was dropped all of the backup comes back.
        admin(node, "restore", str(place), "before", "--table", "ks.t")
        assert {row.k: row.v for row in session.execute("SELECT k, v FROM ks.t")} == live
        session.execute("DROP TABLE ks.t")
        admin(node, "restore", str(place), "before", "--table", "ks.t")
        assert {row.k: row.v for row in session.execute("SELECT k, v FROM ks.t")} == beside

        def refused(*arguments):
            command = [HENGE, "admin", "--data-directory", str(node.directory / "data"), *arguments]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            assert done.returncode == 2, done.stdout
            return done.stderr

        assert "has no table ks.other" in refused("restore", str(place), "before", "--table", "ks.other")
        assert "no finished backup" in refused("restore", str(place), "never")
        assert "there is a backup before" in refused("backup", str(place), "--name", "before")
        assert "No such file" in refused("backup", str(place / "missing"))
        session.execute("CREATE TABLE ks.wrong (k bigint PRIMARY KEY, v text)")
        assert "another primary key" in refused("restore", str(place), "before", "--table", "ks.t", "--as", "wrong")

        # Damage is found, by verifying and by restoring.
        contents = sorted((file.stat().st_size, file) for file in (place / "objects").rglob("*") if file.is_file())
        largest = contents[-1][1]
        with largest.open("r+b") as file:
            file.seek(largest.stat().st_size // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        code, said = local("verifybackup", place, "before")
        assert code == 2 and "DAMAGED" in said, said
    finally:
        clients.close()
        one.stop()
