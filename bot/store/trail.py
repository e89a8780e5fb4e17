"""The audit as the database keeps it: rows that are only appended, and the head of their chain."""

from collections.abc import Iterable

from bot.core.record import AuditEntry
from bot.store.audit import GENESIS, AuditRow, ChainReport, Head, Link, follow, report, seal
from bot.store.transactions import Connected, reads, writes

#: Rows verified in one transaction: some 10 ms, in which other work waits.
VERIFY_ROWS = 5_000
#: Lower than any row number, so that a row smuggled in before row 1 is found as well.
BEFORE_ALL = -(2**63)


class Trail(Connected):
    """The part of `Store` that is about the audit."""

    @writes
    def note(self, entries: tuple[AuditEntry, ...]) -> None:
        """Append audit rows that belong to no change: refusals, policy loads, administrators' commands."""
        self._append(entries)

    @reads
    def audit(self, ref: str) -> list[AuditRow]:
        """Everything about one request, oldest first."""
        return self._audit_rows("WHERE this.ref = ? ORDER BY this.seq", ref)

    @reads
    def audit_page(self, after_seq: int, limit: int) -> list[AuditRow]:
        """Rows after `after_seq`, oldest first."""
        return self._audit_rows("WHERE this.seq > ? ORDER BY this.seq LIMIT ?", after_seq, limit)

    @reads
    def head(self) -> Head:
        """The end of the chain, as it should be kept elsewhere too."""
        return self._head()

    async def verify(self) -> ChainReport:
        """Follow the whole chain, a page to a transaction, while other work goes on in between."""
        links, recorded = await self._page(BEFORE_ALL)
        found = follow(GENESIS, links)
        while links and isinstance(found, Head):
            links, recorded = await self._page(found.seq)
            found = follow(found, links)
        return report(found, recorded)

    @reads
    def _page(self, after_seq: int) -> tuple[list[Link], Head]:
        rows = self._db.execute(
            "SELECT seq, entry, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, VERIFY_ROWS)
        )
        return [Link(*row) for row in rows], self._head()

    def _head(self) -> Head:
        kept = dict(
            self._db.execute("SELECT key, value FROM meta WHERE key IN ('audit_head_seq', 'audit_head_hash')")
        )
        return Head(
            seq=kept.get("audit_head_seq", GENESIS.seq), hash=kept.get("audit_head_hash", GENESIS.hash)
        )

    def _append(self, entries: Iterable[AuditEntry]) -> None:
        head = before = self._head()
        for entry in entries:
            link = seal(head, entry)
            self._db.execute("INSERT INTO audit (seq, entry, hash) VALUES (?, ?, ?)", link)
            head = Head(seq=link.seq, hash=link.hash)
        if head != before:
            self._set_meta(audit_head_seq=head.seq, audit_head_hash=head.hash)

    def _set_meta(self, **values: str | int) -> None:
        for key, value in values.items():
            self._db.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))

    def _audit_rows(self, rest: str, *values: str | int) -> list[AuditRow]:
        rows = self._db.execute(
            "SELECT this.seq, this.entry, this.hash, before.hash"  # noqa: S608 - `rest` is ours, values are bound
            f" FROM audit AS this LEFT JOIN audit AS before ON before.seq = this.seq - 1 {rest}",
            values,
        )
        return [
            AuditRow(
                seq=seq,
                entry=AuditEntry.model_validate_json(entry),
                previous=previous or GENESIS.hash,
                hash=own,
            )
            for seq, entry, own, previous in rows
        ]
