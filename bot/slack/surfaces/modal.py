"""Modals about a request: checking, preview, review, reject, cancel, settle, and the whole story. Pure.

What is sure is drawn from the record, never from what Slack sent. `private_metadata` holds the ref. The rows of a plan
are grouped by document; what changes comes first and is bold, what stays is small print.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from bot.core.errors import BotError
from bot.core.lifecycle import State
from bot.core.plan import Difference, Plan, Row
from bot.core.record import BillingRequest
from bot.operations.base import AnyOperation, Risk
from bot.slack.routes import INPUT, Callback, Click, field_block
from bot.slack.surfaces.blocks import (
    ALERT_TEXT,
    SHORT,
    Block,
    Bold,
    Line,
    Link,
    Moment,
    Part,
    Person,
    View,
    actions,
    alert,
    button,
    clip,
    context,
    divider,
    header,
    input_block,
    modal,
    option,
    rich,
    section,
    visible,
    words,
)
from bot.slack.values import Viewer, amount_text, changed_text, customer_text, difference_text, row_text
from bot.slack.wording import REASON_MIN, STATE, happens_on_submit, next_step, standing, what_happened

#: How many rows of one list are drawn; a credit note with many lines has more.
MOST_ROWS = 60
MOST_VOTES = 20
MOST_WARNINGS = 10
#: Slack takes 3000 characters in a field; a reason for people to read needs fewer.
DECISION_REASON_MAX = 500


# Parts that several views share


def rows_blocks(rows: Sequence[Row], viewer: Viewer) -> list[Block]:
    """Before -> after, grouped by document."""
    blocks: list[Block] = []
    shown = rows[:MOST_ROWS]
    for group, members in _by_group(shown):
        changed = [row for row in members if row.before != row.after]
        same = [row for row in members if row.before == row.after]
        blocks.append(rich((Bold(clip(visible(group), 150)),)))
        if changed:
            blocks.append(rich(*(row_text(row, viewer) for row in changed), bullets=True))
        if same:
            unchanged = ", ".join(visible(_words(row, viewer)) for row in same)
            blocks.append(context(f"Stays as it is: {unchanged}"))
    if len(rows) > len(shown):
        blocks.append(
            context(f"{len(rows) - len(shown)} more fields change; the request's card lists what matters.")
        )
    return blocks


def _by_group(rows: Sequence[Row]) -> Iterable[tuple[str, list[Row]]]:
    order = {group: index for index, group in enumerate(dict.fromkeys(row.group for row in rows))}
    ordered = sorted(rows, key=lambda row: order[row.group])
    return ((group, list(members)) for group, members in groupby(ordered, key=lambda row: row.group))


def _words(row: Row, viewer: Viewer) -> str:
    return words(row_text(row, viewer))


def facts_block(plan: Plan, viewer: Viewer, *more: Line) -> Block:
    """What, how much, whose, as lines with bold labels."""
    lines: list[Line] = [(Bold("What: "), plan.summary)]
    lines.append((Bold("Amount: "), amount_text(plan.amount, viewer.locale, viewer.site.zero_decimal)))
    if plan.customer:
        lines.append((Bold("Customer: "), customer_text(plan)))
    return rich(*lines, *more)


def raw_amount(plan: Plan, viewer: Viewer) -> Line:
    """The amount as Chargebee counts it, for whoever has to be sure."""
    if plan.amount is None:
        return ()
    whole = plan.amount.currency in viewer.site.zero_decimal
    unit = f"whole {plan.amount.currency}" if whole else f"hundredths of {plan.amount.currency}"
    return (Bold("As Chargebee counts it: "), f"{plan.amount.amount_minor} {unit}")


def options_lines(plan: Plan) -> list[Line]:
    """The request headers that were chosen, if any."""
    options = plan.options
    lines: list[Line] = []
    if options.business_entity_id:
        lines.append((Bold("Business entity: "), options.business_entity_id))
    silenced = [
        name
        for name, on in (
            ("webhooks", options.silence_webhooks),
            ("e-mails", options.silence_emails),
            ("automatic actions", options.silence_actions),
        )
        if on
    ]
    if silenced:
        lines.append((Bold("Turned off for this change: "), ", ".join(silenced)))
    return lines


def warning_blocks(plan: Plan) -> list[Block]:
    """Each warning in its own box; what is too long for one stands as text."""
    return [
        alert(warning) if len(warning) <= ALERT_TEXT else rich((f"⚠️ {warning}",))
        for warning in plan.warnings[:MOST_WARNINGS]
    ]


def who_and_why(record: BillingRequest) -> list[Line]:
    lines: list[Line] = [(Bold("Asked for by: "), Person(record.requester.user_id))]
    if record.reason:
        lines.append((Bold("Reason: "), visible(record.reason)))
    return lines


def undo_blocks(op: AnyOperation) -> list[Block]:
    """How it is reversed; what is destructive says it in a box, red where nothing can bring it back."""
    if op.risk is not Risk.DESTRUCTIVE or len(op.undo) > ALERT_TEXT:
        return [context(op.undo)]
    return [alert(op.undo, "info" if op.undoable else "error")]


def site_link(record: BillingRequest, viewer: Viewer) -> Line:
    """A link to the document in Chargebee's own app, or nothing."""
    page = site_page(record, viewer.site.web_url)
    return (Link(page, "Open in Chargebee"),) if page else ()


