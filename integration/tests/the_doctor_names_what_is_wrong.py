"""`henge admin doctor`: a healthy cluster is well and says what was looked at; each problem is named with its next step, by exit code too."""

import json
import subprocess

from admin import admin
from clients import Clients
from processes import HENGE, Dev, Server, wait_until

CHECKS = [
    "members", "answers", "clocks", "metadata", "hints", "proofs", "ring", "plan", "workers", "releases", "disks", "certificates",
    "limits", "kernel", "time_sources",
]


def doctor(node, *arguments):
    """The exit code, and what is printed."""
    command = [HENGE, "admin", "--data-directory", str(node.directory / "data"), "doctor", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def problems(node):
    """The problems by check, with the members that they concern, but for the disk of the machine that the tests run on."""
    code, text = doctor(node, "--format", "json")
    told = json.loads(text)
    found = [finding for finding in told["findings"] if not finding["is_advice"]]
    assert (code, told["is_well"]) == ((2, False) if found else (0, True)), text
    assert told["checked"] == CHECKS
    assert all(finding["next"] for finding in told["findings"]), text
    return {(finding["check"], finding["member"]) for finding in found if finding["check"] != "disks"}


def test_a_cluster_is_well_until_something_happens(tmp_path):
    dev = Dev(tmp_path / "three", 3).start()
    clients = Clients(dev.addresses)
    try:
        session = clients.session()
        session.execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
        session.execute("CREATE TABLE ks.t (k int PRIMARY KEY)")
        first, second, third = dev.nodes
        for node in dev.nodes:
            assert problems(node) == set()
            code, text = doctor(node)
            is_well = (code, ": 3 of 3 members answered\n" in text, " is well: " in text) == (0, True, True)
            assert is_well or "the disk is nearly full" in text, text
            checked = text.partition("\nChecked\n")[2].splitlines()
            assert [line.split()[1].rstrip(":") for line in checked] == CHECKS, text
            assert all(line.startswith("  - ") or " disks: " in line for line in checked), text

        third.kill()
        at = f"{third.address}:7000"
        wait_until(lambda: problems(first) == {("members", at)}, "the first node misses the third", 60)
        session.execute("INSERT INTO ks.t (k) VALUES (1)")
        admin(second, "pausehandoff")
        # Whoever is asked, all members are looked at.
        assert problems(first) == {("members", at), ("hints", f"{second.address}:7000")}
        code, text = doctor(first)
        assert code == 2 and " problems: 2 of 3 members answered" in text and "resumehandoff" in text, text

        admin(second, "resumehandoff")
        third.restart()
        wait_until(lambda: problems(first) == set(), "all is well again", 60)
        assert doctor(first, "--no-such-option")[0] == 1
        assert doctor(first, "--format", "xml")[0] == 1
        third.stop()
    finally:
        clients.close()
        dev.stop()


def test_what_the_settings_of_a_node_leave_out(tmp_path):
    alone = Server(tmp_path / "alone", "127.0.0.5", ["--set", "memory=64MiB", "--set", "hinted_handoff_enabled=false", "--set", "auto_repair_enabled=false"])
    alone.start()
    try:
        at = "127.0.0.5:7000"
        assert problems(alone) == {("hints", at), ("proofs", at)}
    finally:
        assert alone.stop() == 0
    code, text = doctor(alone)
    assert code == 2 and "no node answers" in text, text
