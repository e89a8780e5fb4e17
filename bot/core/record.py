"""The durable record of one billing request, and the rows written beside it in the same transaction.

    BillingRequest   the record; every change makes a new value with `version + 1`
    AuditEntry       one line of the append-only, hash-chained audit
    Errand           one thing to deliver afterwards: redraw the card, post a notice, tell a person, leave a note
    Change           a record's new value together with its audit lines and errands: one transaction

All times are unix seconds by the bot's clock.
"""

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from bot.core.lifecycle import ENDED, State
from bot.core.plan import Difference, Frozen, Options, Plan

#: After this long a call that left is not on its way any more; absence is then proof.
ON_ITS_WAY_S = 180


class Actor(Frozen):
    """A Slack user resolved to a Chargebee e-mail and a set of roles. `email` goes out as the request's origin user."""

    user_id: str
    team_id: str
    name: str
    email: str
    roles: tuple[str, ...] = ()
    locale: str = "en-US"
    tz: str = "UTC"


class Requirement(Frozen):
    """What the policy asks for, as it stood at submit. `rule` names the line of the policy, `policy` its hash."""

    approvals: int
    roles: tuple[str, ...]
    rule: str
    policy: str
    expires_s: int
    remind_s: int


class Vote(Frozen):
    """One person's decision about one plan."""

    actor: Actor
    verdict: Literal["approve", "reject"]
    fingerprint: str
    at: int
    reason: str = ""
    rule: str = ""


class Execution(Frozen):
    """One execution: the key is fixed before the call leaves and is the same for every attempt of it.

    `attempts` counts calls that were about to leave. `first_sent_at` starts Chargebee's 30 minutes of memory, `last_sent_at` is
    the latest moment from which the change could still be on its way. `answer` is the SHA-256 of the 200 that came back; empty
    while there was none.
    """

    number: int
    key: str
    first_sent_at: int
    last_sent_at: int
    attempts: int = 1
    answer: str = ""
    replayed: bool = False


class Outcome(Frozen):
    """How it ended, in a sentence, with what is known. `created` are ids of documents the call made."""

    sentence: str
    differences: tuple[Difference, ...] = ()
    created: tuple[str, ...] = ()
    code: str = ""
    by: Actor | None = None


class BillingRequest(Frozen):
    """One billing request. `params`, `facts` are the operation's own models as JSON values."""

    ref: str
    version: int = 0
    operation: str
    state: State = State.PREVIEWED
    requester: Actor
    origin_channel: str = ""
    params: dict[str, Any]
    options: Options = Options()
    facts: dict[str, Any]
    plan: Plan
    fingerprint: str
    requirement: Requirement
    votes: tuple[Vote, ...] = ()
    execution: Execution | None = None
    outcome: Outcome | None = None
    created_at: int
    submitted_at: int | None = None
    expires_at: int
    remind_at: int | None = None
    #: When the worker should look at it again: a retry, a poll, a recovery.
    next_at: int | None = None
    #: How often in a row the worker had to put it off; decides how long it waits next.
    retries: int = 0
    ended_at: int | None = None

    @property
    def unfinished(self) -> bool:
        return self.state not in ENDED

    @property
    def approvals(self) -> tuple[Vote, ...]:
        return tuple(vote for vote in self.votes if vote.verdict == "approve")

    @property
    def reason(self) -> str:
        """Why the requester asks for it, in their words."""
        return str(
            self.params.get("reason") or self.params.get("comment") or self.params.get("description") or ""
        )


class AuditEntry(Frozen):
    """What happened, who did it, by which rule. `detail` holds ids, states, figures; never secrets or e-mails."""

    at: int
    event: str
    ref: str = ""
    user_id: str = ""
    rule: str = ""
    policy: str = ""
    detail: dict[str, Any] = Field(default_factory=dict)


class ErrandKind(StrEnum):
    CARD = "card"  # make the card in the approvals channel equal to the record
    NOTICE = "notice"  # say `topic` in the notices channel, in the request's thread
    DIRECT = "direct"  # tell one person `topic`
    REMINDER = "reminder"  # ask the approvers once more, in the thread of the card
    NOTE = "note"  # leave the note in Chargebee


class Errand(Frozen):
    """One delivery owed. Delivered at least once, in order for each ref; failing never touches the billing change.

    `topic` says what about ("submitted", "done", "reminder", ...); `to` is a Slack user id for a DIRECT errand.
    """

    kind: ErrandKind
    ref: str
    topic: str = ""
    to: str = ""


class Change(Frozen):
    """One transaction: a record's next value, compare-and-set on `record.version - 1`, with what is written beside it."""

    record: BillingRequest
    audit: tuple[AuditEntry, ...]
    errands: tuple[Errand, ...] = ()
