"""`henge admin setlogginglevel` changes what a running node logs, as nodetool's does, and `getlogginglevels` shows it."""

import json
import signal

from admin import admin, admin_fails
from processes import Server, wait_until


def levels(node):
    lines = admin(node, "getlogginglevels").splitlines()
    assert lines[0] == "" and lines[1].split() == ["Logger", "Name", "Log", "Level"], lines
    return dict(line.split() for line in lines[2:])


def test_a_level_holds_until_it_is_taken_back(tmp_path):
    file = tmp_path / "henge.yaml"
    file.write_text("log_level: warn,henge_server=info\n")
    node = Server(tmp_path, arguments=("--config", str(file))).start()
    try:
        assert levels(node) == {"ROOT": "WARN", "henge_server": "INFO"}
        admin(node, "flush")
        assert node.program.text().count("an operation has started") == 1
        assert admin(node, "setlogginglevel", "henge_server", "ERROR") == "The log goes by warn,henge_server=error until SIGHUP or a restart\n"
        before = node.program.text().count("an operation has started")
        admin(node, "flush")
        assert node.program.text().count("an operation has started") == before
        admin(node, "setlogginglevel", "ROOT", "debug")
        admin(node, "setlogginglevel", "henge_server")
        assert levels(node) == {"ROOT": "DEBUG"}
        told = json.loads(admin(node, "getlogginglevels", "--format", "json"))
        assert told == {"filter": "debug", "levels": [{"logger": "ROOT", "level": "debug"}]}
        admin(node, "setlogginglevel")
        assert levels(node) == {"ROOT": "WARN", "henge_server": "INFO"}

        for arguments, said in (
            (("henge_nod", "debug"), "did you mean henge_node?"),
            (("org.apache.cassandra", "DEBUG"), "name ROOT, a crate such as henge_node"),
            (("henge_node", "loud"), 'invalid level "loud"'),
        ):
            code, error = admin_fails(node, "setlogginglevel", *arguments)
            assert code == 2 and said in error, error
        assert levels(node) == {"ROOT": "WARN", "henge_server": "INFO"}

        admin(node, "setlogginglevel", "ROOT", "error")
        file.write_text("log_level: info\n")
        node.program.process.send_signal(signal.SIGHUP)
        wait_until(lambda: levels(node) == {"ROOT": "INFO"}, "SIGHUP reads log_level again")
    finally:
        assert node.stop() == 0
