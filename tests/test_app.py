"""`python -m bot run` as a process of its own: signals, exit codes, and what it says when it cannot start."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.serve import Sandbox
from bot.slack.manifest import manifest
from tests.tester import POLICY


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await Sandbox.start(manifest=manifest())
    yield running
    await running.stop()


async def started(sandbox: Sandbox, folder: Path, **more: str) -> Process:
    policy = folder / "policy.toml"
    if not policy.exists():
        policy.write_text(POLICY.read_text(encoding="utf-8"), encoding="utf-8")
    settings = sandbox.environment() | {
        "BILLING_BOT_POLICY_FILE": str(policy),
        "BILLING_BOT_DATABASE": str(folder / "bot.db"),
        "BILLING_BOT_PORT": "0",
        **more,
    }
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("BILLING_", "SLACK_"))
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=inherited | settings, stdout=PIPE, stderr=PIPE
    )


async def ended(process: Process) -> tuple[int | None, str]:
    _, said = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, said.decode()


async def test_the_bot_runs_until_it_is_told_to_stop_and_reads_its_policy_again_when_told_to(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    process = await started(sandbox, tmp_path)
    lines: list[dict[str, object]] = []
    assert process.stderr is not None

    async def said(event: str) -> None:
        assert process.stderr is not None
        while not lines or lines[-1]["event"] != event:
            lines.append(json.loads(await asyncio.wait_for(process.stderr.readline(), 30)))

    await asyncio.wait_for(sandbox.slack.connected(), 30)
    await said("ready")
    anna = sandbox.person("U0ANNA")
    assert (await anna.runs("/billing whoami", channel="C0BILLING")).text
    process.send_signal(signal.SIGHUP)
    await said("policy loaded")
    (tmp_path / "policy.toml").write_text("version = 3\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    await said("policy refused")
    assert (await anna.runs("/billing whoami", channel="C0BILLING")).text, "the old one is in force"
    process.send_signal(signal.SIGTERM)
    await said("stopped")
    assert (await ended(process))[0] == 0


async def test_sighup_during_the_start_does_not_end_it(sandbox: Sandbox, tmp_path: Path) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await go_on.wait()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as slack:
        port = slack.sockets[0].getsockname()[1]
        api = f"http://127.0.0.1:{port}/api/"
        process = await started(sandbox, tmp_path, BILLING_BOT_SLACK_API_URL=api)
        await asyncio.wait_for(asked.wait(), 30)
        process.send_signal(signal.SIGHUP)
        go_on.set()
        code, said = await ended(process)
    assert "Slack cannot be reached" in said
    assert code == 1, "it ended by itself, not by the signal"


async def test_a_start_that_cannot_be_says_why_without_a_traceback(sandbox: Sandbox, tmp_path: Path) -> None:
    for setting, sentence in (
        (
            {"BILLING_BOT_SLACK_BOT_TOKEN": "xoxb-somebody-elses"},
            "Slack refused the bot token (invalid_auth).",
        ),
        ({"BILLING_BOT_POLICY_FILE": str(tmp_path / "nowhere.toml")}, "The policy is refused:"),
        ({"BILLING_BOT_SLACK_APP_TOKEN": "not one"}, "BILLING_BOT_SLACK_APP_TOKEN must be"),
    ):
        code, said = await ended(await started(sandbox, tmp_path, **setting))
        assert code == 1
        assert sentence in said
        assert "Traceback" not in said
        assert "somebody-elses" not in said
