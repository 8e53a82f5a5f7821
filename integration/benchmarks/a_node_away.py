"""A node that is down under a load of writes, and comes back: how soon hints bring it level, and what clients notice meanwhile.

    HENGE_BIN=target/dist/henge integration/run benchmarks/a_node_away.py [--away 120] [--rate 1500] [--seconds 20] [--set NAME=VALUE]

Three nodes, RF 3, writes at QUORUM through the two that stay, anti-entropy off: hints alone bring the third what it missed.
At the end all replicas are compared by digest; rows that still differ would be mended, and are counted.
"""

import argparse
import re
import subprocess
import tempfile
import time
from pathlib import Path

from admin import admin
from metric_pages import page_of
from processes import HENGE, Dev, remove, wait_until


class Load:
    """Writes at a steady rate, while something happens."""

    def __init__(self, addresses, rate, seconds):
        hosts = ",".join(f"{address}:9042" for address in addresses)
        command = [HENGE, "bench", "--hosts", hosts, "--write", "--consistency", "QUORUM", "--replication", "3", "--rows", "1000000"]
        more = ["--rate", str(rate), "--connections", "16", "--warm-up", "0", "--seconds", str(seconds)]
        self.process = subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def p99(self):
        """The 99th percentile of its writes, in milliseconds; none of them may have failed."""
        text = self.process.communicate(timeout=900)[0]
        assert "ERRORS" not in text, text
        return float(re.search(r"p99 ([\d.]+) ms", text)[1])


def total(nodes, name):
    """The sum of a metric of some nodes."""
    return sum(float(re.search(rf"^{name} (\S+)$", page_of(node.address), re.MULTILINE)[1]) for node in nodes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--away", type=int, default=120)
    parser.add_argument("--rate", type=int, default=1500)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--set", action="append", default=[], help="a setting of all nodes, such as hinted_handoff_throttle=1MiB")
    options = parser.parse_args()
    settings = [argument for setting in ["auto_repair_enabled=false", *options.set] for argument in ("--set", setting)]
    cluster = Dev(Path(tempfile.mkdtemp()), 3, arguments=settings).start()
    stay, away = cluster.nodes[:2], cluster.nodes[2]
    addresses = [node.address for node in stay]
    try:
        Load(addresses, options.rate, 5).p99()
        before = Load(addresses, options.rate, options.seconds).p99()
        print(f"p99 of writes with all nodes: {before:.2f} ms", flush=True)
        away.kill()
        print(f"p99 of writes while one is away: {Load(addresses, options.rate, options.away).p99():.2f} ms", flush=True)
        load, began = Load(addresses, options.rate, options.seconds), time.monotonic()
        away.restart()
        serves = time.monotonic() - began
        wait_until(lambda: total(stay, "henge_hints_pending") == 0, "all hints are delivered", 600, pause=0.5)
        level = time.monotonic() - began
        during = load.p99()
        rows, size = total(stay, "henge_hints_delivered_total"), total(stay, "henge_hints_delivered_bytes_total") / 1e6
        print(f"back after {serves:.1f} s, level after {level:.1f} s: {rows:.0f} hints, {size:.1f} MB", flush=True)
        print(f"p99 of writes meanwhile: {during:.2f} ms, {during / before:.2f} times as much", flush=True)
        print(admin(away, "repair", "bench"), flush=True)
    finally:
        cluster.stop()
        remove(cluster.directory)


if __name__ == "__main__":
    main()
