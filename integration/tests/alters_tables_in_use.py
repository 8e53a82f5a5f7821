"""ALTER TABLE while clients use the table: prepared statements go on, drivers learn of it, and nothing of a dropped column is left."""

from processes import wait_until


def test_a_prepared_statement_goes_on(node, clients):
    session = clients.keyspace("altered")
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
    insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    everything = session.prepare("SELECT * FROM t WHERE k = ?")
    session.execute(insert, (1, "before"))
    assert tuple(session.execute(everything, (1,)).one()) == (1, "before")

    session.execute("ALTER TABLE t ADD (a int, w set<text>)")
    session.execute("UPDATE t SET w = {'x'}, a = 7 WHERE k = 1")
    row = session.execute(everything, (1,)).one()
    assert (row.k, row.a, row.v, set(row.w)) == (1, 7, "before", {"x"})
    session.execute(insert, (2, "after"))

    session.execute("ALTER TABLE t DROP a")
    row = session.execute(everything, (1,)).one()
    assert row._fields == ("k", "v", "w")
    session.execute("ALTER TABLE t ADD a int")
    assert session.execute(everything, (1,)).one().a is None


def test_drivers_learn_of_it(node, clients):
    session = clients.keyspace("learnt")
    watcher = clients.session("learnt")
    session.execute("CREATE TABLE t (k int, c int, v text, PRIMARY KEY (k, c))")
    tables = watcher.cluster.metadata.keyspaces["learnt"].tables
    wait_until(lambda: "t" in tables, "the table is known")
    session.execute("ALTER TABLE t ADD s int STATIC")
    wait_until(lambda: "s" in tables["t"].columns and tables["t"].columns["s"].is_static, "the column is known")
    session.execute("ALTER TABLE t RENAME c TO d")
    wait_until(lambda: [column.name for column in tables["t"].clustering_key] == ["d"], "the name is known")
    session.execute("ALTER TABLE t WITH comment = 'new'")
    wait_until(lambda: tables["t"].options["comment"] == "new", "the comment is known")
