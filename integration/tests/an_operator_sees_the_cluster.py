"""`henge admin status`, `ring`, `describecluster` and `netstats` as nodetool prints them, from any node."""

import json
import re

from admin import admin
from clients import Clients
from processes import Dev, wait_until


def shape(text):
    """The text without what differs between runs."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "HOST", text)
    # A member that has not told its load yet has a question mark.
    text = re.sub(r"\d+(\.\d+)? (bytes|[KMG]iB|B)|(?<= )\?(?= )", "SIZE", text)
    text = re.sub(r"\d+\.\d+%", "SHARE", text)
    return re.sub(r"-?\d{15,}", "TOKEN", re.sub(r" +", " ", text))


STATUS = """\
Datacenter: {dc}
{line}
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
-- Address Load Tokens Owns (effective) Host ID Rack
UN 127.0.0.1 SIZE 16 SHARE HOST {racks[0]}
UN 127.0.0.2 SIZE 16 SHARE HOST {racks[1]}
UN 127.0.0.3 SIZE 16 SHARE HOST {racks[2]}

"""


def test_any_node_shows_the_cluster(tmp_path):
    dev = Dev(tmp_path / "three", 3).start()
    clients = Clients(dev.addresses)
    try:
        session = clients.session()
        session.execute("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}")
        session.execute("CREATE TABLE ks.t (k int PRIMARY KEY)")
        first, third = dev.nodes[0], dev.nodes[2]
        told = json.loads(admin(first, "status", "--format", "json"))
        members = sorted(told["members"], key=lambda member: member["address"])
        dc, racks = members[0]["datacenter"], [member["rack"] for member in members]
        line = "=" * len(f"Datacenter: {dc}")
        assert shape(admin(first, "status")) == STATUS.format(dc=dc, line=line, racks=racks), admin(first, "status")
        assert abs(sum(member["owns"] for member in members) - 2) < 1e-6, members
        assert {member["state"] for member in members} == {"normal"}

        ring = shape(admin(first, "ring", "ks")).splitlines()
        assert ring[1:4] == [f"Datacenter: {dc}", "==========", "Address Rack Status State Load Owns Token"], ring[:6]
        assert sum("Up Normal" in line for line in ring) == 48, ring

        described = admin(first, "describecluster")
        assert "Name: " in described and "Live: 3" in described and f"{dc} #Nodes: 3 #Down: 0" in described, described
        assert "ks -> Replication class: SimpleStrategy {replication_factor=2}" in described
        wait_until(lambda: admin(first, "describecluster").count(": [127.0.0.1, 127.0.0.2, 127.0.0.3]") == 1, "one schema", 30)
        assert admin(first, "netstats") == "Mode: NORMAL\nNot sending any streams.\n"
        assert "Nothing to do" in admin(first, "cleanup", "ks") and "Nothing to do" in admin(first, "rebuild")

        third.kill()
        wait_until(lambda: f"DN  {third.address}" in admin(first, "status", "ks"), "the third node is down", 60)
        unreachable = f"UNREACHABLE: [{third.address}]"
        wait_until(lambda: unreachable in admin(dev.nodes[1], "describecluster"), "the second node knows too", 60)
    finally:
        clients.close()
        dev.stop()
