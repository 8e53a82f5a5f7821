"""The Python driver, set up so that a test decides which node and which consistency level a request takes."""

from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import (
    ConstantReconnectionPolicy,
    DCAwareRoundRobinPolicy,
    FallthroughRetryPolicy,
    RoundRobinPolicy,
    TokenAwarePolicy,
    WhiteListRoundRobinPolicy,
)

__all__ = ["Clients", "ConsistencyLevel", "DCAwareRoundRobinPolicy", "RoundRobinPolicy", "TokenAwarePolicy"]


class Clients:
    """Opens driver sessions and closes them all at the end of a test."""

    def __init__(self, addresses):
        self.addresses = addresses
        self.open = []

    def session(self, keyspace=None, via=None, policy=None, consistency=ConsistencyLevel.LOCAL_ONE, version=5, **options):
        """A session. `via` lists the only nodes that get its requests; nothing is retried behind the test's back."""
        if via:
            policy = WhiteListRoundRobinPolicy(via)
        profile = ExecutionProfile(
            load_balancing_policy=policy or RoundRobinPolicy(),
            retry_policy=FallthroughRetryPolicy(),
            consistency_level=consistency,
            request_timeout=20,
        )
        cluster = Cluster(
            via or self.addresses,
            execution_profiles={EXEC_PROFILE_DEFAULT: profile},
            protocol_version=version,
            reconnection_policy=ConstantReconnectionPolicy(0.2, max_attempts=None),
            **options,
        )
        self.open.append(cluster)
        return cluster.connect(keyspace)

    def keyspace(self, name, replication="{'class': 'SimpleStrategy', 'replication_factor': 1}", **options):
        """Makes a keyspace and returns a session that uses it."""
        session = self.session(**options)
        session.execute(f"CREATE KEYSPACE {name} WITH replication = {replication}")
        session.set_keyspace(name)
        return session

    def close(self):
        for cluster in self.open:
            cluster.shutdown()
        self.open.clear()
