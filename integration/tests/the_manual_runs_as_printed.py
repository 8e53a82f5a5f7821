"""The commands of docs/operating and of errors, run as they are printed: a cluster with certificates, and the ways out that refusals name."""

import os
import re
import shlex
import shutil
import signal
import ssl
import subprocess
from pathlib import Path

import pytest
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import NoHostAvailable

from clients import Clients, ConsistencyLevel
from processes import HENGE, Program, answers, wait_until

ROOT = Path(__file__).parents[2]
OPERATING = ROOT / "docs/operating/README.md"
SECURITY = ROOT / "docs/operating/security.md"
NODES = (1, 2, 3)


def section(page, title):
    """The text below a heading, up to the next one of any level."""
    return re.split(r"\n##+ ", page.read_text().split(f"# {title}\n")[1])[0]


def blocks(text, language=""):
    """The contents of fenced blocks of a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for tag, block in found if tag == language]


def command_lines(text):
    lines = [line.split("   #")[0].strip() for block in blocks(text) for line in block.splitlines()]
    return [line for line in lines if line.startswith("henge ")]


@pytest.fixture
def folder(tmp_path):
    """A folder with the program `henge` in its path, and the repository's config beside it as in a clone."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/henge").symlink_to(HENGE)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path


def environment(folder, **more):
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), **more}


def sh(folder, line, ok=True, **more):
    done = subprocess.run(["sh", "-c", line], cwd=folder, env=environment(folder, **more), capture_output=True, text=True, timeout=60)
    assert (done.returncode == 0) == ok, (line, done)
    return done.stdout if ok else done.stderr


def printed_command(error):
    """The command that an error prints as the way out: all that follows `with: `."""
    return error.strip().split(" with: ")[1]


def of_node(text, number):
    """The manual's first node as another one, on addresses of this machine."""
    text = text.replace("node1", f"node{number}").replace("_address: 10.0.0.1", f"_address: 10.0.0.{number}")
    return text.replace("10.0.0.", "127.0.37.4")


def own(number):
    """What the manual's machines have each to itself."""
    address = f"127.0.37.4{number}"
    return {"HENGE_METRICS_ADDRESS": address, "HENGE_ADMIN_ADDRESS": address, "HENGE_MEMORY": "64MiB"}


def test_a_cluster_is_formed_as_the_manual_says(folder):
    text = section(OPERATING, "Forming a cluster")
    (config,) = blocks(text, "yaml")
    init, ask, sign, serve = command_lines(text)
    sh(folder, command_lines(section(OPERATING, "Certificates"))[0])
    programs = []
    try:
        for number in NODES:
            (folder / f"node{number}.yaml").write_text(of_node(config, number))
            host = sh(folder, of_node(init, number)).strip()
            assert sh(folder, of_node(init, number)).strip() == host
            asked = sh(folder, of_node(ask, number))
            assert host in asked and printed_command(asked) == of_node(sign, number)
            assert host in sh(folder, of_node(sign, number))
            assert not (folder / f"node{number}/certs/ca.key").exists()
            programs.append(start(folder, of_node(serve, number), number))
        for number in NODES:
            wait_until(lambda: programs[number - 1].alive() and answers(f"127.0.37.4{number}"), f"node {number} serves", 90)
        use(programs)
    finally:
        codes = [program.signal_and_wait(15) for program in programs]
    assert codes == [0, 0, 0]


def start(folder, line, number):
    before = dict(os.environ)
    os.environ.update(own(number))
    try:
        return Program(shlex.split(line)[1:], folder, f"node{number}")
    finally:
        os.environ.clear()
        os.environ.update(before)


def use(programs):
    """Data is written and read by the superuser that a node has printed."""
    logins = "".join(program.text() for program in programs)
    role, password = re.search(r"superuser: (\S+) with password (\S+)", logins).groups()
    clients = Clients(["127.0.37.41"])
    try:
        provider = PlainTextAuthProvider(role, password)
        replication = "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}"
        session = clients.keyspace("k", replication, consistency=ConsistencyLevel.ALL, auth_provider=provider)
        session.execute("CREATE TABLE t (k int PRIMARY KEY)")
        session.execute("INSERT INTO t (k) VALUES (1)")
        assert session.execute("SELECT k FROM t WHERE k = 1").one().k == 1
    finally:
        clients.close()


