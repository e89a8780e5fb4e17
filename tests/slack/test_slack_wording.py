"""Sentences and values as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import (
    BotError,
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refusal,
    Refused,
    Stale,
    Throttled,
    Uncertain,
    Unreached,
)
from bot.core.lifecycle import State
from bot.core.money import Money
from bot.core.plan import Day
from bot.slack.surfaces.blocks import said
from bot.slack.values import duration, time_left, value_text
from bot.slack.wording import (
    SIGN,
    STATE,
    after_approval,
    after_cancel,
    after_rejection,
    after_settle,
    after_submit,
    bug,
    needed,
    sentence,
    standing,
)
from tests.slack.slack_examples import request


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (12_000, "3 h 20 min left"),
        (86_400, "1 d left"),
        (90_061, "1 d 1 h left"),
        (59, "1 min left"),
        (0, "time is up"),
        (-5, "time is up"),
    ],
)
def test_time_left(seconds: int, words: str) -> None:
    assert time_left(seconds) == words


def test_durations() -> None:
    assert (duration(86_400), duration(5400)) == ("24 h", "90 min")


def test_values_are_exact_and_readable() -> None:
    assert value_text(None) == "—"
    assert value_text("payment_due") == "payment due"
    assert value_text("sub_acme_1") == "sub_acme_1"
    assert value_text(Money(amount_minor=125000, currency="EUR"), "de-DE") == "EUR 1.250,00"
    assert value_text(Money(amount_minor=1250, currency="JPY"), "en-US") == "JPY 1,250"
    late = Day(at=1_796_079_600)  # 23:00 UTC on November 30
    assert value_text(late, "en-US", "UTC") == "2026-11-30 (November 30, 2026)"
    assert value_text(late, "de-DE", "Europe/Berlin") == "2026-12-01 (1. Dezember 2026)"
    assert value_text(late, "no such language", "Nowhere/At-All") == "2026-11-30 (November 30, 2026)"


ERRORS: list[BotError] = [
    InvalidInput({"a": "Write this.", "b": "Write that"}),
    NotPermitted("You may not do this.", rule="r", hint="Ask Bo"),
    Refusal("It is paid."),
    Conflict("Somebody was faster."),
    Stale("It changed"),
    Refused("Chargebee said no."),
    NotFound("There is no such invoice"),
    Throttled("Chargebee is busy.", retry_after_s=11.6),
    Unreached("No connection."),
    Uncertain("No answer."),
    *(kind("") for kind in (Refusal, Conflict, Stale, Refused, NotFound, Unreached, Uncertain)),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{error.code}-{bool(error.message)}")
def test_every_error_becomes_whole_sentences(error: BotError) -> None:
    text = sentence(error)
    assert text[0].isupper()
    assert text[-1] in ".!?"


def test_errors_keep_their_problems_and_hints() -> None:
    assert sentence(ERRORS[0]) == "Write this. Write that."
    assert sentence(ERRORS[1]) == "You may not do this. Ask Bo."
    assert sentence(ERRORS[7]) == "Chargebee is busy. Try again in 12 seconds."
    assert "INC1" in bug("INC1")


@pytest.mark.parametrize("state", State)
def test_every_state_has_words_a_sign_and_a_sentence(state: State) -> None:
    assert STATE[state]
    assert SIGN[state]
    assert said(standing(request(state))).endswith(".")


@given(st.integers(min_value=0, max_value=5), st.lists(st.sampled_from(["U0BO", "U0FIN", "Bo"]), max_size=12))
def test_who_must_approve_is_always_a_sentence(approvals: int, approvers: list[str]) -> None:
    requirement = request().requirement.model_copy(update={"approvals": approvals})
    text = said(needed(requirement, approvers))
    assert text.endswith("approve.")
    assert ("Nobody" in text) == (approvals == 0)


def test_what_a_submitted_modal_says_is_true_at_that_moment() -> None:
    waived = request(
        State.APPROVED, requirement=request().requirement.model_copy(update={"approvals": 0}), votes=()
    )
    assert "Nothing has been changed yet" in said(after_submit(request(), ("U0BO",))[1])
    assert "told how it ended" in said(after_submit(waived)[0])
    assert "nothing has been sent yet" in said(after_approval(request(State.APPROVED))[0])
    assert "needed" in said(after_approval(request())[0])
    assert "Rejected by <@U0BO>" in said(after_rejection(request(State.REJECTED))[0])
    assert "Nothing was sent" in said(after_cancel(request(State.CANCELLED))[0])
    assert "Done" in said(after_settle(request(State.DONE))[0])
