"""What the store hands out besides records: small values, and its errors. Times are unix seconds."""

from typing import Any

from pydantic import Field

from bot.core.errors import BotError, Conflict
from bot.core.lifecycle import State
from bot.core.plan import Frozen
from bot.core.record import Errand


class StoreError(BotError):
    """The database cannot be used, or did not take a change: then nothing of that change was saved."""

    code = "store"


class Overtaken(Conflict):
    """The request has another version than the one this change was made from: read it again, and decide again."""


class MessageRef(Frozen):
    """A message in Slack. `drawn` is a hash of the picture in it, so that an equal one is not sent again."""

    channel: str
    ts: str
    drawn: str = ""


class OwedErrand(Frozen):
    """An errand claimed for delivery. `attempts` counts this claim, and is the fencing token of its lease."""

    id: int
    errand: Errand
    attempts: int


class Draft(Frozen):
    """A form that somebody is filling in. `values` are JSON values. Only a higher `version` replaces it.

    `lines_from` holds the ids of the modals whose line is among the values, so that none is added twice.
    """

    id: str
    user_id: str
    team_id: str
    operation: str
    values: dict[str, Any] = Field(default_factory=dict)
    lines_from: tuple[str, ...] = ()
    channel: str = ""
    created_at: int
    expires_at: int
    version: int = 0


class Statistics(Frozen):
    """How much there is. States without a request are absent; `oldest_owed_s` is None when none is owed."""

    requests: dict[State, int]
    owed_errands: int
    oldest_owed_s: int | None
    audit_rows: int
