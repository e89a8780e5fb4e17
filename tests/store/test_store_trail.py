"""The audit in the database: append-only, chained, and every kind of damage found and named."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import trail
from bot.store.audit import GENESIS, Head, digest
from bot.store.sqlite import Store
from tests.store.examples import a_request, an_entry


async def a_written_trail(path: Path, rows: int = 6) -> None:
    store = await Store.open(str(path))
    await store.note(tuple(an_entry(f"event {number}", ref=f"BR-{number % 2}") for number in range(rows)))
    await store.close()


def tampered(path: Path, *statements: str) -> None:
    """What somebody with the file in their hands can do: the triggers go first."""
    with closing(sqlite3.connect(path)) as raw, raw:
        for trigger in ("audit_keeps_rows", "audit_keeps_values", "audit_replaces_nothing"):
            raw.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            raw.execute(statement)


DAMAGE = {
    "an entry changed": (("UPDATE audit SET entry = replace(entry, 'event 2', 'event 9') WHERE seq = 3",), 3),
    "a space added": (("UPDATE audit SET entry = entry || ' ' WHERE seq = 3",), 3),
    "a hash changed": (("UPDATE audit SET hash = printf('%064d', 7) WHERE seq = 3",), 3),
    "the first row removed": (("DELETE FROM audit WHERE seq = 1",), 1),
    "a row removed": (("DELETE FROM audit WHERE seq = 3",), 3),
    "a row removed and the rest moved up": (
        (
            "DELETE FROM audit WHERE seq = 3",
            "UPDATE audit SET seq = 3 WHERE seq = 4",
            "UPDATE audit SET seq = 4 WHERE seq = 5",
            "UPDATE audit SET seq = 5 WHERE seq = 6",
        ),
        3,
    ),
    "two rows changed places": (
        (
            "UPDATE audit SET seq = 100 WHERE seq = 3",
            "UPDATE audit SET seq = 3 WHERE seq = 4",
            "UPDATE audit SET seq = 4 WHERE seq = 100",
        ),
        3,
    ),
    "the last rows cut": (("DELETE FROM audit WHERE seq > 4",), 5),
    "all rows cut": (("DELETE FROM audit",), 1),
    "a row added at the end": (
        ("INSERT INTO audit (seq, entry, hash) SELECT 7, entry, hash FROM audit WHERE seq = 6",),
        7,
    ),
    "a row smuggled in before the first": (
        ("INSERT INTO audit (seq, entry, hash) SELECT -5, entry, hash FROM audit WHERE seq = 6",),
        1,
    ),
    "the head moved back": (("UPDATE meta SET value = 4 WHERE key = 'audit_head_seq'",), 5),
    "the head's hash changed": (
        ("UPDATE meta SET value = printf('%064d', 7) WHERE key = 'audit_head_hash'",),
        6,
    ),
    "the head removed": (("DELETE FROM meta WHERE key LIKE 'audit_head%'",), 1),
}


@pytest.mark.parametrize("page", [1, 2, 5_000])
@pytest.mark.parametrize("damage", DAMAGE)
async def test_damage_is_found_and_its_first_row_named(
    path: Path, damage: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "VERIFY_ROWS", page)
    await a_written_trail(path)
    statements, first_bad = DAMAGE[damage]
    tampered(path, *statements)
    store = await Store.open(str(path))
    report = await store.verify()
    await store.close()
    assert (report.ok, report.first_bad_seq) == (False, first_bad)
    assert str(first_bad) in report.reason


async def test_cut_rows_stay_missing_when_more_are_written(path: Path) -> None:
    await a_written_trail(path)
    tampered(path, "DELETE FROM audit WHERE seq > 4")
    store = await Store.open(str(path))
    await store.note((an_entry("later"),))
    report = await store.verify()
    await store.close()
    assert (report.ok, report.first_bad_seq, report.rows) == (False, 5, 4)


async def test_a_whole_trail_verifies_over_many_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "VERIFY_ROWS", 7)
    await store.note(tuple(an_entry(str(number)) for number in range(50)))
    report = await store.verify()
    assert (report.ok, report.rows, report.first_bad_seq) == (True, 50, None)


async def test_an_empty_trail_verifies(store: Store) -> None:
    assert await store.head() == GENESIS
    assert (await store.verify()).ok


FORBIDDEN: dict[str, str] = {
    "update": "UPDATE audit SET entry = entry",
    "delete": "DELETE FROM audit WHERE seq = 1",
    "replace": "INSERT OR REPLACE INTO audit (seq, entry, hash) VALUES (1, '{}', '')",
    "upsert": "INSERT INTO audit (seq, entry, hash) VALUES (1, '{}', '') ON CONFLICT DO UPDATE SET hash = ''",
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
async def test_the_database_itself_refuses_to_change_a_row(path: Path, statement: str) -> None:
    await a_written_trail(path)
    with closing(sqlite3.connect(path)) as raw, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(statement)


async def test_a_row_says_enough_to_be_verified_alone(store: Store) -> None:
    await store.note(tuple(an_entry(str(number), ref=f"BR-{number}") for number in range(3)))
    [row] = await store.audit("BR-2")
    stored = (await store._page(2))[0][0]
    assert (row.seq, row.entry.event) == (3, "2")
    assert row.hash == digest(row.seq, stored.entry, row.previous)
    [first] = await store.audit("BR-0")
    assert first.previous == GENESIS.hash


async def test_pages_go_through_the_whole_trail_in_order(store: Store) -> None:
    await store.note(tuple(an_entry(str(number)) for number in range(5)))
    pages = [await store.audit_page(after, 2) for after in (0, 2, 4, 5)]
    assert [[row.entry.event for row in page] for page in pages] == [["0", "1"], ["2", "3"], ["4"], []]


async def test_the_head_is_the_last_row(store: Store) -> None:
    await store.note((an_entry("a"), an_entry("b")))
    last = (await store.audit_page(0, 10))[-1]
    assert await store.head() == Head(seq=last.seq, hash=last.hash)


async def test_notes_and_changes_share_one_chain(store: Store) -> None:
    await store.note((an_entry("policy loaded", ref=""),))
    await store.create(a_request(), (an_entry("previewed"),))
    await store.note((an_entry("refused"),))
    assert [row.entry.event for row in await store.audit("BR-1001")] == ["previewed", "refused"]
    assert (await store.verify()).rows == 3


async def test_nothing_to_note_changes_nothing(store: Store) -> None:
    await store.note(())
    assert await store.head() == GENESIS
