"""Answers and statements as a person reads them."""

import io

from cassandra.protocol import ResultMessage

from .wire import Reader

ROWS_MAX = 12
WIDTH = 600


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


def answer_text(answer):
    if answer.kind != "rows":
        return answer.kind
    lines = rows_text(answer)
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
    if request.now is not None and "TTL" in request.text.upper():
        notes.append(f"now {request.now}")
    if request.timestamp is not None and request.kind_of_write:
        notes.append(f"at {request.timestamp}")
    return request.text.replace("$ks", keyspace) + (f"    -- {'; '.join(notes)}" if notes else "")
