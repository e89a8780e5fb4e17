"""The fidelity table names what there is, no more and no less."""

import re

from bot.sandbox.slack import fidelity
from bot.sandbox.slack.methods import METHODS


def test_every_registered_method_has_one_line_and_no_other_has() -> None:
    assert sorted(one.what for one in fidelity.METHODS) == sorted(METHODS)


def test_every_line_that_claims_something_names_its_page() -> None:
    lines = (*fidelity.METHODS, *fidelity.BEHAVIOURS)
    assert [one.what for one in lines if one.depth != "absent" and not one.source] == []


def test_no_line_names_a_source_that_nobody_can_look_up() -> None:
    lines = (*fidelity.METHODS, *fidelity.BEHAVIOURS)
    unknown = re.compile(r"\b(?:facts?|seeds?|measured)\b", re.IGNORECASE)
    assert [one.what for one in lines if unknown.search(one.source)] == []


def test_what_is_only_partly_there_says_which_part() -> None:
    unsaid = [one.what for one in fidelity.BEHAVIOURS if one.depth in ("part", "accepted") and not one.how]
    assert unsaid == []
