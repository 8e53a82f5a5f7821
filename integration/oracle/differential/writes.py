"""Random INSERT, UPDATE, DELETE and BATCH statements."""

import json

from .kinds import literal, random_value, scalar


class Writes:
    def __init__(self, terms, relations):
        self.terms, self.relations, self.rng = terms, relations, terms.rng
        self.clock = 1000

    def chance(self, probability):
        return self.rng.random() < probability

    def near(self):
        """A time of writing close to those before it, so that writes come late and at the same time too."""
        return max(1, self.clock + self.rng.choice([0, 0, 0, -10, -10, -50, 10, 30]))

    def write(self, table):
        self.clock += 10
        # Elsewhere a condition would give cells the time of its ballot, which each server takes for itself.
        conditional = self.chance({"conditional": 0.5, "counter": self.terms.wrong * 0.1}.get(table.flavour, 0))
        if self.chance(0.08):
            text = self.batch(table, conditional)
        else:
            text = self.one(table, conditional)
        # A counter's time is the server's own in Henge: what deletes it has to be of now.
        timestamp = None if table.flavour == "counter" else self.near()
        return self.terms.request(text, timestamp=timestamp, table=table.name)

    def one(self, table, conditional, timed=True):
        roll = self.rng.random()
        # What an addition behind a deletion comes to hangs on a cache in Cassandra.
        if table.flavour == "counter":
            return self.update(table, conditional, timed) if roll < 0.97 else self.insert(table, conditional, timed)
        if roll < 0.45:
            return self.insert(table, conditional, timed)
        return self.update(table, conditional, timed) if roll < 0.78 else self.delete(table, conditional, timed)

    def using(self, conditional, ttl=True, timed=True):
        parts = []
        if timed and self.chance(0.15 if not conditional else 0.02):
            parts.append(f"TIMESTAMP {self.terms.whole(self.near(), 8)}")
        if ttl and self.chance(0.1):
            parts.append(f"TTL {self.terms.whole(self.rng.choice([1000, 100000, 0]) if not self.chance(self.terms.wrong) else -1)}")
        if len(parts) > 1 and self.chance(0.5):
            parts.reverse()
        return " USING " + " AND ".join(parts) if parts else ""

    def insert(self, table, conditional, timed):
        # Of a compact table without values Cassandra sets the hidden column to null, so that there is no row.
        if self.chance(0.07) and (table.values or table.flavour != "compact"):
            return self.insert_json(table, conditional, timed)
        only_static = table.of("static") and self.chance(0.2)
        keys = table.partition + ([] if only_static else table.clustering)
        others = [column for column in (table.of("static") if only_static else table.values) if self.chance(0.65)]
        columns = [column for column in keys if not self.chance(self.terms.wrong * 0.5)] + others
        if self.chance(0.1):
            self.rng.shuffle(columns)
        names = ", ".join(column.name for column in columns) + (", nosuch" if self.chance(self.terms.wrong * 0.1) else "")
        values = ", ".join(self.terms.column(column) for column in columns)
        exists = " IF NOT EXISTS" if conditional else ""
        return f"INSERT INTO $ks.{table.name} ({names}) VALUES ({values}){exists}{self.using(conditional, timed=timed)}"

    def insert_json(self, table, conditional, timed):
        pairs = {}
        for column in table.columns:
            if column.role in ("partition", "clustering") or self.chance(0.6):
                pool = column.pool
                value = self.rng.choice(pool) if pool else random_value(self.rng, column.type)
                pairs[column.name] = self.json(column.type, value, exact=bool(pool))
        text = "{" + ", ".join(f'"{name}": {value}' for name, value in pairs.items()) + "}"
        default = self.rng.choice(["", "", " DEFAULT NULL", " DEFAULT UNSET"])
        shown = self.terms.value(scalar("text"), text)
        return f"INSERT INTO $ks.{table.name} JSON {shown}{default}{' IF NOT EXISTS' if conditional else ''}{self.using(conditional, timed=timed)}"

    def json(self, kind, value, exact=False):
        """The value as JSON; with `exact` a decimal keeps its form, which one with an exponent does as a text alone."""
        if value is None or self.chance(self.terms.wrong):
            return self.rng.choice(["null", "1", '"x"', "[]", "{}", "true"]) if value is not None else "null"
        if kind.name in ("list", "set", "vector"):
            return "[" + ", ".join(self.json(kind.parts[0], part, exact) for part in value) + "]"
        if kind.name == "tuple":
            return "[" + ", ".join(self.json(part, v, exact) for part, v in zip(kind.parts, value)) + "]"
        if kind.name == "udt":
            return "{" + ", ".join(f'"{name}": {self.json(part, v, exact)}' for name, part, v in zip(kind.fields, kind.parts, value)) + "}"
        if kind.name == "map":
            return "{" + ", ".join(f"{self.json_key(kind.parts[0], k, exact)}: {self.json(kind.parts[1], v, exact)}" for k, v in value) + "}"
        shown = literal(self.rng, kind, value)
        if shown.startswith("'"):
            return json.dumps(shown[1:-1].replace("''", "'"))
        return shown if self.bare(kind, shown, exact) and self.chance(0.8) else json.dumps(shown)

    def bare(self, kind, shown, exact):
        """True if JSON has such numbers and truths without quotes."""
        if exact and kind.name == "decimal" and "e" in shown:
            return False
        names = ("int", "bigint", "smallint", "tinyint", "varint", "boolean", "decimal", "double", "float")
        return kind.name in names and shown[-1].isalnum() and "N" not in shown and "I" not in shown

    def json_key(self, kind, value, exact=False):
        shown = self.json(kind, value, exact)
        return shown if shown.startswith('"') else json.dumps(shown)

    def update(self, table, conditional, timed):
        changed = [column for column in table.values if self.chance(0.5)] or table.values[:1]
        if not changed or self.chance(self.terms.wrong * 0.3):
            changed = [self.rng.choice(table.columns)]
        only_static = all(column.role == "static" for column in changed)
        where = self.relations.key(table, whole=not only_static or self.chance(0.2))
        changes = ", ".join(self.change(column) for column in changed)
        return f"UPDATE $ks.{table.name}{self.using(conditional, timed=timed)} SET {changes} WHERE {' AND '.join(where)}{self.conditions(table, conditional)}"

    def change(self, column):
        kind, name = column.type, column.name
        if kind.name == "counter" or self.chance(self.terms.wrong * 0.2):
            operator = self.rng.choice("+-")
            return self.rng.choice([f"{name} = {name} {operator} {self.terms.term(kind)}", f"{name} {operator}= {self.terms.term(kind)}"])
        if kind.collection and self.chance(0.7 if kind.multicell else 0.05):
            return self.change_collection(kind, name)
        if kind.name == "udt" and self.chance(0.4):
            place = self.rng.randrange(len(kind.fields))
            return f"{name}.{kind.fields[place]} = {self.terms.term(kind.parts[place])}"
        return f"{name} = {self.terms.term(kind)}"

    def change_collection(self, kind, name):
        roll = self.rng.random()
        if roll < 0.35:
            return self.rng.choice([f"{name} = {name} + {self.terms.term(kind)}", f"{name} += {self.terms.term(kind)}"])
        if roll < 0.6:
            removed = self.terms.term(kind) if kind.name != "map" else self.terms.term(type(kind)("set", kind.parts[:1], kind.frozen))
            return self.rng.choice([f"{name} = {name} - {removed}", f"{name} -= {removed}"])
        if roll < 0.75 and kind.name == "list":
            return f"{name} = {self.terms.term(kind)} + {name}"
        key = scalar("int") if kind.name == "list" else kind.parts[0]
        return f"{name}[{self.terms.part(key)}] = {self.terms.term(kind.parts[-1])}"

    def conditions(self, table, conditional):
        if not conditional:
            return ""
        if self.chance(0.25):
            return " IF EXISTS"
        columns = table.values if table.values and not self.chance(self.terms.wrong) else table.columns
        return " IF " + " AND ".join(self.relations.condition(self.rng.choice(columns)) for _ in range(self.rng.choice([1, 1, 2])))

    def delete(self, table, conditional, timed):
        columns = [column for column in table.values if self.chance(0.3)] if self.chance(0.5) else []
        only_static = columns and all(column.role == "static" for column in columns)
        where = self.relations.key(table, whole=bool(columns) and not only_static or self.chance(0.5))
        if not columns and table.clustering and self.chance(0.4):
            where = self.relations.partition(table) + self.relations.clustering(table)
        removed = ", ".join(self.removed(column) for column in columns)
        using = self.using(conditional, ttl=False, timed=timed)
        return f"DELETE {removed}{' ' if removed else ''}FROM $ks.{table.name}{using} WHERE {' AND '.join(where)}{self.conditions(table, conditional)}"

    def removed(self, column):
        kind, name = column.type, column.name
        if kind.collection and self.chance(0.5):
            key = scalar("int") if kind.name == "list" else kind.parts[0]
            return f"{name}[{self.terms.part(key)}]"
        if kind.name == "udt" and self.chance(0.4):
            return f"{name}.{self.rng.choice(kind.fields)}"
        return name

    def batch(self, table, conditional):
        tables = [table] * self.rng.randint(1, 3)
        if self.chance(0.3):
            tables.append(self.rng.choice(self.terms.schema.tables))
        sort = "COUNTER " if table.flavour == "counter" and self.chance(0.95) else self.rng.choice(["", "UNLOGGED "])
        timed = self.chance(0.6)
        using = "" if timed or conditional else f" USING TIMESTAMP {self.terms.whole(self.near(), 8)}"
        parts = [self.one(each, conditional and self.chance(0.6), timed) for each in tables]
        return f"BEGIN {sort}BATCH{using} " + "; ".join(parts) + "; APPLY BATCH"
