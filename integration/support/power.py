"""Power cuts: what a disk may hold after one, by the journal of the shim that saw every sync.

A file keeps what was synced and, of the rest, a random part from its start: everything that matters here is only appended to. A name
that was given, replaced or removed without a sync of its folder afterwards may be as it was before. Whoever undoes one change of a
folder undoes all later ones of it: file systems keep their order.
"""

import os
import shutil
import subprocess
from pathlib import Path

from processes import HENGE, Server, answers, wait_until

SHIM = Path(__file__).parent.parent / "powercut" / "shim.c"


def build(folder):
    shim = folder / "shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, SHIM, "-ldl"], check=True)
    return shim


class Machine(Server):
    """A node whose machine can lose power."""

    def __init__(self, directory, address, shim, arguments=(), lie=False):
        super().__init__(directory, address, arguments)
        self.shim, self.lie = shim, lie
        self.journal, self.saved = directory / "journal", directory / "saved"
        self.starts = 0

    def start(self):
        self.saved.mkdir(parents=True, exist_ok=True)
        self.starts += 1
        environment = os.environ | {
            "LD_PRELOAD": str(self.shim),
            "POWER_ROOT": str(self.directory / "data"),
            "POWER_JOURNAL": str(self.journal),
            "POWER_SAVED": str(self.saved),
            "POWER_LIE": "1" if self.lie else "0",
        }
        own = [part for flag in ("--rpc-address", "--listen-address", "--metrics-address", "--admin-address") for part in (flag, self.address)]
        command = [HENGE, "server", "--data-directory", str(self.directory / "data"), *own, *self.arguments]
        self.output = (self.directory / "server.out").open("ab")
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output
        )
        wait_until(lambda: self.process.poll() is not None or answers(self.address), "the node is ready", 60, pause=0.01)
        if self.process.poll() is not None:
            raise StartFailed((self.directory / "server.out").read_text()[-2000:])
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.output.close()

    def last_log_sync(self):
        """When the last sync of the engine's log began that ended before the power went (time.monotonic()); None if none did."""
        logs = [begun for path, begun in Disk(self.journal, self.saved).begun.items() if path.endswith(".log")]
        return max(logs, default=None)

    def cut(self, source):
        """Leaves what a disk may hold. Returns how many files were cut and changes of names undone."""
        disk = Disk(self.journal, self.saved)
        undone = disk.undo(source, self.lie)
        files = disk.shorten(self.directory / "data", source, self.lie)
        self.journal.unlink(missing_ok=True)
        shutil.rmtree(self.saved)
        return files, undone


class StartFailed(Exception):
    """A node did not come up; its last words."""


class Disk:
    """The journal, read."""

    def __init__(self, journal, saved):
        self.saved = saved
        self.synced, self.begun = {}, {}
        self.loose = {}
        self.made = set()
        lines = journal.read_text().splitlines() if journal.exists() else []
        for line in lines:
            getattr(self, {"S": "sync", "D": "sync_folder", "C": "make", "R": "rename", "U": "remove"}[line[0]])(*line.split(" ")[1:])

    def sync(self, length, begun, path):
        self.synced[path] = int(length)
        self.begun[path] = int(begun) / 1e9

    def sync_folder(self, path):
        self.loose.pop(path, None)

    def change(self, path, *what):
        self.loose.setdefault(str(Path(path).parent), []).append(what)

    def make(self, path):
        self.made.add(path)
        self.synced[path] = 0
        self.change(path, "made", path)

    def rename(self, number, old, new):
        if old in self.synced:
            self.synced[new] = self.synced.pop(old)
        if old in self.made:
            self.made.discard(old)
            self.made.add(new)
        self.change(new, "renamed", number, old, new)

    def remove(self, number, path):
        self.change(path, "removed", number, path)

    def undo(self, source, lie):
        """Takes back a random number of the last changes of names in each folder that was not synced after them."""
        undone = 0
        for changes in self.loose.values():
            for change in reversed(changes[source.randrange(len(changes) + 1) :]):
                undone += self.take_back(*change)
        return undone

    def take_back(self, what, *of):
        kept = self.saved / of[0] if what != "made" else None
        if what == "made":
            exists = os.path.exists(of[0])
            if exists:
                os.unlink(of[0])
            return exists
        if what == "removed" and kept.exists() and not os.path.exists(of[1]):
            os.link(kept, of[1])
            return True
        if what == "renamed" and os.path.exists(of[2]):
            if not os.path.exists(of[1]):
                os.link(of[2], of[1])
            os.unlink(of[2])
            if kept.exists():
                os.link(kept, of[2])
            return True
        return False

    def shorten(self, data, source, lie):
        """Cuts every file to what was synced, or to somewhere between that and its length."""
        cut = 0
        for path in sorted(p for p in data.rglob("*") if p.is_file()):
            length = path.stat().st_size
            # What was there before this start had survived a cut already.
            synced = self.synced.get(str(path), length if str(path) not in self.made else 0)
            if synced < length:
                os.truncate(path, source.choice([synced, source.randint(synced, length)]))
                cut += 1
        return cut
