"""Work that outlives the call that began it: kept track of, and finished before the bot stops.

asyncio keeps no reference to a task nobody holds, and a shutdown does not wait for it. Nothing that matters lives only in
here: what a task works on is a row in the database, so a task that is lost is found again by the worker.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

_log = structlog.get_logger(__name__)


class Tasks:
    """The set of running tasks."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Runs `work`; an exception in it is logged by its class, never lost and never raised elsewhere."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("task failed", task=task.get_name(), error=type(error).__name__, exc_info=error)

    async def idle(self) -> None:
        """Waits until nothing is running."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def drain(self, timeout_s: float) -> int:
        """Waits at most `timeout_s` for what is running, then cancels the rest. Returns how many were cancelled."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=timeout_s)
        left = set(self._running)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=5)
        return len(left)
