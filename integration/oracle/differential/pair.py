"""The two servers, asked the same at the same time."""

import time

from .compare import compare
from .terms import Request
from .wire import EXECUTE, PAGES_MAX, PREPARE, QUERY, Connection, execute_body, prepare_body, query_body

INDEX_SECONDS = 60
CASSANDRA, HENGE = 0, 1


class Pair:
    """A connection to Cassandra and one to Henge, in one version of the protocol."""

    def __init__(self, cassandra, henge, version):
        self.version = version
        self.connections = [Connection(cassandra, version), Connection(henge, version)]

    def close(self):
        for connection in self.connections:
            connection.close()

    def both(self, opcode, bodies):
        """Answers of both, or of those that have a body."""
        asked = [(connection, body) for connection, body in zip(self.connections, bodies) if body is not None]
        for connection, body in asked:
            connection.send(opcode, body)
        answers = iter([connection.receive() for connection, _ in asked])
        return [None if body is None else next(answers) for body in bodies]

    def ask(self, request, keyspace):
        """Both answers and the first difference between them; an index is waited for."""
        text = request.text.replace("$ks", keyspace)
        if not request.prepared:
            answers = self.pages(QUERY, lambda _, state: query_body(self.version, text, request, state))
            if text.startswith("CREATE INDEX") and not answers[0].failed:
                self.wait_for_index(text.split()[2], keyspace)
            return answers
        prepared = self.both(PREPARE, [prepare_body(self.version, text)] * 2)
        difference = compare(*prepared)
        if prepared[1].failed and not prepared[0].failed:
            # What no value could make right may be refused early, with the words that Cassandra has when it is to carry it out.
            answer = self.both(EXECUTE, [execute_body(self.version, prepared[0], request), None])[0]
            if answer.failed:
                return answer, prepared[1], compare(answer, prepared[1])
        if difference or prepared[0].failed:
            return *prepared, difference
        return self.pages(EXECUTE, lambda which, state: execute_body(self.version, prepared[which], request, state))

    def pages(self, opcode, body):
        wholes = self.all_pages(opcode, body)
        return *wholes, compare(*wholes)

    def all_pages(self, opcode, body):
        """Answers with the rows of all pages, of those servers for which `body` gives one."""
        answers = self.both(opcode, [body(0, None), body(1, None)])
        wholes = list(answers)
        for _ in range(PAGES_MAX):
            bodies = [body(which, answer.more) if answer and answer.more is not None else None for which, answer in enumerate(answers)]
            if bodies == [None, None]:
                break
            answers = self.both(opcode, bodies)
            wholes = [append(whole, answer) for whole, answer in zip(wholes, answers)]
        return wholes

    def ask_one(self, which, request, keyspace):
        """The answer of Cassandra (0) or of Henge (1) alone, with all its pages."""
        text = request.text.replace("$ks", keyspace)
        return self.all_pages(QUERY, lambda server, state: query_body(self.version, text, request, state) if server == which else None)[which]

    def define(self, text, keyspace):
        return self.ask(Request(text), keyspace)

    def wait_for_index(self, name, keyspace):
        """Cassandra builds an index behind the answer and refuses queries until then."""
        query = f"SELECT index_name FROM system.\"IndexInfo\" WHERE table_name = '{keyspace}'"
        end = time.monotonic() + INDEX_SECONDS
        while time.monotonic() < end:
            answer = self.both(QUERY, [query_body(self.version, query, Request(query)), None])[0]
            if name.encode() in answer.rows:
                return
            time.sleep(0.02)


def append(whole, answer):
    """The pages so far and the next one, which may be an error."""
    if answer is None or whole.failed:
        return whole
    if answer.failed:
        return answer
    whole.rows += answer.rows
    whole.pages += answer.pages
    whole.warnings += [warning for warning in answer.warnings if warning not in whole.warnings]
    return whole
