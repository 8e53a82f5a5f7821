"""What clients do in a run, and how its history is judged. Each workload has a table of its own; keys change, so that histories stay short."""

import itertools
import random
import threading

from clients import ConsistencyLevel
from storm.checks import batches, counters, elements, indexes, linear, registers
from storm.history import Operation, Violation

QUORUM, ONE, ALL = ConsistencyLevel.QUORUM, ConsistencyLevel.ONE, ConsistencyLevel.ALL
SERIAL = ConsistencyLevel.SERIAL
# Deletions of these tables are left out of answers so long after they were made, and purged a minute later. As in Apache Cassandra they
# have to be everywhere by then, which is more than hints promise: those of a coordinator that is killed are lost.
PURGE_SECONDS = 90
PURGED = (
    f"gc_grace_seconds = {PURGE_SECONDS} AND "
    "compaction = {'class': 'SizeTieredCompactionStrategy', 'only_purge_repaired_tombstones': 'false'}"
)
# What the clocks of nodes and of this process may differ by, and time for a repair.
PURGE_MARGIN_SECONDS = 5


class Levels:
    """The levels of a run. A run that is to fail asks for less than it is judged by."""

    def __init__(self, plain=QUORUM, serial=SERIAL):
        self.plain, self.serial = plain, serial


class Workload:
    """Operations by key. `step` is called from several threads."""

    name, weight = "", 1
    tables = ()
    # Keys that are in use at a time, and operations after which a key has had enough.
    keys, operations_max = 4, 300
    # True if deletions are purged. Keys must then be repaired in time.
    is_purged = False

    def __init__(self, levels, stamps):
        self.levels, self.stamps = levels, stamps
        self.history, self.values, self.fresh = {}, itertools.count(1), itertools.count(1)
        self.active = [next(self.fresh) for _ in range(self.keys)]
        self.repairs = {}

    def statements(self):
        """All texts that it prepares."""
        return [text for name, text in vars(type(self)).items() if name.isupper() and isinstance(text, str)]

    def name_of_table(self):
        return self.tables[0].split()[2]

    def key(self, source):
        at = source.randrange(len(self.active))
        if len(self.history.get(self.active[at], ())) >= self.operations_max:
            self.active[at] = next(self.fresh)
        return self.active[at]

    def note(self, kind, key, what=None, stamp=None):
        """An operation that is about to be asked for."""
        operation = Operation(kind, key, what, stamp=stamp)
        self.history.setdefault(key, []).append(operation)
        return operation

    def read_last(self, client):
        """Reads everything at ALL once all has healed, so that it is judged too. True if all was answered."""
        return all(self.read_key(client, key, ALL).is_ok for key in list(self.history))

    def repair(self, client):
        """Reads at ALL, which mends, the keys with deletions since they were last repaired. True if all were answered."""
        are_ok = True
        for key, operations in list(self.history.items()):
            deletions = deletions_of(operations)
            if self.is_purged and deletions and deletions[-1].ended > self.repairs.get(key, [0.0])[-1]:
                read = self.read_key(client, key, ALL)
                are_ok = are_ok and read.is_ok
                if read.is_ok:
                    self.repairs.setdefault(key, []).append(read.began)
        return are_ok

    def late_keys(self):
        """Keys of which a deletion was not repaired before it could be purged: what it covered may be back, by contract."""
        return {key for key, operations in self.history.items() if self.is_purged and not self.is_repaired(key, operations)}

    def is_repaired(self, key, operations):
        repairs = self.repairs.get(key, ())
        return all(
            any(deletion.ended < repair < deletion.began + PURGE_SECONDS - PURGE_MARGIN_SECONDS for repair in repairs)
            for deletion in deletions_of(operations)
        )

    def check(self):
        """What is wrong, at most one violation for each key."""
        late = self.late_keys()
        found = [self.check_key(operations) for key, operations in self.history.items() if key not in late]
        return [violation for violation in found if violation]

    def operations(self):
        return [operation for operations in list(self.history.values()) for operation in list(operations)]


def deletions_of(operations):
    return [operation for operation in list(operations) if operation.kind in ("delete", "remove") and operation.may_have_happened]


