"""Who has to agree, who counts, what they are shown, and what becomes of a request that is refused, taken back or too late."""

import pytest

from tests.scenarios.deciding import ephemerals, rejects
from tests.tester import CHARGE, WRITE_OFF, Stage, ref_in

TWO_APPROVALS = "/write-off INV-1100 insolvent, claim filed"
HOUR_S = 3600


# Tiers


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("/charge globex 500 Workshop", "Nobody else has to approve"),
        (
            "/charge globex 500.01 Workshop",
            "One of @Bo Approver, @Fiona Finance and @Carl Controller must approve.",
        ),
        (
            "/charge globex 5000 Workshop",
            "One of @Bo Approver, @Fiona Finance and @Carl Controller must approve.",
        ),
        ("/charge globex 5000.01 Workshop", "@Fiona Finance and @Carl Controller must approve."),
        (WRITE_OFF, "One of @Bo Approver, @Fiona Finance and @Carl Controller must approve."),
        (TWO_APPROVALS, "@Fiona Finance and @Carl Controller must approve."),
    ],
)
async def test_the_amount_decides_who_has_to_approve(stage: Stage, command: str, needed: str) -> None:
    preview = await stage.asks(stage.anna, command)
    assert needed in preview.reads
    free = needed.startswith("Nobody")
    assert (preview.submit_label == "Ask for approval") is not free


async def test_what_nobody_else_has_to_approve_has_no_card_and_is_told_to_everybody(stage: Stage) -> None:
    ref = await stage.pending(CHARGE)
    assert await stage.state(ref) == "done"
    assert await stage.cards(ref) == []
    notices = await stage.notices(ref)
    assert "Asked for by @Anna Agent: “Onboarding workshop”. Nobody else has to approve." in notices[0]
    assert "Done." in notices[1]


# Quorum


async def test_two_approvals_take_two_people(stage: Stage) -> None:
    ref = await stage.pending(TWO_APPROVALS)
    await stage.approves(stage.fiona, ref)
    assert await stage.state(ref) == "pending"
    card = (await stage.card(ref)).reads
    assert "Approved by @Fiona Finance (" in card
    assert "1 more approval needed." in card
    assert stage.writes() == []

    await stage.fiona.clicks("Review", in_message_containing=ref)
    await stage.quiet()
    assert await ephemerals(stage.fiona) == ["You have decided on this already. Ask Carl Controller."]
    await stage.bo.clicks("Review", in_message_containing=ref)
    await stage.quiet()
    assert "It takes the role finance." in (await ephemerals(stage.bo))[-1]
    assert await stage.state(ref) == "pending"

    await (await stage.fiona.sees_modal()).close()
    await stage.approves(stage.carl, ref)
    assert await stage.state(ref) == "done"
    assert "Approved by @Fiona Finance and @Carl Controller." in (await stage.told(stage.anna, ref))[-1]


async def test_whoever_has_approved_can_still_stop_it(stage: Stage) -> None:
    ref = await stage.pending(TWO_APPROVALS)
    await stage.approves(stage.fiona, ref)
    await (await stage.fiona.sees_modal()).close()
    await rejects(stage, stage.fiona, ref, "I was wrong about this")
    assert await stage.state(ref) == "rejected"
    assert "Rejected by @Fiona Finance" in (await stage.told(stage.anna, ref))[-1]


@pytest.mark.parametrize("command", [WRITE_OFF, TWO_APPROVALS])
@pytest.mark.parametrize("button", ["Review", "Reject"])
async def test_neither_the_requester_nor_their_second_account_decides(
    stage: Stage, command: str, button: str
) -> None:
    ref = await stage.pending(command)
    await (await stage.anna.sees_modal()).close()
    for person, why in ((stage.anna, "somebody else has to decide"), (stage.twin, "the same e-mail")):
        await person.clicks(button, in_message_containing=ref)
        await stage.quiet()
        told = (await ephemerals(person))[-1]
        assert why in told
        assert "Ask " in told
        await person.sees_no_modal()
    assert (await stage.record(ref)).votes == ()
    event = "denied.review" if button == "Review" else "denied.reject"
    assert [one for one in await stage.events(ref) if one == event] == [event] * 2


async def test_the_second_account_may_decide_what_others_ask(stage: Stage) -> None:
    ref = await stage.pending(WRITE_OFF, stage.jurgen)
    await stage.approves(stage.twin, ref)
    assert await stage.state(ref) == "done"


