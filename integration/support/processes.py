"""Real processes of henge on 127.0.0.1 and up: started, killed, restarted, stopped."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

HENGE = os.environ["HENGE_BIN"]
CQL_PORT = 9042
ADMIN_PORT = 7199
START_SECONDS = 90
STOP_SECONDS = 60

OPTIONS_V4 = struct.pack(">BBhBi", 4, 0, 0, 5, 0)
SUPPORTED = 6


def answers(address):
    """Whether a node serves CQL there: an OPTIONS request is answered with SUPPORTED."""
    try:
        with socket.create_connection((address, CQL_PORT), timeout=2) as stream:
            stream.sendall(OPTIONS_V4)
            header = stream.recv(9, socket.MSG_WAITALL)
            return len(header) == 9 and header[4] == SUPPORTED
    except OSError:
        return False


def wait_until(condition, what, seconds=60.0, pause=0.1):
    """Polls until the condition holds; its last true value is returned."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"after {seconds:.0f} s still not so: {what}"
        time.sleep(pause)


def running(pid):
    """Whether a process is there and not merely waiting to be reaped. While one of its threads waits for the disk, its sockets are open."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        threads = len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return False
    return state not in "ZX" or threads > 1


class Node:
    """One process of a `henge dev` cluster, known by its pid file."""

    def __init__(self, number, directory):
        self.number = number
        self.address = f"127.0.0.{number}"
        self.directory = directory / f"node{number}"
        self.log = self.directory / "henge.log"
        self.again = None
        self.child = None

    def pid(self):
        return self.child.pid if self.child else int((self.directory / "henge.pid").read_text())

    def kill(self):
        """`kill -9`; how the process was called is remembered for `restart`."""
        pid = self.pid()
        if not self.again:
            self.again = Call.of(pid)
        os.kill(pid, signal.SIGKILL)
        if self.child:
            self.child.wait()
        wait_until(lambda: not running(pid), f"node {self.number} is dead")

    def terminate(self):
        """SIGTERM, which drains the node, and waits for its end; how the process was called is remembered for `restart`."""
        pid = self.pid()
        self.again = self.again or Call.of(pid)
        os.kill(pid, signal.SIGTERM)
        if self.child:
            self.child.wait(STOP_SECONDS)
        wait_until(lambda: not running(pid), f"node {self.number} has ended", STOP_SECONDS)

    def restart(self):
        """Starts the ended process again with the arguments, folder and environment it had."""
        with self.log.open("ab") as log:
            self.child = self.again.start(log)
        wait_until(lambda: answers(self.address), f"node {self.number} is back", START_SECONDS)

    def stop(self):
        """Ends a restarted process, which `henge dev` knows nothing of; one that it still owns is left to it."""
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            self.child.wait(STOP_SECONDS)


class Call:
    """How a process was called."""

    def __init__(self, arguments, folder, environment):
        self.arguments, self.folder, self.environment = arguments, folder, environment

    @classmethod
    def of(cls, pid):
        process = Path(f"/proc/{pid}")
        arguments = [os.fsdecode(part) for part in (process / "cmdline").read_bytes().split(b"\0")[:-1]]
        pairs = [part.partition(b"=") for part in (process / "environ").read_bytes().split(b"\0") if b"=" in part]
        return cls(arguments, os.readlink(process / "cwd"), {os.fsdecode(key): os.fsdecode(value) for key, _, value in pairs})

    def start(self, log):
        return subprocess.Popen(self.arguments, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


class Program:
    """A henge process in the foreground whose output goes to a file."""

    def __init__(self, arguments, directory, name):
        directory.mkdir(parents=True, exist_ok=True)
        self.output = directory / f"{name}.out"
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [HENGE, *arguments], cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def text(self):
        return self.output.read_text(errors="replace")

    def alive(self):
        assert self.process.poll() is None, f"henge ended with {self.process.returncode}:\n{self.text()[-4000:]}"
        return True

    def signal_and_wait(self, number):
        """Sends the signal and returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


class Server:
    """`henge server`: a single node that can be stopped and started on the same data."""

    def __init__(self, directory, address="127.0.0.1", arguments=()):
        self.directory = directory
        self.address = address
        self.addresses = [self.address]
        self.arguments = arguments
        self.program = None

    def launch(self):
        """Starts the process and does not wait for it to serve."""
        assert not answers(self.address), f"something serves {self.address}:{CQL_PORT} already"
        own = [part for flag in ("--rpc-address", "--listen-address", "--metrics-address", "--admin-address") for part in (flag, self.address)]
        # A TCP port for operators as well, which tests can speak to without a program.
        own += [] if any("admin-port" in argument or "admin_port" in argument for argument in self.arguments) else ["--admin-port", str(ADMIN_PORT)]
        self.program = Program(["server", "--data-directory", str(self.directory / "data"), *own, *self.arguments], self.directory, "server")
        return self

    def start(self):
        self.launch()
        wait_until(lambda: self.program.alive() and answers(self.address), "the server is ready", START_SECONDS)
        return self

    def stop(self):
        """SIGTERM; returns the exit code."""
        return self.program.signal_and_wait(signal.SIGTERM)

    def restart(self):
        assert self.stop() == 0
        self.start()

    def logs(self):
        return {"server": self.program.output} if self.program else {}


class Dev:
    """`henge dev`: several nodes, each a process of its own."""

    def __init__(self, directory, nodes, datacenters=None, arguments=()):
        """`arguments` are further ones for every server."""
        self.directory = directory
        self.arguments = ["--", *arguments] if arguments else []
        self.nodes = [Node(number, directory / "data") for number in range(1, nodes + 1)]
        self.addresses = [node.address for node in self.nodes]
        self.shape = ["--datacenters", datacenters] if datacenters else ["--nodes", str(nodes)]
        self.program = None

    def start(self):
        for address in self.addresses:
            assert not answers(address), f"something serves {address}:{CQL_PORT} already"
        self.program = Program(["dev", *self.shape, "--directory", str(self.directory / "data"), *self.arguments], self.directory, "dev")
        wait_until(lambda: self.program.alive() and "ready" in self.program.text().lower(), "dev says ready", 3 * START_SECONDS)
        for address in self.addresses:
            assert answers(address), f"dev said ready, but {address} does not answer"
        return self

    def stop(self):
        """SIGINT, as Ctrl-C would do; returns the exit code."""
        try:
            return self.program.signal_and_wait(signal.SIGINT)
        finally:
            for node in self.nodes:
                node.stop()

    def node(self, address):
        return next(node for node in self.nodes if node.address == address)

    def logs(self):
        named = {"dev": self.program.output} if self.program else {}
        return named | {f"node {node.number}": node.log for node in self.nodes}


def remove(directory):
    shutil.rmtree(directory, ignore_errors=True)
