"""The clock both simulators share: real time that can be moved forward, or time that stands still until it
is moved.

`Clock()` follows the machine's clock. `Clock(now=1_767_225_600)` is frozen there. Both go forward by
`advance`.
"""

import time


class Clock:
    """A callable that answers the time in unix seconds (a float, as `time.time` does)."""

    def __init__(self, now: float | None = None) -> None:
        self._frozen_at = now
        self._offset_s = 0.0

    def __call__(self) -> float:
        base = time.time() if self._frozen_at is None else self._frozen_at
        return base + self._offset_s

    def advance(self, seconds: float) -> None:
        """Move the clock forward by so many seconds. Time does not run backwards: a negative value raises."""
        if seconds < 0:
            raise ValueError(f"the clock only goes forward, not by {seconds} s")
        self._offset_s += seconds
