"""Deciding: review, approve, reject, and saying how an uncertain request ended."""

from dataclasses import dataclass

from bot.core.errors import Conflict, InvalidInput, Refusal
from bot.core.lifecycle import WORDS, Event, State, possible
from bot.core.plan import Difference, Plan, drifted
from bot.core.record import ON_ITS_WAY_S, Actor, AuditEntry, BillingRequest, Errand, ErrandKind, Outcome, Vote
from bot.engine.attribution import needs_note
from bot.engine.ledger import Ledger, tell


@dataclass(frozen=True, kw_only=True)
class Review:
    """What an approver is shown. `plan` is fresh; None when the request went stale by this look."""

    record: BillingRequest
    plan: Plan | None


class Deciding:
    """The approver's side. Whether somebody counts is asked of the policy at the click, never earlier."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def may_review(self, ref: str, actor: Actor) -> BillingRequest:
        """The request as it stands, when `actor` may decide it. Raises NotPermitted, Conflict."""
        ledger = self._ledger
        record = await ledger.find(ref)
        await ledger.insist(ledger.policy().may_approve(actor, record), event="review", by=actor, ref=ref)
        if not possible(record.state, Event.APPROVE):
            raise Conflict(f"{ref} is {WORDS[record.state]}: there is nothing left to decide.")
        return record

    async def may_reject(self, ref: str, actor: Actor) -> BillingRequest:
        """The request, when `actor` may stop it; who has approved may, too. Raises NotPermitted, Conflict."""
        ledger = self._ledger
        record = await ledger.find(ref)
        await ledger.insist(ledger.policy().may_reject(actor, record), event="reject", by=actor, ref=ref)
        if not possible(record.state, Event.REJECT):
            raise Conflict(f"{ref} is {WORDS[record.state]}: there is nothing left to decide.")
        return record

    async def review(self, ref: str, actor: Actor) -> Review:
        """Reads Chargebee again and makes the plan again; a plan that differs makes the request stale.

        Raises NotPermitted, Conflict, ChargebeeError.
        """
        ledger = self._ledger
        record = await self.may_review(ref, actor)
        try:
            _, plan = await ledger.replan(record)
        except (Refusal, InvalidInput) as error:
            return Review(record=await stale(ledger, record, sentence=error.message, by=actor), plan=None)
        differences = drifted(record.plan, plan)
        if differences:
            return Review(record=await stale(ledger, record, differences=differences, by=actor), plan=None)
        entry = AuditEntry(
            at=ledger.now(),
            event="review",
            ref=ref,
            user_id=actor.user_id,
            policy=ledger.policy().hash,
            detail={"fingerprint": plan.fingerprint},
        )
        await ledger.store.note((entry,))
        return Review(record=record, plan=plan)

    async def approve(self, ref: str, actor: Actor) -> BillingRequest:
        """Adds one approval of the reviewed plan. The same person twice is one approval.

        Raises NotPermitted, Conflict.
        """
        return await self._ledger.retried(lambda: self._approve(ref, actor))

    async def _approve(self, ref: str, actor: Actor) -> BillingRequest:
        ledger = self._ledger
        record = await ledger.find(ref)
        if _voted(record, actor, "approve"):
            return record
        policy = ledger.policy()
        decision = await ledger.insist(policy.may_approve(actor, record), event="approve", by=actor, ref=ref)
        now = ledger.now()
        if record.expires_at <= now and record.state is State.PENDING:
            raise Conflict(f"{ref} has expired.", hint="The requester can ask again.")
        vote = Vote(
            actor=actor, verdict="approve", fingerprint=record.fingerprint, at=now, rule=decision.rule
        )
        counted = record.model_copy(update={"votes": (*record.votes, vote)})
        complete = policy.quorum(counted)
        return await ledger.commit(
            record,
            Event.COMPLETE if complete else Event.APPROVE,
            by=actor,
            rule=decision.rule,
            errands=tell(record, "approved", requester=False),
            votes=counted.votes,
            next_at=now if complete else None,
            remind_at=None if complete else record.remind_at,
            expires_at=now + record.requirement.expires_s if complete else record.expires_at,
        )

    async def reject(self, ref: str, actor: Actor, reason: str) -> BillingRequest:
        """Ends the request with a reason. The same person twice is one rejection. Raises NotPermitted, Conflict."""
        return await self._ledger.retried(lambda: self._reject(ref, actor, reason))

    async def _reject(self, ref: str, actor: Actor, reason: str) -> BillingRequest:
        ledger = self._ledger
        record = await ledger.find(ref)
        if _voted(record, actor, "reject"):
            return record
        decision = await ledger.insist(
            ledger.policy().may_reject(actor, record), event="reject", by=actor, ref=ref
        )
        vote = Vote(
            actor=actor,
            verdict="reject",
            fingerprint=record.fingerprint,
            at=ledger.now(),
            reason=reason,
            rule=decision.rule,
        )
        return await ledger.commit(
            record,
            Event.REJECT,
            by=actor,
            rule=decision.rule,
            detail={"reason": reason},
            errands=tell(record, "rejected"),
            votes=(*record.votes, vote),
        )

    async def may_see(self, ref: str, actor: Actor) -> BillingRequest:
        """The request, when `actor` may read it. Raises NotPermitted, Conflict."""
        ledger = self._ledger
        record = await ledger.find(ref)
        await ledger.insist(ledger.policy().may_see(actor, record), event="see", by=actor, ref=ref)
        return record

    async def look(self, ref: str, actor: Actor) -> BillingRequest:
        """Has the worker look into an uncertain request now. Raises NotPermitted, Conflict."""
        return await self._ledger.retried(lambda: self._look(ref, actor))

    async def _look(self, ref: str, actor: Actor) -> BillingRequest:
        ledger = self._ledger
        record = await self.may_see(ref, actor)
        if record.state is not State.UNCERTAIN:
            raise Conflict(f"{ref} is {WORDS[record.state]}: there is nothing left to look into.")
        return await ledger.touch(record, "look", detail={"by": actor.user_id}, next_at=ledger.now())

    async def may_resolve(self, ref: str, actor: Actor) -> BillingRequest:
        """The request, when it is uncertain and `actor` may say how it ended. Raises NotPermitted, Conflict."""
        ledger = self._ledger
        record = await ledger.find(ref)
        await ledger.insist(ledger.policy().may_settle(actor, record), event="resolve", by=actor, ref=ref)
        if record.state is not State.UNCERTAIN:
            raise Conflict(f"{ref} is {WORDS[record.state]}: there is nothing left to decide.")
        return record

    async def resolve(self, ref: str, actor: Actor, *, happened: bool, reason: str) -> BillingRequest:
        """A person looked in Chargebee and says how an uncertain request ended. The same person twice says it once.

        That it did not happen can be said once no call can be on its way any more. Raises NotPermitted, Conflict.
        """
        return await self._ledger.retried(lambda: self._resolve(ref, actor, happened=happened, reason=reason))

    async def _resolve(self, ref: str, actor: Actor, *, happened: bool, reason: str) -> BillingRequest:
        ledger = self._ledger
        if _resolved(before := await ledger.find(ref), actor):
            return before
        record = await self.may_resolve(ref, actor)
        sent = record.execution
        if not happened and sent and ledger.now() - sent.last_sent_at < ON_ITS_WAY_S:
            raise Conflict(
                f"The call of {ref} may still be on its way.", hint="Say so again in a few minutes."
            )
        note = (Errand(kind=ErrandKind.NOTE, ref=ref),) if happened and needs_note(record) else ()
        return await ledger.commit(
            record,
            Event.CONFIRM if happened else Event.REFUSE,
            by=actor,
            detail={"reason": reason, "happened": happened},
            errands=(*tell(record, "resolved"), *note),
            outcome=Outcome(sentence=reason, code="resolved", by=actor),
        )


def _voted(record: BillingRequest, actor: Actor, verdict: str) -> bool:
    """Whether this person has said so already: a click that comes twice is one."""
    return any(vote.actor.user_id == actor.user_id and vote.verdict == verdict for vote in record.votes)


def _resolved(record: BillingRequest, actor: Actor) -> bool:
    by = record.outcome.by if record.outcome else None
    return by is not None and by.user_id == actor.user_id


async def stale(
    ledger: Ledger,
    record: BillingRequest,
    *,
    sentence: str = "",
    differences: tuple[Difference, ...] = (),
    by: Actor | None = None,
) -> BillingRequest:
    """Ends a request whose plan, or whose quorum, is no longer what was approved."""
    return await ledger.commit(
        record,
        Event.DRIFT,
        by=by,
        detail={"differences": [d.label for d in differences]},
        errands=tell(record, "stale"),
        outcome=Outcome(sentence=sentence, differences=differences, code="stale"),
    )
