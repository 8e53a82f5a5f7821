"""What comparing replicas costs, and how old the proof is that they are equal: three nodes, RF 3.

    HENGE_BIN=target/dist/henge integration/run benchmarks/anti_entropy.py [compare idle proven] [--rows N] [--minutes N] [--set NAME=VALUE]

`compare`: rows that are read and found equal in a second of CPU. Nodes forget their sums when they start, so they read all
of them then. `idle`: the share of a core that an unchanged table costs. `proven`: the age of the oldest proof of any range,
looked at on each node each second, while rows are overwritten at random.
"""

import argparse
import re
import subprocess
import tempfile
import time
from pathlib import Path

from admin import admin
from metric_pages import values
from process_figures import cpu_seconds, resident_mb
from processes import HENGE, Dev, remove, wait_until

TABLE_SECONDS = 1800


def say(text):
    print(text, flush=True)


class Three:
    """Three nodes with a table of many rows, each row on all of them."""

    def __init__(self, rows, settings):
        arguments = [argument for setting in settings for argument in ("--set", setting)]
        self.rows, self.dev = rows, Dev(Path(tempfile.mkdtemp()), 3, arguments=arguments)

    def __enter__(self):
        self.dev.start()
        began = time.monotonic()
        bench(self, "--fill", "--seconds", 0, "--warm-up", 0)
        wait_until(self.is_compacted, "compaction has nothing to do", TABLE_SECONDS, pause=1)
        say(f"{self.rows} rows of 200 B, filled and compacted in {time.monotonic() - began:.0f} s")
        return self

    def __exit__(self, *_):
        self.dev.stop()
        remove(self.dev.directory)

    def is_compacted(self):
        found = [values(address) for address in self.dev.addresses]
        return all(now["henge_compaction_pending_bytes"] == 0 and now["henge_compactions_running"] == 0 for now in found)

    def cpu(self):
        return sum(cpu_seconds(node.pid()) for node in self.dev.nodes)

    def total(self, name):
        return sum(values(address)[name] for address in self.dev.addresses)

    def age(self):
        """The age of the oldest proof of any range on any node, in seconds."""
        return max(values(address)["henge_repair_proven_age_seconds"] for address in self.dev.addresses)


def bench(three, *arguments):
    hosts = ",".join(f"{address}:9042" for address in three.dev.addresses)
    command = [HENGE, "bench", "--hosts", hosts, "--write", "--replication", "3", "--rows", three.rows, *arguments]
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def compare(options):
    settings = ["auto_repair_enabled=false", "repair_throughput=0B", "repair_cpu_share=100", *options.set]
    with Three(options.rows, settings) as three:
        for node in three.dev.nodes:
            node.terminate()
            node.restart()
        time.sleep(5)
        spent, began = -three.cpu(), time.monotonic()
        for node in three.dev.nodes:
            said = admin(node, "repair", "bench")
        spent, took = spent + three.cpu(), time.monotonic() - began
        compared = three.total("henge_repair_rows_compared_total")
        say(f"{compared:.0f} rows of replicas compared in {took:.1f} s and {spent:.1f} s of CPU: {compared / spent:.0f} a second of CPU")
        spent, began = -three.cpu(), time.monotonic()
        admin(three.dev.nodes[0], "repair", "bench")
        say(f"once more, nothing has changed: {time.monotonic() - began:.2f} s, {spent + three.cpu():.2f} s of CPU")
        say(said)


def idle(options):
    with Three(options.rows, options.set) as three:
        wait_until(lambda: 0 < three.age() < 120, "all is proven", TABLE_SECONDS, pause=1)
        seconds = options.minutes * 60
        before, sessions = three.cpu(), three.total("henge_repair_sessions_total")
        time.sleep(seconds)
        share, sessions = (three.cpu() - before) / seconds / 3 * 100, three.total("henge_repair_sessions_total") - sessions
        say(f"each node {share:.2f}% of a core over {seconds:.0f} s, with {sessions:.0f} sessions; the oldest proof is {three.age():.0f} s old")


def proven(options):
    with Three(options.rows, options.set) as three:
        wait_until(lambda: 0 < three.age() < 120, "all is proven", TABLE_SECONDS, pause=1)
        seconds = int(options.minutes * 60)
        hosts = ",".join(f"{address}:9042" for address in three.dev.addresses)
        command = [HENGE, "bench", "--hosts", hosts, "--write", "--replication", "3", "--rows", three.rows, "--consistency", "QUORUM"]
        command += ["--rate", options.rate, "--connections", 16, "--seconds", seconds]
        load = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
        time.sleep(60)
        before, compared, ages, began = three.cpu(), three.total("henge_repair_rows_compared_total"), [], time.monotonic()
        while load.poll() is None:
            ages.append(three.age())
            time.sleep(1)
        took = time.monotonic() - began
        cores, compared = (three.cpu() - before) / took, three.total("henge_repair_rows_compared_total") - compared
        ages.sort()
        said = re.search(r"p99 [\d.]+ ms", load.communicate()[0])
        mean, worst = sum(ages) / len(ages), ages[len(ages) * 99 // 100]
        say(f"age of the oldest proof over {took:.0f} s: mean {mean:.0f} s, p99 {worst:.0f} s, highest {ages[-1]:.0f} s")
        resident = sum(resident_mb(node.pid()) for node in three.dev.nodes)
        say(f"{options.rate} writes/s, {said[0]}; {compared / took:.0f} rows compared a second; {cores:.2f} cores and {resident:.0f} MB for three nodes")
        say(f"mended: {three.total('henge_repair_rows_mended_total'):.0f}, failed sessions: {three.total('henge_repair_sessions_failed_total'):.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["compare", "idle", "proven"], choices=["compare", "idle", "proven"])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=2000, help="rows overwritten in a second")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--set", action="append", default=[], help="a setting of all nodes, such as repair_interval=30s")
    options = parser.parse_args()
    for what in options.what:
        {"compare": compare, "idle": idle, "proven": proven}[what](options)


if __name__ == "__main__":
    main()
