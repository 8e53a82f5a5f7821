"""Clients log in, and may do what their role was granted: from the first start to a role that is gone."""

import os
import re
import subprocess

import pytest
from cassandra import AuthenticationFailed, ConsistencyLevel, InvalidRequest, Unauthorized
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import NoHostAvailable
from cassandra.query import BatchStatement

from clients import Clients
from processes import CQL_PORT, HENGE, Server, answers, wait_until

ADDRESS = "127.0.11.3"
PASSWORDS = ["--set", "authenticator=PasswordAuthenticator", "--set", "authorizer=CassandraAuthorizer"]
REPLICATION = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A node with passwords and permissions, with the password that its first start made up."""
    server = Server(tmp_path_factory.mktemp("guarded"), ADDRESS, PASSWORDS).start()
    server.password = re.search(r"superuser: cassandra with password (\S+)", server.program.text())[1]
    yield server
    assert server.stop() == 0


@pytest.fixture
def log_in(guarded):
    """Opens sessions as roles; a role's password is its name unless another is given."""
    opened = []

    def session(role="cassandra", password=None, **options):
        default = guarded.password if role == "cassandra" else role
        clients = Clients([ADDRESS])
        opened.append(clients)
        return clients.session(auth_provider=PlainTextAuthProvider(role, password or default), **options)

    yield session
    for clients in opened:
        clients.close()


@pytest.fixture
def boss(log_in):
    return log_in()


def role(boss, name, more=""):
    boss.execute(f"CREATE ROLE {name} WITH PASSWORD = '{name}' AND LOGIN = true {more}")


def table(boss, keyspace):
    boss.execute(f"CREATE KEYSPACE {keyspace} {REPLICATION}")
    boss.execute(f"CREATE TABLE {keyspace}.t (k int PRIMARY KEY, v int)")


def refused(log_in, *who):
    with pytest.raises(NoHostAvailable) as caught:
        log_in(*who)
    (error,) = caught.value.errors.values()
    assert isinstance(error, AuthenticationFailed)
    return str(error)


def denied(call, *arguments):
    with pytest.raises(Unauthorized) as caught:
        call(*arguments)
    return re.search(r'message="(.*)"', str(caught.value))[1]


def wrong(session, statement):
    with pytest.raises(InvalidRequest) as caught:
        session.execute(statement)
    return re.search(r'message="(.*)"', str(caught.value))[1]


@pytest.mark.parametrize("version", [3, 4, 5])
def test_a_password_is_asked_for(log_in, version):
    assert log_in(version=version).execute("SELECT key FROM system.local").one().key == "local"


def test_wrong_passwords_and_names_are_told_alike(log_in, boss):
    role(boss, "mallory")
    boss.execute("CREATE ROLE nologin WITH PASSWORD = 'nologin'")
    assert "Provided username mallory and/or password are incorrect" in refused(log_in, "mallory", "wrong")
    assert "Provided username nobody and/or password are incorrect" in refused(log_in, "nobody", "wrong")
    assert "nologin is not permitted to log in" in refused(log_in, "nologin")


def test_nothing_is_served_before(guarded):
    clients = Clients([ADDRESS])
    with pytest.raises(NoHostAvailable):
        clients.session()
    clients.close()


def test_a_changed_password_holds_at_once(log_in, boss):
    role(boss, "changer")
    own = log_in("changer")
    own.execute("ALTER ROLE changer WITH PASSWORD = 'another'")
    assert "incorrect" in refused(log_in, "changer", "changer")
    log_in("changer", "another")
    boss.execute("ALTER ROLE changer WITH HASHED PASSWORD = '$2a$10$JSJEMFm6GeaW9XxT5JIheuEtPvat6i7uKbnTcxX3c1wshIIsGyUtG'")
    assert "incorrect" in refused(log_in, "changer", "another")


