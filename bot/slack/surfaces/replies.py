"""Private answers to commands: help, who am I, what is waiting, what happened to a document, and what went wrong."""

from collections.abc import Sequence

from bot.core.errors import BotError
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
from bot.slack.wording import SIGN, STATE, sentence

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


def line_message(line: Line) -> Message:
    return message(line, [rich(line)])


def error_message(error: BotError) -> Message:
    """What went wrong and what to do next."""
    return plain_message(sentence(error))


def help_message(operations: Sequence[AnyOperation]) -> Message:
    """What this person may ask for, and how."""
    if not operations:
        text = (
            "You may not ask for any billing change here. /billing whoami says what the bot knows about you."
        )
        return plain_message(text)
    own: list[Line] = [
        (Bold("/billing pending"), ": what waits for you, and what you have asked for."),
        (
            Bold("/billing history INV-1042"),
            ": what was asked for on an invoice, a credit note or a customer.",
        ),
        (Bold("/billing whoami"), ": who you are here and what you may do."),
    ]
    intro = (
        "What you can ask for. A command alone opens a form; nothing happens before you have seen a preview."
    )
    blocks = [
        rich((intro,)),
        *start_blocks(operations),
        rich(*own, bullets=True),
        context(
            'Fields can be named: comment="duplicate of INV-1040". A Chargebee link can be pasted instead of an id.'
        ),
    ]
    commands = ", ".join(op.command for op in operations)
    return message(
        f"You can ask for: {commands}. /billing pending, history and whoami answer questions.", blocks
    )


def start_blocks(operations: Sequence[AnyOperation]) -> list[Block]:
    """Each operation with a button that opens its form. One block each: an action id comes once in a block."""
    return [
        section(f"{usage(op)}\n{op.summary}", button(op.title, Click.START, op.name)) for op in operations
    ]


def whoami_message(actor: Actor, operations: Sequence[AnyOperation]) -> Message:
    """What the bot knows about a person, and what they may ask for."""
    roles = ", ".join(actor.roles) or "none"
    may = ", ".join(op.title for op in operations) or "nothing"
    lines: list[Line] = [
        (Bold("You are: "), actor.name, ", ", Person(actor.user_id)),
        (Bold("In Chargebee's log: "), actor.email),
        (Bold("Roles: "), roles),
        (Bold("You may ask for: "), may),
        (Bold("Language and time zone: "), f"{actor.locale}, {actor.tz}"),
    ]
    text = f"You are {actor.name}. Roles: {roles}. You may ask for: {may}."
    return message(text, [rich(*lines)])


def request_line(record: BillingRequest, viewer: Viewer) -> Line:
    """One request in a list: what, by whom, how it stands, how long is left."""
    left = f", {time_left(record.expires_at - viewer.now)}" if record.ended_at is None else ""
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
    if len(records) > MOST_LISTED:
        blocks.append(context(f"{len(records) - MOST_LISTED} more are not shown here."))
    return blocks


def pending_message(
    waiting: Sequence[BillingRequest], own: Sequence[BillingRequest], viewer: Viewer
) -> Message:
    """What waits for this person, and what they have asked for that has not ended."""
    if not waiting and not own:
        return plain_message("Nothing is waiting: not for you, and nothing that you asked for.")
    most = MOST_LISTED // 2
    blocks: list[Block] = []
    if waiting:
        blocks += [rich((Bold("Waiting for you"),)), *request_blocks(waiting[:most], viewer)]
        blocks += [context(f"{len(waiting) - most} more wait for you.")] if len(waiting) > most else []
    if own:
        blocks += [rich((Bold("Asked for by you"),)), *request_blocks(own[:most], viewer)]
        blocks += [context(f"{len(own) - most} more of yours.")] if len(own) > most else []
    listed: Line = tuple(
        part for r in (*waiting[:most], *own[:most]) for part in (" ", *request_line(r, viewer))
    )
    return message((f"{len(waiting)} waiting for you, {len(own)} of your own.", *listed), blocks)


def history_message(
    document: str, records: Sequence[BillingRequest], viewer: Viewer, *, more: bool = False
) -> Message:
    """What was asked for about one document, newest first. `more`: there are older ones."""
    if not records:
        return plain_message(f"Nothing that you may see was asked for about {document}.")
    blocks: list[Block] = [rich((Bold(f"What was asked for about {document}"),))]
    shown = records[:MOST_LISTED]
    for record in shown:
        line = (Moment(record.created_at), ": ", *request_line(record, viewer))
        blocks += [rich(line), actions(button("Open", Click.SHOW, record.ref))]
    if more or len(records) > len(shown):
        blocks.append(context("There are older ones."))
    listed: Line = tuple(part for record in shown for part in (" ", *request_line(record, viewer)))
    return message((f"{len(shown)} about {document}:", *listed), blocks)
