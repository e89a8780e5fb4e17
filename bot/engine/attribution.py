"""Who asked and who approved, as it is left in Chargebee. Pure.

In the call's own comment where it has one with room for it (`Call.comment_field`), else in a comment of its own on the
document. Chargebee's log names only the API key and the requester.
"""

from bot.core.plan import Call
from bot.core.record import BillingRequest

#: A comment in Chargebee.
COMMENT_LIMIT = 300


def attribution(record: BillingRequest) -> str:
    """Who asked and who approved, for the internal note in Chargebee."""
    names = " and ".join(vote.actor.name for vote in record.approvals)
    return f"asked by {record.requester.name}" + (f", approved by {names}" if names else "")


def attributed(record: BillingRequest) -> Call:
    """The approved call, with the attribution added to its comment where the call has one and there is room.

    The same for every attempt of one execution, because Chargebee refuses a known key with another payload.
    """
    call = record.plan.call
    form = tuple(
        (name, _with_attribution(record, text) if name == call.comment_field else text)
        for name, text in call.form
    )
    return call.model_copy(update={"form": form})


def needs_note(record: BillingRequest) -> bool:
    """Whether the attribution has to be left as a comment of its own."""
    return attributed(record) == record.plan.call


def note_text(record: BillingRequest) -> str:
    """The note left in Chargebee when the call has no comment of its own. Chargebee's client cuts it to what fits."""
    reason = f" Reason: {record.reason}" if record.reason else ""
    return f"[{record.ref}] {record.plan.summary}, {attribution(record)}.{reason}"


def _with_attribution(record: BillingRequest, text: str) -> str:
    longer = f"{text} {attribution(record)}"
    return longer if len(longer) <= COMMENT_LIMIT else text
