"""How a request changes: one function, so that no change can forget its audit line, its version or its errands.

commit   advance by the table, write record + audit + errands in one transaction, wake the worker, count how it ended
retried  a step begun anew when another change came in between
deny     write down who was stopped, and by which rule; then raise
"""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from bot import metrics
from bot.chargebee.client import ChargebeeClient
from bot.core.errors import Conflict, NotPermitted
from bot.core.lifecycle import ENDED, Event, advance
from bot.core.plan import Plan
from bot.core.policy import Decision, Policy
from bot.core.record import Actor, AuditEntry, BillingRequest, Change, Errand, ErrandKind
from bot.operations import BY_NAME
from bot.operations.base import AnyOperation, Facts, Params, SiteProfile
from bot.store.sqlite import Store
from bot.store.values import Overtaken

#: How often a step is begun anew: two people may click, and the worker may look, within the same moment.
RACES = 5


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What every use case works with. `policy` gives the policy in force now; `wake` tells the worker that there is work."""

    store: Store
    chargebee: ChargebeeClient[SiteProfile]
    policy: Callable[[], Policy]
    clock: Callable[[], float]
    wake: Callable[[], None]

    def now(self) -> int:
        return int(self.clock())

    async def find(self, ref: str) -> BillingRequest:
        """The request, or Conflict when there is none (any more)."""
        record = await self.store.get(ref)
        if record is None:
            raise Conflict(f"There is no request {ref}.", hint="It may have been removed; ask again.")
        return record

    async def commit(
        self,
        record: BillingRequest,
        event: Event,
        *,
        by: Actor | None = None,
        rule: str = "",
        detail: dict[str, Any] | None = None,
        errands: Iterable[Errand] = (),
        **changes: Any,
    ) -> BillingRequest:
        """`record` after `event`, with `changes`, committed. Raises Conflict when the table or another writer says no."""
        now = self.now()
        state = advance(record.state, event)
        if state in ENDED:
            changes = {"ended_at": now, "next_at": None, "remind_at": None} | changes
        entry = AuditEntry(
            at=now,
            event=event.value,
            ref=record.ref,
            user_id=by.user_id if by else "",
            rule=rule,
            policy=self.policy().hash,
            detail={"from": record.state.value, "to": state.value, "fingerprint": record.fingerprint}
            | (detail or {}),
        )
        changed = record.model_copy(update={**changes, "state": state, "version": record.version + 1})
        saved = await self.store.apply(Change(record=changed, audit=(entry,), errands=tuple(errands)))
        if state in ENDED:
            metrics.ENDED.labels(record.operation, state.value).inc()
        if event is Event.LOSE:
            metrics.UNCERTAIN.labels(record.operation).inc()
        self.wake()
        return saved

    async def retried(self, step: Callable[[], Awaitable[BillingRequest]]) -> BillingRequest:
        """`step`, which reads the request and decides by what it reads; anew when another change came in between.

        Raises whatever `step` raises, and Conflict when there is no end to it.
        """
        for _ in range(RACES):
            with suppress(Overtaken):
                return await step()
        raise Conflict("Several people are deciding this right now.", hint="Look at the card and try again.")

    async def touch(
        self,
        record: BillingRequest,
        event: str,
        *,
        detail: dict[str, Any],
        errands: Iterable[Errand] = (),
        **changes: Any,
    ) -> BillingRequest:
        """`record` with `changes` but in the same state (a retry planned, a reminder sent), committed and audited."""
        entry = AuditEntry(
            at=self.now(), event=event, ref=record.ref, policy=self.policy().hash, detail=detail
        )
        changed = record.model_copy(update={**changes, "version": record.version + 1})
        saved = await self.store.apply(Change(record=changed, audit=(entry,), errands=tuple(errands)))
        self.wake()
        return saved

    async def deny(
        self, decision: Decision, *, event: str, by: Actor, ref: str = "", operation: str = ""
    ) -> NoReturn:
        """Audits the refusal and raises NotPermitted with the decision's reason."""
        entry = AuditEntry(
            at=self.now(),
            event=f"denied.{event}",
            ref=ref,
            user_id=by.user_id,
            rule=decision.rule,
            policy=self.policy().hash,
            detail={"operation": operation} if operation else {},
        )
        await self.store.note((entry,))
        raise NotPermitted(decision.reason, rule=decision.rule)

    async def insist(
        self, decision: Decision, *, event: str, by: Actor, ref: str = "", operation: str = ""
    ) -> Decision:
        """`decision` when it allows; otherwise `deny`."""
        if not decision.allowed:
            await self.deny(decision, event=event, by=by, ref=ref, operation=operation)
        return decision

    async def look(self, record: BillingRequest) -> tuple[AnyOperation, Params, Facts]:
        """Reads Chargebee again for `record`. Raises ChargebeeError, or InvalidInput when a document is gone."""
        operation = BY_NAME[record.operation]
        params = operation.params.model_validate(record.params)
        return operation, params, await operation.load(self.chargebee, params)

    async def replan(self, record: BillingRequest) -> tuple[Facts, Plan]:
        """What the request would do now. Raises also Refusal when it can no longer be done."""
        operation, params, facts = await self.look(record)
        plan = operation.plan(params, facts, record.ref).model_copy(update={"options": record.options})
        return facts, await self.warned(plan, record.ref)

    async def warned(self, plan: Plan, ref: str) -> Plan:
        """`plan` with the warnings that are worth having for any operation."""
        warnings = list(plan.warnings)
        for document in plan.documents:
            other = await self.store.find_open(plan.operation, document)
            if other and other.ref != ref:
                warnings.append(
                    f"{other.ref} by {other.requester.name} is open and asks for the same on {document}."
                )
        if plan.options.silence_webhooks:
            warnings.append(
                "No webhooks will be sent, so other systems (accounting, for instance) will not hear of this."
            )
        if plan.options.silence_emails:
            warnings.append("Chargebee will send the customer no e-mail about this.")
        if plan.options.silence_actions:
            warnings.append("No action set up in Chargebee for this kind of event will run.")
        return plan.model_copy(update={"warnings": tuple(warnings)})


def tell(
    record: BillingRequest, topic: str, *, card: bool = True, notice: bool = True, requester: bool = True
) -> tuple[Errand, ...]:
    """The usual errands after a change: redraw the card, post to the notices thread, tell the requester."""
    errands = []
    if card:
        errands.append(Errand(kind=ErrandKind.CARD, ref=record.ref))
    if notice:
        errands.append(Errand(kind=ErrandKind.NOTICE, ref=record.ref, topic=topic))
    if requester:
        errands.append(
            Errand(kind=ErrandKind.DIRECT, ref=record.ref, topic=topic, to=record.requester.user_id)
        )
    return tuple(errands)
