"""ALTER TABLE on three nodes while a client writes: no write fails, and all nodes come to one schema."""

import threading


def test_three_nodes_agree_while_writes_go_on(three_nodes, clients):
    replication = "{'class': 'SimpleStrategy', 'replication_factor': 3}"
    session = clients.keyspace("busy", replication=replication, version=5)
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
    insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    stop, failed, written = threading.Event(), [], []

    def write():
        while not stop.is_set():
            try:
                session.execute(insert, (len(written), 1))
                written.append(1)
            except Exception as error:  # noqa: BLE001 - whatever it is, there must be none
                failed.append(error)
                return

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(10):
        session.execute(f"ALTER TABLE t ADD c{number} text")
        session.execute(f"UPDATE t SET c{number} = 'x' WHERE k = -1")
    for number in range(0, 10, 2):
        session.execute(f"ALTER TABLE t DROP c{number}")
    stop.set()
    writer.join()
    assert not failed, failed
    for node in three_nodes.nodes:
        alone = clients.session("busy", via=[node.address])
        assert alone.execute("SELECT count(*) FROM t").one()[0] == len(written) + 1
        assert alone.execute("SELECT * FROM t WHERE k = -1").one()._fields == ("k", "c1", "c3", "c5", "c7", "c9", "v")
