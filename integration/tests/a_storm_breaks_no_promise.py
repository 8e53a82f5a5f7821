"""Three nodes under a minute of faults: everything that clients saw is as it should be. And a run that breaks a promise is found out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent.parent
OPTIONS = ("--seed", "20", "--rate", "60", "--threads", "6")


def storm(folder, *options):
    """The output and the exit code of a run."""
    environment = os.environ | {"PYTHONPATH": f"{HERE / 'support'}:{HERE}"}
    command = [sys.executable, str(HERE / "storm" / "main.py"), "--directory", str(folder), *OPTIONS, *options]
    done = subprocess.run(command, cwd=HERE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout)
    return done.stdout, done.returncode


@pytest.mark.timeout(1200)
def test_a_minute_of_faults(tmp_path):
    output, code = storm(tmp_path / "storm", "--minutes", "1")
    assert code == 0, output[-8_000:]
    assert "violations: 0" in output


@pytest.mark.timeout(1200)
def test_a_run_that_asks_for_too_little_is_found_out(tmp_path):
    """Reads and writes at ONE, judged as if they were at QUORUM, while a node is cut off. Without this the test above would prove little."""
    plan = tmp_path / "plan"
    plan.write_text("at 1 for 6 isolate 1\nat 7.5 for 6 isolate 2\n")
    output, code = storm(tmp_path / "storm", "--minutes", "0.25", "--plan", str(plan), "--break", "levels")
    assert code == 1, output[-8_000:]
    assert "violation of I3" in output
