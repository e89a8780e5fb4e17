"""What the operations share: marks, empty text, days, sentences."""

import pytest
from pydantic import ValidationError

from bot.operations.base import Params, SiteProfile, day, enumerated, marked, marks
from bot.operations.write_off import WriteOffParams
from tests.operations.operation_examples import NOW


class Small(Params):
    text: str = "nothing"


def test_empty_text_counts_as_absent_and_text_is_stripped() -> None:
    assert Small.model_validate({"text": "  "}).text == "nothing"
    assert Small.model_validate({"text": " a "}).text == "a"


def test_empty_text_in_a_field_that_is_needed_is_missing() -> None:
    with pytest.raises(ValidationError) as caught:
        WriteOffParams.model_validate({"invoice": "INV-1", "comment": " "})
    assert [error["type"] for error in caught.value.errors()] == ["missing"]


def test_marks_are_found_again_and_nothing_else_is() -> None:
    assert marks([marked("a", "BR-7"), marked("", "BR-12"), "BR-9", "[BR-x]", "[BR-7]"]) == ("BR-12", "BR-7")


def test_a_reason_cannot_carry_a_mark() -> None:
    with pytest.raises(ValidationError, match="marks its own changes"):
        WriteOffParams(invoice="INV-1", comment="see [BR-7]")
    assert WriteOffParams(invoice="INV-1", comment="see BR-7").comment == "see BR-7"


def test_a_day_is_read_by_the_sites_calendar() -> None:
    assert day(NOW, SiteProfile()) == "2026-11-20"
    assert day(NOW, SiteProfile(tz="Pacific/Kiritimati")) == "2026-11-20"
    assert day(NOW, SiteProfile(tz="America/Los_Angeles")) == "2026-11-20"
    assert day(NOW - 6 * 3600, SiteProfile(tz="America/Los_Angeles")) == "2026-11-19"


def test_an_unknown_time_zone_is_refused_when_the_settings_are_read() -> None:
    with pytest.raises(ValidationError, match="no time zone"):
        SiteProfile(tz="Europe/Atlantis")


@pytest.mark.parametrize(
    ("words", "text"), [(["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")]
)
def test_words_are_enumerated_as_people_do(words: list[str], text: str) -> None:
    assert enumerated(words) == text
