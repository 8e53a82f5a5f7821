"""A round: one random schema in a keyspace of its own, and random statements on it."""

import random
from dataclasses import dataclass

from .compare import general, said
from .definitions import Definitions
from .pair import Pair
from .questions import Questions
from .relations import Relations
from .schema import creation, random_schema
from .selects import Selects
from .shown import answer_text, canonical_rows, differing_texts, differing_types
from .terms import Request, Terms
from .writes import Writes

KEYSPACE = "CREATE KEYSPACE $ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"

# Changes of the schema in a round, about. They take longer than all else.
CHANGES = 10


@dataclass
class Finding:
    """A difference with all that came before it, to be shrunk."""

    difference: object
    request: Request
    history: list
    version: int
    answers: tuple

    @property
    def before(self):
        """What was done to the statement's table before it, and to user types, a line each."""
        return "\n".join(each.text for each in self.history if f"$ks.{self.request.table}" in each.text or " TYPE $ks" in each.text)

    @property
    def diverges(self):
        """True if the two hold different rows from then on, so that what follows would only say so again."""
        kind, text = self.difference.kind, self.request.text
        changes = self.request.kind_of_write or text.startswith(("ALTER", "DROP"))
        return kind in ("rows", "numbers") or kind in ("class", "columns") and changes


class Round:
    def __init__(self, seed, number, statements, addresses, now, flush=None):
        self.rng = random.Random(f"{seed}/{number}")
        self.keyspace = f"random_{seed}_{number}"
        self.version, self.now = self.rng.choice([4, 5]), now
        self.statements, self.flush = statements, flush
        self.schema = random_schema(self.rng)
        self.terms = Terms(self.rng, self.schema)
        relations = Relations(self.terms)
        self.selects, self.writes = Selects(self.terms, relations), Writes(self.terms, relations)
        self.definitions = Definitions(self.rng, self.schema)
        self.pair = Pair(*addresses, self.version)
        self.questions = Questions(self.pair, self.keyspace, self.schema)
        self.history, self.findings, self.count = [], [], 0
        # Sentences that both servers have said at the same time, in general terms.
        self.agreed = set()

    def run(self):
        """Findings of the round; it ends early where the two hold different rows."""
        try:
            self.pair.define(f"DROP KEYSPACE IF EXISTS $ks", self.keyspace)
            self.create()
            while self.count < self.statements and not self.diverged() and self.schema.tables:
                self.step()
            self.pair.define("DROP KEYSPACE $ks", self.keyspace)
        finally:
            self.pair.close()
        return self

    def diverged(self):
        return any(finding.diverges for finding in self.findings)

    def create(self):
        """Tables that are refused are left out."""
        self.answered(Request(KEYSPACE))
        for text in creation(self.schema):
            cassandra, henge = self.answered(Request(text))
            if cassandra.failed or henge.failed:
                self.forget(text)

    def forget(self, text):
        words = text.split()
        if words[1] == "TABLE":
            self.schema.tables = [table for table in self.schema.tables if f"$ks.{table.name}" != words[2]]
        elif words[1] == "TYPE":
            self.schema.types[:] = [kind for kind in self.schema.types if f"$ks.{kind.user}" != words[2]]
        elif words[1] == "INDEX":
            for table in self.schema.tables:
                table.indexes = [index for index in table.indexes if index.name != words[2]]

    def step(self):
        self.terms.start()
        roll = self.rng.random()
        table = self.rng.choice(self.schema.tables)
        if roll < min(0.02, CHANGES / self.statements):
            request = self.definitions.change()
        elif roll < 0.5 - 0.35 * (self.count > self.statements * 0.6):
            request = self.writes.write(table)
        else:
            times = table.flavour not in ("conditional", "counter")
            request = self.selects.select(table, times and (self.version >= 5 or self.rng.random() < 0.5))
            if self.version < 5:
                request.text = request.text.replace("ttl(", "writetime(")
        if self.version >= 5:
            # A storage-attached index goes by Cassandra's own clock, whatever time the request gives.
            later = [2000, 200000] if request.text.startswith("SELECT") and not any(index.sai for index in table.indexes) else []
            request.now = self.now + self.rng.choice([0, 0, 0, 0, 10] + later)
        if self.flush and self.rng.random() < 0.003:
            self.flush()
        cassandra, henge = self.answered(request)
        if request.effect and not cassandra.failed and not henge.failed:
            request.effect()

    def answered(self, request):
        self.count += 1
        cassandra, henge, difference = self.pair.ask(request, self.keyspace)
        if difference:
            self.findings.append(self.finding(request, cassandra, henge, difference))
        elif cassandra.failed and henge.failed:
            self.agreed |= {general(said(cassandra)), general(said(henge))}
        if not request.text.startswith("SELECT") and not cassandra.failed:
            self.history.append(request)
        return cassandra, henge

    def finding(self, request, cassandra, henge, difference):
        answers = (answer_text(cassandra), answer_text(henge))
        difference.kind = self.questions.kind(request, cassandra, henge, difference)
        if difference.kind == "bytes":
            difference.cassandra = differing_types(cassandra, henge)
        if difference.kind in ("rows", "numbers"):
            answers = differing_texts(cassandra, henge)
        elif difference.kind == "elements":
            answers = tuple(answer_text(answer, canonical_rows(answer, sort=False)) for answer in (cassandra, henge))
        return Finding(difference, request, list(self.history), self.version, answers)
