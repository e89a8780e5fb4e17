"""Errands owed, and the messages they left in Slack.

An errand is delivered at least once, and in order where order is seen: of one ref, one kind and one recipient
only the oldest owed can be claimed, and a reminder waits for the card it hangs on. So a channel that cannot be
reached holds up only what goes there. A claim is a lease. It can lapse while its holder is still at work;
`attempts` tells the holder's claim from the next one, so that only the newest claim can postpone or give up.
Whoever delivers first closes the errand.
"""

from collections.abc import Collection

from bot.core.record import Errand, ErrandKind
from bot.store.transactions import Connected, reads, writes
from bot.store.values import MessageRef, OwedErrand

CLAIMABLE = """
    SELECT id FROM errands AS mine
    WHERE closed_at IS NULL AND due_at <= :now AND kind IN ({kinds}) AND (leased_until IS NULL OR leased_until <= :now)
      AND NOT EXISTS (
        SELECT 1 FROM errands AS earlier
        WHERE earlier.ref = mine.ref AND earlier.id < mine.id AND earlier.closed_at IS NULL
          AND (
            (earlier.kind = mine.kind AND earlier.recipient = mine.recipient)
            OR (mine.kind = 'reminder' AND earlier.kind = 'card')
          )
      )
    ORDER BY due_at, created_at, id LIMIT :limit
"""


class Outbox(Connected):
    """The part of `Store` that is about errands and messages."""

    def _owe(self, errand: Errand, at: int) -> None:
        """Put an errand into the outbox. A card that nobody is drawing yet will show this change too."""
        if errand.kind is ErrandKind.CARD:
            waiting = self._db.execute(
                "SELECT 1 FROM errands WHERE ref = ? AND kind = ? AND closed_at IS NULL"
                " AND leased_until IS NULL LIMIT 1",
                (errand.ref, errand.kind),
            )
            if waiting.fetchone():
                return
        self._db.execute(
            "INSERT INTO errands (ref, kind, topic, recipient, created_at) VALUES (?, ?, ?, ?, ?)",
            (errand.ref, errand.kind, errand.topic, errand.to, at),
        )

    @writes
    def claim_errands(
        self, now: int, limit: int, lease_s: int, kinds: Collection[ErrandKind] = tuple(ErrandKind)
    ) -> list[OwedErrand]:
        """Up to `limit` errands of these kinds to deliver now, the longest due first; in order as the module says.

        They are this caller's until `now + lease_s`; afterwards anybody may claim them again.
        """
        claimable = CLAIMABLE.format(kinds=", ".join(f"'{kind}'" for kind in kinds))
        rows = self._db.execute(
            f"UPDATE errands SET attempts = attempts + 1, leased_until = :until WHERE id IN ({claimable})"  # noqa: S608 - ours
            " RETURNING id, ref, kind, topic, recipient, attempts",
            {"now": now, "limit": limit, "until": now + lease_s},
        ).fetchall()
        return [
            OwedErrand(id=id_, errand=Errand(kind=kind, ref=ref, topic=topic, to=to), attempts=attempts)
            for id_, ref, kind, topic, to, attempts in sorted(rows)
        ]

    @writes
    def delivered(self, owed: OwedErrand, now: int, message: MessageRef | None = None, key: str = "") -> bool:
        """Close an errand, and remember `message` under its ref, its kind and `key`.

        False when it was closed before (somebody with a later lease was faster): nothing is remembered then.
        """
        closed = self._db.execute(
            "UPDATE errands SET closed_at = ?, leased_until = NULL, last_error = ''"
            " WHERE id = ? AND closed_at IS NULL",
            (now, owed.id),
        )
        if closed.rowcount == 1 and message:
            self._remember(owed.errand.ref, owed.errand.kind, key, message)
        return closed.rowcount == 1

    @writes
    def postponed(self, owed: OwedErrand, until: int, error_code: str) -> bool:
        """Try again at `until`. False, and nothing changed, when the errand is no longer this claim's."""
        return self._settle(owed, "due_at = ?, last_error = ?", until, error_code)

    @writes
    def given_up(self, owed: OwedErrand, now: int, error_code: str) -> bool:
        """Never try again; later errands of the ref go on. False, and nothing changed, as for `postponed`."""
        return self._settle(owed, "closed_at = ?, given_up = 1, last_error = ?", now, error_code)

    def _settle(self, owed: OwedErrand, assignments: str, *values: str | int) -> bool:
        return (
            self._db.execute(
                f"UPDATE errands SET leased_until = NULL, {assignments}"  # noqa: S608 - ours
                " WHERE id = ? AND attempts = ? AND closed_at IS NULL",
                (*values, owed.id, owed.attempts),
            ).rowcount
            == 1
        )

    # ------------------------------------------------------------------ messages

    @reads
    def message(self, ref: str, kind: str, key: str = "") -> MessageRef | None:
        found = self._db.execute(
            "SELECT channel, ts, drawn FROM messages WHERE ref = ? AND kind = ? AND key = ?", (ref, kind, key)
        ).fetchone()
        return MessageRef(channel=found[0], ts=found[1], drawn=found[2]) if found else None

    @writes
    def remember_message(self, ref: str, kind: str, message: MessageRef, key: str = "") -> None:
        """Remember a message under (ref, kind, key), instead of the one that was there."""
        self._remember(ref, kind, key, message)

    @reads
    def ref_of_message(self, channel: str, ts: str) -> str | None:
        """Which request a message in Slack is about."""
        found = self._db.execute(
            "SELECT ref FROM messages WHERE channel = ? AND ts = ?", (channel, ts)
        ).fetchone()
        return str(found[0]) if found else None

    def _remember(self, ref: str, kind: str, key: str, message: MessageRef) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO messages (ref, kind, key, channel, ts, drawn) VALUES (?, ?, ?, ?, ?, ?)",
            (ref, kind, key, message.channel, message.ts, message.drawn),
        )
