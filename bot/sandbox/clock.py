"""The clock both simulators share: real time that can be moved forward, or time that stands still until it
is moved.

`Clock()` follows the machine's clock. `Clock(now=1_767_225_600)` is frozen there. Both go forward by
`advance`. With an `offset_file`, how far it was moved also stands in that file, as a number of seconds, so
that another process can follow.
"""

import os
import time
from pathlib import Path


class Clock:
    """A callable that answers the time in unix seconds (a float, as `time.time` does)."""

    def __init__(self, now: float | None = None, *, offset_file: Path | None = None) -> None:
        self._frozen_at = now
        self._offset_file = offset_file
        self.offset_s = 0.0
        self._publish()

    def __call__(self) -> float:
        base = time.time() if self._frozen_at is None else self._frozen_at
        return base + self.offset_s

    def advance(self, seconds: float) -> None:
        """Move the clock forward by so many seconds. Time does not run backwards: a negative value raises."""
        if seconds < 0:
            raise ValueError(f"the clock only goes forward, not by {seconds} s")
        self.offset_s += seconds
        self._publish()

    def _publish(self) -> None:
        """Whoever reads the file finds the old number or the new one, never half of one."""
        if self._offset_file is None:
            return
        fresh = self._offset_file.with_suffix(".new")
        fresh.write_text(f"{self.offset_s}\n", encoding="ascii")
        os.replace(fresh, self._offset_file)  # noqa: PTH105 - the name says that it is atomic
