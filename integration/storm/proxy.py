"""Stands between nodes: every datagram from one to another passes here, and each direction of each pair has a weather of its own.

Node n is bound to 127.0.0.n and tells its peers 127.0.7.n as its broadcast_address, which is a socket of this process: its *front*.
Where a datagram comes from tells who sends, the front to whom. Every sender's port gets a socket of its own towards the receiver, so
that answers find their way back. Commands are lines of JSON on the standard input, each answered with a line once it is in force; the
process ends when that input does.
"""

import heapq
import json
import os
import random
import select
import socket
import subprocess
import sys
import time

PEER_PORT = 7000
# Datagrams that wait for their time; more are lost, as in a router.
WAITING_MAX = 20_000
# Datagrams taken from a socket before the next one has its turn.
TURN = 64
FLOW_SILENCE_SECONDS = 120
BUFFER_BYTES = 4 << 20


def node_address(number):
    return f"127.0.0.{number}"


def front_address(number):
    return f"127.0.7.{number}"


class Weather:
    """What happens to datagrams from one node to another."""

    __slots__ = ("is_cut", "delay", "jitter", "loss")

    def __init__(self, is_cut=False, delay=0.0, jitter=0.0, loss=0.0):
        self.is_cut, self.delay, self.jitter, self.loss = is_cut, delay, jitter, loss


class Flow:
    """The datagrams between a port of `sender` and `receiver`'s port for peers."""

    __slots__ = ("sender", "receiver", "source", "socket", "used")

    def __init__(self, sender, receiver, source):
        self.sender, self.receiver, self.source = sender, receiver, source
        self.socket = open_socket(front_address(sender), 0)
        self.socket.connect((node_address(receiver), PEER_PORT))
        self.used = time.monotonic()


def open_socket(address, port):
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        opened.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
    opened.bind((address, port))
    opened.setblocking(False)
    return opened


class Proxy:
    """The sockets, the weather and the datagrams under way."""

    def __init__(self, nodes, seed):
        numbers = range(1, nodes + 1)
        self.by_address = {node_address(number): number for number in numbers}
        self.weather = {(a, b): Weather() for a in numbers for b in numbers if a != b}
        self.random = random.Random(seed)
        self.waiting, self.count = [], 0
        self.flows = {}
        self.epoll = select.epoll()
        self.readers = {}
        self.fronts = {number: open_socket(front_address(number), PEER_PORT) for number in numbers}
        for number, front in self.fronts.items():
            self.watch(front, lambda number=number: self.from_sender(number))
        self.buffer = bytearray(65_536)
        self.swept = time.monotonic()

    def watch(self, opened, read):
        self.readers[opened.fileno()] = read
        self.epoll.register(opened.fileno(), select.EPOLLIN)

    def from_sender(self, receiver):
        """A node has sent to another one's front."""
        front = self.fronts[receiver]
        for _ in range(TURN):
            try:
                length, source = front.recvfrom_into(self.buffer)
            except OSError:
                return
            sender = self.by_address.get(source[0])
            if sender and sender != receiver:
                flow = self.flow(sender, receiver, source)
                self.pass_on(sender, receiver, flow.socket, length, None)

    def from_receiver(self, flow):
        """A node has answered on a flow that another one opened."""
        for _ in range(TURN):
            try:
                length = flow.socket.recv_into(self.buffer)
            except OSError:
                return
            flow.used = time.monotonic()
            self.pass_on(flow.receiver, flow.sender, self.fronts[flow.receiver], length, flow.source)

    def flow(self, sender, receiver, source):
        flow = self.flows.get((receiver, source))
        if not flow:
            flow = self.flows[receiver, source] = Flow(sender, receiver, source)
            self.watch(flow.socket, lambda: self.from_receiver(flow))
        flow.used = time.monotonic()
        return flow

    def pass_on(self, sender, receiver, through, length, to):
        weather = self.weather[sender, receiver]
        if weather.is_cut or weather.loss and self.random.random() < weather.loss:
            return
        if not weather.delay:
            send(through, memoryview(self.buffer)[:length], to)
        elif len(self.waiting) < WAITING_MAX:
            self.count += 1
            due = time.monotonic() + weather.delay + self.random.uniform(0, weather.jitter)
            heapq.heappush(self.waiting, (due, self.count, through, bytes(self.buffer[:length]), to))

    def run(self):
        self.epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        commands = b""
        while True:
            pause = max(0.0, self.waiting[0][0] - time.monotonic()) if self.waiting else 1.0
            for ready, _ in self.epoll.poll(pause):
                if ready in self.readers:
                    self.readers[ready]()
                elif ready == sys.stdin.fileno():
                    received = os.read(ready, 65_536)
                    if not received:
                        return
                    *lines, commands = (commands + received).split(b"\n")
                    for line in lines:
                        self.obey(json.loads(line))
            self.send_due()
            self.sweep()

    def obey(self, pairs):
        for sender, receiver, *values in pairs:
            self.weather[sender, receiver] = Weather(*values)
        print("done", flush=True)

    def send_due(self):
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            _, _, through, datagram, to = heapq.heappop(self.waiting)
            send(through, datagram, to)

    def sweep(self):
        """Closes the flows of processes that have ended long ago."""
        now = time.monotonic()
        if now < self.swept + FLOW_SILENCE_SECONDS:
            return
        self.swept = now
        for key, flow in list(self.flows.items()):
            if now > flow.used + FLOW_SILENCE_SECONDS:
                del self.flows[key], self.readers[flow.socket.fileno()]
                self.epoll.unregister(flow.socket.fileno())
                flow.socket.close()


def send(through, datagram, to):
    try:
        through.sendto(datagram, to) if to else through.send(datagram)
    except OSError:
        # A full buffer, or nobody at the other end: the datagram is lost.
        pass


class Between:
    """A proxy process."""

    def __init__(self, nodes, seed):
        command = [sys.executable, __file__, str(nodes), str(seed)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.nodes = nodes
        assert self.process.stdout.readline() == "ready\n", "the proxy between the nodes did not start"

    def set(self, weather):
        """Puts a weather in force: a mapping of pairs (from, to) to `Weather`."""
        pairs = [[*pair, now.is_cut, now.delay, now.jitter, now.loss] for pair, now in weather.items()]
        self.process.stdin.write(json.dumps(pairs) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n", "the proxy between the nodes has ended"

    def set_all(self, weather):
        numbers = range(1, self.nodes + 1)
        self.set({(a, b): weather for a in numbers for b in numbers if a != b})

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


if __name__ == "__main__":
    between = Proxy(int(sys.argv[1]), int(sys.argv[2]))
    print("ready", flush=True)
    between.run()