async def test_an_approver_who_lost_the_role_before_the_second_vote_does_not_count(stage: Stage) -> None:
    assert await stage.policy(
        ('email = "bo@acme.example"\nroles = ["approver"]', 'email = "bo@acme.example"\nroles = ["finance"]')
    )
    ref = await stage.pending(TWO_APPROVALS)
    await stage.approves(stage.bo, ref)
    assert await stage.policy(
        ('email = "bo@acme.example"\nroles = ["finance"]', 'email = "bo@acme.example"\nroles = ["approver"]')
    )
    await stage.approves(stage.fiona, ref)
    assert await stage.state(ref) == "pending", "one of the two no longer counts"
    await stage.approves(stage.carl, ref)
    assert await stage.state(ref) == "done"


# Rejecting


async def test_a_rejection_takes_a_reason_which_the_requester_and_the_channel_read(stage: Stage) -> None:
    ref = await stage.pending()
    await stage.bo.clicks("Reject", in_message_containing=ref)
    modal = await stage.bo.sees_modal(title=f"Reject {ref}")
    assert "Anna Agent and the channel will read this." in modal.reads
    assert await modal.submit() is not None, "Slack itself wants something"
    await modal.fill({"Why not?": "      "})
    assert await modal.submit() == {"Why not?": "Say why, in a few words."}
    assert await stage.state(ref) == "pending"
    await modal.fill({"Why not?": "It was paid\nyesterday"})
    assert await modal.submit() is None
    await stage.quiet()
    assert "@Anna Agent will be told." in (await stage.bo.sees_modal()).reads
    for heard in (
        (await stage.told(stage.anna, ref))[-1],
        (await stage.notices(ref))[-1],
        (await stage.card(ref)).reads,
    ):
        assert "Rejected by @Bo Approver (2026-11-30" in heard
        assert "“It was paid yesterday”" in heard
        assert "Nothing was sent to Chargebee." in heard
    assert stage.writes() == []


# Cancelling


@pytest.mark.parametrize("place", ["card", "details", "old direct message"])
async def test_the_requester_takes_it_back(stage: Stage, place: str) -> None:
    ref = await stage.pending()
    if place == "card":
        await stage.anna.clicks("Cancel request", in_message_containing=ref, channel="C0APPROVALS")
    else:
        where = "C0APPROVALS" if place == "details" else None
        await (await stage.anna.sees_modal()).close()
        await stage.anna.clicks("Details", in_message_containing=ref, channel=where)
        await stage.quiet()
        details = await stage.anna.sees_modal(title=ref)
        assert details.buttons == ["Cancel request"]
        await details.click("Cancel request")
    modal = await stage.anna.sees_modal(title=f"Cancel {ref}")
    await modal.fill({"Why?": "wrong invoice"})
    assert await modal.submit() is None
    await stage.quiet()
    assert await stage.state(ref) == "cancelled"
    assert "Cancelled by @Anna Agent. Nothing was sent to Chargebee." in (await stage.card(ref)).reads
    assert "Cancelled by @Anna Agent." in (await stage.notices(ref))[-1]
    assert (await stage.card(ref)).buttons == ["Details", "Open in Chargebee"]


@pytest.mark.parametrize("name", ["bo", "fiona", "jurgen", "twin"])
async def test_nobody_else_takes_it_back(stage: Stage, name: str) -> None:
    ref = await stage.pending()
    person = stage.people[name]
    await person.clicks("Cancel request", in_message_containing=ref)
    await stage.quiet()
    assert await ephemerals(person) == ["Only Anna Agent, who asked for this, can cancel it."]
    assert await stage.state(ref) == "pending"
    assert "denied.cancel" in await stage.events(ref)


# The review


async def test_a_review_shows_what_chargebee_says_now(stage: Stage) -> None:
    ref = await stage.pending()
    reads = len(stage.site.calls())
    review = await stage.reviews(stage.bo, ref)
    assert len(stage.site.calls()) > reads
    for fact in (
        "Write off invoice INV-1042",
        "Amount: EUR 119.00",
        "As Chargebee counts it: 11900 hundredths of EUR",
        "Customer: Acme GmbH (acme)",
        "Asked for by: @Anna Agent",
        "Reason: duplicate of INV-1040",
        "Amount due: EUR 119.00 → EUR 0.00",
        "Can be undone by",
        "You approve exactly this; if it changes, it is stopped.",
    ):
        assert fact in review.reads
    assert (review.submit_label, review.title) == ("Approve", f"Review {ref}")


