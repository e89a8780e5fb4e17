"""Every id the bot puts into Slack and gets back, in one place. Unknown ids raise; a test holds each to a listener.

A `callback_id` names a modal, an `action_id` names a button or a field that reports, a `block_id` names a form's field.
`private_metadata` and button values carry one id of ours (a ref or a draft's id) and nothing else: what they stand for is
read from the database, never from Slack.
"""

from enum import StrEnum


class Callback(StrEnum):
    """Modals that can be submitted."""

    FORM = "form"  # private_metadata: draft id
    LINE = "line"  # one line of a credit note; draft id
    PREVIEW = "preview"  # ref
    REVIEW = "review"  # ref
    REJECT = "reject"  # ref
    CANCEL = "cancel"  # ref
    SETTLE = "settle"  # ref; a person says how an uncertain request ended
    SHOWN = "shown"  # nothing to submit: checking, refusals, results


class Click(StrEnum):
    """Buttons, and fields that report a change."""

    REVIEW = "request.review"  # value: ref
    REJECT = "request.reject"
    CANCEL = "request.cancel"
    LOOK = "request.look"  # look again whether an uncertain change happened
    SETTLE = "request.settle"
    SHOW = "request.show"  # the whole request, read only
    CHANGE = "preview.change"  # back to the form; value: ref
    FIELD = "form.field"  # a field others depend on was filled
    LINE_ADD = "form.line_add"  # value: draft id
    LINE_REMOVE = "form.line_remove"  # value: "<draft id>:<index>"
    LINE_TEMPLATE = "line.template"  # which line; the form of the line follows it
    START = "operation.start"  # value: operation name; from help and Home
    LINK = "link"  # a button that only opens an address; Slack reports it all the same


class Pick(StrEnum):
    """Fields whose choices are looked up while somebody types (external selects)."""

    CUSTOMER = "pick.customer"
    SUBSCRIPTION = "pick.subscription"
    INVOICE = "pick.invoice"
    CREDIT_NOTE = "pick.credit_note"


#: A plain input, which reports nothing by itself.
INPUT = "input"
_FIELD = "field:"


def field_block(field: str, revision: str = "") -> str:
    """The block id of a form's field. A new `revision` makes Slack forget what was typed there."""
    return f"{_FIELD}{field}:{revision}" if revision else f"{_FIELD}{field}"


def field_of(block_id: str) -> str | None:
    """The field a block id stands for, or None when the block is not a field."""
    return block_id.removeprefix(_FIELD).split(":", 1)[0] if block_id.startswith(_FIELD) else None
