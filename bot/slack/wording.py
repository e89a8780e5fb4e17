"""Every sentence the bot says about a request or an error, as functions of values. Pure.

    sentence         an error -> what happened and what to do next (`what_happened`, `next_step`)
    STATE, standing  where a request stands: in a few words; in whole sentences, with people and times
    told             a topic (`submitted`, `done`, ...) -> the line for the notices channel
    told_in_person   the same for one person
    after_...        what a submitted modal says

Lines are parts (`bot.slack.surfaces.blocks.Line`), so that names, reasons and Chargebee's texts stay text wherever
they come from. Nothing is called done before the record says so; uncertain is not failed, expired is not rejected.
`values.py` has the words for amounts, days, rows and people.
"""

from collections.abc import Callable, Sequence

from bot.core.errors import (
    BotError,
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refused,
    Stale,
    Throttled,
    Uncertain,
    Unreached,
)
from bot.core.lifecycle import WORDS, State
from bot.core.record import BillingRequest, Requirement
from bot.slack.surfaces.blocks import Line, Moment, Part, Person, visible
from bot.slack.values import all_of, customer_text, duration

# Errors


_LEAD: tuple[tuple[type[BotError], str], ...] = (
    (Uncertain, "Chargebee did not give a clear answer."),
    (Throttled, "Chargebee is busy."),
    (Unreached, "Chargebee could not be reached, so nothing was changed."),
    (Stale, "Something changed in Chargebee in the meantime."),
    (NotFound, "Chargebee does not know this."),
    (Refused, "Chargebee refused this."),
    (NotPermitted, "You may not do this."),
    (Conflict, "Somebody else was faster."),
)


def sentence(error: BotError) -> str:
    """What happened and what to do next, for the person who caused it."""
    return " ".join(filter(None, (what_happened(error), next_step(error))))


def what_happened(error: BotError) -> str:
    said = error.message.strip()
    if isinstance(error, InvalidInput):
        said = " ".join(dict.fromkeys(error.problems.values()))
    if not said:
        said = next((lead for kind, lead in _LEAD if isinstance(error, kind)), "This did not work.")
    return _stopped(said)


def next_step(error: BotError) -> str:
    """What the person can do now, or nothing."""
    if not error.hint.strip() and isinstance(error, Throttled):
        seconds = max(1, round(error.retry_after_s))
        return f"Try again in {seconds} second{'s' * (seconds != 1)}."
    return _stopped(error.hint.strip())


def bug(incident: str) -> str:
    """For an error nobody foresaw. `incident` finds it in the log."""
    return (
        f"Something went wrong inside Billing Bot (incident {incident}). Your request's card shows what really happened; "
        "if there is no card, nothing was sent to Chargebee. Tell whoever runs the bot the incident's number."
    )


#: An id of a button, modal or operation that the bot does not have (any more), as after an update, or forged.
NOT_KNOWN = "Billing Bot does not know this button or form, or not any more. Nothing was done."
NOT_KNOWN_HINT = "Begin again with the command; /billing pending shows what is open."


def _stopped(text: str) -> str:
    return text if not text or text[-1] in ".!?…:)”" else f"{text}."


# Where a request stands


STATE = WORDS

SIGN: dict[State, str] = {
    State.PREVIEWED: "📝",
    State.PENDING: "⏳",
    State.APPROVED: "⏳",
    State.EXECUTING: "⏳",
    State.SETTLING: "⏳",
    State.UNCERTAIN: "❓",
    State.DONE: "✅",
    State.FAILED: "❌",
    State.REJECTED: "🚫",
    State.CANCELLED: "↩️",
    State.EXPIRED: "⌛",
    State.STALE: "🔄",
}


#: States a request is in only when all approvals were there and nobody stopped it.
UNDER_WAY = frozenset(
    {State.APPROVED, State.EXECUTING, State.SETTLING, State.UNCERTAIN, State.DONE, State.FAILED}
)

#: So many people are named; of a larger circle the roles are.
MOST_NAMED = 8


def needed(requirement: Requirement, approvers: Sequence[str] = ()) -> Line:
    """Who has to approve, before anybody has. `approvers`: Slack ids or names of those who could."""
    count = requirement.approvals
    if not count:
        return ("Nobody else has to approve.",)
    if 0 < len(approvers) <= MOST_NAMED:
        some = () if len(approvers) == count else ("One of " if count == 1 else f"{count} of ",)
        return (*some, *all_of(approvers), " must approve.")
    people = "One person" if count == 1 else f"{count} people"
    role = f" with the role {' or '.join(requirement.roles)}" if requirement.roles else ""
    return (f"{people}{role} must approve.",)


def given(record: BillingRequest) -> Line:
    """Which approvals there are and how many are missing."""
    votes = [vote for vote in record.approvals if vote.fingerprint == record.fingerprint]
    if not record.requirement.approvals:
        return ("No approval was needed.",)
    parts: list[Part] = []
    for index, vote in enumerate(votes):
        parts += [
            "Approved by " if not index else ", ",
            Person(vote.actor.user_id),
            " (",
            Moment(vote.at),
            ")",
        ]
    missing = max(0, record.requirement.approvals - len(votes))
    if votes:
        parts.append(".")
    if missing and record.state is State.PENDING:
        parts.append(
            f"{' ' if votes else ''}{missing} {'more ' if votes else ''}approval{'s' * (missing > 1)} needed."
        )
    elif not votes:
        parts.append("Nobody has approved it.")
    return tuple(parts)


