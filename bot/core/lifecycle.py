"""The life of a billing request: one table. What is not in it cannot happen; ended states are written as empty rows."""

from enum import StrEnum

from bot.core.errors import Conflict


class State(StrEnum):
    PREVIEWED = "previewed"
    PENDING = "pending"
    APPROVED = "approved"
    EXECUTING = "executing"
    SETTLING = "settling"
    UNCERTAIN = "uncertain"
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STALE = "stale"


class Event(StrEnum):
    SUBMIT = "submit"  # the requester confirmed, and others have to approve
    WAIVE = "waive"  # the requester confirmed, and the policy asks nobody else
    APPROVE = "approve"  # one approval, more are needed
    COMPLETE = "complete"  # the approval that completes the quorum
    REJECT = "reject"
    CANCEL = "cancel"
    EXPIRE = "expire"
    DRIFT = "drift"  # the facts, or the people who count, are no longer those of the approval
    START = "start"  # committed before the call leaves
    CONFIRM = "confirm"  # it happened, and we saw it
    ACCEPT = "accept"  # Chargebee took it and finishes later
    REFUSE = "refuse"  # it did not happen
    LOSE = "lose"  # we do not know
    UNSENT = "unsent"  # the call provably never arrived


S, E = State, Event

TRANSITIONS: dict[State, dict[Event, State]] = {
    S.PREVIEWED: {E.SUBMIT: S.PENDING, E.WAIVE: S.APPROVED, E.CANCEL: S.CANCELLED, E.EXPIRE: S.EXPIRED},
    S.PENDING: {
        E.APPROVE: S.PENDING,
        E.COMPLETE: S.APPROVED,
        E.REJECT: S.REJECTED,
        E.CANCEL: S.CANCELLED,
        E.EXPIRE: S.EXPIRED,
        E.DRIFT: S.STALE,
    },
    S.APPROVED: {E.START: S.EXECUTING, E.DRIFT: S.STALE, E.CANCEL: S.CANCELLED, E.EXPIRE: S.EXPIRED},
    S.EXECUTING: {
        E.CONFIRM: S.DONE,
        E.ACCEPT: S.SETTLING,
        E.REFUSE: S.FAILED,
        E.LOSE: S.UNCERTAIN,
        E.UNSENT: S.APPROVED,
    },
    S.SETTLING: {E.CONFIRM: S.DONE, E.REFUSE: S.FAILED, E.LOSE: S.UNCERTAIN},
    # An e-invoice may be found on its way after a crash: it is then waited for like any other.
    S.UNCERTAIN: {E.CONFIRM: S.DONE, E.REFUSE: S.FAILED, E.ACCEPT: S.SETTLING},
    S.DONE: {},
    S.FAILED: {},
    S.REJECTED: {},
    S.CANCELLED: {},
    S.EXPIRED: {},
    S.STALE: {},
}

#: A state as people read it.
WORDS: dict[State, str] = {
    S.PREVIEWED: "being prepared",
    S.PENDING: "waiting for approval",
    S.APPROVED: "approved, not started yet",
    S.EXECUTING: "being sent to Chargebee",
    S.SETTLING: "accepted by Chargebee, not finished yet",
    S.UNCERTAIN: "not known whether it happened",
    S.DONE: "done",
    S.FAILED: "failed",
    S.REJECTED: "rejected",
    S.CANCELLED: "cancelled",
    S.EXPIRED: "expired",
    S.STALE: "out of date",
}

ENDED = frozenset(state for state, row in TRANSITIONS.items() if not row)


def advance(state: State, event: Event) -> State:
    """The state after `event`. Raises Conflict when `event` cannot happen in `state`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise Conflict(f"This request is {WORDS[state]}, so it is too late for that.") from None


def possible(state: State, event: Event) -> bool:
    """Whether `event` can happen in `state`: what decides which buttons a card offers."""
    return event in TRANSITIONS[state]


def diagram() -> str:
    """The table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", "    [*] --> previewed"]
    lines += [
        f"    {state.value} --> {after.value}: {event.value}"
        for state, row in TRANSITIONS.items()
        for event, after in row.items()
    ]
    lines += [f"    {state.value} --> [*]" for state in TRANSITIONS if state in ENDED]
    return "\n".join(lines)
