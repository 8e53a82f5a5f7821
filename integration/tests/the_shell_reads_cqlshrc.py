"""`henge shell` reads the files of cqlsh, ~/.cassandra/cqlshrc and ~/.cassandra/credentials, and does as they say."""

import os
import subprocess
import uuid

import pytest

from processes import CQL_PORT, HENGE, Server, wait_until

SHELLS = {"henge": [HENGE, "shell"], "cqlsh": ["cqlsh"]}
ADDRESS = "127.0.37.14"
PASSWORD = "of the superuser"
MADE = """
CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
CREATE TABLE k.t (k int PRIMARY KEY, at timestamp, f float, d double, l list<double>);
INSERT INTO k.t (k, at, f, d, l) VALUES (1, '2024-02-29 10:11:12.345Z', 1.23456789, 2.3456789012345, [0.3333333333, 123456.789]);
INSERT INTO k.t (k, at, f, d, l) VALUES (2, '1950-07-01 00:00:00Z', 100000, 0.00001234567, [1e20]);
"""


def home(folder, cqlshrc="", credentials=None, mode=0o600):
    """A home folder with the files."""
    settings = folder / ".cassandra"
    settings.mkdir(parents=True)
    (settings / "cqlshrc").write_text(cqlshrc)
    (settings / "cqlshrc").chmod(0o600)
    if credentials is not None:
        (settings / "credentials").write_text(credentials)
        (settings / "credentials").chmod(mode)
    return folder


def run(shell, home, *arguments, **environment):
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | environment
    return subprocess.run([*SHELLS[shell], *map(str, arguments)], env=environment, cwd=home, capture_output=True, text=True, timeout=60)


def lines(text):
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def alike(home, *arguments, **environment):
    """What both shells print."""
    done = {shell: run(shell, home, *arguments, **environment) for shell in SHELLS}
    assert all(process.returncode == 0 for process in done.values()), done
    assert lines(done["henge"].stdout) == lines(done["cqlsh"].stdout), done
    return done["henge"].stdout


@pytest.fixture(scope="module")
def made(node, tmp_path_factory):
    done = run("henge", tmp_path_factory.mktemp("home"), node.address, "-e", MADE)
    assert done.returncode == 0, done
    return node


@pytest.mark.parametrize(
    "ui, environment",
    [
        ("", {}),
        ("time_format = %d/%m/%Y %H:%M:%S.%f %z\ntimezone = Asia/Kolkata\nfloat_precision = 3\ndouble_precision = 11\ncolor = no", {}),
        ("time_format = %A %j %p %y\nfloat_precision: 0", {"TZ": "America/New_York"}),
        ("timezone = Asia/Kolkata", {"TZ": "Europe/Berlin"}),
        ("time_format = %Y-%m-%dT%H:%M:%S%z\ntimezone = Europe/Paris\nunknown_key = 1", {"CQLSH_DEFAULT_TIMESTAMP_FORMAT": "%s"}),
        ("timezone = Europe/Paris", {"CQLSH_DEFAULT_TIMESTAMP_FORMAT": "%H:%M"}),
    ],
)
def test_values_look_as_in_cqlsh(made, tmp_path, ui, environment):
    text = f"[ui]\n{ui}\n[another]\nx = y\n"
    shown = alike(home(tmp_path / "home", text), made.address, "-e", "SELECT at, f, d, l FROM k.t", **environment)
    assert "(2 rows)" in shown, shown


def test_colours_are_those_of_the_file_unless_the_command_line_says_otherwise(made, tmp_path):
    folder = home(tmp_path / "home", "[ui]\ncolor = on\n")
    for shell in SHELLS:
        coloured, plain = (run(shell, folder, made.address, "-e", "SELECT k FROM k.t", *flags).stdout for flags in ([], ["--no-color"]))
        assert "\x1b[" in coloured and "\x1b[" not in plain, (shell, coloured, plain)


