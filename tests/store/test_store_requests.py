"""Records: saved, changed by compare-and-set, and found again."""

import asyncio
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from bot.core.errors import Conflict
from bot.core.lifecycle import State
from bot.core.record import BillingRequest, Change
from bot.store.sqlite import Store
from tests.store.examples import (
    BOB,
    NOW,
    a_card,
    a_full_request,
    a_notice,
    a_request,
    an_entry,
    changed,
    of_a_newer_bot,
)


def refs(found: list[BillingRequest]) -> list[str]:
    return [record.ref for record in found]


async def saved(store: Store, ref: str, **fields: object) -> BillingRequest:
    documents = fields.pop("documents", ())
    assert isinstance(documents, tuple)
    return await store.create(a_request(ref, documents=documents, **fields), (an_entry("previewed", ref),))


async def asked(store: Store, ref: str, **fields: object) -> BillingRequest:
    """One that its requester confirmed."""
    return await saved(store, ref, submitted_at=NOW, **fields)


async def test_refs_begin_at_1001_and_are_given_once_across_stores(path: Path) -> None:
    first, second = await Store.open(str(path)), await Store.open(str(path))
    given = [await one.next_ref() for one in (first, second, first)]
    await first.close()
    await second.close()
    reopened = await Store.open(str(path))
    given.append(await reopened.next_ref())
    await reopened.close()
    assert given == ["BR-1001", "BR-1002", "BR-1003", "BR-1004"]


async def test_a_ref_is_never_below_the_number_asked_for_nor_below_one_given_before(store: Store) -> None:
    given = [await store.next_ref(at_least) for at_least in (0, 5000, 5000, 10)]
    assert given == ["BR-1001", "BR-5000", "BR-5001", "BR-5002"]


async def test_a_full_record_comes_back_equal(store: Store) -> None:
    record = a_full_request()
    await store.create(record, (an_entry(),))
    assert await store.get("BR-1001") == record


async def test_an_unknown_ref_is_nothing(store: Store) -> None:
    assert await store.get("BR-1") is None


async def test_a_ref_can_be_created_once(store: Store) -> None:
    await saved(store, "BR-1001")
    with pytest.raises(Conflict):
        await saved(store, "BR-1001", operation="charge")
    kept = await store.get("BR-1001")
    assert kept is not None
    assert kept.operation == "write_off"
    assert [row.entry.event for row in await store.audit("BR-1001")] == ["previewed"]


async def test_a_change_saves_record_audit_and_errands_together(store: Store) -> None:
    record = await saved(store, "BR-1001")
    after = await store.apply(changed(record, a_card(), event="submitted", state=State.PENDING))
    assert after.version == 1
    assert await store.get("BR-1001") == after
    assert [row.entry.event for row in await store.audit("BR-1001")] == ["previewed", "submitted"]
    assert [owed.errand for owed in await store.claim_errands(NOW, 10, 60)] == [a_card()]


@pytest.mark.parametrize("version", [0, 2, 5])
async def test_a_change_of_another_version_is_a_conflict_and_leaves_nothing(
    store: Store, version: int
) -> None:
    record = await saved(store, "BR-1001")
    wrong = changed(record.model_copy(update={"version": version - 1}), a_card(), state=State.PENDING)
    with pytest.raises(Conflict):
        await store.apply(wrong)
    assert await store.get("BR-1001") == record
    assert len(await store.audit("BR-1001")) == 1
    assert await store.claim_errands(NOW, 10, 60) == []


async def test_a_change_of_an_unknown_request_is_a_conflict(store: Store) -> None:
    with pytest.raises(Conflict):
        await store.apply(changed(a_request("BR-7")))


async def test_a_change_that_fails_half_way_leaves_nothing(store: Store) -> None:
    """The second errand belongs to no request: what its transaction wrote before it is undone."""
    record = await saved(store, "BR-1001")
    with pytest.raises(sqlite3.IntegrityError):
        await store.apply(changed(record, a_card(), a_notice("submitted", ref="BR-404"), state=State.PENDING))
    assert await store.get("BR-1001") == record
    assert len(await store.audit("BR-1001")) == 1
    assert (await store.statistics(NOW)).owed_errands == 0
    assert (await store.verify()).ok
    assert (await store.apply(changed(record))).version == 1


