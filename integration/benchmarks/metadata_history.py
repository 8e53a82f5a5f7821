"""The cost of history: three nodes after few and after many changes of the schema, the third of them away meanwhile. Eight
clients change the comment of a table, and make and drop tables with a deletion in them. Disk, memory and start time must not
grow with the number of changes, and the third has to be level within ten seconds. With --alone it is one node, whose changes
take a fraction of the time.

    HENGE_BIN=target/dist/henge integration/run benchmarks/metadata_history.py [--alone] [100 10000 100000]
"""

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clients import Clients
from process_figures import resident_mb
from processes import Dev, remove, wait_until

LEVEL_SECONDS = 10
WORKERS = 8
# One in so many changes makes a table, and another one drops it.
TABLE_EVERY = 20
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
    # The driver would read the whole schema after each change, and wait for the node that is away.
    options = {"schema_metadata_enabled": False, "token_metadata_enabled": False, "max_schema_agreement_wait": 0}
    return clients, clients.session(via=[node.address], **options)


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


def change(session, table, numbers):
    """Makes a change of the schema for each number, most of them of a table that nobody else changes."""
    for number in numbers:
        match number % TABLE_EVERY:
            case 0:
                session.execute(f"CREATE TABLE k.t{number} (a int, b int, PRIMARY KEY (a, b))")
                session.execute(f"DELETE FROM k.t{number} WHERE a = 1")
            case 1:
                session.execute(f"DROP TABLE IF EXISTS k.t{number - 1}")
            case _:
                session.execute(f"ALTER TABLE k.{table} WITH comment = '{number}'")


def change_all(session, made, count):
    """Makes the changes from one number up to another, most of them by several clients at a time; the newest comment is the last number."""
    # Each client has runs of numbers that begin with a table and its end.
    runs = [range(begin, min(begin + TABLE_EVERY, count - 1)) for begin in range(made, count - 1, TABLE_EVERY)]
    numbers = [[number for run in runs[worker::WORKERS] for number in run] for worker in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as workers:
        list(workers.map(lambda worker: change(session, f"of_{worker}", numbers[worker]), range(WORKERS)))
    session.execute(f"ALTER TABLE k.t WITH comment = '{count - 1}'")


def measure(first, third, made, count):
    """Makes changes until there are `count`, while the third node, if there is one, is away."""
    if third:
        third.kill()
    clients, session = open_session(first)
    each = seconds_of(lambda: change_all(session, made, count)) / (count - made)
    clients.close()
    size, memory = disk(first), resident_mb(first.pid())
    told = f"{count} changes: {each * 1e3:.1f} ms each; first node: {size:.1f} MB on disk, {memory:.0f} MB in memory"
    if third:
        served, level = return_of(third, str(count - 1))
        told += f"; the third, away for {count - made} of them, serves {served:.2f} s after its start, level after {level:.2f} s"
    first.kill()
    restarted = seconds_of(first.restart)
    print(f"{told}; after a start that took {restarted:.2f} s the first has {resident_mb(first.pid()):.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=[100, 10_000])
    parser.add_argument("--alone", action="store_true")
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="henge-bench-"))
    cluster = Dev(directory, 1 if options.alone else 3).start()
    first, third = cluster.nodes[0], None if options.alone else cluster.nodes[2]
    clients, session = open_session(first)
    copies = len(cluster.nodes)
    session.execute(f"CREATE KEYSPACE k WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': {copies}}}")
    for table in ["t", *(f"of_{worker}" for worker in range(WORKERS))]:
        session.execute(f"CREATE TABLE k.{table} (a int PRIMARY KEY)")
    clients.close()
    made = 0
    for count in sorted(options.counts):
        measure(first, third, made, count)
        made = count
    cluster.stop()
    remove(directory)


main()
