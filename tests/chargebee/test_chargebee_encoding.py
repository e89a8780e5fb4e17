"""The wire rules, by value."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.chargebee.encoding import (
    FILTERS,
    NEWEST_BY,
    FormValue,
    form_pairs,
    header_value,
    list_query,
    origin_headers,
    path,
)


def test_nested_objects_are_bracketed() -> None:
    assert form_pairs({"credit_note": {"id": "CN-1"}}) == (("credit_note[id]", "CN-1"),)


def test_lists_of_objects_go_by_column_and_keep_their_row() -> None:
    lines: list[Mapping[str, FormValue]] = [
        {"reference_line_item_id": "a", "unit_amount": 500},
        {"reference_line_item_id": "b", "amount": 700},
    ]
    assert form_pairs({"line_items": lines}) == (
        ("line_items[reference_line_item_id][0]", "a"),
        ("line_items[unit_amount][0]", "500"),
        ("line_items[reference_line_item_id][1]", "b"),
        ("line_items[amount][1]", "700"),
    )


def test_lists_of_values_are_numbered() -> None:
    assert form_pairs({"coupon_ids": ["a", "b"]}) == (("coupon_ids[0]", "a"), ("coupon_ids[1]", "b"))


def test_booleans_are_words_and_none_is_left_out_while_empty_text_is_sent() -> None:
    params = {"a": True, "b": False, "c": None, "d": {"e": None}, "f": [{"g": None, "h": 1}], "i": ""}
    assert form_pairs(params) == (("a", "true"), ("b", "false"), ("f[h][0]", "1"), ("i", ""))


@pytest.mark.parametrize("value", [1.5, b"x", object()])
def test_a_value_without_a_form_on_the_wire_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="no form on the wire"):
        form_pairs({"total": value})


@pytest.mark.parametrize(
    ("segment", "encoded"),
    [
        ("INV-1", "INV-1"),
        ("A/1", "A%2F1"),
        ("x/void", "x%2Fvoid"),
        ("50%", "50%25"),
        ("a?b#c", "a%3Fb%23c"),
        ("...", "..."),
        ("Ä 1", "%C3%84%201"),
    ],
)
def test_nothing_in_a_segment_reaches_outside_it(segment: str, encoded: str) -> None:
    assert path(("invoices", segment, "write_off")) == f"invoices/{encoded}/write_off"


@pytest.mark.parametrize(
    "segment", ["", ".", "..", "a\nb", "a\x00", "a\u200bb", "a\u202eb", "a\u2028b", "\ud800"]
)
def test_a_segment_that_could_mislead_is_refused(segment: str) -> None:
    with pytest.raises(ValueError, match="segment"):
        path(("invoices", segment))


def test_a_path_has_a_segment() -> None:
    with pytest.raises(ValueError, match="segment"):
        path(())


def test_list_filters_are_bracketed_and_newest_comes_first() -> None:
    query = list_query(
        "invoices",
        {"customer_id__is": "acme", "status__in": ("paid", "posted"), "einvoice__status__is": "failed"},
        limit=5,
        offset='["1","2"]',
    )
    assert query == (
        ("customer_id[is]", "acme"),
        ("status[in]", '["paid","posted"]'),
        ("einvoice[status][is]", "failed"),
        ("limit", "5"),
        ("sort_by[desc]", "date"),
        ("offset", '["1","2"]'),
    )


def test_comments_are_found_by_plain_parameters() -> None:
    query = list_query("comments", {"entity_type": "invoice", "entity_id": "INV-1"}, limit=1)
    assert query[:2] == (("entity_type", "invoice"), ("entity_id", "INV-1"))


@pytest.mark.parametrize(
    "filters",
    [
        {"cusomer_id__is": "acme"},
        {"customer_id__equals": "acme"},
        {"status__in": "paid"},
        {"status__in": 1},
        {"status__is": ("paid", "posted")},
    ],
)
def test_a_filter_chargebee_might_ignore_is_refused(filters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"filter|takes"):
        list_query("invoices", filters, limit=10)


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_has_1_to_100_entries(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        list_query("invoices", {}, limit=limit)


def test_every_list_has_an_order() -> None:
    assert FILTERS.keys() == NEWEST_BY.keys()


def test_an_ascii_address_goes_out_as_it_is() -> None:
    assert origin_headers("ada@example.com") == {"chargebee-request-origin-user": "ada@example.com"}


def test_another_address_goes_out_in_base64_only() -> None:
    assert origin_headers("jörg@example.com") == {
        "chargebee-request-origin-user-encoded": "asO2cmdAZXhhbXBsZS5jb20="
    }


def test_no_address_sends_no_header() -> None:
    assert origin_headers("") == {}


@pytest.mark.parametrize(
    "email", ["a@b\r\nchargebee-event-email: all-disabled", "jö@b\nc", "a@b\x7f", " a@b"]
)
def test_an_address_that_could_smuggle_a_header_is_refused_without_being_repeated(email: str) -> None:
    with pytest.raises(ValueError, match=r"line breaks|blanks") as caught:
        origin_headers(email)
    assert "@b" not in str(caught.value)


@pytest.mark.parametrize("value", ["", " a", "a ", "a\tb", "a\nb", "é"])
def test_a_header_is_printable_ascii(value: str) -> None:
    with pytest.raises(ValueError, match="x-name"):
        header_value("x-name", value)
