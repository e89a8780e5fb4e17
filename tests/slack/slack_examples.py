"""Values for tests of the Slack layer: an operation that asks for all that a form can ask for, and requests in every state."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from bot.core.lifecycle import ENDED, State
from bot.core.money import Money, Typed
from bot.core.plan import Call, Difference, Options, Party, Plan, Row
from bot.core.record import Actor, BillingRequest, Execution, Outcome, Requirement, Vote
from bot.operations.base import (
    AnyOperation,
    Ask,
    CreditNoteId,
    Facts,
    Input,
    InvoiceId,
    Lines,
    Operation,
    Params,
    Reader,
    Risk,
    SiteProfile,
    Template,
    Verdict,
    misplaced,
)
from bot.slack.forms import FormContext

NOW = 1_796_040_000
SITE = SiteProfile(
    base_currency="EUR", reason_codes=("Service outage", "Goodwill"), web_url="https://acme.chargebee.com"
)
CONTEXT = FormContext(now=NOW, site=SITE)

#: Names as customers really (and maliciously) have them.
NASTY = 'Müller & Söhne <b>"GmbH"</b> <!channel> *bold* _it_ ~no~ `code` :tada: \u202e<https://evil.example|pay>\u200b @here'


class SampleLine(Params):
    description: Annotated[str, Field(max_length=20), Ask(input=Input.TEXT, label="What")]
    unit_amount: Annotated[Typed, Ask(input=Input.AMOUNT, label="Price")]
    reference: Annotated[str | None, Ask(input=Input.TEXT, label="Line")] = None


class SampleParams(Params):
    invoice: Annotated[InvoiceId, Ask(input=Input.INVOICE, label="Invoice", place=1)]
    note: Annotated[
        CreditNoteId | None, Ask(input=Input.CREDIT_NOTE, label="Credit note", depends_on="invoice")
    ] = None
    kind: Annotated[
        Literal["total", "lines"],
        Ask(input=Input.CHOICE, label="How", choices={"total": "One total", "lines": "By lines"}),
    ] = "total"
    total: Annotated[
        Typed | None, Ask(input=Input.AMOUNT, label="Total", only_when=("kind", ("total",)), place=2)
    ] = None
    lines: Annotated[
        tuple[SampleLine, ...], Ask(input=Input.LINES, label="Lines", only_when=("kind", ("lines",)))
    ] = ()
    on: Annotated[str | None, Ask(input=Input.DATE, label="Date")] = None
    code: Annotated[str | None, Ask(input=Input.CHOICE, label="Reason code", choices_from="reason_codes")] = (
        None
    )
    printed: Annotated[
        str | None, Field(max_length=2000), Ask(input=Input.LONG_TEXT, label="Notes", customer_sees=True)
    ] = None
    comment: Annotated[
        str, Field(min_length=3, max_length=260), Ask(input=Input.LONG_TEXT, label="Reason", place=3)
    ]

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.kind == "total" and self.total is None:
            raise misplaced("total", "Write the total.")
        if self.comment == "plain":
            raise misplaced("printed", "Say it to the customer too.")
        return self


async def _templates(_reader: Reader, _values: Mapping[str, Any]) -> list[Template]:
    return list(TEMPLATES)


async def _load(reader: Reader, _params: SampleParams) -> Facts:
    return Facts(as_of=reader.now(), site=reader.site)


TEMPLATES = (
    Template(
        id="li_1",
        label="Plan, EUR 100.00",
        fields=("description", "unit_amount"),
        values={"description": "Plan", "unit_amount": "100", "reference": "li_1"},
    ),
    Template(id="adhoc", label="Something else", fields=("description", "unit_amount"), values={}),
)

SAMPLE: AnyOperation = Operation(
    name="sample",
    title="Sample operation",
    command="/sample",
    summary="Does nothing.",
    risk=Risk.DESTRUCTIVE,
    undo="Cannot be undone.",
    undoable=False,
    params=SampleParams,
    facts=Facts,
    load=_load,
    plan=lambda _params, _facts, _ref: plan(),
    picture=lambda _params, _facts, _ref: {},
    landed=lambda _params, _before, _after, _ref: Verdict.ABSENT,
    lines=Lines(
        field="lines",
        line=SampleLine,
        templates=_templates,
        describe=lambda line: f"{line.get('description')} at {line.get('unit_amount')}",
    ),
)


def person(user_id: str = "U0ANNA", name: str = "Anna Agent") -> Actor:
    return Actor(user_id=user_id, team_id="T0BOT", name=name, email="someone@acme.example", roles=("agent",))


def eur(minor: int) -> Money:
    return Money(amount_minor=minor, currency="EUR")


def plan(**changes: Any) -> Plan:
    rows = (
        Row(key="invoice.status", group="Invoice INV-7", label="Status", before="payment_due", after="paid"),
        Row(
            key="invoice.amount_due",
            group="Invoice INV-7",
            label="Amount due",
            before=eur(11900),
            after=eur(0),
        ),
        Row(key="invoice.total", group="Invoice INV-7", label="Total", before=eur(11900), after=eur(11900)),
        Row(key="credit_note.total", group="New credit note", label="Total", before=None, after=eur(11900)),
    )
    made = Plan(
        operation="sample",
        summary="Write off invoice INV-7",
        call=Call(api="v2", path=("invoices", "INV-7", "write_off")),
        rows=rows,
        warnings=("The customer has paid a part of this invoice.",),
        amount=eur(11900),
        customer=Party(id="acme", name="Acme GmbH"),
        documents=("INV-7",),
        note_on=("invoice", "INV-7"),
    )
    return made.model_copy(update=changes)


def request(state: State = State.PENDING, **changes: Any) -> BillingRequest:
    """A request in `state`, with what belongs to that state."""
    made = plan()
    bo = person("U0BO", "Bo Approver")
    vote = Vote(actor=bo, verdict="approve", fingerprint=made.fingerprint, at=NOW + 60)
    before_votes = (State.PREVIEWED, State.PENDING, State.CANCELLED, State.EXPIRED)
    votes: tuple[Vote, ...] = () if state in before_votes else (vote,)
    if state is State.REJECTED:
        votes = (vote.model_copy(update={"verdict": "reject", "reason": "Wrong invoice"}),)
    sent = state in (State.EXECUTING, State.SETTLING, State.UNCERTAIN, State.DONE, State.FAILED)
    outcomes = {
        State.DONE: Outcome(sentence="", created=("CN-9",), code="done"),
        State.FAILED: Outcome(sentence="Chargebee refused it.", code="refused"),
        State.UNCERTAIN: Outcome(sentence="Chargebee did not answer in time.", code="uncertain"),
        State.STALE: Outcome(
            sentence="",
            code="stale",
            differences=(
                Difference(group="Invoice INV-7", label="Amount due (now)", said=eur(11900), found=eur(900)),
            ),
        ),
    }
    record = BillingRequest(
        ref="BR-1042",
        operation="sample",
        state=state,
        requester=person(),
        params={"invoice": "INV-7", "comment": "duplicate of INV-6"},
        options=Options(),
        facts={},
        plan=made,
        fingerprint=made.fingerprint,
        requirement=Requirement(
            approvals=1, roles=("approver",), rule="gates", policy="p", expires_s=86_400, remind_s=3600
        ),
        votes=votes,
        execution=Execution(number=1, key="k", first_sent_at=NOW + 90, last_sent_at=NOW + 90)
        if sent
        else None,
        outcome=outcomes.get(state),
        created_at=NOW,
        submitted_at=None if state is State.PREVIEWED else NOW + 30,
        expires_at=NOW + 86_400,
        ended_at=NOW + 120 if state in ENDED else None,
    )
    return record.model_copy(update=changes)


def models() -> tuple[type[BaseModel], ...]:
    return (SampleParams, SampleLine)
