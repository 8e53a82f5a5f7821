"""The console's query box: whoever logs in there has the rights of a role and no others, and sees the trace of a statement."""

import json

import pytest
from cassandra.auth import PlainTextAuthProvider

from browser import Browser
from clients import Clients
from console import Console, enter
from pictures import pictures_in
from processes import Dev


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """Three nodes with passwords and permissions, a role that may read one table, and the console of the first node."""
    directory = tmp_path_factory.mktemp("guarded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HENGE_AUTHENTICATOR", "PasswordAuthenticator")
        patch.setenv("HENGE_AUTHORIZER", "CassandraAuthorizer")
        patch.setenv("HENGE_SUPERUSER_PASSWORD", "boss")
        dev = Dev(directory / "three", 3).start()
    clients = Clients(dev.addresses)
    session = clients.session(auth_provider=PlainTextAuthProvider("cassandra", "boss"))
    session.execute("CREATE KEYSPACE shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    session.execute("CREATE TABLE shop.orders (id int PRIMARY KEY, note text, tags set<text>)")
    session.execute("CREATE TABLE shop.secrets (id int PRIMARY KEY)")
    session.execute("CREATE ROLE ann WITH PASSWORD = 'apple' AND LOGIN = true")
    session.execute("GRANT SELECT ON TABLE shop.orders TO ann")
    for number in range(250):
        session.execute("INSERT INTO shop.orders (id, note, tags) VALUES (%s, %s, {'new', 'paid'})", (number, f"order {number}"))
    console = Console(dev.nodes[0])
    yield dev, console, directory
    console.end()
    clients.close()
    dev.stop()


def test_a_session_is_of_its_role_and_needs_the_token(guarded):
    _, console, _ = guarded
    token = {"henge_console": console.token}
    ann = {"role": "ann", "password": "apple"}
    assert console.ask("/api/log-in", ann)[0] == 401
    assert console.ask("/api/log-in", ann, **token, Origin="http://example.org")[0] == 403
    for wrong in ({"role": "ann", "password": "pear"}, {"role": "", "password": ""}):
        told = json.loads(console.ask("/api/log-in", wrong, **token)[2])
        assert told["error"] and not told["session"], told
    status, _, text = console.ask("/api/log-in", ann, **token)
    assert status == 200, text
    session = {**token, "henge_console_session": json.loads(text)["session"]}

    def run(statement, headers=session):
        status, _, text = console.ask("/api/query", {"statement": statement, "consistency": "QUORUM", "is_traced": False}, **headers)
        return status, json.loads(text)

    status, answer = run("SELECT id, note, tags FROM shop.orders WHERE id = 7")
    assert (status, answer["rows"]) == (200, [["7", "order 7", "{'new', 'paid'}"]])
    assert answer["columns"] == [["id", "int"], ["note", "text"], ["tags", "set<text>"]]
    for refused in ("SELECT * FROM shop.secrets", "DELETE FROM shop.orders WHERE id = 7", "DROP TABLE shop.orders"):
        status, answer = run(refused)
        assert status == 200 and "Unauthorized" in answer["error"] and not answer["rows"], answer
    assert run("SELECT id FROM shop.orders WHERE id = 7")[1]["rows"] == [["7"]]
    # Neither half of what a page knows is enough, and a session that has ended is none.
    assert run("SELECT * FROM shop.orders", token)[0] == 401
    assert run("SELECT * FROM shop.orders", {**token, "henge_console_session": "0" * 32})[0] == 401
    assert run("SELECT * FROM shop.orders", {"henge_console_session": session["henge_console_session"]})[0] == 401
    assert console.ask("/api/log-out", {}, **session)[0] == 200
    assert run("SELECT * FROM shop.orders")[0] == 401


def test_a_person_logs_in_and_reads_a_trace(guarded):
    _, console, directory = guarded
    pictures = pictures_in(directory)
    browser = Browser(directory)
    try:
        browser.size(1440, 1000)
        browser.open(console.address)
        browser.wait("document.querySelectorAll('.nodes .state-up').length === 3")
        browser.press("6")
        browser.wait("document.querySelector('.login')")
        assert not browser.value("document.querySelector('textarea')"), "nobody has logged in"
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            browser.picture(pictures / f"login-{scheme}.png")
        enter(browser, "ann", "apple")
        browser.wait("document.querySelector('textarea')")
        browser.value("document.querySelector('textarea').focus()")
        browser.type("SELECT * FROM shop.orders")
        browser.value("document.querySelector('[name=trace]').click()")
        browser.value("document.querySelector('.act').click()")
        browser.wait("document.querySelectorAll('.rows tbody tr').length === 100")
        browser.wait("document.querySelectorAll('.waterfall .step-bar').length > 3")
        browser.value("document.querySelector('.more').click()")
        browser.wait("document.querySelectorAll('.rows tbody tr').length === 200")
        write(browser, "SELECT note, tags FROM shop.orders WHERE id = 7")
        browser.wait("document.querySelectorAll('.rows tbody tr').length === 1 && !document.body.innerText.includes('Running')")
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            browser.picture(pictures / f"statement-{scheme}.png")
        write(browser, "DELETE FROM shop.orders WHERE id = 7")
        browser.wait("document.querySelector('.refused')?.innerText.includes('Unauthorized')")
        browser.picture(pictures / "statement-refused.png")
        browser.value("document.querySelector('.leave').click()")
        browser.wait("document.querySelector('.login') && !document.querySelector('textarea')")
        assert browser.value("sessionStorage.length") == 1, "the session is kept after its end"
        assert not any("apple" in str(browser.value(f"JSON.stringify({store})")) for store in ("sessionStorage", "localStorage"))
    finally:
        browser.close()
    assert browser.wrongs == []


def write(browser, statement):
    """Another statement in place of the one that stands in the box, run by the keyboard."""
    browser.value("document.querySelector('textarea').focus(); document.querySelector('textarea').select()")
    browser.type(statement)
    browser.value("document.querySelector('textarea').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', ctrlKey: true, bubbles: true}))")
