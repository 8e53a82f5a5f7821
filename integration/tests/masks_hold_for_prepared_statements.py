"""Masks are looked at when a statement is executed, not when it is prepared; they outlast a restart, and page by page no value is shown clear."""

import pytest

from guarded import Users
from processes import Server

ADDRESS = "127.0.11.8"
SETTINGS = ("authenticator=PasswordAuthenticator", "authorizer=CassandraAuthorizer", "dynamic_data_masking_enabled=true")
STATEMENTS = (
    "CREATE KEYSPACE m WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    "CREATE TABLE m.t (k int PRIMARY KEY, v int MASKED WITH DEFAULT)",
    "CREATE ROLE reader WITH PASSWORD = 'reader' AND LOGIN = true",
    "GRANT SELECT ON m.t TO reader",
) + tuple(f"INSERT INTO m.t (k, v) VALUES ({k}, {k + 100})" for k in range(20))


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("HENGE_SUPERUSER_PASSWORD", "cassandra")
    server = Server(tmp_path, ADDRESS, [part for setting in SETTINGS for part in ("--set", setting)]).start()
    yield server
    assert server.stop() == 0


def test_prepared_statements_follow_permissions_and_masks(server):
    users = Users(ADDRESS)
    for statement in STATEMENTS:
        assert users.answer(f"cassandra|{statement}") == {}
    reader, superuser = users.session("reader"), users.session("cassandra")
    by_reader = reader.prepare("SELECT v FROM m.t WHERE k = ?")
    by_superuser = superuser.prepare("SELECT v FROM m.t WHERE k = ?")

    def seen():
        # More than once, for a row in memory is answered on another way than one that has to be read.
        return {(reader.execute(by_reader, [5]).one()[0], superuser.execute(by_superuser, [5]).one()[0]) for _ in range(3)}

    assert seen() == {(0, 105)}
    users.answer("cassandra|GRANT UNMASK ON m.t TO reader")
    assert seen() == {(105, 105)}
    users.answer("cassandra|REVOKE UNMASK ON m.t FROM reader")
    assert seen() == {(0, 105)}
    users.answer("cassandra|ALTER TABLE m.t ALTER v DROP MASKED")
    assert seen() == {(105, 105)}
    users.answer("cassandra|ALTER TABLE m.t ALTER v MASKED WITH mask_replace(9)")
    assert seen() == {(9, 105)}
    reader.default_fetch_size = 3
    assert {row[0] for row in reader.execute("SELECT v FROM m.t")} == {9}
    assert reader.execute("SELECT max(v) FROM m.t").one()[0] == 9
    users.close()


def test_masks_outlast_a_restart(server):
    users = Users(ADDRESS)
    for statement in STATEMENTS:
        assert users.answer(f"cassandra|{statement}") == {}
    users.close()
    assert server.stop() == 0
    server.start()
    users = Users(ADDRESS)
    assert users.answer("reader|SELECT v FROM m.t WHERE k = 5") == {"rows": [[0]]}
    assert users.answer("cassandra|SELECT v FROM m.t WHERE k = 5") == {"rows": [[105]]}
    assert users.answer("cassandra|SELECT column_name, function_name FROM system_schema.column_masks") == {
        "rows": [["v", "mask_default"]]
    }
    users.close()
