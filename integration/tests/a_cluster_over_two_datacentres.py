"""The cluster over two datacentres that docs/operating describes, formed as it says from the files in config."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from cassandra import ConsistencyLevel, OperationTimedOut, Unavailable, WriteTimeout
from cassandra.auth import PlainTextAuthProvider
from cassandra.query import SimpleStatement

from clients import Clients, DCAwareRoundRobinPolicy
from processes import HENGE, running, wait_until

ROOT = Path(__file__).parents[2]
LONDON = [f"127.0.1.{number}" for number in (1, 2, 3)]
PARIS = [f"127.0.2.{number}" for number in (1, 2, 3)]


def commands():
    text = (ROOT / "docs/operating/README.md").read_text().split("### Over two datacentres")[1]
    return [re.search(rf"```{tag}\n(.*?)```", text, re.DOTALL).group(1) for tag in ("sh", "sql")]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/henge").symlink_to(HENGE)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    yield tmp_path
    ended = [stop(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert all(ended)


def stop(pid):
    if running(pid):
        os.kill(int(pid), signal.SIGTERM)
    wait_until(lambda: not running(pid), f"process {pid} has ended", 60)
    return True


def test_a_cluster_is_formed_from_its_files_and_outlives_a_datacentre(folder):
    shell, statements = commands()
    environment = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "HENGE_MEMORY": "64MiB", "HENGE_SUPERUSER_PASSWORD": "secret"}
    script = shell.replace("&\n", "&\n    echo $! >> pids\n")
    subprocess.run(["sh", "-c", script], cwd=folder, env=environment, check=True, capture_output=True, timeout=60)
    for number, address in enumerate(LONDON + PARIS):
        log = folder / f"{'london' if number < 3 else 'paris'}{number % 3 + 1}.log"
        wait_until(lambda: f"ready: clients are served on {address}" in log.read_text(), f"{address} serves", 60)
    clients = Clients(LONDON)
    login = PlainTextAuthProvider("cassandra", "secret")
    session = clients.session(
        auth_provider=login, ssl_context=context(folder), policy=DCAwareRoundRobinPolicy("london"), consistency=ConsistencyLevel.LOCAL_QUORUM
    )
    hosts = session.cluster.metadata.all_hosts()
    assert sorted((host.datacenter, host.rack) for host in hosts) == [(city, f"rack{n}") for city in ("london", "paris") for n in (1, 2, 3)]
    for statement in statements.split(";")[:-1]:
        session.execute(statement)
    session.execute("CREATE TABLE shop.t (k int PRIMARY KEY)")
    each = SimpleStatement("INSERT INTO shop.t (k) VALUES (0)", consistency_level=ConsistencyLevel.EACH_QUORUM)
    session.execute(each)
    for pid in (folder / "pids").read_text().split()[3:]:
        os.kill(int(pid), signal.SIGKILL)
    for k in range(20):
        session.execute(f"INSERT INTO shop.t (k) VALUES ({k})")
    assert len(list(session.execute("SELECT k FROM shop.t"))) == 20
    wait_until(lambda: is_unavailable(session, each), "EACH_QUORUM is refused as Unavailable", 30)
    clients.close()


def context(folder):
    import ssl

    made = ssl.create_default_context(cafile=folder / "certs/ca.pem")
    made.check_hostname = False
    return made


def is_unavailable(session, statement):
    try:
        session.execute(statement)
    except Unavailable:
        return True
    except (WriteTimeout, OperationTimedOut):
        return False
    pytest.fail("EACH_QUORUM succeeded without the other datacentre")
