"""The stage of the scenario tests: both simulators and the real bot, in one process, over real sockets.

    async def test_…(stage):
        await stage.anna.runs("/write-off INV-1042 duplicate", channel="C0BILLING")
        …

Time stands still until a test moves it (`stage.later(s)`). `stage.quiet()` waits until the bot has nothing left that is due.
When the test ends, the stage fails it if Slack would have refused or swallowed anything the bot sent, if the bot met an
error nobody foresaw, or if the audit's chain does not hold.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot import metrics
from bot.app import Bot
from bot.core.record import BillingRequest
from bot.sandbox.chargebee.server import ChargebeeServer
from bot.sandbox.clock import Clock
from bot.sandbox.person import Modal, Person, Seen
from bot.sandbox.serve import Sandbox
from bot.sandbox.slack.delivery import SocketTransport
from bot.sandbox.slack.trouble import Trouble
from bot.settings import Settings
from bot.slack.manifest import manifest

#: A working day's morning; the seed's dates are relative to it.
START = 1_796_040_000
WRITE_OFF = "/write-off INV-1042 duplicate of INV-1040"
CHARGE = '/charge globex "150 EUR" Onboarding workshop'
POLICY = Path(__file__).parent.parent / "bot" / "demo" / "policy.toml"


class Stage:
    """A sandbox and a bot that can be stopped, killed and started again on the same database."""

    def __init__(self, sandbox: Sandbox, folder: Path, overrides: Mapping[str, Any]) -> None:
        self.sandbox = sandbox
        self.site = sandbox.site
        self.folder = folder
        self.policy_file = folder / "policy.toml"
        self._overrides = dict(overrides)
        self._bot: Bot | None = None
        self._bugs = _bugs()
        self._keys = 0
        people = {
            "anna": "U0ANNA",
            "bo": "U0BO",
            "fiona": "U0FIN",
            "carl": "U0CARL",
            "jurgen": "U0JURGEN",
            "nora": "U0NORA",
            "gus": "U0GUS",
            "otto": "U0OTTO",
            "dora": "U0DORA",
            "twin": "U0TWIN",
        }
        self.people = {name: sandbox.person(user) for name, user in people.items()}

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def bot(self) -> Bot:
        assert self._bot is not None, "the bot is not running"
        return self._bot

    def settings(self) -> Settings:
        given = {
            name.removeprefix("BILLING_BOT_").lower(): value
            for name, value in self.sandbox.environment().items()
        }
        return Settings(
            **{
                **given,
                "policy_file": self.policy_file,
                "database": self.folder / "bot.db",
                "port": 0,
                "worker_tick_s": 0.05,
                "drain_s": 5,
                **self._overrides,
            }
        )

    def _new_key(self) -> str:
        self._keys += 1
        return f"key-{self._keys}"

    async def start_bot(self) -> None:
        self._bot = await Bot.start(
            self.settings(), clock=self.sandbox.clock, new_key=self._new_key, sleep=_at_once
        )
        await self.sandbox.slack.connected()

    async def stop_bot(self) -> None:
        if self._bot is not None:
            bot, self._bot = self._bot, None
            await bot.stop()
            await self._disconnected()

    async def crash(self) -> None:
        """The bot is gone in the middle of whatever it did: nothing is finished, committed or said any more."""
        bot, self._bot = self.bot, None
        if bot.working is not None:
            bot.working.cancel()
        await bot.tasks.drain(0)
        await bot.worker.stop(0)
        if bot.socket is not None:
            await bot.socket.client.close()  # type: ignore[no-untyped-call]  # the SDK does not say
        await bot.web.stop()
        await bot.chargebee.aclose()
        await bot.session.close()
        await bot.store.close()
        await self._disconnected()

    async def _disconnected(self) -> None:
        """Waits until Slack knows that nobody listens: it would send to the old link otherwise."""
        workspace, transport = self.sandbox.slack.workspace, self.sandbox.slack.courier.transport
        while isinstance(transport, SocketTransport) and transport.links:
            await workspace.changed(workspace.seq)

    async def restart(self) -> None:
        await self.stop_bot()
        await self.start_bot()

    async def crashes(self) -> None:
        """Killed and started again on the same database."""
        await self.crash()
        await self.start_bot()

    async def policy(self, *changes: tuple[str, str]) -> bool:
        """Edits the policy file and sends SIGHUP, so to speak. Whether the new policy is in force."""
        text = self.policy_file.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        self.policy_file.write_text(text, encoding="utf-8")
        return await self.bot.reload_policy()

    def later(self, seconds: float) -> None:
        """Moves the one clock of both simulators and the bot."""
        self.sandbox.clock.advance(seconds)

    async def quiet(self) -> None:
        """Waits until nothing is due any more: no listener's work, no request, no errand."""
        await self.bot.tasks.idle()
        await self.bot.worker.idle()
        await self.bot.tasks.idle()

    async def delivered(self) -> None:
        """Waits until nothing is owed in Slack, also while a call to Chargebee is under way."""
        while (await self.bot.store.statistics(0)).owed_errands:  # noqa: ASYNC110 - the outbox has no event for it
            await asyncio.sleep(0)

    async def record(self, ref: str) -> BillingRequest:
        found = await self.bot.store.get(ref)
        assert found is not None, f"no request {ref}"
        return found

    async def events(self, ref: str = "") -> list[str]:
        """The audit's events in order, of one request or of none."""
        return [row.entry.event for row in await self.bot.store.audit(ref)]

    def writes(self, containing: str = "") -> list[dict[str, Any]]:
        """The mutating calls Chargebee received, except the internal notes."""
        return [
            call
            for call in self.site.calls()
            if call["method"] == "POST"
            and not call["path"].endswith("/comments")
            and containing in call["path"]
        ]

    def invoice(self, invoice_id: str) -> dict[str, Any]:
        return self._document("invoices", invoice_id)

    def credit_note(self, note_id: str) -> dict[str, Any]:
        return self._document("credit_notes", note_id)

    def _document(self, kind: str, document_id: str) -> dict[str, Any]:
        found = [one for one in self.site.documents(kind) if one["id"] == document_id]
        assert found, f"no {document_id}"
        return dict(found[0])

    def chargebee_trouble(self, kind: str, path: str = "", *, method: str = "POST", **detail: Any) -> None:
        """Trouble with calls to come (`bot/sandbox/chargebee/trouble.py`)."""
        self.site.trouble({"kind": kind, "method": method, "path": path, **detail})

    def chargebee_is_blind(self, times: int = 1) -> None:
        """So many reads are put off for a minute, which the bot does not wait for."""
        self.chargebee_trouble("status", method="GET", status=429, retry_after_s=60, times=times)

    async def chargebee_goes_away(self) -> None:
        """Nobody listens at its address any more."""
        await self.sandbox.chargebee.stop()

    async def chargebee_comes_back(self) -> None:
        port = int(self.sandbox.chargebee.url.rpartition(":")[2])
        self.sandbox = replace(self.sandbox, chargebee=await ChargebeeServer.start(self.site, port=port))

    def slack_trouble(self, kind: str, method: str, times: int = 1, **detail: Any) -> None:
        """Trouble with a Web API method, or with a kind of delivery (`bot/sandbox/slack/trouble.py`)."""
        self.sandbox.slack.workspace.trouble.add(Trouble(kind, method, times, detail))

    async def cards(self, ref: str) -> list[Seen]:
        """The cards of a request in the approvals channel, oldest first: there should be one."""
        return [
            one
            for one in await self.bo.messages("C0APPROVALS")
            if f"Request: {ref}" in one.reads and one.thread_ts in (None, one.ts)
        ]

    async def card(self, ref: str) -> Seen:
        found = await self.cards(ref)
        assert len(found) == 1, found
        return found[0]

    async def notices(self, ref: str) -> list[str]:
        """What the notices channel was told of a request, in order."""
        return [one.reads for one in await self.bo.messages("C0NOTICES") if f"{ref}: " in one.reads]

    async def told(self, person: Person, ref: str) -> list[str]:
        """What one person was told directly of a request, in order."""
        own = self.sandbox.slack.workspace.direct_channel(person.user).id
        return [one.reads for one in await person.messages(own) if f"{ref}: " in one.reads]

    async def pending(self, command: str = WRITE_OFF, person: Person | None = None) -> str:
        """A request that waits for its approval (or, where none is needed, is carried out)."""
        return await self.confirms(await self.asks(person or self.anna, command))

    async def done(self, command: str = WRITE_OFF) -> str:
        """A request that was approved by Bo and carried out."""
        ref = await self.pending(command)
        await self.approves(self.bo, ref)
        assert await self.state(ref) == "done"
        return ref

    async def state(self, ref: str) -> str:
        return (await self.record(ref)).state.value

    async def asks(self, person: Person, command: str, channel: str = "C0BILLING") -> Modal:
        """Somebody types a command that misses nothing: the preview."""
        shown = await person.runs(command, channel=channel)
        assert shown.error is None, shown.error
        await self.quiet()
        return await person.sees_modal()

    async def confirms(self, preview: Modal) -> str:
        """Submits a preview and returns the ref of the request."""
        ref = ref_in(preview.reads)
        errors = await preview.submit()
        assert errors is None, errors
        await self.quiet()
        return ref

    async def approves(self, person: Person, ref: str) -> Modal:
        """Opens the card's review and confirms it."""
        review = await self.reviews(person, ref)
        errors = await review.submit()
        assert errors is None, errors
        await self.quiet()
        return review

    async def reviews(self, person: Person, ref: str) -> Modal:
        await person.clicks("Review", in_message_containing=ref)
        await self.quiet()
        return await person.sees_modal()

    async def check_at_the_end(self) -> None:
        assert self.sandbox.slack.workspace.violations == []
        assert _bugs() == self._bugs, "the bot met an error nobody foresaw"
        if self._bot is not None:
            report = await self.bot.store.verify()
            assert report.ok, report


