"""COPY of `henge shell` in a cluster: its workers speak to several nodes, and one that dies costs no row."""

import re
import subprocess
import time

from processes import HENGE

ROWS = 20_000


def test_a_copy_goes_on_through_other_nodes(three_nodes, clients, tmp_path):
    session = clients.keyspace("copied", "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}")
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
    lines = [f"{i},value {i}\n" for i in range(ROWS)]
    (tmp_path / "rows.csv").write_text("".join(lines))
    first, other = three_nodes.nodes[0], three_nodes.nodes[1]
    options = "NUMPROCESSES = 3 AND MAXATTEMPTS = 20"
    text = f"CONSISTENCY QUORUM; COPY copied.t FROM 'rows.csv' WITH INGESTRATE = 4000 AND {options}"
    running = subprocess.Popen(command(first, text), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    kept = tmp_path / "import_copied_t.progress"
    until = time.monotonic() + 60
    while not kept.exists() and time.monotonic() < until:
        time.sleep(0.05)
    first.kill()
    printed, errors = running.communicate(timeout=120)
    assert running.returncode == 0 and f"\n{ROWS} rows imported" in printed, (printed, errors)
    # One line a second at most, of rows that are sent again or of connections.
    assert re.search(r"attempt \d+ (of|follows)", errors), errors

    text = f"CONSISTENCY QUORUM; COPY copied.t TO 'back.csv' WITH {options}"
    done = subprocess.run(command(other, text), cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    assert sorted((tmp_path / "back.csv").read_text().splitlines()) == sorted(line.strip() for line in lines)


def command(node, text):
    return [HENGE, "shell", node.address, "-e", text]
