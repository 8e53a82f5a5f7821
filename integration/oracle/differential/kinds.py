"""Types of CQL and their random values, each value as a literal and as the bytes of the protocol."""

import math
import struct
from dataclasses import dataclass, replace
from decimal import Context, Decimal

SCALARS = (
    "ascii bigint blob boolean date decimal double duration float inet int smallint text time timestamp timeuuid tinyint uuid varchar varint"
).split()
WHOLE = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "counter": 8}
NUMBERS = ("tinyint", "smallint", "int", "bigint", "varint", "float", "double", "decimal")
FIXED_IN_VECTORS = ("boolean", "int", "float", "bigint", "double", "timestamp", "uuid", "timeuuid")
COLLECTIONS = ("list", "set", "map")
CONTEXT = Context(prec=100)


@dataclass(frozen=True)
class Type:
    """A type: `name` is a scalar's, `list`, `set`, `map`, `tuple`, `vector`, or `udt` with the type's own name in `user`."""

    name: str
    parts: tuple = ()
    frozen: bool = False
    size: int = 0
    user: str = ""
    fields: tuple = ()

    def __str__(self):
        if self.name == "vector":
            return f"vector<{self.parts[0]}, {self.size}>"
        text = self.user if self.name == "udt" else self.name
        if self.parts and self.name != "udt":
            text += "<" + ", ".join(map(str, self.parts)) + ">"
        return f"frozen<{text}>" if self.frozen and self.name != "tuple" else text

    @property
    def collection(self):
        return self.name in COLLECTIONS

    @property
    def multicell(self):
        return not self.frozen and (self.collection or self.name == "udt")

    @property
    def scalar(self):
        return not self.parts

    def froze(self):
        """The same type where it stands inside of another, or in a key."""
        return replace(self, frozen=True, parts=tuple(part.froze() for part in self.parts)) if self.parts else self

    def has(self, name):
        return self.name == name or any(part.has(name) for part in self.parts)


def scalar(name):
    return Type(name)


def random_type(rng, types=(), depth=0, key=False):
    """A type of at most three levels; in keys it is frozen and has no duration."""
    roll = rng.random()
    if roll < (0.6 if depth == 0 else 0.8) or depth > 1:
        return scalar(rng.choice([name for name in SCALARS if not (key and name == "duration")]))
    inner = lambda: random_type(rng, types, depth + 1, key).froze()  # noqa: E731
    unordered = lambda: random_type(rng, types, depth + 1, True).froze()  # noqa: E731
    frozen = key or depth > 0 or rng.random() < 0.3
    name = rng.choice(["list", "set", "map", "list", "set", "map", "tuple", "vector", "udt"])
    if name == "udt":
        made = rng.choice(types) if types else Type("tuple", (inner(), inner()), True)
        if key and made.has("duration"):
            return scalar("int")
        return replace(made, frozen=frozen)
    if name == "tuple":
        return Type("tuple", tuple(inner() for _ in range(rng.randint(1, 3))), True)
    if name == "vector":
        return Type("vector", (inner(),), True, rng.randint(1, 3))
    if name == "map":
        return Type("map", (unordered(), inner()), frozen)
    return Type(name, (unordered() if name == "set" else inner(),), frozen)


