"""A keyspace is dropped and made again at once: what is written to its new tables stays, while the rows of the old ones leave the disk."""

from cassandra.concurrent import execute_concurrent_with_args

SIMPLE = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
OLD_TABLES = 40
ROWS = 500


def test_rows_outlive_the_removal_of_older_tables(node, clients):
    session = clients.session()
    for _ in range(5):
        session.execute(f"CREATE KEYSPACE anew WITH replication = {SIMPLE}")
        for number in range(OLD_TABLES):
            session.execute(f"CREATE TABLE anew.old{number} (k int PRIMARY KEY)")
            session.execute(f"INSERT INTO anew.old{number} (k) VALUES (1)")
        session.execute("DROP KEYSPACE anew")
        session.execute(f"CREATE KEYSPACE anew WITH replication = {SIMPLE}")
        session.execute("CREATE TABLE anew.t (k int PRIMARY KEY, v text)")
        insert = session.prepare("INSERT INTO anew.t (k, v) VALUES (?, 'v')")
        execute_concurrent_with_args(session, insert, [(k,) for k in range(ROWS)])
        assert session.execute("SELECT count(*) FROM anew.t").one().count == ROWS
        session.execute("DROP KEYSPACE anew")
