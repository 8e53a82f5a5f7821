"""`henge admin`, as an operator on the machine of a node calls it."""

import subprocess

from processes import HENGE


def admin(node, *arguments):
    """What the command prints; it must succeed. `node` is a Server or a Node."""
    command = [HENGE, "admin", "--data-directory", str(node.directory / "data"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def admin_fails(node, *arguments):
    """The exit code and the error of a command that fails."""
    command = [HENGE, "admin", "--data-directory", str(node.directory / "data"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr
