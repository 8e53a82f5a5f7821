"""The log has a line for each change of schema, roles and permissions, each failed login and each refused connection: who, from where, of what.

Cassandra has its audit log for these, which is another file of another form.
"""

import re
import subprocess

import pytest
from cassandra import InvalidRequest
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import NoHostAvailable

from attack import connect
from clients import Clients
from processes import HENGE, Server, wait_until

ADDRESS = "127.0.11.12"
CROWD = "127.0.0.77"
CONNECTIONS = 30
SETTINGS = ["authenticator=PasswordAuthenticator", "authorizer=CassandraAuthorizer", f"native_transport_max_concurrent_connections_per_ip={CONNECTIONS}"]
REPLICATION = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"
SECRETS = ["s3cret-of-ann", "s3cret-anew", "$2a$10$JSJEMFm6GeaW9XxT5JIheuEtPvat6i7uKbnTcxX3c1wshIIsGyUtG", "s3cret-guess", "value-of-a-row"]
# A line's change, its object and, if it has any, its detail.
STATEMENTS = [
    (f"CREATE KEYSPACE shop {REPLICATION}", "CREATE KEYSPACE", "shop", None),
    (f"ALTER KEYSPACE shop {REPLICATION} AND durable_writes = false", "ALTER KEYSPACE", "shop", None),
    ("CREATE TYPE shop.address (zip text)", "CREATE TYPE", "shop.address", None),
    ("ALTER TYPE shop.address ADD city text", "ALTER TYPE", "shop.address", "ADD city"),
    ("CREATE TABLE shop.buyers (k int PRIMARY KEY, v text)", "CREATE TABLE", "shop.buyers", None),
    ("ALTER TABLE shop.buyers ADD (w int, x int)", "ALTER TABLE", "shop.buyers", "ADD w, x"),
    ("ALTER TABLE shop.buyers DROP x", "ALTER TABLE", "shop.buyers", "DROP x"),
    ("ALTER TABLE shop.buyers RENAME k TO id", "ALTER TABLE", "shop.buyers", "RENAME k TO id"),
    ("ALTER TABLE shop.buyers WITH comment = 'value-of-a-row'", "ALTER TABLE", "shop.buyers", "WITH comment"),
    ("CREATE INDEX by_w ON shop.buyers (w)", "CREATE INDEX", "shop.buyers", "by_w ON w"),
    ("CREATE ROLE ann WITH PASSWORD = 's3cret-of-ann' AND LOGIN = true", "CREATE ROLE", "ann", "PASSWORD, LOGIN = true"),
    ("ALTER ROLE ann WITH PASSWORD = 's3cret-anew'", "ALTER ROLE", "ann", "PASSWORD"),
    (f"ALTER ROLE ann WITH HASHED PASSWORD = '{SECRETS[2]}'", "ALTER ROLE", "ann", "PASSWORD"),
    ("ALTER ROLE ann WITH SUPERUSER = true", "ALTER ROLE", "ann", "SUPERUSER = true"),
    ("CREATE ROLE sellers", "CREATE ROLE", "sellers", None),
    ("GRANT sellers TO ann", "GRANT ROLE", "sellers", "TO ann"),
    ("GRANT ALL ON KEYSPACE shop TO sellers", "GRANT", "<keyspace shop>", re.compile(r".*SELECT, MODIFY.* TO sellers")),
    ("REVOKE MODIFY ON KEYSPACE shop FROM sellers", "REVOKE", "<keyspace shop>", "MODIFY FROM sellers"),
    ("REVOKE sellers FROM ann", "REVOKE ROLE", "sellers", "FROM ann"),
    ("DROP ROLE sellers", "DROP ROLE", "sellers", None),
    ("DROP ROLE ann", "DROP ROLE", "ann", None),
    ("TRUNCATE shop.buyers", "TRUNCATE", "shop.buyers", None),
    ("DROP INDEX shop.by_w", "DROP INDEX", "shop.by_w", None),
    ("DROP TABLE shop.buyers", "DROP TABLE", "shop.buyers", None),
    ("DROP TYPE shop.address", "DROP TYPE", "shop.address", None),
    ("DROP KEYSPACE shop", "DROP KEYSPACE", "shop", None),
]
FIELD = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))')


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    arguments = [part for setting in SETTINGS for part in ("--set", setting)]
    server = Server(tmp_path_factory.mktemp("guarded"), ADDRESS, arguments).start()
    server.password = re.search(r"superuser: cassandra with password (\S+)", server.program.text())[1]
    yield server
    assert server.stop() == 0


