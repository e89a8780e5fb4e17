"""Slack in trouble: notices arrive at last, in order, and never hold up, repeat or undo a billing change."""

import asyncio
from typing import Any

import pytest

from bot.sandbox.people import BOT_USER
from bot.sandbox.slack.delivery import SocketTransport
from tests.tester import WRITE_OFF, Stage, ref_in


async def control(stage: Stage, kind: str, **body: object) -> None:
    """Trouble that takes effect in the workspace at once."""
    await stage.anna._post("trouble", {"kind": kind, **body})


async def channel(stage: Stage, channel_id: str, **body: object) -> None:
    await stage.anna._post("channel", {"id": channel_id, **body})


async def caught_up(stage: Stage) -> None:
    """Time goes on until nothing is owed any more."""
    for _ in range(30):
        if not (await stage.bot.store.statistics(0)).owed_errands:
            return
        stage.later(600)
        await stage.quiet()
    raise AssertionError("something is still owed")


async def all_told(stage: Stage, ref: str) -> None:
    """Everything about a request that is done was said, in order and once."""
    told = [reads.splitlines()[1] for reads in await stage.notices(ref)]
    assert [line.split()[0] for line in told] == ["Asked", "Approved", "Done."]
    assert [
        line.split()[0] for line in (reads.splitlines()[1] for reads in await stage.told(stage.anna, ref))
    ] == [
        "You",
        "Done.",
    ]
    assert (await stage.card(ref)).reads.splitlines()[0].endswith(": done")


# Notices


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("rate_limited", {"retry_after_s": 40}),
        ("server_error", {"status": 503}),
        ("fail", {"error": "internal_error"}),
        ("fail", {"error": "some_error_nobody_has_heard_of"}),
    ],
)
async def test_notices_that_slack_does_not_take_arrive_later_in_order_and_once(
    stage: Stage, kind: str, detail: dict[str, Any]
) -> None:
    stage.slack_trouble(kind, "chat.postMessage", 3, **detail)
    preview = await stage.asks(stage.anna, WRITE_OFF)
    ref = await stage.confirms(preview)
    await caught_up(stage)
    await stage.approves(stage.bo, ref)
    await caught_up(stage)
    await all_told(stage, ref)


