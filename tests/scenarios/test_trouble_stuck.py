"""Nothing stays where nothing moves it, and nothing that cannot be reached holds up what can."""

from bot.core.record import ON_ITS_WAY_S
from bot.engine.executing import SETTLES_WITHIN_S
from tests.tester import CHARGE, WRITE_OFF, Stage


async def test_a_call_whose_end_nobody_wrote_down_is_looked_into_without_a_restart(stage: Stage) -> None:
    ref = await stage.pending()
    stage.chargebee_trouble("hold", "write_off")
    await stage.bo.clicks("Review", in_message_containing=ref)
    await stage.quiet()
    review = await stage.bo.sees_modal()
    assert await review.submit() is None
    await stage.site.trouble_met()
    await stage.bot.worker._tasks.drain(0)  # whoever waited for the answer is gone
    assert await stage.state(ref) == "executing"
    stage.site.release()
    stage.later(ON_ITS_WAY_S + 1)
    await stage.quiet()
    stage.later(5)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(stage.writes("write_off")) == 1


async def test_what_the_policy_no_longer_allows_is_not_sent_again(stage: Stage) -> None:
    ref = await stage.pending()
    stage.chargebee_trouble("reset_before", "write_off")
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "uncertain"
    sent = len(stage.writes("write_off"))
    assert await stage.policy(
        (
            'name = "Bo Approver"\nemail = "bo@acme.example"\nroles = ["approver"]',
            'name = "Bo Approver"\nemail = "bo@acme.example"\nroles = []',
        )
    )
    stage.later(ON_ITS_WAY_S + 5)
    await stage.quiet()
    assert len(stage.writes("write_off")) == sent
    assert await stage.state(ref) == "failed"
    assert stage.invoice("INV-1042")["status"] == "payment_due"


async def test_an_einvoice_without_an_end_is_handed_to_a_person_after_a_week(stage: Stage) -> None:
    stage.site.settings(einvoice_step_s=10 * SETTLES_WITHIN_S)
    ref = await stage.pending("/send-einvoice CN-77 asked for")
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "settling"
    stage.later(SETTLES_WITHIN_S + 3600)
    await stage.quiet()
    assert await stage.state(ref) == "uncertain"
    card = await stage.card(ref)
    assert "after a week it still shows no end" in card.reads
    assert "Settle…" in card.buttons


async def test_a_notices_channel_that_is_gone_holds_up_neither_the_card_nor_the_requester(
    stage: Stage,
) -> None:
    stage.sandbox.slack.workspace.channels["C0NOTICES"].is_archived = True
    ref = await stage.pending(WRITE_OFF)
    await stage.approves(stage.bo, ref)
    assert "done" in (await stage.card(ref)).reads
    assert any("Done." in told for told in await stage.told(stage.anna, ref))
    assert await stage.notices(ref) == []


async def test_a_lost_database_does_not_make_the_bot_claim_what_an_earlier_request_did(stage: Stage) -> None:
    first = await stage.pending(CHARGE)
    assert await stage.state(first) == "done"
    await stage.stop_bot()
    for file in stage.folder.glob("bot.db*"):
        file.unlink()
    stage.later(120)
    await stage.start_bot()
    second = await stage.pending('/charge globex "20 EUR" Something else')
    assert second != first
    assert await stage.state(second) == "done"
    assert len(stage.writes("invoices/charge")) == 2
