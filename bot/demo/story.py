"""The story of the demo: all five operations, told by the people who live through them.

The sandbox runs here; the bot runs as a process of its own, connected over real sockets. Everything that is printed was seen:
by a person in Slack, or in Chargebee's documents and call log. Every scene ends with checks, and the story with an exit code:
0 only if everything ended as told.
"""

import asyncio
import contextlib
import re
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from bot.demo.process import BotProcess
from bot.demo.telling import Telling
from bot.sandbox.person import Modal, Person
from bot.sandbox.serve import Sandbox
from bot.slack.manifest import manifest

BILLING, APPROVALS, NOTICES = "C0BILLING", "C0APPROVALS", "C0NOTICES"
#: How long a person waits for something to appear before the story has gone wrong.
PATIENCE_S = 30.0


class Story:
    """People, places and what happens. A scene that does not end as told raises AssertionError."""

    def __init__(self, sandbox: Sandbox, bot: BotProcess, telling: Telling) -> None:
        self._sandbox = sandbox
        self._bot = bot
        self._telling = telling
        self.anna = sandbox.person("U0ANNA", timeout_s=PATIENCE_S)
        self.bo = sandbox.person("U0BO", timeout_s=PATIENCE_S)
        self.fiona = sandbox.person("U0FIN", timeout_s=PATIENCE_S)
        self.carl = sandbox.person("U0CARL", timeout_s=PATIENCE_S)
        self.nora = sandbox.person("U0NORA", timeout_s=PATIENCE_S)
        self._names = {"U0ANNA": "Anna", "U0BO": "Bo", "U0FIN": "Fiona", "U0CARL": "Carl", "U0NORA": "Nora"}

    def scenes(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        return [
            ("Write off an invoice, with a second person's approval", self.write_off),
            ("A one-time charge small enough that nobody else has to approve", self.charge),
            ("A credit note, filled in as a form", self.credit_note),
            ("Remove a credit note from an invoice", self.remove_credit_note),
            ("Send an e-invoice, which finishes later", self.send_einvoice),
            ("Refused: there is nothing to write off", self.refused),
            ("Turned away: somebody without a role", self.turned_away),
            ("Stale: the customer pays while the approval is pending", self.stale),
            ("The bot is killed while its call is on the way", self.killed),
        ]

    # The five operations

    async def write_off(self) -> None:
        ref = await self._asks(self.anna, "/write-off INV-1042 duplicate of INV-1040")
        await self._approves(self.bo, ref)
        await self._hears(self.anna, ref, "Done")
        invoice = self._document("invoices", "INV-1042")
        assert (invoice["status"], invoice["amount_due"], invoice["write_off_amount"]) == ("paid", 0, 11900)
        self._one_call("/write_off", origin="anna@acme.example")

    async def charge(self) -> None:
        ref = await self._asks(self.anna, '/charge globex "150 EUR" Onboarding workshop')
        await self._hears(self.anna, ref, "Done")
        self._one_call("/invoices/charge", origin="anna@acme.example")

    async def credit_note(self) -> None:
        form = await self._opens(self.anna, "/credit-note INV-1051")
        await self._fills(
            self.anna,
            form,
            {
                "Type": "Refundable: give back what was paid",
                "Total": "178.50",
                "Reason": "The export was broken for a week",
            },
        )
        ref = await self._confirms(self.anna, form)
        await self._approves(self.fiona, ref)
        await self._hears(self.anna, ref, "Done")
        self._one_call("/credit_notes", origin="anna@acme.example")

    async def remove_credit_note(self) -> None:
        ref = await self._asks(self.anna, "/remove-credit-note INV-1031 CN-12 given by mistake")
        await self._approves(self.bo, ref)
        await self._hears(self.anna, ref, "Done")
        assert self._document("invoices", "INV-1031")["amount_due"] == 27000
        self._one_call("/remove_credit_note", origin="anna@acme.example")

    async def send_einvoice(self) -> None:
        ref = await self._asks(self.anna, "/send-einvoice CN-77 the customer asked for it")
        await self._approves(self.bo, ref)
        await self._hears(self.anna, ref, "accepted")
        self._telling.note("Some time later Chargebee's e-invoice network answers.")
        self._sandbox.site.einvoice(credit_note="CN-77", status="success")
        await self._hears(self.anna, ref, "Done")
        self._one_call("/send_einvoice", origin="anna@acme.example")

    # What does not happen

    async def refused(self) -> None:
        await self._types(self.anna, "/write-off INV-1040 by mistake")
        modal = await self.anna.sees_modal(containing="nothing to write off")
        self._telling.sees_modal("Anna", modal)
        await modal.close()
        assert not [call for call in self._writes() if "INV-1040" in call["path"]]

    async def turned_away(self) -> None:
        self._telling.does("Nora", "types in #billing", "/write-off INV-1100 because")
        shown = await self.nora.runs("/write-off INV-1100 because", channel=BILLING)
        assert shown.text, "Nora was told nothing"
        self._telling.sees("Nora", shown.text)
        await self.nora.sees_no_modal()

    async def stale(self) -> None:
        ref = await self._asks(self.anna, "/write-off INV-1031 the customer is insolvent")
        self._telling.note("Meanwhile the customer pays 100.00 EUR of INV-1031.")
        self._sandbox.site.change(invoice="INV-1031", record_payment_minor=10_000)
        self._telling.does("Bo", "clicks", "[Review]")
        await self.bo.clicks("Review", in_message_containing=ref)
        modal = await self.bo.sees_modal(containing="no longer")
        self._telling.sees_modal("Bo", modal)
        await modal.close()
        await self._hears(self.anna, ref, "Stopped before")
        assert self._document("invoices", "INV-1031")["write_off_amount"] == 0

    async def killed(self) -> None:
        ref = await self._asks(self.anna, "/write-off INV-1101 insolvent, claim filed")
        await self._approves(self.fiona, ref, complete=False)
        self._sandbox.site.trouble({"kind": "hang_after", "method": "POST", "path": "write_off"})
        await self._approves(self.carl, ref, card_says="1 more approval needed")
        await self._until(lambda: self._document("invoices", "INV-1101")["status"] == "paid")
        self._telling.note(
            "Chargebee has applied the write-off but does not answer. The bot is killed (SIGKILL) …"
        )
        await self._bot.kill()
        self._sandbox.site.release()
        await self._bot.start()
        self._telling.note("… and started again on the same database. It looks before it does anything.")
        await self._hears(self.anna, ref, "Done")
        assert len([call for call in self._writes() if "INV-1101" in call["path"]]) == 1, (
            "sent more than once"
        )

    # How people act

    async def _types(self, person: Person, command: str) -> Modal:
        name = self._names[person.user]
        self._telling.does(name, "types in #billing", command)
        shown = await person.runs(command, channel=BILLING)
        assert shown.error is None, shown.error
        assert shown.text is None, shown.text
        return await person.sees_modal()

    async def _opens(self, person: Person, command: str) -> Modal:
        form = await self._types(person, command)
        self._telling.sees_modal(self._names[person.user], form)
        return form

    async def _fills(self, person: Person, form: Modal, values: Mapping[str, str]) -> None:
        for label, value in values.items():
            self._telling.does(self._names[person.user], f"fills in {label}", value)
            await form.fill({label: value})
            form.view = (await person.sees_modal(title=form.title)).view
        errors = await form.submit()
        assert errors is None, errors

    async def _asks(self, person: Person, command: str) -> str:
        preview = await self._types(person, command)
        return await self._confirms(person, preview)

    async def _confirms(self, person: Person, shown: Modal) -> str:
        preview = await person.sees_modal(title=shown.title, containing="This preview is good until")
        name = self._names[person.user]
        self._telling.sees_modal(name, preview)
        found = re.search(r"BR-\d+", preview.reads)
        assert found, preview.reads
        self._telling.does(name, "clicks", f"[{preview.submit_label}]")
        errors = await preview.submit()
        assert errors is None, errors
        done = await person.sees_modal(title=found.group())
        await done.close()
        return found.group()

    async def _approves(
        self, person: Person, ref: str, *, complete: bool = True, card_says: str = ""
    ) -> None:
        name = self._names[person.user]
        card = await person.sees(card_says or ref, channel=APPROVALS)
        assert ref in card.reads, card.reads
        self._telling.sees_card(name, card.reads, "in #billing-approvals")
        self._telling.does(name, "clicks", "[Review]")
        await person.clicks("Review", in_message_containing=ref, channel=APPROVALS)
        review = await person.sees_modal(title=f"Review {ref}", containing="You approve exactly this")
        self._telling.does(name, f"reads “{review.title}”, fresh from Chargebee, and clicks", "[Approve]")
        errors = await review.submit()
        assert errors is None, errors
        answer = await person.sees_modal(title=ref, containing="Your approval is noted")
        assert ("Nobody else's is needed" in answer.reads) == complete, answer.reads
        await answer.close()

    async def _hears(self, person: Person, ref: str, what: str) -> None:
        """The person is told directly, and so is the channel."""
        own = self._sandbox.slack.workspace.direct_channel(person.user).id
        seen = await self._sees_about(person, ref, what, own)
        self._telling.changed(self._sandbox.site)
        self._telling.sees(self._names[person.user], seen, "in a direct message")
        self._telling.hears_too(await self._sees_about(person, ref, what, NOTICES), seen)

    async def _sees_about(self, person: Person, ref: str, what: str, channel: str) -> str:
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            for message in reversed(await person.messages(channel)):
                if what in message.reads and (ref in message.reads or message.thread_ts):
                    return message.reads
            left = deadline - asyncio.get_running_loop().time()
            assert left > 0, f"{person.user} was not told {what!r} of {ref}: {await person.everything()}"
            workspace = self._sandbox.slack.workspace
            with contextlib.suppress(TimeoutError):  # the next round says what is missing
                await asyncio.wait_for(workspace.changed(workspace.seq), left)

    # What Chargebee shows

    def _document(self, kind: str, document: str) -> dict[str, Any]:
        return next(dict(one) for one in self._sandbox.site.documents(kind) if one["id"] == document)

    def _writes(self) -> list[dict[str, Any]]:
        return [
            c for c in self._sandbox.site.calls() if c["method"] == "POST" and "/comments" not in c["path"]
        ]

    def _one_call(self, path: str, *, origin: str) -> None:
        """The last operation made exactly one call, in the requester's name."""
        call = self._writes()[-1]
        assert call["path"].endswith(path), call["path"]
        assert call["headers"]["chargebee-request-origin-user"] == origin, call["headers"]

    async def _until(self, true: Callable[[], bool]) -> None:
        for _ in range(int(PATIENCE_S * 20)):
            if true():
                return
            await asyncio.sleep(0.05)
        raise AssertionError("Chargebee did not change")


async def tell() -> int:
    """Plays the story and prints it. 0 when everything ended as told, else 1."""
    telling = Telling()
    with tempfile.TemporaryDirectory(prefix="billing-bot-demo-") as folder:
        sandbox = await Sandbox.start(manifest=manifest())
        bot = BotProcess(environment(sandbox, Path(folder)), Path(folder) / "bot.log")
        try:
            await bot.start()
            await asyncio.wait_for(sandbox.slack.connected(), PATIENCE_S)
            telling.begin(sandbox)
            await _play(Story(sandbox, bot, telling), telling)
            violations = sandbox.slack.workspace.violations
            assert not violations, f"Slack would have refused: {violations}"
            telling.end()
        except (AssertionError, TimeoutError) as error:
            telling.went_wrong(str(error) or type(error).__name__, bot.log_text())
            return 1
        finally:
            await bot.stop()
            await sandbox.stop()
    return 0


async def _play(story: Story, telling: Telling) -> None:
    for number, (title, scene) in enumerate(story.scenes(), start=1):
        telling.scene(number, title)
        await scene()


def environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """The settings of the demo's bot."""
    policy = folder / "policy.toml"
    policy.write_text((files("bot.demo") / "policy.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return sandbox.environment() | {
        "BILLING_BOT_POLICY_FILE": str(policy),
        "BILLING_BOT_DATABASE": str(folder / "billing-bot.db"),
        "BILLING_BOT_PORT": "0",
        "BILLING_BOT_LOG_FORMAT": "plain",
        "BILLING_BOT_WORKER_TICK_S": "0.2",
    }
