"""Differences that stay: rules of `argued.txt`, each with its reason. A rule holds where all that it names is found."""

import re
from pathlib import Path

FILE = Path(__file__).parent / "argued.txt"
PARTS = ("kind", "statement", "before", "all", "cassandra", "henge", "both", "because")


def read_rules(text):
    """Rules are paragraphs of `part: pattern` lines; a line that starts with # says something to the reader."""
    rules = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if line and not line.startswith("#")]
        rule = dict(line.split(": ", 1) for line in lines)
        assert set(rule) <= set(PARTS), f"unknown part in {rule}"
        if rule:
            assert "because" in rule and "kind" in rule, f"a rule needs a kind and a reason: {rule}"
            rules.append(rule)
    return rules


def matches(rule, finding):
    difference = finding.difference
    cassandra, henge = difference.cassandra or finding.answers[0], difference.henge or finding.answers[1]
    statement, before = finding.request.text, finding.before
    texts = {
        "statement": statement, "before": before, "all": f"{statement}\n{before}",
        "cassandra": cassandra, "henge": henge, "both": f"{cassandra} || {henge}",
    }  # fmt: skip
    # Fewer rows of an index are a sort of other rows.
    kinds = {difference.kind, "rows"} if difference.kind == "fewer" else {difference.kind}
    return rule["kind"] in kinds and all(re.search(rule[part], text) for part, text in texts.items() if part in rule)


def argued(rules, finding):
    """The rule that excuses a finding, or none."""
    return next((rule for rule in rules if matches(rule, finding)), None)
