"""Real nodes under a storm of faults, and a judgement of everything that clients saw. `integration/chaos --help` tells the options."""

import argparse
import collections
import logging
import os
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from clients import Clients, ConsistencyLevel
from processes import HENGE, remove
from storm.client import REST_SECONDS, Client, Stamps
from storm.healed import KEYSPACE, Healing
from storm.history import FOREVER, OK, REFUSED, UNKNOWN, Violation
from storm.nemesis import Nemesis
from storm.nodes import Cluster
from storm.plan import draw_plan, parse_plan
from storm.workloads import ALL_WORKLOADS, ONE, Levels, choose

PRINTED_MAX = 5
# Classes of errors that are counted at the end.
ERRORS_MAX = 12
LAST_READS_SECONDS = 120
REPAIR_SECONDS = 2
# Faults of the run itself: each breaks a promise that the checks rest on, so that they have to find something.
BREAKS = {
    "levels": "plain reads and writes at ONE are judged as if they were at QUORUM",
    "serial": "reads of conditional rows at ONE are judged as if they were at SERIAL",
    "hints": "nodes keep no hints",
}


def arguments(given=None):
    parser = argparse.ArgumentParser(prog="integration/chaos", description="Real nodes under faults; everything that clients saw is judged.")
    parser.add_argument("--minutes", type=float, default=3.0, help="length of the storm; healing comes on top")
    parser.add_argument("--seed", type=int, default=1, help="decides faults and operations")
    parser.add_argument("--plan", type=Path, help="faults from this file, as a run prints them, in place of those of the seed")
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--threads", type=int, default=9, help="clients, spread over the nodes")
    parser.add_argument("--rate", type=float, default=120.0, help="operations a second of all clients together, at most")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="do wrong on purpose, so that violations have to be found: "
                        + "; ".join(f"{name}: {what}" for name, what in BREAKS.items()))
    parser.add_argument("--directory", type=Path, help="an empty folder for the nodes; it is kept")
    return parser.parse_args(given)


