"""COMPACT STORAGE as a driver sees it: hidden columns are in the schema's tables, but not in the driver's metadata, and show once the table is compact no
more."""

import pytest
from cassandra import InvalidRequest

TABLES = {
    "alone": "(k int PRIMARY KEY, a int, b text)",
    "counts": "(k int PRIMARY KEY, n counter)",
    "dense": "(k int, c int, d int, v text, PRIMARY KEY (k, c, d))",
    "keys": "(k int, c int, PRIMARY KEY (k, c))",
}
COLUMNS = {"alone": ["k", "a", "b"], "counts": ["k", "n"], "dense": ["k", "c", "d", "v"], "keys": ["k", "c"]}
CLUSTERING = {"alone": [], "counts": [], "dense": ["c", "d"], "keys": ["c"]}


@pytest.fixture(scope="module", autouse=True)
def tables(node):
    from clients import Clients

    clients = Clients(node.addresses)
    session = clients.keyspace("compact")
    for name, columns in TABLES.items():
        session.execute(f"CREATE TABLE {name} {columns} WITH COMPACT STORAGE")
    session.execute("INSERT INTO alone (k, a) VALUES (1, 2)")
    session.execute("INSERT INTO dense (k, c, v) VALUES (1, 2, 'short')")
    session.execute("INSERT INTO dense (k, c, d, v) VALUES (1, 2, -3, 'long')")
    session.execute("INSERT INTO keys (k, c) VALUES (1, 2)")
    clients.close()


@pytest.mark.parametrize("version", [3, 4, 5])
@pytest.mark.parametrize("no_compact", [False, True])
def test_drivers_do_not_see_hidden_columns(node, clients, version, no_compact):
    session = clients.session("compact", version=version, no_compact=no_compact)
    for name, table in session.cluster.metadata.keyspaces["compact"].tables.items():
        assert table.is_compact_storage
        assert list(table.columns) == COLUMNS[name]
        assert [column.name for column in table.clustering_key] == CLUSTERING[name]
        assert not any(column.is_static for column in table.columns.values())
    assert session.execute("SELECT * FROM alone").column_names == COLUMNS["alone"]
    with pytest.raises(InvalidRequest):
        session.execute("SELECT column1 FROM alone")


def test_bound_values_name_rows_in_full_and_in_part(node, clients):
    session = clients.session("compact")
    short = session.prepare("UPDATE dense SET v = ? WHERE k = ? AND c = ?")
    full = session.prepare("INSERT INTO dense (k, c, d, v) VALUES (?, ?, ?, ?)")
    for c in range(20):
        session.execute(short, (str(c), 7, c))
        session.execute(full, (7, c, -1, str(c)))
    wanted = [(c, d) for c in range(20) for d in (None, -1)]
    for size in (1, 3, 5000):
        read = session.prepare("SELECT c, d FROM dense WHERE k = ?")
        read.fetch_size = size
        assert [tuple(row) for row in session.execute(read, (7,))] == wanted
    session.execute(short, (None, 7, 0))
    assert session.execute("SELECT c, d FROM dense WHERE k = 7 LIMIT 1").one() == (0, -1)


def test_columns_show_when_compactness_is_dropped(node, clients):
    session = clients.session("compact")
    with pytest.raises(InvalidRequest):
        session.execute("ALTER TABLE alone DROP COMPACT STORAGE")
    assert node.stop() == 0
    node.arguments = ["--set", "drop_compact_storage_enabled=true"]
    node.start()

    session = clients.session("compact")
    everything = session.prepare("SELECT * FROM alone")
    assert [tuple(row) for row in session.execute(everything)] == [(1, 2, None)]
    for name in TABLES:
        session.execute(f"ALTER TABLE {name} DROP COMPACT STORAGE")
    assert [tuple(row) for row in session.execute(everything)] == [(1, None, 2, None, None)]
    assert [tuple(row) for row in session.execute("SELECT * FROM dense WHERE k = 1")] == [(1, 2, None, "short"), (1, 2, -3, "long")]
    assert session.execute("SELECT * FROM keys").column_names == ["k", "c", "value"]
    session.cluster.refresh_schema_metadata()
    alone = session.cluster.metadata.keyspaces["compact"].tables["alone"]
    assert not alone.is_compact_storage
    assert list(alone.columns) == ["k", "column1", "a", "b", "value"]
    assert alone.columns["a"].is_static
    with pytest.raises(InvalidRequest):
        session.execute("INSERT INTO dense (k, c, v) VALUES (1, 3, 'short')")
