"""The command line: `python -m bot …`.

run        the bot
check      is everything set up? One line each, and what to do
manifest   writes app-manifest.yml from the code
demo       everything to try by hand in a browser, offline, in a sandbox; with --story, told instead
sandbox    the simulated Chargebee site and Slack workspace alone
audit      what happened, as JSON lines, and whether the record of it is whole
"""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

import click

from bot import __version__
from bot.core.errors import BotError
from bot.demo.offset_clock import offset_clock


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="billing-bot")
def main() -> None:
    """Billing changes in Chargebee, asked for, approved and announced in Slack."""


@main.command()
@click.option("--clock-offset-file", type=click.Path(path_type=Path), hidden=True)
def run(clock_offset_file: Path | None) -> None:
    """Run the bot until it is told to stop (SIGTERM or Ctrl-C). SIGHUP reads the policy again."""
    from bot.settings import load_settings  # noqa: PLC0415 - `--help` should not wait for pydantic

    with _told():
        settings = load_settings()
        # Only a sandbox moves its clock. It is no setting, so that nobody's environment can move a real bot's.
        clock = offset_clock(clock_offset_file) if clock_offset_file else time.time
        raise SystemExit(asyncio.run(_run(settings, clock)))


@main.command()
def check() -> None:
    """Check configuration, policy, database, Slack and Chargebee."""
    from bot.check import check as look  # noqa: PLC0415 - see above
    from bot.settings import load_settings  # noqa: PLC0415 - see above

    with _told():
        findings = asyncio.run(look(load_settings()))
    for finding in findings:
        click.echo(finding.line())
    raise SystemExit(0 if all(finding.ok for finding in findings) else 1)


@main.command()
@click.option("--mode", type=click.Choice(["socket", "http"]), default="socket", show_default=True)
@click.option(
    "--request-url", default="", help="Where Slack sends requests in http mode, https://…/slack/events."
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("app-manifest.yml"))
def manifest(mode: Literal["socket", "http"], request_url: str, output: Path) -> None:
    """Write the Slack app manifest from the code."""
    from bot.slack.manifest import manifest_yaml  # noqa: PLC0415 - see above

    with _told():
        output.write_text(manifest_yaml(mode, request_url), encoding="utf-8")
    click.echo(f"Wrote {output}.")


@main.command()
@click.option("--story", is_flag=True, help="No page: tell the story of all five operations, and end.")
@click.option("--port", default=8800, show_default=True, help="Where the page is.")
def demo(*, story: bool, port: int) -> None:
    """Try everything by hand in a browser, offline: a small Slack beside a small Chargebee. Runs until Ctrl-C.

    With --story, the exit code is 0 only if everything ended as told.
    """
    if story:
        from bot.demo.story import tell  # noqa: PLC0415 - see above

        raise SystemExit(asyncio.run(tell()))
    from bot.demo.browser import show  # noqa: PLC0415 - see above

    asyncio.run(show(port=port))


@main.command()
@click.option("--chargebee-port", default=8801, show_default=True)
@click.option("--slack-port", default=8802, show_default=True)
@click.option("--site", type=click.Choice(["classic", "world"]), default="classic", show_default=True)
@click.option("--request-url", help="Send signed HTTP requests there instead of waiting for Socket Mode.")
def sandbox(chargebee_port: int, slack_port: int, site: str, request_url: str | None) -> None:
    """Run the simulated Chargebee site and Slack workspace until Ctrl-C."""
    from bot.sandbox.serve import serve  # noqa: PLC0415 - see above
    from bot.slack.manifest import manifest as declared  # noqa: PLC0415 - see above

    with suppress(KeyboardInterrupt):
        asyncio.run(
            serve(
                manifest=declared(),
                profile=site,
                chargebee_port=chargebee_port,
                slack_port=slack_port,
                request_url=request_url,
            )
        )


@main.command()
@click.argument("ref", default="")
def audit(ref: str) -> None:
    """Print the audit, of one request (BR-1042) or all of it, and say whether its chain holds. Exit code 1 if not."""
    from bot.audit_trail import told  # noqa: PLC0415 - see above
    from bot.settings import load_settings  # noqa: PLC0415 - see above

    with _told():
        report = told(load_settings().database, ref, click.echo)
    click.echo(report.reason, err=True)
    raise SystemExit(0 if report.ok else 1)


class _told:  # noqa: N801 - reads as a word where it is used
    """An error of ours ends the command with its sentence, not with a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, BotError):
            hint = f"\n{error.hint}" if error.hint else ""
            raise SystemExit(f"{error.message}{hint}")


async def _run(settings: object, clock: Callable[[], float]) -> int:
    """Runs until a signal, a lost connection or a bug. 0 after a signal, 3 when Slack is out of reach for good."""
    from bot import logs  # noqa: PLC0415 - see above
    from bot.app import Bot  # noqa: PLC0415 - see above
    from bot.settings import Settings  # noqa: PLC0415 - see above
    from bot.tasks import Tasks  # noqa: PLC0415 - see above

    assert isinstance(settings, Settings)
    logs.configure(level=settings.log_level, form=settings.log_format, secrets=settings.secret_values())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    # SIGHUP ends a process that has no handler for it. One that comes before the bot runs waits for that.
    running: asyncio.Future[Bot] = loop.create_future()
    reloads = Tasks()

    async def reload() -> None:
        bot = await asyncio.shield(running)
        await bot.reload_policy()

    loop.add_signal_handler(signal.SIGHUP, lambda: reloads.start(reload(), name="reload"))
    bot = await Bot.start(settings, clock=clock)
    running.set_result(bot)
    try:
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), 10)
            except TimeoutError:
                if await bot.lost():
                    return 3
        return 0
    finally:
        await bot.stop()


if __name__ == "__main__":
    sys.exit(main())
