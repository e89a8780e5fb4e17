"""Chargebee is slow: Slack is acknowledged in time all the same, and what was found is shown when it comes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.lifecycle import State
from bot.sandbox.person import Modal
from tests.scenarios.filling import line_form, opened
from tests.tester import WRITE_OFF, Stage
from tests.tester import stage as on_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A bot that acknowledges after a fifth of a second, with whatever it knows then."""
    async with on_stage(tmp_path, preview_budget_s=0.2) as running:
        yield running


async def filled(stage: Stage) -> Modal:
    await stage.anna.runs("/write-off", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    await form.fill({"Invoice": "INV-1042", "Reason": "duplicate of INV-1040"})
    stage.chargebee_trouble("hold", method="GET")
    return form


async def test_a_submitted_form_shows_checking_and_then_the_preview(stage: Stage) -> None:
    form = await filled(stage)
    assert await form.submit() is None
    assert "Checking with Chargebee" in (await stage.anna.sees_modal()).reads
    stage.site.release()
    await stage.quiet()
    preview = await stage.anna.sees_modal(containing="This preview is good until")
    assert await stage.state(await stage.confirms(preview)) == "pending"


async def test_a_submitted_form_that_is_closed_while_checking_leaves_a_preview_nobody_needs(
    stage: Stage,
) -> None:
    form = await filled(stage)
    assert await form.submit() is None
    await (await stage.anna.sees_modal(containing="Checking")).close()
    stage.site.release()
    await stage.quiet()
    await stage.anna.sees_no_modal()
    [ref] = await stage.bot.store.in_state(State.PREVIEWED, 10)
    stage.later(3600)
    await stage.quiet()
    assert await stage.state(ref) == "expired"


async def test_what_is_wrong_is_shown_late_as_well(stage: Stage) -> None:
    form = await filled(stage)
    assert await form.submit() is None
    stage.site.change(invoice="INV-1042", record_payment_minor=11_900)
    stage.site.release()
    await stage.quiet()
    assert "nothing to write off" in (await stage.anna.sees_modal()).reads


async def test_an_error_that_comes_late_is_shown_late(stage: Stage) -> None:
    form = await filled(stage)
    assert await form.submit() is None
    stage.chargebee_is_blind(times=3)
    stage.site.release()
    await stage.quiet()
    assert "takes no more calls just now" in (await stage.anna.sees_modal()).reads


async def test_a_line_that_is_taken_late_says_so_and_is_in_the_form(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    line = await line_form(stage, form, stage.anna, "Seats · EUR 150.00")
    stage.chargebee_trouble("hold", method="GET")
    assert await line.submit() is None
    assert "Checking with Chargebee" in (await stage.anna.sees_modal("Add a line")).reads
    stage.site.release()
    await stage.quiet()
    assert "This was taken over" in (await stage.anna.sees_modal("Add a line")).reads
    await form.refresh()
    assert "1. Seats" in form.reads


async def test_a_reason_that_is_missing_is_said_late_as_well(stage: Stage) -> None:
    ref = await stage.pending()
    await stage.bo.clicks("Reject", in_message_containing=ref)
    form = await stage.bo.sees_modal(title=f"Reject {ref}")
    await form.fill({"Why not?": "    "})
    slack, go_on = stage.bot.slack.client, asyncio.Event()
    asked: Any = slack.users_info

    async def slowly(**about: Any) -> Any:
        await go_on.wait()
        return await asked(**about)

    unhurried: Any = slack
    unhurried.users_info = slowly
    assert await form.submit() is None
    assert "Checking" in (await stage.bo.sees_modal()).reads
    go_on.set()
    await stage.quiet()
    assert "Say why" in (await stage.bo.sees_modal()).reads
    assert await stage.state(ref) == "pending"


async def test_what_slack_does_not_take_late_is_said_directly(stage: Stage) -> None:
    form = await filled(stage)
    assert await form.submit() is None
    stage.slack_trouble("rate_limited", "views.update")
    stage.site.release()
    await stage.quiet()
    await stage.anna.sees("Slack did not take the bot's answer in time")


async def test_everything_is_acknowledged_in_time_while_chargebee_hangs(stage: Stage) -> None:
    ref = await stage.pending()
    await (await stage.anna.sees_modal()).close()
    stage.chargebee_trouble("hold", method="GET", times=100)
    shown = await stage.anna.runs(WRITE_OFF, channel="C0BILLING")
    assert shown.acked
    review = await stage.bo.clicks("Review", in_message_containing=ref)
    assert review.acked
    assert "Reading from Chargebee" in (await stage.bo.sees_modal()).reads
    form = await stage.anna.runs("/credit-note", channel="C0BILLING")
    assert form.acked
    modal = await stage.anna.sees_modal()
    assert await modal.options("Invoice", "INV") == [], "choices that come too late are no choices"
    stage.site.troubles.clear()
    stage.site.release()
    await stage.quiet()


async def test_a_decision_needs_no_chargebee_at_all(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("hold", method="GET", times=100)
    assert await review.submit() is None
    assert "Your approval is noted" in (await stage.bo.sees_modal()).reads
    assert await stage.state(ref) == "approved"
    stage.site.troubles.clear()
    stage.site.release()
    await stage.quiet()
    assert await stage.state(ref) == "done"


async def test_a_slow_write_holds_up_neither_notices_nor_other_requests(stage: Stage) -> None:
    ref = await stage.pending()
    other = await stage.pending("/write-off INV-1102 too small to collect")
    stage.chargebee_trouble("hold", "INV-1042/write_off")
    review = await stage.reviews(stage.bo, ref)
    assert await review.submit() is None
    await stage.site.trouble_met()
    second = await stage.bo.clicks("Review", in_message_containing=other)
    assert second.acked
    modal = await stage.bo.sees_modal(containing="You approve exactly this")
    assert await modal.submit() is None
    await stage.anna.sees("Done.")
    assert (await stage.state(ref), await stage.state(other)) == ("executing", "done")
    stage.site.release()
    await stage.quiet()
    assert await stage.state(ref) == "done"


# Modals that are filled after they have opened


async def held_preview(stage: Stage) -> None:
    stage.chargebee_trouble("hold", method="GET")
    await stage.anna.runs(WRITE_OFF, channel="C0BILLING")
    await stage.anna.sees_modal(containing="Checking with Chargebee")
    await stage.site.trouble_met()


@pytest.mark.parametrize("kind", ["rate_limited", "server_error", "cut_after_apply"])
async def test_a_preview_that_slack_does_not_take_is_said_directly(stage: Stage, kind: str) -> None:
    await held_preview(stage)
    stage.slack_trouble(kind, "views.update")
    stage.site.release()
    await stage.quiet()
    await stage.anna.sees("Slack did not take the answer")


async def test_a_preview_that_hits_a_bug_says_so_in_the_modal(stage: Stage) -> None:
    await held_preview(stage)
    store: Any = stage.bot.store
    store.create = _broken
    stage.site.release()
    await stage.quiet()
    assert "incident" in (await stage.anna.sees_modal()).reads
    stage._bugs += 1


async def test_a_review_that_hits_a_bug_says_so_in_the_modal(stage: Stage) -> None:
    ref = await stage.pending()
    store: Any = stage.bot.store
    store.note = _broken
    await stage.bo.clicks("Review", in_message_containing=ref)
    await stage.quiet()
    assert "incident" in (await stage.bo.sees_modal()).reads
    stage._bugs += 1


async def test_a_line_that_hits_a_bug_says_so_in_the_modal(stage: Stage) -> None:
    await stage.anna.runs("/credit-note INV-1051", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    chargebee: Any = stage.bot.engine.ledger.chargebee
    chargebee.invoice = _broken
    await form.click("Add a line")
    await stage.quiet()
    assert "incident" in (await stage.anna.sees_modal()).reads
    stage._bugs += 1


async def _broken(*_args: object, **_more: object) -> None:
    await asyncio.sleep(0)
    raise ZeroDivisionError
