"""What a server answers to a statement, in a form that can be written down and compared."""

import re
from pathlib import Path

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import FallthroughRetryPolicy
from cassandra.query import tuple_factory

TOPICS = Path(__file__).parent.parent / "oracle" / "topics"


def connect(address):
    profile = ExecutionProfile(row_factory=tuple_factory, retry_policy=FallthroughRetryPolicy(), request_timeout=60)
    return Cluster([address], execution_profiles={EXEC_PROFILE_DEFAULT: profile}, protocol_version=5).connect()


def page_size(topic):
    """Rows of a page; of topics of that name there are no pages."""
    return None if topic.stem.endswith("_unpaged") else 5_000


def answer(session, text):
    """Columns with types and rows, or the class and words of the error; those about syntax are each server's own."""
    try:
        future = session.execute_async(text)
        rows = future.result()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        kind = type(error).__name__
        return {"error": kind} | ({} if kind == "SyntaxException" else {"message": message(error)})
    if not rows.column_names:
        return {}
    types = [str(kind.cql_parameterized_type()) for kind in rows.column_types]
    return {"columns": list(rows.column_names), "types": types, "rows": [[plain(value) for value in row] for row in rows]}


def message(error):
    """The server's words of an error, without what the driver puts round them."""
    quoted = re.search(r'message="(.*)"', str(error), re.DOTALL)
    return quoted[1] if quoted else str(error)


def split_message(answer):
    """An answer without its words, and the words: empty where there are none."""
    words = SIGNATURES.sub("", answer.get("message", ""))
    return {key: value for key, value in answer.items() if key != "message"}, words


# Cassandra goes on with all functions of a name, in the order of a hash.
SIGNATURES = re.compile(r" \((known type signatures|can be matched by following signatures).*", re.DOTALL)


class OtherWords:
    """Sentences of Cassandra's for which Henge has other words, from a file: a reason on a line `# reason`, then patterns of sentences."""

    def __init__(self, path):
        self.patterns = [re.compile(line) for line in path.read_text().splitlines() if line and not line.startswith("#")]

    def allow(self, message):
        """True if the sentence has a pattern here."""
        return any(pattern.fullmatch(message) for pattern in self.patterns)


def plain(value):
    """A value that JSON holds without loss: text for whatever is not null, a number of its range, or truth."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    if isinstance(value, (bytes, bytearray)):
        return "0x" + value.hex()
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return str(value)
