"""A table's rows in a new table of Cassandra's, without the index, deletion or expiry that may have misled it."""

import re
from collections import Counter
from dataclasses import replace

from .kinds import scalar
from .pair import CASSANDRA, HENGE
from .schema import create_table
from .shown import canonical_rows, rows_text, with_literals
from .terms import Request
from .wire import Reader

COPY = "copied"
# What Cassandra says where it fails over a SELECT that it could answer.
FAILURES = re.compile(
    "ReadFailure|ServerError: (java|org.apache)|ProtocolError: Invalid value for the paging state|.*Vector indexes only support ANN queries|.*Cannot page queries with both ORDER BY and a IN"
)
# Times of writes are not copied with the rows.
TIMES = re.compile(r"(?i)\b((max)?writetime|ttl)\(")


def agrees_afresh(pair, keyspace, table, request, cassandra, henge):
    """True if Cassandra answers a SELECT as Henge did, without pages, when it is asked of a copy of its own rows."""
    if henge.kind != "rows" or not request.text.startswith("SELECT") or not table:
        return False
    if TIMES.search(request.text):
        # Where Cassandra found fewer rows, and nothing else differs, they are looked for by their keys.
        request = of_keys(request, table)
        if cassandra.failed or Counter(rows_text(cassandra)) - Counter(rows_text(henge)) or not request:
            return False
        keys = pair.ask_one(HENGE, request, keyspace)
        if sum(keys.pages) != sum(henge.pages):
            return False
        henge = keys
    rows = pair.ask_one(CASSANDRA, Request(f"SELECT * FROM $ks.{table.name}", now=request.now), keyspace)
    if rows.failed:
        return False
    try:
        return copied(pair, keyspace, table, rows) and same_rows(pair.ask_one(CASSANDRA, of_copy(request, table), keyspace), henge)
    finally:
        pair.ask_one(CASSANDRA, Request(f"DROP TABLE IF EXISTS $ks.{COPY}"), keyspace)


def of_keys(request, table):
    """The same SELECT of primary keys alone, or none if its rows are not those of the table."""
    text = with_literals(request)
    if re.search(r" DISTINCT | GROUP BY |(?i:count|min|max|sum|avg)\(", text.replace("maxwritetime(", "writetime(")):
        return None
    names = ", ".join(column.name for column in table.partition + table.clustering)
    return replace(request, text=re.sub(r"^SELECT .*? FROM ", f"SELECT {names} FROM ", text), values=[], shown=[], prepared=False)


def same_rows(cassandra, henge):
    return cassandra.kind == "rows" and (cassandra.rows == henge.rows or canonical_rows(cassandra) == canonical_rows(henge))


def of_copy(request, table):
    text = re.sub(rf"\$ks\.{table.name}\b", f"$ks.{COPY}", request.text)
    text += "" if text.endswith("ALLOW FILTERING") else " ALLOW FILTERING"
    return replace(request, text=text, prepared=False, page_size=0)


def copied(pair, keyspace, table, rows):
    """True if the table could be made and all of the rows written. It has numbers for counters."""
    orders = ", ".join(f"{column.name} {'DESC' if column.descending else 'ASC'}" for column in table.clustering)
    options = ["allow_auto_snapshot = false"] + ([f"CLUSTERING ORDER BY ({orders})"] if orders else [])
    options += [option for option in table.options if option == "COMPACT STORAGE"]
    columns = [replace(column, type=scalar("bigint")) if column.type.name == "counter" else column for column in table.columns]
    copy = replace(table, name=COPY, columns=columns, options=options)
    requests = [Request(create_table(copy))] + insertions(table, rows)
    return not any(pair.ask_one(CASSANDRA, request, keyspace).failed for request in requests)


def insertions(table, rows):
    """An INSERT for each row, of the columns that have a value; a partition without rows has static columns alone."""
    reader, requests = Reader(rows.rows), []
    for _ in range(sum(rows.pages)):
        values = {column[2]: reader.value() for column in rows.columns}
        given = {name: value for name, value in values.items() if value is not None}
        marks = ", ".join("?" for _ in given)
        requests.append(Request(f"INSERT INTO $ks.{COPY} ({', '.join(given)}) VALUES ({marks})", list(given.values())))
    return requests
