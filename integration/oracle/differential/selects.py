"""Random SELECT statements."""

from .kinds import NUMBERS, SCALARS, scalar

ONE_TO_ONE = {
    "text": ["toJson({})", "textAsBlob({})", "mask_inner({}, 1, 1)", "mask_default({})", "mask_replace({}, 'x')"],
    "blob": ["blobAsText({})", "blob_as_int({})"],
    "timestamp": ["toDate({})", "toUnixTimestamp({})", "floor({}, 1h)", "floor({}, 1mo)", "minTimeuuid({})", "to_timestamp({})"],
    "date": ["toTimestamp({})", "to_unix_timestamp({})", "floor({}, 2d)", "date_as_blob({})"],
    "time": ["floor({}, 30m)"],
    "timeuuid": ["toDate({})", "to_timestamp({})", "toUnixTimestamp({})"],
    "map": ["map_keys({})", "map_values({})", "collection_count({})"],
    "set": ["collection_count({})", "collection_min({})", "collection_max({})", "collection_sum({})", "collection_avg({})"],
    "list": ["collection_count({})", "collection_min({})", "collection_max({})", "collection_sum({})", "collection_avg({})"],
    "vector": ["similarity_cosine({}, {})", "similarity_euclidean({}, {})", "similarity_dot_product({}, {})", "toJson({})"],
}
NUMERIC = ["abs({})", "exp({})", "log({})", "log10({})", "round({})", "{} + 1", "{} - 1", "{} * 2", "{} / 2", "{} % 2", "-{}", "{} + 1.5"]
ANY = ["toJson({})", "mask_null({})", "mask_default({})", "mask_hash({})", "nosuch({})"]
AGGREGATES = ["count({})", "min({})", "max({})", "sum({})", "avg({})"]


class Selects:
    def __init__(self, terms, relations):
        self.terms, self.relations, self.rng = terms, relations, terms.rng

    def chance(self, probability):
        return self.rng.random() < probability

    def select(self, table, times):
        """`times` allows writetime and ttl, which some tables and protocols cannot answer alike."""
        grouped = self.grouping(table)
        text = "SELECT " + ("JSON " if self.chance(0.05) else "") + self.clause(table, times, bool(grouped)) + f" FROM $ks.{table.name}"
        where = self.relations.where(table)
        if where:
            text += " WHERE " + " AND ".join(where)
        if grouped:
            text += " GROUP BY " + ", ".join(grouped)
        text += self.order(table)
        if self.chance(0.08):
            text += f" PER PARTITION LIMIT {self.terms.whole(self.limit())}"
        if self.chance(0.15):
            text += f" LIMIT {self.terms.whole(self.limit())}"
        if self.chance(0.65 if where else 0.1):
            text += " ALLOW FILTERING"
        return self.terms.request(text, page_size=self.rng.choice([0, 0, 100, 1, 2, 3, 5]), table=table.name)

    def limit(self):
        return self.rng.choice([1, 1, 2, 3, 5, 100]) if not self.chance(self.terms.wrong) else self.rng.choice([0, -1])

    def grouping(self, table):
        if not self.chance(0.09):
            return []
        columns = [column.name for column in table.partition + table.clustering]
        columns = columns[: self.rng.randint(1, len(columns))]
        if self.chance(self.terms.wrong * 2):
            columns.append(self.rng.choice(table.columns).name)
        if table.clustering and self.chance(0.1):
            columns[-1:] = [f"floor({columns[-1]}, {self.rng.choice(['1h', '2d', '10'])})"]
        return columns

    def order(self, table):
        if not self.chance(0.12) or not table.clustering and not self.chance(0.1):
            return ""
        columns = table.clustering[: self.rng.randint(1, 3)] or table.columns[:1]
        flip = self.chance(0.5)
        orders = []
        for column in columns:
            descending = (column.descending != flip) if self.chance(0.9) else self.chance(0.5)
            orders.append(column.name + (" DESC" if descending else self.rng.choice(["", " ASC"])))
        if self.chance(self.terms.wrong):
            orders.append(self.rng.choice(table.columns).name)
        return " ORDER BY " + ", ".join(orders)

    def clause(self, table, times, grouped):
        roll = self.rng.random()
        if roll < 0.3:
            return "*"
        if roll < 0.38:
            keys = table.partition + [column for column in table.of("static") if self.chance(0.5)]
            return "DISTINCT " + ", ".join(column.name for column in keys)
        if roll < 0.4:
            return "DISTINCT " + ", ".join(self.selector(table, times) for _ in range(self.rng.randint(1, 2)))
        if roll < 0.46:
            return self.rng.choice(["count(*)", "COUNT(1)", "count(*) AS n, " + self.aggregate(table)])
        many = self.rng.randint(1, 3)
        if grouped and self.chance(0.7) or self.chance(0.08):
            return ", ".join(self.rng.choice([self.aggregate(table), self.rng.choice(table.columns).name]) for _ in range(many))
        return ", ".join(self.selector(table, times) for _ in range(many))

    def aggregate(self, table):
        column = self.rng.choice(table.columns)
        return self.rng.choice(AGGREGATES).format(column.name)

    def selector(self, table, times):
        column = self.rng.choice(table.columns)
        if self.chance(0.5):
            return column.name
        shown = self.computed(table, column, times)
        return shown + (f" AS a{self.rng.randint(1, 2)}" if self.chance(0.15) else "")

    def computed(self, table, column, times):
        kind, name = column.type, column.name
        roll = self.rng.random()
        if times and roll < 0.25:
            return self.time_of(column)
        if roll < 0.35:
            return f"CAST({name} AS {self.rng.choice(SCALARS)})"
        if roll < 0.4:
            return "token(" + ", ".join(part.name for part in table.partition) + ")"
        if roll < 0.45:
            return self.literal()
        if roll < 0.5:
            return self.rng.choice(["({0}, {1})", "[{0}, {1}]", "{{{0}, {1}}}", "{0} + {1}", "{0} = {1}"]).format(name, self.rng.choice(table.columns).name)
        if kind.collection and self.chance(0.6):
            return self.part(kind, name)
        if kind.name == "udt":
            return f"{name}.{self.rng.choice(kind.fields)}"
        options = ANY + (NUMERIC if kind.name in NUMBERS else []) + ONE_TO_ONE.get("text" if kind.name in ("ascii", "varchar") else kind.name, []) * 3
        return self.rng.choice(options).replace("{}", name)

    def part(self, kind, name):
        key = scalar("int") if kind.name == "list" else kind.parts[0]
        one = lambda: self.terms.term(key, null=False)  # noqa: E731
        return self.rng.choice([f"{name}[{one()}]", f"{name}[{one()}]", f"{name}[{one()}..{one()}]", f"{name}[{one()}..]", f"{name}[..{one()}]"])

    def time_of(self, column):
        function = self.rng.choice(["writetime", "writetime", "maxwritetime", "ttl"])
        kind, name = column.type, column.name
        if kind.name == "udt" and self.chance(0.5):
            name += "." + self.rng.choice(kind.fields)
        elif kind.name in ("set", "map") and self.chance(0.3):
            name = self.part(kind, name)
        return f"{function}({name})"

    def literal(self):
        kind = self.terms.random_scalar()
        return self.rng.choice([f"({kind}) {self.terms.term(kind)}", self.terms.term(kind), "1", "'x'", "(int) null", "(list<int>) [1, 2]", "1 + 1"])