class Registers(Workload):
    """Rows that are written, deleted and read whole, with timestamps of clients; what is deleted is purged."""

    name, weight, is_purged = "register", 4, True
    tables = (f"CREATE TABLE registers (k int PRIMARY KEY, v bigint, w bigint) WITH {PURGED}",)
    WRITE = "INSERT INTO registers (k, v, w) VALUES (?, ?, ?) USING TIMESTAMP ?"
    DELETE = "DELETE FROM registers USING TIMESTAMP ? WHERE k = ?"
    READ = "SELECT v, w, writetime(v) AS t FROM registers WHERE k = ?"

    def step(self, client, source):
        key, chance, stamp = self.key(source), source.random(), self.stamps.next()
        if chance < 0.4:
            value = next(self.values)
            return client.ask(self.note("write", key, value, stamp), self.WRITE, (key, value, value, stamp), self.levels.plain)
        if chance < 0.5:
            return client.ask(self.note("delete", key, None, stamp), self.DELETE, (stamp, key), self.levels.plain)
        return self.read_key(client, key, self.levels.plain)

    def read_key(self, client, key, level):
        return client.ask(self.note("read", key), self.READ, (key,), level, row_of_register)

    def check_key(self, operations):
        return registers.check(operations)


def row_of_register(rows):
    # A row whose two values differ was written by nobody.
    return (rows[0].v if rows[0].v == rows[0].w else (rows[0].v, rows[0].w), rows[0].t) if rows else None


class Stamped(Workload):
    """Rows whose timestamps come from nodes, whose clocks are wrong at times."""

    name, weight = "stamp", 2
    tables = ("CREATE TABLE stamped (k int PRIMARY KEY, v bigint)",)
    WRITE = "INSERT INTO stamped (k, v) VALUES (?, ?)"
    READ = "SELECT v, writetime(v) AS t FROM stamped WHERE k = ?"

    def step(self, client, source):
        key = self.key(source)
        if source.random() < 0.5:
            value = next(self.values)
            return client.ask(self.note("write", key, value), self.WRITE, (key, value), self.levels.plain)
        return self.read_key(client, key, self.levels.plain)

    def read_key(self, client, key, level):
        return client.ask(self.note("read", key), self.READ, (key,), level, lambda rows: (rows[0].v, rows[0].t) if rows else None)

    def check_key(self, operations):
        return registers.check_stamps_of_nodes(operations)


class Conditional(Workload):
    """Conditional writes and SERIAL reads of rows."""

    name, weight = "cas", 4
    tables = ("CREATE TABLE conditional (k int PRIMARY KEY, v bigint)",)
    keys, operations_max = 5, 120
    INSERT = "INSERT INTO conditional (k, v) VALUES (?, ?) IF NOT EXISTS"
    SWAP = "UPDATE conditional SET v = ? WHERE k = ? IF v = ?"
    PUT = "UPDATE conditional SET v = ? WHERE k = ? IF EXISTS"
    DELETE = "DELETE FROM conditional WHERE k = ? IF EXISTS"
    READ = "SELECT v FROM conditional WHERE k = ?"

    def __init__(self, levels, stamps):
        super().__init__(levels, stamps)
        self.met = {}

    def step(self, client, source):
        key, chance, value = self.key(source), source.random(), next(self.values)
        expected = self.met.get(key)
        if expected is None or chance < 0.05:
            made = self.change(client, "insert", key, value, self.INSERT, (key, value))
        elif chance < 0.4:
            made = self.change(client, "swap", key, (expected, value), self.SWAP, (value, key, expected))
        elif chance < 0.55:
            made = self.change(client, "put", key, value, self.PUT, (value, key))
        elif chance < 0.6:
            made = self.change(client, "delete", key, None, self.DELETE, (key,))
        else:
            made = self.read_key(client, key, self.levels.serial)
            if made.is_ok:
                self.met[key] = made.answer
            return made
        if made.is_ok:
            self.met[key] = linear.new_value(made) if made.answer[0] else made.answer[1] or expected
        return made

    def change(self, client, kind, key, what, text, values):
        return client.ask(self.note(kind, key, what), text, values, QUORUM, decision_of)

    def read_key(self, client, key, level):
        return client.ask(self.note("read", key), self.READ, (key,), level, lambda rows: rows[0].v if rows else None)

    def read_last(self, client):
        return all(self.read_key(client, key, SERIAL).is_ok for key in list(self.history))

    def check_key(self, operations):
        try:
            return linear.check(operations)
        except linear.Undecided:
            return Violation("undecided", f"the search for an order of {len(operations)} operations took too many steps", operations)


def decision_of(rows):
    row = rows[0]
    return row[0], getattr(row, "v", None)


