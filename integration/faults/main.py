"""Eight faults in a live cluster under a real Prometheus: each fires its alert, and only its alert."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from cassandra.cluster import NoHostAvailable
from cassandra import OperationTimedOut, ReadTimeout, Unavailable, WriteTimeout
from cassandra.protocol import OverloadedErrorMessage

from clients import Clients, ConsistencyLevel
from processes import HENGE, Dev, wait_until
from prometheus import Prometheus

# Windows of minutes and hours become seconds, a repair is late after 40 s, and the disk of a test may take longer than the objective.
SHORTENED = (('le="0.1"', 'le="10"'), (r"\[(5m|30m|1h|2h|6h|1d|3d)\]", "[15s]"), (r"5 \* 86400", "40"))
SETTINGS = ("--set", "repair_interval=1s", "--set", "native_transport_max_concurrent_requests=40")
SMALL_DISK = "size=512m"
FIRE_SECONDS = 90
WATCH_SECONDS = 12
QUIET_SECONDS = 150
ERRORS = (Unavailable, ReadTimeout, WriteTimeout, OperationTimedOut, NoHostAvailable, OverloadedErrorMessage)


class Stage:
    """The cluster, its clients and its Prometheus."""

    def __init__(self, directory):
        self.directory = directory
        self.small = directory / "cluster/data/node3"
        self.small.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL_DISK, "tmpfs", self.small], check=True)
        os.environ["HENGE_TEST_CLOCKS"] = "1"
        self.cluster = Dev(directory / "cluster", 3, arguments=SETTINGS).start()
        self.clients = Clients(self.cluster.addresses)
        # Through the second node alone: what a fault does to another is seen by what that one cannot do.
        self.session = self.clients.session(via=self.cluster.addresses[1:2], consistency=ConsistencyLevel.QUORUM)
        self.session.execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
        self.session.execute("CREATE KEYSPACE five WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 5}")
        for keyspace in ("ks", "five"):
            self.session.execute(f"CREATE TABLE {keyspace}.t (k int PRIMARY KEY, v text)")
        self.prometheus = Prometheus(directory / "prometheus", self.cluster.addresses, hold="4s", replacements=SHORTENED).start()
        self.is_over = threading.Event()
        self.worker = threading.Thread(target=self.work)
        self.worker.start()

    def work(self):
        """A light load as long as the run lasts."""
        while not self.is_over.wait(0.02):
            self.try_to(self.session, f"INSERT INTO ks.t (k, v) VALUES ({int(time.time()) % 1000}, 'a')")
            self.try_to(self.session, "SELECT v FROM ks.t WHERE k = 1")

    @staticmethod
    def try_to(session, text):
        try:
            session.execute(text)
        except ERRORS:
            pass

    def admin(self, node, *command):
        subprocess.run([HENGE, "admin", "--data-directory", node.directory / "data", *command], check=True, capture_output=True)

    def close(self):
        self.is_over.set()
        self.worker.join()
        self.clients.close()
        self.prometheus.stop()
        code = self.cluster.stop()
        subprocess.run(["umount", "-l", self.small], check=True)
        return code


@contextmanager
def node_down(stage):
    node = stage.cluster.nodes[0]
    node.kill()
    yield
    node.restart()


@contextmanager
def clock_skew(stage):
    offset = stage.cluster.nodes[0].directory / "data/test_clock_offset_ms"
    offset.write_text("3600000")
    yield
    offset.unlink()


@contextmanager
def disk_nearly_full(stage):
    ballast, disk = stage.small / "ballast", os.statvfs(stage.small)
    with ballast.open("wb") as file:
        file.write(bytes(disk.f_bavail * disk.f_frsize - (64 << 20)))
    yield
    ballast.unlink()


@contextmanager
def slow_node(stage):
    pid, is_over = stage.cluster.nodes[0].pid(), threading.Event()

    def pulse():
        while not is_over.is_set():
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.4)
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.2)

    thread = threading.Thread(target=pulse)
    thread.start()
    yield
    is_over.set()
    thread.join()


@contextmanager
def overload(stage):
    is_over = threading.Event()
    sessions = [stage.clients.session(via=stage.cluster.addresses[:1], consistency=ConsistencyLevel.QUORUM) for _ in range(2)]

    def flood(session):
        text = "a" * 20_000
        while not is_over.is_set():
            futures = [session.execute_async("INSERT INTO ks.t (k, v) VALUES (%s, %s)", (k, text)) for k in range(100)]
            for future in futures:
                try:
                    future.result()
                except ERRORS:
                    pass

    threads = [threading.Thread(target=flood, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    yield
    is_over.set()
    for thread in threads:
        thread.join()


@contextmanager
def certificate_near_expiry(stage):
    node = stage.cluster.nodes[0]
    certificates, made = node.directory / "certs", stage.directory / "certificate"
    host = next(line.split()[1] for line in (node.directory / "data/identity").read_text().splitlines() if line.startswith("host "))

    def renew(days):
        command = [HENGE, "cert", "node", "--authority", certificates, "--directory", made, "--host-id", host, "--days", days, "--overwrite"]
        subprocess.run([str(part) for part in command], check=True, capture_output=True)
        for name in ("node.key", "node.pem"):
            os.replace(made / name, certificates / name)

    renew(5)
    yield
    renew(300)


@contextmanager
def repair_stuck(stage):
    """Hints that are owed and not delivered: nothing is proven to be everywhere from their time on."""
    first, second, third = stage.cluster.nodes
    for node in (first, second):
        stage.admin(node, "pausehandoff")
    third.kill()
    time.sleep(3)
    third.restart()
    wait_until(lambda: "HengeNodeDown" not in stage.prometheus.alerts(), "the node is back", 60)
    yield
    for node in (first, second):
        stage.admin(node, "resumehandoff")


@contextmanager
def error_budget_burning(stage):
    """Five copies among three nodes cannot all answer."""
    is_over = threading.Event()
    session = stage.clients.session(via=stage.cluster.addresses[:1], consistency=ConsistencyLevel.ALL)

    def ask():
        while not is_over.wait(0.02):
            stage.try_to(session, "SELECT v FROM five.t WHERE k = 1")

    thread = threading.Thread(target=ask)
    thread.start()
    yield
    is_over.set()
    thread.join()


FAULTS = {
    "node down": (node_down, "HengeNodeDown"),
    "clock skew": (clock_skew, "HengeClockUntrusted"),
    "disk nearly full": (disk_nearly_full, "HengeDiskNearlyFull"),
    "slow node": (slow_node, "HengeSlowNode"),
    "overload": (overload, "HengeOverloaded"),
    "certificate near expiry": (certificate_near_expiry, "HengeCertificateExpires"),
    "repair stuck": (repair_stuck, "HengeRepairStuck"),
    "error budget burning": (error_budget_burning, "HengeAvailabilityBurnsFast"),
}


def inject(stage, name):
    """Injects one fault; returns true if its alert fired, and no other one that nothing silences."""
    fault, alert = FAULTS[name]
    wait_until(lambda: not stage.prometheus.alerts(), f"no alert fires before {name}", QUIET_SECONDS, pause=1)
    with fault(stage):
        began, seen, fired = time.monotonic(), set(), None
        while time.monotonic() - began < FIRE_SECONDS if fired is None else time.monotonic() - fired < WATCH_SECONDS:
            now = stage.prometheus.uninhibited()
            seen |= now
            if alert in now and fired is None:
                fired = time.monotonic()
            time.sleep(0.5)
        silenced = set(stage.prometheus.alerts()) - stage.prometheus.uninhibited()
    others = ", ".join(sorted(seen - {alert})) or "nothing else"
    after = "never" if fired is None else f"after {fired - began:.0f} s"
    print(f"{name:24} {alert:28} {after:12} {others}; silenced: {', '.join(sorted(silenced)) or 'none'}", flush=True)
    return fired is not None and seen == {alert}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=FAULTS, action="append", help="inject this fault only")
    chosen = arguments.parse_args().only or list(FAULTS)
    directory = Path(tempfile.mkdtemp(prefix="henge-alarms-"))
    began, stage = time.monotonic(), Stage(directory)
    try:
        wait_until(lambda: len(stage.prometheus.query('up{job="henge"} == 1')) == 3, "all are scraped")
        wait_until(lambda: not stage.prometheus.alerts(), "no alert fires before the first fault", QUIET_SECONDS, pause=1)
        good = [inject(stage, name) for name in chosen]
        wait_until(lambda: not stage.prometheus.alerts(), "all alerts are over", QUIET_SECONDS, pause=1)
        failed = stage.prometheus.failed_rules()
    finally:
        code = stage.close()
    print(f"{sum(good)} of {len(good)} faults fired their alert and only it, in {time.monotonic() - began:.0f} s; rules that failed: {failed or 'none'}; logs in {directory}")
    sys.exit(0 if all(good) and not failed and code == 0 else 1)


if __name__ == "__main__":
    main()
