"""Lines of the log about operations name who asked for them: a user and a process, or an address."""

import os
import re
import subprocess

from processes import ADMIN_PORT, HENGE, wait_until


def admin(*arguments):
    """Calls a command; gives the number of its process."""
    process = subprocess.Popen([HENGE, "admin", *arguments], stdout=subprocess.DEVNULL)
    assert process.wait(60) == 0, arguments
    return process.pid


def line(node, words, name):
    """The line with these words about an operation or a snapshot, once it is written."""
    found = []
    wait_until(lambda: found.extend(re.findall(f".*{words}.*{name}.*", node.program.text())) or found, words)
    assert len(found) == 1, found
    return found[0]


def test_who_asks_over_the_socket_is_a_user_and_a_process(node):
    socket = ("--data-directory", str(node.directory / "data"))
    by = f"by=uid {os.getuid()}, process {{}}"
    process = admin(*socket, "snapshot", "-t", "monday")
    assert by.format(process) in line(node, "an operation has started", "snapshot monday")
    process = admin(*socket, "clearsnapshot", "-t", "monday")
    assert by.format(process) in line(node, "a snapshot was removed", "monday")


def test_who_asks_over_the_port_is_an_address(node):
    admin("-p", str(ADMIN_PORT), "snapshot", "-t", "tuesday")
    started = line(node, "an operation has started", "snapshot tuesday")
    assert re.search(r"by=127\.0\.0\.1:\d+", started) and "uid" not in started, started
