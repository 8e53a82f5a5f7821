"""`henge shell` shows the lines typed last, as cqlsh does."""

import os
import subprocess

from processes import HENGE
from terminal import Terminal

PROMPT = r"cqlsh(:\w+)?> "


def environment(folder):
    return {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


def shown(command, folder, typed):
    """What each typed line shows, without the line itself."""
    folder.mkdir(exist_ok=True)
    terminal = Terminal(command, environment(folder), folder)
    terminal.until(PROMPT)
    out = []
    for line in typed:
        terminal.type(line + "\n")
        out.append([shown.strip() for shown in terminal.until(PROMPT).splitlines()[1:-1]])
    terminal.close()
    return out


def test_lines_typed_last_are_shown(node, tmp_path):
    typed = ["EXPAND", "PAGING", "HISTORY", "HISTORY 2", "TRACING", "HISTORY"]
    ours = shown([HENGE, "shell", "--no-color", node.address], tmp_path / "henge", typed)
    assert ours == shown(["cqlsh", "--no-color", node.address], tmp_path / "cqlsh", typed)
    assert [ours[2], ours[3], ours[5]] == [["EXPAND", "PAGING"], ["PAGING", "HISTORY"], ["HISTORY 2", "TRACING"]]
    # The next session goes on with them.
    assert shown([HENGE, "shell", node.address], tmp_path / "henge", ["HISTORY 1"]) == [["HISTORY"]]


def test_statements_of_a_pipe_have_no_history(node, tmp_path):
    command = [HENGE, "shell", node.address]
    done = subprocess.run(command, input="HISTORY\n", env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "nobody types here" in done.stderr, done