@asynccontextmanager
async def stage(
    folder: Path, *, profile: str = "classic", delivery: str = "socket", **overrides: Any
) -> AsyncIterator[Stage]:
    """A running stage. `overrides` are settings of the bot; `delivery` "http" sends signed requests instead of a socket."""
    if delivery == "http":
        overrides = {"slack_mode": "http", "port": free_port(), **overrides}
    sandbox = await _sandbox(profile, overrides)
    stage = Stage(sandbox, folder, overrides)
    stage.policy_file.write_text(POLICY.read_text(encoding="utf-8"), encoding="utf-8")
    try:
        await stage.start_bot()
        yield stage
        await stage.check_at_the_end()
    finally:
        await stage.stop_bot()
        await stage.sandbox.stop()
        await asyncio.sleep(0)  # lets cancelled connections close


async def _sandbox(profile: str, overrides: Mapping[str, Any]) -> Sandbox:
    over_http = overrides.get("slack_mode") == "http"
    return await Sandbox.start(
        manifest=manifest("http", "https://bot.example/slack/events") if over_http else manifest(),
        profile=profile,
        clock=Clock(START),
        request_url=f"http://127.0.0.1:{overrides['port']}/slack/events" if over_http else None,
    )


def free_port() -> int:
    """A port of this machine nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def _at_once(_seconds: float) -> None:
    """Pauses between reads take no time on the stage."""
    await asyncio.sleep(0)


def ref_in(text: str) -> str:
    """The request a text speaks of."""
    found = re.search(r"BR-\d+", text)
    assert found, f"no ref in: {text}"
    return found.group()


def _bugs() -> float:
    return sum(
        sample.value
        for metric in metrics.BUGS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    )
