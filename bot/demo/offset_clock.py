"""The clock of a bot that lives in a sandbox: real time, and as much more as a file says.

The sandbox writes the file whenever its clock is moved (`bot/sandbox/clock.py`), so that what expires there expires here.
"""

import time
from collections.abc import Callable
from pathlib import Path


def offset_clock(file: Path, base: Callable[[], float] = time.time) -> Callable[[], float]:
    """A clock in unix seconds. The file holds one number of seconds and is read when it has changed; missing, it means 0.

    Raises ValueError when the file holds something else.
    """
    read: tuple[int, float] = (0, 0.0)

    def now() -> float:
        nonlocal read
        try:
            changed = file.stat().st_mtime_ns
        except FileNotFoundError:
            return base()
        if changed != read[0]:
            read = (changed, float(file.read_text(encoding="ascii")))
        return base() + read[1]

    return now
