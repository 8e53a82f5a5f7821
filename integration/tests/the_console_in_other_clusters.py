"""The console against two datacentres, a node whose clients need TLS and a password, and a cluster that a node joins under load: it says
what is so, and nothing is wrong in the browser's console."""

import shutil
import subprocess
import uuid

import pytest
from cassandra import ConsistencyLevel
from cassandra.concurrent import execute_concurrent_with_args

from admin import admin
from browser import Browser
from clients import Clients, DCAwareRoundRobinPolicy, RoundRobinPolicy
from console import Console, enter
from pictures import pictures_in
from processes import HENGE, Dev, Server, answers, wait_until
from quorum_load import ROWS, VALUE, Load

ADDRESS = "127.0.11.1"
# Bytes that a node sends of its rows in a second, few enough that a person can watch a node join.
SLOW = "stream_throughput_outbound=100KiB"


@pytest.fixture
def walk(tmp_path):
    """Opens the console of a node in a browser, and ends both."""
    opened = []

    def begin(node, *arguments):
        console, browser = Console(node, *arguments), Browser(tmp_path)
        opened.extend((console.end, browser.close))
        browser.size(1440, 1000)
        browser.scheme("light")
        browser.open(console.address)
        browser.wait("document.querySelector('.nodes') !== null")
        return browser, pictures_in(tmp_path)

    yield begin
    for end in opened:
        end()


def show(browser, key, pictures=None, name=None):
    browser.press(key)
    browser.wait("!document.body.innerText.includes('Asking the node')", 60)
    if pictures:
        for scheme in ("dark", "light"):
            browser.scheme(scheme)
            browser.picture(pictures / f"{name}-{scheme}.png")


def state_of(address):
    return f"document.querySelector('[data-address=\"{address}:7000\"] .state').innerText"


@pytest.fixture
def guarded(tmp_path):
    """A node whose clients need TLS and a password, and the certificate of its authority."""
    authority, own = tmp_path / "authority", tmp_path / "authority" / "node"
    for command in (
        ("ca", "--directory", authority),
        ("node", "--authority", authority, "--directory", own, "--host-id", uuid.uuid4(), "--name", ADDRESS),
    ):
        subprocess.run([HENGE, "cert", *map(str, command)], check=True, stdout=subprocess.DEVNULL)
    settings = {
        "client_encryption_options_enabled": "true",
        "client_encryption_options_optional": "false",
        "client_encryption_options_certificate": own / "node.pem",
        "client_encryption_options_key": own / "node.key",
        "authenticator": "PasswordAuthenticator",
        "authorizer": "CassandraAuthorizer",
        "superuser_password": "boss",
    }
    flags = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    server = Server(tmp_path / "guarded", ADDRESS, flags).launch()
    wait_until(lambda: server.program.alive() and "ready: " in server.program.text(), "the server is ready")
    yield server, authority / "ca.pem"
    assert server.stop() == 0


def test_tls_and_a_login(guarded, walk):
    server, authority = guarded
    browser, pictures = walk(server, "--ssl-certfile", authority)
    browser.wait("document.querySelectorAll('.nodes .state-up').length === 1")
    show(browser, "1", pictures, "tls")
    show(browser, "6", pictures, "tls-login")
    enter(browser, "cassandra", "wrong")
    browser.wait("document.querySelector('.refused') !== null", 30)
    show(browser, "6", pictures, "tls-refused")
    browser.value("document.querySelectorAll('.login input').forEach((one) => { one.value = ''; one.dispatchEvent(new Event('input', {bubbles: true})); })")
    enter(browser, "cassandra", "boss")
    browser.wait("document.querySelector('textarea') !== null", 30)
    browser.value("document.querySelector('textarea').focus()")
    browser.type("SELECT role, can_login, is_superuser FROM system_auth.roles")
    browser.value("document.querySelector('.act').click()")
    browser.wait("document.querySelectorAll('.rows tbody tr').length === 1")
    show(browser, "6", pictures, "tls-statement")
    assert browser.wrongs == []


