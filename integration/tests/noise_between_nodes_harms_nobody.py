"""Whatever arrives on the port between nodes, the nodes go on talking to each other."""

import random
import socket

from cassandra import ConsistencyLevel

LINE = "no connection between nodes"


def test_noise_on_the_port_between_nodes(three_nodes, clients):
    session = clients.session()
    source = random.Random(3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stream:
        for number in range(3_000):
            address = (three_nodes.addresses[number % 3], 7000)
            # Every second one looks like the first packet of a QUIC connection.
            head = b"\xc3\x00\x00\x00\x01" if number % 2 else b""
            stream.sendto(head + source.randbytes(source.randrange(1, 1_400)), address)
            if number % 100 == 0:
                assert session.execute("SELECT key FROM system.local").one().key == "local"
    session.execute("CREATE KEYSPACE quiet WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
    session.execute("CREATE TABLE quiet.t (k int PRIMARY KEY)")
    all_answer = clients.session(consistency=ConsistencyLevel.ALL)
    all_answer.execute("INSERT INTO quiet.t (k) VALUES (1)")
    assert all_answer.execute("SELECT k FROM quiet.t").one().k == 1
    assert all(node.log.read_text().count(LINE) <= 1 for node in three_nodes.nodes)
    assert all("panicked" not in node.log.read_text() for node in three_nodes.nodes)
