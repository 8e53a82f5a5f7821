"""Statements of several users, and what a server with passwords answers each, in a form that can be written down and compared."""

import re
from pathlib import Path

from cassandra import AuthenticationFailed
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable
from cassandra.policies import FallthroughRetryPolicy
from cassandra.query import tuple_factory

from answers import message, plain

GUARDED = Path(__file__).parent.parent / "oracle" / "guarded"
# Classes whose sentences are Cassandra's own; of the others the class says enough.
WORDED = ("Unauthorized", "InvalidRequest")
UNORDERED = re.compile(r"FROM system")


class Users:
    """Sessions by user: a name, or `name:password` where the two differ."""

    def __init__(self, address):
        self.address = address
        self.sessions = {}
        self.clusters = []

    def session(self, user):
        if user not in self.sessions:
            name, _, password = user.partition(":")
            profile = ExecutionProfile(row_factory=tuple_factory, retry_policy=FallthroughRetryPolicy(), request_timeout=60)
            cluster = Cluster(
                [self.address],
                auth_provider=PlainTextAuthProvider(name, password or name),
                execution_profiles={EXEC_PROFILE_DEFAULT: profile},
                protocol_version=5,
            )
            self.clusters.append(cluster)
            self.sessions[user] = cluster.connect()
        return self.sessions[user]

    def answer(self, line):
        """The answer to `user|statement`: rows, warnings, or the error."""
        user, _, text = line.partition("|")
        try:
            future = self.session(user).execute_async(text)
            rows = future.result()
        except NoHostAvailable as error:
            (reason,) = error.errors.values()
            assert isinstance(reason, AuthenticationFailed), reason
            return {"login": message(reason)}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            kind = type(error).__name__
            return {"error": kind} | ({"message": message(error)} if kind in WORDED else {})
        found = [[plain(value) for value in row] for row in rows]
        answer = {"rows": sorted(found, key=str) if UNORDERED.search(text) else found} if rows.column_names else {}
        return answer | ({"warnings": future.warnings} if future.warnings else {})

    def close(self):
        for cluster in self.clusters:
            cluster.shutdown()
