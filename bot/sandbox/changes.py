"""A number that rises whenever something changes, and a way to wait for that."""

import asyncio


class Changes:
    """`touch()` says that something changed; `changed(since)` waits until something did after the number `since`."""

    def __init__(self) -> None:
        self.seq = 0
        self._wake = asyncio.Event()

    def touch(self) -> None:
        self.seq += 1
        wake, self._wake = self._wake, asyncio.Event()
        wake.set()

    async def changed(self, since: int) -> int:
        """The present number, as soon as it is beyond `since`."""
        while self.seq <= since:
            await self._wake.wait()
        return self.seq
