"""Something changes under a request: Chargebee's facts, or the policy. An approval holds for exactly what was shown."""

import pytest

from tests.tester import CHARGE, WRITE_OFF, Stage, ref_in

TWO_APPROVALS = "/write-off INV-1100 insolvent, claim filed"
BO = 'email = "bo@acme.example"\nroles = ["approver"]'
ANNA = 'email = "anna@acme.example"\nroles = ["agent"]'
FIONA = 'email = "fiona@acme.example"\nroles = ["finance"]'
ONE_IS_ENOUGH = 'up_to = { EUR = "1000", USD = "1000" }\napprovals = 1\nroles = ["approver", "finance"]\n\n[[gates.write_off'
NOBODY_HAS_TO = "approvals = 0                   # the person who asks confirms, and that is enough"


def without(person: str) -> tuple[str, str]:
    """The policy in which this person holds no role any more."""
    email, _ = person.splitlines()
    return person, f"{email}\nroles = []"


async def is_stale(stage: Stage, ref: str, *words: str) -> None:
    """Stopped before anything was sent, and everybody told why."""
    assert await stage.state(ref) == "stale"
    assert stage.writes() == []
    card = await stage.card(ref)
    assert not {"Review", "Reject", "Cancel request"} & set(card.buttons)
    for reads in (card.reads, (await stage.told(stage.anna, ref))[-1], (await stage.notices(ref))[-1]):
        for word in ("before anything was sent to Chargebee", *words):
            assert word in reads


# Facts


async def test_a_payment_between_submit_and_review_stops_the_request_and_shows_what_changed(
    stage: Stage,
) -> None:
    ref = await stage.pending()
    stage.site.change(invoice="INV-1042", record_payment_minor=5_000)
    modal = await stage.reviews(stage.bo, ref)
    assert modal.submit_label is None
    assert "no longer what was asked for" in modal.reads
    assert "119.00" in modal.reads
    assert "69.00" in modal.reads
    await is_stale(stage, ref, "Amount due", "119.00", "69.00")


async def test_a_payment_between_preview_and_submit_is_found_at_the_review(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, WRITE_OFF)
    stage.site.change(invoice="INV-1042", record_payment_minor=5_000)
    ref = await stage.confirms(preview)
    await stage.reviews(stage.bo, ref)
    await is_stale(stage, ref, "Amount due")


async def test_a_payment_in_full_makes_the_request_impossible_and_the_reason_is_said(stage: Stage) -> None:
    ref = await stage.pending()
    stage.site.change(invoice="INV-1042", record_payment_minor=11_900)
    await stage.reviews(stage.bo, ref)
    await is_stale(stage, ref, "Invoice INV-1042 is paid")


