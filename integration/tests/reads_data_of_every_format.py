"""A data directory that an earlier build wrote is read as it was written, by its files and by its log."""

import tarfile
from pathlib import Path

from clients import Clients
from processes import Server

FIXTURES = Path(__file__).parent.parent / "fixtures"
QUERIES = [
    "SELECT * FROM natives",
    "SELECT * FROM nested",
    "SELECT k, c, d, s, v FROM wide",
    "SELECT k, v FROM expiring",
]


def test_format_1(tmp_path):
    with tarfile.open(FIXTURES / "format-1.tar.gz") as archive:
        archive.extractall(tmp_path)
    node = Server(tmp_path).start()
    clients = Clients([node.address])
    try:
        session = clients.session("ks")
        found = [repr(sorted(map(tuple, session.execute(query)), key=repr)) for query in QUERIES]
        expected = (FIXTURES / "format-1.answers").read_text().splitlines()
        assert found == expected, "\n".join(found)
    finally:
        clients.close()
        assert node.stop() == 0
