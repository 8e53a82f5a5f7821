"""The cost of history: three nodes after few and after many changes of the schema, the third of them away meanwhile. Disk,
memory and start time must not grow with the number of changes, and the third has to be level within ten seconds.

    HENGE_BIN=target/dist/henge integration/run benchmarks/metadata_history.py [100 10000 100000]
"""

import sys
import tempfile
import time
from pathlib import Path

from clients import Clients
from process_figures import resident_mb
from processes import Dev, remove, wait_until

LEVEL_SECONDS = 10
READ_COMMENT = "SELECT comment FROM system_schema.tables WHERE keyspace_name = 'k' AND table_name = 't'"


def disk(node):
    """Megabytes of a node's data directory."""
    return sum(path.stat().st_size for path in node.directory.rglob("*") if path.is_file() and path != node.log) / 1e6


def seconds_of(act):
    began = time.monotonic()
    act()
    return time.monotonic() - began


def open_session(node):
    clients = Clients([node.address])
    # The driver would read the whole schema after each change.
    return clients, clients.session(via=[node.address], schema_metadata_enabled=False, token_metadata_enabled=False)


def return_of(node, comment):
    """Seconds until a node that was killed serves, and until it has the newest schema, both from its start."""
    began = time.monotonic()
    node.restart()
    served = time.monotonic() - began
    clients, session = open_session(node)
    wait_until(lambda: session.execute(READ_COMMENT).one().comment == comment, "the third node is level", LEVEL_SECONDS, pause=0.01)
    level = time.monotonic() - began
    clients.close()
    return served, level


def measure(first, third, made, count):
    """Changes a table until `count` changes have been made, while the third node is away."""
    third.kill()
    clients, session = open_session(first)
    began = time.monotonic()
    for number in range(made, count):
        session.execute(f"ALTER TABLE k.t WITH comment = '{number}'")
    each = (time.monotonic() - began) / (count - made)
    clients.close()
    size, memory = disk(first), resident_mb(first.pid())
    served, level = return_of(third, str(count - 1))
    first.kill()
    restarted = seconds_of(first.restart)
    print(
        f"{count} changes: {each * 1e3:.1f} ms each; first node: {size:.1f} MB on disk, {memory:.0f} MB in memory, {resident_mb(first.pid()):.0f} MB "
        f"after a start that took {restarted:.2f} s; the third, away for {count - made} of them, serves {served:.2f} s after its start, "
        f"level after {level:.2f} s",
        flush=True,
    )


def main():
    counts = sorted(int(argument) for argument in sys.argv[1:]) or [100, 10_000]
    directory = Path(tempfile.mkdtemp(prefix="henge-bench-"))
    cluster = Dev(directory, 3).start()
    first, _, third = cluster.nodes
    clients, session = open_session(first)
    session.execute("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    session.execute("CREATE TABLE k.t (a int PRIMARY KEY)")
    clients.close()
    made = 0
    for count in counts:
        measure(first, third, made, count)
        made = count
    cluster.stop()
    remove(directory)


main()
