"""Values for the store's tests: a full billing request, its changes, audit lines and errands."""

import asyncio
from typing import Any

from bot.core.lifecycle import State
from bot.core.money import Money
from bot.core.plan import Call, Day, Difference, Options, Party, Plan, Row
from bot.core.record import (
    Actor,
    AuditEntry,
    BillingRequest,
    Change,
    Errand,
    ErrandKind,
    Execution,
    Outcome,
    Requirement,
    Vote,
)
from bot.store.sqlite import Store

NOW = 1_767_225_600

ALICE = Actor(
    user_id="U_ALICE", team_id="T1", name="Alice Ährenfeld", email="alice@example.com", roles=("agent",)
)
BOB = Actor(
    user_id="U_BOB",
    team_id="T1",
    name="Bob",
    email="bob@example.com",
    roles=("approver",),
    tz="Europe/Berlin",
)


def a_plan(*documents: str) -> Plan:
    return Plan(
        operation="write_off",
        summary="Write off invoice INV-1042",
        call=Call(api="v2", path=("invoices", "INV-1042", "write_off"), form=(("comment", "duplicate"),)),
        options=Options(silence_emails=True),
        rows=(
            Row(
                key="due",
                group="INV-1042",
                label="Amount due",
                before=Money(amount_minor=12_345, currency="EUR"),
                after=None,
            ),
            Row(key="status", group="INV-1042", label="Status", before="not_paid", after="paid"),
            Row(key="date", group="INV-1042", label="Paid on", before=None, after=Day(at=NOW)),
        ),
        warnings=("This cannot be undone.",),
        amount=Money(amount_minor=12_345, currency="EUR"),
        customer=Party(id="cust_1", name="<Straße & Söhne> 日本"),
        documents=documents or ("INV-1042",),
        note_on=("invoice", "INV-1042"),
    )


def a_request(ref: str = "BR-1001", *, documents: tuple[str, ...] = (), **changed: Any) -> BillingRequest:
    plan = a_plan(*documents)
    values: dict[str, Any] = {
        "ref": ref,
        "operation": "write_off",
        "requester": ALICE,
        "origin_channel": "C_SUPPORT",
        "params": {"invoice_id": "INV-1042", "reason": "duplicate of INV-1040"},
        "facts": {"as_of": NOW, "invoice": {"lines": [1, 2.5, None, True, "ü"]}},
        "plan": plan,
        "fingerprint": plan.fingerprint,
        "requirement": Requirement(
            approvals=1,
            roles=("approver",),
            rule="gates.write_off",
            policy="abc",
            expires_s=86_400,
            remind_s=3_600,
        ),
        "created_at": NOW,
        "expires_at": NOW + 86_400,
    }
    return BillingRequest(**(values | changed))


def a_full_request() -> BillingRequest:
    """Every field set."""
    plan = a_plan()
    return a_request(
        version=7,
        state=State.DONE,
        votes=(
            Vote(
                actor=BOB,
                verdict="approve",
                fingerprint=plan.fingerprint,
                at=NOW + 60,
                reason="ok",
                rule="gates.write_off",
            ),
        ),
        options=Options(business_entity_id="be_1", silence_webhooks=True),
        execution=Execution(
            number=1, key="k" * 32, first_sent_at=NOW + 62, last_sent_at=NOW + 65, attempts=2, replayed=True
        ),
        outcome=Outcome(
            sentence="Written off.",
            differences=(
                Difference(
                    group="INV-1042",
                    label="Amount due",
                    said=None,
                    found=Money(amount_minor=1, currency="JPY"),
                ),
            ),
            created=("CN-9",),
            code="ok",
            by=BOB,
        ),
        submitted_at=NOW + 1,
        remind_at=NOW + 3_600,
        next_at=NOW + 5,
        ended_at=NOW + 70,
    )


def an_entry(event: str = "submitted", ref: str = "BR-1001", **changed: Any) -> AuditEntry:
    values: dict[str, Any] = {
        "at": NOW,
        "event": event,
        "ref": ref,
        "user_id": "U_ALICE",
        "rule": "gates.write_off",
        "policy": "abc",
        "detail": {"state": "pending", "amount_minor": 12_345, "name": "ü"},
    }
    return AuditEntry(**(values | changed))


def a_card(ref: str = "BR-1001") -> Errand:
    return Errand(kind=ErrandKind.CARD, ref=ref)


def a_notice(topic: str, ref: str = "BR-1001") -> Errand:
    return Errand(kind=ErrandKind.NOTICE, ref=ref, topic=topic)


def a_direct(topic: str, to: str = "U_ALICE", ref: str = "BR-1001") -> Errand:
    return Errand(kind=ErrandKind.DIRECT, ref=ref, topic=topic, to=to)


def changed(record: BillingRequest, *errands: Errand, event: str = "changed", **fields: Any) -> Change:
    """The change that takes `record` to its next version."""
    after = record.model_copy(update={"version": record.version + 1, **fields})
    return Change(record=after, audit=(an_entry(event, record.ref),), errands=errands)


async def of_a_newer_bot(store: Store, ref: str) -> None:
    """From now on the record has a key that this program does not know, and cannot be read."""
    await asyncio.get_running_loop().run_in_executor(
        store._thread,
        store._db.execute,
        "UPDATE requests SET record = json_set(record, '$.unheard_of', 1) WHERE ref = ?",
        (ref,),
    )
