"""Pauses of the machine under the tests: virtual machines are stopped and disks hang, for minutes at times."""

import threading
import time

TICK_SECONDS = 0.1
# Far more than a busy scheduler makes a sleeping thread wait.
PAUSE_SECONDS = 5.0


class PauseWatch:
    """A thread that sleeps in short steps and notes the longest time by which it woke late."""

    def __init__(self):
        self.longest = 0.0
        self.stopped = threading.Event()
        threading.Thread(target=self._watch, daemon=True, name="pause watch").start()

    def reset(self):
        self.longest = 0.0

    def was_paused(self):
        """Whether the machine stood still since the last reset, so that no time limit meant anything."""
        return self.longest >= PAUSE_SECONDS

    def _watch(self):
        before = time.monotonic()
        while not self.stopped.wait(TICK_SECONDS):
            now = time.monotonic()
            self.longest = max(self.longest, now - before - TICK_SECONDS)
            before = now
