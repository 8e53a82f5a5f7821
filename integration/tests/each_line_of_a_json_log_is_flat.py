"""With `log_format: json` each line of the log is one flat object, with the host id of the node and, where it is about one, of the peer.

Cassandra has no such log: operators put an encoder of their own into logback.xml.
"""

import json

from clients import Clients
from processes import Server, wait_until

ADDRESS = "127.0.11.13"
REPLICATION = "{'class': 'SimpleStrategy', 'replication_factor': 1}"


def test_lines_are_flat_and_name_their_node(tmp_path):
    server = Server(tmp_path, ADDRESS, ("--set", "log_format=json")).start()
    clients = Clients([ADDRESS])
    try:
        clients.session().execute(f"CREATE KEYSPACE shop WITH replication = {REPLICATION}")
        (change,) = wait_until(lambda: [line for line in lines(server) if line["message"] == "the schema was changed"], "the change is told")
    finally:
        clients.close()
        assert server.stop() == 0
    host = next(line.split()[1] for line in (tmp_path / "data/identity").read_text().splitlines() if line.startswith("host "))
    assert (change["level"], change["change"], change["object"], change["role"]) == ("INFO", "CREATE KEYSPACE", "shop", "anonymous")
    told = lines(server)
    assert all({"timestamp", "level", "target", "message"} <= line.keys() for line in told), told
    assert not [line for line in told if any(isinstance(value, (dict, list)) for value in line.values())]
    begun = next(number for number, line in enumerate(told) if line["message"] == "starting")
    assert all(line["node"] == host for line in told[begun:]), told


def lines(server):
    return [json.loads(line) for line in server.program.text().splitlines() if line.startswith("{")]
