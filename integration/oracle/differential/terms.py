"""Random terms: literals, bound values, functions, casts, arithmetic, and wrong ones among them."""

import re
from dataclasses import dataclass, field

from .kinds import NUMBERS, SCALARS, Type, encode, literal, normal, random_type, random_value, scalar
from .wire import UNSET

MARK = re.compile("\x01(\\d+)\x02")


@dataclass
class Request:
    """A statement as it is sent: `shown` are the bound values as literals, `effect` what it does to the schema."""

    text: str
    values: list = field(default_factory=list)
    shown: list = field(default_factory=list)
    prepared: bool = False
    page_size: int = 0
    timestamp: int = None
    now: int = None
    effect: object = None
    table: str = ""

    @property
    def kind_of_write(self):
        return self.text.startswith(("INSERT", "UPDATE", "DELETE", "BEGIN"))


class Terms:
    """What stands where values do. Bound values are kept until `request` puts them into the order of their markers."""

    def __init__(self, rng, schema):
        self.rng, self.schema = rng, schema
        self.bound, self.binding, self.wrong = [], 0.0, 0.02

    def chance(self, probability):
        return self.rng.random() < probability

    def start(self):
        """Before a statement: how much of it is bound, and how much wrong."""
        self.bound = []
        self.binding = self.rng.choice([0, 0, 0, 0.5, 1])
        self.wrong = self.rng.choice([0, 0, 0, 0.02, 0.1])

    def request(self, text, **more):
        order = [self.bound[int(place)] for place in MARK.findall(text)]
        prepared = bool(order) and self.chance(0.5)
        return Request(MARK.sub("?", text), [wire for wire, _ in order], [shown for _, shown in order], prepared, **more)

    def bind(self, wire, shown):
        self.bound.append((wire, shown))
        return f"\x01{len(self.bound) - 1}\x02"

    def whole(self, number, width=4):
        """A number for LIMIT, TTL and TIMESTAMP."""
        if self.chance(self.binding * 0.5):
            return self.bind(number.to_bytes(width, "big", signed=True), str(number))
        return str(number)

    def value(self, kind, value):
        """A given value, as a literal or bound."""
        shown = literal(self.rng, kind, value)
        if self.chance(self.binding):
            return self.bind(encode(kind, value), shown)
        return shown

    def column(self, column):
        """A value for a column, of its pool if it is a key's."""
        if column.pool and self.chance(0.93) and not self.chance(self.wrong):
            return self.value(column.type, self.rng.choice(column.pool))
        # A computed varint or decimal may have more bytes than it needs in Cassandra, and is another key then.
        is_number = column.type.has("decimal") or column.type.name == "varint"
        if column.role in ("partition", "clustering") and is_number and not self.chance(self.wrong):
            return self.value(column.type, normal(column.type, random_value(self.rng, column.type)))
        return self.term(column.type, null=column.role in ("static", "regular"))

    def term(self, kind, null=True):
        if kind.name == "counter":
            return self.term(scalar("bigint"), null)
        if self.chance(self.wrong):
            return self.wrong_term(kind)
        if null and self.chance(0.06):
            return self.value(kind, None)
        if null and self.chance(0.02 * self.binding):
            return self.bind(UNSET, "UNSET")
        if self.chance(0.05):
            return self.computed(kind)
        return self.value(kind, random_value(self.rng, kind))

    def part(self, kind):
        """A value that names an element of a collection that is written: decimals in the one form that Henge gives them there."""
        if not kind.has("decimal") or self.chance(self.wrong):
            return self.term(kind)
        return self.value(kind, normal(kind, random_value(self.rng, kind)))

    def wrong_term(self, kind):
        roll = self.rng.random()
        if roll < 0.5:
            other = random_type(self.rng, self.schema.types)
            return literal(self.rng, other, random_value(self.rng, other))
        if roll < 0.6 and self.binding:
            other = random_type(self.rng, self.schema.types)
            return self.bind(encode(other, random_value(self.rng, other)), f"<{other}>")
        if roll < 0.7:
            return "null"
        if roll < 0.8 and self.binding:
            return self.bind(self.rng.choice([UNSET, b"", None]), "odd")
        return self.rng.choice(["{}", "[]", "()", "''", "1", "'x'", "r1", "nosuch(1)", "(int) 'x'", "[null]", "{null}", "(1, 2, 3, 4)", "0x", "-1", "1.5", "true"])

    def computed(self, kind):
        """A term without columns that has a type by itself."""
        shown = literal(self.rng, kind, random_value(self.rng, kind))
        options = [f"({kind}) {shown}"]
        if kind.name in NUMBERS:
            other = self.rng.choice(NUMBERS)
            options += [f"{shown} {self.rng.choice('+-*')} 1", f"CAST(({other}) 1 AS {kind})", f"abs({shown})"]
        if kind.name in ("text", "varchar"):
            options += ["toJson((int) 1)", "CAST((int) 1 AS text)", f"{shown} + 'z'"]
        if kind.name == "blob":
            options += ["textAsBlob('a')", "int_as_blob(1)", "bigintAsBlob(1)"]
        if kind.name == "int":
            options += ["blob_as_int(0x00000001)", "blobAsInt(int_as_blob(2))"]
        if kind.name == "timestamp":
            options += ["to_timestamp('2011-01-26')", "'2011-01-26' + 1d", "minTimeuuid(1)"]
        if kind.name == "timeuuid":
            options += ["min_timeuuid(1)", "maxTimeuuid('2011-01-26')"]
        if kind.name == "date":
            options += ["toDate(minTimeuuid(1))", "'2011-01-26' - 1mo"]
        return self.rng.choice(options)

    def random_scalar(self):
        return scalar(self.rng.choice(SCALARS))

    def list_of(self, kind):
        return Type("list", (kind.froze(),))
