"""Messages about a request: the card, notices, direct messages, reminders. Each is a pure function of the record.

The card is the one message per request in the approvals channel. It offers only what the lifecycle still allows, and
after the end it tells the outcome. Deadlines are points in time that Slack shows in everybody's own zone: a card that is
not redrawn stays true.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.lifecycle import ENDED, Event, State, possible
from bot.core.money import ZERO_DECIMAL
from bot.core.record import BillingRequest
from bot.operations.base import AnyOperation, SiteProfile
from bot.slack.routes import Click
from bot.slack.surfaces.blocks import (
    Block,
    Bold,
    Line,
    Message,
    Moment,
    Person,
    actions,
    button,
    clip,
    context,
    header,
    message,
    rich,
    visible,
)
from bot.slack.surfaces.modal import options_lines, rows_blocks, site_page
from bot.slack.values import (
    Viewer,
    all_of,
    amount_text,
    changed_text,
    customer_text,
    difference_text,
    headline,
    time_left,
)
from bot.slack.wording import (
    MOST_NAMED,
    SIGN,
    STATE,
    approved_by,
    given,
    needed,
    standing,
    told,
    told_in_person,
)

#: How much of a reason stands on the card; the whole of it is in the review and in the request's story.
REASON_SHOWN = 600
#: Ends after which the requester may want to begin anew, with everything as it was entered.
AGAIN = frozenset({State.STALE, State.EXPIRED, State.FAILED, State.REJECTED, State.CANCELLED})
ROWS_SHOWN = 24
#: There is still something to decide.
BEFORE = frozenset({State.PREVIEWED, State.PENDING})


@dataclass(frozen=True, kw_only=True)
class CardContext:
    """What a card needs beside the record. `approvers`: Slack ids or names of those who could approve."""

    zero_decimal: tuple[str, ...] = tuple(sorted(ZERO_DECIMAL))
    approvers: tuple[str, ...] = ()
    web_url: str = ""
    locale: str = "en-US"

    def viewer(self, now: int) -> Viewer:
        """A channel has many readers: their language is the one of `locale`, their days are UTC's."""
        site = SiteProfile(zero_decimal=self.zero_decimal, web_url=self.web_url)
        return Viewer(now=now, site=site, locale=self.locale)


def card(record: BillingRequest, op: AnyOperation, now: int, context_: CardContext) -> Message:
    """The request as it stands. `now` only tells whether the time of a pending request is up."""
    viewer = context_.viewer(now)
    blocks: list[Block] = [
        header(f"{SIGN[record.state]} {record.plan.summary}: {STATE[record.state]}"),
        rich(*_facts(record, viewer)),
        *_warnings(record, op),
        rich((Bold("What would change" if record.state in BEFORE else "What was asked for"),)),
        *rows_blocks(record.plan.rows[:ROWS_SHOWN], viewer),
    ]
    left_out = len(record.plan.rows) - ROWS_SHOWN
    if left_out > 0:
        blocks.append(context(f"{left_out} more fields are in the review."))
    status = _status(record, now, context_)
    blocks += [rich(*status), *_differences(record, viewer)]
    buttons = _buttons(record, context_)
    if buttons:
        blocks.append(actions(*buttons))
    text: Line = (
        f"{SIGN[record.state]} {headline(record, viewer)}. Asked for by ",
        Person(record.requester.user_id),
        _why(record),
        *(part for line in status for part in (" ", *line)),
    )
    return message(text, blocks)


def _facts(record: BillingRequest, viewer: Viewer) -> list[Line]:
    plan = record.plan
    lines: list[Line] = [
        (Bold("Request: "), record.ref),
        (Bold("Amount: "), amount_text(plan.amount, viewer.locale, viewer.site.zero_decimal)),
    ]
    if plan.customer:
        lines.append((Bold("Customer: "), customer_text(plan)))
    lines.append((Bold("Asked for by: "), Person(record.requester.user_id)))
    if record.reason:
        lines.append((Bold("Reason: "), clip(visible(record.reason), REASON_SHOWN)))
    return [*lines, *options_lines(plan)]


def _why(record: BillingRequest) -> str:
    return f", because: “{clip(visible(record.reason), REASON_SHOWN)}”." if record.reason else "."


def _warnings(record: BillingRequest, op: AnyOperation) -> list[Block]:
    """What an approver has to know, while there is something to decide; what can be undone is no warning."""
    if record.state not in BEFORE:
        return []
    lines: list[Line] = [(f"⚠️ {warning}",) for warning in record.plan.warnings[:8]]
    if not op.undoable:
        return [rich(*lines, (f"⚠️ {op.undo}",))]
    return [*([rich(*lines)] if lines else []), context(op.undo)]


