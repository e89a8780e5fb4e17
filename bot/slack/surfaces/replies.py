"""Private answers to commands: help, who am I, what is waiting, what happened to a document, and what went wrong."""

from collections.abc import Sequence

from bot.core.errors import BotError
from bot.core.lifecycle import Event, possible
from bot.core.record import Actor, BillingRequest
from bot.operations.base import AnyOperation, asks
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
    context,
    message,
    rich,
    section,
)
from bot.slack.values import Viewer, headline, time_left
from bot.slack.wording import SIGN, STATE, older, sentence

MOST_LISTED = 15


def usage(op: AnyOperation) -> str:
    """`/write-off INVOICE REASON`, from the fields that have a place on the command line."""
    placed = sorted((ask.place, ask.label) for ask in asks(op.params).values() if ask.place)
    return " ".join((op.command, *(label.upper() for _, label in placed)))


def usage_message(op: AnyOperation) -> Message:
    """How one command is written, field by field."""
    fields = [(Bold(name), f": {ask.label}. {ask.hint}".strip()) for name, ask in asks(op.params).items()]
    intro = (Bold(usage(op)), f": {op.summary} Alone, it opens a form. Fields can be named:")
    text = f"{usage(op)}: {op.summary} Fields: {', '.join(asks(op.params))}."
    return message(text, [rich(intro), rich(*fields, bullets=True), context(op.undo)])


def plain_message(text: str) -> Message:
    return message(text, [rich((text,))])


def error_message(error: BotError) -> Message:
    """What went wrong and what to do next."""
    return plain_message(sentence(error))


def help_message(
    operations: Sequence[AnyOperation], *, decides: bool = False, closed: str = "", unknown: str = ""
) -> Message:
    """What this person may ask for, and how. `closed`: why that is nothing at all. `unknown`: what was not understood."""
    if closed:
        return plain_message(closed)
    own: list[Line] = [
        (Bold("/billing pending"), ": what waits for your decision, and what you have asked for."),
        (
            Bold("/billing history INV-1042"),
            ": what was asked for on an invoice, a credit note or a customer.",
        ),
        (Bold("/billing whoami"), ": who you are here and what you may do."),
    ]
    intro = [unknown] if unknown else []
    if operations:
        intro.append(
            "What you can ask for. A command alone opens a form; nothing happens before you have seen a preview."
        )
    else:
        intro.append(role_sentence(decides))
    blocks = [rich((" ".join(intro),)), *start_blocks(operations), rich(*own, bullets=True)]
    if operations:
        blocks.append(
            context(
                'Fields can be named: comment="duplicate of INV-1040". '
                "A Chargebee link can be pasted instead of an id."
            )
        )
    commands = ", ".join(op.command for op in operations)
    first = f"You can ask for: {commands}." if operations else role_sentence(decides)
    parts = (unknown, first, "/billing pending, history and whoami answer questions.")
    return message(" ".join(filter(None, parts)), blocks)


def role_sentence(decides: bool) -> str:
    """For somebody who holds a role and asks for nothing."""
    if decides:
        return "You decide on what others ask for: in the channel for approvals, or from /billing pending."
    return "You may look at requests, but neither ask for a billing change nor decide on one."


def start_blocks(operations: Sequence[AnyOperation]) -> list[Block]:
    """Each operation with a button that opens its form. One block each: an action id comes once in a block."""
    return [
        section(f"{usage(op)}\n{op.summary}", button(op.title, Click.START, op.name)) for op in operations
    ]


def whoami_message(
    actor: Actor, operations: Sequence[AnyOperation], decides: Sequence[AnyOperation] = ()
) -> Message:
    """What the bot knows about a person, what they may ask for, and what they may decide on when others ask."""
    roles = ", ".join(actor.roles) or "none"
    may, judge = (", ".join(op.title for op in found) or "nothing" for found in (operations, decides))
    lines: list[Line] = [
        (Bold("You are: "), actor.name, ", ", Person(actor.user_id)),
        (Bold("In Chargebee's log: "), actor.email),
        (Bold("Roles: "), roles),
        (Bold("You may ask for: "), may),
        (Bold("You may decide, when others ask: "), judge),
        (Bold("Language and time zone: "), f"{actor.locale}, {actor.tz}"),
    ]
    text = f"You are {actor.name}. Roles: {roles}. You may ask for: {may}. You may decide, when others ask: {judge}."
    return message(text, [rich(*lines)])


def request_line(record: BillingRequest, viewer: Viewer) -> Line:
    """One request in a list: what, by whom, how it stands, how long is left."""
    expires = possible(record.state, Event.EXPIRE)
    left = f", {time_left(record.expires_at - viewer.now)}" if expires else ""
    return (
        f"{SIGN[record.state]} {headline(record, viewer)}. Asked for by ",
        Person(record.requester.user_id),
        f": {STATE[record.state]}{left}.",
    )


def request_blocks(records: Sequence[BillingRequest], viewer: Viewer) -> list[Block]:
    """Requests with a button each. A list is not redrawn when a request changes, so its button only leads to the request,
    where what is possible then can be done.
    """
    blocks: list[Block] = []
    for record in records[:MOST_LISTED]:
        blocks += [rich(request_line(record, viewer)), actions(button("Open", Click.SHOW, record.ref))]
    hidden = len(records) - MOST_LISTED
    if hidden > 0:
        blocks.append(context(f"{hidden} more {'is' if hidden == 1 else 'are'} not shown here."))
    return blocks


def pending_message(
    waiting: Sequence[BillingRequest], own: Sequence[BillingRequest], viewer: Viewer
) -> Message:
    """What waits for this person, and what they have asked for that has not ended."""
    if not waiting and not own:
        return plain_message("Nothing waits for your decision, and nothing that you asked for is open.")
    most = MOST_LISTED // 2
    blocks: list[Block] = []
    if waiting:
        blocks += [rich((Bold("Waiting for your decision"),)), *request_blocks(waiting[:most], viewer)]
        blocks += [context(f"And {len(waiting) - most} more.")] if len(waiting) > most else []
    if own:
        blocks += [rich((Bold("Asked for by you"),)), *request_blocks(own[:most], viewer)]
        blocks += [context(f"And {len(own) - most} more.")] if len(own) > most else []
    listed: Line = tuple(
        part for r in (*waiting[:most], *own[:most]) for part in (" ", *request_line(r, viewer))
    )
    counts = f"Waiting for your decision: {len(waiting)}. Asked for by you and open: {len(own)}."
    return message((counts, *listed), blocks)


def history_message(
    document: str, records: Sequence[BillingRequest], viewer: Viewer, *, page: int = 1, more: bool = False
) -> Message:
    """What was asked for about one document, newest first. `more`: there are older ones than this page's."""
    if not records:
        also = " any further back" if page > 1 else ""
        return plain_message(f"Nothing that you may see was asked for about {document}{also}.")
    blocks: list[Block] = [rich((Bold(f"What was asked for about {document}"),))]
    shown = records[:MOST_LISTED]
    for record in shown:
        line = (Moment(record.created_at), ": ", *request_line(record, viewer))
        blocks += [rich(line), actions(button("Open", Click.SHOW, record.ref))]
    further = older(document, page) if more or len(records) > len(shown) else ""
    if further:
        blocks.append(context(further))
    listed: Line = tuple(part for record in shown for part in (" ", *request_line(record, viewer)))
    return message((f"What was asked for about {document}:", *listed, f" {further}"), blocks)
