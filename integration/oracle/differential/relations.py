"""Random WHERE clauses and conditions."""

from .kinds import Type, random_value, scalar

OPERATORS = ["="] * 8 + ["<", "<=", ">", ">=", "IN"] * 3 + ["!=", "CONTAINS", "CONTAINS KEY", "NOT IN", "BETWEEN", "LIKE", "IS NOT NULL"]
SLICES = ["<", "<=", ">", ">="]


class Relations:
    """Relations of a table's columns, by means of `terms`."""

    def __init__(self, terms):
        self.terms, self.rng = terms, terms.rng

    def chance(self, probability):
        return self.rng.random() < probability

    def key(self, table, whole=True):
        """Relations that name rows: the partition, and with `whole` the clustering columns too."""
        columns = table.partition + (table.clustering if whole else [])
        relations = [self.equal(column) for column in columns]
        if self.chance(self.terms.wrong * 3):
            self.spoil(table, relations)
        return relations

    def equal(self, column):
        if self.chance(0.06):
            return f"{column.name} IN {self.list(column, self.rng.randint(1, 2))}"
        return f"{column.name} = {self.terms.column(column)}"

    def list(self, column, count):
        if self.chance(self.terms.binding * 0.5):
            values = [self.rng.choice(column.pool) if column.pool else random_value(self.rng, column.type) for _ in range(count)]
            return self.terms.value(self.terms.list_of(column.type), values) if self.terms.binding == 1 else self.literal_list(column, count)
        return self.literal_list(column, count)

    def literal_list(self, column, count):
        return "(" + ", ".join(self.terms.column(column) for _ in range(count)) + ")"

    def spoil(self, table, relations):
        roll = self.rng.random()
        if roll < 0.3 and relations:
            relations.pop(self.rng.randrange(len(relations)))
        elif roll < 0.6:
            relations.append(self.any(self.rng.choice(table.columns)))
        elif roll < 0.7:
            relations.append("nosuch = 1")
        elif relations:
            relations.append(self.rng.choice(relations))

    def where(self, table):
        """Relations of a SELECT: by partition, by token, by other columns, or none."""
        roll = self.rng.random()
        relations = []
        if roll < 0.55:
            relations = self.partition(table) + self.clustering(table)
        elif roll < 0.67:
            relations = [self.token(table)]
        elif roll < 0.72:
            relations = self.clustering(table)
        elif roll < 0.77:
            relations = self.partition(table)[: self.rng.randint(0, 2)]
        if self.chance(0.25 if relations else 0.5) and table.columns:
            for _ in range(self.rng.choice([1, 1, 1, 2])):
                relations.append(self.other(table))
        if self.chance(self.terms.wrong * 2):
            self.spoil(table, relations)
        if self.chance(0.1):
            self.rng.shuffle(relations)
        return relations

    def partition(self, table):
        relations = []
        for column in table.partition:
            if self.chance(0.15):
                relations.append(f"{column.name} IN {self.list(column, self.rng.randint(0, 3))}")
            elif self.chance(0.03):
                relations.append(self.any(column))
            else:
                relations.append(f"{column.name} = {self.terms.column(column)}")
        return relations

    def clustering(self, table):
        columns = table.clustering[: self.rng.randint(0, len(table.clustering))]
        if columns and self.chance(0.2):
            return [self.tuple(columns)]
        relations = [self.single(column, last=column is columns[-1]) for column in columns]
        if len(columns) > 1 and self.chance(0.05):
            relations.append(self.tuple(columns[-1:]))
        if columns and any(f" {operator} " in relations[-1] for operator in SLICES) and self.chance(0.5):
            relations.append(f"{columns[-1].name} {self.rng.choice(SLICES)} {self.terms.column(columns[-1])}")
        return relations

    def single(self, column, last):
        roll = self.rng.random()
        if roll < (0.4 if last else 0.75):
            return f"{column.name} = {self.terms.column(column)}"
        if roll < (0.55 if last else 0.92):
            return f"{column.name} IN {self.list(column, self.rng.randint(0, 3))}"
        if roll < 0.97:
            return f"{column.name} {self.rng.choice(SLICES)} {self.terms.column(column)}"
        return self.any(column)

    def tuple(self, columns):
        """A relation of several columns at once."""
        names = "(" + ", ".join(column.name for column in columns) + ")"
        one = lambda: self.tuple_value(columns)  # noqa: E731
        if self.chance(0.3):
            return f"{names} IN ({', '.join(one() for _ in range(self.rng.randint(1, 3)))})"
        return f"{names} {self.rng.choice(SLICES + ['=', '=', '!='])} {one()}"

    def tuple_value(self, columns):
        if self.chance(self.terms.binding * 0.3):
            kind = Type("tuple", tuple(column.type for column in columns), True)
            return self.terms.value(kind, [self.rng.choice(column.pool) if column.pool else random_value(self.rng, column.type) for column in columns])
        return "(" + ", ".join(self.terms.column(column) for column in columns) + ")"

    def token(self, table):
        names = ", ".join(column.name for column in table.partition)
        relations = []
        for operator in self.rng.choice([[">"], [">="], ["<"], ["<="], [">", "<="], ["="], [">=", "<"]]):
            if self.chance(0.4):
                bound = "token(" + ", ".join(self.terms.column(column) for column in table.partition) + ")"
            else:
                bound = self.terms.value(scalar("bigint"), self.rng.choice([-(2**63), 0, -(2**62), 2**62, 2**63 - 1]))
            relations.append(f"token({names}) {operator} {bound}")
        return " AND ".join(relations)

    def other(self, table):
        indexed = [column for column in table.columns if any(index.column == column.name for index in table.indexes)]
        column = self.rng.choice(indexed) if indexed and self.chance(0.6) else self.rng.choice(table.values or table.columns)
        return self.any(column)

    def any(self, column):
        """A relation that suits the column's type more often than not."""
        kind, name = column.type, column.name
        if kind.collection and self.chance(0.75):
            if kind.name == "map" and self.chance(0.6):
                if self.chance(0.5):
                    return f"{name}[{self.terms.term(kind.parts[0])}] = {self.terms.term(kind.parts[1])}"
                return f"{name} CONTAINS KEY {self.terms.term(kind.parts[0])}"
            return f"{name} CONTAINS {self.terms.term(kind.parts[-1])}"
        operator = self.rng.choice(OPERATORS)
        if operator == "IS NOT NULL":
            return f"{name} IS NOT NULL"
        if operator in ("IN", "NOT IN"):
            return f"{name} {operator} {self.list(column, self.rng.randint(0, 2))}"
        if operator == "BETWEEN":
            return f"{name} BETWEEN {self.terms.column(column)} AND {self.terms.column(column)}"
        return f"{name} {operator} {self.terms.column(column)}"

    def condition(self, column):
        """What follows IF."""
        kind, name = column.type, column.name
        if kind.name in ("map", "list") and self.chance(0.35):
            key = self.terms.term(kind.parts[0] if kind.name == "map" else scalar("int"))
            # Cassandra compares the values of a map by the type of its keys.
            slices = SLICES if kind.name == "list" or kind.parts[0] == kind.parts[1] else []
            return f"{name}[{key}] {self.rng.choice(slices + ['=', '!='])} {self.terms.term(kind.parts[-1])}"
        if kind.name == "udt" and self.chance(0.4):
            place = self.rng.randrange(len(kind.fields))
            return f"{name}.{kind.fields[place]} {self.rng.choice(SLICES + ['=', '!='])} {self.terms.term(kind.parts[place])}"
        if kind.collection and self.chance(0.3):
            return f"{name} CONTAINS {self.terms.term(kind.parts[-1])}"
        if self.chance(0.2):
            return f"{name} IN ({', '.join(self.terms.term(kind) for _ in range(self.rng.randint(0, 2)))})"
        return f"{name} {self.rng.choice(SLICES + ['=', '=', '=', '!='])} {self.terms.term(kind)}"
