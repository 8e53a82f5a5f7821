"""Runs the statements of every topic against an Apache Cassandra and writes down its answers, which the tests hold Henge to.

    integration/run oracle/record.py 127.0.1.1 [TOPIC...]    a Cassandra 5.0 on port 9042; the topics' keyspaces are dropped first

A topic is a file of statements, one to a line; `topics/NAME.cql` gets `topics/NAME.answers`, a line of JSON for each statement.
"""

import json
import re
import sys
import time

from answers import TOPICS, answer, connect, page_size


def patient(session, text):
    """The answer; what Cassandra does behind one is waited for."""
    given = answer(session, text)
    if re.match(r"CREATE (CUSTOM )?INDEX", text) and "error" not in given:
        time.sleep(1)  # Its rows are gone through while queries are refused.
    return given


def main():
    session = connect(sys.argv[1])
    for topic in sorted(TOPICS.glob("*.cql")):
        if sys.argv[2:] and topic.stem not in sys.argv[2:]:
            continue
        session.default_fetch_size = page_size(topic)
        statements = topic.read_text().splitlines()
        for keyspace in set(re.findall(r"^CREATE KEYSPACE (?!IF |system)(\w{1,48})\b", topic.read_text(), re.MULTILINE)):
            session.execute(f'DROP KEYSPACE IF EXISTS "{keyspace.lower()}"')
        answers = [patient(session, text) for text in statements]
        topic.with_suffix(".answers").write_text("".join(json.dumps(a, ensure_ascii=False) + "\n" for a in answers))
        print(f"{topic.stem}: {len(statements)} statements")
    session.cluster.shutdown()


main()
