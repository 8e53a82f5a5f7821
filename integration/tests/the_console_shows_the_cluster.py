"""`henge admin console`: a browser walks it against a living cluster; nothing is wrong in its console, and a node that dies is seen to."""

import json
import os
import re
import threading
import time

import pytest

from browser import Browser
from clients import Clients
from console import Console
from pictures import pictures_in
from processes import Dev

VIEWS = {"1": "Overview", "2": "Tables", "3": "Schema", "4": "Requests", "5": "Health", "6": "Query"}
# The promise is three seconds; a machine that runs other tests as well gets more.
DOWN_SECONDS = 15


class Load:
    """A client that writes and reads all the time."""

    def __init__(self, session):
        self.session, self.ended = session, False
        self.write = session.prepare("INSERT INTO shop.orders (id, note) VALUES (?, ?)")
        self.read = session.prepare("SELECT note FROM shop.orders WHERE id = ?")
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        number = 0
        while not self.ended:
            number += 1
            # Two requests a round, three nodes in turn: each node gets both kinds.
            for statement, values in ((self.write, (number % 500, "x" * 200)), (self.read, (number % 500,))):
                try:
                    self.session.execute(statement, values)
                except Exception:
                    # A node that is killed takes its requests along.
                    time.sleep(0.05)

    def end(self):
        self.ended = True
        self.thread.join()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    directory = tmp_path_factory.mktemp("console")
    dev = Dev(directory / "three", 3).start()
    clients = Clients(dev.addresses)
    session = clients.session()
    session.execute("CREATE KEYSPACE shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    session.execute("CREATE TABLE shop.orders (id int PRIMARY KEY, note text)")
    session.execute("CREATE TABLE shop.idle (id int PRIMARY KEY, note text)")
    load = Load(session)
    console = Console(dev.nodes[0])
    yield dev, console, directory
    load.end()
    console.end()
    clients.close()
    dev.stop()


def test_strangers_learn_nothing(cluster):
    _, console, _ = cluster
    status, headers, page = console.ask("/")
    assert status == 200 and "<script" in page
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; ")
    assert "frame-ancestors 'none'; base-uri 'none'; form-action 'none'" in policy and "unsafe" not in policy
    token = {"henge_console": console.token}
    report = "/api/reports/cluster"
    assert console.ask(report, **token)[0] == 200
    assert console.ask(report)[0] == 401
    assert console.ask(report, henge_console="0" * len(console.token))[0] == 401
    for headers in ({"Host": "example.org"}, {"Origin": "http://example.org"}, {"Sec_Fetch_Site": "cross-site"}):
        assert console.ask(report, **token, **headers)[0] == 403, headers
        assert console.ask("/", **headers)[0] == 403, headers
    # Nothing is passed on but reports.
    for path in ("/api/reports/health", "/api/reports/operations%2F1", "/api/reports/..", "/operations", "/api/operations"):
        assert console.ask(path, **token)[0] == 404, path
    assert console.ask("/api/reports/operations", {"operation": "flush"}, **token)[0] == 405


def test_a_browser_walks_the_console(cluster):
    dev, console, directory = cluster
    browser = Browser(directory)
    pictures = pictures_in(directory)
    try:
        walk(browser, console, dev, pictures)
        assert browser.wrongs == []
        kill_one(browser, dev, pictures)
        end_the_console(browser, console, pictures)
    finally:
        browser.close()
    assert {re.match(r"http://[^/]+", url)[0] for url in browser.requests} == {console.origin}


def walk(browser, console, dev, pictures):
    browser.size(1440, 1000)
    browser.scheme("light")
    browser.open(console.address)
    browser.wait("document.querySelectorAll('.nodes .state-up').length === 3")
    assert console.token not in browser.value("location.href"), "the token stays in the address bar"
    assert browser.value("document.querySelectorAll('.ring .range').length") == sum(
        len(member["tokens"]) for member in json.loads(console.ask("/api/reports/cluster", henge_console=console.token)[2])["members"]
    )
    # Reads and writes of the client are under way: their rates and latencies are told.
    live = "[...document.querySelectorAll('.figures dd')].every((one) => parseFloat(one.innerText) > 1)"
    browser.wait(live, 30)
    browser.wait("/ (µs|ms|s)/.test(document.querySelector('.nodes').innerText)")
    time.sleep(float(os.environ.get("HENGE_TEST_PICTURE_SECONDS", 0)))
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        for key, title in VIEWS.items():
            show(browser, key)
            browser.wait("!document.body.innerText.includes('Asking the node')", 60)
            browser.picture(pictures / f"{title.lower()}-{scheme}.png")
    show(browser, "5")
    browser.wait("document.querySelector('.verdict')?.innerText.startsWith('The cluster')", 60)
    show(browser, "2")
    browser.wait("document.querySelector('main').innerText.includes('shop.orders')")
    browser.press("/")
    browser.type("shop.")
    browser.wait("document.querySelectorAll('tbody tr').length === 2")
    # Each table has rates of its own: of one that the client writes and reads, and of one that nobody asks.
    browser.wait(f"{rates_of('shop.orders')}.filter((rate) => rate >= 1).length === 2", 60)
    browser.wait(f"{rates_of('shop.idle')}.filter((rate) => rate === 0).length === 2", 60)
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        browser.picture(pictures / f"heat-{scheme}.png")
    browser.press("Escape")
    show(browser, "3")
    browser.wait("document.querySelector('.statement')?.innerText.includes('CREATE KEYSPACE shop')")
    browser.value("[...document.querySelectorAll('.tree button')].find((one) => one.innerText.includes('orders')).click()")
    browser.wait("document.querySelector('.statement')?.innerText.includes('CREATE TABLE shop.orders')")
    browser.press("?")
    browser.wait("document.querySelector('dialog')?.open")
    browser.press("Escape")
    browser.wait("!document.querySelector('dialog')")
    show(browser, "1")
    focus_a_node(browser)


def show(browser, key):
    """Goes to a view by its key; it is drawn a moment later."""
    browser.press(key)
    current = "document.querySelector('nav [aria-current]').innerText"
    browser.wait(f"{current}.startsWith('{VIEWS[key]}') && document.title.startsWith('{VIEWS[key]}')")


def rates_of(table):
    """The reads and writes per second that the list of tables shows of one; what is no number is not known."""
    row = f"[...document.querySelectorAll('tbody tr')].find((row) => row.cells[0].innerText.trim() === '{table}')"
    return f"[...({row})?.cells ?? []].slice(4, 6).map((cell) => parseFloat(cell.innerText))"


def focus_a_node(browser):
    """A node that the keyboard reaches stands out in the ring."""
    for _ in range(30):
        browser.press("Tab")
        if browser.value("document.activeElement.classList.contains('node')"):
            break
    browser.wait("document.querySelectorAll('.ring .range.dim').length > 0 && document.querySelectorAll('tr.chosen').length === 1")
    browser.value("document.activeElement.blur()")


def kill_one(browser, dev, pictures):
    third = dev.nodes[2]
    down = f"document.querySelector('[data-address=\"{third.address}:7000\"] .state').innerText"
    third.kill()
    silent = browser.wait(f"{down} !== 'up'", DOWN_SECONDS)
    seen = silent + browser.wait(f"{down} === 'down'", DOWN_SECONDS)
    print(f"a killed node is shown as silent after {silent:.1f} s, as down after {seen:.1f} s")
    browser.wait("document.querySelector('.summary').innerText.includes('2 of 3 nodes up')")
    browser.wait("document.querySelectorAll('.ring .range-down').length > 0")
    browser.wait("/\\d hints? wait/.test(document.querySelector('.summary').innerText)")
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        show(browser, "1")
        browser.picture(pictures / f"down-{scheme}.png")
    show(browser, "5")
    browser.wait("document.querySelectorAll('.findings .problem').length > 0", 60)
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        browser.picture(pictures / f"down-health-{scheme}.png")
    third.restart()
    show(browser, "1")
    browser.wait("document.querySelectorAll('.nodes .state-up').length === 3", 60)
    assert browser.wrongs == []


def end_the_console(browser, console, pictures):
    """A page whose server has ended says so, and says how old it is."""
    console.end()
    browser.wait("document.querySelector('[role=alert]')?.innerText.includes('has ended')")
    browser.picture(pictures / "ended.png")