_PAGES = {
    "invoice": "invoices",
    "credit_note": "credit_notes",
    "customer": "customers",
    "subscription": "subscriptions",
}


def site_page(record: BillingRequest, web_url: str) -> str:
    """The address of the document a request is about, in Chargebee's own app; else of its customer; else nothing."""
    kind, document = record.plan.note_on
    if kind not in _PAGES and record.plan.customer:
        kind, document = "customer", record.plan.customer.id
    if not web_url or kind not in _PAGES:
        return ""
    return f"{web_url.rstrip('/')}/d/{_PAGES[kind]}/{quote(document, safe='')}"


# The views


def checking_view(title: str, text: str, external_id: str = "") -> View:
    """Shown while Chargebee is read."""
    return modal(title, [section(text)], callback=Callback.SHOWN, external_id=external_id)


def shown_view(title: str, sentences: Sequence[str | Line], ref: str = "") -> View:
    """Something to read and close."""
    blocks = [rich((s,) if isinstance(s, str) else s) for s in sentences]
    return modal(title, blocks, callback=Callback.SHOWN, metadata=ref)


def refusal_view(title: str, error: BotError, ref: str = "", draft_id: str = "") -> View:
    """Why it cannot be done; nothing was sent. With a ref or a draft's id, [Change] leads back to the form."""
    back = draft_id or ref
    why, then = what_happened(error), next_step(error)
    blocks = [alert(why, "error")] if len(why) <= ALERT_TEXT else [rich((why,))]
    if then:
        blocks.append(rich((then,)))
    blocks.append(context("Nothing was sent to Chargebee."))
    if back:
        blocks.append(actions(button("Change", Click.CHANGE, back)))
    return modal(title, blocks, callback=Callback.SHOWN)


def preview_view(
    record: BillingRequest, op: AnyOperation, viewer: Viewer, gate_names: Sequence[str] = ()
) -> View:
    """What would happen, before it is asked for. `gate_names`: who could approve, by user id or name."""
    plan = record.plan
    return modal(
        op.title,
        [
            facts_block(plan, viewer, *options_lines(plan)),
            *warning_blocks(plan),
            header("What changes"),
            *rows_blocks(plan.rows, viewer),
            divider(),
            *undo_blocks(op),
            rich(happens_on_submit(record, gate_names)),
            context(("This preview is good until ", Moment(record.expires_at), f". Request {record.ref}.")),
            actions(button("Change", Click.CHANGE, record.ref)),
        ],
        callback=Callback.PREVIEW,
        metadata=record.ref,
        submit=submit_label(record, op, viewer),
        close="Discard",
    )


