"""Errors, named for what happened to the money.

    BotError
    ├── InvalidInput         the agent can fix a field          -> the field's error in the form
    ├── NotPermitted         an administrator can fix it        -> told in private, with the decision's reason
    ├── Refusal              the object's state forbids it      -> the preview says why; nothing was sent
    ├── Conflict             somebody else was faster           -> the card shows what happened
    ├── Stale                the facts changed since approval   -> preview again
    └── ChargebeeError
        ├── Refused          Chargebee said no                  -> nothing changed
        │   └── NotFound     there is no such thing             -> nothing changed
        ├── Throttled        Chargebee said not now             -> nothing changed; again after `retry_after_s`
        ├── Unreached        the call never left                -> nothing changed; safe to send again
        └── Uncertain        no answer that can be trusted      -> it may have changed; look first

Every error carries a stable `code`, a `message` for the person who caused it (a whole sentence) and a `hint` (what to do
next; may be empty). Nothing is ever classified by its message.
"""

from collections.abc import Mapping
from typing import ClassVar


class BotError(Exception):
    """Base of everything the bot raises on purpose."""

    code: ClassVar[str] = "bot_error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidInput(BotError):
    """Something a person typed cannot be used. `problems` maps a field of the form to a sentence."""

    code = "invalid_input"

    def __init__(self, problems: Mapping[str, str], *, hint: str = "") -> None:
        super().__init__(" ".join(problems.values()), hint=hint)
        self.problems = dict(problems)


class NotPermitted(BotError):
    """The policy says no. `rule` names the line of the policy that said so."""

    code = "not_permitted"

    def __init__(self, message: str, *, rule: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.rule = rule


class Refusal(BotError):
    """A documented precondition does not hold; nothing was sent. `hint` says what would fix it."""

    code = "refusal"


class Conflict(BotError):
    """Somebody else changed the request first, or it is past the point where this was possible."""

    code = "conflict"


class Stale(BotError):
    """What would happen now is not what was shown or approved."""

    code = "stale"


class ChargebeeError(BotError):
    """A call to Chargebee did not end in a 200. `status` is None where there was no answer.

    `api_error_code`, `kind` (Chargebee's `type`) and `param` are Chargebee's own words, empty where absent.
    """

    code = "chargebee"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        api_error_code: str = "",
        kind: str = "",
        param: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.api_error_code = api_error_code
        self.kind = kind
        self.param = param


class Refused(ChargebeeError):
    """4xx: Chargebee said no and nothing changed.

    One exception: a refused *payment* (`kind == "payment"`) may leave an invoice behind, which is why `is_payment` exists.
    """

    code = "refused"

    @property
    def is_payment(self) -> bool:
        return self.kind == "payment"


class NotFound(Refused):
    """404: Chargebee has no such document."""

    code = "not_found"


class Throttled(ChargebeeError):
    """429: nothing changed. `retry_after_s` is how long Chargebee asked us to wait."""

    code = "throttled"

    def __init__(
        self, message: str, *, retry_after_s: float, status: int = 429, api_error_code: str = ""
    ) -> None:
        super().__init__(message, status=status, api_error_code=api_error_code)
        self.retry_after_s = retry_after_s


class Unreached(ChargebeeError):
    """The connection was never made: nothing changed, and sending again is safe."""

    code = "unreached"


class Uncertain(ChargebeeError):
    """Time-out, broken stream or 5xx after the call may have left: it may have changed. Look before anything else."""

    code = "uncertain"
