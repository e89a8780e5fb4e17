"""The hash chain as pure functions."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.record import AuditEntry
from bot.store.audit import GENESIS, Break, Head, Link, canonical, follow, report, seal
from tests.store.examples import an_entry


def a_chain(length: int) -> tuple[list[Link], Head]:
    links, head = [], GENESIS
    for number in range(length):
        link = seal(head, an_entry(f"event {number}"))
        links.append(link)
        head = Head(seq=link.seq, hash=link.hash)
    return links, head


def broken_at(links: list[Link], head: Head) -> int | None:
    return report(follow(GENESIS, links), head).first_bad_seq


def test_a_hash_can_be_recomputed_from_the_description_alone() -> None:
    entry = an_entry()
    described = {"seq": 1, "entry": entry.model_dump(mode="json"), "previous": "0" * 64}
    text = json.dumps(described, sort_keys=True, separators=(",", ":"))
    assert seal(GENESIS, entry).hash == hashlib.sha256(text.encode()).hexdigest()


def test_an_untouched_chain_holds_and_the_report_says_what_it_cannot_know() -> None:
    links, head = a_chain(5)
    answer = report(follow(GENESIS, links), head)
    assert (answer.ok, answer.rows, answer.first_bad_seq) == (True, 5, None)
    assert "kept elsewhere" in answer.reason


def test_an_empty_chain_holds() -> None:
    assert report(follow(GENESIS, []), GENESIS).ok


@pytest.mark.parametrize("page", [1, 2, 3, 5])
def test_following_page_by_page_ends_like_following_at_once(page: int) -> None:
    links, head = a_chain(5)
    found: Head | Break = GENESIS
    for start in range(0, 5, page):
        assert isinstance(found, Head)
        found = follow(found, links[start : start + page])
    assert found == head


def test_a_changed_entry_is_found() -> None:
    links, head = a_chain(5)
    links[2] = links[2]._replace(entry=canonical(an_entry("something else")))
    assert broken_at(links, head) == 3


def test_a_changed_entry_with_a_matching_hash_is_found_at_the_next_row() -> None:
    links, head = a_chain(5)
    links[2] = seal(Head(seq=2, hash=links[1].hash), an_entry("something else"))
    assert broken_at(links, head) == 4


def test_a_changed_last_entry_with_a_matching_hash_is_found_against_the_head() -> None:
    links, head = a_chain(5)
    links[4] = seal(Head(seq=4, hash=links[3].hash), an_entry("something else"))
    assert broken_at(links, head) == 5


def test_a_removed_row_is_found_and_named() -> None:
    links, head = a_chain(5)
    del links[2]
    answer = report(follow(GENESIS, links), head)
    assert answer.first_bad_seq == 3
    assert answer.reason == "Row 3 is missing: row 4 comes after row 2."


def test_rows_that_changed_places_are_found() -> None:
    links, head = a_chain(5)
    links[1], links[2] = links[2]._replace(seq=2), links[1]._replace(seq=3)
    assert broken_at(links, head) == 2


def test_rows_cut_off_at_the_end_are_found_against_the_head() -> None:
    links, head = a_chain(5)
    answer = report(follow(GENESIS, links[:3]), head)
    assert (answer.rows, answer.first_bad_seq) == (3, 4)
    assert answer.reason == "Row 4 is missing: the recorded head is row 5, but the last row is 3."


def test_a_chain_cut_off_whole_is_found_against_the_head() -> None:
    _, head = a_chain(5)
    assert broken_at([], head) == 1


def test_a_row_added_without_moving_the_head_is_found() -> None:
    links, head = a_chain(5)
    links.append(seal(head, an_entry("smuggled")))
    assert broken_at(links, head) == 6


def test_a_detail_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="Unable to serialize"):
        canonical(an_entry(detail={"x": object()}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=8,
)


@given(detail=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values))
def test_canonical_text_survives_being_read_and_written_again(detail: dict[str, object]) -> None:
    text = canonical(an_entry(detail=detail))
    assert canonical(AuditEntry.model_validate_json(text)) == text
