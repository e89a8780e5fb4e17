"""Time runs out: previews, requests and approvals expire, approvers are reminded. Expired is not rejected."""

from bot.sandbox.person import Seen
from tests.tester import WRITE_OFF, Stage, ref_in

HOUR_S = 3600


async def reminders(stage: Stage, ref: str) -> list[Seen]:
    """What stands below the card, in its thread."""
    root = await stage.card(ref)
    return [one for one in await stage.bo.messages("C0APPROVALS") if one.thread_ts == root.ts != one.ts]


async def test_a_preview_can_be_confirmed_for_an_hour_and_not_longer(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, WRITE_OFF)
    ref = ref_in(preview.reads)
    stage.later(HOUR_S)
    await preview.submit()
    assert "This preview has expired" in (await stage.anna.sees_modal()).reads
    await stage.quiet()
    assert await stage.state(ref) == "expired"
    assert await stage.notices(ref) == [], "nobody had heard of it"


async def test_a_preview_is_good_until_its_last_second(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, WRITE_OFF)
    stage.later(HOUR_S - 1)
    assert await stage.state(await stage.confirms(preview)) == "pending"


async def test_a_form_left_open_for_a_day_says_so(stage: Stage) -> None:
    await stage.anna.runs("/write-off INV-1042", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    await form.fill({"Reason": "duplicate"})
    stage.later(24 * HOUR_S)
    await form.submit()
    assert "This form has expired" in (await stage.anna.sees_modal()).reads


async def test_a_request_nobody_decided_expires_and_is_not_called_rejected(stage: Stage) -> None:
    ref = await stage.pending()
    stage.later(24 * HOUR_S)
    await stage.quiet()
    assert await stage.state(ref) == "expired"
    card = await stage.card(ref)
    assert card.buttons == ["Details", "Open in Chargebee"]
    for reads in (card.reads, (await stage.told(stage.anna, ref))[-1], (await stage.notices(ref))[-1]):
        assert "Nobody rejected it" in reads
    assert stage.writes() == []


async def test_an_approval_that_comes_too_late_does_nothing(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.later(24 * HOUR_S)
    await review.submit()
    await stage.quiet()
    assert await stage.state(ref) == "expired"
    assert stage.writes() == []


async def test_approvers_are_reminded_once_in_each_period_with_the_time_that_is_left(stage: Stage) -> None:
    ref = await stage.pending()
    assert await reminders(stage, ref) == []
    for passed in range(1, 6):
        stage.later(4 * HOUR_S)
        await stage.quiet()
        await stage.quiet()
        said = await reminders(stage, ref)
        assert len(said) == passed
        assert f"{24 - 4 * passed} h" in said[-1].reads
    stage.later(4 * HOUR_S)
    await stage.quiet()
    assert await stage.state(ref) == "expired"
    assert len(await reminders(stage, ref)) == 5, "nobody is reminded of what has ended"


async def test_nobody_is_reminded_after_a_decision(stage: Stage) -> None:
    ref = await stage.done()
    stage.later(5 * HOUR_S)
    await stage.quiet()
    assert await reminders(stage, ref) == []


async def test_after_a_long_stop_one_reminder_is_enough(stage: Stage) -> None:
    ref = await stage.pending()
    await stage.stop_bot()
    stage.later(13 * HOUR_S)
    await stage.start_bot()
    await stage.quiet()
    assert len(await reminders(stage, ref)) == 1


async def approved_while_chargebee_is_away(stage: Stage) -> str:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_is_blind(times=1000)
    assert await review.submit() is None
    await stage.quiet()
    assert await stage.state(ref) == "approved"
    return ref


async def test_an_approval_expires_while_chargebee_is_away(stage: Stage) -> None:
    ref = await approved_while_chargebee_is_away(stage)
    for _ in range(24):
        stage.later(HOUR_S)
        await stage.quiet()
    assert await stage.state(ref) == "expired"
    assert "expired before it could be carried out" in (await stage.told(stage.anna, ref))[-1]
    assert stage.writes() == []


async def test_an_expired_approval_is_not_carried_out_when_chargebee_comes_back_in_the_same_moment(
    stage: Stage,
) -> None:
    ref = await approved_while_chargebee_is_away(stage)
    stage.site.troubles.clear()
    stage.later(24 * HOUR_S)
    await stage.quiet()
    assert await stage.state(ref) == "expired"
    assert stage.writes() == []
