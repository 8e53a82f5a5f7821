"""A program at a terminal of its own: what a person would type, and what they would see."""

import os
import pty
import re
import select
import struct
import termios
import time
from fcntl import ioctl

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x07|\x1b\][^\x07]*\x07")
ROWS, COLUMNS = 50, 200
QUIET_SECONDS = 0.15


class Terminal:
    """A program on a pseudo-terminal. What it shows is kept until it is asked for, without colours and cursor movements."""

    def __init__(self, command, environment, folder):
        self.pid, self.stream = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, {**environment, "TERM": "xterm"})
        ioctl(self.stream, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.shown = ""

    def type(self, text):
        os.write(self.stream, text.encode())

    def until(self, pattern, seconds=30):
        """What was shown since it was last asked for, once it ends in the pattern and nothing more comes."""
        end = time.monotonic() + seconds
        while not re.search(rf"(?:{pattern})\Z", self._plain()) or self._more(QUIET_SECONDS):
            assert time.monotonic() < end, f"no {pattern!r} at the end of:\n{self._plain()[-4000:]}"
            self._more(0.2)
        return self._taken()

    def settled(self, seconds=0.7):
        """What is shown once nothing came for so long, or far too much did."""
        end = time.monotonic() + 10 * seconds
        while time.monotonic() < end and self._more(seconds):
            pass
        return self._taken()

    def close(self):
        """Types the end of the input and returns the exit code."""
        self.type("\x04")
        while self._more(5):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _more(self, seconds):
        if not select.select([self.stream], [], [], seconds)[0]:
            return False
        try:
            part = os.read(self.stream, 65536)
        except OSError:  # The program has ended.
            return False
        self.shown += part.decode(errors="replace")
        return bool(part)

    def _plain(self):
        return ESCAPES.sub("", self.shown).replace("\r", "")

    def _taken(self):
        plain, self.shown = self._plain(), ""
        return plain
