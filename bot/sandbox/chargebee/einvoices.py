"""E-invoices of credit notes: scheduled by a call, finished as time passes.

    (none)           send   -> scheduled
    failed, skipped  send   -> scheduled, as a new e-invoice
    failed, skipped  resend -> scheduled, the same e-invoice
    scheduled               -> in_progress after one step
    in_progress             -> success | failed | skipped | ... after another

Sending is refused when e-invoicing is off for the site or the customer, when it is automatic, when the note
is voided, and when an e-invoice is there that is neither failed nor skipped. How a sending ends is told by
`plan`, else by what the customer's seed says, else it succeeds. A step is `einvoice_step_s` of the site's
clock; `advance` is called before every answer. Sources: chargebee/openapi v2, "Send an einvoice for credit
notes", whose conditions on an e-invoice that is already there contradict each other (the table above is the
reading taken); the statuses also from Chargebee SDK for Node 3.33, types. The steps and their order are
inferred; which of send and resend a failed e-invoice wants is not settled by the docs.
"""

from bot.sandbox.chargebee import errors
from bot.sandbox.chargebee.documents import Document
from bot.sandbox.chargebee.state import SCHEDULED_JOB, Actor, Call, State

STATUSES = (
    "scheduled",
    "skipped",
    "in_progress",
    "success",
    "failed",
    "registered",
    "accepted",
    "rejected",
    "message_acknowledgement",
    "in_process",
    "under_query",
    "conditionally_accepted",
    "paid",
)
REPEATABLE = ("failed", "skipped")
UNDER_WAY = ("scheduled", "in_progress")


def send(state: State, call: Call) -> dict[str, Document]:
    note = _sendable(state, call)
    einvoice = note.get("einvoice")
    if einvoice is not None and einvoice["status"] not in REPEATABLE:
        raise errors.wrong_state(f"an e-invoice is there already: {einvoice['status']}")
    number = state.number("einv_")
    note["einvoice"] = {"id": number, "reference_number": number.upper(), "object": "einvoice"}
    return _schedule(state, call, note)


def resend(state: State, call: Call) -> dict[str, Document]:
    note = _sendable(state, call)
    if note.get("einvoice", {}).get("status") not in REPEATABLE:
        raise errors.wrong_state("there is no failed or skipped e-invoice to send again")
    return _schedule(state, call, note)


def plan(state: State, note_id: str, status: str, message: str | None, actor: Actor) -> Document:
    """Say how the e-invoice of a note ends: at once when one is under way, otherwise the next one.

    Raises ValueError for an unknown status, `ApiError` 404 for an unknown note.
    """
    if status not in STATUSES:
        raise ValueError(f"an e-invoice is one of {', '.join(STATUSES)}, not {status!r}")
    note = state.find("credit_note", note_id)
    if note.get("einvoice", {}).get("status") in UNDER_WAY:
        _move(state, note, status, message, at=state.time(), actor=actor)
        note.pop("_einvoice_due", None)
        if status in UNDER_WAY:
            note["_einvoice_due"] = state.time() + state.settings.einvoice_step_s
    else:
        note["_einvoice_outcome"] = (status, message)
    return note


def advance(state: State) -> None:
    """Let every e-invoice under way come as far as the clock says."""
    for note in state.all("credit_note").values():
        while (due := note.get("_einvoice_due")) is not None and due <= state.time():
            if note["einvoice"]["status"] == "scheduled":
                _move(state, note, "in_progress", at=due, actor=SCHEDULED_JOB)
                note["_einvoice_due"] = due + state.settings.einvoice_step_s
            else:
                customer = state.all("customer").get(note["customer_id"], {})
                told = note.pop("_einvoice_outcome", None) or customer.get("_einvoice_outcome")
                status, message = told or ("success", None)
                del note["_einvoice_due"]
                _move(state, note, status, message, at=due, actor=SCHEDULED_JOB)


def _sendable(state: State, call: Call) -> Document:
    note = state.find("credit_note", call.document_id)
    if note["status"] == "voided":
        raise errors.wrong_state("the credit note is voided")
    if not state.settings.einvoicing_enabled:
        raise errors.incompatible("e-invoicing is not enabled for the site")
    customer = state.find("customer", note["customer_id"])
    if not customer.get("is_einvoice_enabled"):
        raise errors.incompatible("e-invoicing is not enabled for the customer")
    method = customer.get("einvoicing_method", "site_default")
    if method == "site_default":
        method = state.settings.einvoicing_method
    if method == "automatic":
        raise errors.incompatible("e-invoices are sent automatically")
    return note


def _schedule(state: State, call: Call, note: Document) -> dict[str, Document]:
    note["_einvoice_due"] = state.time() + state.settings.einvoice_step_s
    _move(state, note, "scheduled", at=state.time(), actor=call.actor)
    return {"credit_note": note}


def _move(
    state: State, note: Document, status: str, message: str | None = None, *, at: float, actor: Actor
) -> None:
    """The e-invoice reaches a status at a time."""
    note["einvoice"]["status"] = status
    note["einvoice"].pop("message", None)
    if message is not None:
        note["einvoice"]["message"] = message
    state.touch(note, at)
    state.record("credit_note_updated", actor, note, at=at)