def test_two_datacentres_are_formed_as_the_manual_says(folder):
    """Six nodes with certificates and passwords, whose clients use TLS: the script of the page, and the statement after it."""
    text = section(OPERATING, "Over two datacentres")
    (script,), (statement,) = blocks(text, "sh"), blocks(text, "sql")
    # The shell outlives the signal that ends its nodes, and waits for them.
    shell = subprocess.Popen(
        ["sh", "-c", f"set -e\n{script}\ntrap : TERM\nwait || wait"],
        cwd=folder,
        env=environment(folder, HENGE_MEMORY="64MiB"),
        start_new_session=True,
    )
    logs = lambda: {path.stem: path.read_text() for path in folder.glob("*.log")}
    clients = Clients(["127.0.1.1"])
    try:
        wait_until(lambda: sum("ready: " in log for log in logs().values()) == 6, "six nodes serve", 120)
        (login,) = re.findall(r"superuser: (\S+) with password (\S+)", "".join(logs().values()))
        secure = ssl.create_default_context(cafile=folder / "certs/ca.pem")
        options = {"ssl_context": secure, "ssl_options": {"server_hostname": "localhost"}}
        with pytest.raises(NoHostAvailable, match="incorrect"):
            clients.session(auth_provider=PlainTextAuthProvider(login[0], "guess"), **options)
        options["auth_provider"] = PlainTextAuthProvider(*login)
        london = clients.session(via=["127.0.1.1"], consistency=ConsistencyLevel.EACH_QUORUM, **options)
        london.execute(statement)
        london.execute("CREATE TABLE shop.t (k int PRIMARY KEY)")
        london.execute("INSERT INTO shop.t (k) VALUES (1)")
        paris = clients.session(via=["127.0.2.3"], consistency=ConsistencyLevel.LOCAL_QUORUM, **options)
        assert paris.execute("SELECT k FROM shop.t WHERE k = 1").one().k == 1
        places = paris.execute("SELECT data_center, rack FROM system.peers").all() + paris.execute("SELECT data_center, rack FROM system.local").all()
        assert sorted(map(tuple, places)) == [(city, f"rack{number}") for city in ("london", "paris") for number in NODES]
    finally:
        clients.close()
        os.killpg(shell.pid, signal.SIGTERM)
        assert shell.wait(60) == 0, logs()


def test_commands_about_certificates_run_as_printed(folder):
    """A chain from nothing: each error prints the next command, until a node starts."""
    own = [part for flag in ("rpc", "listen", "metrics", "admin") for part in (f"--{flag}-address", "127.0.37.44")]
    server = shlex.join(["henge", "server", *own, "--certificates", "node's certs"])
    error = sh(folder, server, ok=False)
    assert "node.pem cannot be read" in error, error
    sign = printed_command(sh(folder, printed_command(error)))
    # The request waits, and the node says so.
    assert printed_command(sh(folder, server, ok=False)) == sign
    sh(folder, printed_command(sh(folder, sign, ok=False)))
    sh(folder, sign)
    assert sorted(path.name for path in (folder / "node's certs").iterdir()) == ["ca.pem", "node.csr", "node.key", "node.pem"]
    # On a node there is no authority, and none is made over the one whose certificate is there.
    there = "--directory \"node's certs\""
    assert "ca.pem already" in sh(folder, f"henge cert ca {there}", ok=False)
    error = sh(folder, sign + " --overwrite --authority \"node's certs\"", ok=False)
    assert "ca.key cannot be read" in error and "certificates are made where the authority's ca.pem and ca.key are" in error, error

    shutil.rmtree(folder / "henge-data")
    key = (folder / "node's certs/node.key").read_text()
    error = sh(folder, server, ok=False)
    assert "is for host" in error, error
    sh(folder, printed_command(sh(folder, printed_command(error))))
    assert (folder / "node's certs/node.key").read_text() != key, "another host has another key"
    program = Program(shlex.split(server)[1:], folder, "server")
    wait_until(lambda: program.alive() and answers("127.0.37.44"), "the server is ready", 90)
    assert program.signal_and_wait(15) == 0