def test_reads_and_writes_need_permissions(log_in, boss):
    table(boss, "shop")
    role(boss, "ann")
    ann = log_in("ann")
    no = "User ann has no {} permission on <table shop.t> or any of its parents".format
    select, insert = ann.prepare("SELECT * FROM shop.t WHERE k = 1"), ann.prepare("INSERT INTO shop.t (k, v) VALUES (?, ?)")
    assert denied(ann.execute, "SELECT * FROM shop.t") == no("SELECT")
    assert denied(ann.execute, select) == no("SELECT")
    assert denied(ann.execute, insert, (1, 2)) == no("MODIFY")
    batch = BatchStatement(consistency_level=ConsistencyLevel.ONE)
    batch.add(insert, (1, 2))
    assert denied(ann.execute, batch) == no("MODIFY")
    for statement in ("UPDATE shop.t SET v = 1 WHERE k = 1", "DELETE FROM shop.t WHERE k = 1", "TRUNCATE shop.t"):
        assert denied(ann.execute, statement) == no("MODIFY")
    assert denied(ann.execute, "ALTER TABLE shop.t ADD w int") == no("ALTER")
    assert denied(ann.execute, "DROP TABLE shop.t") == no("DROP")
    assert denied(ann.execute, f"CREATE KEYSPACE own {REPLICATION}").endswith("CREATE permission on <all keyspaces> or any of its parents")

    boss.execute("GRANT MODIFY ON KEYSPACE shop TO ann")
    ann.execute(batch)
    assert denied(ann.execute, select) == no("SELECT")
    boss.execute("GRANT SELECT ON shop.t TO ann")
    assert ann.execute(select).one() == (1, 2)
    boss.execute("REVOKE SELECT ON shop.t FROM ann")
    # At once, and for what is prepared already.
    assert denied(ann.execute, select) == no("SELECT")


def test_roles_hand_down_what_they_may(log_in, boss):
    table(boss, "library")
    role(boss, "reader")
    boss.execute("CREATE ROLE staff")
    boss.execute("CREATE ROLE people")
    boss.execute("GRANT people TO staff")
    boss.execute("GRANT staff TO reader")
    reader = log_in("reader")
    boss.execute("GRANT SELECT ON ALL TABLES IN KEYSPACE library TO people")
    assert list(reader.execute("SELECT * FROM library.t")) == []
    assert [row.role for row in reader.execute("LIST ROLES")] == ["people", "reader", "staff"]
    assert [row.role for row in reader.execute("LIST ROLES OF reader NORECURSIVE")] == ["reader", "staff"]
    listed = list(reader.execute("LIST ALL PERMISSIONS OF reader"))
    assert listed == [("people", "people", "<all tables in library>", "SELECT")]
    assert wrong(boss, "GRANT reader TO people") == "reader is a member of people"
    boss.execute("REVOKE people FROM staff")
    assert "no SELECT permission" in denied(reader.execute, "SELECT * FROM library.t")


def test_creators_own_what_they_make(log_in, boss):
    role(boss, "maker")
    boss.execute("GRANT CREATE ON ALL KEYSPACES TO maker")
    boss.execute("GRANT CREATE ON ALL ROLES TO maker")
    maker = log_in("maker")
    table(maker, "made")
    maker.execute("INSERT INTO made.t (k, v) VALUES (1, 2)")
    maker.execute("CREATE ROLE helper")
    maker.execute("GRANT SELECT ON made.t TO helper")
    assert "<all keyspaces>" in denied(maker.execute, "GRANT SELECT ON ALL KEYSPACES TO helper")
    assert denied(maker.execute, "CREATE ROLE root WITH SUPERUSER = true") == "Only superusers can create a role with superuser status"
    maker.execute("DROP KEYSPACE made")
    left = {row.resource for row in maker.execute("LIST ALL PERMISSIONS OF maker")}
    assert left == {"<all keyspaces>", "<all roles>", "<role helper>"}


def test_strangers_learn_little(log_in, boss):
    role(boss, "stranger")
    stranger = log_in("stranger")
    assert denied(stranger.execute, "LIST ALL PERMISSIONS") == "You are not authorized to view everyone's permissions"
    assert denied(stranger.execute, "LIST ROLES OF cassandra") == "You are not authorized to view roles granted to cassandra "
    assert "<table system_auth.roles>" in denied(stranger.execute, "SELECT * FROM system_auth.roles")
    insufficient = "User stranger does not have sufficient privileges to perform the requested operation"
    for statement in ("CREATE ROLE x", "DROP ROLE cassandra", "ALTER ROLE cassandra WITH LOGIN = false", "GRANT cassandra TO stranger"):
        assert denied(stranger.execute, statement) == insufficient
    assert denied(stranger.execute, "ALTER ROLE stranger WITH LOGIN = true") == "You aren't allowed to alter LOGIN"
    # What drivers need.
    for name in ("system.local", "system.peers_v2", "system_schema.tables", "system_virtual_schema.keyspaces"):
        stranger.execute(f"SELECT * FROM {name}")
    assert "system_auth" in [row.name for row in stranger.execute("DESCRIBE KEYSPACES")]


