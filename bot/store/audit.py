"""The audit's hash chain, as pure functions.

    hash of row n = SHA-256 of {"entry": the entry, "previous": hash of row n - 1, "seq": n} as canonical JSON

Canonical JSON: keys sorted, no spaces, ASCII only. Row 1 follows `GENESIS`, sixty-four zeros. The head, (seq,
hash) of the last row, is kept apart from the rows, so that missing rows at the end are noticed too.

Whoever can rewrite the whole file can cut rows and head together, or make a new chain from the start. Nothing
inside the file can show that: only a head that was written down elsewhere can.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import NamedTuple

from bot.core.plan import Frozen
from bot.core.record import AuditEntry


class Head(Frozen):
    """The end of a chain: how many rows, and the hash of the last."""

    seq: int
    hash: str


GENESIS = Head(seq=0, hash="0" * 64)


WHOLE = (
    "Every row follows from the one before, and the last one is the recorded head. "
    "Rows that were cut off together with the head show only against a head that was kept elsewhere."
)


class Link(NamedTuple):
    """One row as it is stored: `entry` is canonical JSON."""

    seq: int
    entry: str
    hash: str


class AuditRow(Frozen):
    """One row as it is read: with `previous`, it can be verified alone."""

    seq: int
    entry: AuditEntry
    previous: str
    hash: str


class Break(Frozen):
    """Where a chain does not hold, and why, in a sentence."""

    seq: int
    reason: str


class ChainReport(Frozen):
    """The answer of a verification. `rows` counts those that hold; `first_bad_seq` is None when all do."""

    rows: int
    ok: bool
    first_bad_seq: int | None
    reason: str


def canonical(entry: AuditEntry) -> str:
    """An entry as canonical JSON. Raises ValueError for a detail that JSON cannot hold."""
    return json.dumps(entry.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(seq: int, entry: str, previous: str) -> str:
    """The hash of a row, in hex. `entry` is canonical already, so the outer object is written by hand."""
    return hashlib.sha256(f'{{"entry":{entry},"previous":"{previous}","seq":{seq}}}'.encode()).hexdigest()


def seal(head: Head, entry: AuditEntry) -> Link:
    """The row that comes after `head`."""
    seq, text = head.seq + 1, canonical(entry)
    return Link(seq, text, digest(seq, text, head.hash))


def follow(head: Head, links: Iterable[Link]) -> Head | Break:
    """Walk on from `head` along rows in the order of their numbers: the new head, or the first break."""
    seq, previous = head.seq, head.hash
    for link in links:
        seq += 1
        if link.seq != seq:
            return Break(seq=seq, reason=f"Row {seq} is missing: row {link.seq} comes after row {seq - 1}.")
        if link.hash != digest(seq, link.entry, previous):
            return Break(
                seq=seq,
                reason=f"Row {seq} does not follow from its own content and row {seq - 1}: "
                "one of them was changed or moved.",
            )
        previous = link.hash
    return Head(seq=seq, hash=previous)


def report(found: Head | Break, recorded: Head) -> ChainReport:
    """Compare the end of the rows with the recorded head."""
    if isinstance(found, Break):
        return ChainReport(rows=found.seq - 1, ok=False, first_bad_seq=found.seq, reason=found.reason)
    if found == recorded:
        return ChainReport(rows=found.seq, ok=True, first_bad_seq=None, reason=WHOLE)
    if found.seq < recorded.seq:
        bad = found.seq + 1
        reason = (
            f"Row {bad} is missing: the recorded head is row {recorded.seq}, but the last row is {found.seq}."
        )
    elif found.seq > recorded.seq:
        bad = recorded.seq + 1
        reason = f"Row {bad} comes after the recorded head, row {recorded.seq}: it, or the head, was changed."
    else:
        bad = found.seq
        reason = f"Row {bad} is not the recorded head: it, or the head, was changed."
    return ChainReport(rows=bad - 1, ok=False, first_bad_seq=bad, reason=reason)
