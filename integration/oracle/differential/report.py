"""Findings as text: what differs, and the lines that can be pasted into a topic."""

from collections import Counter

from .shown import request_text, with_literals

HISTORY_MAX = 30
# Argued findings kept for each reason.
EXCUSED_MAX = 20
# The most harmful first.
KINDS = ("rows", "numbers", "fewer", "passing", "afresh", "order", "ties", "elements", "class", "columns", "bound", "pages", "overfull", "warnings", "words", "shuffled", "bytes")


class Report:
    """Counts findings by kind and shows the first of each."""

    def __init__(self, shown_max):
        self.counts, self.examples, self.argued, self.excused = Counter(), {}, Counter(), {}
        self.shown_max = shown_max

    def excuse(self, finding, because):
        """Counts a finding that is argued, and keeps the first ones of its reason."""
        self.argued[because] += 1
        kept = self.excused.setdefault(because, [])
        if len(kept) < EXCUSED_MAX:
            kept.append(finding)

    def new(self, finding):
        """True for the first finding of its kind, within the bound on what is shown."""
        signature = finding.difference.signature
        self.counts[signature] += 1
        self.examples.setdefault(signature, finding.request.text)
        return self.counts[signature] <= (self.shown_max if signature[1] == "" else 1)

    def summary(self):
        lines = [f"{sum(self.counts.values())} differences of {len(self.counts)} kinds, {sum(self.argued.values())} argued"]
        for signature, count in sorted(self.counts.items(), key=lambda item: (KINDS.index(item[0][0]), -item[1])):
            kind, cassandra, henge = signature
            lines.append(f"{count:6} {kind}\n       C {cassandra}\n       H {henge}\n       {self.examples[signature][:300]}")
        lines += [f"{count:6} argued: {reason}" for reason, count in self.argued.most_common()]
        return "\n".join(lines)

    def excuses(self):
        """The kept findings of each reason, for a second look at the rules."""
        lines = []
        for reason, findings in self.excused.items():
            lines.append(f"argued: {reason}")
            for finding in findings:
                difference, (cassandra, henge) = finding.difference, finding.answers
                lines.append(f"  {difference.kind} {with_literals(finding.request)[:400]}")
                lines += [f"    C {difference.cassandra or cassandra}"[:800], f"    H {difference.henge or henge}"[:800]]
        return "\n".join(lines)


def finding_text(finding, history, request, answers, keyspace, note):
    difference = finding.difference
    lines = [f"-- {difference.kind}, protocol v{finding.version}{note}"]
    lines += [request_text(each, keyspace) for each in history[:HISTORY_MAX]]
    lines.append(request_text(request, keyspace))
    lines.append(f"  Cassandra {difference.cassandra or ''} {answers[0] if difference.kind not in ('class', 'words') else ''}")
    lines.append(f"  Henge     {difference.henge or ''} {answers[1] if difference.kind not in ('class', 'words') else ''}")
    return "\n".join(lines) + "\n"
