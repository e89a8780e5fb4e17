"""Executing: the dangerous sequence, written once.

    run      look and plan again; the fingerprint must be the approved one; commit EXECUTING; only then the call leaves
    recover  an uncertain request: look first; the same key again only while Chargebee remembers it; else say what is proven
    settle   a change that Chargebee finishes later: look until it has ended

What an answer means:

    200            look: it is done, or it settles later, or (nothing to be seen) uncertain
    4xx            failed; nothing changed. Unless it is a payment, or an earlier attempt may have arrived: look
    429            it was not taken: again later
    no connection  it never left: again later
    anything else  look; if it is not there yet, uncertain

Chargebee remembers an idempotency key for 30 minutes (Chargebee docs, "Idempotent requests"). A change counts as proven
absent only when it cannot be seen and no call that left can still be on its way.
"""

from collections.abc import Callable

from bot import metrics
from bot.chargebee.client import write_headers
from bot.core.errors import (
    ChargebeeError,
    Conflict,
    InvalidInput,
    Refusal,
    Refused,
    Throttled,
    Uncertain,
    Unreached,
)
from bot.core.lifecycle import WORDS, Event, State
from bot.core.plan import drifted, missed
from bot.core.record import ON_ITS_WAY_S, BillingRequest, Errand, ErrandKind, Execution, Outcome
from bot.engine.asking import expire, overdue
from bot.engine.attribution import attributed, needs_note
from bot.engine.deciding import stale
from bot.engine.ledger import Ledger, tell
from bot.operations.base import AnyOperation, Facts, Params, Verdict

#: How long the same key is sent again after the first time: Chargebee's 30 minutes less a margin for both clocks.
SAME_KEY_S = 25 * 60
#: After so long a change that Chargebee finishes later is handed to a person.
SETTLES_WITHIN_S = 7 * 24 * 3600
#: Waiting times for the next look, by how often it was put off; the last one repeats.
PATIENCE_S = (2, 5, 10, 30, 60, 120, 300, 900, 3600)


