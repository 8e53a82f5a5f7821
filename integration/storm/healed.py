"""After the faults: the cluster heals, and all nodes come to hold the same."""

import time

from clients import Clients, ConsistencyLevel
from processes import wait_until
from storm.history import Violation
from storm.nodes import tail
from storm.workloads import ALL_WORKLOADS

# Far more than any healing takes; what is not so then will not be.
PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 2.0
KEYSPACE = "storm"
VALUES = {
    "registers": "k, v, w, writetime(v), writetime(w)",
    "stamped": "k, v, writetime(v)",
    "conditional": "k, v, writetime(v)",
    "lists": "k, e",
    "sets": "k, e",
    "counters": "k, c",
    "batch0": "k, v, writetime(v)",
    "batch1": "k, v, writetime(v)",
    "indexed": "k, g, v, writetime(g), writetime(v)",
    "altered": "k",
}
LOST = ("henge_hints_dropped_total", "henge_hints_damaged_total", "henge_batches_dropped_total", "henge_batches_damaged_total")
assert {table.split()[2] for workload in ALL_WORKLOADS for table in workload.tables if table.startswith("CREATE TABLE")} == set(VALUES)


class Healing:
    """The end of a run on a cluster whose faults have ended. Each step adds what is wrong to `violations`."""

    def __init__(self, cluster, say, read_last, late_keys, may_lose_hints):
        self.cluster, self.say, self.violations = cluster, say, []
        self.read_last, self.late_keys, self.may_lose_hints = read_last, late_keys, may_lose_hints
        self.clients = Clients([node.address for node in cluster.nodes])
        self.sessions = {}

    def run(self, repair):
        """Waits, compares, reads everything at ALL and compares again."""
        try:
            if not self.wait("I31", "every node serves and trusts its clock", self.all_serve):
                return
            self.wait("I31", "keys with deletions were read at ALL", repair)
            self.sessions = {node.number: self.session(node) for node in self.cluster.nodes}
            self.wait("I19", "no node owes hints to another", self.owes_nothing)
            self.wait("I20", "the batch log was gone through", self.batch_log_is_through)
            self.wait("I27", "all nodes have one schema", self.has_one_schema)
            self.wait("I19", "nothing is owed any more", self.owes_nothing)
            self.check_losses()
            # The hints of a coordinator that is killed before it has written them are lost: then reads bring replicas level.
            self.say_differences() if self.may_lose_hints else self.compare()
            self.read_last()
            self.wait("I19", "nothing is owed after everything was read", self.owes_nothing)
            self.compare()
        finally:
            self.cluster.heal()

    def wait(self, rule, what, condition):
        began = time.monotonic()
        try:
            wait_until(condition, what, PATIENCE_SECONDS, PAUSE_SECONDS)
            self.say(f"after {time.monotonic() - began:.1f} s: {what}")
            return True
        except AssertionError as late:
            self.violations.append(Violation(rule, str(late)))
            return False

    def all_serve(self):
        for node in self.cluster.nodes:
            if node.has_ended_by_itself():
                about = f"node {node.number} ended by itself with {node.process.returncode} while the cluster healed:\n{tail(node.log)}"
                self.violations.append(Violation("a node goes on", about))
            if not node.is_running():
                node.start()
        return all(node.is_ready() for node in self.cluster.nodes)

    def session(self, node):
        session = self.clients.session(KEYSPACE, via=[node.address], consistency=ConsistencyLevel.ONE, schema_metadata_enabled=False)
        session.default_fetch_size = 500
        return session

    def ask(self, text):
        """The rows that each node answers, or None if one does not."""
        try:
            return {number: list(session.execute(text)) for number, session in self.sessions.items()}
        except Exception:  # noqa: BLE001 - it is asked again
            return None

    def owes_nothing(self):
        owed = self.ask("SELECT * FROM system_views.pending_hints")
        return owed is not None and not any(owed.values())

    def batch_log_is_through(self):
        """True once each node has gone through its batch log twice, the second time without finding any to write."""
        steps = self.ask("SELECT steps FROM system_views.workers WHERE name = 'batch_replay'")
        if steps is None:
            return False
        now = {number: (rows[0].steps, self.cluster.node(number).metrics().get("henge_batches_replayed_total")) for number, rows in steps.items()}
        if not hasattr(self, "through"):
            self.through = dict(now)
        for number, (count, replayed) in now.items():
            if replayed != self.through[number][1]:
                self.through[number] = (count, replayed)
        return all(count >= self.through[number][0] + 2 for number, (count, _) in now.items())

    def has_one_schema(self):
        versions = self.ask("SELECT schema_version FROM system.local")
        return versions is not None and len({row.schema_version for rows in versions.values() for row in rows}) == 1

    def check_losses(self):
        """I19: what was dropped or damaged was not delivered."""
        for node in self.cluster.nodes:
            figures = node.metrics()
            lost = {name: figures[name] for name in LOST if figures.get(name)}
            if lost:
                self.violations.append(Violation("I19", f"node {node.number} gave up what it owed: {lost}"))

    def say_differences(self):
        differences = self.differences()
        count = sum(len(rows) for rows in differences.values()) if differences is not None else "unknown"
        self.say(f"rows that differ between nodes before they are read at ALL: {count}")

    def compare(self):
        """I10: cut off from each other, so that each can answer by itself alone, all nodes hold the same."""
        found = {}

        def all_hold_the_same():
            found.clear()
            found.update(self.differences() or {"cluster": ["a node did not answer"]})
            return not any(found.values())

        if not self.wait("I10", "every node by itself holds the same rows", all_hold_the_same):
            for table, rows in found.items():
                self.violations += [Violation("I10", f"{table}: {row}") for row in rows[:3]]

    def differences(self):
        """By table the rows that not all nodes hold alike, or None if one did not answer. No node can ask another meanwhile."""
        self.cluster.part()
        try:
            tables, late = {}, self.late_keys()
            for table, columns in VALUES.items():
                found = self.ask(f"SELECT {columns} FROM {table}")
                if found is None:
                    return None
                contents = {number: {row[0]: plain(row) for row in rows} for number, rows in found.items()}
                tables[table] = [row for key, row in differing_rows(contents) if key not in late.get(table, ())]
            return tables
        finally:
            self.cluster.heal()

    def close(self):
        self.clients.close()


def plain(row):
    """A row that can be compared and printed."""
    return tuple(sorted(value) if hasattr(value, "isdisjoint") else value for value in row)


def differing_rows(contents):
    keys = sorted(set().union(*contents.values()))
    rows = [(key, {number: rows.get(key) for number, rows in contents.items()}) for key in keys]
    return [(key, row) for key, row in rows if len(set(map(repr, row.values()))) > 1]
