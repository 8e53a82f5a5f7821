"""Two builds of henge, in turn on this machine under one client, and what each operation costs their servers.

    HENGE_BIN=target/dist/henge integration/run benchmarks/side_by_side.py BEFORE [--rounds 3] [--seconds 5] [--only TEXT]

BEFORE is the other binary; HENGE_BIN's `henge bench` is the client of both. Each round starts both anew, the one that
begins changes from round to round. The table has the median of the rounds, their lowest and highest, and the ratio.
"""

import argparse
import os
import re
import signal
import statistics
import subprocess
import tempfile
from pathlib import Path

from processes import HENGE, answers, remove, wait_until

START_SECONDS = 60
SINGLE, THREE = ["127.0.0.1"], ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
WIDE = ["--scan", "--rows", "200000", "--value-bytes", "100"]
# By mode of `commitlog_sync`: names and what `henge bench` is told. Those that write the rows of later ones come first.
LOADS = {
    "periodic": [
        ("read, 256 in flight", ["--fill"]),
        ("write, 256 in flight", ["--write"]),
        ("read, 5,000/s over 32 connections", ["--rate", "5000", "--connections", "32"]),
        ("write, 5,000/s over 32 connections", ["--write", "--rate", "5000", "--connections", "32"]),
        ("conditional write, 256 in flight", ["--conditional"]),
        ("read that is not prepared, 256 in flight", ["--unprepared"]),
        ("scanned row of 100 bytes", [*WIDE, "--fill", "--in-flight", "8"]),
    ],
    "group": [
        ("write, 256 in flight, group", ["--write"]),
        ("write, 5,000/s over 32 connections, group", ["--write", "--rate", "5000", "--connections", "32"]),
    ],
}
SPREAD = ["--consistency", "QUORUM", "--replication", "3"]
BUSY, CALM = ["--in-flight", "384", "--connections", "6"], ["--rate", "1500", "--connections", "32"]
SHARED_LOADS = [
    ("QUORUM read, 384 in flight", [*SPREAD, *BUSY, "--fill"]),
    ("QUORUM write, 384 in flight", [*SPREAD, *BUSY, "--write"]),
    ("QUORUM read, 1,500/s over 32 connections", [*SPREAD, *CALM]),
    ("QUORUM write, 1,500/s over 32 connections", [*SPREAD, *CALM, "--write"]),
    ("QUORUM conditional write, 128 in flight", [*SPREAD, "--in-flight", "128", "--conditional"]),
    ("QUORUM logged batch of two rows, 384 in flight", [*SPREAD, *BUSY, "--batch"]),
]


def children(pid):
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and parent(entry) == pid]


def parent(process):
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


class Servers:
    """Servers of one binary; `with` starts and stops them."""

    def __init__(self, binary, addresses, sync):
        self.binary, self.addresses, self.sync = binary, addresses, sync

    def __enter__(self):
        self.directory = Path(tempfile.mkdtemp())
        option = ["--set", f"commitlog_sync={self.sync}"]
        data = str(self.directory / "data")
        if len(self.addresses) == 1:
            arguments = ["server", "--data-directory", data, *option]
        else:
            arguments = ["dev", "--nodes", str(len(self.addresses)), "--directory", data, "--", *option]
        with (self.directory / "output").open("ab") as output:
            self.process = subprocess.Popen([self.binary, *arguments], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        wait_until(lambda: all(answers(address) for address in self.addresses), "the servers are ready", START_SECONDS)
        self.pids = [self.process.pid] if len(self.addresses) == 1 else children(self.process.pid)
        assert len(self.pids) == len(self.addresses), self.pids
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        remove(self.directory)

    def measure(self, load, seconds):
        """Microseconds of the servers' CPU for each operation, operations a second, and megabytes resident."""
        hosts = ",".join(f"{address}:9042" for address in self.addresses)
        command = [HENGE, "bench", "--hosts", hosts, "--pids", ",".join(map(str, self.pids)), "--seconds", str(seconds), "--warm-up", "2", *load]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        found = re.search(r": (\d+)/s, .* servers ([\d.]+) us of CPU each .* (\d+) MB resident", done.stdout)
        assert found, done.stdout + done.stderr
        # Conditional writes of one row may be told that their outcome is unknown.
        errors = re.search(r"(\d+) ERRORS", done.stdout)
        assert not errors or int(errors[1]) < float(found[1]) * seconds / 1000, done.stdout
        return float(found[2]), float(found[1]), float(found[3])


def measure_round(binary, options):
    """One binary's figures by the names of the loads."""
    figures = {}
    kinds = [(SINGLE, sync, loads) for sync, loads in LOADS.items()] + [(THREE, "periodic", SHARED_LOADS)]
    for addresses, sync, loads in kinds:
        if not any(options.only in name for name, _ in loads):
            continue
        with Servers(binary, addresses, sync) as servers:
            for name, load in loads:
                if options.only in name or "--fill" in load:
                    figures[name] = servers.measure(load, options.seconds)
    return figures


def spread(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--only", default="", help="only loads whose names have this text")
    options = parser.parse_args()
    binaries = {"before": os.path.realpath(options.before), "after": HENGE}
    rounds = {name: [] for name in binaries}
    for number in range(options.rounds):
        for name in sorted(binaries, reverse=number % 2 == 0):
            figures = measure_round(binaries[name], options)
            rounds[name].append(figures)
            told = "; ".join(f"{load}: {cost:.1f}" for load, (cost, *_) in figures.items())
            print(f"round {number + 1}, {name}: {told}", flush=True)
    print("| servers' CPU per operation, us | before | after | ratio | operations/s | MB resident |\n|---|---|---|---|---|---|")
    for load in rounds["after"][0]:
        cost, rate, resident = ({name: [figures[load][at] for figures in rounds[name]] for name in binaries} for at in range(3))
        ratio = statistics.median(cost["after"]) / statistics.median(cost["before"])
        pairs = [f"{statistics.median(kind['before']):.0f}, {statistics.median(kind['after']):.0f}" for kind in (rate, resident)]
        print(f"| {load} | {spread(cost['before'])} | {spread(cost['after'])} | {ratio:.2f} | {pairs[0]} | {pairs[1]} |", flush=True)


if __name__ == "__main__":
    main()