def test_roles_are_told_as_cassandra_tells_them(boss):
    boss.execute("CREATE USER IF NOT EXISTS clerk WITH PASSWORD 'clerk' NOSUPERUSER")
    row = boss.execute("LIST ROLES OF clerk").one()
    assert row == ("clerk", False, True, {}, "ALL") and row._fields == ("role", "super", "login", "options", "datacenters")
    assert ("clerk", False, "ALL") in list(boss.execute("LIST USERS"))
    boss.execute("CREATE ROLE office")
    boss.execute("GRANT office TO clerk")
    boss.execute("GRANT ALTER, DESCRIBE ON ROLE office TO clerk")
    row = boss.execute("SELECT * FROM system_auth.roles WHERE role = 'clerk'").one()
    assert (row.can_login, row.is_superuser, list(row.member_of)) == (True, False, ["office"])
    assert row.salted_hash.startswith("$2a$10$")
    assert list(boss.execute("SELECT member FROM system_auth.role_members WHERE role = 'office'")) == [("clerk",)]
    row = boss.execute("SELECT permissions FROM system_auth.role_permissions WHERE role = 'clerk' AND resource = 'roles/office'").one()
    assert list(row.permissions) == ["ALTER", "DESCRIBE"]
    again = boss.execute_async("GRANT ALTER ON ROLE office TO clerk")
    again.result()
    assert again.warnings == ["Role 'clerk' was already granted ALTER on <role office>"]


@pytest.mark.parametrize(
    "statement, message",
    [
        ("CREATE ROLE cassandra", "cassandra already exists"),
        ("CREATE ROLE ''", "Role name can't be an empty string"),
        ("CREATE ROLE x WITH HASHED PASSWORD = 'x'", "Invalid hashed password value. Please use jBcrypt."),
        ("CREATE ROLE x WITH OPTIONS = {'a': 'b'}", "org.apache.cassandra.auth.CassandraRoleManager doesn't support OPTIONS"),
        ("ALTER ROLE nobody WITH LOGIN = true", "Role nobody doesn't exist"),
        ("ALTER ROLE cassandra", "ALTER [ROLE|USER] can't be empty"),
        ("DROP ROLE nobody", "nobody doesn't exist"),
        ("DROP ROLE cassandra", "Cannot DROP primary role for current login"),
        ("LIST ROLES OF nobody", "<role nobody> doesn't exist"),
        ("GRANT SELECT ON nowhere.t TO cassandra", "Resource <table nowhere.t> doesn't exist"),
        ("GRANT SELECT ON ALL KEYSPACES TO nobody", "Role nobody doesn't exist"),
        ("LIST ALL PERMISSIONS ON KEYSPACE nowhere", "<keyspace nowhere> doesn't exist"),
    ],
)
def test_mistakes_have_cassandras_words(boss, statement, message):
    assert wrong(boss, statement) == message


def test_a_dropped_role_may_nothing(log_in, boss):
    role(boss, "leaver")
    table(boss, "office")
    boss.execute("GRANT SELECT ON office.t TO leaver")
    leaver = log_in("leaver")
    leaver.execute("SELECT * FROM office.t")
    boss.execute("DROP ROLE leaver")
    assert "no SELECT permission" in denied(leaver.execute, "SELECT * FROM office.t")
    assert "incorrect" in refused(log_in, "leaver")