def submit_label(record: BillingRequest, op: AnyOperation, viewer: Viewer) -> str:
    """What the click does, in 24 characters: the longest way to say it that fits."""
    if record.requirement.approvals:
        return "Ask for approval"
    now = (
        amount_text(record.plan.amount, viewer.locale, viewer.site.zero_decimal) if record.plan.amount else ""
    )
    ways = [f"{_VERBS[op.name]} {now} now"] if now and op.name in _VERBS else []
    ways += [f"{op.title} now", f"Confirm {now}".strip(), "Confirm"]
    return next(way for way in ways if len(way) <= SHORT)


#: What is done with an amount, in one word. Other operations are called by their title.
_VERBS = {"charge": "Charge", "credit_note": "Credit", "write_off": "Write off"}


def review_view(record: BillingRequest, op: AnyOperation, fresh: Plan, viewer: Viewer) -> View:
    """What the approver reads and confirms, drawn from a plan made just now."""
    facts = [
        line for line in (raw_amount(fresh, viewer), *options_lines(fresh), *who_and_why(record)) if line
    ]
    return modal(
        f"Review {record.ref}",
        [
            facts_block(fresh, viewer, *facts),
            *undo_blocks(op),
            *warning_blocks(fresh),
            header("What changes"),
            *rows_blocks(fresh.rows, viewer),
            divider(),
            context("Read from Chargebee just now. You approve exactly this; if it changes, it is stopped."),
        ],
        callback=Callback.REVIEW,
        metadata=record.ref,
        submit="Approve",
        close="Not now",
    )


def stale_view(
    record: BillingRequest, op: AnyOperation, viewer: Viewer, differences: Sequence[Difference] = ()
) -> View:
    """What an approver sees instead of a review when the facts have changed."""
    found = differences or (record.outcome.differences if record.outcome else ())
    blocks = [
        alert("This is no longer what was asked for.", "warning"),
        rich(standing(record)),
    ]
    if found:
        blocks += [
            header("What is different"),
            rich(*(changed_text(d, viewer) for d in found[:MOST_ROWS]), bullets=True),
        ]
    return modal(op.title, blocks, callback=Callback.SHOWN, metadata=record.ref)


def reject_view(record: BillingRequest, _op: AnyOperation, viewer: Viewer) -> View:
    return modal(
        f"Reject {record.ref}",
        [
            facts_block(record.plan, viewer, *who_and_why(record)),
            _reason_input("Why not?", f"{record.requester.name} and the channel will read this."),
        ],
        callback=Callback.REJECT,
        metadata=record.ref,
        submit="Reject",
        close="Back",
    )


def cancel_view(record: BillingRequest, _op: AnyOperation, viewer: Viewer) -> View:
    return modal(
        f"Cancel {record.ref}",
        [
            facts_block(record.plan, viewer),
            section("Take this request back? Nothing has been sent to Chargebee."),
            _reason_input("Why?", "Optional. It is kept with the request.", optional=True),
        ],
        callback=Callback.CANCEL,
        metadata=record.ref,
        submit="Cancel request",
        close="Keep it",
    )


def settle_view(record: BillingRequest, _op: AnyOperation, viewer: Viewer) -> View:
    """A person says how an uncertain request ended, after having looked in Chargebee."""
    choices = {
        "type": "radio_buttons",
        "action_id": INPUT,
        "options": [
            option("It happened", "yes", "I can see the change in Chargebee"),
            option("It did not happen", "no", "Chargebee shows everything as before"),
        ],
    }
    link = site_link(record, viewer)
    return modal(
        f"Settle {record.ref}",
        [
            facts_block(record.plan, viewer),
            rich(standing(record)),
            *([rich(link)] if link else []),
            header("It would look like this"),
            *rows_blocks(record.plan.rows, viewer),
            input_block(field_block("happened"), "What does Chargebee show?", choices),
            _reason_input("What did you see?", "It is kept with the request, under your name."),
        ],
        callback=Callback.SETTLE,
        metadata=record.ref,
        submit="Settle",
        close="Back",
    )