class Elements(Workload):
    """What sets and lists have in common: the elements that were added and not yet removed."""

    operations_max = 160

    def read_key(self, client, key, level):
        return client.ask(self.note("read", key), self.READ, (key,), level, lambda rows: list(rows[0].e or ()) if rows else [])


class Lists(Elements):
    """Lists that are appended to."""

    name, weight = "append", 2
    tables = ("CREATE TABLE lists (k int PRIMARY KEY, e list<bigint>)",)
    ADD = "UPDATE lists SET e = e + ? WHERE k = ?"
    READ = "SELECT e FROM lists WHERE k = ?"

    def step(self, client, source):
        key = self.key(source)
        if source.random() < 0.5:
            value = next(self.values)
            return client.ask(self.note("add", key, value), self.ADD, ([value], key), self.levels.plain)
        return self.read_key(client, key, self.levels.plain)

    def check_key(self, operations):
        return elements.check_list(operations)


class Sets(Elements):
    """Sets whose elements come and go; what left is purged."""

    name, weight, is_purged = "set", 3, True
    tables = (f"CREATE TABLE sets (k int PRIMARY KEY, e set<bigint>) WITH {PURGED}",)
    ADD = "UPDATE sets USING TIMESTAMP ? SET e = e + ? WHERE k = ?"
    REMOVE = "UPDATE sets USING TIMESTAMP ? SET e = e - ? WHERE k = ?"
    READ = "SELECT e FROM sets WHERE k = ?"

    def __init__(self, levels, stamps):
        super().__init__(levels, stamps)
        self.choosing = threading.Lock()

    def step(self, client, source):
        key, chance = self.key(source), source.random()
        if chance < 0.35:
            return self.change(client, self.note("add", key, next(self.values), self.stamps.next()), self.ADD)
        removal = self.removal(key, source) if chance < 0.5 else None
        if removal:
            return self.change(client, removal, self.REMOVE)
        return self.read_key(client, key, self.levels.plain)

    def change(self, client, operation, text):
        return client.ask(operation, text, (operation.stamp, {operation.what}, operation.key), self.levels.plain)

    def removal(self, key, source):
        """The removal of an element that was added and that nobody has removed, if there is one."""
        with self.choosing:
            element = self.removable(key, source)
            return element and self.note("remove", key, element, self.stamps.next())

    def removable(self, key, source):
        operations = list(self.history.get(key, ()))
        gone = {operation.what for operation in operations if operation.kind == "remove"}
        there = [operation.what for operation in operations if operation.kind == "add" and operation.is_ok and operation.what not in gone]
        return source.choice(there) if there else None

    def check_key(self, operations):
        return elements.check_set(operations)


class Counters(Workload):
    """Counters."""

    name, weight = "counter", 2
    tables = ("CREATE TABLE counters (k int PRIMARY KEY, c counter)",)
    keys, operations_max = 3, 400
    ADD = "UPDATE counters SET c = c + ? WHERE k = ?"
    READ = "SELECT c FROM counters WHERE k = ?"

    def step(self, client, source):
        key = self.key(source)
        if source.random() < 0.6:
            amount = source.choice((1, 1, 10, 100, 1_000))
            return client.ask(self.note("add", key, amount), self.ADD, (amount, key), self.levels.plain)
        return self.read_key(client, key, self.levels.plain)

    def read_key(self, client, key, level):
        return client.ask(self.note("read", key), self.READ, (key,), level, lambda rows: rows[0].c if rows else 0)

    def check_key(self, operations):
        return counters.check(operations)


class Batches(Workload):
    """Logged batches, each of rows of its own in two tables."""

    name, weight, rows = "batch", 2, 4
    tables = tuple(f"CREATE TABLE batch{table} (k bigint PRIMARY KEY, v bigint)" for table in (0, 1))
    INSERTS = tuple(f"INSERT INTO batch{table} (k, v) VALUES (?, ?)" for table in (0, 1))
    READS = tuple(f"SELECT k, v FROM batch{table} WHERE k IN ?" for table in (0, 1))

    def statements(self):
        return [*self.INSERTS, *self.READS]

    def step(self, client, source):
        if source.random() < 0.5 or not self.history:
            batch = next(self.values)
            parts = [(self.INSERTS[row % 2], (batch * self.rows + row, batch)) for row in range(self.rows)]
            return client.ask_batch(self.note("write", batch), parts, self.levels.plain)
        batches_now = list(self.history)
        batch = batches_now[-source.randrange(1, min(30, len(batches_now)) + 1)]
        return self.read_table(client, "read", batch, source.randrange(2), self.levels.plain)

    def read_table(self, client, kind, batch, table, level):
        """Reads those rows of a batch that are in one of the two tables."""
        rows = range(table, self.rows, 2)
        keys = [batch * self.rows + row for row in rows]
        read = lambda found: sorted(row.k - batch * self.rows for row in found)
        return client.ask(self.note(kind, batch, tuple(rows)), self.READS[table], (keys,), level, read)

    def read_last(self, client):
        return all(self.read_table(client, "last", batch, table, ALL).is_ok for batch in list(self.history) for table in (0, 1))

    def check_key(self, operations):
        return batches.check(operations)