def _status(record: BillingRequest, now: int, context_: CardContext) -> list[Line]:
    """What is needed, what has been given, until when; or what became of it."""
    if record.state is State.PENDING:
        lines: list[Line] = [needed(record.requirement, context_.approvers)]
        if record.approvals:
            lines.append(given(record))
        if record.expires_at > now:
            lines.append(("Can be decided until ", Moment(record.expires_at), "."))
        else:
            lines.append(("The time to decide is up.",))
        return lines
    lines = [standing(record)]
    if record.approvals and record.state is not State.REJECTED:
        lines.append(given(record))
    if record.state in ENDED and record.ended_at is not None:
        lines.append(("Ended ", Moment(record.ended_at), "."))
    return lines


def _differences(record: BillingRequest, viewer: Viewer) -> list[Block]:
    found = record.outcome.differences if record.outcome else ()
    if not found:
        return []
    tell = changed_text if record.state is State.STALE else difference_text
    title = "What has changed" if record.state is State.STALE else "Not as expected"
    lines = [tell(difference, viewer) for difference in found[:ROWS_SHOWN]]
    more = [context(f"{len(found) - ROWS_SHOWN} more.")] if len(found) > ROWS_SHOWN else []
    return [rich((Bold(title),)), rich(*lines, bullets=True), *more]


def _buttons(record: BillingRequest, context_: CardContext) -> list[Block]:
    """Only what can still happen."""
    ref, state = record.ref, record.state
    buttons: list[Block] = []
    if possible(state, Event.COMPLETE):
        buttons.append(button("Review", Click.REVIEW, ref, style="primary"))
    if possible(state, Event.REJECT):
        buttons.append(button("Reject", Click.REJECT, ref, style="danger"))
    if possible(state, Event.CANCEL) and record.submitted_at is not None:
        buttons.append(button("Cancel request", Click.CANCEL, ref))
    if state is State.UNCERTAIN:
        buttons += [button("Look again", Click.LOOK, ref), button("Settle…", Click.SETTLE, ref)]
    buttons.append(button("Details", Click.SHOW, ref))
    page = site_page(record, context_.web_url) if state in ENDED or state is State.UNCERTAIN else ""
    if page:
        buttons.append(button("Open in Chargebee", Click.LINK, url=page))
    return buttons


def notice(record: BillingRequest, _op: AnyOperation, topic: str, context_: CardContext) -> Message:
    """`topic` for the notices channel. The first of a request begins a thread, so each stands for itself."""
    return _told(
        record, told(record, topic), context_, who=("Asked for by ", Person(record.requester.user_id))
    )


def direct(record: BillingRequest, _op: AnyOperation, topic: str, to: str, context_: CardContext) -> Message:
    """`topic` for one person, by Slack id."""
    own = to == record.requester.user_id
    who: Line = ("You asked for this",) if own else ("Asked for by ", Person(record.requester.user_id))
    # A direct message is not redrawn, so it offers nothing that could become impossible.
    buttons = [button("Details", Click.SHOW, record.ref)]
    if record.state in AGAIN and own:
        buttons.append(button("Ask again", Click.CHANGE, record.ref))
    return _told(record, told_in_person(record, topic, to), context_, who=who, buttons=buttons)


def reminder(record: BillingRequest, _op: AnyOperation, now: int, context_: CardContext) -> Message:
    """Asks the approvers once more, below the card. `now` is the real one: it says how long is left."""
    votes = len({vote.actor.user_id for vote in record.approvals if vote.fingerprint == record.fingerprint})
    decided = {vote.actor.user_id for vote in record.votes}
    missing = max(0, record.requirement.approvals - votes)
    waiting = [who for who in context_.approvers if who not in decided]
    whom: Line = (*all_of(waiting, "or"), ", please") if 0 < len(waiting) <= MOST_NAMED else ("Please",)
    what: Line = (
        f"Still waiting for {missing} approval{'s' * (missing != 1)}. ",
        *whom,
        f" look at it: {time_left(record.expires_at - now)}, until ",
        Moment(record.expires_at),
        ".",
    )
    return _told(record, what, context_, who=())


def _told(
    record: BillingRequest,
    what: Line,
    context_: CardContext,
    *,
    who: Line,
    buttons: Sequence[Block] = (),
) -> Message:
    """One message: the request in a line, what is said, and after the end who asked and who approved."""
    viewer = context_.viewer(record.created_at)
    head = f"{SIGN[record.state]} {headline(record, viewer)}"
    blocks = [rich((Bold(head),), what)]
    text: Line = (f"{head}. ", *what)
    if record.state in ENDED and who:
        names = (*who, *approved_by(record))
        blocks += [context(names), *_differences(record, viewer)]
        text = (*text, " ", *names)
    page = site_page(record, context_.web_url) if record.state in ENDED else ""
    link = [button("Open in Chargebee", Click.LINK, url=page)] if page else []
    if buttons or link:
        blocks.append(actions(*buttons, *link))
    return message(text, blocks)