#: Ends after which there is nothing to undo.
NEVER_HAPPENED = frozenset({State.REJECTED, State.CANCELLED, State.EXPIRED, State.STALE, State.FAILED})
#: What can be done from a request's own modal, and how it reads.
OFFERS = {
    Click.REVIEW: "Review",
    Click.REJECT: "Reject",
    Click.CANCEL: "Cancel request",
    Click.LOOK: "Look again",
    Click.SETTLE: "Settle…",
    Click.CHANGE: "Ask again",
}


def request_view(
    record: BillingRequest, op: AnyOperation, viewer: Viewer, offers: Sequence[Click] = ()
) -> View:
    """The whole story, with what its reader can do now."""
    differences = record.outcome.differences if record.outcome else ()
    link = site_link(record, viewer)
    before = record.state is State.STALE
    tell = changed_text if before else difference_text
    found = [
        header("What has changed" if before else "Not as expected"),
        rich(*(tell(d, viewer) for d in differences[:MOST_ROWS]), bullets=True),
    ]
    times = story(record)
    return modal(
        record.ref,
        [
            facts_block(record.plan, viewer, *options_lines(record.plan), *who_and_why(record)),
            rich(standing(record)),
            *(found if differences else []),
            header("What was asked for"),
            *rows_blocks(record.plan.rows, viewer),
            header("What happened when"),
            rich(*times, bullets=True),
            *([context(op.undo)] if record.state not in NEVER_HAPPENED else []),
            *([rich(link)] if link else []),
            *([actions(*(button(OFFERS[click], click, record.ref) for click in offers))] if offers else []),
        ],
        callback=Callback.SHOWN,
        metadata=record.ref,
    )


def story(record: BillingRequest) -> list[Line]:
    """What happened when, oldest first."""
    lines: list[Line] = [(Moment(record.created_at), ": previewed by ", Person(record.requester.user_id))]
    if record.submitted_at is not None:
        lines.append((Moment(record.submitted_at), ": asked for by ", Person(record.requester.user_id)))
    for vote in record.votes[-MOST_VOTES:]:
        did = "approved" if vote.verdict == "approve" else "rejected"
        why: tuple[Part, ...] = (f": “{visible(vote.reason)}”",) if vote.reason else ()
        lines.append((Moment(vote.at), f": {did} by ", Person(vote.actor.user_id), *why))
    if record.execution is not None:
        times = f", {record.execution.attempts} times" if record.execution.attempts > 1 else ""
        lines.append((Moment(record.execution.first_sent_at), f": sent to Chargebee{times}"))
    if record.ended_at is not None:
        lines.append((Moment(record.ended_at), f": ended, {STATE[record.state]}"))
    return lines


# Reading the small forms back


def _reason_input(label: str, hint: str, *, optional: bool = False) -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": INPUT,
        "multiline": True,
        "max_length": DECISION_REASON_MAX,
    }
    if not optional:
        element["min_length"] = REASON_MIN
    return input_block(field_block("reason"), label, element, hint=hint, optional=optional)


def read_reason(state: Mapping[str, Mapping[str, Any]]) -> str:
    """The reason typed into the reject, cancel or settle form. `state` is `view.state.values`."""
    typed = (state.get(field_block("reason")) or {}).get(INPUT) or {}
    return str(typed.get("value") or "").strip()[:DECISION_REASON_MAX]


def read_happened(state: Mapping[str, Mapping[str, Any]]) -> bool | None:
    """The answer of the settle form; None when nothing was chosen."""
    chosen = (state.get(field_block("happened")) or {}).get(INPUT) or {}
    value = (chosen.get("selected_option") or {}).get("value")
    return {"yes": True, "no": False}.get(str(value))
