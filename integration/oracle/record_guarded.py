"""Runs the statements about roles against an Apache Cassandra and writes down its answers, which the tests hold Henge to.

    integration/run oracle/record_guarded.py 127.0.1.1 TOPIC    a Cassandra 5.0 on port 9042 with PasswordAuthenticator and CassandraAuthorizer,
                                                               with permissions_validity, roles_validity and credentials_validity at 0ms;
                                                               empty for `roles`, with dynamic_data_masking_enabled for `masks`
"""

import json
import sys

from guarded import GUARDED, Users


def main():
    users = Users(sys.argv[1])
    topic = GUARDED / f"{sys.argv[2]}.cql"
    lines = topic.read_text().splitlines()
    answers = [users.answer(line) for line in lines]
    topic.with_suffix(".answers").write_text("".join(json.dumps(a, ensure_ascii=False) + "\n" for a in answers))
    print(f"{len(lines)} statements")
    users.close()


main()
