"""What would happen, as a value: exactly one call, before -> after rows, warnings.

A plan is made three times for one request: for the preview, for the approver's review and just before the call leaves. Its
`fingerprint` covers everything that a person consents to (the call, its headers, the rows, the amount), so that a
materially identical plan keeps its approval and any other does not.
"""

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.core.money import Money


class Frozen(BaseModel):
    """A value: immutable, and refusing fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Day(Frozen):
    """A point in time a person reads as a date. `at` in unix seconds."""

    at: int


#: What a row can show. None is "nothing there" (an object that does not exist yet, a field Chargebee left out).
Value = Money | Day | str | None


class Row(Frozen):
    """One field of one document, before and after. `key` is stable, `group` names the document for people."""

    key: str
    group: str
    label: str
    before: Value
    after: Value


class Party(Frozen):
    """A Chargebee customer as people know it."""

    id: str
    name: str


class Call(Frozen):
    """The one mutating call. `path` holds raw segments after `/api/{api}`; `form` holds wire names in order.

    `comment_field` names the form field that ends up as an internal comment in Chargebee, or is empty.
    """

    api: Literal["v1", "v2"]
    path: tuple[str, ...]
    form: tuple[tuple[str, str], ...] = ()
    comment_field: str = ""


class Options(Frozen):
    """The request headers an agent can choose, of those the policy offers (Chargebee: "Advanced features").

    The three switches are `chargebee-event-webhook`, `-email` and `-actions: all-disabled`.
    """

    business_entity_id: str = ""
    silence_webhooks: bool = False
    silence_emails: bool = False
    silence_actions: bool = False


class Plan(Frozen):
    """Exactly what would happen.

    `documents` are the Chargebee ids this touches, for history. `note_on` is (entity type, id) of the document on which a
    note is left when the call has no comment of its own. `amount` decides the gate's tier; None means the amount is unknown
    and the strictest tier applies.
    """

    operation: str
    summary: str
    call: Call
    options: Options = Options()
    rows: tuple[Row, ...]
    warnings: tuple[str, ...] = ()
    amount: Money | None
    customer: Party | None
    documents: tuple[str, ...]
    note_on: tuple[str, str]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what a person consents to. Wording may change without asking anybody again."""
        consented = self.model_dump(
            mode="json",
            include={
                "operation": True,
                "call": True,
                "options": True,
                "amount": True,
                "customer": {"id"},
                "rows": True,
            },
        )
        text = json.dumps(consented, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


class Difference(Frozen):
    """A row that is not what was said. `said` is what a person saw, `found` what is there."""

    group: str
    label: str
    said: Value
    found: Value


def drifted(approved: Plan, fresh: Plan) -> tuple[Difference, ...]:
    """What changed between two plans for the same request, field by field. Empty when the fingerprints are equal."""
    if approved.fingerprint == fresh.fingerprint:
        return ()
    old = {row.key: row for row in approved.rows}
    new = {row.key: row for row in fresh.rows}
    found: list[Difference] = []
    for key in [*old, *(key for key in new if key not in old)]:
        a, b = old.get(key), new.get(key)
        for half, name in (("before", "now"), ("after", "afterwards")):
            said, is_now = (getattr(row, half) if row else None for row in (a, b))
            if said != is_now:
                row = a or b
                assert row is not None
                found.append(
                    Difference(group=row.group, label=f"{row.label} ({name})", said=said, found=is_now)
                )
    if not found:
        found.append(
            Difference(
                group=approved.summary, label="What would be sent", said="as approved", found="different"
            )
        )
    return tuple(found)


def missed(plan: Plan, actual: dict[str, Value]) -> tuple[Difference, ...]:
    """Rows whose outcome is not what was predicted. `actual` maps row keys to what Chargebee shows now."""
    return tuple(
        Difference(group=row.group, label=row.label, said=row.after, found=actual.get(row.key))
        for row in plan.rows
        if row.after != actual.get(row.key)
    )
