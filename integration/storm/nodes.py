"""Processes of henge behind a proxy, with disks that can be filled and clocks that can be set wrong."""

import os
import shutil
import signal
import subprocess
import urllib.request
from pathlib import Path

from processes import HENGE, START_SECONDS, STOP_SECONDS, answers, wait_until
from storm.proxy import Between, Weather, front_address, node_address

SETTINGS = {
    "memory": "32MiB",
    "cores": "2",
    "tombstone_purge_interval": "10s",
    "disk_reserve": "32MiB",
}
DISK_MIB = 256
# What a full disk still has.
REST_BYTES = 1 << 20
METRICS_PORT = 9180


class Node:
    """A node as a process. `is_down` is true while it is meant not to run."""

    def __init__(self, number, folder, settings):
        self.number, self.folder, self.settings = number, folder, settings
        self.address = node_address(number)
        # The disk is a folder of its own, so that a file system can be mounted there.
        self.disk, self.log = folder / "disk", folder / "henge.log"
        self.data = self.disk / "data"
        self.process, self.is_down, self.has_small_disk = None, False, False
        self.starts = 0

    def start(self):
        self.starts += 1
        self.is_down = False
        own = [f"--{name}-address={self.address}" for name in ("listen", "rpc", "metrics", "admin")]
        values = SETTINGS | self.settings | {"broadcast_address": front_address(self.number)}
        command = [HENGE, "server", "--data-directory", str(self.data), "--seeds", front_address(1), *own]
        command += ["--development-certificates", str(self.folder / "certs")]
        command += [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
        environment = os.environ | {"HENGE_TEST_CLOCKS": "1"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def has_ended_by_itself(self):
        return not self.is_down and not self.is_running()

    def send(self, number):
        if self.is_running():
            self.process.send_signal(number)

    def kill(self):
        self.is_down = True
        self.send(signal.SIGKILL)
        self.process.wait()

    def terminate(self):
        self.is_down = True
        self.send(signal.SIGTERM)

    def end(self):
        """The exit code of a node that was told to shut down; one that does not is killed."""
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.returncode

    def set_clock(self, ahead_ms):
        """Sets the clock so far ahead, or right if 0."""
        file = self.data / "test_clock_offset_ms"
        if ahead_ms:
            new = file.with_suffix(".new")
            new.write_text(str(int(ahead_ms)))
            new.rename(file)
        else:
            file.unlink(missing_ok=True)

    def fill_disk(self):
        """Leaves next to no room."""
        ballast = self.disk / "ballast"
        room = os.statvfs(self.disk)
        with ballast.open("ab", buffering=0) as file:
            left = room.f_bavail * room.f_frsize - REST_BYTES
            try:
                while left > 0:
                    left -= file.write(bytes(min(left, 1 << 20)))
            except OSError:
                # The node has taken the rest meanwhile.
                pass

    def clear_disk(self):
        (self.disk / "ballast").unlink(missing_ok=True)

    def metrics(self):
        """Its metrics without labels by name; none if it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{self.address}:{METRICS_PORT}/metrics", timeout=2) as page:
                lines = page.read().decode().splitlines()
        except OSError:
            return {}
        pairs = [line.split(" ") for line in lines if not line.startswith("#") and "{" not in line]
        return {name: float(value) for name, value in pairs}

    def is_ready(self):
        """True if it serves clients and trusts its clock."""
        try:
            with urllib.request.urlopen(f"http://{self.address}:{METRICS_PORT}/readyz", timeout=2) as page:
                return page.status == 200 and answers(self.address)
        except OSError:
            return False


class Cluster:
    """Nodes 1 to n, of which each second has a small disk of its own if the system permits it."""

    def __init__(self, folder, count, seed, settings):
        self.folder = folder
        self.between = Between(count, seed)
        self.nodes = [Node(number, folder / f"node{number}", settings) for number in range(1, count + 1)]

    def start(self):
        """Starts all nodes, the first alone: the others need its authority's files, and its cluster."""
        for node in self.nodes:
            assert not answers(node.address), f"something serves {node.address} already"
            node.disk.mkdir(parents=True)
        for node in self.nodes[1::2]:
            node.has_small_disk = mount(node.disk)
        first = self.nodes[0]
        for node in self.nodes:
            if node is not first:
                shutil.copytree(first.folder / "certs", node.folder / "certs", ignore=shutil.ignore_patterns("node.*"))
            node.start()
            wait_until(lambda: not node.is_running() or node.is_ready(), f"node {node.number} serves", START_SECONDS)
            assert node.is_running(), f"node {node.number} did not start:\n{tail(node.log)}"

    def small_disks(self):
        return [node.number for node in self.nodes if node.has_small_disk]

    def node(self, number):
        return self.nodes[number - 1]

    def set_weather(self, weather):
        self.between.set(weather)

    def part(self):
        """Cuts every link."""
        self.between.set_all(Weather(is_cut=True))

    def heal(self):
        self.between.set_all(Weather())

    def stop(self):
        """Ends all processes; exit codes by node."""
        try:
            for node in self.nodes:
                node.send(signal.SIGCONT)
                node.terminate()
            return {node.number: node.end() for node in self.nodes if node.process}
        finally:
            for node in self.nodes:
                if node.process:
                    node.kill()
                if node.has_small_disk:
                    subprocess.run(["umount", "-l", node.disk], check=False)
            self.between.stop()


def mount(folder):
    """True if the folder is a file system of its own now."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def tail(log, characters=3_000):
    return Path(log).read_text(errors="replace")[-characters:]