class Indexed(Workload):
    """Rows that change the group by which they are indexed. A key is a generation of rows with groups of its own."""

    name, weight = "index", 2
    keys, operations_max = 1, 500
    rows, groups = 12, 4
    tables = (
        "CREATE TABLE indexed (k int PRIMARY KEY, g int, v bigint)",
        "CREATE INDEX indexed_by_group ON indexed (g)",
    )
    WRITE = "INSERT INTO indexed (k, g, v) VALUES (?, ?, ?) USING TIMESTAMP ?"
    DELETE = "DELETE FROM indexed USING TIMESTAMP ? WHERE k = ?"
    READ = "SELECT g, v, writetime(v) AS t FROM indexed WHERE k = ?"
    FIND = "SELECT k, g, v, writetime(v) AS t FROM indexed WHERE g = ?"

    def step(self, client, source):
        key, chance, stamp = self.key(source), source.random(), self.stamps.next()
        row, group = key * 100 + source.randrange(self.rows), key * 100 + source.randrange(self.groups)
        if chance < 0.4:
            value = next(self.values)
            operation = self.note("write", key, (row, group, value), stamp)
            return client.ask(operation, self.WRITE, (row, group, value, stamp), self.levels.plain)
        if chance < 0.5:
            return client.ask(self.note("delete", key, (row, None, None), stamp), self.DELETE, (stamp, row), self.levels.plain)
        if chance < 0.65:
            return self.read_row(client, key, row, self.levels.plain)
        return self.find(client, key, group, self.levels.plain)

    def read_row(self, client, key, row, level):
        read = lambda rows: (rows[0].g, rows[0].v, rows[0].t) if rows else None
        return client.ask(self.note("read", key, row), self.READ, (row,), level, read)

    def find(self, client, key, group, level):
        return client.ask(self.note("find", key, group), self.FIND, (group,), level, lambda rows: sorted(tuple(row) for row in rows))

    def read_last(self, client):
        rows = [self.read_row(client, key, key * 100 + row, ALL) for key in list(self.history) for row in range(self.rows)]
        groups = [self.find(client, key, key * 100 + group, ALL) for key in list(self.history) for group in range(self.groups)]
        return all(operation.is_ok for operation in rows + groups)

    def check_key(self, operations):
        return indexes.check(operations)


class Schemas(Workload):
    """Columns that are added to a table. What was acknowledged is in every node's schema in the end."""

    name, weight, keys = "schema", 0.05, 1
    tables = ("CREATE TABLE altered (k int PRIMARY KEY)",)

    def step(self, client, source):
        column = f"c{next(self.values)}"
        return client.ask_text(self.note("alter", 1, column), f"ALTER TABLE altered ADD {column} int")

    def read_last(self, client):
        read = lambda rows: sorted(row.column_name for row in rows)
        text = "SELECT column_name FROM system_schema.columns WHERE keyspace_name = 'storm' AND table_name = 'altered'"
        operation = self.note("read", 1)
        return client.execute(operation, text, read).is_ok

    def check_key(self, operations):
        there = {operation.what for operation in operations if operation.kind == "alter" and operation.is_ok}
        refused = {operation.what for operation in operations if operation.kind == "alter" and not operation.may_have_happened}
        for read in operations:
            if read.kind == "read" and read.is_ok and (there - set(read.answer) or refused & set(read.answer)):
                return Violation("I27", f"columns that are missing or should not be: {sorted(there ^ set(read.answer))}", operations)
        return None


ALL_WORKLOADS = (Registers, Stamped, Conditional, Lists, Sets, Counters, Batches, Indexed, Schemas)


def choose(source: random.Random, workloads):
    return source.choices(workloads, [workload.weight for workload in workloads])[0]
