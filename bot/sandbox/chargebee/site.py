"""One simulated Chargebee site: its documents, and everything that can be told to it from outside.

    site = Site(profile="classic", clock=Clock())

What a test or a demo does to the site, each also reachable over HTTP (`control.py`):

    clock(advance_s)            what time it is; move it (when the clock given can be moved)
    calls()                     every API call as it was received
    trouble({...}, ...)         faults to come
    release()                   let held calls go on
    trouble_met()               wait until a call has run into a trouble
    change(...)                 somebody changes a document behind the bot's back
    einvoice(...)               how an e-invoice ends
    settings(...)               what an administrator would set
    documents(kind)             everything as it stands
    reset()                     as at the beginning
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, get_args

from bot.sandbox.changes import Changes
from bot.sandbox.chargebee import einvoices
from bot.sandbox.chargebee.documents import Document, add_up_invoice, payment
from bot.sandbox.chargebee.idempotency import IdempotencyKeys
from bot.sandbox.chargebee.state import ADMIN_CONSOLE, Kind, Settings, State
from bot.sandbox.chargebee.trouble import Trouble, Troubles
from bot.sandbox.seed import plant, settings_for

FULL_ACCESS_KEY = "test_sandbox_full_access"
READ_ONLY_KEY = "test_sandbox_read_only"
OTHER_KEY = "test_sandbox_accounting"

EVENT_OF: Mapping[str, str] = {
    "invoice": "invoice_updated",
    "credit_note": "credit_note_updated",
    "customer": "customer_changed",
    "subscription": "subscription_changed",
}
PLURALS: Mapping[str, Kind] = {f"{kind}s": kind for kind in get_args(Kind)}
RATE_WINDOW_S = 60


@dataclass(frozen=True)
class ApiKey:
    """A key of the site by the name its owner gave it."""

    name: str
    may_write: bool


KEYS: Mapping[str, ApiKey] = {
    FULL_ACCESS_KEY: ApiKey("billing-bot", may_write=True),
    READ_ONLY_KEY: ApiKey("billing-bot-lookups", may_write=False),
    OTHER_KEY: ApiKey("accounting-sync", may_write=True),
}


class Site:
    """A site with its documents, its settings, its memory of calls, and its troubles."""

    def __init__(self, *, profile: str = "classic", clock: Callable[[], float] = time.time) -> None:
        self.profile = profile
        self._clock = clock
        self.changes = Changes()  # moves with every call and every change
        self.reset()

    def reset(self) -> None:
        """As at the beginning, at the time it is now. Held calls go on."""
        if hasattr(self, "_released"):
            self.release()
        self._released = asyncio.Event()
        self._met = asyncio.Event()
        self.state = State(settings=settings_for(self.profile), time=self._clock)
        plant(self.state, self.profile)
        self.keys = dict(KEYS)
        self.idempotency = IdempotencyKeys()
        self.troubles = Troubles()
        self.log: list[dict[str, Any]] = []
        self._minute: tuple[float, int] = (0.0, 0)
        self.changes.touch()

    # ------------------------------------------------------------------------- told from outside

    def clock(self, advance_s: float = 0) -> float:
        """The site's time (unix seconds) after moving it. Raises ValueError when it cannot be moved."""
        if advance_s:
            advance = getattr(self._clock, "advance", None)
            if advance is None:
                raise ValueError("the clock of this site cannot be moved")
            advance(advance_s)
        einvoices.advance(self.state)
        self.changes.touch()
        return self._clock()

    def calls(self) -> list[dict[str, Any]]:
        """Every API call, oldest first: `at, method, path, query, form, headers, key_name, idempotency_key,
        replayed, status, trouble`. `status` is None while a call runs and when no answer went out."""
        return self.log

    def trouble(self, *told: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Add troubles (see `trouble.py`); answers those to come. Raises ValueError for an impossible one."""
        for one in told:
            self.troubles.add(one)
        self.changes.touch()
        return self.troubles.told()

    def release(self) -> None:
        """Let every call that is held or hangs go on."""
        self._released.set()
        self._released = asyncio.Event()

    async def trouble_met(self) -> None:
        """Wait until a call has run into a trouble (the first one since `reset`)."""
        await self._met.wait()

    async def released(self) -> None:
        """Wait for the next `release`."""
        await self._released.wait()

    def change(
        self,
        *,
        kind: Kind = "invoice",
        id: str | None = None,  # noqa: A002 - the word of the interface
        set: Mapping[str, Any] | None = None,  # noqa: A002 - the word of the interface
        invoice: str | None = None,
        record_payment_minor: int | None = None,
        txn_status: str = "success",
    ) -> Document:
        """Somebody changes a document in Chargebee's own screen.

        Either `kind`, `id` and `set` (fields to overwrite, taken as they are), or `invoice` and
        `record_payment_minor` with a `txn_status`. Raises ValueError when neither, `ApiError` 404 for an
        unknown id.
        """
        if invoice is not None and record_payment_minor is not None:
            document = self._record_payment(invoice, record_payment_minor, txn_status)
            kind = "invoice"
        elif id is not None and set is not None and kind in EVENT_OF:
            document = self.state.find(kind, id)
            document.update(set)
        else:
            raise ValueError("a change is {kind, id, set} or {invoice, record_payment_minor}")
        self.state.touch(document)
        self.state.record(EVENT_OF[kind], ADMIN_CONSOLE, document)
        self.changes.touch()
        return document

    def _record_payment(self, invoice_id: str, amount_minor: int, txn_status: str) -> Document:
        document = self.state.find("invoice", invoice_id)
        if not 0 < amount_minor <= document["amount_due"]:
            raise ValueError(f"a payment is between 1 and the {document['amount_due']} due")
        now = self.state.now()
        document["linked_payments"].append(payment(self.state.number("txn_"), amount_minor, now, txn_status))
        add_up_invoice(document)
        if document["amount_due"] == 0:
            document.update(status="paid", paid_at=now)
        return document

    def einvoice(self, *, credit_note: str, status: str, message: str | None = None) -> Document:
        """Move the e-invoice under way to a status; when none is under way, say how the next one ends."""
        einvoices.advance(self.state)
        document = einvoices.plan(self.state, credit_note, status, message, ADMIN_CONSOLE)
        self.changes.touch()
        return document

    def settings(self, **changes: Any) -> dict[str, Any]:
        """The settings (see `state.Settings`) after the changes. Raises ValueError for an unknown one."""
        known = {entry.name for entry in fields(Settings)}
        if unknown := sorted(changes.keys() - known):
            raise ValueError(f"not a setting: {', '.join(unknown)}")
        lists = {name: tuple(value) for name, value in changes.items() if isinstance(value, list)}
        self.state.settings = replace(self.state.settings, **changes | lists)
        return asdict(self.state.settings)

    def documents(self, kind: str) -> list[Document]:
        """All documents of a kind (`invoices`, ...), with what the API does not show. Raises ValueError."""
        if kind not in PLURALS:
            raise ValueError(f"a kind is one of {', '.join(PLURALS)}, not {kind!r}")
        einvoices.advance(self.state)
        return list(self.state.all(PLURALS[kind]).values())

    # ---------------------------------------------------------------------------- for the server

    def meet_trouble(self, method: str, path: str) -> Trouble | None:
        """The trouble this call runs into, if one was told."""
        trouble = self.troubles.meet(method, path)
        if trouble is not None:
            self._met.set()
            self.changes.touch()
        return trouble

    def over_the_limit(self) -> int | None:
        """Count one call; the seconds to wait when it is one too many in this minute of the site's clock."""
        limit, now = self.state.settings.rate_limit_per_minute, self._clock()
        start, count = self._minute
        if now >= start + RATE_WINDOW_S:
            start, count = now, 0
        self._minute = (start, count + 1)
        if limit is None or count < limit:
            return None
        return max(1, int(start + RATE_WINDOW_S - now + 0.999))
