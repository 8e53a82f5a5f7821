"""Carries out a plan: begins and ends each fault at its time."""

import signal
import subprocess
import threading
import time

from storm.history import Violation
from storm.proxy import Weather

WATCH_SECONDS = 0.2
STUTTER_STOPPED, STUTTER_RUNNING = 0.5, 0.1
# Time that a node may take to shut down once its fault has ended; one that takes longer, its peers being away, is killed.
SHUTDOWN_SECONDS = 15


class Nemesis(threading.Thread):
    """The faults of a plan on a cluster, from `origin` on, a moment of the monotonic clock."""

    def __init__(self, cluster, faults, origin, failed):
        super().__init__(name="nemesis")
        self.cluster, self.origin, self.failed = cluster, origin, failed
        self.moments = sorted(
            [(fault.at + fault.seconds, 0, at, fault) for at, fault in enumerate(faults)] + [(fault.at, 1, at, fault) for at, fault in enumerate(faults)]
        )
        self.active, self.violations, self.log = [], [], []
        self.over = threading.Event()
        self.error = None

    def run(self):
        try:
            for moment, begins, _, fault in self.moments:
                while not self.over.wait(max(0.0, min(WATCH_SECONDS, self.origin + moment - time.monotonic()))):
                    self.watch()
                    if time.monotonic() >= self.origin + moment:
                        break
                if self.over.is_set():
                    break
                (self.begin if begins else self.end)(fault)
        except Exception as error:  # noqa: BLE001 - the run reports it
            self.error = error
            self.failed()
        finally:
            for fault in list(self.active):
                self.end(fault)

    def now(self):
        return time.monotonic() - self.origin

    def watch(self):
        """A node that ended although nobody ended it is told of, and started again."""
        for node in self.cluster.nodes:
            if node.has_ended_by_itself():
                words = node.log.read_text(errors="replace")[-2_000:]
                about = f"node {node.number} ended by itself with {node.process.returncode} at {self.now():.1f} s:\n{words}"
                self.violations.append(Violation("a node goes on", about))
                node.start()

    def begin(self, fault):
        self.active.append(fault)
        self.log.append((self.now(), "begins", fault))
        for number in fault.nodes:
            getattr(self, f"begin_{fault.kind}", self.nothing)(self.cluster.node(number), fault)
        self.renew_weather()

    def end(self, fault):
        self.active.remove(fault)
        self.log.append((self.now(), "ends", fault))
        for number in fault.nodes:
            getattr(self, f"end_{fault.kind}", self.nothing)(self.cluster.node(number), fault)
        self.renew_weather()

    def nothing(self, node, fault):
        """A fault of the network alone."""

    def begin_kill(self, node, fault):
        node.kill()

    def end_kill(self, node, fault):
        if node.is_down and not any(other.kind in ("kill", "restart") and node.number in other.nodes for other in self.active):
            node.start()

    def begin_restart(self, node, fault):
        node.terminate()

    def end_restart(self, node, fault):
        if not node.is_down:
            return
        try:
            code = node.process.wait(SHUTDOWN_SECONDS)
            if code not in (0, -signal.SIGKILL):
                self.violations.append(Violation("a node shuts down", f"node {node.number} ended with {code} at {self.now():.1f} s"))
        except subprocess.TimeoutExpired:
            node.kill()
        self.end_kill(node, fault)

    def begin_stop(self, node, fault):
        node.send(signal.SIGSTOP)

    def end_stop(self, node, fault):
        node.send(signal.SIGCONT)

    def begin_stutter(self, node, fault):
        threading.Thread(target=self.stutter, args=(node, fault), daemon=True).start()

    def stutter(self, node, fault):
        while fault in self.active:
            node.send(signal.SIGSTOP)
            time.sleep(STUTTER_STOPPED)
            node.send(signal.SIGCONT)
            time.sleep(STUTTER_RUNNING)

    def begin_full(self, node, fault):
        if node.has_small_disk:
            node.fill_disk()

    def end_full(self, node, fault):
        node.clear_disk()

    def begin_clock(self, node, fault):
        self.set_clock(node)

    def end_clock(self, node, fault):
        self.set_clock(node)

    def set_clock(self, node):
        """The clock of the fault that began last."""
        offsets = [fault.value for fault in self.active if fault.kind == "clock" and node.number in fault.nodes]
        try:
            node.set_clock(offsets[-1] if offsets else 0)
        except OSError:
            # A full disk has no room for the file either.
            pass

    def renew_weather(self):
        """Each pair has the sum of what strikes it."""
        numbers = [node.number for node in self.cluster.nodes]
        weather = {(a, b): Weather() for a in numbers for b in numbers if a != b}
        for fault in self.active:
            for pair in fault.pairs:
                add(weather[pair], fault)
            if fault.kind == "isolate":
                for pair in weather:
                    if set(pair) & set(fault.nodes):
                        weather[pair].is_cut = True
        self.cluster.set_weather(weather)


def add(weather, fault):
    if fault.kind == "cut":
        weather.is_cut = True
    elif fault.kind == "loss":
        weather.loss = max(weather.loss, fault.value)
    else:
        weather.delay += fault.value / 1_000
        weather.jitter += fault.value / 1_000
