"""The threads that send share one processor core, as long as they keep it busy.

Python's threads take turns whatever the number of cores. Spread over several, each turn is a message from core to
core, which in a virtual machine costs more than the turn's own work. Where the threads mostly wait for a server, or
have to share the core with another program, the system may place them as it likes. Linux only; elsewhere nothing
happens.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import get_native_id

_BUSY = 0.6
"""How much of a core makes it worth staying there. Two programs that share one get half of it each, and part."""


class OneCore:
    """Keeps the process's other threads together, or lets them go."""

    def __init__(self) -> None:
        self._allowed = os.sched_getaffinity(0) if sys.platform == "linux" else set()
        self._together = False
        self._looked = (0.0, 0.0)

    def gather(self) -> None:
        """All other threads go on where this one runs."""
        if len(self._allowed) > 1:
            self._together = True
            self._place({_current()})
        self._looked = (time.monotonic(), time.process_time())

    def look(self) -> None:
        """Gather them or let them go, by how busy the process was since the last look."""
        before = self._looked
        self._looked = (time.monotonic(), time.process_time())
        waited, used = self._looked[0] - before[0], self._looked[1] - before[1]
        busy = used > _BUSY * waited
        if busy and not self._together:
            self.gather()
        elif self._together and not busy:
            self.release()

    def release(self) -> None:
        """All threads go wherever the system puts them."""
        if self._together:
            self._together = False
            self._place(self._allowed)

    def _place(self, cores: set[int]) -> None:
        if sys.platform != "linux":
            return
        for task in Path("/proc/self/task").iterdir():
            if (thread := int(task.name)) != get_native_id():
                # One may have ended meanwhile, and a container may forbid it.
                with suppress(OSError):
                    os.sched_setaffinity(thread, cores)


def _current() -> int:
    """The core that this thread runs on: field 39 of its stat (proc(5))."""
    return int(Path("/proc/thread-self/stat").read_text().rpartition(") ")[2].split()[36])