def test_the_node_is_found_in_the_order_of_cqlsh(made, tmp_path):
    good = home(tmp_path / "good", f"[connection]\nhostname = {made.address}\nport = {CQL_PORT}\n[authentication]\nkeyspace = k\n")
    bad = home(tmp_path / "bad", "[connection]\nhostname = 127.0.37.99\nport = 1\ntimeout = 1\n")
    asked = ("--no-color", "-e", "SELECT k FROM t WHERE k = 1")
    assert "(1 rows)" in alike(good, *asked)
    assert "(1 rows)" in alike(bad, "-k", "k", *asked, CQLSH_HOST=made.address, CQLSH_PORT=str(CQL_PORT))
    assert "(1 rows)" in alike(bad, *asked, "-k", "k", made.address, CQL_PORT, CQLSH_HOST="127.0.37.98", CQLSH_PORT="2")
    assert "(1 rows)" in alike(bad, *asked, "--cqlshrc", good / ".cassandra" / "cqlshrc")
    for shell in SHELLS:
        assert run(shell, bad, *asked).returncode != 0
        missing = run(shell, good, *asked, "--cqlshrc", tmp_path / "nowhere")
        assert missing.returncode == 0 and f"{tmp_path}/nowhere" in missing.stderr + missing.stdout and "does not exist" in missing.stderr + missing.stdout, missing


def test_sections_of_copy_apply(made, tmp_path):
    text = "[ui]\ntime_format = %Y/%m/%d\n[copy]\nheader = true\nchunksize = 10\n[copy-to]\nnull = nothing\n[copy:k.t]\ndelimiter = |\n[copy:k.other]\ndelimiter = ;\n"
    copied = alike(home(tmp_path / "home", text), "--no-color", made.address, "-e", "COPY k.t (k, at) TO STDOUT WITH NUMPROCESSES = 1")
    assert lines(copied)[0] == "k|at" and "1|2024/02/29" in copied, copied


def test_the_version_of_cql_has_to_be_spoken(made, tmp_path):
    for number, (version, good) in enumerate([("3.4.7", True), ("3.9", False)]):
        folder = home(tmp_path / str(number), f"[cql]\nversion = {version}\n[protocol]\nversion = 4\n")
        for shell in SHELLS:
            done = run(shell, folder, made.address, "--no-color", "-e", "SELECT k FROM k.t")
            assert (done.returncode == 0) is good, done
    assert "does not speak CQL 3.9.0" in run("henge", folder, made.address, "-e", "SELECT k FROM k.t").stderr
    assert "Native protocol v4" in run("henge", home(tmp_path / "v4", "[protocol]\nversion = 4\n"), made.address, "-e", "SHOW VERSION").stdout


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("[connection]\nport = many\n", 'cqlshrc: port in [connection] cannot be "many": expected the number of a port'),
        ("[ui]\nfloat_precision = x\n", 'cqlshrc: float_precision in [ui] cannot be "x": expected a number of digits'),
        ("[ui]\ncolor = maybe\n", 'cqlshrc: color in [ui] cannot be "maybe": expected true or false'),
        ("[tracing]\nmax_trace_wait = -1\n", 'cqlshrc: max_trace_wait in [tracing] cannot be "-1": expected a number of seconds'),
        ("hostname = x\n", 'cqlshrc, line 1: "hostname = x" is neither a [section] nor an option of one'),
    ],
)
def test_a_bad_value_is_a_sentence(made, tmp_path, text, sentence):
    done = run("henge", home(tmp_path / "home", text), made.address, "-e", "SELECT k FROM k.t")
    assert done.returncode != 0 and sentence in done.stderr and done.stdout == "", done


def test_what_has_no_effect_is_told_and_what_is_unknown_is_not(made, tmp_path):
    text = "[ui]\nbrowser = firefox\nencoding = latin-1\nnew_key = 1\n[connection]\nclient_timeout = 3\n[future]\nx = 1\n"
    done = run("henge", home(tmp_path / "home", text), made.address, "-e", "SELECT k FROM k.t")
    assert done.returncode == 0 and done.stderr.count("Warning: ") == 3 == done.stderr.count("has no effect"), done
    assert "its name is request_timeout" in done.stderr and "new_key" not in done.stderr, done


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    settings = ["authenticator=PasswordAuthenticator", f"superuser_password={PASSWORD}"]
    server = Server(tmp_path_factory.mktemp("node"), ADDRESS, [part for setting in settings for part in ("--set", setting)]).start()
    yield server
    assert server.stop() == 0


