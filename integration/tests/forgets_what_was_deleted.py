"""Deletions and what they cover leave the disk once nobody needs them; tables that are gone do so at once."""

from clients import Clients
from processes import Server, wait_until


def test_a_purge_leaves_the_living_alone(tmp_path):
    node = Server(tmp_path, arguments=["--set", "tombstone_purge_interval=1s"]).start()
    clients = Clients([node.address])
    try:
        session = clients.keyspace("ks")
        session.execute(
            "CREATE TABLE t (k int, c int, v text, PRIMARY KEY (k, c)) WITH gc_grace_seconds = 0 "
            "AND compaction = {'class': 'SizeTieredCompactionStrategy', 'only_purge_repaired_tombstones': 'false'}"
        )
        insert = session.prepare("INSERT INTO t (k, c, v) VALUES (?, ?, ?)")
        for k in range(20):
            for c in range(20):
                session.execute(insert, (k, c, "x" * 1000))
        for k in range(0, 20, 2):
            session.execute(f"DELETE FROM t WHERE k = {k}")
        session.execute("DELETE FROM t WHERE k = 1 AND c >= 5")
        expected = {(k, c) for k in range(1, 20, 2) for c in range(5 if k == 1 else 20)}
        for _ in range(3):
            assert {(row.k, row.c) for row in session.execute("SELECT k, c FROM t")} == expected
            node.restart()
            session = clients.session("ks")
    finally:
        clients.close()
        assert node.stop() == 0


def test_truncated_and_dropped_tables_leave_the_disk(node, clients):
    session = clients.keyspace("ks")
    for table in ("dropped", "emptied", "kept"):
        session.execute(f"CREATE TABLE {table} (k int PRIMARY KEY, v text)")
        insert = session.prepare(f"INSERT INTO {table} (k, v) VALUES (?, ?)")
        for k in range(200):
            session.execute(insert, (k, "x" * 1000))
    session.execute("TRUNCATE emptied")
    session.execute("DROP TABLE dropped")
    wait_until(lambda: node.program.text().count("removed the rows of tables that are gone") >= 1, "the rows are gone", 20)
    assert session.execute("SELECT count(*) FROM emptied").one()[0] == 0
    assert session.execute("SELECT count(*) FROM kept").one()[0] == 200
    session.execute("INSERT INTO emptied (k, v) VALUES (1, 'new')")
    node.restart()
    session = clients.session("ks")
    assert [row.v for row in session.execute("SELECT v FROM emptied")] == ["new"]
    assert session.execute("SELECT count(*) FROM kept").one()[0] == 200
