"""Random schemas: types, tables of all sorts, indexes; and the statements that make them."""

from dataclasses import dataclass, field

from .kinds import Type, alike, normal, random_type, random_value, scalar

FLAVOURS = ["plain"] * 8 + ["static"] * 5 + ["counter"] * 2 + ["compact"] * 2 + ["conditional"] * 3

# How often Cassandra flushes some of the tables, so that rows come from memory and from files alike.
FLUSH_MS = 300


@dataclass
class Column:
    name: str
    type: Type
    role: str
    descending: bool = False
    pool: list = field(default_factory=list)


@dataclass
class Index:
    name: str
    column: str
    target: str
    sai: bool


@dataclass
class Table:
    """`flavour` says what is written to it: counters, or conditionally (then nobody asks for times of writes)."""

    name: str
    flavour: str
    columns: list
    indexes: list = field(default_factory=list)
    options: list = field(default_factory=list)

    def of(self, *roles):
        return [column for column in self.columns if column.role in roles]

    @property
    def partition(self):
        return self.of("partition")

    @property
    def clustering(self):
        return self.of("clustering")

    @property
    def values(self):
        return self.of("static", "regular")


@dataclass
class Schema:
    types: list
    tables: list
    dropped: list = field(default_factory=list)


def random_schema(rng):
    types = random_user_types(rng)
    tables = [random_table(rng, f"t{number}", types) for number in range(1, rng.randint(2, 3) + 1)]
    return Schema(types, tables)


def random_user_types(rng):
    types = []
    for number in range(1, rng.choice([0, 1, 1, 2, 2]) + 1):
        parts = tuple(random_type(rng, types, 1).froze() for _ in range(rng.randint(1, 3)))
        types.append(Type("udt", parts, True, user=f"u{number}", fields=tuple(f"f{n}" for n in range(1, len(parts) + 1))))
    return types


def random_table(rng, name, types):
    flavour = rng.choice(FLAVOURS)
    simple = rng.random() < 0.5
    kind = lambda key: scalar(rng.choice(["int", "int", "text"])) if simple or key and rng.random() < 0.5 else random_type(rng, types, 0, key)  # noqa: E731
    columns = [Column(f"p{n}", kind(True), "partition") for n in range(1, rng.choice([1, 1, 1, 2, 2, 3]) + 1)]
    clustering = rng.choice([0, 1, 1, 2, 2, 3]) if flavour != "static" else rng.choice([1, 1, 2])
    for n in range(1, clustering + 1):
        columns.append(Column(f"c{n}", kind(True), "clustering", rng.random() < 0.3))
    columns += random_values(rng, flavour, types, bool(clustering), lambda: kind(False))
    for column in columns:
        if column.role in ("partition", "clustering"):
            column.pool = random_pool(rng, column)
    table = Table(name, flavour, columns)
    table.options = random_options(rng, table)
    if flavour in ("plain", "static", "conditional") and rng.random() < 0.45:
        table.indexes = random_indexes(rng, table)
    return table


def random_pool(rng, column):
    """Values of a key column, none of which equals another one: which bytes of equal ones are shown hangs on flushes in Cassandra."""
    values = [normal(column.type, random_value(rng, column.type)) for _ in range(2 if column.role == "partition" else 3)]
    return list({alike(column.type, value): value for value in values}.values())


def random_values(rng, flavour, types, clustering, kind):
    if flavour == "counter":
        made = [Column(f"n{n}", scalar("counter"), "regular") for n in range(1, rng.randint(1, 2) + 1)]
        return made + ([Column("sn1", scalar("counter"), "static")] if clustering and rng.random() < 0.3 else [])
    if flavour == "compact":
        count = rng.randint(0, 1) if clustering else rng.randint(1, 3)
        return [Column(f"r{n}", kind().froze(), "regular") for n in range(1, count + 1)]
    made = []
    if flavour == "static" or flavour == "conditional" and clustering and rng.random() < 0.5:
        made = [Column(f"s{n}", kind(), "static") for n in range(1, rng.randint(1, 2) + 1)]
    return made + [Column(f"r{n}", kind(), "regular") for n in range(1, rng.choice([0, 1, 2, 3, 3, 4]) + 1)]


def random_options(rng, table):
    options = ["allow_auto_snapshot = false"]
    if any(column.descending for column in table.clustering):
        orders = ", ".join(f"{column.name} {'DESC' if column.descending else 'ASC'}" for column in table.clustering)
        options.append(f"CLUSTERING ORDER BY ({orders})")
    if table.flavour == "compact":
        options.append("COMPACT STORAGE")
    elif table.flavour != "counter" and rng.random() < 0.12:
        options.append("default_time_to_live = 100000")
    if rng.random() < 0.3:
        options.append(f"memtable_flush_period_in_ms = {FLUSH_MS}")
    return options


def random_indexes(rng, table):
    """Indexes of any column; whatever cannot have one is refused by both."""
    indexes = []
    for number in range(1, rng.choice([1, 1, 2]) + 1):
        column = rng.choice(table.values or table.columns) if rng.random() < 0.85 else rng.choice(table.columns)
        indexes.append(Index(f"{table.name}_i{number}", column.name, random_target(rng, column), random_sai(rng, column)))
    return indexes


def random_sai(rng, column):
    """True for a storage-attached index. Of vectors Henge has none, and a plain one of decimals differs on purpose."""
    return not column.type.has("vector") and (rng.random() < 0.5 or column.type.has("decimal"))


def random_target(rng, column):
    if column.type.name == "map" and not column.type.frozen:
        return rng.choice(["{}", "keys({})", "values({})", "entries({})"])
    if column.type.collection and column.type.frozen:
        return rng.choice(["full({})", "full({})", "{}"])
    return rng.choice(["values({})", "{}"]) if column.type.collection else "{}"


def create_type(kind):
    fields = ", ".join(f"{name} {part}" for name, part in zip(kind.fields, kind.parts))
    return f"CREATE TYPE $ks.{kind.user} ({fields})"


def create_table(table):
    columns = ", ".join(f"{c.name} {c.type}{' STATIC' if c.role == 'static' else ''}" for c in table.columns)
    key = "(" + ", ".join(c.name for c in table.partition) + ")" + "".join(", " + c.name for c in table.clustering)
    return f"CREATE TABLE $ks.{table.name} ({columns}, PRIMARY KEY ({key})) WITH {' AND '.join(table.options)}"


def create_index(table, index):
    using = " USING 'sai'" if index.sai else ""
    return f"CREATE INDEX {index.name} ON $ks.{table.name} ({index.target.format(index.column)}){using}"


def creation(schema):
    statements = [create_type(kind) for kind in schema.types]
    for table in schema.tables:
        statements += [create_table(table)] + [create_index(table, index) for index in table.indexes]
    return statements
