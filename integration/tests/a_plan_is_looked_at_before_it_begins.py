"""`henge admin plan preview`: what a change of members or replication would move, who owns what afterwards, and which ranges lack a quorum on
the way. What it says is held against what then happens."""

import json
import subprocess

import pytest
from cassandra.concurrent import execute_concurrent_with_args

from admin import admin
from clients import Clients
from processes import HENGE, Dev, running, wait_until

ROWS = 3_000
VALUE = "v" * 400
RATE = 256 << 10


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    dev = Dev(tmp_path_factory.mktemp("preview"), 3, arguments=["--set", f"stream_throughput_outbound={RATE}B"]).start()
    clients = Clients(dev.addresses)
    yield dev, clients
    clients.close()
    dev.stop()


def ask(node, *arguments):
    """Exit code and output, also of a command that ends with a problem."""
    command = [HENGE, "admin", "--data-directory", str(node.directory / "data"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def preview(node, *arguments, code=0):
    ended, text = ask(node, "plan", "preview", *arguments, "--format", "json")
    assert ended == code, (arguments, ended, text)
    return json.loads(text)


def moved(told):
    return [move for plan in told["plans"] for move in plan["moves"]]


def owners(told, keyspace):
    change = next(change for change in told["ownership"] if keyspace in change["keyspaces"])
    return {member["address"]: (member["before"], member["after"]) for member in change["members"]}


def host_of(node):
    return next(member for member in json.loads(admin(node, "status", "--format", "json"))["members"] if member["answers"])["host_id"]


def test_previews_say_what_would_happen(cluster):
    dev, clients = cluster
    first, second, third = dev.nodes
    session = clients.session(via=[first.address])
    session.execute("CREATE KEYSPACE two WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}")
    session.execute("CREATE KEYSPACE one WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
    session.execute("CREATE TABLE two.t (k int PRIMARY KEY, v text)")
    session.execute("CREATE TABLE one.t (k int PRIMARY KEY, v text)")
    insert = session.prepare("INSERT INTO two.t (k, v) VALUES (?, ?)")
    execute_concurrent_with_args(session, insert, [(k, VALUE) for k in range(ROWS)], concurrency=32)

    leaves = preview(third, "decommission")
    assert leaves["refusal"] is None and leaves["risks"] == [] and leaves["silent"] == []
    assert {move["to_address"] for move in moved(leaves)} == {f"{first.address}:7000", f"{second.address}:7000"}
    # Each of the others gets what it has no copy of yet: a third of the rows all in all, twice, as the third node has two thirds of them.
    expected = 2 / 3 * ROWS * (len(VALUE) + 40)
    assert 0.5 * expected < leaves["bytes"] < 2 * expected, (leaves["bytes"], expected)
    assert leaves["seconds"] and leaves["bytes"] / RATE / 3 < leaves["seconds"] < leaves["bytes"] / RATE + 2, leaves["seconds"]
    shares = owners(leaves, "two")
    assert shares[f"{third.address}:7000"][1] == 0 and abs(shares[f"{first.address}:7000"][1] - 1) < 1e-6
    assert abs(sum(before for before, _ in shares.values()) - 2) < 1e-6

    joins = preview(first, "join")
    assert joins["refusal"] is None and all(move["to"] is None for move in moved(joins)) and joins["bytes"] > 0
    more = preview(first, "alter", "two", "3")
    assert len(more["plans"]) == 1 and 0.5 * ROWS * 400 < more["bytes"] < 2 * ROWS * 440, more["bytes"]
    fewer = preview(first, "alter", "two", "1")
    assert abs(sum(after for _, after in owners(fewer, "two").values()) - 1) < 1e-6
    code, text = ask(first, "plan", "preview", "alter", "two", "many")
    assert code == 2 and "invalid replication" in text

    text = admin(third, "decommission", "--dry-run")
    assert "It would begin now" in text and "Every range has the live replicas" in text, text
    assert "No member comes or goes" in admin(third, "plan", "status")
    up = preview(first, "removenode", host_of(third), "--force", code=2)
    assert "is up" in up["refusal"]


def test_a_plan_that_would_cost_a_quorum_is_refused(cluster):
    dev, _ = cluster
    first, second, third = dev.nodes
    gone = host_of(third)
    third.kill()
    wait_until(lambda: "DN" in admin(second, "status"), "the third node is down", 60)
    told = preview(second, "decommission", code=2)
    assert "keyspace one without a quorum" in told["refusal"] and gone in told["refusal"], told["refusal"]
    risk = next(risk for risk in told["risks"] if risk["keyspaces"] == ["one"])
    assert risk["now"] > 0 and risk["moving"] > risk["now"], risk
    code, text = ask(second, "decommission")
    assert code == 2 and "without a quorum" in text, text
    assert "No member comes or goes" in admin(second, "plan")
    # The only copies of keyspace one are on the dead node. What would move is shown all the same.
    wait_until(lambda: "DN" in admin(first, "status"), "the first node has noticed too", 60)
    told = preview(first, "removenode", gone, code=2)
    assert "has the only copies" in told["refusal"] and moved(told), told
    assert preview(first, "removenode", gone, "--force")["refusal"] is None
    assert "only copies" in preview(first, "replace", gone, code=2)["refusal"]
    third.restart()
    wait_until(lambda: "DN" not in admin(second, "status"), "the third node is back", 60)


def test_a_plan_under_way_counts_in_the_same_terms(cluster):
    dev, _ = cluster
    first, _, third = dev.nodes
    wait_until(lambda: preview(third, "decommission")["refusal"] is None, "nothing is in its way", 60)
    estimate = preview(third, "decommission")
    pid = third.pid()
    assert "Began plan" in admin(third, "decommission")
    seen = []

    def look():
        plan = json.loads(admin(first, "plan", "--format", "json"))["plan"]
        if plan and plan["bytes_total"] and any(gainer["sources"] for gainer in plan["gainers"]):
            seen.append(plan)
            text = admin(first, "netstats")
            assert "Rows that move" in text and "Of about" in text or json.loads(admin(first, "plan", "--format", "json"))["plan"] is None, text
        return not running(pid)

    wait_until(look, "the third node has left", 240, 0.5)
    assert seen, "no look met the plan while rows moved"
    totals = [plan["bytes_total"] for plan in seen]
    assert 0.5 * estimate["bytes"] < max(totals) < 2 * estimate["bytes"], (totals, estimate["bytes"])
    assert any(plan["seconds_left"] for plan in seen), seen[-1]
    done = [plan["bytes_done"] for plan in seen]
    assert done == sorted(done) and done[-1] <= 1.2 * max(totals), done
    print(f"estimated {estimate['bytes']} bytes in {estimate['seconds']} s; while they moved {max(totals)}, {done}")
