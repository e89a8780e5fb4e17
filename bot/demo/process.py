"""The bot as a process of its own, that can be killed and started again on the same database."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class BotProcess:
    """`python -m bot run` with the given settings and `arguments`. Its log goes to `log`."""

    def __init__(self, environment: Mapping[str, str], log: Path, arguments: Sequence[str] = ()) -> None:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BILLING_BOT_", "SLACK_"))
        }
        self._environment = inherited | dict(environment)
        self._log = log
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run", *self._arguments),
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def kill(self) -> None:
        """SIGKILL: no goodbye, nothing is finished."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM: it finishes what it has begun. Returns its exit code; 0 when it was not running."""
        return await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> int:
        if not self.alive():
            return 0
        process = self._running()
        process.send_signal(how)
        try:
            return await asyncio.wait_for(process.wait(), 40)
        except TimeoutError:
            process.kill()
            return await process.wait()

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("the bot has not been started")
        return self._process

    def log_text(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
