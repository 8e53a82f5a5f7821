"""`henge admin info`, `version`, `gossipinfo` and the like print what nodetool prints, and the same as JSON."""

import json
import re

from admin import admin, admin_fails


def test_the_node_says_who_it_is(node, clients):
    session = clients.session()
    local = session.execute("SELECT host_id, release_version, gossip_generation, rack FROM system.local").one()
    info = dict(re.split(r" *: ", line, maxsplit=1) for line in admin(node, "info").splitlines())
    assert info["ID"] == str(local.host_id) and info["Rack"] == local.rack, info
    assert info["Generation No"] == str(local.gossip_generation), info
    assert (info["Gossip active"], info["Native Transport active"]) == ("true", "true"), info
    assert re.fullmatch(r"\d+\.\d\d / \d+\.\d\d", info["Heap Memory (MB)"]), info
    assert info["Bootstrap state"] == "COMPLETED" and "see all" in info["Token"], info
    told = json.loads(admin(node, "info", "--format", "json"))
    tokens = [line.split(": ")[1] for line in admin(node, "info", "-T").splitlines() if line.startswith("Token ")]
    assert tokens == [str(token) for token in told["tokens"]] and len(tokens) > 1, tokens
    assert told["resident_bytes"] > 0 and told["memory_bytes_max"] > told["resident_bytes"], told
    assert admin(node, "version") == f"ReleaseVersion: {local.release_version}\n"
    assert admin(node, "statusbinary") == "running\n" and admin(node, "statusgossip") == "running\n"


def test_gossip_threads_and_compaction_are_told(node, clients):
    clients.session()
    gossip = admin(node, "gossipinfo")
    assert gossip.startswith(f"/{node.address}\n  generation:") and f"  RPC_ADDRESS:0:{node.address}\n" in gossip, gossip
    pools = admin(node, "tpstats").splitlines()
    assert pools[0].split() == ["Pool", "Name", "Active", "Pending", "Completed", "Blocked", "All", "time", "blocked"]
    completed = {line.split()[0]: int(line.split()[3]) for line in pools[1:]}
    assert completed["core-0"] + completed.get("core-1", 0) > 0 and "disk-write" in completed, pools
    compaction = admin(node, "compactionstats")
    assert compaction.startswith("concurrent compactors") and "\npending tasks " in compaction, compaction
    assert re.fullmatch(r"Current compaction throughput: \d+ MB/s\n", admin(node, "getcompactionthroughput"))


def test_latencies_of_clients_are_told(node, clients):
    session = clients.keyspace("latencies")
    session.execute("CREATE TABLE t (k int PRIMARY KEY)")
    for k in range(20):
        session.execute("INSERT INTO t (k) VALUES (%s)", (k,))
    lines = admin(node, "proxyhistograms").splitlines()
    assert lines[0] == "proxy histograms" and lines[1].startswith("Percentile       Read Latency      Write Latency")
    rows = {line.split()[0]: line.split()[1:] for line in lines[3:] if line}
    assert list(rows) == ["50%", "75%", "95%", "98%", "99%", "Min", "Max"], rows
    assert 0 < float(rows["50%"][1]) <= float(rows["Max"][1]), rows


def test_replicas_of_partitions_are_told(node, clients):
    session = clients.keyspace("places")
    session.execute("CREATE TABLE one (k text PRIMARY KEY)")
    session.execute("CREATE TABLE two (a int, b blob, PRIMARY KEY ((a, b)))")
    session.execute("INSERT INTO one (k) VALUES ('it''s')")
    session.execute("INSERT INTO two (a, b) VALUES (-7, 0xcafe)")
    for table, key, columns in (("one", "it's", "k"), ("two", "-7:cafe", "a, b")):
        token = session.execute(f"SELECT token({columns}) FROM {table}").one()[0]
        assert admin(node, "getendpoints", "places", table, key) == f"{node.address}\n"
        assert json.loads(admin(node, "getendpoints", "places", table, key, "--format", "json"))["token"] == token
    assert admin_fails(node, "getendpoints", "nothing", "one", "x") == (2, "error: Unknown keyspace 'nothing'\n")
    assert admin_fails(node, "getendpoints", "places", "x", "x") == (2, "error: Unknown table 'x' in keyspace 'places'\n")
    code, said = admin_fails(node, "getendpoints", "places", "two", "1 OR 1:ca")
    assert code == 2 and "is no partition key of places.two" in said, said
    assert admin_fails(node, "getendpoints", "places")[0] == 1
    ring = admin(node, "describering", "places").splitlines()
    assert ring[0].startswith("Schema Version:") and ring[1] == "TokenRange: ", ring[:3]
    assert all(f"endpoints:[{node.address}]" in line for line in ring[2:]) and len(ring) > 2, ring[:4]
    assert admin_fails(node, "describering", "nothing") == (2, "error: No such keyspace: nothing\n")


def test_connections_are_told(node, clients):
    clients.session()
    text = admin(node, "clientstats")
    count = int(re.match(r"Total connected clients: (\d+)\n\nUser +Connections\n", text)[1])
    assert count > 0 and "anonymous" in text, text
    every = admin(node, "clientstats", "--all").splitlines()
    assert every[0].split()[:5] == ["Address", "SSL", "Cipher", "Protocol", "Version"], every
    assert any(line.startswith("/") and "Python Driver" in line for line in every), every