class Executing:
    """Performs approved requests, and finds out how performed ones ended."""

    def __init__(self, ledger: Ledger, *, new_key: Callable[[], str], origin_ip: str = "") -> None:
        self._ledger = ledger
        self._new_key = new_key
        self._origin_ip = origin_ip

    async def run(self, ref: str) -> BillingRequest:
        """Performs an approved request. Does nothing when it is not approved (any more), so twice is once.

        Raises Conflict when another worker took it.
        """
        ledger = self._ledger
        record = await ledger.find(ref)
        if record.state is not State.APPROVED:
            return record
        if overdue(record, ledger.now()):
            return await expire(ledger, record)
        if forbidden := self._forbidden(record):
            return await stale(ledger, record, sentence=forbidden)
        try:
            facts, plan = await ledger.replan(record)
        except (Refusal, InvalidInput) as error:
            return await stale(ledger, record, sentence=error.message)
        except ChargebeeError as error:
            return await self._put_off(record, error)
        differences = drifted(record.plan, plan)
        if differences:
            return await stale(ledger, record, differences=differences)
        now = ledger.now()
        number = record.execution.number + 1 if record.execution else 1
        record = await ledger.commit(
            record,
            Event.START,
            detail={"execution": number},
            facts=facts.model_dump(mode="json"),
            execution=Execution(number=number, key=self._new_key(), first_sent_at=now, last_sent_at=now),
            next_at=now + ON_ITS_WAY_S,  # in case nobody can write down what came of it
        )
        return await self._send(record)

    def _forbidden(self, record: BillingRequest) -> str:
        """Why the policy in force does not let this call leave; empty when it does."""
        policy, requester = self._ledger.policy(), record.requester
        may_ask = policy.may_request(requester, record.operation, record.origin_channel)
        may_use = policy.may_use(requester, record.options, record.operation, record.origin_channel)
        if not (may_ask.allowed and may_use.allowed):
            return f"Under the policy in force, {requester.name} may no longer ask for this."
        if not policy.quorum(record):
            return "The approvals given no longer count under the policy in force."
        return ""

    async def lose(self, ref: str) -> BillingRequest:
        """A request found in the middle of its call, which nobody is making any more: nobody knows what came of it."""
        record = await self._ledger.find(ref)
        if record.state is not State.EXECUTING:
            raise Conflict(f"{ref} is {WORDS[record.state]}: no call of it is on its way.")
        return await self._uncertain(
            record, "The bot stopped while the call was on its way.", code="interrupted"
        )

    async def recover(self, ref: str) -> BillingRequest:
        """Finds out how an uncertain request ended, as far as anybody can."""
        record = await self._ledger.find(ref)
        if record.state is not State.UNCERTAIN:
            return record
        try:
            operation, params, after = await self._ledger.look(record)
        except (ChargebeeError, InvalidInput) as error:
            return await self._wait(record, error.code)
        verdict = self._verdict(record, operation, params, after)
        if verdict is not Verdict.ABSENT:
            return await self._conclude(record, operation, params, after, verdict)
        sent = record.execution
        assert sent is not None
        if sent.answer:
            return await self._wait(record, "answered_but_absent")
        now = self._ledger.now()
        remembered = now - sent.first_sent_at < SAME_KEY_S
        planned = self._still_planned(record, operation, params, after)
        if remembered and planned and not self._forbidden(record):
            execution = sent.model_copy(update={"attempts": sent.attempts + 1, "last_sent_at": now})
            record = await self._ledger.touch(
                record,
                "resend",
                detail={"attempt": execution.attempts},
                execution=execution,
                next_at=now + ON_ITS_WAY_S,
            )
            return await self._send(record, alone=now - sent.last_sent_at >= ON_ITS_WAY_S)
        if now - sent.last_sent_at < ON_ITS_WAY_S:
            return await self._wait(record, "absent_so_far")
        return await self._fail(
            record,
            Outcome(
                sentence="Chargebee shows that it did not happen. Nothing changed; ask again.",
                code="proven_absent",
            ),
        )

    async def settle(self, ref: str) -> BillingRequest:
        """Looks whether a change that Chargebee finishes later has ended."""
        record = await self._ledger.find(ref)
        if record.state is not State.SETTLING:
            return record
        try:
            operation, params, after = await self._ledger.look(record)
        except (ChargebeeError, InvalidInput) as error:
            return await self._wait_or_hand_over(record, error.code)
        verdict = self._verdict(record, operation, params, after)
        if verdict is Verdict.PENDING:
            return await self._wait_or_hand_over(record, "pending")
        if verdict is Verdict.ABSENT:
            differences = missed(record.plan, dict(operation.picture(params, after, ref)))
            outcome = Outcome(
                sentence="Chargebee took it, but it did not go through.",
                differences=differences,
                code="not_settled",
            )
            return await self._fail(record, outcome)
        return await self._conclude(record, operation, params, after, verdict)

    async def _wait_or_hand_over(self, record: BillingRequest, code: str) -> BillingRequest:
        """Another look later; but a person decides about what has not ended after a week."""
        if self._may_settle_yet(record):
            return await self._wait(record, code)
        return await self._uncertain(record, UNENDED, code="unended")

    def _may_settle_yet(self, record: BillingRequest) -> bool:
        assert record.execution is not None
        return self._ledger.now() - record.execution.last_sent_at < SETTLES_WITHIN_S

    # The call

    async def _send(self, record: BillingRequest, *, alone: bool = True) -> BillingRequest:
        """The one mutating call, outside any transaction. `record` has been committed as about to send.

        `alone`: no earlier attempt can still be on its way, so a refusal of this one is the last word.
        """
        execution = record.execution
        assert execution is not None
        headers = write_headers(
            record.requester.email, record.plan.options, ip=self._origin_ip, api=record.plan.call.api
        )
        try:
            answer = await self._ledger.chargebee.perform(
                attributed(record), key=execution.key, headers=headers
            )
        except (Throttled, Unreached) as error:
            return await self._put_off(record, error)
        except Refused as error:
            if not error.is_payment and execution.attempts == 1:
                return await self._fail(record, refused(error))
            return await self._find_out(record, error, alone=alone)
        except Uncertain as error:
            return await self._find_out(record, error)
        if answer.replayed:
            metrics.REPLAYED.labels(record.operation).inc()
        answered = execution.model_copy(update={"answer": answer.digest, "replayed": answer.replayed})
        return await self._find_out(record.model_copy(update={"execution": answered}), None)

    async def _find_out(
        self, record: BillingRequest, error: ChargebeeError | None, *, alone: bool = False
    ) -> BillingRequest:
        """Right after a call: what does Chargebee show? `error` is why there was no plain 200; `alone` as for `_send`."""
        try:
            operation, params, after = await self._ledger.look(record)
        except (ChargebeeError, InvalidInput):
            return await self._uncertain(record, error.message if error else UNVERIFIED, code="unverified")
        verdict = self._verdict(record, operation, params, after)
        if verdict is not Verdict.ABSENT:
            # A refused payment can leave its invoice behind: the change is there, but not as it was meant.
            remark = refused(error).sentence if isinstance(error, Refused) else ""
            return await self._conclude(record, operation, params, after, verdict, remark=remark)
        if isinstance(error, Refused) and alone:
            return await self._fail(record, refused(error))
        return await self._uncertain(
            record, error.message if error else UNSEEN, code=error.code if error else "unseen"
        )

    @staticmethod
    def _verdict(record: BillingRequest, operation: AnyOperation, params: Params, after: Facts) -> Verdict:
        before = operation.facts.model_validate(record.facts)
        verdict: Verdict = operation.landed(params, before, after, record.ref)
        answered = record.execution is not None and bool(record.execution.answer)
        if verdict is Verdict.PENDING and not operation.settles_later and answered:
            return Verdict.LANDED  # the effect is there and Chargebee said that it was ours
        return verdict

    @staticmethod
    def _still_planned(record: BillingRequest, operation: AnyOperation, params: Params, facts: Facts) -> bool:
        try:
            plan = operation.plan(params, facts, record.ref)
        except (Refusal, InvalidInput):
            return False
        return plan.model_copy(update={"options": record.options}).fingerprint == record.fingerprint

    # How it ended

    async def _conclude(
        self,
        record: BillingRequest,
        operation: AnyOperation,
        params: Params,
        after: Facts,
        verdict: Verdict,
        *,
        remark: str = "",
    ) -> BillingRequest:
        """Landed, or on its way."""
        ledger, ref = self._ledger, record.ref
        if verdict is Verdict.PENDING:
            if not operation.settles_later:
                return await self._uncertain(record, UNMARKED, code="unmarked")
            if not self._may_settle_yet(record):
                return await self._uncertain(record, UNENDED, code="unended")
            return await ledger.commit(
                record,
                Event.ACCEPT,
                errands=tell(record, "settling"),
                execution=record.execution,
                next_at=ledger.now() + PATIENCE_S[0],
                retries=0,
            )
        before = operation.facts.model_validate(record.facts)
        differences = missed(record.plan, dict(operation.picture(params, after, ref)))
        created = operation.created(before, after, ref)
        note = (Errand(kind=ErrandKind.NOTE, ref=ref),) if needs_note(record) else ()
        done = await ledger.commit(
            record,
            Event.CONFIRM,
            detail={"created": list(created), "differences": [d.label for d in differences]},
            errands=(*tell(record, "done"), *note),
            execution=record.execution,
            outcome=Outcome(sentence=remark, differences=differences, created=created, code="done"),
        )
        metrics.DIFFERENCES.labels(record.operation).inc(len(differences))
        return done

    async def _fail(self, record: BillingRequest, outcome: Outcome) -> BillingRequest:
        return await self._ledger.commit(
            record,
            Event.REFUSE,
            detail={"code": outcome.code},
            errands=tell(record, "failed"),
            execution=record.execution,
            outcome=outcome,
        )

    async def _uncertain(self, record: BillingRequest, sentence: str, *, code: str) -> BillingRequest:
        outcome = Outcome(sentence=sentence, code=code)
        if record.state is State.UNCERTAIN:
            return await self._wait(record, code, outcome=outcome)
        return await self._ledger.commit(
            record,
            Event.LOSE,
            detail={"code": code},
            errands=tell(record, "uncertain"),
            execution=record.execution,
            outcome=outcome,
            next_at=self._ledger.now() + PATIENCE_S[0],
            retries=0,
        )

    async def _put_off(self, record: BillingRequest, error: ChargebeeError) -> BillingRequest:
        """Nothing was changed by this attempt: again later."""
        asked_s = int(error.retry_after_s) + 1 if isinstance(error, Throttled) else 0
        if record.state is not State.EXECUTING:
            return await self._wait(record, error.code, at_least_s=asked_s)
        return await self._ledger.commit(
            record,
            Event.UNSENT,
            detail={"code": error.code},
            errands=tell(record, "waiting", notice=False) if record.retries == 0 else (),
            execution=record.execution,
            next_at=self._ledger.now() + max(patience_s(record.retries), asked_s),
            retries=record.retries + 1,
        )

    async def _wait(
        self, record: BillingRequest, code: str, *, at_least_s: int = 0, outcome: Outcome | None = None
    ) -> BillingRequest:
        """The same state, another look later. `outcome` is what is known by now; None when that is nothing new."""
        known = outcome or record.outcome
        errands: tuple[Errand, ...] = ()
        if record.retries == 0 and record.state is State.APPROVED:
            errands = tell(record, "waiting", notice=False)
        elif known != record.outcome:
            errands = (Errand(kind=ErrandKind.CARD, ref=record.ref),)
        return await self._ledger.touch(
            record,
            "wait",
            detail={"code": code, "retries": record.retries},
            errands=errands,
            execution=record.execution,
            outcome=known,
            next_at=self._ledger.now() + max(patience_s(record.retries), at_least_s),
            retries=record.retries + 1,
        )


UNENDED = "Chargebee accepted it, but after a week it still shows no end."
UNVERIFIED = "Chargebee accepted it, but could not be read afterwards to make sure."
UNSEEN = "Chargebee accepted it, but does not show the change."
UNMARKED = "The change is there, but nothing shows that it was made by this request and not by somebody else."


def refused(error: Refused) -> Outcome:
    """A refusal by Chargebee as the end of a request."""
    return Outcome(
        sentence=" ".join(filter(None, (error.message, error.hint))), code=error.api_error_code or error.code
    )


def patience_s(retries: int) -> int:
    """How long to wait after having been put off `retries` times, in seconds."""
    return PATIENCE_S[min(retries, len(PATIENCE_S) - 1)]
