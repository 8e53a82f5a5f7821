"""The metrics that docs/reference/metrics.md lists, and those that a node answers."""

import re
import urllib.request
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/reference/metrics.md"
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<kind>\w+) \| (?P<labels>[^|]*) \| (?P<help>[^|]+) \|$", re.M)
SAMPLE = re.compile(r"^(?P<name>\w+?)(_bucket|_sum|_count)?(\{(?P<labels>.*)\})? \S+$")


def listed():
    """Each metric of the page: its kind, its labels with their values, and its help."""
    found = {}
    for row in ROW.finditer(PAGE.read_text()):
        labels = {}
        for label in filter(None, row["labels"].split("; ")):
            name, _, values = label.replace("`", "").partition(": ")
            labels[name] = set(filter(None, values.split(", ")))
        found[row["name"]] = (row["kind"], labels, row["help"])
    return found


def page_of(address):
    """The text of a node's /metrics."""
    return urllib.request.urlopen(f"http://{address}:9180/metrics", timeout=10).read().decode()


def scraped(address):
    """The same as `listed`, of a live scrape."""
    text = page_of(address)
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
    helps = dict(re.findall(r"^# HELP (\w+) (.*)$", text, re.M))
    labels = {name: {} for name in kinds}
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if line.startswith("#") or not sample:
            continue
        name = sample["name"] if sample["name"] in kinds else line.split("{")[0].split(" ")[0]
        for label, value in re.findall(r'(\w+)="([^"]*)"', sample["labels"] or ""):
            if label != "le":
                labels[name].setdefault(label, set()).add(value)
    return {name: (kind, labels[name], helps[name]) for name, kind in kinds.items()}


def values(address):
    """Every series without labels."""
    return {name: float(value) for name, value in re.findall(r"^(\w+) (\S+)$", page_of(address), re.M)}