async def test_a_review_of_changed_facts_lists_each_difference_and_ends_the_request(stage: Stage) -> None:
    ref = await stage.pending()
    stage.site.change(invoice="INV-1042", record_payment_minor=1900)
    modal = await stage.reviews(stage.bo, ref)
    assert modal.submit_label is None
    assert "Invoice INV-1042, Amount due (now): was EUR 119.00, is EUR 100.00" in modal.reads
    assert "@Anna Agent can ask again if it is still wanted." in modal.reads
    assert modal.reads.count("topped") == 1, "said once"
    card = await stage.card(ref)
    assert "out of date" in card.reads
    assert "was EUR 119.00, is EUR 100.00" in card.reads
    assert card.buttons == ["Details", "Open in Chargebee"]
    assert "@Anna Agent can ask again" in (await stage.notices(ref))[-1]
    [*_, told] = await stage.told(stage.anna, ref)
    assert "Ask again if it is still wanted." in told
    assert "was EUR 119.00, is EUR 100.00" in told


async def test_a_stale_request_is_asked_again_with_what_was_entered(stage: Stage) -> None:
    ref = await stage.pending()
    stage.site.change(invoice="INV-1042", record_payment_minor=1900)
    await stage.reviews(stage.bo, ref)
    await (await stage.anna.sees_modal()).close()
    await stage.anna.clicks("Ask again", in_message_containing=ref)
    await stage.quiet()
    form = await stage.anna.sees_modal(title="Write off invoice")
    assert await form.submit() is None
    await stage.quiet()
    preview = await stage.anna.sees_modal(containing="This preview is good until")
    assert "EUR 100.00" in preview.reads
    assert ref_in(preview.reads) != ref


# Time


async def test_reminders_name_those_who_have_not_decided_and_the_time_left(stage: Stage) -> None:
    ref = await stage.pending(TWO_APPROVALS)
    await stage.approves(stage.fiona, ref)
    stage.later(4 * HOUR_S)
    await stage.quiet()
    card = await stage.card(ref)
    [reminder] = [
        one.reads for one in await stage.bo.messages("C0APPROVALS") if one.thread_ts == card.ts != one.ts
    ]
    assert "Still waiting for 1 approval. @Carl Controller, please look at it: 20 h left, until" in reminder
    assert "EUR 1,250.00" in reminder


async def test_an_expired_request_is_not_a_rejected_one(stage: Stage) -> None:
    ref = await stage.pending()
    stage.later(24 * HOUR_S)
    await stage.quiet()
    for heard in ((await stage.told(stage.anna, ref))[-1], (await stage.notices(ref))[-1]):
        assert "It expired before anybody had decided. Nobody rejected it, and nothing was sent" in heard
    assert "Ask again if it is still wanted." in (await stage.told(stage.anna, ref))[-1]


async def test_what_half_of_the_approvers_approved_expires_too(stage: Stage) -> None:
    ref = await stage.pending(TWO_APPROVALS)
    await stage.approves(stage.fiona, ref)
    stage.later(24 * HOUR_S)
    await stage.quiet()
    assert "It expired before enough people had approved it." in (await stage.told(stage.anna, ref))[-1]


async def test_a_preview_that_nobody_confirms_ends_without_a_word(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, WRITE_OFF)
    ref = ref_in(preview.reads)
    stage.later(HOUR_S)
    await stage.quiet()
    assert await stage.state(ref) == "expired"
    assert await stage.told(stage.anna, ref) == []
    assert await stage.notices(ref) == []
    await preview.submit()
    await stage.anna.sees_modal(containing="This preview has expired.")


# The policy changes in between


async def test_a_gate_raised_since_leaves_what_was_asked_as_it_was_asked(stage: Stage) -> None:
    ref = await stage.pending()
    tier = '[[gates.write_off.tiers]]\nup_to = { EUR = "1000", USD = "1000" }'
    assert await stage.policy((tier, tier.replace("1000", "10")))
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"
    assert (
        "@Fiona Finance and @Carl Controller"
        in (await stage.asks(stage.anna, "/write-off INV-1103 insolvent")).reads
    )


async def test_a_request_whose_requester_may_no_longer_ask_is_not_carried_out(stage: Stage) -> None:
    ref = await stage.pending()
    assert await stage.policy(('roles = ["agent"]', "roles = []"))
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "stale"
    assert stage.writes() == []
    assert "Anna Agent may no longer ask for this" in (await stage.notices(ref))[-1]