def cqlsh(tmp_path, *arguments):
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    command = ["cqlsh", "--no-color", ADDRESS, str(CQL_PORT), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_cqlsh_logs_in(log_in, boss, tmp_path):
    role(boss, "operator")
    process = cqlsh(tmp_path, "-u", "operator", "-p", "operator", "-e", "SELECT key FROM system.local; LIST ROLES")
    assert process.returncode == 0 and "operator" in process.stdout, process
    process = cqlsh(tmp_path, "-u", "operator", "-p", "wrong", "-e", "SELECT key FROM system.local")
    assert process.returncode != 0 and "Provided username operator and/or password are incorrect" in process.stderr, process
    process = cqlsh(tmp_path, "-u", "operator", "-p", "operator", "-e", f"LOGIN cassandra '{boss.cluster.auth_provider.password}'; LIST USERS")
    assert process.returncode == 0 and "operator" in process.stdout, process


def test_our_shell_logs_in(boss, tmp_path):
    role(boss, "sheller")
    command = [HENGE, "shell", ADDRESS, "-u", "sheller", "-e", "SELECT key FROM system.local; LIST ROLES"]

    def run(password):
        environment = {"HOME": str(tmp_path), "CQLSH_PASSWORD": password} if password else {"HOME": str(tmp_path)}
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, start_new_session=True)

    process = run("sheller")
    assert process.returncode == 0 and "sheller" in process.stdout, process
    assert "Provided username sheller and/or password are incorrect" in run("wrong").stderr
    assert "give it with -p" in run(None).stderr


def test_bench_logs_in(guarded, tmp_path):
    command = [HENGE, "bench", "--hosts", f"{ADDRESS}:{CQL_PORT}", "-u", "cassandra", "--fill", "--rows", "10", "--seconds", "1", "--warm-up", "0"]

    def run(password):
        environment = {"HOME": str(tmp_path), "CQLSH_PASSWORD": password}
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    done = run(guarded.password)
    assert done.returncode == 0 and "wrote 10 rows" in done.stdout, done
    refused = run("wrong")
    assert refused.returncode != 0 and "Provided username cassandra and/or password are incorrect" in refused.stderr, refused


def test_roles_survive_a_restart_and_the_password_is_shown_once(guarded, log_in, boss):
    role(boss, "stayer")
    boss.cluster.shutdown()
    guarded.restart()
    assert guarded.program.text().count("superuser: cassandra with password") == 1
    log_in("stayer")
    assert log_in().execute("LIST ROLES OF stayer").one().login


def test_a_first_password_can_be_given(tmp_path, monkeypatch):
    monkeypatch.setenv("HENGE_SUPERUSER_PASSWORD", "given")
    server = Server(tmp_path, "127.0.11.4", PASSWORDS).start()
    clients = Clients(["127.0.11.4"])
    try:
        session = clients.session(auth_provider=PlainTextAuthProvider("cassandra", "given"))
        assert "password given" not in server.program.text()
        # Nobody can log in any more, until a start that says so.
        session.execute("ALTER ROLE cassandra WITH LOGIN = false")
        clients.close()
        assert server.stop() == 0
        monkeypatch.setenv("HENGE_SUPERUSER_PASSWORD", "again")
        monkeypatch.setenv("HENGE_SUPERUSER_RESET", "true")
        server.start()
        clients.session(auth_provider=PlainTextAuthProvider("cassandra", "again"))
    finally:
        clients.close()
        assert server.stop() == 0


def test_without_passwords_there_is_nobody_to_grant_to(tmp_path):
    server = Server(tmp_path, "127.0.11.5").start()
    clients = Clients(["127.0.11.5"])
    try:
        session = clients.session()
        anonymous = "You have to be logged in and not anonymous to perform this request"
        for statement in ("CREATE ROLE r", "LIST ROLES", "GRANT a TO b", "LIST ALL PERMISSIONS", "DROP ROLE r", "GRANT SELECT ON ALL KEYSPACES TO r"):
            assert denied(session.execute, statement) == anonymous
        assert denied(session.execute, "CREATE ROLE r WITH SUPERUSER = true") == "Only superusers can create a role with superuser status"
    finally:
        clients.close()
        assert server.stop() == 0


def test_off_loopback_somebody_has_to_log_in(tmp_path):
    server = Server(tmp_path, "127.0.11.6", ["--set", "rpc_address=0.0.0.0", "--set", "native_transport_port=9943"]).launch()
    wait_until(lambda: server.program.process.poll() is not None, "it refuses to start", 30)
    assert server.program.process.returncode != 0
    assert "set authenticator: PasswordAuthenticator" in server.program.text() and not answers("127.0.11.6")
