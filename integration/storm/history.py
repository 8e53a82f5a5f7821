"""What was asked and answered: operations with their times and outcomes, and what is wrong with them."""

from dataclasses import dataclass, field

from cassandra import InvalidRequest, OperationTimedOut, Unavailable
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionBusy, ConnectionException
from cassandra.pool import NoConnectionsAvailable
from cassandra.protocol import IsBootstrappingErrorMessage, OverloadedErrorMessage

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"
FOREVER = float("inf")
# Answers that promise that nothing was done, and nothing will be.
DEFINITE = (Unavailable, OverloadedErrorMessage, IsBootstrappingErrorMessage)
# The driver has no connection that it could send on.
UNSENT = (ConnectionException, NoConnectionsAvailable, ConnectionBusy, *DEFINITE)


@dataclass(slots=True)
class Operation:
    """One request. Times are seconds since the run began, by the one clock of this process."""

    kind: str
    key: object
    what: object = None
    began: float = 0.0
    ended: float = FOREVER
    outcome: str = UNKNOWN
    answer: object = None
    stamp: int = None
    where: str = ""
    error: str = ""

    @property
    def is_ok(self):
        return self.outcome == OK

    @property
    def may_have_happened(self):
        return self.outcome != REFUSED

    @property
    def acknowledged(self):
        """The moment from which on it certainly has happened."""
        return self.ended if self.outcome == OK else FOREVER

    def __str__(self):
        stamp = f" stamp {self.stamp}" if self.stamp is not None else ""
        what = "" if self.what is None else f" {self.what}"
        answer = f" {self.answer}" if self.answer is not None else ""
        error = f" ({self.error})" if self.error else ""
        return f"{self.began:9.3f} to {self.ended:9.3f}  {self.where:<14} {self.kind}{what}{stamp}: {self.outcome}{answer}{error}"


@dataclass
class Violation:
    """A rule that a history breaks: an invariant of docs/invariants.md, what is wrong, and the history of its key."""

    rule: str
    about: str
    history: list = field(default_factory=list)

    def __str__(self):
        lines = [f"{self.rule}: {self.about}"]
        lines += [f"    {operation}" for operation in sorted(self.history, key=lambda operation: operation.began)]
        return "\n".join(lines)


def outcome_of(error):
    """Refused only if nothing can have happened: the server says so, or nothing was sent."""
    if isinstance(error, NoHostAvailable):
        return REFUSED if all(isinstance(reason, UNSENT) for reason in error.errors.values()) else UNKNOWN
    if isinstance(error, OperationTimedOut):
        return UNKNOWN
    return REFUSED if isinstance(error, (*DEFINITE, InvalidRequest)) else UNKNOWN


class Bound:
    """The greatest value that is certain at a moment; asked at rising moments."""

    def __init__(self):
        self.coming, self.value, self.source = [], None, None

    def add(self, moment, value, source):
        self.coming.append((moment, value, source))

    def at(self, moment):
        """The greatest value that was added for an earlier moment, and where it came from."""
        later = []
        for entry in self.coming:
            if entry[0] < moment:
                if self.value is None or entry[1] > self.value:
                    self.value, self.source = entry[1], entry[2]
            else:
                later.append(entry)
        self.coming = later
        return self.value, self.source