async def test_an_entry_that_cannot_be_written_undoes_the_change(store: Store) -> None:
    record = await saved(store, "BR-1001")
    unwritable = an_entry(detail={"x": object()})
    with pytest.raises(ValueError, match="Unable to serialize"):
        await store.apply(Change(record=changed(record).record, audit=(an_entry(), unwritable)))
    assert await store.get("BR-1001") == record
    assert (await store.head()).seq == 1


async def test_of_two_stores_racing_for_one_version_one_wins(path: Path) -> None:
    stores = [await Store.open(str(path)) for _ in range(2)]
    for number in range(20):
        record = await saved(stores[0], f"BR-{number}")
        answers = await asyncio.gather(
            *(
                store.apply(
                    changed(record, a_card(record.ref), state=State.PENDING, origin_channel=f"C{index}")
                )
                for index, store in enumerate(stores)
            ),
            return_exceptions=True,
        )
        won = [answer for answer in answers if isinstance(answer, BillingRequest)]
        lost = [answer for answer in answers if isinstance(answer, Conflict)]
        assert (len(won), len(lost)) == (1, 1)
        assert await stores[1].get(record.ref) == won[0]
    assert (await stores[0].verify()).rows == 40
    for store in stores:
        await store.close()


def claim_every_request(path: str, count: int) -> int:
    """In a process of its own: try to change version 0 of every request. How many it won."""

    async def race() -> int:
        store, won = await Store.open(path), 0
        for number in range(count):
            try:
                await store.apply(
                    changed(a_request(f"BR-{number}"), a_card(f"BR-{number}"), state=State.PENDING)
                )
                won += 1
            except Conflict:
                pass
        await store.close()
        return won

    return asyncio.run(race())


async def test_of_processes_racing_for_every_request_one_wins_each(path: Path) -> None:
    count = 60
    store = await Store.open(str(path))
    for number in range(count):
        await saved(store, f"BR-{number}")
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        won = list(pool.map(claim_every_request, [str(path)] * 3, [count] * 3))
    assert sum(won) == count
    report = await store.verify()
    assert (report.ok, report.rows) == (True, 2 * count)
    assert (await store.statistics(NOW)).owed_errands == count
    await store.close()


async def test_due_work_is_what_is_unfinished_and_due_longest_first(store: Store) -> None:
    await saved(store, "BR-1", state=State.APPROVED, next_at=NOW)
    await saved(store, "BR-2", state=State.SETTLING, next_at=NOW - 5)
    await saved(store, "BR-3", state=State.UNCERTAIN, next_at=NOW + 1)
    await saved(store, "BR-4", state=State.DONE, next_at=NOW - 9)
    await saved(store, "BR-5", state=State.APPROVED)
    assert await store.due_work(NOW, 10) == ["BR-2", "BR-1"]
    assert await store.due_work(NOW, 1) == ["BR-2"]


async def test_expired_is_what_can_still_expire(store: Store) -> None:
    for number, state in enumerate(State):
        await saved(store, f"BR-{number}", state=state, expires_at=NOW)
    await saved(store, "BR-99", state=State.PENDING, expires_at=NOW + 1)
    states = list(State)
    found = await store.expired(NOW, 100)
    assert found == [f"BR-{states.index(one)}" for one in (State.PREVIEWED, State.PENDING, State.APPROVED)]


async def test_only_what_waits_for_approval_is_reminded_of(store: Store) -> None:
    await saved(store, "BR-1", state=State.PENDING, remind_at=NOW)
    await saved(store, "BR-2", state=State.APPROVED, remind_at=NOW)
    await saved(store, "BR-3", state=State.PENDING, remind_at=NOW + 1)
    await saved(store, "BR-4", state=State.PENDING)
    assert await store.to_remind(NOW, 10) == ["BR-1"]


async def test_requests_are_found_by_state_oldest_first(store: Store) -> None:
    for ref in ("BR-1", "BR-2", "BR-3"):
        await saved(store, ref, state=State.EXECUTING)
    await saved(store, "BR-4", state=State.PENDING)
    assert await store.in_state(State.EXECUTING, 2) == ["BR-1", "BR-2"]


