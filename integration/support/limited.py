"""Statements against a server with low limits, and what it answers each: rows, warnings and errors, word by word.

A line is `user|how|statement`. `how` may be empty, or pairs such as `page=10 level=ALL serial=LOCAL_SERIAL`. `<x600>` in a
statement stands for 600 letters x, and `<now+3d>` for a time in microseconds.
"""

import re
import time
from pathlib import Path

from cassandra import ConsistencyLevel
from cassandra.query import SimpleStatement

from answers import plain
from guarded import Users

TOPICS = Path(__file__).parent.parent / "oracle" / "limited"
NAMES = sorted(path.stem for path in TOPICS.glob("*.cql"))
DAY_US = 86_400_000_000
# What differs from run to run, and the lists of Java's sets, which have no order.
MOMENT = re.compile(r"(?<=timestamp |threshold )\d{16}\b")
LIST = re.compile(r"\[([^\]]*)\]")
# Replicas' reads in words of their own.
READ = re.compile(r"(?<=for query ).*(?= \(see tombstone)")
# What Henge alone warns of: options that have no effect.
OWN = re.compile(r"Options of table \w+ that are kept but have no effect in Henge: ")
# Errors whose sentences are told apart.
WORDED = ("Guardrail", "Batch too large")


class Limited(Users):
    """Sessions of users for lines of such a topic."""

    def answer(self, line):
        user, how, text = line.split("|", 2)
        session = self.session(user)
        future = session.execute_async(statement(how, text))
        try:
            rows = future.result()
            answer = {"rows": [[plain(value) for value in row] for row in rows]} if rows.column_names else {}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            answer = refused(error)
        # Cassandra says some once for each row.
        warnings = list(dict.fromkeys(same(text) for text in future.warnings or [] if not OWN.match(text)))
        return answer | ({"warnings": warnings} if warnings else {})


def statement(how, text):
    settings = dict(pair.split("=") for pair in how.split())
    text = re.sub(r"<x(\d+)>", lambda found: "x" * int(found[1]), text)
    text = re.sub(r"<now([+-]\d+)d>", lambda found: str(time.time_ns() // 1000 + int(found[1]) * DAY_US), text)
    level = settings.get("level")
    serial = settings.get("serial")
    made = SimpleStatement(
        text,
        fetch_size=int(settings.get("page", 50)),
        consistency_level=level and ConsistencyLevel.name_to_value[level],
        serial_consistency_level=serial and ConsistencyLevel.name_to_value[serial],
    )
    return made


def refused(error):
    """The class of an error, and its words where they are a guardrail's."""
    quoted = re.search(r'message="(.*)"', str(error), re.DOTALL)
    answer = {"error": type(error).__name__}
    if quoted and quoted[1].startswith(WORDED):
        answer["message"] = same(quoted[1])
    codes = getattr(error, "error_code_map", None)
    return answer | ({"codes": sorted(set(codes.values()))} if codes else {})


def same(text):
    text = LIST.sub(lambda found: "[" + ", ".join(sorted(found[1].split(", "))) + "]", text)
    return READ.sub("READ", MOMENT.sub("MOMENT", text))
