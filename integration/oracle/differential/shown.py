"""Answers and statements as a person reads them."""

import io

from cassandra.protocol import ResultMessage

from .wire import Reader

ROWS_MAX = 12
WIDTH = 600
# Types with several forms of one value.
MANY_FORMS = {0x06: "decimal", 0x07: "double", 0x08: "float", 0x0E: "varint", 0x15: "duration", 0x20: "list", 0x21: "map", 0x22: "set", 0x30: "udt", 0x31: "tuple"}
LIST_KIND, MAP_KIND, SET_KIND, UDT_KIND, TUPLE_KIND = 0x20, 0x21, 0x22, 0x30, 0x31


def canonical(reader, data, sort=True):
    """A value without the freedom that its bytes leave; with `sort` maps and sets are in the order of their texts. The type is read from the reader."""
    kind_bytes = reader.body[reader.place : reader.place + 2]
    kind = reader.number(2)
    if kind == LIST_KIND or kind == SET_KIND:
        start = reader.place
        parts = [canonical(Reader(reader.body[start:]), part, sort) for part in framed_parts(data, 1)]
        reader.skip_type()
        return f"[{', '.join(parts)}]" if kind == LIST_KIND else f"{{{', '.join(sorted(parts) if sort else parts)}}}"
    if kind == MAP_KIND:
        start = reader.place
        reader.skip_type()
        middle = reader.place
        reader.skip_type()
        parts = [canonical(Reader(reader.body[middle if place % 2 else start :]), part, sort) for place, part in enumerate(framed_parts(data, 2))]
        entries = [f"{key}: {value}" for key, value in zip(parts[::2], parts[1::2])]
        return "{" + ", ".join(sorted(entries) if sort else entries) + "}"
    if kind == UDT_KIND or kind == TUPLE_KIND:
        if kind == UDT_KIND:
            reader.string(), reader.string()
        values, fields = (framed(data) if data is not None else iter(())), []
        for _ in range(reader.number(2)):
            if kind == UDT_KIND:
                reader.string()
            fields.append(canonical(reader, next(values, None), sort))
        return "null" if data is None else f"({', '.join(fields)})"
    return decode(kind_bytes, data) if kind else custom(reader, data)


def custom(reader, data):
    """A custom type's value, vectors among them, as the driver reads it."""
    start = reader.place
    reader.string()
    return decode(b"\0\0" + reader.body[start : reader.place], data)


def framed(data):
    reader = Reader(data)
    while reader.place < len(data):
        yield reader.value()


def framed_parts(data, each):
    """Parts of a collection; a collection that is null has none."""
    if data is None:
        return []
    reader = Reader(data)
    return [reader.value() for _ in range(each * reader.number(4))]


def decode(type_bytes, data):
    """A value as the Python driver reads it, or its bytes if the driver cannot."""
    if data is None:
        return "null"
    try:
        return repr(ResultMessage.read_type(io.BytesIO(type_bytes), None).from_binary(data, 4))
    except Exception:  # noqa: BLE001 - whatever is wrong with the bytes, they are shown
        return "0x" + data.hex()


def rows_text(answer):
    reader, lines = Reader(answer.rows), []
    for _ in range(sum(answer.pages)):
        lines.append(", ".join(decode(column[3], reader.value()) for column in answer.columns or []))
    return lines


def canonical_rows(answer, sort=True):
    """Rows by what their values are, whatever their bytes."""
    reader, lines = Reader(answer.rows), []
    for _ in range(sum(answer.pages)):
        lines.append(", ".join(canonical(Reader(column[3]), reader.value(), sort) for column in answer.columns or []))
    return lines


def differing_texts(cassandra, henge):
    """Both answers, of as many rows only with those that differ."""
    theirs, ours = rows_text(cassandra), rows_text(henge)
    if len(ours) != len(theirs):
        return answer_text(cassandra), answer_text(henge)
    places = [place for place in range(len(ours)) if ours[place] != theirs[place]]
    return answer_text(cassandra, [theirs[place] for place in places]), answer_text(henge, [ours[place] for place in places])


def differing_types(cassandra, henge):
    """The types of the columns whose values have other bytes, by their names in the protocol; `other` of any others."""
    theirs, ours, names = Reader(cassandra.rows), Reader(henge.rows), set()
    for _ in range(sum(cassandra.pages)):
        for column in cassandra.columns or []:
            if theirs.value() != ours.value():
                names.add(MANY_FORMS.get(int.from_bytes(column[3][:2], "big"), "other"))
    return ", ".join(sorted(names))


def answer_text(answer, lines=None):
    if answer.kind != "rows":
        return answer.kind
    lines = rows_text(answer) if lines is None else lines
    names = ", ".join(column[2] for column in answer.columns or [])
    shown = "".join(f"\n    | {line[:WIDTH]}" for line in lines[:ROWS_MAX])
    return f"[{names}] pages {answer.pages}{shown}" + ("\n    | ..." if len(lines) > ROWS_MAX else "")


def with_literals(request):
    """The statement's text with its bound values written out."""
    parts = request.text.split("?")
    if len(parts) != len(request.shown) + 1:
        return request.text
    return "".join(part + shown for part, shown in zip(parts, request.shown + [""]))


def request_text(request, keyspace):
    notes = []
    if request.values:
        notes.append(("prepared: " if request.prepared else "bound: ") + " | ".join(request.shown))
    if request.page_size:
        notes.append(f"pages of {request.page_size}")
    if request.now is not None and (not request.kind_of_write or "TTL" in request.text.upper()):
        notes.append(f"now {request.now}")
    if request.timestamp is not None and request.kind_of_write:
        notes.append(f"at {request.timestamp}")
    return request.text.replace("$ks", keyspace) + (f"    -- {'; '.join(notes)}" if notes else "")