@pytest.fixture
def boss(guarded):
    clients = Clients([ADDRESS])
    yield clients.session(auth_provider=PlainTextAuthProvider("cassandra", guarded.password))
    clients.close()


def lines(server, words):
    """The fields of each line with these words, and its level."""
    found = [line for line in server.program.text().splitlines() if f": {words} " in line]
    return [{"level": line.split()[1]} | {name: quoted or plain for name, quoted, plain in FIELD.findall(line)} for line in found]


def changes(server):
    return [line for words in ("the schema was changed", "roles were changed", "permissions were changed") for line in lines(server, words)]


def is_as_told(line, change, thing, detail):
    told = line.get("detail")
    agrees = detail.fullmatch(told or "") if isinstance(detail, re.Pattern) else told == detail
    return agrees and (line["level"], line["change"], line["object"]) == ("INFO", change, thing)


def test_each_change_names_itself_its_object_and_who_made_it(guarded, boss):
    for statement, change, thing, detail in STATEMENTS:
        before = len(changes(guarded))
        boss.execute(statement)
        if change == "CREATE TABLE":
            boss.execute("INSERT INTO shop.buyers (k, v) VALUES (1, 'value-of-a-row')")
        own = [line for line in changes(guarded) if is_as_told(line, change, thing, detail) and line["role"] == "cassandra"]
        assert len(changes(guarded)) == before + 1 and own, (statement, changes(guarded))
        assert all(line["client"].startswith("127.0.") for line in own), own


def test_what_changes_nothing_leaves_no_line(guarded, boss):
    boss.execute(f"CREATE KEYSPACE idle {REPLICATION}")
    before = len(changes(guarded))
    boss.execute(f"CREATE KEYSPACE IF NOT EXISTS idle {REPLICATION}")
    boss.execute("DROP TABLE IF EXISTS idle.t")
    with pytest.raises(InvalidRequest):
        boss.execute("TRUNCATE idle.t")
    assert len(changes(guarded)) == before


def test_failed_logins_are_told_once_and_then_counted(guarded, boss):
    for _ in range(4):
        clients = Clients([ADDRESS])
        with pytest.raises(NoHostAvailable):
            clients.session(auth_provider=PlainTextAuthProvider("mallory", "s3cret-guess"))
        clients.close()
    of_mallory = lambda: [line for line in lines(guarded, "a login failed") if line.get("role") == "mallory"]
    repeats = lambda: sum(int(line["repeats"]) for line in of_mallory() if "repeats" in line)
    wait_until(lambda: repeats() == 3, "the repeats are counted")
    first, *others = of_mallory()
    assert first["level"] == "WARN" and first["client"].startswith("127.0.") and "incorrect" in first["reason"], first
    assert len(others) < 3, others


def test_a_name_begins_no_line(guarded):
    name = "eve\n2026-01-01T00:00:00Z  INFO all is well"
    clients = Clients([ADDRESS])
    with pytest.raises(NoHostAvailable):
        clients.session(auth_provider=PlainTextAuthProvider(name, "s3cret-guess"))
    clients.close()
    text = guarded.program.text()
    assert "eve\\n2026" in text and "\n2026-01-01T00:00:00Z  INFO all is well" not in text


def test_refused_connections_are_told(guarded):
    crowd = [connect(ADDRESS, source=CROWD) for _ in range(CONNECTIONS + 3)]
    told = wait_until(lambda: lines(guarded, "a connection was refused"), "the log tells of it")
    assert (told[0]["level"], told[0]["client"]) == ("WARN", CROWD), told
    assert "native_transport_max_concurrent_connections_per_ip" in told[0]["reason"], told
    for stream in crowd:
        stream.close()


def test_snapshots_are_told(guarded):
    admin = lambda *arguments: subprocess.run([HENGE, "admin", "--data-directory", str(guarded.directory / "data"), *arguments], check=True, capture_output=True)
    admin("snapshot", "-t", "monday")
    admin("clearsnapshot", "-t", "monday")
    operations = [line for line in guarded.program.text().splitlines() if "an operation has" in line]
    assert len([line for line in operations if "operation=snapshot monday" in line]) == 2, operations
    assert [line["name"] for line in lines(guarded, "a snapshot was removed")] == ["monday"]


def test_no_password_and_no_value_is_in_the_log(guarded):
    text = guarded.program.text()
    assert "CREATE ROLE" in text and "a login failed" in text, "the tests before it have filled the log"
    assert [secret for secret in SECRETS if secret in text] == []
