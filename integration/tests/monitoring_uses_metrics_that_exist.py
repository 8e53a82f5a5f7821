"""Rules and dashboards of config/monitoring ask only for metrics, labels and values that are on the page of metrics and in a live
scrape; each alert has a runbook, and its cases are as promtool finds them."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from metric_pages import listed, page_of, scraped
from processes import wait_until
from prometheus import promtool

ROOT = Path(__file__).parents[2]
KIT = ROOT / "config/monitoring"
RUNBOOKS = ROOT / "docs/operating/runbooks"
RULE_FILES = ("recording.yml", "alerts.yml")
CASES = ("alerts_test.yml", "slow_burn_test.yml")
# Labels that Prometheus itself adds.
OWN = {"job", "instance", "cluster", "le", "alertname", "alertstate", "severity"}
TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
NAME = re.compile(r"\b(?:henge|process)_\w+|\b[a-z_]+:[\w:]+")


def rules():
    """Each rule of the kit, as its lines say it."""
    for file in RULE_FILES:
        for part in re.split(r"\n      - ", (KIT / file).read_text())[1:]:
            kind, name = re.match(r"(record|alert): (\S+)", part).groups()
            expression = re.search(r"expr: (?:\|\n)?(.*?)(?=\n        (?:for|labels|annotations):|\n\n|\n  -|\Z)", part, re.S)
            yield kind, name, expression[1]


def dashboards():
    return {path.name: json.loads(path.read_text()) for path in sorted((KIT / "dashboards").glob("*.json"))}


def expressions():
    """Every expression of the kit with its place."""
    for _, name, expression in rules():
        yield name, expression
    for file, board in dashboards().items():
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield f"{file}: {panel['title']}", target["expr"]
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield f"{file}: ${variable['name']}", variable["query"]


def known(metrics):
    """Metrics by the names of their series; a histogram has three."""
    found = {"up": {}, "ALERTS": {}}
    for name, (kind, labels, _) in metrics.items():
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            found[name + suffix] = labels
    return found


def unknown(expression, metrics, recorded):
    """What an expression asks for that there is not."""
    for name in NAME.findall(TEXT.sub('""', expression)):
        if name not in recorded and name not in metrics:
            yield name
    for name, matchers in SELECTOR.findall(expression):
        for label, operator, value in MATCHER.findall(matchers):
            if label in OWN or name in recorded:
                continue
            values = metrics.get(name, {}).get(label)
            if values is None:
                yield f"{name}{{{label}}}"
            elif values and operator in ("=", "=~") and not value.startswith("$"):
                yield from (f'{name}{{{label}="{one}"}}' for one in value.split("|") if one not in values)


def labels_of(expression):
    return {label.strip() for group in GROUPING.findall(expression) for label in group.split(",") if label.strip()}


@pytest.fixture(scope="module")
def live(three_nodes):
    address = three_nodes.addresses[0]
    wait_until(lambda: set(scraped(address)) >= set(listed()), "what comes with peers is there")
    # Histograms of rare requests come with these: their names are in the scrape, and their labels' values on the page.
    page, live = listed(), scraped(address)
    return known({name: page[name] if kind == "histogram" else (kind, *rest) for name, (kind, *rest) in live.items()})


@pytest.mark.parametrize("source", ["page", "scrape"])
def test_every_name_label_and_value_exists(source, live):
    metrics = known(listed()) if source == "page" else live
    recorded = {name for kind, name, _ in rules() if kind == "record"}
    labels = OWN.union(*metrics.values())
    asked = list(expressions())
    assert len(asked) > 100
    wrong = [(place, fault) for place, expression in asked for fault in unknown(expression, metrics, recorded)]
    wrong += [(place, label) for place, expression in asked for label in labels_of(expression) - labels]
    assert not wrong


def test_a_node_names_its_peers(three_nodes):
    own, *others = three_nodes.addresses
    told = scraped(own)
    assert told["henge_peer_info"][1]["address"] == {f"{address}:7000" for address in others}
    assert told["henge_peer_info"][1]["dc"] == {"datacenter1"}
    assert told["henge_peer_info"][1]["peer"].isdisjoint(told["henge_node_info"][1]["host_id"])


def test_what_does_not_exist_is_found():
    metrics = known(listed())
    for expression in ("rate(henge_request_total[5m])", 'henge_requests_total{outcome="bad"}', 'henge_cache_bytes{table="t"}', "a:henge:b"):
        assert list(unknown(expression, metrics, set())), expression


def test_every_alert_has_its_runbook_and_every_runbook_its_alert():
    alerts = {name for kind, name, _ in rules() if kind == "alert"}
    assert len(alerts) > 15
    assert {path.stem for path in RUNBOOKS.glob("Henge*.md")} == alerts
    for name in alerts:
        page = (RUNBOOKS / f"{name}.md").read_text()
        assert re.findall(r"^## (.*)$", page, re.M) == ["Meaning", "Look at", "Do"], name
        assert f"[{name}]({name}.md)" in (RUNBOOKS / "README.md").read_text()


def test_every_alert_links_the_page_of_its_own():
    parts = re.split(r"\n      - alert: ", (KIT / "alerts.yml").read_text())[1:]
    assert len(parts) > 15
    for part in parts:
        name = part.split("\n", 1)[0]
        assert re.findall(r"^          runbook_url: (.*)$", part, re.M) == [f"docs/operating/runbooks/{name}.md"], name
        assert (RUNBOOKS / f"{name}.md").is_file(), name


def test_every_alert_has_a_case_in_which_it_fires():
    cases = "".join((KIT / file).read_text() for file in CASES)
    assert {name for kind, name, _ in rules() if kind == "alert"} == set(re.findall(r"- alertname: (\w+)", cases))


def test_dashboards_have_ids_and_links_of_their_own():
    boards = dashboards()
    assert len({board["uid"] for board in boards.values()}) == len(boards) >= 4
    for file, board in boards.items():
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids)), file
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in board["panels"]), file


def test_promtool_accepts_the_configuration_and_the_cases():
    tool = promtool()
    for arguments in (["check", "config", "prometheus.yml"], ["test", "rules", *CASES]):
        done = subprocess.run([tool, *arguments], cwd=KIT, capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_every_expression_of_the_dashboards(tmp_path):
    lines = ["groups:", "  - name: dashboards", "    rules:"]
    for number, (place, expression) in enumerate(expressions()):
        if place.endswith(("$cluster", "$instance")):
            continue
        expression = expression.replace("$__rate_interval", "5m").replace("\n", " ")
        lines += [f"      - record: panel:number{number}", f"        expr: {json.dumps(expression)}"]
    (tmp_path / "dashboards.yml").write_text("\n".join(lines))
    done = subprocess.run([promtool(), "check", "rules", "dashboards.yml"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_names_of_metrics_are_as_prometheus_wants_them(three_nodes):
    text = page_of(three_nodes.addresses[0]).encode()
    done = subprocess.run([promtool(), "check", "metrics"], input=text, capture_output=True, timeout=60)
    # 3 means remarks: this release of it takes the `process_` metrics of every program for such.
    remarks = [line for line in done.stderr.decode().splitlines() if not re.match(r"(process_|henge_(peer_)?clock_offset_microseconds)", line)]
    assert not remarks
