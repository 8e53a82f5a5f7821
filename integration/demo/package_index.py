"""The machine's Debian package index in a three-node cluster that loses a node in the middle of the load, grows to four, loses one for good
and replaces it.

Half of the packages go in through the Python driver, half through cqlsh's COPY FROM. One node is killed with SIGKILL while
they do, and comes back. Every acknowledged row must be on every replica then. A fourth node joins, another one is killed and never comes back, a
fifth takes its place, and every row is read again at ALL, by which all replicas must answer.
"""

import csv
import hashlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from cassandra import ConsistencyLevel
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import TokenAwarePolicy, WhiteListRoundRobinPolicy

from clients import Clients
from processes import HENGE, Dev, Server, answers, remove, wait_until

TABLES = (
    """CREATE TABLE packages (
        name text PRIMARY KEY, version text, section text, priority text, maintainer text, installed_size bigint,
        architecture text, depends text, description text, homepage text, filename text)""",
    """CREATE TABLE by_section (section text, name text, version text, installed_size bigint, description text,
        PRIMARY KEY (section, name))""",
    """CREATE TABLE by_maintainer (maintainer text, installed_size bigint, name text, section text,
        PRIMARY KEY (maintainer, installed_size, name)) WITH CLUSTERING ORDER BY (installed_size DESC, name ASC)""",
)
COLUMNS = {
    "packages": "name version section priority maintainer installed_size architecture depends description homepage filename",
    "by_section": "section name version installed_size description",
    "by_maintainer": "maintainer installed_size name section",
}
FIELDS = {"name": "Package", "installed_size": "Installed-Size"}
PROVEN = []


def main():
    directory = Path(tempfile.mkdtemp(prefix="henge-demo-"))
    packages = read_index()
    say(f"{len(packages)} packages in the index, the longest description has {max(len(p['description']) for p in packages)} characters")
    cluster = Dev(directory, 3).start()
    clients = Clients(cluster.addresses)
    try:
        demonstrate(cluster, clients, packages, directory)
    finally:
        clients.close()
        code = cluster.stop()
    assert code == 0, f"the cluster ended with {code}"
    remove(directory)
    print("\nProved:")
    for line in PROVEN:
        print(f"  - {line}")


def demonstrate(cluster, clients, packages, directory):
    survivors, victim = cluster.nodes[:2], cluster.nodes[2]
    session = clients.keyspace(
        "debian",
        "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}",
        policy=TokenAwarePolicy(WhiteListRoundRobinPolicy([node.address for node in survivors])),
        consistency=ConsistencyLevel.QUORUM,
    )
    for statement in TABLES:
        session.execute(statement)
    # cqlsh cuts its input at the ends of lines, so what holds one goes through the driver.
    packages.sort(key=lambda package: not any("\n" in str(value) for value in package.values()))
    half = len(packages) // 2
    began = time.monotonic()
    killer = threading.Thread(target=kill_soon, args=(victim,))
    killer.start()
    assert not any("\n" in str(value) for package in packages[half:] for value in package.values())
    written = load_by_driver(session, packages[:half])
    killer.join()
    written += load_by_cqlsh(survivors[0].address, packages[half:], directory)
    proved(f"{written} rows acknowledged at QUORUM in {time.monotonic() - began:.0f} s, by the driver and by cqlsh COPY FROM, "
           "with one of three nodes killed by SIGKILL in the middle")
    ask(session, packages)
    returned = time.monotonic()
    victim.restart()
    expected = expectations(packages)
    level = wait_until(lambda: digests(clients, cluster, expected), "all nodes hold the same rows", seconds=900, pause=5)
    proved(f"{time.monotonic() - returned:.0f} s after its return the node holds every row: the digest of all rows as each node alone "
           f"has them is {level} on all three")
    compare(clients, expected)
    grow_and_replace(cluster, session, directory, expected)


