"""`henge shell` writes results to a file with CAPTURE as cqlsh does, and loses none that the file does not take."""

import os
import subprocess

import pytest

from processes import HENGE
from terminal import Terminal

MADE = """
CREATE KEYSPACE IF NOT EXISTS k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
CREATE TABLE IF NOT EXISTS k.t (k int PRIMARY KEY, v text);
INSERT INTO k.t (k, v) VALUES (1, 'of the wood');
"""
SHELLS = {"henge": [HENGE, "shell", "--no-color"], "cqlsh": ["cqlsh", "--no-color"]}
PROMPT = r"cqlsh(:\w+)?> "


def environment(folder):
    return {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


def run(shell, node, folder, text):
    command = [*SHELLS[shell], node.address]
    return subprocess.run(command, input=text, env=environment(folder), cwd=folder, capture_output=True, text=True, timeout=60)


def lines(text):
    return [line.rstrip() for line in text.splitlines() if line.strip()]


@pytest.fixture
def made(node, tmp_path):
    done = run("henge", node, tmp_path, MADE)
    assert done.returncode == 0, done
    return node


@pytest.mark.parametrize("name", ["a b.txt", "it''s.txt", "~/home.txt"])
def test_results_go_to_the_file_as_by_cqlsh(made, tmp_path, name):
    text = f"""CAPTURE
CAPTURE '{name}'
CAPTURE
SELECT k, v FROM k.t;
CAPTURE 'another.txt'
SELECT v FROM k.t;
CAPTURE
"""
    said, files = {}, {}
    for shell in SHELLS:
        (folder := tmp_path / shell).mkdir()
        done = run(shell, made, folder, text)
        assert done.returncode == 2 and "Already capturing output to" in done.stderr and "Use CAPTURE OFF to disable." in done.stderr, done
        [file] = [entry for entry in folder.iterdir() if entry.name.endswith(".txt")]
        said[shell] = lines(done.stdout.replace(str(folder), "HOME"))
        files[shell] = lines(file.read_text())
    assert said["henge"] == said["cqlsh"], said
    assert files["henge"] == files["cqlsh"] and "of the wood" in files["henge"][2], files
    assert said["henge"][0] == "Currently not capturing query output." and said["henge"][-1] == said["henge"][-2]


def test_a_file_is_appended_to_and_errors_stay(made, tmp_path):
    (tmp_path / "out.txt").write_text("before\n")
    text = "CAPTURE 'out.txt'\nSELECT v FROM k.t;\nSELECT nothing FROM k.t;\nCAPTURE 'other.txt'\nSELECT k FROM k.t;\nCAPTURE OFF\nCAPTURE OFF\n"
    # cqlsh 6.2.2 takes CAPTURE OFF for CAPTURE.
    done = run("henge", made, tmp_path, text + "SELECT v FROM k.t;\n")
    assert done.returncode == 2 and "nothing" in done.stderr, done
    assert "Already capturing output to out.txt. Use CAPTURE OFF to disable." in done.stderr, done
    assert "Not currently capturing output." in done.stderr, done
    assert done.stdout.count("of the wood") == 1 and not (tmp_path / "other.txt").exists(), done
    written = (tmp_path / "out.txt").read_text()
    assert written.startswith("before\n") and written.count("of the wood") == 1 and written.count("(1 rows)") == 2, written


def test_a_file_that_takes_nothing_is_named_and_results_are_shown(made, tmp_path):
    text = "CAPTURE '/dev/full'\nSELECT v FROM k.t;\nCAPTURE\nSELECT k FROM k.t;\nCAPTURE '/nowhere/at/all'\nSELECT v FROM k.t;\n"
    done = run("henge", made, tmp_path, text)
    assert done.returncode == 2 and done.stdout.count("of the wood") == 2 and done.stdout.count("(1 rows)") == 3, done
    assert "Could not write to '/dev/full': No space left on device" in done.stderr, done
    assert "output is no longer captured" in done.stderr and "Currently not capturing query output." in done.stdout, done
    assert "Could not open '/nowhere/at/all' for append: [Errno 2] No such file or directory" in done.stderr, done


def test_a_person_is_not_asked_for_more_while_results_are_captured(made, tmp_path):
    terminal = Terminal([HENGE, "shell", made.address, "-k", "k"], environment(tmp_path), tmp_path)
    terminal.until(PROMPT)

    def typed(line):
        terminal.type(line + "\n")
        return terminal.until(PROMPT)

    typed("PAGING 2")
    assert "Now capturing query output to 'out.txt'." in typed("CAPTURE 'out.txt'")
    assert "rows)" not in typed("SELECT keyspace_name, table_name FROM system_schema.tables;")
    typed("DESCRIBE KEYSPACES")
    typed("CAPTURE OFF")
    assert "of the wood" in typed("SELECT v FROM t;")
    assert terminal.close() == 0
    written = (tmp_path / "out.txt").read_text()
    assert "\x1b" not in written and "rows)" in written and "system_auth" in written, written
