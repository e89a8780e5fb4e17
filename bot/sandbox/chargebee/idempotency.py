"""Idempotency keys, remembered for 30 minutes of the site's clock.

    same key, same request          the stored answer, with `chargebee-idempotency-replayed: true`
    same key, other request         422 unable_to_process_request
    same key, first still running   429 lock_timeout                              (a reading)
    after the window                a new request

Only answers that succeeded are stored: what was refused may be corrected and sent again with the same key (a
reading). A key belongs to the site, and the request is its method, path and parameters (a reading; headers
do not count). Sources: Chargebee docs, API v1, "Idempotent requests"; chargebee/openapi v1, answer 422.
"""

from dataclasses import dataclass

from bot.sandbox.chargebee import errors

WINDOW_S = 30 * 60


@dataclass(frozen=True)
class Stored:
    """An answer as it went out, and until when it is remembered (unix seconds)."""

    fingerprint: str
    body: bytes
    expires_at: float


class IdempotencyKeys:
    """The keys of one site."""

    def __init__(self) -> None:
        self._stored: dict[str, Stored] = {}
        self._running: dict[str, str] = {}

    def begin(self, key: str, fingerprint: str, now: float) -> bytes | None:
        """The stored body when this is a repeat; otherwise None, and the key is running until `end`."""
        if key in self._running:
            raise errors.locked() if self._running[key] == fingerprint else errors.key_reused()
        stored = self._stored.get(key)
        if stored is not None and now < stored.expires_at:
            if stored.fingerprint != fingerprint:
                raise errors.key_reused()
            return stored.body
        self._running[key] = fingerprint
        return None

    def end(self, key: str, body: bytes | None, now: float) -> None:
        """The request has run. `body` is the answer to remember, or None when it did not succeed."""
        fingerprint = self._running.pop(key)
        if body is not None:
            self._stored[key] = Stored(fingerprint, body, now + WINDOW_S)
