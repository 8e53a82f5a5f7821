"""What it costs to give a node that joins its rows: three nodes, RF 3, a fourth one comes, without a limit of bytes a second.

    HENGE_BIN=target/dist/henge integration/run benchmarks/streaming.py [--rows 500000] [--value-bytes 1000]

The fourth gets three quarters of all rows. Bytes are those of rows; seconds of CPU those of all nodes from the moment that
the newcomer is started until it serves clients, without what the others cost before.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from metric_pages import values
from process_figures import cpu_seconds
from processes import HENGE, Dev, Server, answers, remove, wait_until


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--value-bytes", type=int, default=1000)
    options = parser.parse_args()
    settings = ["--set", "stream_throughput_outbound=0B", "--set", "auto_repair_enabled=false"]
    cluster = Dev(Path(tempfile.mkdtemp()), 3, arguments=settings).start()
    newcomer = None
    try:
        fill(cluster, options)
        certificates = cluster.directory / "fourth" / "certs"
        certificates.mkdir(parents=True)
        for name in ("ca.pem", "ca.key"):
            shutil.copy(cluster.nodes[0].directory / "certs" / name, certificates)
        arguments = ["--development-certificates", str(certificates), "--seeds", f"{cluster.addresses[0]}:7000", *settings]
        newcomer = Server(cluster.directory / "fourth", "127.0.0.4", arguments)
        measure(cluster, newcomer)
    finally:
        if newcomer:
            newcomer.stop()
        cluster.stop()
        remove(cluster.directory)


def fill(cluster, options):
    hosts = ",".join(f"{address}:9042" for address in cluster.addresses)
    command = [HENGE, "bench", "--hosts", hosts, "--write", "--fill", "--seconds", 0, "--warm-up", 0, "--replication", 3]
    command += ["--rows", options.rows, "--value-bytes", options.value_bytes]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    for address in cluster.addresses:
        wait_until(lambda: values(address)["henge_compaction_pending_bytes"] == 0, "compaction has nothing to do", 600, pause=1)
    time.sleep(5)


def measure(cluster, newcomer):
    before, began = sum(cpu_seconds(node.pid()) for node in cluster.nodes), time.monotonic()
    newcomer.launch()
    wait_until(lambda: answers(newcomer.address), "the newcomer serves clients", 1200, pause=0.2)
    took = time.monotonic() - began
    sources, target = sum(cpu_seconds(node.pid()) for node in cluster.nodes) - before, cpu_seconds(newcomer.program.process.pid)
    size = values(newcomer.address)["henge_stream_received_bytes_total"] / 1e6
    print(f"{size:.0f} MB in {took:.1f} s: {size / took:.0f} MB/s", flush=True)
    print(f"sources {sources:.1f} s of CPU ({size / sources:.0f} MB/s per core), newcomer {target:.1f} s ({size / target:.0f} MB/s per core)")
    print(f"both {size / (sources + target):.0f} MB/s per core", flush=True)


if __name__ == "__main__":
    main()
