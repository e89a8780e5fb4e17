"""`Store`: everything durable, in one SQLite file that several processes may share.

One public coroutine is one transaction (but `verify`, which looks page by page).

    requests    next_ref create apply get by_requester by_document find_open waiting
                refs only, so that one unreadable record stops nothing else: in_state due_work expired to_remind
    audit       note audit audit_page head verify             (trail.py)
    errands     claim_errands delivered postponed given_up    (outbox.py)
    messages    message remember_message ref_of_message       (outbox.py)
    drafts      save_draft draft drop_draft drop_drafts_before
    deliveries  seen_before
    itself      open close healthy statistics

There is no clock here: `now` comes in, in unix seconds. Everything raises StoreError when the file fails.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from bot.core.errors import Conflict
from bot.core.ids import format_ref
from bot.core.lifecycle import ENDED, Event, State, possible
from bot.core.record import AuditEntry, BillingRequest, Change, Errand
from bot.store.outbox import Outbox
from bot.store.schema import connect
from bot.store.trail import Trail
from bot.store.transactions import reads, writes
from bot.store.values import Draft, Overtaken, Statistics, StoreError

#: Slack repeats an event for at most 24 hours (Events API, "Delayed events"); the rest is room for clocks.
SEEN_FOR_S = 2 * 24 * 3600
CAN_EXPIRE = tuple(state for state in State if possible(state, Event.EXPIRE))


class Store(Trail, Outbox):
    """See the module's docstring. Made by `Store.open`."""

    @classmethod
    async def open(cls, path: str) -> Self:
        """Open or create the database at `path`; ":memory:" gives one that is gone after `close`."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        try:
            return cls(await asyncio.get_running_loop().run_in_executor(thread, connect, path), thread)
        except BaseException:
            thread.shutdown(wait=False)
            raise

    async def close(self) -> None:
        """Finish what was begun, then close. Afterwards every other method raises StoreError."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
            self._thread.shutdown()

    # ------------------------------------------------------------------ requests

    @writes
    def next_ref(self, at_least: int = 0) -> str:
        """A ref that was never given before: the next number, or `at_least`, whichever is higher."""
        [(number,)] = self._db.execute(
            "UPDATE meta SET value = max(value + 1, ?) WHERE key = 'last_ref' RETURNING value", (at_least,)
        ).fetchall()
        return format_ref(number)

    @writes
    def create(
        self, record: BillingRequest, audit: tuple[AuditEntry, ...], errands: tuple[Errand, ...] = ()
    ) -> BillingRequest:
        """Save a new record. Raises Conflict when its ref is taken."""
        columns = {"ref": record.ref, **_columns(record)}
        inserted = self._db.execute(
            f"INSERT INTO requests ({', '.join(columns)})"  # noqa: S608 - our own column names
            f" VALUES ({', '.join(f':{name}' for name in columns)}) ON CONFLICT (ref) DO NOTHING",
            columns,
        )
        if inserted.rowcount != 1:
            raise Conflict("This request was made already.")
        self._save_beside(record, audit, errands)
        return record

    @writes
    def apply(self, change: Change) -> BillingRequest:
        """Save a record's next value with what is beside it. Raises Overtaken when it is not the next."""
        columns = _columns(change.record)
        updated = self._db.execute(
            f"UPDATE requests SET {', '.join(f'{name} = :{name}' for name in columns)}"  # noqa: S608 - our own column names
            " WHERE ref = :ref AND version = :read_version",
            {**columns, "ref": change.record.ref, "read_version": change.record.version - 1},
        )
        if updated.rowcount != 1:
            raise Overtaken("Somebody else was faster: this request has changed in the meantime.")
        self._save_beside(change.record, change.audit, change.errands)
        return change.record

    @reads
    def get(self, ref: str) -> BillingRequest | None:
        return next(iter(self._records("WHERE ref = ?", ref)), None)

    @reads
    def in_state(self, state: State, limit: int) -> list[str]:
        """Refs of requests in `state`, oldest first."""
        return self._refs("WHERE state = ? ORDER BY id LIMIT ?", state, limit)

    @reads
    def due_work(self, now: int, limit: int) -> list[str]:
        """Refs of unfinished requests whose `next_at` has come, the longest due first."""
        return self._refs("WHERE open = 1 AND next_at <= ? ORDER BY next_at LIMIT ?", now, limit)

    @reads
    def expired(self, now: int, limit: int) -> list[str]:
        """Refs of requests whose `expires_at` has come, in a state that can expire, the longest expired first."""
        return self._refs(
            f"WHERE open = 1 AND expires_at <= ? AND state IN ({', '.join('?' * len(CAN_EXPIRE))})"
            " ORDER BY expires_at LIMIT ?",
            now,
            *CAN_EXPIRE,
            limit,
        )

    @reads
    def to_remind(self, now: int, limit: int) -> list[str]:
        """Refs of requests still waiting for approval whose `remind_at` has come, the longest waiting first."""
        return self._refs(
            "WHERE open = 1 AND remind_at <= ? AND state = ? ORDER BY remind_at LIMIT ?",
            now,
            State.PENDING,
            limit,
        )

    @reads
    def waiting(self, limit: int) -> list[BillingRequest]:
        """Requests that wait for approval, oldest first."""
        return self._records("WHERE state = ? ORDER BY id LIMIT ?", State.PENDING, limit)

    @reads
    def by_requester(self, user_id: str, limit: int, *, unfinished: bool = False) -> list[BillingRequest]:
        """What one person asked for and confirmed, newest first; with `unfinished` only what has not ended."""
        return self._records(
            "WHERE requester_id = ? AND submitted_at IS NOT NULL AND open >= ? ORDER BY id DESC LIMIT ?",
            user_id,
            int(unfinished),
            limit,
        )

    @reads
    def by_document(self, document_id: str, limit: int, offset: int = 0) -> list[BillingRequest]:
        """Confirmed requests that touch a Chargebee document or made it, newest first."""
        return self._records(
            "JOIN request_documents ON request_id = id WHERE document_id = ? AND submitted_at IS NOT NULL"
            " ORDER BY request_id DESC LIMIT ? OFFSET ?",
            document_id,
            limit,
            offset,
        )

    @reads
    def find_open(self, operation: str, document_id: str) -> BillingRequest | None:
        """The newest request for this operation on this document that was confirmed and has not ended."""
        return next(
            iter(
                self._records(
                    "JOIN request_documents AS at ON at.request_id = id"
                    " WHERE at.document_id = ? AND at.operation = ? AND at.open = 1 AND state <> ?"
                    " ORDER BY at.request_id DESC LIMIT 1",
                    document_id,
                    operation,
                    State.PREVIEWED,
                )
            ),
            None,
        )

    def _records(self, rest: str, *values: str | int) -> list[BillingRequest]:
        rows = self._db.execute(f"SELECT record FROM requests {rest}", values)  # noqa: S608 - `rest` is ours, values are bound
        return [BillingRequest.model_validate_json(record) for (record,) in rows]

    def _refs(self, rest: str, *values: str | int) -> list[str]:
        return [ref for (ref,) in self._db.execute(f"SELECT ref FROM requests {rest}", values)]  # noqa: S608 - as above

    def _save_beside(
        self, record: BillingRequest, audit: tuple[AuditEntry, ...], errands: tuple[Errand, ...]
    ) -> None:
        """Everything that is written with a record, in the transaction that writes it."""
        created = record.outcome.created if record.outcome else ()
        for document_id in (*record.plan.documents, *created):
            self._db.execute(
                "INSERT INTO request_documents (document_id, request_id, operation, open)"
                " SELECT ?, id, operation, open FROM requests WHERE ref = ?"
                " ON CONFLICT DO UPDATE SET open = excluded.open",
                (document_id, record.ref),
            )
        self._append(audit)
        at = audit[-1].at if audit else record.created_at
        for errand in errands:
            self._owe(errand, at)

    # ------------------------------------------------------------------ drafts

    @writes
    def save_draft(self, draft: Draft) -> None:
        """Save a draft in place of a lower version of it. Raises Conflict when one as high is there."""
        saved = self._db.execute(
            "INSERT INTO drafts (id, version, expires_at, draft) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE"
            " SET version = excluded.version, expires_at = excluded.expires_at, draft = excluded.draft"
            " WHERE excluded.version > drafts.version",
            (draft.id, draft.version, draft.expires_at, draft.model_dump_json()),
        )
        if saved.rowcount != 1:
            raise Conflict("This form was changed in the meantime.")

    @reads
    def draft(self, draft_id: str) -> Draft | None:
        """A saved draft, expired or not."""
        found = self._db.execute("SELECT draft FROM drafts WHERE id = ?", (draft_id,)).fetchone()
        return Draft.model_validate_json(found[0]) if found else None

    @writes
    def drop_draft(self, draft_id: str) -> None:
        self._db.execute("DELETE FROM drafts WHERE id = ?", (draft_id,))

    @writes
    def drop_drafts_before(self, at: int) -> int:
        """Drop the drafts that expire before `at`; how many those were."""
        return self._db.execute("DELETE FROM drafts WHERE expires_at < ?", (at,)).rowcount

    # ------------------------------------------------------------------ deliveries

    @writes
    def seen_before(self, delivery_key: str, now: int) -> bool:
        """Whether this delivery was seen in the last two days. It counts as seen from now on."""
        self._db.execute("DELETE FROM deliveries WHERE at < ?", (now - SEEN_FOR_S,))
        return (
            self._db.execute("INSERT OR IGNORE INTO deliveries VALUES (?, ?)", (delivery_key, now)).rowcount
            == 0
        )

    # ------------------------------------------------------------------ itself

    async def healthy(self) -> bool:
        """Whether the database takes and keeps a value now."""
        try:
            return await self._probe()
        except StoreError:
            return False

    @writes
    def _probe(self) -> bool:
        [(before,)] = self._db.execute("SELECT value FROM meta WHERE key = 'probe'")
        self._set_meta(probe=before + 1)
        return self._db.execute("SELECT value FROM meta WHERE key = 'probe'").fetchall() == [(before + 1,)]

    @reads
    def statistics(self, now: int) -> Statistics:
        """Figures for readiness and metrics; none of them takes longer the more history there is."""
        counts = self._db.execute("SELECT state, requests FROM request_counts WHERE requests > 0")
        [(owed, oldest)] = self._db.execute(
            "SELECT count(*), min(created_at) FROM errands WHERE closed_at IS NULL"
        )
        return Statistics(
            requests={State(state): count for state, count in counts},
            owed_errands=owed,
            oldest_owed_s=None if oldest is None else max(0, now - oldest),
            audit_rows=self._head().seq,
        )


def _columns(record: BillingRequest) -> dict[str, Any]:
    """The columns that follow from a record, and the record."""
    return {
        "version": record.version,
        "state": record.state,
        "open": int(record.state not in ENDED),
        "operation": record.operation,
        "requester_id": record.requester.user_id,
        "team_id": record.requester.team_id,
        "customer_id": record.plan.customer.id if record.plan.customer else "",
        "created_at": record.created_at,
        "submitted_at": record.submitted_at,
        "expires_at": record.expires_at,
        "remind_at": record.remind_at,
        "next_at": record.next_at,
        "record": record.model_dump_json(),
    }
