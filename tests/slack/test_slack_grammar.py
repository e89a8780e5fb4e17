"""What is typed after a command: read by place, by name, in quotes; nothing is invented and nothing raises."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.operations import OPERATIONS
from bot.operations.base import AnyOperation, asks
from bot.operations.write_off import OPERATION as WRITE_OFF
from bot.slack.grammar import plain_line, read_command
from tests.slack.slack_examples import SAMPLE


def sample(text: str, locale: str = "en-US") -> dict[str, Any]:
    values, problems = read_command(SAMPLE, text, locale)
    assert problems == {}
    return values


def test_nothing_typed_is_nothing_read() -> None:
    assert read_command(SAMPLE, "  ", "en-US") == ({}, {})


def test_places_are_filled_in_order_and_the_last_takes_the_rest_as_it_stands() -> None:
    assert sample('INV-1051 20 export  was "broken" & <b>') == {
        "invoice": "INV-1051",
        "total": "20",
        "comment": 'export  was "broken" & <b>',
    }
    assert read_command(WRITE_OFF, "INV-1042 duplicate of INV-1040", "en-US") == (
        {"invoice": "INV-1042", "comment": "duplicate of INV-1040"},
        {},
    )


@pytest.mark.parametrize(
    "amount", ["150 EUR", "EUR 150", "150 eur", "€150", "150€", "150 €", "1.250,00 EUR", "$20"]
)
def test_an_amount_may_stand_apart_from_its_currency(amount: str) -> None:
    assert sample(f"INV-1 {amount} because of it", "de-DE")["total"] == amount
    assert sample(f"INV-1 {amount} because of it", "de-DE")["comment"] == "because of it"


@pytest.mark.parametrize("word", ["all", "top", "try", "for", "seats"])
def test_a_word_that_is_also_a_currency_stays_a_word(word: str) -> None:
    assert sample(f"INV-1 20 {word} of it") == {"invoice": "INV-1", "total": "20", "comment": f"{word} of it"}


def test_an_amount_with_spaces_is_asked_about_and_not_cut() -> None:
    values, problems = read_command(SAMPLE, "INV-1 1 250,00 EUR broken", "fr-FR")
    assert values["total"] == "1 250,00"
    assert "1250,00" in problems["total"]


def test_a_place_for_an_amount_is_left_out_when_there_is_no_number() -> None:
    assert sample("INV-1 export was broken") == {"invoice": "INV-1", "comment": "export was broken"}


@pytest.mark.parametrize("quoted", ['"a b"', "'a b'", "“a b”", "„a b“", "«a b»"])
def test_values_can_be_named_and_quoted(quoted: str) -> None:
    assert sample(f"comment={quoted} INV-1") == {"comment": "a b", "invoice": "INV-1"}
    assert sample(f"INV-1 20 why not printed={quoted}") == {
        "invoice": "INV-1",
        "total": "20",
        "comment": "why not",
        "printed": "a b",
    }


def test_a_label_names_its_field_too() -> None:
    assert sample("INV-1 Credit-note=CN-1 20 why") == {
        "invoice": "INV-1",
        "note": "CN-1",
        "total": "20",
        "comment": "why",
    }


def test_a_name_that_is_no_field_is_only_text() -> None:
    assert sample("INV-1 20 see total_x=5 there")["comment"] == "see total_x=5 there"


def test_an_apostrophe_is_not_a_quote() -> None:
    assert (
        sample("INV-1 20 the customer's export isn't there")["comment"] == "the customer's export isn't there"
    )


def test_slacks_links_people_and_escapes_become_what_was_typed() -> None:
    typed = "<https://acme.chargebee.com/d/invoices/INV-1|INV-1> 20 for <@U0BO|bo> &amp; <#C1|billing> &lt;3"
    assert sample(typed) == {
        "invoice": "https://acme.chargebee.com/d/invoices/INV-1",
        "total": "20",
        "comment": "for @bo & #billing <3",
    }


def test_choices_are_known_by_value_and_by_label() -> None:
    assert sample('INV-1 kind="by lines" why')["kind"] == "lines"
    _, problems = read_command(SAMPLE, "INV-1 kind=half 20 why", "en-US")
    assert "total or lines" in problems["kind"]


def test_lines_are_left_to_the_form() -> None:
    _, problems = read_command(SAMPLE, "INV-1 lines=3 why", "en-US")
    assert "form" in problems["lines"]


def test_the_first_of_two_values_is_kept_and_said() -> None:
    values, problems = read_command(SAMPLE, "invoice=INV-1 invoice=INV-2", "en-US")
    assert values == {"invoice": "INV-1"}
    assert "twice" in problems["invoice"]


@pytest.mark.parametrize("op", [*OPERATIONS, SAMPLE], ids=lambda op: op.name)
@given(text=st.text(max_size=300))
def test_nothing_is_invented_and_nothing_raises(op: AnyOperation, text: str) -> None:
    values, problems = read_command(op, text, "en-US")
    line = plain_line(text)
    known = asks(op.params)
    for name, value in values.items():
        assert value in line or value in (known[name].choices or {})
    assert set(problems) <= {*known, "command"}


SHAPED = st.lists(
    st.sampled_from(
        [
            "INV-1",
            "20",
            "1 250,00",
            "EUR",
            "eur",
            "total=5",
            "kind=",
            'comment="a b"',
            "lines=",
            "“",
            '"',
            "'x",
            "why",
        ]
    ),
    max_size=8,
).map(" ".join)


@given(text=SHAPED, locale=st.sampled_from(["en-US", "de-DE", "fr-FR", "de-CH", "xx"]))
def test_command_like_text_is_read_without_inventing(text: str, locale: str) -> None:
    values, _ = read_command(SAMPLE, text, locale)
    known = asks(SAMPLE.params)
    assert all(value in text or value in (known[name].choices or {}) for name, value in values.items())


def test_an_optional_first_place_can_be_left_out_before_an_amount() -> None:
    charge = next((op for op in OPERATIONS if op.name == "charge"), None)
    assert charge is not None
    values, problems = read_command(charge, "subscription=sub-1 150 EUR Onboarding po_number=4711", "en-US")
    assert problems == {}
    assert values == {
        "subscription": "sub-1",
        "amount": "150 EUR",
        "description": "Onboarding",
        "po_number": "4711",
    }
