"""What clusters cost that nobody uses: CPU and network of six idle nodes, and the time in which twenty processes form a cluster.

    HENGE_BIN=target/dist/henge integration/run benchmarks/idle.py [--seconds 300] [--settle 30]

Bytes are those of the loopback interface with their headers: run it in a network namespace, or where nothing else uses it.
"""

import argparse
import re
import tempfile
import time
from pathlib import Path

from process_figures import cpu_seconds, resident_mb
from processes import Dev, remove


def switches(pid):
    """Times that threads of the process went to sleep or were made to wait."""
    statuses = [(task / "status").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int(count) for status in statuses for count in re.findall(r"ctxt_switches:\s+(\d+)", status))


def loopback_bytes():
    line = next(line for line in Path("/proc/net/dev").read_text().splitlines() if line.strip().startswith("lo:"))
    return int(line.split(":")[1].split()[0])


def formed(nodes):
    """A cluster of so many nodes and the seconds until all of them serve."""
    began = time.monotonic()
    cluster = Dev(Path(tempfile.mkdtemp()), nodes).start()
    return cluster, time.monotonic() - began


def stop(cluster):
    cluster.stop()
    remove(cluster.directory)


def measure_idle(nodes, settle, seconds):
    cluster, took = formed(nodes)
    print(f"{nodes} nodes formed a cluster in {took:.1f} s", flush=True)
    time.sleep(settle)
    pids = [node.pid() for node in cluster.nodes]
    cpu, bytes_before, slept = [cpu_seconds(pid) for pid in pids], loopback_bytes(), [switches(pid) for pid in pids]
    time.sleep(seconds)
    cores = [(cpu_seconds(pid) - before) / seconds * 100 for pid, before in zip(pids, cpu)]
    wakes = [(switches(pid) - before) / seconds for pid, before in zip(pids, slept)]
    network = (loopback_bytes() - bytes_before) / seconds / nodes / 1000
    print(
        f"{nodes} idle nodes over {seconds} s: each {sum(cores) / nodes:.2f}% of a core (highest {max(cores):.2f}%), {network:.1f} KB/s sent, "
        f"{sum(wakes) / nodes:.0f} wake-ups/s, {sum(map(resident_mb, pids)) / nodes:.0f} MB resident",
        flush=True,
    )
    stop(cluster)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--settle", type=int, default=30, help="seconds before counting begins")
    options = parser.parse_args()
    measure_idle(6, options.settle, options.seconds)
    cluster, took = formed(20)
    print(f"20 processes formed a cluster in {took:.1f} s", flush=True)
    stop(cluster)


if __name__ == "__main__":
    main()
