"""Text from anywhere stays text: it cannot become a mention, a link or markup, and it never breaks a limit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.surfaces.blocks import (
    Bold,
    Link,
    Moment,
    Person,
    clean,
    clip,
    clip_mrkdwn,
    context,
    escape,
    mention,
    message,
    option,
    rich,
    said,
    visible,
    within,
)
from tests.slack.slack_examples import NASTY
from tests.slack.slack_limits import block_problems, message_problems


@given(st.text())
def test_escaped_text_holds_no_token_of_slack(text: str) -> None:
    safe = escape(text)
    assert "<" not in safe
    assert ">" not in safe
    assert "`" not in safe
    assert re.sub(r"&(amp|lt|gt);", "", safe).count("&") == 0


@pytest.mark.parametrize(
    "text", ["*bold*", "_italic_", "~gone~", "(*bold*)", "a *b c* d", "`code`", ":tada:"]
)
def test_markup_in_outside_text_is_neutralised(text: str) -> None:
    assert not re.search(r"(?<!\w)[*_~`]\S|\S[*_~`](?!\w)|:\w+:", escape(text))


def test_ids_with_underscores_stay_as_they_are() -> None:
    assert escape("sub_acme_1") == "sub_acme_1"


def test_a_quotation_mark_of_slack_cannot_begin_a_line() -> None:
    assert "\n" not in escape("first\n> second")


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\ue000"])
def test_what_cannot_be_seen_is_removed(hidden: str) -> None:
    assert visible(f"Ac{hidden}me") == "Acme"


def test_joiners_stay_where_a_script_needs_them_and_go_where_they_hide() -> None:
    assert clean("\u0645\u06cc\u200c\u062e\u0648") == "\u0645\u06cc\u200c\u062e\u0648"
    assert clean("Ac\u200cme") == "Acme"


@given(st.text(max_size=200), st.integers(min_value=1, max_value=100))
def test_clipped_text_is_never_longer_than_allowed(text: str, most: int) -> None:
    assert len(clip(text, most)) <= most


@given(st.lists(st.text(max_size=80), max_size=5), st.integers(min_value=2, max_value=120))
def test_a_clipped_line_never_ends_inside_a_token(texts: list[str], most: int) -> None:
    line = tuple(part for text in texts for part in (text, Person("U0ANNA")))
    clipped = clip_mrkdwn(line, most)
    assert len(clipped) <= most
    assert clipped.count("<") == clipped.count(">") == clipped.count("<@U0ANNA>")
    assert not re.search(r"&(?!amp;|lt;|gt;)", clipped)


def test_only_ids_become_mentions() -> None:
    assert mention("U0ANNA") == "<@U0ANNA>"
    assert mention("U0ANNA> <!channel") == "U0ANNA&gt; &lt;!channel"
    elements = rich((Person("channel"),))["elements"][0]["elements"]
    assert [element["type"] for element in elements] == ["text"]


def test_a_line_is_said_with_its_people_times_and_links() -> None:
    line = (
        "Ask ",
        Person("U0BO"),
        " by ",
        Moment(0),
        ", see ",
        Link("https://a.example/>|x", "here"),
        Bold("!"),
    )
    assert said(line) == (
        "Ask <@U0BO> by <!date^0^{date_short_pretty} {time}|1970-01-01 00:00 UTC>, see "
        "<https://a.example/%3E%7Cx|here>!"
    )


def test_rich_text_keeps_hostile_text_as_text_only() -> None:
    elements = rich((NASTY, Bold(NASTY)))["elements"][0]["elements"]
    assert {element["type"] for element in elements} == {"text"}
    assert "\u202e" not in elements[0]["text"]


@given(st.text(max_size=5000))
def test_any_text_fits_every_piece(text: str) -> None:
    assert not block_problems([context(text), rich((text, "."))], "message")
    assert len(option(text, "v")["text"]["text"]) <= 75
    made = message((text, "."), [context(text)])
    assert not message_problems(made.text, made.blocks)


def test_too_many_blocks_give_way_to_a_line_that_counts_them() -> None:
    kept = within([context(str(n)) for n in range(60)], 50)
    assert len(kept) == 50
    assert "11 more" in kept[-1]["elements"][0]["text"]
