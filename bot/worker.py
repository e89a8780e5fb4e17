"""What happens without anybody clicking.

    work      approved requests are executed, uncertain ones looked into, settling ones polled
    expire    requests whose time is up
    remind    approvers who have not decided
    deliver   what is owed: cards, notices, direct messages, notes in Chargebee

Everything it does is read from the database, so that a bot that was killed goes on where it stopped. What speaks to
Chargebee and what speaks to Slack have lanes of their own: a slow Chargebee never holds up a notice, and a notice that
fails never touches a billing change. Nothing is begun, and no errand claimed, before its lane has room: a lease that
lapsed in a queue would count as a try.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum, auto
from functools import partial

import structlog

from bot import metrics
from bot.core.errors import ChargebeeError, Conflict, Refused
from bot.core.lifecycle import State
from bot.core.record import BillingRequest, ErrandKind
from bot.engine import Engine
from bot.engine.attribution import note_text
from bot.store.values import MessageRef, OwedErrand
from bot.tasks import Tasks

_log = structlog.get_logger(__name__)

#: How many requests one tick looks at.
BATCH = 50
#: For how long a claimed errand belongs to this process.
LEASE_S = 60
#: Waiting times before an errand is tried again, by how often it was; the last one repeats until it is given up.
RETRY_S = (2, 5, 15, 60, 300, 900, 3600)
#: After so many tries (a little over two days) an errand is given up, and says so in the log.
MOST_TRIES = 60
#: How long something that hit a bug is left alone.
REST_S = 30
#: How often expired drafts are dropped.
TIDY_S = 3600


class Lane(Enum):
    """Whom the work speaks to."""

    CHARGEBEE = auto()
    SLACK = auto()


ERRANDS = {
    Lane.CHARGEBEE: (ErrandKind.NOTE,),
    Lane.SLACK: (ErrandKind.CARD, ErrandKind.NOTICE, ErrandKind.DIRECT, ErrandKind.REMINDER),
}


class NotDelivered(Exception):
    """A delivery did not work. `final` means that trying again cannot help; `code` is Slack's or ours."""

    def __init__(self, code: str, *, retry_after_s: float | None = None, final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_s = retry_after_s
        self.final = final


#: Brings one errand to Slack. Returns the message to remember, if any, with its key. Raises NotDelivered.
Deliver = Callable[[OwedErrand, BillingRequest], Awaitable[tuple[MessageRef, str] | None]]


class Worker:
    """Ticks until it is stopped. `wake` makes the next tick come at once; `at_once` is the room of each lane."""

    def __init__(self, engine: Engine, deliver: Deliver, *, tick_s: float, at_once: int = 8) -> None:
        self._engine = engine
        self._ledger = engine.ledger
        self._store = engine.ledger.store
        self._deliver = deliver
        self._tick_s = tick_s
        self._at_once = at_once
        self._tasks = Tasks()
        self._busy: dict[str, Lane] = {}
        self._resting: dict[str, int] = {}
        self._tidy_at = 0
        self._awake = asyncio.Event()
        self._ticking = asyncio.Lock()
        self._stopping = False

    def wake(self) -> None:
        self._awake.set()

    async def start(self) -> int:
        """Takes up what an earlier run left in the middle of a call. Returns how many there were."""
        interrupted = await self._store.in_state(State.EXECUTING, 10_000)
        for ref in interrupted:
            with suppress(Conflict):
                await self._engine.executing.lose(ref)
        return len(interrupted)

    async def run(self) -> None:
        """Ticks until `stop`."""
        while not self._stopping:
            self._awake.clear()
            try:
                await self.tick()
            except Exception as error:  # noqa: BLE001 - the worker must outlive any one bug or a locked database
                metrics.BUGS.labels("worker").inc()
                _log.error("tick failed", error=type(error).__name__, exc_info=error)
            try:
                await asyncio.wait_for(self._awake.wait(), self._tick_s)
            except TimeoutError:
                continue

    async def stop(self, timeout_s: float) -> int:
        """No new work; waits for what has begun. Returns how much had to be cut off (it is found again at the next start)."""
        self._stopping = True
        self.wake()
        async with self._ticking:  # what a tick has claimed in this moment is begun, and so waited for
            pass
        return await self._tasks.drain(timeout_s)

    async def idle(self) -> None:
        """Ticks until there is nothing left that is due now."""
        while await self.tick() or len(self._tasks):
            await self._tasks.idle()

    async def tick(self) -> int:
        """Begins everything that is due now. Returns how much that was."""
        async with self._ticking:
            return 0 if self._stopping else await self._begin_due(self._ledger.now())

    async def _begin_due(self, now: int) -> int:
        if now >= self._tidy_at:
            self._tidy_at = now + TIDY_S
            await self._store.drop_drafts_before(now)
        asking = self._engine.asking
        begun = 0
        for ref in await self._store.due_work(now, BATCH):
            begun += self._begin(Lane.CHARGEBEE, ref, partial(self._work, ref))
        for ref in await self._store.expired(now, BATCH):
            begun += self._begin(Lane.SLACK, ref, partial(asking.expire, ref))
        for ref in await self._store.to_remind(now, BATCH):
            begun += self._begin(Lane.SLACK, ref, partial(asking.remind, ref))
        for lane in Lane:
            for owed in await self._store.claim_errands(now, self._room(lane), LEASE_S, ERRANDS[lane]):
                begun += self._begin(lane, f"errand {owed.id}", partial(self._bring, owed))
        return begun

    def _room(self, lane: Lane) -> int:
        return self._at_once - list(self._busy.values()).count(lane)

    def _begin(self, lane: Lane, key: str, work: Callable[[], Awaitable[object]]) -> int:
        """Starts `work` unless the same thing is being worked on, or hit a bug a moment ago, or the lane is full.

        One at a time for each request. What ends wakes the worker, so that what found no room begins then.
        """
        if key in self._busy or not self._room(lane) or self._resting.get(key, 0) > self._ledger.now():
            return 0
        self._busy[key] = lane
        self._tasks.start(self._in_turn(key, work), name=key)
        return 1

    async def _in_turn(self, key: str, work: Callable[[], Awaitable[object]]) -> None:
        self._resting.pop(key, None)
        try:
            await work()
        except Conflict:
            _log.info("somebody else was faster")  # their change is in the database
        except Exception:
            metrics.BUGS.labels("worker").inc()
            self._resting[key] = self._ledger.now() + REST_S
            raise
        finally:
            del self._busy[key]
            self.wake()

    async def _work(self, ref: str) -> None:
        executing = self._engine.executing
        record = await self._ledger.find(ref)
        steps = {
            State.APPROVED: executing.run,
            State.UNCERTAIN: executing.recover,
            State.SETTLING: executing.settle,
            State.EXECUTING: executing.lose,  # not ours, or its end could not be written down
        }
        if record.state not in steps:
            return  # somebody was faster
        after = await steps[record.state](ref)
        _log.info(
            "worked",
            ref=ref,
            operation=record.operation,
            before=record.state.value,
            after=after.state.value,
        )

    async def _bring(self, owed: OwedErrand) -> None:
        """Delivers one errand and writes down what came of it."""
        try:
            record = await self._ledger.find(owed.errand.ref)
            if owed.errand.kind is ErrandKind.NOTE:
                await self._leave_note(record)
                found = None
            else:
                found = await self._deliver(owed, record)
        except NotDelivered as error:
            await self._put_off(owed, error)
        except Exception as error:  # noqa: BLE001 - a bug in one errand must not hold up the later ones for ever
            metrics.BUGS.labels("errand").inc()
            _log.error("errand failed", ref=owed.errand.ref, kind=owed.errand.kind.value, exc_info=error)
            await self._put_off(owed, NotDelivered("bug"))
        else:
            message, key = found or (None, "")
            await self._store.delivered(owed, self._ledger.now(), message, key)

    async def _put_off(self, owed: OwedErrand, error: NotDelivered) -> None:
        kind = owed.errand.kind.value
        now = self._ledger.now()
        if error.final or owed.attempts >= MOST_TRIES:
            _log.error("errand given up", ref=owed.errand.ref, kind=kind, code=error.code)
            await self._store.given_up(owed, now, error.code)
            return
        metrics.UNDELIVERED.labels(kind).inc()
        wait_s = max(RETRY_S[min(owed.attempts, len(RETRY_S)) - 1], int(error.retry_after_s or 0))
        _log.warning("errand put off", ref=owed.errand.ref, kind=kind, code=error.code, wait_s=wait_s)
        await self._store.postponed(owed, now + wait_s, error.code)

    async def _leave_note(self, record: BillingRequest) -> None:
        """The note in Chargebee that names requester and approvers. A failure is never the billing change's."""
        key = f"{record.execution.key if record.execution else record.ref}-note"
        try:
            await self._ledger.chargebee.note(*record.plan.note_on, note_text(record), key=key)
        except Refused as error:
            raise NotDelivered(error.api_error_code or error.code, final=True) from error
        except ChargebeeError as error:
            raise NotDelivered(error.code, retry_after_s=getattr(error, "retry_after_s", None)) from error