def test_other_commands_of_the_manual_run(folder):
    """Every command that the manual prints is run by a test: here those that need no cluster, elsewhere the rest."""
    check, serve = command_lines(section(OPERATING, "Starting"))
    assert "cluster_name: Test Cluster" in sh(folder, check)
    addresses = {f"HENGE_{name}_ADDRESS": "127.0.37.45" for name in ("RPC", "LISTEN", "METRICS", "ADMIN")}
    assert sh(folder, f"timeout -s INT 5 {serve}; test $? = 124", **addresses).startswith("ready: clients are served on 127.0.37.45:9042")
    for line in command_lines(section(OPERATING, "Certificates")):
        sh(folder, line)
    host = "b7e6a0fc-4c1c-4b52-9a38-0f2b1d1f0e11"
    inline = re.findall(r"`(henge cert [^`]*)`", SECURITY.read_text())
    assert len(inline) == 3, inline
    (folder / "node1.yaml").write_text("data_directory: node1/data\ncertificates: node1/certs\n")
    for line in inline:
        sh(folder, line.replace("node1/", "tls/").replace("ID", host).replace("HOST", "node1.example").replace("ADDRESS", "10.0.0.1").replace("ROLE", "ann"))
    assert (folder / "certs/ann.pem").exists()
    assert (folder / "node1/certs/node.pem").exists() and (folder / "tls/certs/node.pem").exists()
    # The commands of `henge admin` are named in a table, and run by an_operator_acts_on_a_node.py.
    for name in re.findall(r"^\| `(\w+)", section(OPERATING, "Acting on a node"), re.MULTILINE):
        sh(folder, f"henge admin {name} --help")


def test_a_key_stays_on_its_node(folder):
    """What travels is a request and a certificate: a renewed one is for the key that the node has had all along."""
    for line in command_lines(section(OPERATING, "Certificates")):
        sh(folder, line)
    own = folder / "node1/certs"
    key, certificate = (own / "node.key").read_text(), (own / "node.pem").read_text()
    assert (own / "node.key").stat().st_mode & 0o777 == 0o600
    (folder / "elsewhere").mkdir()
    ask = "henge cert request --data-directory node1/data --directory node1/certs"
    sh(folder, ask)
    shutil.move(own / "node.csr", folder / "elsewhere/node1.csr")
    assert "PRIVATE KEY" not in (folder / "elsewhere/node1.csr").read_text()
    said = sh(folder, "henge cert sign elsewhere/node1.csr")
    assert "with no names" in said and "copy it and elsewhere/ca.pem" in said, said
    assert sorted(path.name for path in (folder / "elsewhere").iterdir()) == ["ca.pem", "node.pem", "node1.csr"]
    assert "node.pem already" in sh(folder, "henge cert sign elsewhere/node1.csr", ok=False)
    assert (own / "node.key").read_text() == key and (folder / "elsewhere/node.pem").read_text() != certificate
    shutil.copy(folder / "elsewhere/node.pem", own)
    addresses = [part for flag in ("rpc", "listen", "metrics", "admin") for part in (f"--{flag}-address", "127.0.37.44")]
    server = shlex.join(["henge", "server", *addresses, "--data-directory", "node1/data", "--certificates", "node1/certs", "--bootstrap"])
    program = Program(shlex.split(server)[1:], folder, "server")
    wait_until(lambda: program.alive() and answers("127.0.37.44"), "the server is ready", 90)
    assert program.signal_and_wait(15) == 0
    sh(folder, ask + " --overwrite")
    assert (own / "node.key").read_text() != key
    assert printed_command(sh(folder, "henge cert request --data-directory none --directory none", ok=False)) == "henge init --data-directory none"
