"""Another user of the machine reads nothing of a node's data: folders are 0700, files 0600, also those of a directory that was open."""

import os
import shutil
import socket
import stat
import subprocess

import pytest

from clients import Clients
from processes import HENGE, Server

NOBODY = 65_534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def as_nobody(*command):
    return subprocess.run(command, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, timeout=60, cwd="/")


def test_data_is_its_users_alone(tmp_path):
    # A directory of an earlier version, and a umask that would let others read.
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        folder.chmod(0o755)
    (tmp_path / "data").mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        # Without a TCP port for operators, as is the default.
        node = Server(tmp_path, arguments=("--admin-port", "0")).start()
    finally:
        os.umask(before)
    clients = Clients([node.address])
    try:
        session = clients.keyspace("ks")
        session.execute("CREATE TABLE t (k int PRIMARY KEY)")
        session.execute("INSERT INTO t (k) VALUES (1)")
        # The binary may lie where only its user can run it.
        henge = tmp_path / "henge"
        shutil.copyfile(HENGE, henge)
        henge.chmod(0o755)
        admin = [str(henge), "admin", "--data-directory", str(tmp_path / "data")]
        done = subprocess.run([*admin, "snapshot", "-t", "one"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done
        other = as_nobody(*admin, "clearsnapshot", "--all")
        assert other.returncode == 2 and "are you its user?" in other.stderr, other
        beside = subprocess.run([HENGE, "admin", "operations"], env={"HENGE_DATA_DIRECTORY": str(tmp_path / "data")}, capture_output=True, text=True, timeout=60)
        assert beside.returncode == 0 and "snapshot" in beside.stdout, beside
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((node.address, 7199), timeout=5)
        for place, folders, files in os.walk(tmp_path / "data"):
            for name in folders + files:
                path = os.path.join(place, name)
                mode = stat.S_IMODE(os.lstat(path).st_mode)
                assert not mode & 0o077, f"{path} {mode:o}"
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        assert as_nobody("ls", str(tmp_path)).returncode == 0, "what is around it can be read"
        assert as_nobody("ls", str(tmp_path / "data")).returncode != 0
        assert as_nobody("cat", str(tmp_path / "data" / "identity")).returncode != 0
    finally:
        clients.close()
        assert node.stop() == 0
