"""One of three nodes stands still, stutters or is killed under a load through the two others: every request is answered, none waits for it."""

import os
import signal
import threading
import time

from cassandra import ConsistencyLevel

from processes import wait_until

THREADS = 8
KEYS = 1000
# The shortest timeout of a request, that of writes: one that waited for the node would take as long.
SECONDS_MAX = 2.0


class Load:
    """Reads and writes at QUORUM, one after another in each thread."""

    def __init__(self, session):
        self.session, self.done, self.errors = session, [], []
        self.insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
        self.select = session.prepare("SELECT v FROM t WHERE k = ?")
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(THREADS)]

    def run(self, number):
        key = number
        while not self.over.is_set():
            key = (key + THREADS) % KEYS
            began = time.monotonic()
            try:
                self.session.execute(self.insert, (key, number)) if key % 2 else self.session.execute(self.select, (key,))
            except Exception as error:
                self.errors.append(error)
            ended = time.monotonic()
            self.done.append((ended, ended - began))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def during(self, what, seconds, act=time.sleep):
        """Prints and returns how long the longest request took of those that ended meanwhile, and how many ended a second."""
        began = time.monotonic()
        act(seconds)
        took = [took for ended, took in list(self.done) if ended >= began]
        first = sum(ended < began + 1 for ended, _ in list(self.done) if ended >= began)
        rate, longest = len(took) / (time.monotonic() - began), max(took, default=seconds)
        p99 = sorted(took)[len(took) * 99 // 100] if took else seconds
        print(f"{what}: {rate:.0f} requests/s ({first} in the first second), p99 {p99 * 1000:.1f} ms, longest {longest * 1000:.0f} ms")
        return rate, longest


def stutter(pid):
    """Stops a process 500 of every 600 ms."""

    def act(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.5)
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.1)

    return act


def test_no_request_waits_for_a_node_that_it_does_not_need(three_nodes, clients):
    clients.keyspace("waits", "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}", consistency=ConsistencyLevel.QUORUM).execute(
        "CREATE TABLE t (k int PRIMARY KEY, v int)"
    )
    third, others = three_nodes.nodes[2], [node.address for node in three_nodes.nodes[:2]]
    session = clients.session("waits", via=others, consistency=ConsistencyLevel.QUORUM)
    with Load(session) as load:
        load.during("warm-up", 2)
        phases = [load.during("healthy", 4)]
        os.kill(third.pid(), signal.SIGSTOP)
        phases.append(load.during("one stopped", 6))
        os.kill(third.pid(), signal.SIGCONT)
        phases.append(load.during("going on", 4))
        phases.append(load.during("one stopped 500 of every 600 ms", 6, stutter(third.pid())))
        phases.append(load.during("healthy again", 4))
        third.kill()
        phases.append(load.during("one killed", 6))
    assert load.errors == []
    rates, longest = zip(*phases)
    assert max(longest) < SECONDS_MAX, longest
    assert min(rates) > rates[0] / 10, rates
    third.restart()
    wait_until(lambda: len(list(session.execute("SELECT * FROM system.peers"))) == 2, "both peers are known")
