"""What gossip says of members, and for whom hints wait: tables of `system_views`."""

import uuid

from processes import wait_until


def test_members_and_what_they_are_owed(three_nodes, clients):
    nodes = three_nodes.nodes
    session = clients.keyspace("owed", "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}", via=[nodes[0].address])
    session.execute("CREATE TABLE t (k int PRIMARY KEY)")
    told = {row.address: row for row in session.execute("SELECT * FROM system_views.gossip_info")}
    assert sorted(told) == sorted(three_nodes.addresses)
    assert {(row.dc, row.rack, row.release_version) for row in told.values()} == {("datacenter1", "rack1", "5.0.0-henge")}
    first = told[nodes[0].address]
    assert first.heartbeat > 0 and first.generation >= 1 and first.status.startswith("NORMAL,")
    local = session.execute("SELECT schema_version, host_id FROM system.local").one()
    wait_until(
        lambda: {row.schema for row in session.execute('SELECT "schema" FROM system_views.gossip_info')} == {str(local.schema_version)},
        "all members tell of the schema that this node has",
    )
    assert uuid.UUID(first.host_id) == local.host_id
    loads = "SELECT load FROM system_views.gossip_info"
    wait_until(lambda: all((row.load or "").isdigit() for row in session.execute(loads)), "all members tell what they store")

    assert list(session.execute("SELECT * FROM system_views.pending_hints")) == []
    nodes[2].kill()
    for k in range(10):
        session.execute("INSERT INTO t (k) VALUES (%s)", (k,))
    (owed,) = wait_until(lambda: list(session.execute("SELECT * FROM system_views.pending_hints")), "hints are pending")
    assert (str(owed.host_id), owed.address, owed.dc, owed.port) == (told[nodes[2].address].host_id, nodes[2].address, "datacenter1", 7000)
    assert owed.status in ("UP", "DOWN") and owed.oldest <= owed.newest and owed.files is None
    nodes[2].restart()
    wait_until(lambda: not list(session.execute("SELECT * FROM system_views.pending_hints")), "hints are delivered")
