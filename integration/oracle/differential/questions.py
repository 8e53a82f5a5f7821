"""Further questions about answers that differ: they tell a fault of Cassandra's, or a freedom that it has, from other rows."""

import re
from collections import Counter
from dataclasses import replace

from .copies import FAILURES, agrees_afresh
from .shown import canonical_rows, differing_types, rows_text, with_literals
from .terms import Request


class Questions:
    """Asked in the keyspace of a round, before its next statement."""

    def __init__(self, pair, keyspace, schema):
        self.pair, self.keyspace, self.schema = pair, keyspace, schema

    def table(self, request):
        return next((table for table in self.schema.tables if table.name == request.table), None)

    def kind(self, request, cassandra, henge, difference):
        """The kind of a difference as the answers show it, and what is asked now."""
        if difference.kind == "rows":
            return self.kind_of_rows(request, cassandra, henge)
        if difference.kind == "pages" and request.page_size and is_overfull(request.page_size, cassandra.pages, henge.pages):
            return "overfull"
        if difference.kind == "class" and FAILURES.match(difference.cassandra) and self.agrees_afresh(request, cassandra, henge):
            return "afresh"
        return difference.kind

    def kind_of_rows(self, request, cassandra, henge):
        if canonical_rows(cassandra, sort=False) == canonical_rows(henge, sort=False):
            return "bytes"
        if canonical_rows(cassandra) == canonical_rows(henge):
            return "elements"
        if self.is_passing(request, henge):
            return "passing"
        if self.are_ties(request):
            return "ties"
        if sorted(rows_text(cassandra)) == sorted(rows_text(henge)):
            return "order"
        if self.agrees_afresh(request, cassandra, henge):
            return "afresh"
        if self.finds_fewer(request, cassandra, henge):
            return "fewer"
        return "numbers" if differ_in_numbers(cassandra, henge) else "rows"

    def agrees_afresh(self, request, cassandra, henge):
        return agrees_afresh(self.pair, self.keyspace, self.table(request), request, cassandra, henge)

    def is_passing(self, request, henge):
        """True if Cassandra answers a SELECT as Henge did when it is asked again, and Henge answers as before."""
        if not request.text.startswith("SELECT"):
            return False
        _, again, difference = self.pair.ask(request, self.keyspace)
        return difference is None and again.rows == henge.rows

    def finds_fewer(self, request, cassandra, henge):
        """True if both hold the same rows in a table with an index, and Cassandra finds some of those that Henge finds."""
        table = self.table(request)
        if not table or not table.indexes or " WHERE " not in request.text:
            return False
        if Counter(rows_text(cassandra)) - Counter(rows_text(henge)):
            return False
        theirs, ours = self.pair.ask(Request(f"SELECT * FROM $ks.{table.name}", now=request.now), self.keyspace)[:2]
        return not theirs.failed and not ours.failed and canonical_rows(theirs) == canonical_rows(ours)

    def are_ties(self, request):
        """True if ORDER BY leaves open which of equal rows come first: its own columns are the same, and without LIMIT all rows are."""
        literal = request
        if "?" in re.sub(r" FROM .*?(?= LIMIT|$)", "", request.text):
            literal = replace(request, text=with_literals(request), values=[], shown=[], prepared=False)
        order = re.search(r" ORDER BY (.*?)(?= PER PARTITION| LIMIT| ALLOW|$)", literal.text)
        if not order or " IN " not in literal.text or " GROUP BY " in literal.text:
            return False
        columns = re.sub(r" (ASC|DESC)\b", "", order[1])
        ordered = replace(literal, text=re.sub(r"^SELECT .*? FROM ", f"SELECT {columns} FROM ", literal.text))
        whole = replace(literal, text=re.sub(r"(?<! PARTITION) LIMIT -?\d+", "", literal.text))
        asked = [self.pair.ask(each, self.keyspace) for each in (ordered, whole)]
        if any(cassandra.failed or henge.failed for cassandra, henge, _ in asked):
            return False
        return asked[0][2] is None and sorted(rows_text(asked[1][0])) == sorted(rows_text(asked[1][1]))


def is_overfull(size, theirs, ours):
    """True if a page of Cassandra's has more rows than a page may have, and Henge's all have as many as they may."""
    ours = [page for page in ours if page]
    return max(theirs) > size and sum(theirs) == sum(ours) and all(page == size for page in ours[:-1])


def differ_in_numbers(cassandra, henge):
    """True if both have as many rows, and all values that differ are of types that may have more bytes than they need."""
    names = differing_types(cassandra, henge).split(", ")
    return cassandra.pages and sum(cassandra.pages) == sum(henge.pages) and set(names) <= {"varint", "decimal"}
