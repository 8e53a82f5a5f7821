"""A disk without space: reads go on, writes are refused with a clear error, and once there is space again they come back by themselves."""

import os
import subprocess
import time

import pytest
from cassandra import ConsistencyLevel

from clients import Clients
from processes import Server, wait_until

ADDRESS = "127.0.0.7"
VALUE = os.urandom(20_000)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting a file system is not permitted here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.parametrize("sync", ["group", "periodic"])
def test_writes_come_back_with_space(small_disk, sync):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(90 << 20))
    settings = ["--set", f"commitlog_sync={sync}", "--set", "memory=32MiB"]
    node = Server(small_disk, ADDRESS, settings).start()
    clients = Clients([ADDRESS])
    try:
        session = clients.keyspace("small", consistency=ConsistencyLevel.ONE)
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v blob)")
        insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
        acknowledged, refused = fill(session, insert)
        assert refused, "a disk of 70 MB took 400 MB"
        assert all("timeout" not in text.lower() for text in refused[-3:]), refused[-3:]
        for k in acknowledged[::50]:
            assert session.execute("SELECT v FROM t WHERE k = %s", (k,)).one().v == VALUE
        assert node.program.alive()
        ballast.unlink()
        began = time.monotonic()
        wait_until(lambda: writes(session, insert, 1_000_000), "writes are taken again", 60, pause=0.5)
        print(f"{sync}: {len(acknowledged)} rows, refused as {refused[-1]!r}; writes were back after {time.monotonic() - began:.1f} s")
        everything = {row.k for row in session.execute("SELECT k FROM t")}
        assert set(acknowledged) <= everything
        clients.close()
        node.restart()
        session = clients.session("small")
        assert set(acknowledged) <= {row.k for row in session.execute("SELECT k FROM t")}
    finally:
        clients.close()
        node.stop()


def fill(session, insert):
    """Writes until that has been refused many times in a row."""
    acknowledged, refused, in_a_row = [], [], 0
    for k in range(20_000):
        try:
            session.execute(insert, (k, VALUE), timeout=10)
            acknowledged.append(k)
            in_a_row = 0
        except Exception as error:  # noqa: BLE001 - which one it is is looked at
            refused.append(f"{type(error).__name__}: {error}")
            in_a_row += 1
            if in_a_row >= 20:
                break
    return acknowledged, refused


def writes(session, insert, k):
    try:
        session.execute(insert, (k, VALUE), timeout=10)
        return True
    except Exception:  # noqa: BLE001 - not yet
        return False