def test_credentials_are_found_as_by_cqlsh(guarded, tmp_path):
    asked = ("--no-color", ADDRESS, "-e", "SELECT role FROM system_auth.roles")
    right = f"username = cassandra\npassword = {PASSWORD}\n"
    wrong = "username = cassandra\npassword = wrong\n"
    homes = {
        "file": home(tmp_path / "file", credentials=f"[plain_text_auth]\n{right}"),
        "provider": home(tmp_path / "provider", credentials=f"[PlainTextAuthProvider]\n{right}"),
        "over": home(tmp_path / "over", f"[authentication]\n{wrong}", credentials=f"[plain_text_auth]\n{right}"),
        "rc": home(tmp_path / "rc", f"[authentication]\n{right}"),
        "named": home(tmp_path / "named", f"[authentication]\ncredentials = {tmp_path}/file/.cassandra/credentials\n"),
    }
    for folder in homes.values():
        assert "cassandra" in alike(folder, *asked)
    assert "cassandra" in alike(home(tmp_path / "none"), *asked, "--credentials", homes["file"] / ".cassandra" / "credentials")
    told = {shell: run(shell, homes["rc"], *asked).stderr for shell in SHELLS}
    assert all("deprecated" in text for text in told.values()), told
    assert all("deprecated" not in run(shell, homes["file"], *asked).stderr for shell in SHELLS)


def test_credentials_that_others_may_read_are_not_used(guarded, tmp_path):
    folder = home(tmp_path / "home", credentials=f"[plain_text_auth]\nusername = cassandra\npassword = {PASSWORD}\n", mode=0o644)
    for shell in SHELLS:
        done = run(shell, folder, "--no-color", ADDRESS, "-e", "SELECT role FROM system_auth.roles")
        assert done.returncode != 0 and "not used" in done.stderr, done


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory):
    """The certificates, and a node that asks clients for theirs."""
    folder, own = tmp_path_factory.mktemp("certificates"), "127.0.37.15"

    def henge(*arguments):
        subprocess.run([HENGE, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)

    henge("cert", "ca", "--directory", folder)
    henge("cert", "node", "--authority", folder, "--directory", folder / "node", "--host-id", uuid.uuid4(), "--name", own)
    henge("cert", "client", "--authority", folder, "--directory", folder, "reporter")
    settings = {"enabled": "true", "certificate": folder / "node" / "node.pem", "key": folder / "node" / "node.key", "require_client_auth": "true", "truststore": folder / "ca.pem"}
    flags = [part for name, value in settings.items() for part in ("--set", f"client_encryption_options_{name}={value}")]
    server = Server(tmp_path_factory.mktemp("node"), own, flags).launch()
    wait_until(lambda: server.program.alive() and "ready: " in server.program.text(), "the server is ready")
    yield own, folder
    assert server.stop() == 0


def test_certificates_are_those_of_the_file(encrypted, tmp_path):
    address, folder = encrypted
    own = f"usercert = {folder}/reporter.pem\nuserkey = {folder}/reporter.key\n"
    asked = ("--no-color", address, "-e", "SELECT cluster_name FROM system.local")
    on = "[connection]\nssl = true\n[ssl]\n"
    for number, text in enumerate([f"{on}certfile = {folder}/ca.pem\n{own}", f"{on}{own}certfile = /nowhere.pem\n[certfiles]\n{address} = {folder}/ca.pem\n", f"{on}validate = false\n{own}"]):
        assert "Test Cluster" in alike(home(tmp_path / str(number), text), *asked)
    for number, text in enumerate([f"{on}certfile = {folder}/ca.pem\n", f"{on}{own}"]):
        folder_of_none = home(tmp_path / f"none{number}", text)
        assert all(run(shell, folder_of_none, *asked).returncode != 0 for shell in SHELLS)
