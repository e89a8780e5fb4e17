"""Asking for a change: preview, submit, cancel."""

from bot.core.errors import Conflict, InvalidInput
from bot.core.lifecycle import WORDS, Event, State, possible
from bot.core.plan import Options
from bot.core.record import Actor, AuditEntry, BillingRequest, Errand, ErrandKind
from bot.engine.ledger import Ledger, tell
from bot.operations import BY_NAME
from bot.operations.base import AnyOperation, Params

#: Refs are marks in Chargebee, so they must not begin anew with a lost, a restored or a second database: a number is never
#: below the minutes since this moment (1 January 2026), and so higher than any that was given earlier at a preview a minute.
REFS_SINCE = 1_767_225_600


class Asking:
    """The requester's side. Every step asks the policy anew; nothing here changes anything in Chargebee."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def may(self, actor: Actor, operation: AnyOperation, channel: str) -> None:
        """Raises NotPermitted, audited, when `actor` may not ask for `operation` in `channel`."""
        decision = self._ledger.policy().may_request(actor, operation.name, channel)
        await self._ledger.insist(decision, event="request", by=actor, operation=operation.name)

    async def preview(
        self, operation: AnyOperation, params: Params, options: Options, actor: Actor, channel: str
    ) -> BillingRequest:
        """What would happen, as a stored request in state PREVIEWED.

        Raises NotPermitted, InvalidInput (keyed by field), Refusal, ChargebeeError.
        """
        ledger, policy = self._ledger, self._ledger.policy()
        await self.may(actor, operation, channel)
        await ledger.insist(
            policy.may_use(actor, options, operation.name, channel),
            event="options",
            by=actor,
            operation=operation.name,
        )
        ref = await ledger.store.next_ref(at_least=(ledger.now() - REFS_SINCE) // 60)
        facts = await operation.load(ledger.chargebee, params)
        plan = operation.plan(params, facts, ref)
        if options.business_entity_id and plan.call.api == "v1":
            raise InvalidInput(
                {
                    "business_entity_id": "This charge goes through API v1, which knows no business entities. Leave it empty."
                }
            )
        plan = plan.model_copy(update={"options": options})
        plan = await ledger.warned(plan, ref)
        now = ledger.now()
        requirement = policy.requirement(operation.name, plan.amount, ledger.chargebee.site.zero_decimal)
        record = BillingRequest(
            ref=ref,
            operation=operation.name,
            requester=actor,
            origin_channel=channel,
            params=params.model_dump(mode="json"),
            options=options,
            facts=facts.model_dump(mode="json"),
            plan=plan,
            fingerprint=plan.fingerprint,
            requirement=requirement,
            created_at=now,
            expires_at=now + policy.preview_expires_s(operation.name),
        )
        entry = AuditEntry(
            at=now,
            event="preview",
            ref=ref,
            user_id=actor.user_id,
            rule=requirement.rule,
            policy=policy.hash,
            detail={
                "operation": operation.name,
                "fingerprint": record.fingerprint,
                "documents": list(plan.documents),
            },
        )
        return await ledger.store.create(record, (entry,))

    async def submit(self, ref: str, actor: Actor) -> BillingRequest:
        """The requester confirms the preview. The same submit twice is one submit.

        Raises NotPermitted, Conflict.
        """
        return await self._ledger.retried(lambda: self._submit(ref, actor))

    async def _submit(self, ref: str, actor: Actor) -> BillingRequest:
        ledger, policy = self._ledger, self._ledger.policy()
        record = await ledger.find(ref)
        await ledger.insist(policy.may_submit(actor, record), event="submit", by=actor, ref=ref)
        if record.submitted_at is not None:
            return record
        await ledger.insist(
            policy.may_request(actor, record.operation, record.origin_channel),
            event="submit",
            by=actor,
            ref=ref,
        )
        await ledger.insist(
            policy.may_use(actor, record.options, record.operation, record.origin_channel),
            event="submit",
            by=actor,
            ref=ref,
        )
        now = ledger.now()
        if not possible(record.state, Event.SUBMIT) or record.expires_at <= now:
            raise Conflict("This preview has expired.", hint="Ask again; nothing was sent.")
        requirement = policy.requirement(
            record.operation, record.plan.amount, ledger.chargebee.site.zero_decimal
        )
        await ledger.insist(
            policy.satisfiable(actor, record.operation, requirement), event="submit", by=actor, ref=ref
        )
        waived = requirement.approvals == 0
        return await ledger.commit(
            record,
            Event.WAIVE if waived else Event.SUBMIT,
            by=actor,
            rule=requirement.rule,
            detail={"approvals": requirement.approvals},
            errands=tell(record, "submitted", card=not waived, requester=not waived),
            requirement=requirement,
            submitted_at=now,
            expires_at=now + requirement.expires_s,
            remind_at=now + requirement.remind_s if requirement.remind_s and not waived else None,
            next_at=now if waived else None,
        )

    async def may_change(self, ref: str, actor: Actor) -> BillingRequest:
        """The request, when `actor` may begin anew from it. Raises NotPermitted, Conflict."""
        ledger = self._ledger
        record = await ledger.find(ref)
        await ledger.insist(ledger.policy().may_submit(actor, record), event="change", by=actor, ref=ref)
        await self.may(actor, BY_NAME[record.operation], record.origin_channel)
        return record

    async def may_cancel(self, ref: str, actor: Actor) -> BillingRequest:
        """The request, when `actor` can still take it back. Raises NotPermitted, Conflict."""
        ledger = self._ledger
        record = await ledger.find(ref)
        await ledger.insist(ledger.policy().may_cancel(actor, record), event="cancel", by=actor, ref=ref)
        if not possible(record.state, Event.CANCEL):
            raise Conflict(f"{ref} is {WORDS[record.state]}: it cannot be taken back any more.")
        return record

    async def cancel(self, ref: str, actor: Actor, reason: str = "") -> BillingRequest:
        """The requester takes it back, while it has not started. Raises NotPermitted, Conflict."""
        return await self._ledger.retried(lambda: self._cancel(ref, actor, reason))

    async def _cancel(self, ref: str, actor: Actor, reason: str) -> BillingRequest:
        ledger = self._ledger
        record = await ledger.find(ref)
        decision = await ledger.insist(
            ledger.policy().may_cancel(actor, record), event="cancel", by=actor, ref=ref
        )
        if record.state is State.CANCELLED:
            return record
        unseen = record.submitted_at is None
        return await ledger.commit(
            record,
            Event.CANCEL,
            by=actor,
            rule=decision.rule,
            detail={"reason": reason},
            errands=() if unseen else tell(record, "cancelled", requester=False),
        )

    async def expire(self, ref: str) -> BillingRequest | None:
        """Ends a request whose time is up. None when it is not, or something else ended it first."""
        record = await self._ledger.find(ref)
        if not overdue(record, self._ledger.now()):
            return None
        return await expire(self._ledger, record)

    async def remind(self, ref: str) -> BillingRequest | None:
        """Asks the approvers once more, and plans the next reminder before the request expires."""
        ledger = self._ledger
        record = await ledger.find(ref)
        now = ledger.now()
        if record.state is not State.PENDING or record.remind_at is None or record.remind_at > now:
            return None
        following = now + record.requirement.remind_s
        return await ledger.touch(
            record,
            "remind",
            detail={},
            errands=(
                Errand(kind=ErrandKind.CARD, ref=ref, topic="again"),
                Errand(kind=ErrandKind.REMINDER, ref=ref, topic="reminder"),
            ),
            remind_at=following if following < record.expires_at else None,
        )


def overdue(record: BillingRequest, now: int) -> bool:
    """Whether the time of `record` is up, in a state that can expire."""
    return record.expires_at <= now and possible(record.state, Event.EXPIRE)


async def expire(ledger: Ledger, record: BillingRequest) -> BillingRequest:
    """Ends an overdue request. A preview that nobody submitted ends without a word."""
    unseen = record.submitted_at is None
    return await ledger.commit(record, Event.EXPIRE, errands=() if unseen else tell(record, "expired"))
