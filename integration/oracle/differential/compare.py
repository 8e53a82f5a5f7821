"""What of two answers is compared, and what a difference is called."""

import re
from collections import Counter
from dataclasses import dataclass

CLASSES = {
    0x0000: "ServerError", 0x000A: "ProtocolError", 0x1003: "TruncateError", 0x1100: "WriteTimeout", 0x1200: "ReadTimeout", 0x1300: "ReadFailure",
    0x1400: "FunctionFailure", 0x1500: "WriteFailure", 0x2000: "SyntaxException", 0x2100: "Unauthorized", 0x2200: "InvalidRequest", 0x2300: "ConfigurationException",
    0x2400: "AlreadyExists", 0x2500: "Unprepared",
}  # fmt: skip
SYNTAX = 0x2000
# Cassandra puts the keyspace before user types, in words and in the names of columns; Henge shows them as they were written.
KEYSPACE_OF_TYPE = re.compile(r"\brandom_\w+\.(?=u\d)")
# Cassandra goes on with all functions of a name, in the order of a hash.
SIGNATURES = re.compile(r" \((known type signatures: |can be matched by following signatures: ).*(\)(?=: use)|$)", re.DOTALL)


@dataclass
class Difference:
    """`kind` is one of `report.KINDS`; the texts are what either said."""

    kind: str
    cassandra: str
    henge: str

    @property
    def signature(self):
        if self.kind in ("rows", "numbers", "fewer", "passing", "afresh", "elements", "bytes", "pages", "overfull", "columns", "bound"):
            return (self.kind, "", "")
        return (self.kind, general(self.cassandra), general(self.henge))

    def is_of_order(self, agreed):
        """True if both sentences are among those that both servers have said alike: the statement has several faults."""
        cassandra, henge = general(self.cassandra), general(self.henge)
        return cassandra != henge and {cassandra, henge} <= agreed


def general(words):
    """Words of an error without what is this statement's own in them: names, numbers, values, types."""
    words = re.sub(r"random_\w+", "KS", words)
    words = re.sub(r"'[^']*'|\"[^\"]*\"", "Q", words)
    words = re.sub(r"(frozen|list|set|map|tuple|vector)<.*>", "TYPE", words)
    words = re.sub(r"\b(ascii|bigint|blob|boolean|date|decimal|double|duration|float|inet|int|smallint|text|time|timestamp|timeuuid|tinyint|uuid|varchar|varint|counter)\b", "TYPE", words)
    words = re.sub(r"\b(sn|[pcsrntxyuijfgq])\d+(_i\d)?\b", "N", words)
    words = re.sub(r"0x[0-9a-f]*|-?\d[\w.\-]*", "0", words)
    words = re.sub(r"\(.*\)|\[.*\]|\{.*\}", "P", words)
    words = re.sub(r"(\b(N|Q|0|TYPE|P)\b[, .]*)+", "V ", words)
    return words[:160]


def said(answer):
    if answer.failed:
        return f"{CLASSES.get(answer.code, hex(answer.code))}: {answer.message}"
    return answer.kind


def compare(cassandra, henge):
    """The first difference that matters, or none."""
    if cassandra.code != henge.code:
        return Difference("class", said(cassandra), said(henge))
    if cassandra.failed:
        if cassandra.code != SYNTAX and SIGNATURES.sub("", as_written(cassandra.message)) not in as_written(henge.message):
            return Difference("shuffled" if words(cassandra) == words(henge) else "words", said(cassandra), said(henge))
        return None
    if cassandra.kind != henge.kind:
        return Difference("class", said(cassandra), said(henge))
    if cassandra.bound != henge.bound:
        return Difference("bound", repr(cassandra.bound), repr(henge.bound))
    if named(cassandra) != named(henge):
        return Difference("columns", repr(cassandra.columns), repr(henge.columns))
    if cassandra.rows != henge.rows:
        return Difference("rows", "", "")
    if filled(cassandra.pages) != filled(henge.pages):
        return Difference("pages", repr(cassandra.pages), repr(henge.pages))
    if cassandra.warnings != henge.warnings:
        return Difference("warnings", repr(cassandra.warnings), repr(henge.warnings))
    return None


def as_written(text):
    return KEYSPACE_OF_TYPE.sub("", text)


def words(answer):
    """An error's words and signs, in whatever order they stand."""
    return Counter(re.findall(r"\w+|[^\w\s]", as_written(answer.message)))


def named(answer):
    """Columns with user types in their names as they were written; of a change of the schema what it is of."""
    if answer.kind == "schema" or not answer.columns:
        return answer.columns
    return [(keyspace, table, as_written(name), kind) for keyspace, table, name, kind in answer.columns]


def filled(pages):
    """Rows of each page without the empty ones at the end: a server that has just given the last row may not know it yet."""
    while pages and pages[-1] == 0:
        pages = pages[:-1]
    return pages
