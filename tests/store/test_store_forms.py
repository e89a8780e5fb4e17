"""Drafts, deliveries, health, and what a closed store says."""

import asyncio
import threading

import pytest

from bot.core.errors import Conflict
from bot.store.sqlite import SEEN_FOR_S, Store
from bot.store.values import Draft, StoreError
from tests.store.examples import NOW, an_entry


def a_draft(draft_id: str = "d1", version: int = 0, expires_at: int = NOW + 600, **values: object) -> Draft:
    return Draft(
        id=draft_id,
        user_id="U_ALICE",
        team_id="T1",
        operation="write_off",
        values=values,
        channel="C1",
        created_at=NOW,
        expires_at=expires_at,
        version=version,
    )


async def test_a_draft_comes_back_as_it_was_saved(store: Store) -> None:
    draft = a_draft(invoice_id="INV-1", lines=[{"amount": "1,50"}, None])
    await store.save_draft(draft)
    assert await store.draft("d1") == draft
    assert await store.draft("d2") is None


async def test_a_higher_version_replaces_a_draft(store: Store) -> None:
    await store.save_draft(a_draft(version=0))
    newer = a_draft(version=2, expires_at=NOW + 900, reason="x")
    await store.save_draft(newer)
    assert await store.draft("d1") == newer


@pytest.mark.parametrize("version", [0, 1])
async def test_a_version_that_is_no_higher_is_a_conflict(store: Store, version: int) -> None:
    kept = a_draft(version=1, reason="kept")
    await store.save_draft(kept)
    with pytest.raises(Conflict):
        await store.save_draft(a_draft(version=version, reason="late"))
    assert await store.draft("d1") == kept


async def test_a_dropped_draft_is_gone(store: Store) -> None:
    await store.save_draft(a_draft())
    await store.drop_draft("d1")
    await store.drop_draft("d1")
    assert await store.draft("d1") is None


async def test_drafts_are_dropped_when_they_expired_before_a_time(store: Store) -> None:
    for number, expires_at in enumerate((NOW - 1, NOW, NOW + 1)):
        await store.save_draft(a_draft(f"d{number}", expires_at=expires_at))
    assert await store.drop_drafts_before(NOW) == 1
    assert [await store.draft(f"d{number}") is not None for number in range(3)] == [False, True, True]


async def test_a_delivery_is_new_once(store: Store) -> None:
    assert not await store.seen_before("Ev1", NOW)
    assert await store.seen_before("Ev1", NOW + 1)
    assert not await store.seen_before("Ev2", NOW + 1)


async def test_of_equal_deliveries_at_once_one_is_new(store: Store) -> None:
    answers = await asyncio.gather(*(store.seen_before("Ev1", NOW) for _ in range(5)))
    assert sorted(answers) == [False, True, True, True, True]


async def test_a_delivery_is_forgotten_after_two_days(store: Store) -> None:
    await store.seen_before("Ev1", NOW)
    assert await store.seen_before("Ev1", NOW + SEEN_FOR_S)
    assert not await store.seen_before("Ev1", NOW + SEEN_FOR_S + 1)


async def test_a_store_that_works_is_healthy(store: Store) -> None:
    assert await store.healthy()
    assert await store.healthy()


async def test_a_closed_store_says_so_and_can_be_closed_again() -> None:
    store = await Store.open(":memory:")
    await store.close()
    await store.close()
    assert not await store.healthy()
    with pytest.raises(StoreError, match="closed"):
        await store.note((an_entry(),))


async def test_closing_waits_for_what_was_begun() -> None:
    store = await Store.open(":memory:")
    begun = asyncio.ensure_future(store.next_ref())
    await asyncio.gather(asyncio.sleep(0), store.close())
    assert await begun == "BR-1001"


async def test_a_closed_store_leaves_no_thread_behind() -> None:
    store = await Store.open(":memory:")
    thread = await asyncio.get_running_loop().run_in_executor(store._thread, threading.current_thread)
    await store.close()
    assert not thread.is_alive()


async def test_a_caller_who_stops_waiting_leaves_a_whole_change(store: Store) -> None:
    begun = asyncio.ensure_future(store.note((an_entry("a"), an_entry("b"))))
    await asyncio.sleep(0)
    begun.cancel()
    with pytest.raises(asyncio.CancelledError):
        await begun
    report = await store.verify()
    assert report.ok
    assert report.rows in {0, 2}


async def test_an_empty_store_owes_nothing(store: Store) -> None:
    found = await store.statistics(NOW)
    assert (found.requests, found.owed_errands, found.oldest_owed_s, found.audit_rows) == ({}, 0, None, 0)
