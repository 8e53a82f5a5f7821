"""Random changes of a schema, each with what it does to the generator's own picture of it once Cassandra took it."""

from .kinds import random_type, random_value, scalar
from .schema import Column, Index, create_index, random_sai, random_target
from .terms import Request


class Definitions:
    def __init__(self, rng, schema):
        self.rng, self.schema, self.made = rng, schema, 0

    def chance(self, probability):
        return self.rng.random() < probability

    def change(self):
        table = self.rng.choice(self.schema.tables)
        change = self.rng.choice([self.add, self.add, self.drop, self.drop, self.add_again, self.rename, self.truncate, self.truncate,
                                  self.create_index, self.drop_index, self.options, self.add_field, self.rename_field, self.odd])
        text, effect = change(table)
        return Request(text, effect=effect, table=table.name)

    def add(self, table):
        self.made += 1
        role = "static" if table.clustering and self.chance(0.25) else "regular"
        kind = scalar("counter") if table.flavour == "counter" else random_type(self.rng, self.schema.types)
        column = Column(f"x{self.made}", kind, role)
        if self.chance(0.1):
            column.name = self.rng.choice(table.columns).name
        def effect():
            if all(other.name != column.name for other in table.columns):
                table.columns.append(column)
        exists = "IF NOT EXISTS " if self.chance(0.15) else ""
        return f"ALTER TABLE $ks.{table.name} ADD {exists}{column.name} {kind}{' STATIC' if role == 'static' else ''}", effect

    def add_again(self, table):
        dropped = [column for name, column in self.schema.dropped if name == table.name]
        if not dropped:
            return self.add(table)
        column = self.rng.choice(dropped)
        kind = column.type if self.chance(0.7) else random_type(self.rng, self.schema.types)
        static = (column.role == "static") != self.chance(0.05)
        column = Column(column.name, kind, "static" if static else "regular")
        def effect():
            if all(other.name != column.name for other in table.columns):
                table.columns.append(column)
        return f"ALTER TABLE $ks.{table.name} ADD {column.name} {kind}{' STATIC' if static else ''}", effect

    def drop(self, table):
        columns = table.values if table.values and self.chance(0.9) else table.columns
        column = self.rng.choice(columns)
        def effect():
            table.columns.remove(column)
            self.schema.dropped.append((table.name, column))
        return f"ALTER TABLE $ks.{table.name} DROP {column.name}", effect

    def rename(self, table):
        self.made += 1
        column = self.rng.choice(table.columns if self.chance(0.3) else table.partition + table.clustering)
        new = f"y{self.made}" if self.chance(0.9) else self.rng.choice(table.columns).name
        def effect():
            column.name = new
        return f"ALTER TABLE $ks.{table.name} RENAME {column.name} TO {new}", effect

    def truncate(self, table):
        return f"TRUNCATE {'TABLE ' if self.chance(0.5) else ''}$ks.{table.name}", None

    def create_index(self, table):
        self.made += 1
        column = self.rng.choice(table.columns)
        index = Index(f"j{self.made}", column.name, random_target(self.rng, column), random_sai(self.rng, column))
        return create_index(table, index), lambda: table.indexes.append(index)

    def drop_index(self, table):
        if not table.indexes:
            return f"DROP INDEX {self.rng.choice(['', 'IF EXISTS '])}$ks.nosuch", None
        index = self.rng.choice(table.indexes)
        return f"DROP INDEX $ks.{index.name}", lambda: table.indexes.remove(index)

    def options(self, table):
        option = self.rng.choice(["comment = 'x'", "gc_grace_seconds = 1000", "default_time_to_live = 50000", "default_time_to_live = 0", "gc_grace_seconds = -1",
                                  "nosuch = 1", "bloom_filter_fp_chance = 2", "compression = {'enabled': false}", "caching = {'keys': 'NONE'}",
                                  "speculative_retry = 'x'", "min_index_interval = 0", "compaction = {'class': 'LeveledCompactionStrategy'}"])
        return f"ALTER TABLE $ks.{table.name} WITH {option}", None

    def add_field(self, table):
        if not self.schema.types:
            return self.add(table)
        self.made += 1
        kind = self.rng.choice(self.schema.types)
        name = f"g{self.made}" if self.chance(0.9) else kind.fields[0]
        return f"ALTER TYPE $ks.{kind.user} ADD {name} {random_type(self.rng, (), 1).froze()}", None

    def rename_field(self, table):
        self.made += 1
        name = self.rng.choice(self.schema.types).user if self.schema.types else "nosuch"
        return f"ALTER TYPE $ks.{name} RENAME nosuch TO h{self.made}", None

    def odd(self, table):
        kind = random_type(self.rng, self.schema.types)
        column = self.rng.choice(table.columns)
        return self.rng.choice([
            f"ALTER TABLE $ks.{table.name} ALTER {column.name} TYPE {kind}",
            f"ALTER TABLE $ks.nosuch ADD a int",
            f"ALTER TABLE $ks.{table.name} ADD (q1 int, q1 int)",
            f"DROP TYPE $ks.{self.schema.types[0].user if self.schema.types else 'nosuch'}",
            f"CREATE TABLE $ks.{table.name} (a int PRIMARY KEY)",
            f"CREATE TABLE IF NOT EXISTS $ks.{table.name} (a int PRIMARY KEY)",
            f"CREATE TABLE $ks.wrong (a {kind}, b {kind}, c {random_type(self.rng, self.schema.types)} STATIC, PRIMARY KEY (a, b))",
            f"CREATE TABLE $ks.wrong (a int PRIMARY KEY, b counter, c {kind})",
            f"CREATE TABLE $ks.wrong (a int, b {kind})",
            f"CREATE TABLE $ks.wrong (a int, b int, PRIMARY KEY (a, b)) WITH CLUSTERING ORDER BY ({column.name} ASC)",
            f"CREATE TYPE $ks.w1 (a {kind}, a int)",
            f"CREATE TYPE $ks.w2 (a {kind}, b counter)",
            f"DROP TABLE $ks.nosuch",
            f"TRUNCATE $ks.nosuch",
            f"SELECT * FROM $ks.nosuch",
            f"INSERT INTO $ks.nosuch (a) VALUES (1)",
        ]), None