def grow_and_replace(cluster, session, directory, expected):
    """Four nodes, of which one is lost for good and replaced."""
    first, lost = cluster.nodes[0], cluster.nodes[2]
    servers = []
    try:
        began = time.monotonic()
        servers.append(add(cluster, directory, 4))
        wait_until(lambda: answers(servers[0].address), "the fourth node serves", 900)
        proved(f"a fourth node joined in {time.monotonic() - began:.0f} s, with its share of the rows")
        read_at_all(first.address, expected, "four nodes")
        host = next(row.host_id for row in session.execute("SELECT rpc_address, host_id FROM system.peers") if row.rpc_address == lost.address)
        lost.kill()
        say(f"node {lost.number} killed for good")
        began = time.monotonic()
        wait_until(lambda: down(first, lost), "the others see that it is gone", 120)
        servers.append(add(cluster, directory, 5, "--replace", str(host)))
        wait_until(lambda: answers(servers[1].address), "the fifth node serves", 900)
        proved(f"a node that is lost for good is replaced {time.monotonic() - began:.0f} s after it was killed")
        for node in (first, servers[0], servers[1]):
            read_at_all(node.address, expected, "the replacement")
        print(admin(first, "status", "debian"))
    finally:
        for server in servers:
            server.stop()


def add(cluster, directory, number, *arguments):
    """Launches another node, with the authority of the first."""
    folder = directory / f"node{number}"
    certificates = folder / "certs"
    certificates.mkdir(parents=True)
    for name in ("ca.pem", "ca.key"):
        shutil.copy(cluster.nodes[0].directory / "certs" / name, certificates)
    own = ["--development-certificates", str(certificates), "--seeds", f"{cluster.addresses[0]}:7000"]
    return Server(folder, f"127.0.0.{number}", [*own, *arguments]).launch()


