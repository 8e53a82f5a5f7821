"""A difference made small: as few statements before it as still show it, in a fresh keyspace each time."""

import re
from dataclasses import replace

from .pair import Pair
from .rounds import KEYSPACE
from .shown import answer_text, canonical_rows, with_literals

TRIALS_MAX = 30
# Kinds of differences that are told apart by further questions only.
OF_ROWS = ("rows", "numbers", "fewer", "order", "ties", "elements", "bytes")


class Shrinker:
    def __init__(self, addresses, finding, name):
        self.pair = Pair(*addresses, finding.version)
        self.finding, self.name = finding, name
        self.signature = finding.difference.signature
        self.trials, self.answers = 0, finding.answers

    def shows(self, history, request):
        """Whether the same kind of difference is there after these statements."""
        if self.trials >= TRIALS_MAX:
            return False
        self.trials += 1
        keyspace = f"{self.name}_{self.trials}"
        self.pair.define("DROP KEYSPACE IF EXISTS $ks", keyspace)
        for earlier in history:
            self.pair.ask(earlier, keyspace)
        cassandra, henge, difference = self.pair.ask(request, keyspace)
        self.pair.define("DROP KEYSPACE IF EXISTS $ks", keyspace)
        same = difference is not None and self.is_alike(cassandra, henge, difference)
        if same:
            self.answers = (answer_text(cassandra), answer_text(henge))
            self.finding.difference = replace(difference, kind=self.signature[0])
        return same

    def is_alike(self, cassandra, henge, difference):
        """True if the difference is of the finding's kind; of rows another kind is as good, but other bytes of the same values."""
        kind = self.signature[0]
        if difference.kind == "rows" and kind in OF_ROWS:
            return kind in ("elements", "bytes") or canonical_rows(cassandra) != canonical_rows(henge)
        return difference.signature == self.signature

    def shrink(self):
        """The smallest history and request found, or none if the difference does not come again, or a server does not answer."""
        try:
            return self.smaller()
        except OSError:
            return None
        finally:
            self.pair.close()

    def smaller(self):
        history, request = self.finding.history, self.finding.request
        definitions = [earlier for earlier in history if earlier.text.startswith("CREATE")]
        own = [each for each in definitions if self.concerns(each, request)]
        for candidate in (own, [each for each in history if self.concerns(each, request)], history):
            if self.shows(candidate, request):
                history = candidate
                break
        else:
            return None
        history = self.fewer(history)
        history, request = self.simpler(history, request)
        return self.narrow(history, request)

    def concerns(self, earlier, request):
        return earlier.text == KEYSPACE or "TYPE $ks" in earlier.text or f"$ks.{request.table}" in earlier.text if request.table else True

    def fewer(self, history):
        """Delta debugging: halves, then quarters and so on are left out."""
        kept, rest = history[:1], history[1:]
        size = max(1, len(rest) // 2)
        while size and self.trials < TRIALS_MAX:
            place = 0
            while place < len(rest):
                candidate = rest[:place] + rest[place + size :]
                if self.shows(kept + candidate, self.finding.request):
                    rest = candidate
                else:
                    place += size
            size //= 2
        return kept + rest

    def simpler(self, history, request):
        """Literals instead of bound values, no pages, where the difference stays."""
        literal = lambda each: replace(each, text=with_literals(each), values=[], shown=[], prepared=False)  # noqa: E731
        for change in (lambda each: replace(literal(each), page_size=0), literal, lambda each: replace(each, prepared=False), lambda each: replace(each, page_size=0)):
            candidate = change(request)
            if candidate != request and self.shows(history, candidate):
                request = candidate
                break
        candidate = [literal(each) for each in history]
        if candidate != history and self.shows(candidate, request):
            history = candidate
        return history, request

    def narrow(self, history, request):
        """Tables without the columns that no statement names."""
        words = " ".join(each.text for each in history if not each.text.startswith("CREATE TABLE")) + request.text
        candidate = [replace(each, text=without_columns(each.text, words)) for each in history]
        if candidate != history and self.shows(candidate, request):
            history = candidate
        return history, request


def without_columns(text, words):
    if not text.startswith("CREATE TABLE"):
        return text
    head, body = text.split(" (", 1)
    columns, key = body.split(", PRIMARY KEY ", 1)
    parts = re.split(r", (?=[a-z]+\d+ )", columns)
    kept = [part for part in parts if re.search(rf"\b{part.split()[0]}\b", words) or re.search(rf"\b{part.split()[0]}\b", key)]
    return f"{head} ({', '.join(kept)}, PRIMARY KEY {key}".replace(" WITH allow_auto_snapshot = false AND", " WITH").replace(" WITH allow_auto_snapshot = false", "")
