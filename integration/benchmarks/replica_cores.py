"""The threads of replicas that do the work of a remote coordinator: three nodes, one of which all clients ask at QUORUM, and the
CPU time that each thread of the others took, in per cent of a core.

    HENGE_BIN=target/dist/henge integration/run benchmarks/replica_cores.py [OTHER] [--seconds 10]

OTHER is another binary, measured before HENGE_BIN's; HENGE_BIN's `henge bench` is the client of both.
"""

import argparse
import subprocess
from collections import Counter
from pathlib import Path

from process_figures import TICKS
from processes import HENGE
from side_by_side import SPREAD, THREE, Servers

LOADS = {"QUORUM read": [], "QUORUM write": ["--write"]}
BUSY = ["--in-flight", "384", "--connections", "6"]


def thread_ticks(pid):
    """CPU ticks of each thread by its id, with its name."""
    ticks = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        head, _, rest = (task / "stat").read_text().rpartition(")")
        fields = rest.split()
        ticks[task.name] = (head.partition("(")[2], int(fields[11]) + int(fields[12]))
    return ticks


def bench(servers, seconds, load):
    command = [*servers.within(), HENGE, "bench", "--hosts", f"{THREE[0]}:9042", "--seconds", str(seconds), "--warm-up", "1", *SPREAD, *BUSY, *load]
    return subprocess.Popen([*command, "--pids", ",".join(map(str, servers.pids))], stdout=subprocess.PIPE, text=True)


def measure(name, binary, seconds):
    with Servers(binary, THREE, "periodic") as servers:
        bench(servers, 1, ["--fill"]).communicate()
        for load, options in LOADS.items():
            before = [thread_ticks(pid) for pid in servers.pids]
            done = bench(servers, seconds, options)
            output, _ = done.communicate()
            print(f"{name}, {load}: {output.strip().splitlines()[-1]}", flush=True)
            for number, (pid, ticks) in enumerate(zip(servers.pids, before), 1):
                print(f"  node {number}: {shares(ticks, thread_ticks(pid), seconds + 1)}", flush=True)


def shares(before, after, seconds):
    taken = Counter()
    for thread, (name, ticks) in after.items():
        taken[f"{name} ({thread})"] += ticks - before.get(thread, (name, 0))[1]
    busiest = [(name, ticks * 100 / TICKS / seconds) for name, ticks in taken.most_common(5)]
    return ", ".join(f"{name} {share:.0f}%" for name, share in busiest if share >= 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", nargs="?")
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    for name, binary in [("other", options.other), ("HENGE_BIN", HENGE)]:
        if binary:
            measure(name, binary, options.seconds)


if __name__ == "__main__":
    main()
