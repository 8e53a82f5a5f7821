"""Through a link named cqlsh the binary is `henge shell`, and through one named nodetool `henge admin`: scripts for Cassandra need no change."""

import os
import subprocess

import pytest

from processes import ADMIN_PORT, HENGE

ARGUMENTS = ("--set", f"admin_port={ADMIN_PORT}")


@pytest.fixture
def call(tmp_path):
    """Calls the binary by another name, and gives its exit code, output and errors."""
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}

    def run(name, *arguments):
        link = tmp_path / name
        if not link.is_symlink():
            link.symlink_to(HENGE)
        done = subprocess.run([link, *arguments], env=environment, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_link_named_cqlsh_is_the_shell(node, call):
    code, printed, errors = call("cqlsh", node.address, "-e", "SELECT key FROM system.local")
    assert (code, printed.split(), errors) == (0, ["key", "-------", "local", "(1", "rows)"], "")
    assert call("cqlsh", "--version")[1].startswith("henge shell ")
    code, _, errors = call("cqlsh", "--nope")
    assert code == 1 and "Usage: henge shell" in errors, errors


def test_a_link_named_nodetool_is_henge_admin(node, call):
    code, printed, errors = call("nodetool", "-h", node.address, "-p", str(ADMIN_PORT), "status")
    assert (code, errors) == (0, ""), errors
    assert any(line.startswith("UN ") for line in printed.splitlines()), printed
    assert "Usage: henge admin" in call("nodetool", "-h")[1]


def test_a_link_of_another_name_is_the_binary(call):
    code, printed, _ = call("henge-of-today", "--help")
    assert code == 0 and "Commands:" in printed and "shell" in printed
