"""`henge shell` takes every flag of cqlsh 6.2, and what a script can see of them is the same: output, prompts, exit codes."""

import os
import re
import subprocess

import pytest

from processes import HENGE

SHELLS = {"henge": [HENGE, "shell", "--no-color"], "cqlsh": ["cqlsh", "--no-color"]}
# It is not in the help of cqlsh.
HIDDEN = "--insecure-password-without-warning"


def run(shell, home, *arguments, text="", **environment):
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"} | environment
    command = [*SHELLS[shell], *map(str, arguments)]
    return subprocess.run(command, input=text, env=environment, cwd=home, capture_output=True, text=True, timeout=60)


def flags(shell, home):
    return set(re.findall(r"(?<!\S)--?[a-zA-Z][-a-z]*", run(shell, home, "--help").stdout))


def both(home, *arguments, text="", **environment):
    """Exit code and output of both, which have to be the same."""
    done = {shell: run(shell, home, *arguments, text=text, **environment) for shell in SHELLS}
    assert done["henge"].returncode == done["cqlsh"].returncode, done
    assert done["henge"].stdout == done["cqlsh"].stdout, done
    return done["henge"]


def test_each_flag_is_known(tmp_path):
    missing = (flags("cqlsh", tmp_path) | {HIDDEN}) - flags("henge", tmp_path)
    assert not missing and len(flags("cqlsh", tmp_path)) > 25, missing


@pytest.mark.parametrize(
    "given",
    [
        ["--protocol-version", "4"],
        ["--protocol-version=5", "--cqlversion=3.4.7"],
        ["--encoding", "utf-8", "--connect-timeout", "9", "--request-timeout", "9"],
        ["-k", "system"],
        ["-u", "nobody", "-p", "asked", HIDDEN],
        ["--tty", "--disable-history"],
    ],
)
def test_a_statement_is_run_with_any_of_them(node, tmp_path, given):
    done = both(tmp_path, node.address, *given, "-e", "SELECT key FROM system.local")
    assert (done.returncode, done.stderr) == (0, "") and "(1 rows)" in done.stdout, done


def test_tty_prompts_whatever_the_input_is(node, tmp_path):
    text = "SELECT key\nFROM system.local;\nUSE system;\nSELECT key FROM\n local;\nnope;\nCONSISTENCY\n"
    done = {shell: run(shell, tmp_path, node.address, "--tty", text=text) for shell in SHELLS}
    ours, theirs = (process.stdout.split("Use HELP for help.\n")[1] for process in done.values())
    assert ours == theirs and "cqlsh:system> " in ours, done
    assert all(process.returncode == 0 for process in done.values()), done


def test_a_password_on_the_command_line_is_warned_of(node, tmp_path):
    for shell in SHELLS:
        done = run(shell, tmp_path, node.address, "-u", "a", "-p", "b", "-e", "SELECT key FROM system.local")
        assert "Warning: " in done.stderr and done.returncode == 0, done


def test_what_has_no_effect_is_taken_and_told(node, tmp_path):
    given = ["--encoding", "latin-1", "--browser", "firefox", "--coverage"]
    done = run("henge", tmp_path, node.address, *given, "-e", "SELECT key FROM system.local")
    assert done.returncode == 0 and done.stderr.count("has no effect") == 3, done


def test_debug_tells_what_is_connected_with(node, tmp_path):
    told = [run(shell, tmp_path, node.address, "--debug", "-e", "USE system").stderr for shell in SHELLS]
    for part in ("Using connect timeout: 5 seconds", "Using 'utf-8' encoding", "Using ssl: False"):
        assert all(part in text for text in told), told


@pytest.mark.parametrize(
    "given, code",
    [
        (["-e", "SELECT nope FROM system.local"], 2),
        (["-e", "SELECT nope FROM system.local; SELECT key FROM system.local"], 2),
        (["-k", "nope", "-e", "SELECT key FROM system.local"], 1),
        (["--cqlversion", "3.9", "-e", "SELECT key FROM system.local"], 1),
        (["-f", "not there"], 1),
    ],
)
def test_exit_codes_are_those_of_cqlsh(node, tmp_path, given, code):
    done = both(tmp_path, node.address, *given)
    assert done.returncode == code and done.stderr, done
