"""Statements of users with more and less permissions, answered as Apache Cassandra 5.0.6 answered them, word by word, but for
those in oracle/guarded/differences.txt, each with its reason."""

import json

import pytest

from guarded import GUARDED, Users
from processes import Server

ADDRESS = "127.0.11.8"
DIFFERENCES = [line.split(maxsplit=2) for line in (GUARDED / "differences.txt").read_text().splitlines()]


@pytest.fixture
def users(tmp_path, monkeypatch):
    monkeypatch.setenv("HENGE_SUPERUSER_PASSWORD", "cassandra")
    settings = ("authenticator=PasswordAuthenticator", "authorizer=CassandraAuthorizer", "dynamic_data_masking_enabled=true")
    server = Server(tmp_path, ADDRESS, [part for setting in settings for part in ("--set", setting)]).start()
    users = Users(ADDRESS)
    yield users
    users.close()
    assert server.stop() == 0


@pytest.mark.parametrize("topic", sorted(GUARDED.glob("*.cql")), ids=lambda path: path.stem)
def test_statements_of_users(users, topic):
    lines = topic.read_text().splitlines()
    recorded = [json.loads(line) for line in topic.with_suffix(".answers").read_text().splitlines()]
    assert len(lines) == len(recorded), "record it again: integration/run oracle/record_guarded.py ADDRESS TOPIC"
    argued = {int(number) for name, number, _ in DIFFERENCES if name == topic.stem}
    different = []
    for number, (line, expected) in enumerate(zip(lines, recorded), 1):
        found = users.answer(line)
        if (found != expected) != (number in argued):
            different.append(f"{number}: {line}\n  Cassandra {expected}\n  Henge     {found}")
    assert not different, f"{len(different)} of {len(lines)} differ\n" + "\n".join(different[:20])