async def test_a_payment_between_approval_and_execution_stops_the_request(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("hold", method="GET")
    assert await review.submit() is None
    await stage.site.trouble_met()
    stage.site.change(invoice="INV-1042", record_payment_minor=5_000)
    stage.site.release()
    await stage.quiet()
    await is_stale(stage, ref, "Amount due", "119.00", "69.00")


async def test_a_change_while_the_review_is_open_is_found_before_anything_is_sent(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.site.change(invoice="INV-1042", record_payment_minor=5_000)
    assert await review.submit() is None
    await stage.quiet()
    await is_stale(stage, ref, "Amount due")


async def test_a_charge_that_nobody_approves_is_stopped_as_well(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, CHARGE)
    stage.site.change(kind="customer", id="globex", set={"auto_collection": "off"})
    ref = await stage.confirms(preview)
    assert await stage.state(ref) == "stale"
    assert stage.writes() == []
    assert "before anything was sent to Chargebee" in (await stage.told(stage.anna, ref))[-1]


async def test_what_does_not_matter_to_the_plan_keeps_its_approval(stage: Stage) -> None:
    ref = await stage.pending()
    stage.site.change(kind="invoice", id="INV-1042", set={"dunning_status": "exhausted"})
    stage.site.change(kind="customer", id="acme", set={"last_name": "Adlerova"})
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("hold", method="GET")
    assert await review.submit() is None
    await stage.site.trouble_met()
    stage.site.change(kind="invoice", id="INV-1042", set={"dunning_status": "stopped"})
    stage.site.release()
    await stage.quiet()
    assert await stage.state(ref) == "done"


# Policy


async def test_an_approver_who_lost_the_role_cannot_review_any_more(stage: Stage) -> None:
    ref = await stage.pending()
    assert await stage.policy(without(BO))
    await stage.bo.clicks("Review", in_message_containing=ref)
    await stage.quiet()
    await stage.bo.sees("You may not decide on this request")
    await stage.bo.sees_no_modal()
    assert (await stage.events(ref))[-1] == "denied.review"


async def test_an_approver_who_lost_the_role_with_the_review_open_is_told_and_does_not_count(
    stage: Stage,
) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    assert await stage.policy(without(BO))
    await review.submit()
    await stage.quiet()
    assert "You may not decide on this request" in (await stage.bo.sees_modal()).reads
    assert await stage.state(ref) == "pending"
    assert (await stage.record(ref)).votes == ()
    assert (await stage.events(ref))[-1] == "denied.approve"


async def approved_but_not_executed(stage: Stage) -> str:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_is_blind()
    assert await review.submit() is None
    await stage.quiet()
    assert await stage.state(ref) == "approved"
    return ref


@pytest.mark.parametrize(
    ("person", "words"),
    [(BO, "approvals given no longer count"), (ANNA, "Anna Agent may no longer ask for this")],
    ids=["approver", "requester"],
)
async def test_who_lost_the_role_before_the_execution_stops_it(stage: Stage, person: str, words: str) -> None:
    ref = await approved_but_not_executed(stage)
    assert await stage.policy(without(person))
    stage.later(62)
    await stage.quiet()
    await is_stale(stage, ref, words)


async def test_a_requester_who_lost_the_role_cannot_confirm_the_preview(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, WRITE_OFF)
    ref = ref_in(preview.reads)
    assert await stage.policy(without(ANNA))
    await preview.submit()
    assert "You hold no role" in (await stage.anna.sees_modal()).reads
    assert await stage.state(ref) == "previewed"
    assert (await stage.events(ref))[-1] == "denied.submit"


async def test_a_vote_whose_giver_lost_the_role_does_not_count_towards_two(stage: Stage) -> None:
    ref = await stage.pending(TWO_APPROVALS)
    await stage.approves(stage.fiona, ref)
    assert await stage.policy(without(FIONA), (BO, BO.replace("approver", "finance")))
    await stage.approves(stage.carl, ref)
    assert await stage.state(ref) == "pending", "only Carl's counts now"
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"


async def test_a_gate_that_is_raised_holds_for_what_is_submitted_afterwards(stage: Stage) -> None:
    first = await stage.pending()
    preview = await stage.asks(stage.anna, "/write-off INV-1102 too small to collect")
    raised = ONE_IS_ENOUGH.replace("approvals = 1", "approvals = 2")
    assert await stage.policy((ONE_IS_ENOUGH, raised))
    second = await stage.confirms(preview)
    await stage.approves(stage.bo, first)
    assert await stage.state(first) == "done", "it was asked for under the old gate"
    await stage.approves(stage.bo, second)
    assert await stage.state(second) == "pending"
    assert "1 more approval needed" in (await stage.card(second)).reads


async def test_a_gate_that_is_raised_before_the_submit_lets_nothing_through_unapproved(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, CHARGE)
    assert await stage.policy((NOBODY_HAS_TO, 'approvals = 1\nroles = ["finance"]'))
    ref = await stage.confirms(preview)
    assert await stage.state(ref) == "pending"
    assert stage.writes() == []


async def test_a_policy_that_cannot_be_used_leaves_the_old_one_in_force(stage: Stage) -> None:
    before = stage.bot.policy.current.hash
    assert not await stage.policy(('team_id = "T0BOT"', 'team_id = "T0BOT"\nunheard_of = true'))
    assert stage.bot.policy.current.hash == before
    assert await stage.pending()


async def test_a_policy_for_another_workspace_is_not_taken_while_running(stage: Stage) -> None:
    before = stage.bot.policy.current.hash
    assert not await stage.policy(('team_id = "T0BOT"', 'team_id = "T0OTHER"'))
    assert stage.bot.policy.current.hash == before


async def test_a_policy_that_is_loaded_is_audited(stage: Stage) -> None:
    assert await stage.policy(without(BO))
    loads = [
        row.entry for row in await stage.bot.store.audit_page(0, 100) if row.entry.event == "policy.load"
    ]
    assert len({entry.policy for entry in loads}) == 2
    assert loads[-1].policy == stage.bot.policy.current.hash
