"""The demo in a browser: the sandbox, the bot as a process of its own, and one page in which all of it can be used by hand."""

import asyncio
import signal
import tempfile
from pathlib import Path

import click

from bot.demo.guide import PEOPLE, STEPS
from bot.demo.process import BotProcess
from bot.demo.story import environment
from bot.sandbox.clock import Clock
from bot.sandbox.serve import Sandbox
from bot.sandbox.web.server import WorkspaceServer
from bot.slack.manifest import manifest


async def show(*, port: int) -> None:
    """Runs until Ctrl-C or SIGTERM, having said where the page is. A port that is taken gives way to any free one."""
    with tempfile.TemporaryDirectory(prefix="billing-bot-demo-") as name:
        folder = Path(name)
        offset = folder / "clock-offset"
        sandbox = await Sandbox.start(manifest=manifest(), clock=Clock(offset_file=offset))
        bot = BotProcess(
            environment(sandbox, folder), folder / "bot.log", ("--clock-offset-file", str(offset))
        )
        page = await _page(sandbox, bot, port)
        try:
            await bot.start()
            stop = asyncio.Event()
            for one in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(one, stop.set)
            click.echo(
                f"Open {page.url} in a browser: a small Slack beside a small Chargebee. Stop with Ctrl-C."
            )
            await stop.wait()
        finally:
            await page.stop()
            await bot.stop()
            await sandbox.stop()


async def _page(sandbox: Sandbox, bot: BotProcess, port: int) -> WorkspaceServer:
    try:
        return await WorkspaceServer.start(sandbox, port=port, bot=bot, steps=STEPS, people=PEOPLE)
    except OSError:
        return await WorkspaceServer.start(sandbox, bot=bot, steps=STEPS, people=PEOPLE)