async def test_a_billing_change_does_not_wait_for_its_notices(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    for method in ("chat.postMessage", "chat.update", "conversations.open"):
        stage.slack_trouble("rate_limited", method, 1000, retry_after_s=60)
    assert await review.submit() is None
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(await stage.notices(ref)) == 1
    stage.sandbox.slack.workspace.trouble.clear()
    await caught_up(stage)
    await all_told(stage, ref)
    assert len(stage.writes()) == 1


@pytest.mark.parametrize("kind", ["archive", "remove_bot"])
@pytest.mark.parametrize("where", ["C0NOTICES", "C0APPROVALS"])
async def test_a_channel_that_cannot_be_written_to_gets_its_messages_when_it_can(
    stage: Stage, kind: str, where: str
) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    await control(stage, kind, channel=where)
    assert await review.submit() is None
    await stage.quiet()
    assert await stage.state(ref) == "done"
    stage.later(3600)
    await stage.quiet()
    await channel(stage, where, is_archived=False, join=[BOT_USER])
    await caught_up(stage)
    await all_told(stage, ref)
    assert len(stage.writes()) == 1


async def test_a_card_that_somebody_deleted_comes_again_with_the_next_change(stage: Stage) -> None:
    ref = await stage.pending("/write-off INV-1100 insolvent, claim filed")
    review = await stage.reviews(stage.fiona, ref)
    card = await stage.card(ref)
    await control(stage, "delete_message", channel=card.channel, ts=card.ts)
    assert await stage.cards(ref) == []
    assert await review.submit() is None
    await stage.quiet()
    fresh = await stage.card(ref)
    await stage.approves(stage.carl, ref)
    assert (await stage.card(ref)).ts == fresh.ts, "from now on this is the one"


async def test_a_card_that_somebody_deleted_comes_again_with_the_next_reminder(stage: Stage) -> None:
    ref = await stage.pending()
    card = await stage.card(ref)
    await control(stage, "delete_message", channel=card.channel, ts=card.ts)
    stage.later(4 * 3600)
    await stage.quiet()
    fresh = await stage.card(ref)
    [reminder] = [one for one in await stage.bo.messages("C0APPROVALS") if "Still waiting" in one.reads]
    assert reminder.thread_ts == fresh.ts
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"


async def test_a_notice_whose_thread_is_gone_begins_a_new_one(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.slack_trouble("fail", "chat.postMessage", 1, error="thread_not_found")
    assert await review.submit() is None
    await stage.quiet()
    roots = [one for one in await stage.bo.messages("C0NOTICES") if one.thread_ts in (None, one.ts)]
    assert len(roots) == 2
    await all_told(stage, ref)


async def test_a_requester_who_left_holds_up_nobody(stage: Stage) -> None:
    ref = await stage.pending()
    await stage.anna._post("people", {"user": "U0ANNA", "deleted": True})
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"
    assert (await stage.notices(ref))[-1].splitlines()[1].startswith("Done.")
    assert (await stage.bot.store.statistics(0)).owed_errands == 0


async def test_a_message_whose_connection_was_cut_is_sent_again_and_the_change_is_not(stage: Stage) -> None:
    ref = await stage.pending()
    stage.slack_trouble("cut_after_apply", "chat.postMessage", 1)
    await stage.approves(stage.bo, ref)
    await caught_up(stage)
    assert len(stage.writes()) == 1
    assert (await stage.notices(ref))[-1].splitlines()[1].startswith("Done.")


# Interactions


async def test_a_lost_acknowledgement_of_the_submit_is_one_request_when_it_is_pressed_again(
    stage: Stage,
) -> None:
    preview = await stage.asks(stage.anna, WRITE_OFF)
    ref = ref_in(preview.reads)
    stage.slack_trouble("lose_ack", "view_submission")
    errors = await preview.submit()
    assert errors == {"Slack": "We had some trouble connecting. Try again?"}
    await stage.quiet()
    assert await stage.state(ref) == "pending", "it was committed before it was acknowledged"
    assert await preview.submit() is None
    await stage.quiet()
    assert (await stage.events(ref)).count("submit") == 1
    await stage.card(ref)


async def test_a_lost_acknowledgement_of_an_approval_is_one_approval_when_it_is_pressed_again(
    stage: Stage,
) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.slack_trouble("lose_ack", "view_submission")
    assert await review.submit() is not None
    await stage.quiet()
    assert await review.submit() is None
    assert "Your approval is noted" in (await stage.bo.sees_modal()).reads
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == 1
    assert len((await stage.record(ref)).votes) == 1


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("rate_limited", {"retry_after_s": 30}),
        ("server_error", {"status": 502}),
        ("cut_after_apply", {}),
        ("fail", {"error": "user_not_found"}),
    ],
)
async def test_nobody_acts_while_slack_does_not_say_who_they_are(
    stage: Stage, kind: str, detail: dict[str, Any]
) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.slack_trouble(kind, "users.info", 10, **detail)
    await review.submit()
    await stage.quiet()
    assert "could not check with Slack who you are" in (await stage.bo.sees_modal()).reads
    shown = await stage.carl.runs("/write-off INV-1102 too small", channel="C0BILLING")
    assert "could not check with Slack who you are" in (shown.text or "")
    assert await stage.state(ref) == "pending"
    assert (await stage.record(ref)).votes == ()
    stage.sandbox.slack.workspace.trouble.clear()
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("rate_limited", {"retry_after_s": 30}),
        ("server_error", {"status": 502}),
        ("fail", {"error": "expired_trigger_id"}),
    ],
)
async def test_a_form_that_slack_does_not_open_is_said_privately(
    stage: Stage, kind: str, detail: dict[str, Any]
) -> None:
    stage.slack_trouble(kind, "views.open", **detail)
    shown = await stage.anna.runs("/write-off INV-1042", channel="C0BILLING")
    assert "Try again in a moment" in (shown.text or "")
    assert "incident" not in (shown.text or ""), "it is Slack's trouble, and not a bug of the bot"


async def test_an_answer_to_a_click_falls_back_to_a_direct_message(stage: Stage) -> None:
    ref = await stage.pending()
    key = len(stage.sandbox.slack.workspace.response_urls)
    await stage.nora.clicks("Review", in_message_containing=ref)
    await stage.quiet()
    assert len(stage.sandbox.slack.workspace.response_urls) > key
    await stage.nora.sees("You may not decide on this request")


# The connection


async def test_a_socket_that_slack_wants_renewed_is_renewed(stage: Stage) -> None:
    await control(stage, "refresh_sockets")
    await asyncio.wait_for(stage.sandbox.slack.connected(), 10)
    assert await stage.pending()


async def test_a_click_whose_socket_breaks_has_counted_and_the_socket_is_opened_again(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("hold", method="GET")
    transport = stage.sandbox.slack.courier.transport
    assert isinstance(transport, SocketTransport)
    submitting = asyncio.create_task(review.submit())
    await stage.site.trouble_met()  # the approval is committed, and the worker at its work
    await transport.drop()
    await submitting
    stage.site.release()
    await asyncio.wait_for(stage.sandbox.slack.connected(), 15)  # the SDK looks every 5 s
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == 1
    assert await stage.pending("/write-off INV-1102 too small to collect")


@pytest.mark.parametrize("how", [{"deliveries": 2}, {"retry": True}], ids=["twice", "retried"])
async def test_a_message_to_the_bot_is_answered_once(stage: Stage, how: dict[str, Any]) -> None:
    await stage.anna.says("hello", **how)
    await stage.quiet()
    own = stage.sandbox.slack.workspace.direct_channel("U0ANNA").id
    answers = [one for one in await stage.anna.messages(own) if one.text != "hello"]
    assert len(answers) == 1


async def test_home_is_drawn_again_however_often_it_is_told_to(stage: Stage) -> None:
    await stage.anna.opens_home(deliveries=2)
    await stage.quiet()
    assert "Write off invoice" in await stage.anna.sees_home()
