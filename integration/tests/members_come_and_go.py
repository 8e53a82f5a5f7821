"""Members come, leave and are replaced while clients write and read at QUORUM: nothing acknowledged is lost, and no read is stale."""

import random
import shutil
import subprocess
import threading

import pytest
from cassandra import ConsistencyLevel
from cassandra.concurrent import execute_concurrent_with_args

from clients import Clients, RoundRobinPolicy, TokenAwarePolicy
from processes import HENGE, Call, Dev, Node, answers, running, wait_until

WRITERS = 3
# Keys of one writer.
KEYS_MAX = 10_000_000


class Load:
    """Threads that each write rows of their own and read them back."""

    def __init__(self, addresses):
        self.clients = Clients(addresses)
        session = self.clients.keyspace("ks", "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}")
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
        session.execute("CREATE INDEX ON t (v)")
        self.session = self.at(ConsistencyLevel.QUORUM)
        self.insert = self.session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
        self.select = self.session.prepare("SELECT v FROM t WHERE k = ?")
        self.acknowledged, self.stale, self.failed = {}, [], 0
        self.stopping = False
        self.threads = [threading.Thread(target=self.write, args=(number,)) for number in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def at(self, level):
        return self.clients.session("ks", policy=TokenAwarePolicy(RoundRobinPolicy()), consistency=level)

    def write(self, writer):
        source, number = random.Random(writer), 0
        while not self.stopping:
            number += 1
            key = writer * KEYS_MAX + number
            if self.done(self.insert, (key, number)) is not None:
                self.acknowledged[key] = number
            old = writer * KEYS_MAX + source.randint(1, number)
            if number % 3 == 0 and old in self.acknowledged:
                rows = self.done(self.select, (old,))
                if rows is not None and [row.v for row in rows] != [self.acknowledged[old]]:
                    self.stale.append((old, rows))

    def done(self, statement, values):
        """The rows; none if the request failed, as some may while ranges change hands or a node has just died."""
        try:
            return list(self.session.execute(statement, values))
        except Exception:  # noqa: BLE001 - any error says that the write is not acknowledged
            self.failed += 1
            return None

    def goes_on(self):
        """Waits until many more writes are acknowledged."""
        before = len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) > before + 300, "writes go on", 60)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()

    def missing(self, level):
        """What was acknowledged and is not read at a level."""
        session = self.at(level)
        select, keys = session.prepare("SELECT v FROM t WHERE k = ?"), list(self.acknowledged)
        answers = execute_concurrent_with_args(session, select, [(key,) for key in keys], concurrency=50)
        return [key for key, (_, rows) in zip(keys, answers) if [row.v for row in rows] != [self.acknowledged[key]]]


def run(*arguments):
    done = subprocess.run([HENGE, *map(str, arguments)], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done
    return done.stdout


def admin(node, *arguments):
    return run("admin", "--data-directory", node.directory / "data", *arguments)


def host(node):
    return next(word for word in (node.directory / "data" / "identity").read_text().split() if len(word) == 36 and word.count("-") == 4)


def replace(cluster, lost, number):
    """Starts a node in place of one that is lost, called as the first node is, but for its address, its folder and what it replaces."""
    first, new = cluster.nodes[0], Node(number, cluster.directory / "data")
    shutil.copytree(first.directory / "certs", new.directory / "certs", ignore=shutil.ignore_patterns("node.*"))
    call = Call.of(first.pid())
    place = call.arguments.index("--seeds") + 1
    seeds = call.arguments[place]
    renamed = [word.replace("/node1/", f"/node{number}/").replace(first.address, new.address) for word in call.arguments]
    renamed[place] = seeds
    new.again = Call([*renamed, "--replace", lost], call.folder, call.environment)
    with new.log.open("ab") as log:
        new.child = new.again.start(log)
    wait_until(lambda: new.child.poll() is not None or answers(new.address), "the new node serves", 180)
    assert new.child.poll() is None, new.log.read_text()[-2000:]
    return new


@pytest.mark.timeout(600)
def test_a_cluster_grows_shrinks_and_replaces_a_lost_member(tmp_path):
    cluster = Dev(tmp_path, 3).start()
    first, second, third = cluster.nodes
    load = Load(cluster.addresses)
    fifth = None
    try:
        load.goes_on()
        run("dev", "add", "--directory", tmp_path / "data")
        load.goes_on()
        assert admin(first, "plan") == "No member comes or goes\n"

        pid = second.pid()
        admin(second, "decommission")
        wait_until(lambda: not running(pid), "the member that left has ended", 60)
        load.goes_on()

        lost = host(third)
        third.kill()
        shutil.rmtree(third.directory / "data")
        wait_until(lambda: f"peer is DOWN peer={lost}" in first.log.read_text(), "the lost member is down", 60)
        load.goes_on()
        fifth = replace(cluster, lost, 5)
        load.goes_on()
        load.stop()
        assert load.stale == []
        members = {first.address} | {row.rpc_address for row in load.clients.session(via=[first.address]).execute("SELECT rpc_address FROM system.peers")}
        assert members == {first.address, "127.0.0.4", fifth.address}
        # All three that are members now have all rows.
        for level in (ConsistencyLevel.QUORUM, ConsistencyLevel.ALL):
            assert load.missing(level) == []
        print(f"{len(load.acknowledged)} writes acknowledged, {load.failed} requests failed")
        assert load.failed < len(load.acknowledged) / 10
    finally:
        load.stop()
        load.clients.close()
        if fifth:
            fifth.stop()
        cluster.stop()
