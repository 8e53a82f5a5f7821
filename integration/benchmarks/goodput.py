"""What a cluster does that is offered five times as much as it can do: three nodes, RF 3, at QUORUM.

    HENGE_BIN=target/dist/henge integration/run benchmarks/goodput.py [--rounds 5] [--seconds 8] [--load conditional|scan|write]

Each round measures the peak with many requests under way, then offers five times as many a second whatever becomes of
them, and five seconds later a third of the peak. Done are requests that were answered well; what is refused should be told
Overloaded, and nothing should be refused any more in the end. The table has every round, and the medians below it.
"""

import argparse
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

from process_figures import highest_resident_mb
from processes import HENGE, Dev, remove

LOADS = {"conditional": ["--conditional"], "scan": ["--scan", "--value-bytes", "100"], "write": ["--write"]}
# Requests under way at the peak: more than it takes, and fewer than a node refuses.
PEAK = {"conditional": "128", "scan": "16", "write": "384"}
ROWS_OF_A_SCAN = 5_000
TIMES = 5
# After so many seconds the cluster is to be as before.
RECOVERY_SECONDS = 5


class Bench:
    """`henge bench` against the cluster."""

    def __init__(self, cluster, options):
        self.hosts = ",".join(f"{address}:9042" for address in cluster.addresses)
        self.load = [*LOADS[options.load], "--consistency", "QUORUM", "--replication", "3", "--rows", "100000"]
        self.unit = ROWS_OF_A_SCAN if options.load == "scan" else 1

    def measure(self, seconds, warm_up, *more):
        """Requests a second that were done, the p99 of these in milliseconds, those refused, and other errors."""
        command = [HENGE, "bench", "--hosts", self.hosts, "--seconds", str(seconds), "--warm-up", str(warm_up), *self.load, *more]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        found = re.search(r": (\d+)/s, p50 [\d.]+ ms, p99 ([\d.]+) ms", done.stdout)
        assert found, done.stdout + done.stderr
        errors = re.search(r"(\d+) ERRORS, (\d+) of them Overloaded, the first: (.*)", done.stdout)
        failed, overloaded = (int(errors[1]), int(errors[2])) if errors else (0, 0)
        if failed > overloaded:
            print(errors[0], flush=True)
        return float(found[1]) / self.unit, float(found[2]), overloaded, failed - overloaded


def measure_round(bench, pids, options):
    under_way = PEAK[options.load]
    peak, _, _, _ = bench.measure(options.seconds, 3, "--in-flight", under_way, "--connections", "6")
    before = sum(map(highest_resident_mb, pids))
    rate = ["--in-flight", "48000", "--connections", "12", "--rate"]
    good, p99, overloaded, others = bench.measure(options.seconds, 2, *rate, str(int(TIMES * peak)))
    highest = sum(map(highest_resident_mb, pids))
    after, p99_after, refused_after, others_after = bench.measure(5, RECOVERY_SECONDS, *rate, str(int(peak / 3)))
    return {
        "peak": peak,
        "done": good,
        "share": 100 * good / peak,
        "p99": p99,
        "refused": overloaded / options.seconds,
        "others": others,
        "before": before,
        "highest": highest,
        "after": after,
        "p99_after": p99_after,
        "errors_after": refused_after + others_after,
    }


def line(name, figures):
    return (
        f"| {name} | {figures['peak']:.0f} | {figures['done']:.0f} ({figures['share']:.0f} %) | {figures['p99']:.0f} | {figures['refused']:.0f} "
        f"| {figures['others']:.0f} | {figures['before']:.0f}, {figures['highest']:.0f} | {figures['after']:.0f}, {figures['p99_after']:.1f} "
        f"| {figures['errors_after']:.0f} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--load", choices=LOADS, default="conditional")
    options = parser.parse_args()
    cluster = Dev(Path(tempfile.mkdtemp()), 3).start()
    try:
        bench, pids = Bench(cluster, options), [node.pid() for node in cluster.nodes]
        bench.measure(1, 0, "--fill")
        print(
            "| round | peak/s | done/s at five times as much | p99 of these, ms | Overloaded/s | other errors | MB highest before, after "
            "| done/s, p99 ms afterwards | errors afterwards |\n|---|---|---|---|---|---|---|---|---|",
            flush=True,
        )
        rounds = []
        for number in range(options.rounds):
            rounds.append(measure_round(bench, pids, options))
            print(line(number + 1, rounds[-1]), flush=True)
        print(line("median", {key: statistics.median(figures[key] for figures in rounds) for key in rounds[0]}), flush=True)
    finally:
        cluster.stop()
        remove(cluster.directory)


if __name__ == "__main__":
    main()
