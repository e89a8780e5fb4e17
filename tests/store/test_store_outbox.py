"""Errands: delivered at least once, in order for each ref, by one at a time. Messages: kept and found."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.core.record import BillingRequest, Errand
from bot.store.sqlite import Store
from bot.store.values import MessageRef, OwedErrand
from tests.store.examples import NOW, a_card, a_direct, a_notice, a_request, an_entry, changed

LEASE_S = 60


async def owing(store: Store, *errands: Errand, ref: str = "BR-1001") -> BillingRequest:
    return await store.create(a_request(ref), (an_entry(ref=ref),), errands)


async def claimed(store: Store, now: int = NOW) -> list[OwedErrand]:
    return await store.claim_errands(now, 10, LEASE_S)


def topics(owed: Iterable[OwedErrand]) -> list[str]:
    return [one.errand.topic or one.errand.kind.value for one in owed]


async def test_an_errand_comes_back_as_it_was_given(store: Store) -> None:
    await owing(store, a_direct("done", to="U_BOB"))
    [owed] = await claimed(store)
    assert owed.errand == a_direct("done", to="U_BOB")
    assert owed.attempts == 1


async def test_errands_of_one_ref_go_one_by_one_in_order(store: Store) -> None:
    await owing(store, a_notice("a"), a_notice("b"), a_notice("c"))
    order = []
    while owed := await claimed(store):
        order += topics(owed)
        assert len(owed) == 1
        assert await claimed(store) == []
        await store.delivered(owed[0], NOW)
    assert order == ["a", "b", "c"]


async def test_a_ref_that_is_stuck_holds_up_no_other(store: Store) -> None:
    await owing(store, a_notice("a1", "BR-1"), a_notice("a2", "BR-1"), ref="BR-1")
    await owing(store, a_notice("b1", "BR-2"), a_notice("b2", "BR-2"), ref="BR-2")
    first, second = await claimed(store)
    assert topics([first, second]) == ["a1", "b1"]
    await store.postponed(first, NOW + 3_600, "throttled")
    await store.delivered(second, NOW)
    assert topics(await claimed(store)) == ["b2"]


async def test_no_more_are_claimed_than_asked_for(store: Store) -> None:
    for number in range(5):
        await owing(store, a_notice(f"n{number}", f"BR-{number}"), ref=f"BR-{number}")
    assert topics(await store.claim_errands(NOW, 2, LEASE_S)) == ["n0", "n1"]
    assert topics(await store.claim_errands(NOW, 10, LEASE_S)) == ["n2", "n3", "n4"]


async def test_a_claimed_errand_is_nobody_elses_until_the_lease_ends(path: Path) -> None:
    one, other = await Store.open(str(path)), await Store.open(str(path))
    await owing(one, a_notice("a"))
    assert topics(await claimed(one)) == ["a"]
    assert await claimed(other, NOW + LEASE_S - 1) == []
    [again] = await claimed(other, NOW + LEASE_S)
    assert again.attempts == 2
    await one.close()
    await other.close()


async def test_a_lapsed_claim_can_neither_postpone_nor_give_up(store: Store) -> None:
    await owing(store, a_notice("a"))
    [lapsed] = await claimed(store)
    [current] = await claimed(store, NOW + LEASE_S)
    assert not await store.postponed(lapsed, NOW + 9_999, "slow")
    assert not await store.given_up(lapsed, NOW, "slow")
    assert await store.delivered(current, NOW)
    assert await claimed(store, NOW + 99_999) == []


async def test_whoever_delivers_first_closes_the_errand_and_names_the_message(store: Store) -> None:
    await owing(store, a_card())
    [lapsed] = await claimed(store)
    [current] = await claimed(store, NOW + LEASE_S)
    assert await store.delivered(lapsed, NOW, MessageRef(channel="C1", ts="1.1"))
    assert not await store.delivered(current, NOW, MessageRef(channel="C1", ts="2.2"))
    assert await store.message("BR-1001", "card") == MessageRef(channel="C1", ts="1.1")


async def test_a_postponed_errand_comes_again_at_its_time_and_before_later_ones(store: Store) -> None:
    await owing(store, a_notice("a"), a_notice("b"))
    [owed] = await claimed(store)
    assert await store.postponed(owed, NOW + 30, "throttled")
    assert await claimed(store, NOW + 29) == []
    [again] = await claimed(store, NOW + 30)
    assert (topics([again]), again.attempts) == (["a"], 2)


async def test_an_errand_given_up_lets_the_next_one_go(store: Store) -> None:
    await owing(store, a_notice("a"), a_notice("b"))
    [owed] = await claimed(store)
    assert await store.given_up(owed, NOW, "channel_not_found")
    assert topics(await claimed(store)) == ["b"]


async def test_a_card_that_nobody_draws_yet_is_owed_once(store: Store) -> None:
    record = await owing(store, a_card(), a_notice("submitted"))
    record = await store.apply(changed(record, a_card(), a_notice("approved")))
    order = []
    while owed := await claimed(store):
        order += topics(owed)
        for one in owed:
            await store.delivered(one, NOW)
    assert order == ["card", "submitted", "approved"]


async def test_a_card_is_owed_again_while_somebody_draws_it(store: Store) -> None:
    """Who draws it may have read the record before this change."""
    record = await owing(store, a_card())
    [drawing] = await claimed(store)
    await store.apply(changed(record, a_card()))
    await store.delivered(drawing, NOW)
    assert topics(await claimed(store)) == ["card"]


@pytest.mark.parametrize("end", ["postponed", "delivered", "given_up"])
async def test_after_a_try_a_new_change_still_reaches_the_card(store: Store, end: str) -> None:
    record = await owing(store, a_card())
    [owed] = await claimed(store)
    if end == "postponed":
        await store.postponed(owed, NOW + 5, "throttled")
    elif end == "delivered":
        await store.delivered(owed, NOW)
    else:
        await store.given_up(owed, NOW, "is_archived")
    await store.apply(changed(record, a_card()))
    assert topics(await claimed(store, NOW + 5)) == ["card"]
    assert (await store.statistics(NOW)).owed_errands == 1


async def test_cards_of_two_refs_are_both_owed(store: Store) -> None:
    await owing(store, a_card("BR-1"), ref="BR-1")
    await owing(store, a_card("BR-2"), ref="BR-2")
    assert len(await claimed(store)) == 2


async def test_messages_are_remembered_by_kind_and_key_and_found_by_place(store: Store) -> None:
    await owing(store)
    card = MessageRef(channel="C1", ts="1.1", drawn="aa")
    await store.remember_message("BR-1001", "card", card)
    await store.remember_message("BR-1001", "direct", MessageRef(channel="D1", ts="1.2"), key="U_BOB")
    redrawn = card.model_copy(update={"drawn": "bb"})
    await store.remember_message("BR-1001", "card", redrawn)
    assert await store.message("BR-1001", "card") == redrawn
    assert await store.message("BR-1001", "direct") is None
    assert await store.message("BR-1001", "direct", "U_BOB") == MessageRef(channel="D1", ts="1.2")
    assert await store.ref_of_message("C1", "1.1") == "BR-1001"
    assert await store.ref_of_message("C1", "9.9") is None
