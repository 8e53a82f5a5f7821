"""TLS for clients on the port they know: the driver's and cqlsh's, beside plaintext, with certificates shown and exchanged."""

import os
import shutil
import socket
import ssl
import subprocess
import uuid

import pytest

from clients import Clients
from processes import CQL_PORT, HENGE, Program, Server, wait_until

ADDRESS = "127.0.11.1"
SETTING = "client_encryption_options_"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority with a certificate for the node and one for a client."""
    folder = tmp_path_factory.mktemp("certificates")
    henge("cert", "ca", "--directory", folder)
    issue(folder, folder / "node")
    henge("cert", "client", "--authority", folder, "--directory", folder, "reporter")
    return folder


def henge(*arguments):
    subprocess.run([HENGE, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def issue(authority, directory):
    henge("cert", "node", "--authority", authority, "--directory", directory, "--host-id", uuid.uuid4(), "--name", ADDRESS)


@pytest.fixture
def tls_server(certificates, tmp_path):
    """Starts a node with TLS and stops it after the test."""
    started = []

    def start(**settings):
        node = certificates / "node"
        settings = {"enabled": "true", "certificate": node / "node.pem", "key": node / "node.key"} | settings
        flags = [part for name, value in settings.items() for part in ("--set", f"{SETTING}{name}={value}")]
        server = Server(tmp_path, ADDRESS, flags).launch()
        started.append(server)
        wait_until(lambda: server.program.alive() and "ready: " in server.program.text(), "the server is ready")
        return server

    yield start
    for server in started:
        assert server.stop() == 0


def trusting(certificates, own=None):
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    if own:
        context.load_cert_chain(certificates / f"{own}.pem", certificates / f"{own}.key")
    return context


def release(context, version=5):
    """Asks over a connection of its own; `None` as context is plaintext."""
    clients = Clients([ADDRESS])
    try:
        options = {"ssl_context": context, "ssl_options": {"server_hostname": ADDRESS}} if context else {}
        return clients.session(version=version, connect_timeout=5, **options).execute("SELECT cluster_name FROM system.local").one()[0]
    finally:
        clients.close()


def refused(context):
    with pytest.raises(Exception) as caught:
        release(context)
    return str(caught.value)


def test_driver_speaks_tls_and_plaintext_is_refused(tls_server, certificates):
    tls_server()
    assert release(trusting(certificates)) == "Test Cluster"
    assert release(trusting(certificates), version=4) == "Test Cluster"
    assert "Unable to connect" in refused(None)


def test_large_requests_and_answers_pass(tls_server, certificates):
    tls_server()
    clients = Clients([ADDRESS])
    try:
        options = {"ssl_context": trusting(certificates), "ssl_options": {"server_hostname": ADDRESS}}
        session = clients.keyspace("tls", **options)
        session.execute("CREATE TABLE big (k int PRIMARY KEY, v blob)")
        value = os.urandom(400_000)
        for key in range(4):
            session.execute("INSERT INTO big (k, v) VALUES (%s, %s)", (key, value))
        assert [row.v for row in session.execute("SELECT v FROM big")] == [value] * 4
    finally:
        clients.close()


def test_both_are_served_on_one_port(tls_server, certificates):
    tls_server(optional="true")
    assert release(trusting(certificates)) == "Test Cluster"
    assert release(None) == "Test Cluster"


@pytest.mark.parametrize("optional", ["false", "true"])
def test_garbage_and_silence_harm_nobody(tls_server, certificates, optional):
    server = tls_server(optional=optional)
    open_ones = [socket.create_connection((ADDRESS, CQL_PORT)) for _ in range(50)]
    for number, stream in enumerate(open_ones[10:]):
        start = b"\x16" if number % 2 else b""
        stream.sendall(start + os.urandom(300))
    assert release(trusting(certificates)) == "Test Cluster"
    assert server.program.alive()
    for stream in open_ones:
        stream.close()


def test_clients_have_to_show_certificates(tls_server, certificates):
    tls_server(require_client_auth="true", truststore=certificates / "ca.pem")
    assert release(trusting(certificates, own="reporter")) == "Test Cluster"
    assert "Unable to connect" in refused(trusting(certificates))


def test_a_certificate_may_be_shown(tls_server, certificates):
    tls_server(require_client_auth="optional", truststore=certificates / "ca.pem")
    assert release(trusting(certificates, own="reporter")) == "Test Cluster"
    assert release(trusting(certificates)) == "Test Cluster"


def test_changed_files_are_taken_without_a_restart(tls_server, certificates, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(certificates / "node", own)
    server = tls_server(certificate=own / "node.pem", key=own / "node.key")
    before = shown(certificates)
    issue(certificates, tmp_path / "next")
    # First a certificate that does not go with the key: the former pair stays in use.
    shutil.copy(tmp_path / "next" / "node.pem", own / "node.pem")
    wait_until(lambda: "the former stay in use" in server.program.text(), "the log tells of a pair that is none", 20)
    assert shown(certificates) == before
    shutil.copy(tmp_path / "next" / "node.key", own / "node.key")
    wait_until(lambda: shown(certificates) != before, "the new certificate is shown", 20)
    assert release(trusting(certificates)) == "Test Cluster"


def shown(certificates):
    with socket.create_connection((ADDRESS, CQL_PORT)) as stream:
        with trusting(certificates).wrap_socket(stream, server_hostname=ADDRESS) as secure:
            return secure.getpeercert(binary_form=True)


def test_cqlsh_speaks_tls(tls_server, certificates, tmp_path):
    tls_server()
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "SSL_CERTFILE": str(certificates / "ca.pem"), "SSL_VALIDATE": "true"}
    command = ["cqlsh", "--ssl", "--no-color", ADDRESS, str(CQL_PORT), "-e", "SELECT cluster_name FROM system.local"]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert process.returncode == 0, process
    assert "Test Cluster" in process.stdout


def test_our_shell_speaks_tls(tls_server, certificates, tmp_path):
    tls_server()
    command = [HENGE, "shell", ADDRESS, "--ssl", "-e", "SELECT cluster_name FROM system.local"]

    def run(authority):
        environment = {"HOME": str(tmp_path), "SSL_CERTFILE": str(authority)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)

    process = run(certificates / "ca.pem")
    assert process.returncode == 0 and "Test Cluster" in process.stdout, process
    henge("cert", "ca", "--directory", tmp_path / "other")
    assert run(tmp_path / "other" / "ca.pem").returncode != 0


def test_unusable_files_are_told_at_the_start(certificates, tmp_path):
    pair = [f"{SETTING}enabled=true", f"{SETTING}certificate={certificates}/node/node.pem", f"{SETTING}key={certificates}/reporter.key"]
    flags = [part for setting in pair for part in ("--set", setting)]
    own = [part for flag in ("--rpc-address", "--listen-address", "--metrics-address", "--admin-address") for part in (flag, ADDRESS)]
    program = Program(["server", "--data-directory", str(tmp_path / "data"), *own, *flags], tmp_path, "server")
    assert program.process.wait(30) != 0
    assert "cannot be used together" in program.text()