def admin(node, *arguments):
    command = [HENGE, "admin", "--data-directory", str(node.directory / "data"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def down(node, other):
    return any(line.startswith("DN") and other.address in line.split() for line in admin(node, "status").splitlines())


def read_at_all(address, expected, what):
    reader = Clients([address])
    try:
        session = reader.session("debian", via=[address], consistency=ConsistencyLevel.ALL)
        for table, rows in expected.items():
            assert rows_of(session, table) == rows, f"{table} by {address} differs, with {what}"
    finally:
        reader.close()
    proved(f"with {what}, {sum(map(len, expected.values()))} rows read by {address} at ALL are those that were written")


def read_index():
    """Packages by name; the newest version of each, as the index has it first."""
    text = subprocess.run(["apt-cache", "dumpavail"], check=True, capture_output=True).stdout.decode("utf-8", "replace")
    packages = {}
    for paragraph in text.split("\n\n"):
        fields = fields_of(paragraph)
        if "Package" in fields:
            packages.setdefault(fields["Package"], row_of(fields))
    return list(packages.values())


def fields_of(paragraph):
    fields, name = {}, None
    for line in paragraph.splitlines():
        if line[:1] in " \t" and name:
            fields[name] += "\n" + line[1:]
        elif ":" in line:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    return fields


def row_of(fields):
    row = {column: fields.get(FIELDS.get(column, column.capitalize()), "") for column in COLUMNS["packages"].split()}
    row["installed_size"] = int(row["installed_size"] or 0)
    row["section"] = row["section"] or "none"
    row["maintainer"] = row["maintainer"] or "nobody"
    return row


def load_by_driver(session, packages):
    written = 0
    for table, columns in COLUMNS.items():
        names = columns.split()
        insert = session.prepare(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})")
        rows = [tuple(package[name] for name in names) for package in packages]
        results = execute_concurrent_with_args(session, insert, rows, concurrency=128, raise_on_first_error=False)
        failed = [result for ok, result in results if not ok]
        # A write whose outcome is unknown may be repeated: it says the same.
        again = [row for row, (ok, _) in zip(rows, results) if not ok]
        if again:
            say(f"{len(again)} writes were in doubt when the node died ({type(failed[0]).__name__}); repeating them")
            execute_concurrent_with_args(session, insert, again, concurrency=32)
        written += len(rows)
    return written


def load_by_cqlsh(address, packages, directory):
    written = 0
    for table, columns in COLUMNS.items():
        names = columns.split()
        path = directory / f"{table}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, escapechar="\\", doublequote=False)
            for package in packages:
                writer.writerow([package[name] for name in names])
        copy = f"CONSISTENCY QUORUM; COPY debian.{table} ({', '.join(names)}) FROM '{path}' WITH NULL = '~~' AND NUMPROCESSES = 2;"
        done = subprocess.run(["cqlsh", address, "-e", copy], capture_output=True, text=True, timeout=1200, cwd=directory)
        assert done.returncode == 0 and f"{len(packages)} rows imported" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
        written += len(packages)
    return written


def kill_soon(node):
    time.sleep(2)
    node.kill()
    say(f"node {node.number} killed")


def ask(session, packages):
    """What a packager would ask, while one node is dead."""
    games = session.execute("SELECT name, installed_size FROM by_section WHERE section = 'games' AND name >= 'open' AND name < 'p'").all()
    expected = sorted(p["name"] for p in packages if p["section"] == "games" and "open" <= p["name"] < "p")
    assert [row.name for row in games] == expected, "the slice of games differs"
    maintainer = max((p["maintainer"] for p in packages), key=lambda m: sum(p["maintainer"] == m for p in packages[::50]))
    largest = session.execute("SELECT name, installed_size FROM by_maintainer WHERE maintainer = %s LIMIT 3", (maintainer,)).all()
    theirs = sorted(((p["installed_size"], p["name"]) for p in packages if p["maintainer"] == maintainer), key=lambda x: (-x[0], x[1]))
    assert [(row.installed_size, row.name) for row in largest] == theirs[:3], "the largest packages differ"
    one = session.execute("SELECT version, description FROM packages WHERE name = 'bash'").one()
    bash = next(p for p in packages if p["name"] == "bash")
    assert (one.version, one.description) == (bash["version"], bash["description"])
    proved(f"meanwhile answered at QUORUM: {len(games)} games from 'open' to 'p', the largest packages of {maintainer}, and bash {one.version}")


def expectations(packages):
    """Every row that was acknowledged, by table."""
    return {table: sorted({tuple(p[name] for name in columns.split()) for p in packages}) for table, columns in COLUMNS.items()}


def rows_of(session, table):
    return sorted(tuple(row) for row in session.execute(f"SELECT {', '.join(COLUMNS[table].split())} FROM {table}"))


def digests(clients, cluster, expected):
    """One digest, if each node alone holds exactly the expected rows."""
    seen = set()
    for node in cluster.nodes:
        alone = Clients([node.address])
        try:
            session = alone.session("debian", via=[node.address], consistency=ConsistencyLevel.ONE)
            tables = {table: rows_of(session, table) for table in COLUMNS}
        except Exception as error:  # noqa: BLE001 - it has not answered yet, whatever the reason
            say(f"node {node.number} does not answer yet: {error}")
            return None
        finally:
            alone.close()
        missing = {table: len(set(expected[table]) - set(rows)) for table, rows in tables.items()}
        if any(missing.values()):
            example = next(iter(set(expected[table]) - set(rows)) for table, rows in tables.items() if missing[table])
            say(f"node {node.number} still lacks {missing}, such as {example[0]!r}")
            return None
        assert tables == expected, f"node {node.number} holds rows that nobody wrote"
        seen.add(hashlib.sha256(repr(tables).encode()).hexdigest()[:16])
    return seen.pop() if len(seen) == 1 else None


def compare(clients, expected):
    session = clients.session("debian", consistency=ConsistencyLevel.ALL)
    counts = {table: session.execute(f"SELECT count(*) FROM {table}").one()[0] for table in COLUMNS}
    assert counts == {table: len(rows) for table, rows in expected.items()}, counts
    proved(f"counted at ALL: {counts}")


def proved(line):
    PROVEN.append(line)
    say(line)


def say(line):
    print(line, file=sys.stderr, flush=True)


main()
