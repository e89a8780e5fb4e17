"""Faults on demand: what can go wrong between a client and Chargebee, told in advance and used up call by
call.

| kind | what the client meets | applied? |
| --- | --- | --- |
| delay | the answer, `seconds` of real time late | yes |
| hold | nothing until `release` is called, then the answer | yes, after the release |
| reset_before | connection reset | no |
| reset_after | connection reset | yes |
| hang_before | no answer until the client gives up | no |
| hang_after | no answer until the client gives up | yes |
| status | this `status`: 4xx as JSON (`Retry-After` when given), 5xx as HTML | as `applied` says |
| lock_timeout | 429 `lock_timeout` | no |

A trouble meets calls whose method equals `method` (when given) and whose path contains `path`, `times` times.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

TroubleKind = Literal[
    "delay", "hold", "reset_before", "reset_after", "hang_before", "hang_after", "status", "lock_timeout"
]
KINDS: tuple[str, ...] = get_args(TroubleKind)


@dataclass(kw_only=True)
class Trouble:
    """One fault to come. `times` counts down as it is met."""

    kind: TroubleKind
    method: str = ""
    path: str = ""
    times: int = 1
    seconds: float = 0.0
    status: int = 503
    retry_after_s: int | None = None
    applied: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a trouble is one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.times < 1:
            raise ValueError("a trouble happens at least once")
        if self.kind == "status" and not 400 <= self.status <= 599:
            raise ValueError("a trouble's status is an error: 400 to 599")

    def meets(self, method: str, path: str) -> bool:
        return (not self.method or self.method.upper() == method) and self.path in path

    def told(self) -> dict[str, Any]:
        return asdict(self)


class Troubles:
    """The faults still to come, first told first met."""

    def __init__(self) -> None:
        self._to_come: list[Trouble] = []

    def add(self, told: Mapping[str, Any]) -> None:
        """Raises ValueError when the trouble makes no sense or has an unknown field."""
        try:
            self._to_come.append(Trouble(**told))
        except TypeError as problem:
            raise ValueError(f"not a trouble: {problem}") from problem

    def meet(self, method: str, path: str) -> Trouble | None:
        """The trouble this call runs into, used up by one."""
        for trouble in self._to_come:
            if trouble.meets(method, path):
                trouble.times -= 1
                if trouble.times == 0:
                    self._to_come.remove(trouble)
                return trouble
        return None

    def clear(self) -> None:
        self._to_come.clear()

    def told(self) -> list[dict[str, Any]]:
        return [trouble.told() for trouble in self._to_come]