class Run:
    """A storm and what came of it."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.seconds = options.minutes * 60
        settings = {"hinted_handoff_enabled": "false"} if options.broken == "hints" else {}
        self.cluster = Cluster(folder, options.nodes, options.seed, settings)
        levels = Levels(plain=ONE) if options.broken == "levels" else Levels(serial=ONE) if options.broken == "serial" else Levels()
        stamps = Stamps()
        self.workloads = [workload(levels, stamps) for workload in ALL_WORKLOADS]
        self.clients = Clients([node.address for node in self.cluster.nodes])
        self.over = threading.Event()
        self.errors, self.violations = [], []
        self.origin = 0.0

    def execute(self):
        """Everything from the start of the nodes to the judgement. The number of violations."""
        try:
            say(f"henge: {HENGE}; seed {self.options.seed}; {self.options.nodes} nodes in {self.folder}")
            self.cluster.start()
            faults = self.plan()
            connected = self.connect()
            self.storm(faults, connected)
            self.heal(faults, connected)
        finally:
            self.clients.close()
            codes = self.cluster.stop()
        for number, code in codes.items():
            if code:
                self.violations.append(Violation("a node shuts down", f"node {number} ended with {code} after the run"))
        self.judge()
        return len(self.violations)

    def plan(self):
        small_disks = self.cluster.small_disks()
        if not small_disks:
            say("left out: full disks, for no file system can be mounted here")
        if self.options.plan:
            faults = parse_plan(self.options.plan.read_text(), self.options.nodes)
        else:
            faults = draw_plan(self.options.seed, self.seconds, self.options.nodes, small_disks)
        say("the plan:")
        for fault in faults:
            print(fault)
        return faults

    def connect(self):
        session = self.clients.session(via=[self.cluster.nodes[0].address])
        session.execute(f"CREATE KEYSPACE {KEYSPACE} WITH replication = {{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}}")
        session.set_keyspace(KEYSPACE)
        for workload in self.workloads:
            for text in workload.tables:
                session.execute(text)
        self.origin = time.monotonic()
        connected = [Client(self.clients, node.address, KEYSPACE, self.origin) for node in self.cluster.nodes]
        for client in connected:
            for workload in self.workloads:
                for text in workload.statements():
                    client.prepare(text)
        self.origin = time.monotonic()
        for client in connected:
            client.origin = self.origin
        return connected

    def storm(self, faults, connected):
        nemesis = Nemesis(self.cluster, faults, self.origin, failed=self.over.set)
        workers = [
            threading.Thread(target=self.work, args=(connected[number % len(connected)], number), name=f"client {number}")
            for number in range(self.options.threads)
        ]
        workers.append(threading.Thread(target=self.repair_in_calm, args=(connected[0], nemesis), name="repair"))
        for thread in [nemesis, *workers]:
            thread.start()
        minute = 60
        while time.monotonic() < self.origin + self.seconds and not self.over.is_set():
            self.over.wait(max(0.0, min(minute, self.seconds) - (time.monotonic() - self.origin)))
            self.say_figures(minute // 60, nemesis)
            minute += 60
        nemesis.over.set()
        nemesis.join()
        self.over.set()
        for worker in workers:
            worker.join()
        self.violations += nemesis.violations
        for error in [*self.errors, nemesis.error]:
            if error:
                raise error

    def work(self, client, number):
        """One client: an operation, a pause, and so on."""
        source = random.Random(f"client {number} of {self.options.seed}")
        pause = self.options.threads / self.options.rate
        try:
            while not self.over.is_set():
                operation = choose(source, self.workloads).step(client, source)
                took = operation.ended - operation.began
                rest = REST_SECONDS if operation.outcome == REFUSED else source.uniform(0, 2 * pause) - took
                self.over.wait(max(0.0, rest))
        except Exception as error:  # noqa: BLE001 - the main thread raises it
            self.errors.append(error)
            self.over.set()

    def say_figures(self, minute, nemesis):
        counts, longest = self.count()
        totals = collections.Counter()
        for (_, _, outcome), count in counts.items():
            totals[outcome] += count
        up = sum(node.is_running() for node in self.cluster.nodes)
        begun = sum(what == "begins" for _, what, _ in nemesis.log)
        say(
            f"minute {minute}: {sum(totals.values())} operations, {totals[OK]} ok, {totals[REFUSED]} refused, {totals[UNKNOWN]} unknown, "
            f"longest {longest:.1f} s; {begun} faults have begun, {len(nemesis.active)} last; {up} nodes run"
        )

    def count(self):
        """Operations by workload, kind and outcome; and the longest time that one took."""
        counts, longest = collections.Counter(), 0.0
        for workload in self.workloads:
            for operation in workload.operations():
                if operation.ended < FOREVER:
                    counts[workload.name, operation.kind, operation.outcome] += 1
                    longest = max(longest, operation.ended - operation.began)
        return counts, longest

    def longest_request(self):
        operations = [operation for workload in self.workloads for operation in workload.operations() if operation.ended < FOREVER]
        return max(operations, key=lambda operation: operation.ended - operation.began, default="")

    def count_errors(self):
        """Outcomes other than ok, by outcome and class of error."""
        operations = [operation for workload in self.workloads for operation in workload.operations()]
        return collections.Counter(f"{o.outcome}: {o.error.partition(':')[0] or 'not ended'}" for o in operations if not o.is_ok)

    def heal(self, faults, connected):
        say("the faults have ended")
        kills = any(fault.kind in ("kill", "restart") for fault in faults)
        healing = Healing(self.cluster, say, lambda: self.read_last(connected), self.late_keys, kills)
        try:
            healing.run(lambda: self.repair(connected[0]))
        finally:
            self.violations += healing.violations
            healing.close()

    def repair(self, client):
        return all([workload.repair(client) for workload in self.workloads])

    def repair_in_calm(self, client, nemesis):
        """Repairs while no fault lasts, as operators do on tables whose deletions are purged after gc_grace_seconds."""
        try:
            while not self.over.wait(REPAIR_SECONDS):
                if not nemesis.active:
                    self.repair(client)
        except Exception as error:  # noqa: BLE001 - the main thread raises it
            self.errors.append(error)
            self.over.set()

    def late_keys(self):
        """Keys that were not repaired in time, by table."""
        return {workload.name_of_table(): workload.late_keys() for workload in self.workloads if workload.is_purged}

    def read_last(self, connected):
        """Reads everything once more, the schema on every node. What is not answered at once is asked again."""
        end = time.monotonic() + LAST_READS_SECONDS
        for number, client in enumerate(connected):
            for workload in self.workloads:
                while (number == 0 or workload.name == "schema") and not workload.read_last(client):
                    if time.monotonic() > end:
                        self.violations.append(Violation("I31", f"{workload.name}: not everything can be read after all has healed"))
                        break
                    time.sleep(1)

    def judge(self):
        counts, _ = self.count()
        print(f"{'workload':<10} {'kind':<8} {'ok':>8} {'refused':>8} {'unknown':>8}")
        for name, kind in sorted({(name, kind) for name, kind, _ in counts}):
            print(f"{name:<10} {kind:<8} " + " ".join(f"{counts[name, kind, outcome]:>8}" for outcome in (OK, REFUSED, UNKNOWN)))
        late = sum(len(keys) for keys in self.late_keys().values())
        print(f"keys that are not judged, for they were not repaired before their deletions could be purged: {late}")
        print(f"longest request:{self.longest_request()}")
        for error, count in self.count_errors().most_common(ERRORS_MAX):
            print(f"{count:>8} {error}")
        for workload in self.workloads:
            self.violations += workload.check()
        for node in self.cluster.nodes:
            if "panicked" in node.log.read_text(errors="replace"):
                self.violations.append(Violation("no panic", f"node {node.number} panicked: see {node.log}"))
        for violation in self.violations[:PRINTED_MAX]:
            print(f"\nviolation of {violation}")
        if len(self.violations) > PRINTED_MAX:
            print(f"\n{len(self.violations) - PRINTED_MAX} more: {dict(collections.Counter(v.rule for v in self.violations))}")
        print(f"violations: {len(self.violations)}", flush=True)


def say(line):
    print(line, flush=True)


def main(given=None):
    options = arguments(given)
    logging.getLogger("cassandra").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    folder = options.directory or Path(tempfile.mkdtemp(prefix="henge-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    violations = Run(options, folder.absolute()).execute()
    if violations:
        say(f"logs are in {folder}; the same run: integration/chaos --seed {options.seed} --minutes {options.minutes:g}")
    elif not options.directory:
        remove(folder)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
