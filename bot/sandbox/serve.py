"""Both simulators together, on one clock: what the demo, the tests and `python -m bot sandbox` start.

sandbox = await Sandbox.start(manifest=…)
sandbox.environment()      the settings with which a bot connects to it
await sandbox.stop()
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.chargebee.server import ChargebeeServer
from bot.sandbox.chargebee.site import FULL_ACCESS_KEY, READ_ONLY_KEY, Site
from bot.sandbox.clock import Clock
from bot.sandbox.person import Person
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, App, Workspace


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A running Chargebee site and a running Slack workspace."""

    clock: Clock
    site: Site
    chargebee: ChargebeeServer
    slack: SlackServer

    @classmethod
    async def start(
        cls,
        *,
        manifest: Mapping[str, Any],
        profile: str = "classic",
        chargebee_port: int = 0,
        slack_port: int = 0,
        clock: Clock | None = None,
        request_url: str | None = None,
    ) -> "Sandbox":
        """Listens on loopback. `manifest` is the app's manifest: what is not declared there cannot be used.

        With `request_url` Slack sends signed HTTP requests there; without, the app connects by Socket Mode.
        """
        clock = clock or Clock()
        site = Site(profile=profile, clock=clock)
        workspace = Workspace(clock, App.from_manifest(dict(manifest)))
        return cls(
            clock=clock,
            site=site,
            chargebee=await ChargebeeServer.start(site, port=chargebee_port),
            slack=await SlackServer.start(
                workspace,
                port=slack_port,
                delivery="http" if request_url else "socket",
                request_url=request_url,
            ),
        )

    async def stop(self) -> None:
        self.site.release()
        await self.slack.stop()
        await self.chargebee.stop()

    def person(self, user: str, *, timeout_s: float = 10.0) -> Person:
        """Somebody of the cast, to act and to see."""
        return Person(self.slack.sandbox_url, user, timeout_s=timeout_s)

    def environment(self) -> dict[str, str]:
        """The settings with which a bot connects to this sandbox. The keys are worth nothing anywhere else."""
        return {
            "BILLING_BOT_SLACK_BOT_TOKEN": BOT_TOKEN,
            "BILLING_BOT_SLACK_APP_TOKEN": APP_TOKEN,
            "BILLING_BOT_SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "BILLING_BOT_SLACK_API_URL": self.slack.api_url,
            "BILLING_BOT_CHARGEBEE_URL": self.chargebee.url,
            "BILLING_BOT_CHARGEBEE_API_KEY": FULL_ACCESS_KEY,
            "BILLING_BOT_CHARGEBEE_READ_KEY": READ_ONLY_KEY,
            "BILLING_BOT_CHARGE_API": "v2" if self.site.profile == "world" else "v1",
            "BILLING_BOT_BASE_CURRENCY": "EUR",
            "BILLING_BOT_REASON_CODES": "Order Change,Service Unsatisfactory,Goodwill",
        }


async def serve(
    *,
    manifest: Mapping[str, Any],
    profile: str,
    chargebee_port: int,
    slack_port: int,
    request_url: str | None = None,
) -> None:
    """Runs until it is cancelled, having said how to connect."""
    sandbox = await Sandbox.start(
        manifest=manifest,
        profile=profile,
        chargebee_port=chargebee_port,
        slack_port=slack_port,
        request_url=request_url,
    )
    print(f"Chargebee  {sandbox.chargebee.url}  (control: /sandbox/…)")  # noqa: T201 - this is the command's answer
    print(f"Slack      {sandbox.slack.url}  (Web API: /api/, control: /sandbox/…)")  # noqa: T201 - same
    print("Connect a bot with:")  # noqa: T201 - same
    for name, value in sandbox.environment().items():
        print(f"  export {name}='{value}'")  # noqa: T201 - same
    try:
        await asyncio.Event().wait()
    finally:
        await sandbox.stop()
