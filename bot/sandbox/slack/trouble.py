"""Trouble on demand: what can go wrong between the app and Slack, each for a given number of times.

    rate_limited     {method, times, retry_after_s}   HTTP 429 with Retry-After; the call is not performed
    fail             {method, times, error}           `ok: false` with that error
    server_error     {method, times, status}          an HTML page with that status; the call is not performed
    cut_after_apply  {method, times}                  the call is performed, then the connection is cut
    lose_ack         {times, of}                      delivered and answered, the answer is ignored, the person sees an error
    duplicate        {times, of}                      the next delivery happens twice
    stale_signature  {times, by_s}                    HTTP delivery signed with a timestamp that many seconds old
    bad_signature    {times}                          HTTP delivery signed with another secret

`method` is a Web API method, `*` any. `of` narrows deliveries to one kind (`block_actions`, `slash_commands`, …); empty
means any. What happens to the workspace itself (sockets dropped, a channel archived, the bot removed, a message
deleted) takes effect at once and stands in `control.py`.
"""

from dataclasses import dataclass, field
from typing import Any

API_KINDS = ("rate_limited", "fail", "server_error", "cut_after_apply")
DELIVERY_KINDS = ("lose_ack", "duplicate", "stale_signature", "bad_signature")


@dataclass
class Trouble:
    """One kind of trouble that is still to happen `times` times."""

    kind: str
    match: str = "*"
    times: int = 1
    detail: dict[str, Any] = field(default_factory=dict)


class Troubles:
    """The troubles that are waiting. Taking one uses it up."""

    def __init__(self) -> None:
        self._waiting: list[Trouble] = []

    def add(self, trouble: Trouble) -> None:
        self._waiting.append(trouble)

    def take(self, *kinds: str, match: str) -> Trouble | None:
        """The first waiting trouble of one of these kinds that applies to `match`, used up by one; None if none."""
        for trouble in self._waiting:
            if trouble.kind in kinds and trouble.match in ("*", match):
                trouble.times -= 1
                if trouble.times <= 0:
                    self._waiting.remove(trouble)
                return trouble
        return None

    def clear(self) -> None:
        self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        return [
            {"kind": one.kind, "match": one.match, "times": one.times, **one.detail} for one in self._waiting
        ]
