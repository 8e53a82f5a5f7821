"""Statements under low limits, and with much of the language switched off, answered and warned of as Apache Cassandra 5.0.6 did, word by word."""

import json

import pytest

from limited import NAMES, TOPICS, Limited
from processes import Server

ADDRESS = "127.0.11.7"


@pytest.fixture(params=NAMES)
def topic(request):
    return TOPICS / f"{request.param}.cql"


@pytest.fixture
def users(topic, tmp_path, monkeypatch):
    monkeypatch.setenv("HENGE_SUPERUSER_PASSWORD", "cassandra")
    settings = ["--set", "authenticator=PasswordAuthenticator", "--set", "authorizer=CassandraAuthorizer"]
    server = Server(tmp_path, ADDRESS, ["--config", str(topic.with_suffix(".yaml")), *settings]).start()
    users = Limited(ADDRESS)
    yield users
    users.close()
    assert server.stop() == 0


def test_statements_under_limits(users, topic):
    lines = topic.read_text().splitlines()
    recorded = [json.loads(line) for line in topic.with_suffix(".answers").read_text().splitlines()]
    assert len(lines) == len(recorded), "record it again: integration/run oracle/record_limited.py ADDRESS NAME"
    different = []
    for number, (line, expected) in enumerate(zip(lines, recorded), 1):
        found = users.answer(line)
        if found != expected:
            different.append(f"{number}: {line[:300]}\n  Cassandra {expected}\n  Henge     {found}")
    assert not different, f"{len(different)} of {len(lines)} differ\n" + "\n".join(different[:20])
