"""Somebody else's requests while a node is attacked, from a process of its own: what the attacker computes does not count."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from attack import answer, error, query, started
from raw import ERROR

ADDRESS = "127.0.0.77"
STATEMENTS = ("INSERT INTO bystander.t (k, v) VALUES (1, 'here')", "SELECT v FROM bystander.t WHERE k = 1")
PAUSE_SECONDS = 0.02
# A debug build is slow, and so is a machine that does other work: no test holds anybody to milliseconds.
PATIENCE_SECONDS = 5


class Bystander:
    """A process that writes and reads one row over and over, and a thread that looks at the node's memory meanwhile."""

    def __init__(self, target):
        self.target, self.over, self.most_mb = target, threading.Event(), 0.0
        self.process = subprocess.Popen(
            [sys.executable, __file__, target.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert self.process.stdout.readline() == "ready\n", "the bystander did not start"
        self.watch = threading.Thread(target=self.watch_memory, daemon=True)
        self.watch.start()

    def watch_memory(self):
        while not self.over.wait(PAUSE_SECONDS):
            self.most_mb = max(self.most_mb, self.target.resident_mb())

    def stop(self):
        """Ends it and takes its figures: `slowest` in seconds, `count` of turns, `refused` with the texts of errors."""
        self.over.set()
        try:
            seen, _ = self.process.communicate("end\n", timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("a bystander waits for ever") from None
        self.watch.join()
        assert self.process.returncode == 0, "the bystander failed"
        self.slowest, self.count, self.refused = json.loads(seen)


class Attack:
    """`with Attack(target, "name") as attack`: measures a bystander without the attack and with it, and prints a line."""

    def __init__(self, target, name, quiet_seconds=1.0):
        self.target, self.name, self.quiet_seconds, self.outcome = target, name, quiet_seconds, ""

    def __enter__(self):
        quiet = Bystander(self.target)
        time.sleep(self.quiet_seconds)
        quiet.stop()
        self.quiet, self.bystander = quiet, Bystander(self.target)
        return self

    def __exit__(self, kind, *_):
        if kind:
            return
        self.bystander.stop()
        seen = self.bystander
        print(
            f"\nattack: {self.name}: {seen.most_mb:.0f} MB of {self.target.limit_mb():.0f} MB; bystander at most {seen.slowest * 1000:.0f} ms, "
            f"{self.quiet.slowest * 1000:.0f} ms without; refused: {self.outcome or 'nothing'}",
            flush=True,
        )
        assert seen.most_mb < self.target.limit_mb(), f"{seen.most_mb:.0f} MB"
        assert not seen.refused, seen.refused[:3]
        assert seen.slowest < PATIENCE_SECONDS and seen.count, f"{seen.slowest:.1f} s, {seen.count} requests"


def main(address):
    """Turns until something stands on standard input, one at least; then one line of figures."""
    stream, over = started(address, source=ADDRESS), threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), over.set()), daemon=True).start()
    print("ready", flush=True)
    slowest, count, refused = 0.0, 0, []
    while not (count and over.wait(PAUSE_SECONDS)):
        began = time.monotonic()
        for statement in STATEMENTS:
            stream.sendall(query(statement))
            opcode, body = answer(stream)
            if opcode == ERROR:
                refused.append(error(body)[1])
        slowest, count = max(slowest, time.monotonic() - began), count + 1
    print(json.dumps([slowest, count, refused]))


if __name__ == "__main__":
    main(sys.argv[1])
