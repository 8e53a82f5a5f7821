"""Metrics of disk, certificates, connections and readiness have the values that they should, and operations are told apart."""

import os
import re
import socket
import time
from pathlib import Path

from cassandra import Unauthorized

from metric_pages import page_of, values
from processes import wait_until

DAY = 86_400
SCRAPES = 200
CONNECTIONS_MAX = 16
ARGUMENTS = ("--set", f"native_transport_max_concurrent_connections={CONNECTIONS_MAX}", "--set", f"native_transport_max_concurrent_connections_per_ip={CONNECTIONS_MAX}")


def operations(address):
    """Requests by operation, however they ended."""
    counts = {}
    for operation, count in re.findall(r'^henge_requests_total\{.*operation="(\w+)",outcome="\w+"\} (\d+)$', page_of(address), re.M):
        counts[operation] = counts.get(operation, 0) + int(count)
    return counts


def test_disk_certificate_and_readiness(node):
    told, disk = values(node.address), os.statvfs(node.directory)
    assert told["henge_ready"] == 1
    assert abs(told["henge_disk_free_bytes"] - disk.f_bavail * disk.f_frsize) < 1 << 30
    assert (32 << 20) <= told["henge_disk_reserve_bytes"] <= (1 << 30)
    assert told["henge_peer_certificate_expiry_timestamp_seconds"] > time.time() + 300 * DAY
    assert told["henge_client_certificate_expiry_timestamp_seconds"] == 0, "it serves plaintext"
    assert told["henge_hints_pending"] == told["henge_hints_oldest_age_seconds"] == told["henge_snapshot_bytes"] == 0


def test_connections_beyond_the_limit_are_counted(node):
    assert values(node.address)["henge_client_connections_limit"] == CONNECTIONS_MAX
    before = values(node.address)["henge_client_connections_refused_total"]
    sockets = [socket.create_connection((node.address, 9042)) for _ in range(CONNECTIONS_MAX + 2)]
    wait_until(lambda: values(node.address)["henge_client_connections_refused_total"] >= before + 2, "refusals are counted", 10)
    for each in sockets:
        each.close()
    # A driver of an earlier test may look for its node at this address still.
    wait_until(lambda: values(node.address)["henge_client_connections"] < CONNECTIONS_MAX / 2, "they are gone", 10)


STATEMENTS = (
    ("schema", "CREATE TABLE t (k int PRIMARY KEY, v int)"),
    ("schema", "CREATE TABLE c (k int PRIMARY KEY, n counter)"),
    ("write", "INSERT INTO t (k, v) VALUES (1, 1)"),
    ("read", "SELECT v FROM t WHERE k = 1"),
    ("scan", "SELECT v FROM t"),
    ("cas", "UPDATE t SET v = 2 WHERE k = 1 IF v = 1"),
    ("batch", "BEGIN BATCH INSERT INTO t (k, v) VALUES (2, 2); DELETE FROM t WHERE k = 3; APPLY BATCH"),
    ("cas", "BEGIN BATCH UPDATE t SET v = 3 WHERE k = 2 IF v = 2; APPLY BATCH"),
    ("counter", "UPDATE c SET n = n + 1 WHERE k = 1"),
    ("auth", "LIST ROLES"),
    ("other", "USE ks"),
)


def test_operations_are_told_apart(node, clients):
    session = clients.keyspace("ks")
    for operation, text in STATEMENTS:
        before = operations(node.address)[operation]
        try:
            session.execute(text)
        except Unauthorized:
            assert operation == "auth", "nobody is logged in here"
        assert operations(node.address)[operation] > before, text


def test_a_scrape_costs_little(node):
    """The time is printed and not judged, for the machine of a test does other work too."""
    ticks = lambda: sum(map(int, Path(f"/proc/{node.program.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    began, text = ticks(), ""
    for _ in range(SCRAPES):
        text = page_of(node.address)
    spent_ms = 1000 * (ticks() - began) / os.sysconf("SC_CLK_TCK") / SCRAPES
    series = len([line for line in text.splitlines() if not line.startswith("#")])
    print(f"{series} series, {len(text)} bytes, {spent_ms:.1f} ms of processor a scrape")
    assert series < 2_000


def test_processor_time_has_fractions(node):
    """Whole seconds would be equal in all of these but by a rare chance."""
    told = set()
    for _ in range(SCRAPES):
        told.add(values(node.address)["process_cpu_seconds_total"] % 1)
    assert len(told) > 1
