"""A Prometheus that scrapes nodes by the configuration of config/monitoring, with its times shortened."""

import json
import os
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from processes import wait_until

KIT = Path(__file__).parents[2] / "config/monitoring"
PORT = 9090


def program(name):
    path = shutil.which(name)
    if not path:
        pytest.skip(f"there is no {name} here: it comes with Debian's package prometheus")
    return path


def promtool():
    return program("promtool")


def inhibitions():
    """Patterns of names of alerts, each with that of those which it silences."""
    text = (KIT / "alertmanager.yml").read_text()
    return re.findall(r"""source_matchers: \['alertname=~?"([^"]*)"'\]\s+target_matchers: \['alertname=~?"([^"]*)"'\]""", text)


class Prometheus:
    """A real one. `hold` replaces times for which a condition has to hold, up to half an hour: what waits longer looks at trends.
    `replacements` are pairs of patterns and texts for all rules."""

    def __init__(self, directory, addresses, address="127.0.0.6", hold="3s", replacements=()):
        self.directory, self.address = directory, address
        directory.mkdir(parents=True, exist_ok=True)
        targets = ", ".join(f'"{each}:9180"' for each in addresses)
        text = (KIT / "prometheus.yml").read_text()
        text = re.sub(r"targets: \[10[^]]*\]", f"targets: [{targets}]", text)
        text = re.sub(r"(scrape_interval|scrape_timeout|evaluation_interval): \S+", r"\1: 1s", text)
        (directory / "prometheus.yml").write_text(text)
        for file in ("recording.yml", "alerts.yml"):
            rules = re.sub(r"(?m)^( +for:) \d+m$", rf"\1 {hold}", (KIT / file).read_text())
            for old, new in replacements:
                rules = re.sub(old, new, rules)
            (directory / file).write_text(rules)
        self.log = directory / "prometheus.log"
        self.process = None

    def start(self):
        call = [
            program("prometheus"), f"--config.file={self.directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.directory / 'data'}", f"--web.listen-address={self.address}:{PORT}",
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(call, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | {"GOMAXPROCS": "1"})
        wait_until(self.is_ready, "Prometheus is ready", 60)
        return self

    def is_ready(self):
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        try:
            return urllib.request.urlopen(f"http://{self.address}:{PORT}/-/ready", timeout=5).status == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"http://{self.address}:{PORT}/api/v1/{path}?{query}", timeout=60) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        """The series of an expression now, as pairs of labels and value."""
        return [(one["metric"], float(one["value"][1])) for one in self.ask("query", query=expression)["result"]]

    def alerts(self, state="firing"):
        """Names of the alerts in that state, each with the instances that it names."""
        found = {}
        for alert in self.ask("alerts")["alerts"]:
            if alert["state"] == state:
                found.setdefault(alert["labels"]["alertname"], set()).add(alert["labels"].get("instance", ""))
        return found

    def uninhibited(self):
        """Names of the alerts that fire and that alertmanager.yml does not silence for another that fires."""
        firing = set(self.alerts())
        silent = {name for source, target in inhibitions() if any(re.fullmatch(source, one) for one in firing) for name in firing if re.fullmatch(target, name)}
        return firing - silent

    def failed_rules(self):
        """Rules that could not be evaluated, with the reason."""
        rules = (rule for group in self.ask("rules")["groups"] for rule in group["rules"])
        return {rule["name"]: rule.get("lastError", "") for rule in rules if rule["health"] != "ok"}
