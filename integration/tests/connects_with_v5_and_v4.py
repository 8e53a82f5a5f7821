"""The unmodified Python driver connects with either protocol version and finds nothing to warn of."""

import logging

import pytest
from cassandra import ProtocolVersion
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import RoundRobinPolicy

from clients import Clients


@pytest.mark.parametrize("version", [5, 4])
def test_connects_without_a_warning(node, caplog, version):
    clients = Clients(node.addresses)
    with caplog.at_level(logging.WARNING):
        session = clients.session(version=version)
        row = session.execute("SELECT release_version, partitioner FROM system.local").one()
        host = session.cluster.metadata.get_host(node.address)
        clients.close()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert row.release_version == "5.0.0-henge"
    assert row.partitioner == "org.apache.cassandra.dht.Murmur3Partitioner"
    assert host.datacenter and host.rack and host.host_id
    assert session.cluster.metadata.token_map is not None


def test_negotiates_v5_when_asked_for_nothing(node, caplog):
    """The driver starts at a private version of another vendor and steps down; v5 is where it must stop."""
    profile = ExecutionProfile(RoundRobinPolicy())
    cluster = Cluster([node.address], execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    with caplog.at_level(logging.WARNING):
        session = cluster.connect()
        assert session.execute("SELECT key FROM system.local").one().key == "local"
        assert cluster.protocol_version == ProtocolVersion.V5
        cluster.shutdown()
    assert [text for text in caplog.messages if "Downgrading core protocol version" not in text] == []


@pytest.mark.parametrize("version", [5, 4])
@pytest.mark.parametrize("compression", [True, False])
def test_serves_with_and_without_compression(node, version, compression):
    clients = Clients(node.addresses)
    session = clients.session(version=version, compression=compression)
    assert len(list(session.execute("SELECT * FROM system.local"))) == 1
    clients.close()


def test_schema_versions_agree(node, clients):
    session = clients.keyspace("agreeing")
    before = session.execute("SELECT schema_version FROM system.local").one().schema_version
    future = session.execute_async("CREATE TABLE t (k int PRIMARY KEY)")
    future.result()
    assert future.is_schema_agreed
    assert session.execute("SELECT schema_version FROM system.local").one().schema_version != before
    assert "t" in session.cluster.metadata.keyspaces["agreeing"].tables