def approved_by(record: BillingRequest) -> Line:
    """`. Approved by @Bo and @Fiona.`, or a full stop where nobody had to."""
    people = [vote.actor.user_id for vote in record.approvals]
    return (". Approved by ", *all_of(people), ".") if people else (".",)


def rejection(record: BillingRequest) -> Line:
    vote = next((vote for vote in reversed(record.votes) if vote.verdict == "reject"), None)
    if vote is None:
        return ("Rejected.",)
    return ("Rejected by ", Person(vote.actor.user_id), " (", Moment(vote.at), ")", *_because(vote.reason))


def _because(reason: str) -> Line:
    return (f": “{visible(reason)}”.",) if reason.strip() else (".",)


def _outcome(record: BillingRequest) -> str:
    return _stopped(record.outcome.sentence.strip()) if record.outcome else ""


def _decided_by_a_person(record: BillingRequest) -> Line:
    """An uncertain request that a person ended after having looked in Chargebee."""
    if record.outcome is None or record.outcome.by is None:
        return ()
    happened = "happened" if record.state is State.DONE else "did not happen"
    who = record.outcome.by.user_id
    return (
        Person(who),
        f" looked in Chargebee and says that it {happened}",
        *_because(record.outcome.sentence),
    )


def _done(record: BillingRequest) -> Line:
    by_hand = _decided_by_a_person(record)
    if by_hand:
        return ("Settled by a person. ", *by_hand)
    created = record.outcome.created if record.outcome else ()
    made = f" New in Chargebee: {', '.join(created)}." if created else ""
    if record.outcome and record.outcome.differences:
        return (f"Done, but Chargebee does not show everything as expected.{_remark(record)}{made}",)
    return (f"Done. Chargebee was read again and shows what was expected.{_remark(record)}{made}",)


def _remark(record: BillingRequest) -> str:
    """What Chargebee said although it did it, such as a payment that did not go through."""
    said = "" if record.outcome and record.outcome.by else _outcome(record)
    return f" {said}" if said else ""


def _failed(record: BillingRequest) -> Line:
    by_hand = _decided_by_a_person(record)
    if by_hand:
        return ("Settled by a person. ", *by_hand)
    return ("It failed. ", _outcome(record) or "Chargebee did not make this change.")


def _uncertain(record: BillingRequest) -> Line:
    why = _outcome(record) or "Chargebee did not answer."
    where = " and ".join(record.plan.documents) or customer_text(record.plan) or "the customer"
    ask_not = "The bot keeps looking; do not ask for it again before this is settled."
    return (
        f"{why} Nobody knows yet whether it happened. {ask_not} To see for yourself, look at {where} in Chargebee.",
    )


def _stale(record: BillingRequest) -> Line:
    who = Person(record.requester.user_id)
    return (*_stopped_before(record), " ", who, " can ask again if it is still wanted.")


def _stopped_before(record: BillingRequest) -> Line:
    why = _outcome(record) or "Something changed in Chargebee since this was asked for."
    when = "anything was sent to" if record.execution is None else "anything was changed in"
    return (f"Stopped before {when} Chargebee. {why}",)


def _untouched(record: BillingRequest) -> str:
    """An attempt that Chargebee provably did not take was sent all the same."""
    return f"Nothing was {'sent to' if record.execution is None else 'changed in'} Chargebee."


def _expired(record: BillingRequest) -> Line:
    if len(record.approvals) >= record.requirement.approvals:
        return ("It expired before it could be carried out. Nothing was changed in Chargebee.",)
    who = "enough people had approved it" if record.approvals else "anybody had decided"
    return (f"It expired before {who}. Nobody rejected it, and nothing was sent to Chargebee.",)


def _pending(record: BillingRequest) -> Line:
    return ("Waiting for approval. ", *given(record))


#: A state -> what is known, in whole sentences.
_STANDING: dict[State, Callable[[BillingRequest], Line]] = {
    State.PREVIEWED: lambda _: ("A preview. Nothing has been asked for yet.",),
    State.PENDING: _pending,
    State.APPROVED: lambda r: (
        "Waiting for Chargebee: it could not take this yet, nothing has changed, and the bot tries again."
        if r.retries
        else "Approved. It starts in a moment; nothing has been sent yet.",
    ),
    State.EXECUTING: lambda _: ("Being sent to Chargebee now. The result follows here.",),
    State.SETTLING: lambda _: ("Chargebee has accepted it and is working on it. The result follows here.",),
    State.UNCERTAIN: _uncertain,
    State.DONE: _done,
    State.FAILED: _failed,
    State.REJECTED: lambda r: (*rejection(r), f" {_untouched(r)}"),
    State.CANCELLED: lambda r: (
        "Cancelled by ",
        Person(r.requester.user_id),
        f". {_untouched(r)}",
    ),
    State.EXPIRED: _expired,
    State.STALE: _stale,
}


