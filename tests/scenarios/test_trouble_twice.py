"""The same thing twice, and two people at the same moment: one effect each, and nobody is told something false."""

import asyncio
from collections import Counter

import pytest

from bot.core.lifecycle import State
from bot.sandbox.person import Modal, Person
from tests.tester import CHARGE, WRITE_OFF, Stage, ref_in

TWO_APPROVALS = "/write-off INV-1100 insolvent, claim filed"


async def opened(stage: Stage, ref: str, *people: Person) -> list[Modal]:
    return [await stage.reviews(person, ref) for person in people]


async def at_once(stage: Stage, *modals: Modal) -> None:
    """They press the button in the same moment; what each sees then is in their modal."""
    errors = await asyncio.gather(*(modal.submit() for modal in modals))
    assert errors == [None] * len(modals)
    await stage.quiet()


async def only_once(stage: Stage, ref: str, **events: int) -> None:
    found = Counter(await stage.events(ref))
    assert {event: found[event] for event in events} == events


# Deliveries


async def test_a_command_delivered_twice_opens_one_form_and_complains_to_nobody(stage: Stage) -> None:
    shown = await stage.anna.runs(WRITE_OFF, channel="C0BILLING", deliveries=2)
    assert shown.error is None
    await stage.quiet()
    sight = await stage.anna.sight()
    assert len(sight["modals"]) == 1
    assert [one for one in await stage.anna.messages() if one.is_ephemeral] == []
    assert await stage.told(stage.anna, ref_in((await stage.anna.sees_modal()).reads)) == []
    assert len(await stage.bot.store.in_state(State.PREVIEWED, 10)) == 1


