"""Two builds of henge, side by side on this machine under one client, and what each operation costs their servers.

    HENGE_BIN=target/dist/henge integration/run benchmarks/side_by_side.py BEFORE [--pairs 15] [--seconds 1] [--only TEXT]

BEFORE is the other binary; HENGE_BIN's `henge bench` is the client of both. The servers of both run all the time, each
build's in a network namespace of its own (root is needed), and are measured in turn for a second each: what else the
machine does, or how fast it is just now, meets both alike. What a second leaves to flush and to compact is waited for and
counted with it. The table has the medians, and the median of the pairs' ratios with the quarters below and above it.
"""

import argparse
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from process_figures import cpu_seconds
from processes import HENGE, remove, wait_until

START_SECONDS = 60
WARM_UP_SECONDS = 2
# Servers that together use less of a core than this over a pause are at rest.
REST_SECONDS, REST_CORES, PAUSE_SECONDS = 60, 0.1, 0.4
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
    """Servers of one binary in a network namespace; `with` starts and stops them."""

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
        # Both programs replace the shell, so that its number is the server's, or that of the parent of all.
        command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", self.binary, *arguments]
        with (self.directory / "output").open("ab") as output:
            self.process = subprocess.Popen(command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        wait_until(self.is_ready, "the servers are ready", START_SECONDS)
        self.pids = [self.process.pid] if len(self.addresses) == 1 else children(self.process.pid)
        assert len(self.pids) == len(self.addresses), self.pids
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        remove(self.directory)

    def is_ready(self):
        # Nodes of 18bd870 join no cluster that has keyspaces, so that nothing is asked before all have joined.
        if len(self.addresses) > 1 and "ready:" not in (self.directory / "output").read_text():
            return False
        return self.bench("--seconds", "0", "--warm-up", "0").returncode == 0

    def within(self):
        """The beginning of a command that runs where the servers are."""
        return ["nsenter", "--target", str(self.process.pid), "--net"]

    def bench(self, *arguments):
        hosts = ",".join(f"{address}:9042" for address in self.addresses)
        return subprocess.run([*self.within(), HENGE, "bench", "--hosts", hosts, *arguments], capture_output=True, text=True, timeout=600)

    def rest(self):
        """Waits until no work is left of what was asked before; the CPU seconds that it took, without those of being idle."""
        left, end = 0, time.monotonic() + REST_SECONDS
        while time.monotonic() < end:
            began = self.cpu_seconds()
            time.sleep(PAUSE_SECONDS)
            used = self.cpu_seconds() - began
            if used < REST_CORES * PAUSE_SECONDS:
                return left
            left += used
        raise AssertionError(f"after {REST_SECONDS} s the servers still work on what was asked")

    def cpu_seconds(self):
        return sum(cpu_seconds(pid) for pid in self.pids)

    def measure(self, load, seconds):
        """Microseconds of the servers' CPU for each operation, with what it leaves to flush and compact; operations a second, and megabytes
        resident."""
        done = self.bench("--pids", ",".join(map(str, self.pids)), "--seconds", str(seconds), "--warm-up", "0", *load)
        found = re.search(r": (\d+)/s, .* servers ([\d.]+) us of CPU each .* (\d+) MB resident", done.stdout)
        assert found, done.stdout + done.stderr
        # Conditional writes of one row may be told that their outcome is unknown.
        errors = re.search(r"(\d+) ERRORS", done.stdout)
        assert not errors or int(errors[1]) < float(found[1]) * seconds / 1000, done.stdout
        left = 1e6 * self.rest() / (float(found[1]) * seconds)
        return float(found[2]) + left, float(found[1]), float(found[3])


def compare(builds, load, options):
    """The figures of both builds by name, of each pair. What writes the rows does so once."""
    figures = {name: [] for name in builds}
    for name, servers in builds.items():
        servers.measure(load, WARM_UP_SECONDS)
    again = [word for word in load if word != "--fill"]
    for number in range(options.pairs):
        for name in sorted(builds, reverse=number % 2 == 0):
            figures[name].append(builds[name].measure(again, options.seconds))
    return figures


def report(load, figures):
    before, after = figures["before"], figures["after"]
    low, middle, high = statistics.quantiles([new[0] / old[0] for old, new in zip(before, after)], n=4)
    cost, rate, resident = ([statistics.median(figure[at] for figure in of) for of in (before, after)] for at in range(3))
    text = f"{cost[0]:.1f} | {cost[1]:.1f} | {middle:.2f} ({low:.2f}-{high:.2f}) | {rate[0]:.0f}, {rate[1]:.0f} | {resident[0]:.0f}, {resident[1]:.0f}"
    print(f"| {load} | {text} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--only", default="", help="only loads whose names have this text")
    options = parser.parse_args()
    binaries = {"before": os.path.realpath(options.before), "after": HENGE}
    print("| servers' CPU per operation, us | before | after | ratio | operations/s | MB resident |\n|---|---|---|---|---|---|")
    kinds = [(SINGLE, sync, loads) for sync, loads in LOADS.items()] + [(THREE, "periodic", SHARED_LOADS)]
    for addresses, sync, loads in kinds:
        if not any(options.only in name for name, _ in loads):
            continue
        with ExitStack() as stack:
            builds = {name: stack.enter_context(Servers(binary, addresses, sync)) for name, binary in binaries.items()}
            for name, load in loads:
                if options.only in name:
                    report(name, compare(builds, load, options))
                elif "--fill" in load:
                    [servers.measure(load, 1) for servers in builds.values()]


if __name__ == "__main__":
    main()