async def test_only_what_waits_for_approval_is_waiting_oldest_first(store: Store) -> None:
    for ref in ("BR-1", "BR-2"):
        for state in State:
            await saved(store, f"{ref}-{state}", state=state)
    assert refs(await store.waiting(100)) == ["BR-1-pending", "BR-2-pending"]
    assert refs(await store.waiting(1)) == ["BR-1-pending"]


async def test_a_persons_requests_come_newest_first_and_without_previews(store: Store) -> None:
    await asked(store, "BR-1")
    await asked(store, "BR-2", requester=BOB)
    await asked(store, "BR-3", state=State.DONE)
    await saved(store, "BR-4")
    assert refs(await store.by_requester("U_ALICE", 10, unfinished=True)) == ["BR-1"]
    assert refs(await store.by_requester("U_ALICE", 10)) == ["BR-3", "BR-1"]
    assert refs(await store.by_requester("U_ALICE", 1)) == ["BR-3"]


async def test_history_of_a_document_comes_newest_first_in_pages(store: Store) -> None:
    for number in range(1, 6):
        await asked(store, f"BR-{number}", documents=("INV-1", f"CN-{number}"))
    await asked(store, "BR-6", documents=("INV-2",))
    await saved(store, "BR-7", documents=("INV-1",))
    assert refs(await store.by_document("INV-1", 2)) == ["BR-5", "BR-4"]
    assert refs(await store.by_document("INV-1", 2, 4)) == ["BR-1"]
    assert refs(await store.by_document("CN-3", 10)) == ["BR-3"]


async def test_a_document_that_a_request_made_has_it_in_its_history(store: Store) -> None:
    record = await asked(store, "BR-1001", version=6, documents=("INV-1042",))
    await store.apply(changed(record, outcome=a_full_request().outcome, state=State.DONE))
    assert refs(await store.by_document("CN-9", 10)) == ["BR-1001"]
    assert refs(await store.by_document("INV-1042", 10)) == ["BR-1001"]


async def test_a_duplicate_is_an_unfinished_request_for_the_same_on_the_same(store: Store) -> None:
    await saved(store, "BR-1", documents=("INV-1",), state=State.PENDING)
    await saved(store, "BR-2", documents=("INV-1",), state=State.APPROVED)
    await saved(store, "BR-3", documents=("INV-1",), state=State.DONE)
    await saved(store, "BR-4", documents=("INV-1",), state=State.PREVIEWED)
    await saved(store, "BR-5", documents=("INV-2",), state=State.CANCELLED)
    found = await store.find_open("write_off", "INV-1")
    assert found is not None
    assert found.ref == "BR-2"
    assert await store.find_open("charge", "INV-1") is None
    assert await store.find_open("write_off", "INV-2") is None


async def test_a_request_that_has_ended_is_no_duplicate_any_more(store: Store) -> None:
    record = await saved(store, "BR-1", documents=("INV-1", "INV-2"), state=State.PENDING)
    await store.apply(changed(record, state=State.CANCELLED))
    assert await store.find_open("write_off", "INV-1") is None
    assert await store.find_open("write_off", "INV-2") is None


async def test_a_record_that_cannot_be_read_stops_no_list_the_worker_works_from(store: Store) -> None:
    due = {"next_at": NOW, "remind_at": NOW, "expires_at": NOW, "state": State.PENDING}
    await saved(store, "BR-1", **due)
    await saved(store, "BR-2", **due)
    await of_a_newer_bot(store, "BR-1")
    both = ["BR-1", "BR-2"]
    assert await store.due_work(NOW, 10) == both
    assert await store.expired(NOW, 10) == both
    assert await store.to_remind(NOW, 10) == both
    assert await store.in_state(State.PENDING, 10) == both


async def test_statistics_follow_every_change_of_state(store: Store) -> None:
    first = await saved(store, "BR-1")
    await saved(store, "BR-2")
    pending = await store.apply(changed(first, a_notice("submitted", "BR-1"), state=State.PENDING))
    await store.apply(changed(pending, state=State.PENDING))
    found = await store.statistics(NOW + 30)
    assert found.requests == {State.PREVIEWED: 1, State.PENDING: 1}
    assert (found.owed_errands, found.oldest_owed_s, found.audit_rows) == (1, 30, 4)