async def test_a_form_submitted_twice_asks_for_nothing_yet(stage: Stage) -> None:
    await stage.anna.runs("/write-off", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    await form.fill({"Invoice": "INV-1042", "Reason": "duplicate"})
    assert await form.submit(deliveries=2) is None
    await stage.quiet()
    preview = await stage.anna.sees_modal(containing="This preview is good until")
    ref = ref_in(preview.reads)
    await preview.submit()
    await stage.quiet()
    assert await stage.state(ref) == "pending"
    assert await stage.bot.store.in_state(State.PENDING, 10) == [ref]
    assert len(await stage.bot.store.in_state(State.PREVIEWED, 10)) == 1, (
        "the other preview expires by itself"
    )


@pytest.mark.parametrize("command", [WRITE_OFF, CHARGE])
async def test_a_preview_confirmed_twice_is_one_request(stage: Stage, command: str) -> None:
    preview = await stage.asks(stage.anna, command)
    ref = ref_in(preview.reads)
    assert await preview.submit(deliveries=2) is None
    await stage.quiet()
    shown = await stage.anna.sees_modal(title=ref)
    assert "faster" not in shown.reads
    events = await stage.events(ref)
    assert events.count("submit") + events.count("waive") == 1
    assert len(await stage.notices(ref)) == (1 if command == WRITE_OFF else 2)
    if command == CHARGE:
        assert len(stage.writes()) == 1
        assert await stage.state(ref) == "done"
    else:
        await stage.card(ref)


async def test_a_review_confirmed_twice_is_one_approval(stage: Stage) -> None:
    ref = await stage.pending(TWO_APPROVALS)
    [review] = await opened(stage, ref, stage.fiona)
    assert await review.submit(deliveries=2) is None
    await stage.quiet()
    assert "Your approval is noted" in (await stage.fiona.sees_modal()).reads
    assert await stage.state(ref) == "pending"
    await only_once(stage, ref, approve=1, complete=0)
    assert len((await stage.record(ref)).votes) == 1


async def test_the_last_approval_delivered_twice_is_noted_and_executed_once(stage: Stage) -> None:
    ref = await stage.pending()
    [review] = await opened(stage, ref, stage.bo)
    assert await review.submit(deliveries=2) is None
    await stage.quiet()
    assert "Your approval is noted" in (await stage.bo.sees_modal()).reads
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == 1
    await only_once(stage, ref, complete=1, start=1, confirm=1)


async def test_a_review_clicked_twice_opens_one_modal_and_complains_to_nobody(stage: Stage) -> None:
    ref = await stage.pending()
    await stage.bo.clicks("Review", in_message_containing=ref, deliveries=2)
    await stage.quiet()
    assert len((await stage.bo.sight())["modals"]) == 1
    assert [one for one in await stage.bo.messages() if one.is_ephemeral] == []


async def test_a_rejection_delivered_twice_is_one(stage: Stage) -> None:
    ref = await stage.pending()
    await stage.bo.clicks("Reject", in_message_containing=ref)
    modal = await stage.bo.sees_modal(title=f"Reject {ref}")
    await modal.fill({"Why not?": "It was paid"})
    assert await modal.submit(deliveries=2) is None
    await stage.quiet()
    assert "Rejected by" in (await stage.bo.sees_modal()).reads
    assert await stage.state(ref) == "rejected"
    await only_once(stage, ref, reject=1)
    assert len([one for one in await stage.told(stage.anna, ref) if "Rejected" in one]) == 1


async def test_a_cancellation_delivered_twice_is_one(stage: Stage) -> None:
    ref = await stage.pending()
    await stage.anna.clicks("Cancel request", in_message_containing=ref, channel="C0APPROVALS")
    modal = await stage.anna.sees_modal(title=f"Cancel {ref}")
    assert await modal.submit(deliveries=2) is None
    await stage.quiet()
    assert "Cancelled by" in (await stage.anna.sees_modal()).reads
    await only_once(stage, ref, cancel=1)


async def test_a_line_added_twice_is_one_line(stage: Stage) -> None:
    await stage.anna.runs("/credit-note INV-1051", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    await form.fill({"Type": "Refundable: give back what was paid"})
    await stage.quiet()
    form = await stage.anna.sees_modal()
    await form.click("Add a line")
    await stage.quiet()
    line = await stage.anna.sees_modal(title="Add a line")
    choice = (await line.options("Which line?"))[0]
    await line.fill({"Which line?": choice})
    await stage.quiet()
    line = await stage.anna.sees_modal(title="Add a line")
    assert await line.submit(deliveries=2) is None
    await stage.quiet()
    form = await stage.anna.sees_modal()
    assert form.buttons.count("Remove") == 1


async def test_what_a_person_said_about_an_uncertain_request_counts_once(stage: Stage) -> None:
    ref = await stage.pending()
    stage.chargebee_trouble("status", "write_off", status=503)
    await stage.approves(stage.bo, ref)
    stage.chargebee_is_blind(99)  # the bot cannot look, and so sends nothing again
    stage.later(181)
    await stage.fiona.clicks("Settle…", in_message_containing=ref)
    modal = await stage.fiona.sees_modal(title=f"Settle {ref}")
    await modal.fill({"What does Chargebee show?": "It did not happen", "What did you see?": "still due"})
    assert await modal.submit(deliveries=2) is None
    await stage.quiet()
    assert "says that it did not happen" in (await stage.fiona.sees_modal()).reads
    assert await stage.state(ref) == "failed"
    await only_once(stage, ref, refuse=1)


# People


async def test_two_approvers_at_the_same_moment_for_one_needed_vote_execute_once(stage: Stage) -> None:
    ref = await stage.pending()
    await at_once(stage, *await opened(stage, ref, stage.bo, stage.fiona))
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == 1
    assert len((await stage.record(ref)).votes) == 1
    seen = [(await person.sees_modal()).reads for person in (stage.bo, stage.fiona)]
    assert len([one for one in seen if "Your approval is noted" in one]) == 1
    [slower] = [one for one in seen if "Your approval is noted" not in one]
    assert "Nothing was sent to Chargebee" not in slower, "it was, by the faster one"
    await stage.card(ref)


async def test_two_approvers_at_the_same_moment_for_two_needed_votes_both_count(stage: Stage) -> None:
    ref = await stage.pending(TWO_APPROVALS)
    await at_once(stage, *await opened(stage, ref, stage.fiona, stage.carl))
    assert await stage.state(ref) == "done"
    assert {vote.actor.user_id for vote in (await stage.record(ref)).votes} == {"U0FIN", "U0CARL"}
    assert len(stage.writes()) == 1
    await only_once(stage, ref, approve=1, complete=1)


async def test_approving_and_rejecting_at_once_does_one_of_them(stage: Stage) -> None:
    ref = await stage.pending()
    [review] = await opened(stage, ref, stage.bo)
    await stage.fiona.clicks("Reject", in_message_containing=ref)
    rejection = await stage.fiona.sees_modal(title=f"Reject {ref}")
    await rejection.fill({"Why not?": "It was paid"})
    await at_once(stage, review, rejection)
    await one_of_two(stage, ref, "rejected")


async def test_cancelling_and_approving_at_once_does_one_of_them(stage: Stage) -> None:
    ref = await stage.pending()
    [review] = await opened(stage, ref, stage.bo)
    await stage.anna.clicks("Cancel request", in_message_containing=ref, channel="C0APPROVALS")
    cancellation = await stage.anna.sees_modal(title=f"Cancel {ref}")
    await at_once(stage, review, cancellation)
    await one_of_two(stage, ref, "cancelled")


async def one_of_two(stage: Stage, ref: str, other: str) -> None:
    """Either it was approved and done, or it ended as `other` and nothing was sent; all surfaces agree."""
    state = await stage.state(ref)
    assert state in {"done", other}
    assert len(stage.writes()) == (1 if state == "done" else 0)
    card = await stage.card(ref)
    assert card.reads.splitlines()[0].endswith(f": {state}")
    assert not {"Review", "Reject", "Cancel request"} & set(card.buttons)


async def test_the_requesters_second_account_counts_neither_as_approver_nor_as_requester(
    stage: Stage,
) -> None:
    ref = await stage.pending()
    await stage.twin.clicks("Review", in_message_containing=ref)
    await stage.quiet()
    await stage.twin.sees("same e-mail as the person who asked")
    await stage.twin.sees_no_modal()
    assert await stage.state(ref) == "pending"
    assert "denied.review" in await stage.events(ref)


async def test_the_requester_cannot_approve_their_own_request(stage: Stage) -> None:
    ref = await stage.pending()
    await stage.anna.clicks("Review", in_message_containing=ref)
    await stage.quiet()
    await stage.anna.sees("somebody else has to decide")
    assert await stage.state(ref) == "pending"
