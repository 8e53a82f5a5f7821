"""A client of one node, whose requests are noted with their times and outcomes."""

import threading
import time

from cassandra.query import BatchStatement, BatchType

from clients import Clients, ConsistencyLevel
from storm.history import OK, Operation, outcome_of

# The server answers earlier, if it answers.
PATIENCE_SECONDS = 11.0
# After what was refused: a node that is down refuses as fast as it is asked.
REST_SECONDS = 0.1


class Stamps:
    """Timestamps of clients: microseconds, each once, rising."""

    def __init__(self):
        self.last, self.lock = 0, threading.Lock()

    def next(self):
        with self.lock:
            self.last = max(self.last + 1, time.time_ns() // 1_000)
            return self.last


class Client:
    """A session with one node only."""

    def __init__(self, clients, address, keyspace, origin):
        self.session = clients.session(keyspace, via=[address], schema_metadata_enabled=False, token_metadata_enabled=False)
        self.session.use_client_timestamp = False
        self.number, self.origin, self.prepared = address.rpartition(".")[2], origin, {}

    def prepare(self, text):
        self.prepared[text] = self.session.prepare(text)

    def now(self):
        return time.monotonic() - self.origin

    def ask(self, operation, text, values, level, read=None):
        """Asks, and notes when and what came of it; `read` makes the answer out of rows."""
        statement = self.prepared[text].bind(values)
        statement.consistency_level = level
        return self.execute(operation, statement, read)

    def ask_batch(self, operation, parts, level):
        """A logged batch of texts with their values."""
        batch = BatchStatement(BatchType.LOGGED, consistency_level=level)
        for text, values in parts:
            batch.add(self.prepared[text], values)
        return self.execute(operation, batch, None)

    def ask_text(self, operation, text):
        return self.execute(operation, text, None)

    def execute(self, operation, statement, read):
        operation.where = f"{threading.current_thread().name} node {self.number}"
        operation.began = self.now()
        try:
            rows = list(self.session.execute(statement, timeout=PATIENCE_SECONDS))
            operation.ended = self.now()
            operation.outcome = OK
            operation.answer = read(rows) if read else None
        except Exception as error:  # noqa: BLE001 - what came of it is what is asked for
            operation.ended = self.now()
            operation.outcome, operation.error = outcome_of(error), words(error)
        return operation


def words(error):
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:200]