def random_value(rng, kind):
    """A value in Python's terms, mostly of a small range so that values meet again."""
    if kind.name in ("list", "set"):
        values = [random_value(rng, kind.parts[0]) for _ in range(rng.choice([0, 1, 1, 2, 2, 3]))]
        return values if kind.name == "list" else [normal(kind.parts[0], value) for value in values]
    if kind.name == "map":
        # Each key once: which value of two of them stays hangs on a hash in Cassandra, anew each time.
        keys = [normal(kind.parts[0], random_value(rng, kind.parts[0])) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
        return [(key, random_value(rng, kind.parts[1])) for key in {alike(kind.parts[0], key): key for key in keys}.values()]
    if kind.name == "vector":
        return [random_value(rng, kind.parts[0]) for _ in range(kind.size)]
    if kind.name in ("tuple", "udt"):
        return [random_value(rng, part) if rng.random() > 0.15 else None for part in kind.parts]
    return rng.choice(UNUSUAL[kind.name]) if rng.random() < 0.12 else rng.choice(USUAL[kind.name])


def alike(kind, value):
    """The same for values that are equal though they are written otherwise: decimals with zeros at the end, elements in another order."""
    if value is None:
        return None
    if kind.name == "decimal":
        return Decimal(value[0]).scaleb(-value[1], CONTEXT).normalize(CONTEXT)
    if kind.name in ("set", "map"):
        parts = [tuple(map(alike, kind.parts, entry)) if kind.name == "map" else alike(kind.parts[0], entry) for entry in value]
        return frozenset(parts)
    if kind.name in ("list", "vector"):
        return tuple(alike(kind.parts[0], part) for part in value)
    if kind.name in ("tuple", "udt"):
        return tuple(map(alike, kind.parts, value))
    return repr(value)


def normal(kind, value, nested=False):
    """A value that names an element, with decimals in the one form that Henge gives them there: the shortest inside of others."""
    if value is None or not kind.has("decimal"):
        return value
    if kind.name == "decimal":
        unscaled, scale = value
        if nested:
            while unscaled % 10 == 0 and unscaled:
                unscaled, scale = unscaled // 10, scale - 1
            return (unscaled, scale) if unscaled else (0, 0)
        while scale < 0 or scale > 0 and unscaled % 10 == 0:
            unscaled, scale = (unscaled * 10, scale + 1) if scale < 0 else (unscaled // 10, scale - 1)
        return unscaled, scale
    if kind.name == "map":
        return [tuple(normal(part, each, True) for part, each in zip(kind.parts, entry)) for entry in value]
    if kind.name in ("list", "set", "vector"):
        return [normal(kind.parts[0], part, True) for part in value]
    return [normal(part, each, True) for part, each in zip(kind.parts, value)]


def whole(bits):
    return [2 ** (bits - 1) - 1, -(2 ** (bits - 1)), 10, -2, 100]


UUIDS = [f"{n}0000000-0000-4000-8000-00000000000{n}" for n in range(4)]
# Of 2014: before 1970 Cassandra rounds up.
TIMEUUIDS = [f"{n}0000000-0000-11e4-8000-00000000000{n}" for n in range(4)]
DAY = 86_400_000
USUAL = {
    "ascii": ["a", "b", "c", "ab"],
    "text": ["a", "b", "c", "ab"],
    "varchar": ["a", "b", "c", "ab"],
    "blob": [b"", b"\x00", b"\x01", b"\x01\x02"],
    "boolean": [True, False],
    "date": [2**31, 2**31 + 1, 2**31 + 15000],
    "decimal": [(0, 0), (1, 0), (15, 1), (-25, 1)],
    "double": [0.0, 1.0, -1.0, 1.5],
    "float": [0.0, 1.0, -1.0, 1.5],
    "duration": [(0, 0, 1_000_000_000), (0, 1, 0), (1, 2, 3), (0, 0, 0)],
    "inet": [bytes([127, 0, 0, 1]), bytes([10, 0, 0, 1]), bytes(15) + b"\x01"],
    "time": [0, 1, 3_600_000_000_000, 43_200_000_000_001],
    "timestamp": [0, 1, DAY, 1_500_000_000_000],
    "uuid": UUIDS,
    "timeuuid": TIMEUUIDS,
    "varint": [0, 1, 2, 3, -1],
} | {name: [0, 1, 2, 3, -1] for name in WHOLE}
UNUSUAL = {
    "ascii": ["", "z'q", "A"],
    "text": ["", "it's", "ä", "日本", "A"],
    "varchar": ["", "it's", "ä", "A"],
    "blob": [b"\xff" * 9, b"\x80"],
    "boolean": [True],
    "date": [0, 2**32 - 1, 2**31 - 1],
    "decimal": [(10, 1), (1, -3), (123456789012345678901234567890, 5), (100, 2)],
    "double": [float("nan"), float("inf"), float("-inf"), -0.0, 1e300, 0.1],
    "float": [float("nan"), float("inf"), -0.0, 1e30, 0.25],
    "duration": [(-1, -2, -3), (0, 0, 2**63 - 1), (2**31 - 1, 0, 0)],
    "inet": [bytes(16), bytes([255] * 4)],
    "time": [86_399_999_999_999],
    "timestamp": [-1, 2**62, -(2**62), 253402300800000],
    "uuid": ["ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-1000-8000-000000000001"],
    "timeuuid": ["ffffffff-ffff-1fff-bfff-ffffffffffff"],
    "varint": [2**70, -(2**63) - 1, 128, -129],
} | {name: whole(8 * size) for name, size in WHOLE.items()}


def literal(rng, kind, value):
    """The value as it is written in a statement."""
    if value is None:
        return "null"
    if kind.name in ("list", "vector"):
        return "[" + ", ".join(literal(rng, kind.parts[0], part) for part in value) + "]"
    if kind.name == "set":
        return "{" + ", ".join(literal(rng, kind.parts[0], part) for part in value) + "}"
    if kind.name == "map":
        return "{" + ", ".join(f"{literal(rng, kind.parts[0], k)}: {literal(rng, kind.parts[1], v)}" for k, v in value) + "}"
    if kind.name == "tuple":
        return "(" + ", ".join(literal(rng, part, v) for part, v in zip(kind.parts, value)) + ")"
    if kind.name == "udt":
        return "{" + ", ".join(f"{name}: {literal(rng, part, v)}" for name, part, v in zip(kind.fields, kind.parts, value)) + "}"
    return scalar_literal(rng, kind.name, value)


def scalar_literal(rng, name, value):
    if name in ("ascii", "text", "varchar"):
        return "'" + value.replace("'", "''") + "'"
    if name == "blob":
        return "0x" + value.hex()
    if name == "inet":
        return "'" + inet_text(value) + "'"
    if name == "decimal":
        return f"{value[0]}" if value[1] == 0 else f"{value[0]}e{-value[1]}" if abs(value[0]) > 10**20 or value[1] < 0 else decimal_text(*value)
    if name in ("double", "float"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), repr(value))
    if name == "duration":
        return duration_text(*value)
    if name == "time":
        return f"'{value // 3_600_000_000_000:02}:{value // 60_000_000_000 % 60:02}:{value // 10**9 % 60:02}.{value % 10**9:09}'"
    if name == "date" and (rng.random() < 0.5 and 2**31 <= value < 2**31 + 20000):
        return {0: "'1970-01-01'", 1: "'1970-01-02'", 15000: "'2011-01-26'"}[value - 2**31]
    if name == "timestamp" and rng.random() < 0.3:
        return {0: "'1970-01-01 00:00:00+0000'", 1: "'1970-01-01T00:00:00.001Z'"}.get(value, str(value))
    return str(value).lower() if name == "boolean" else str(value)


def decimal_text(unscaled, scale):
    digits = str(abs(unscaled)).rjust(scale + 1, "0")
    return ("-" if unscaled < 0 else "") + digits[:-scale] + "." + digits[-scale:]


def duration_text(months, days, nanos):
    sign = "-" if min(months, days, nanos) < 0 else ""
    parts = [(abs(months), "mo"), (abs(days), "d"), (abs(nanos), "ns")]
    return sign + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0s")


def inet_text(value):
    if len(value) == 4:
        return ".".join(map(str, value))
    return ":".join(value[place : place + 2].hex().lstrip("0") or "0" for place in range(0, 16, 2))


def encode(kind, value):
    """The value's bytes, without the length before them."""
    if value is None:
        return None
    if kind.name in ("list", "set"):
        ordered = in_order(kind.parts[0], value, lambda part: part) if kind.name == "set" else value
        return struct.pack(">i", len(ordered)) + b"".join(framed(kind.parts[0], part) for part in ordered)
    if kind.name == "map":
        ordered = in_order(kind.parts[0], value, lambda entry: entry[0])
        return struct.pack(">i", len(ordered)) + b"".join(framed(kind.parts[0], k) + framed(kind.parts[1], v) for k, v in ordered)
    if kind.name in ("tuple", "udt"):
        return b"".join(framed(part, v) for part, v in zip(kind.parts, value))
    if kind.name == "vector":
        return b"".join(in_vector(kind.parts[0], part) for part in value)
    return scalar_bytes(kind.name, value)


def in_order(kind, values, key):
    """Elements as clients send them: each once, in Cassandra's order. Inside of bound tuples and types Cassandra takes them as they come."""
    once = {alike(kind, key(value)): value for value in reversed(values)}
    return sorted(once.values(), key=lambda value: rank(kind, key(value)))


def rank(kind, value):
    """Sorts as Cassandra sorts values of the type; null first."""
    if value is None:
        return (0,)
    if kind.name in ("list", "vector", "tuple", "udt"):
        parts = kind.parts if kind.name in ("tuple", "udt") else kind.parts * len(value)
        return (1, *map(rank, parts, value))
    if kind.name == "set":
        return (1, *(rank(kind.parts[0], part) for part in in_order(kind.parts[0], value, lambda part: part)))
    if kind.name == "map":
        entries = in_order(kind.parts[0], value, lambda entry: entry[0])
        return (1, *(rank(part, v) for entry in entries for part, v in zip(kind.parts, entry)))
    if kind.name in ("double", "float"):
        return (1, value != value, 0 if value != value else value, math.copysign(1, value))
    if kind.name in ("uuid", "timeuuid"):
        return (1, *rank_of_uuid(bytes.fromhex(value.replace("-", ""))))
    if kind.name == "decimal":
        return (1, alike(kind, value))
    return (1, value.encode() if isinstance(value, str) else value)


def rank_of_uuid(data):
    """By version, and of version 1 by time; the rest is compared as signed bytes there."""
    version = data[6] >> 4
    if version != 1:
        return version, data
    moment = (data[6] & 0x0F, data[7], *data[4:6], *data[:4])
    return version, bytes(moment), bytes(byte ^ 0x80 for byte in data[8:])


def framed(kind, value):
    data = encode(kind, value)
    return b"\xff\xff\xff\xff" if data is None else struct.pack(">i", len(data)) + data


def fixed_in_vector(kind):
    return kind.name in FIXED_IN_VECTORS or kind.name == "vector" and fixed_in_vector(kind.parts[0])


def in_vector(kind, value):
    data = encode(kind, value)
    return data if fixed_in_vector(kind) else unsigned_vint(len(data)) + data


def scalar_bytes(name, value):
    if name in WHOLE:
        return value.to_bytes(WHOLE[name], "big", signed=True)
    if name in ("ascii", "text", "varchar"):
        return value.encode()
    if name in ("blob", "inet"):
        return value
    if name == "boolean":
        return bytes([value])
    if name == "date":
        return struct.pack(">I", value)
    if name == "decimal":
        return struct.pack(">i", value[1]) + varint(value[0])
    if name in ("double", "float"):
        return struct.pack(">d" if name == "double" else ">f", value)
    if name == "duration":
        return b"".join(unsigned_vint((part << 1) ^ (part >> 63) & (2**64 - 1)) for part in value)
    if name in ("time", "timestamp"):
        return struct.pack(">q", value)
    return varint(value) if name == "varint" else bytes.fromhex(value.replace("-", ""))


def varint(value):
    return value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "big", signed=True)


def unsigned_vint(value):
    """Leading ones of the first byte count the bytes that follow it."""
    value &= 2**64 - 1
    extra = min(8, max(0, (value.bit_length() - 1) // 7))
    if extra == 8:
        return b"\xff" + value.to_bytes(8, "big")
    head = (0xFF << (8 - extra)) & 0xFF
    data = value.to_bytes(extra + 1, "big")
    return bytes([data[0] | head]) + data[1:]
