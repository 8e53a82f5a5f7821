"""Statements by topic, answered as Apache Cassandra 5.0.6 answered them: rows, columns, types, and the class of errors, but
for the differences that are listed with their reasons. Words of errors are Cassandra's or listed; Henge may say more than Cassandra, and
words about syntax are its own."""

import json

import pytest

from answers import TOPICS, OtherWords, answer, connect, page_size, split_message

# The Cassandra that was asked had it switched on.
ARGUMENTS = ["--set", "drop_compact_storage_enabled=true"]
DIFFERENCES = {
    tuple(line.split(" ", 2)[:2])
    for line in (TOPICS.parent / "differences.txt").read_text().splitlines()
    if not line.startswith("#")
}
OTHER_WORDS = OtherWords(TOPICS.parent / "other_words.txt")
TOPIC_FILES = sorted(TOPICS.glob("*.cql"))


@pytest.mark.parametrize("topic", TOPIC_FILES, ids=lambda path: path.stem)
def test_topic(node, topic):
    statements = topic.read_text().splitlines()
    recorded = [json.loads(line) for line in topic.with_suffix(".answers").read_text().splitlines()]
    assert len(statements) == len(recorded), "record the topic again: integration/run oracle/record.py ADDRESS"
    session = connect(node.address)
    session.default_fetch_size = page_size(topic)
    try:
        different = []
        for number, (text, expected) in enumerate(zip(statements, recorded), 1):
            found = answer(session, text)
            (expected, words), (found, own_words) = split_message(expected), split_message(found)
            is_same = found == expected
            if (topic.stem, str(number)) in DIFFERENCES:
                assert not is_same, f"{topic.name}:{number} does not differ any more: take it off the list"
            elif not is_same:
                different.append(f"{topic.name}:{number}: {text}\n  Cassandra {expected}\n  Henge     {found}")
            elif words not in own_words and not OTHER_WORDS.allow(words):
                different.append(f"{topic.name}:{number}: {text}\n  Cassandra {words}\n  Henge     {own_words}")
        assert not different, f"{len(different)} of {len(statements)} differ\n" + "\n".join(different[:20])
    finally:
        session.cluster.shutdown()


def test_there_are_topics():
    assert TOPIC_FILES
