"""Runs the statements about limits against an Apache Cassandra and writes down its answers, which the tests hold Henge to.

    integration/run oracle/record_limited.py 127.0.1.1 NAME    a Cassandra 5.0 on port 9042, empty, with PasswordAuthenticator
                                                             and with the settings in limited/NAME.yaml at the end of its cassandra.yaml
"""

import json
import sys

from limited import TOPICS, Limited


def main():
    users = Limited(sys.argv[1])
    topic = TOPICS / f"{sys.argv[2]}.cql"
    lines = topic.read_text().splitlines()
    answers = [users.answer(line) for line in lines]
    topic.with_suffix(".answers").write_text("".join(json.dumps(a, ensure_ascii=False) + "\n" for a in answers))
    print(f"{len(lines)} statements")
    users.close()


main()