def test_a_node_that_joins_under_load(tmp_path, walk):
    dev, joiner = Dev(tmp_path / "three", 3, arguments=("--set", SLOW)).start(), None
    clients = Clients(dev.addresses)
    try:
        session = clients.session(policy=RoundRobinPolicy(), consistency=ConsistencyLevel.QUORUM)
        session.execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
        session.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v text)")
        insert = session.prepare("INSERT INTO ks.t (k, v) VALUES (?, ?)")
        execute_concurrent_with_args(session, insert, [(k, VALUE * 10) for k in range(ROWS)], concurrency=32)
        load = Load(session)
        load.start()
        browser, pictures = walk(dev.nodes[0])
        browser.wait("document.querySelectorAll('.nodes .state-up').length === 3")
        joiner = join(dev, tmp_path)
        joins = f"null !== document.querySelector('[data-address=\"{joiner.address}:7000\"]') && {state_of(joiner.address)} === 'joining'"
        browser.wait(joins, 120)
        browser.wait("document.querySelector('.summary').innerText.includes('1 node joins')")
        assert "versions of the schema" not in browser.text()
        show(browser, "1", pictures, "joining")
        show(browser, "5")
        browser.wait("/gains\\s+\\d+ ranges: .* of about /.test(document.querySelector('main').innerText)", 60)
        assert f"{joiner.address} joins" in browser.text()
        show(browser, "5", pictures, "joining-health")
        show(browser, "1")
        wait_until(lambda: joiner.program.alive() and answers(joiner.address), "the fourth node serves", 240)
        browser.wait("document.querySelectorAll('.nodes .state-up').length === 4", 60)
        show(browser, "1", pictures, "joined")
        assert "No member comes or goes" in admin(dev.nodes[0], "plan")
        load.end()
        assert browser.wrongs == []
    finally:
        clients.close()
        if joiner:
            joiner.stop()
        dev.stop()


def join(dev, directory):
    """Launches a fourth node with the authority of the first."""
    certificates = directory / "node4" / "certs"
    certificates.mkdir(parents=True)
    for name in ("ca.pem", "ca.key"):
        shutil.copy(dev.nodes[0].directory / "certs" / name, certificates)
    own = ["--development-certificates", str(certificates), "--seeds", f"{dev.addresses[0]}:7000", "--set", "memory=64MiB", "--set", SLOW]
    return Server(directory / "node4", "127.0.0.4", own).launch()


# Behind the others: its nodes run until the end of the file.
def test_two_datacentres(two_datacentres, clients, walk):
    session = clients.session()
    session.execute("CREATE KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3, 'dc2': 2}")
    session.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v text)")
    # Within one datacentre, or what one acknowledged the other might not have yet.
    load = Load(clients.session(policy=DCAwareRoundRobinPolicy("dc1"), consistency=ConsistencyLevel.LOCAL_QUORUM))
    load.acknowledged.clear()
    load.start()
    browser, pictures = walk(two_datacentres.nodes[0])
    browser.wait("document.querySelectorAll('.nodes .state-up').length === 6")
    browser.wait("document.querySelectorAll('.ring g').length === 2")
    browser.wait("[...document.querySelectorAll('.group')].map((one) => one.innerText).join().match(/dc1.*3 of 3 up.*dc2.*3 of 3 up/s)")
    show(browser, "1", pictures, "two-datacentres")
    show(browser, "2", pictures, "two-datacentres-tables")
    show(browser, "5", pictures, "two-datacentres-health")
    show(browser, "1")
    last = two_datacentres.nodes[5]
    last.kill()
    browser.wait(f"{state_of(last.address)} === 'down'", 30)
    browser.wait("[...document.querySelectorAll('.group')].map((one) => one.innerText).join().match(/3 of 3 up.*2 of 3 up/s)")
    show(browser, "1", pictures, "two-datacentres-down")
    load.end()
    last.restart()
    browser.wait("document.querySelectorAll('.nodes .state-up').length === 6", 60)
    assert browser.wrongs == []