def standing(record: BillingRequest) -> Line:
    """What is known about `record` now."""
    return _STANDING[record.state](record)


# Notices and direct messages. A topic may be delivered late, so each sentence stays true when more has happened since.


def _resolved(record: BillingRequest) -> Line:
    return _decided_by_a_person(record) or standing(record)


def _approval(record: BillingRequest) -> Line:
    people = [vote.actor.user_id for vote in record.approvals]
    missing = max(0, record.requirement.approvals - len(people))
    more = f" {missing} more needed." if missing and record.state is State.PENDING else ""
    return ("Approved by ", *all_of(people), f".{more}") if people else ("Approved.",)


def _submitted(record: BillingRequest) -> Line:
    who: Line = ("Asked for by ", Person(record.requester.user_id), *_because(record.reason))
    return (*who, " ", *needed(record.requirement))


#: Topics whose sentence says what happened then; all others say how the request stands.
_TOPICS: dict[str, Callable[[BillingRequest], Line]] = {
    "submitted": _submitted,
    "approved": _approval,
    "resolved": _resolved,
    "waiting": lambda _: (
        "Chargebee could not take it just then. Nothing had changed, and the bot tries again by itself.",
    ),
    "settling": lambda _: ("Chargebee has accepted it and finishes later.",),
    "uncertain": lambda r: (
        _uncertain(r)
        if r.state is State.UNCERTAIN
        else ("For a while it was not known whether it happened.",)
    ),
}

#: For the requester, where the general sentence would sound odd.
_IN_PERSON: dict[str, Callable[[BillingRequest], Line]] = {
    "submitted": lambda r: (
        "You asked for this. ",
        *needed(r.requirement),
        " You will hear what they decide.",
    ),
    "approved": lambda r: (*_approval(r), " You will hear how it ended."),
    "cancelled": lambda r: (f"You cancelled this. {_untouched(r)}",),
    "stale": lambda r: (
        (*_stopped_before(r), " Ask again if it is still wanted.") if r.state is State.STALE else standing(r)
    ),
    "expired": lambda r: (*standing(r), " Ask again if it is still wanted."),
}


def told(record: BillingRequest, topic: str) -> Line:
    """What `topic` says in the notices channel."""
    return _TOPICS.get(topic, standing)(record)


def told_in_person(record: BillingRequest, topic: str, to: str) -> Line:
    """What `topic` says to one person."""
    own = _IN_PERSON.get(topic) if to == record.requester.user_id else None
    return own(record) if own else told(record, topic)


def happens_on_submit(record: BillingRequest, approvers: Sequence[str]) -> Line:
    """What a click on the preview's button leads to."""
    if record.requirement.approvals:
        return (
            *needed(record.requirement, approvers),
            f" They have {duration(record.requirement.expires_s)}. Nothing changes in Chargebee before that.",
        )
    return ("Nobody else has to approve: it happens as soon as you confirm.",)


# Short answers on the way


CHECKING = "Checking with Chargebee what this would change. Nothing is changed by looking."
READING = "Reading from Chargebee…"
TAKEN = "This was taken over. Close it to go on."
CHOOSE_LINE = "Choose a line first."
CHOOSE_HAPPENED = "Choose what Chargebee shows."
#: A reason shorter than this says nothing.
REASON_MIN = 3
SAY_WHY = "Say why, in a few words."


def too_late(record: BillingRequest) -> str:
    """For a click on something that was possible once."""
    return f"{record.ref}: {STATE[record.state]}. There is nothing left to do here."


def unknown_word(word: str) -> str:
    return f"/billing does not know “{word}”."


def history_usage(problem: str) -> str:
    return f"{_stopped(problem)} Write it like this: /billing history INV-1042"


def older(document: str, page: int) -> str:
    return f"There are older ones: /billing history {document} {page + 1}"


def looking(ref: str) -> str:
    return f"The bot looks in Chargebee what became of {ref}. The card will show the result."


def use_as_typed(document: str) -> str:
    return f"Use {document} as typed"


def after_submit(record: BillingRequest, approvers: Sequence[str] = ()) -> list[Line]:
    """What the modal says once the request is stored."""
    if record.requirement.approvals:
        asked: Line = ("Asked for. ", *needed(record.requirement, approvers))
        return [asked, ("You will be told what they decide. Nothing has been changed yet.",)]
    return [("Confirmed. It starts in a moment, and you will be told how it ended.",)]


def after_approval(record: BillingRequest) -> list[Line]:
    if record.state is State.PENDING:
        return [("Your approval is noted. ", *given(record))]
    enough = " Nobody else's is needed." if record.state in UNDER_WAY else ""
    return [(f"Your approval is noted.{enough} ", *standing(record))]


def after_rejection(record: BillingRequest) -> list[Line]:
    return [standing(record), (Person(record.requester.user_id), " will be told.")]


def after_cancel(record: BillingRequest) -> list[Line]:
    return [standing(record)]


def after_settle(record: BillingRequest) -> list[Line]:
    return [standing(record)]
