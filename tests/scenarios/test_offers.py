"""What can be done is offered on every surface, and nothing else; what an old surface still offers only says what happened."""

from collections.abc import Awaitable, Callable

import pytest

from bot.sandbox.person import Person
from bot.slack.routes import Click
from tests.scenarios.deciding import clicked, ephemerals, rejects
from tests.tester import Stage

HOUR_S = 3600


async def surfaces(stage: Stage, person: Person, ref: str) -> dict[str, list[str]]:
    """The buttons that lead to acts, where a person can find them."""
    found = {"card": [one for one in (await stage.card(ref)).buttons if one != "Open in Chargebee"]}
    while (await person.sight())["modals"]:
        await person.acts("close", all=True)
    await person.clicks("Details", in_message_containing=ref, channel="C0APPROVALS")
    await stage.quiet()
    details = await person.sees_modal(title=ref)
    found["details"] = details.buttons
    await details.close()
    return found


async def state_pending(stage: Stage) -> str:
    return await stage.pending()


async def state_done(stage: Stage) -> str:
    return await stage.done()


async def state_uncertain(stage: Stage) -> str:
    ref = await stage.pending()
    stage.chargebee_trouble("status", "write_off", status=503)
    await stage.approves(stage.bo, ref)
    return ref


async def state_rejected(stage: Stage) -> str:
    ref = await stage.pending()
    await rejects(stage, stage.bo, ref, "It was paid")
    return ref


async def state_settling(stage: Stage) -> str:
    ref = await stage.pending("/send-einvoice CN-77 the customer asked for it")
    await stage.approves(stage.bo, ref)
    return ref


async def state_expired(stage: Stage) -> str:
    ref = await stage.pending()
    stage.later(25 * HOUR_S)
    await stage.quiet()
    return ref


Begin = Callable[[Stage], Awaitable[str]]
#: In which state -> what the card offers, and what the requester's and an approver's Details do.
OFFERS: dict[Begin, tuple[list[str], list[str], list[str]]] = {
    state_pending: (
        ["Review", "Reject", "Cancel request", "Details"],
        ["Cancel request"],
        ["Review", "Reject"],
    ),
    state_uncertain: (["Look again", "Settle…", "Details"], ["Look again"], ["Look again", "Settle…"]),
    state_settling: (["Details"], [], []),
    state_done: (["Details"], [], []),
    state_rejected: (["Details"], ["Ask again"], []),
    state_expired: (["Details"], ["Ask again"], []),
}


@pytest.mark.parametrize("restarted", [False, True], ids=["", "after a restart"])
@pytest.mark.parametrize("begin", OFFERS, ids=lambda one: one.__name__)
async def test_each_surface_offers_only_what_is_possible(stage: Stage, begin: Begin, restarted: bool) -> None:
    on_card, requester, approver = OFFERS[begin]
    ref = await begin(stage)
    if restarted:
        await stage.restart()
    assert await surfaces(stage, stage.anna, ref) == {"card": on_card, "details": requester}
    assert await surfaces(stage, stage.fiona, ref) == {"card": on_card, "details": approver}
    open_ = ref in " ".join(await lists(stage, stage.anna))
    assert open_ == (await stage.record(ref)).unfinished
    waits = ref in " ".join(await lists(stage, stage.fiona))
    assert waits == (await stage.state(ref) == "pending")


async def lists(stage: Stage, person: Person) -> list[str]:
    """What `/billing pending` says."""
    shown = await person.runs("/billing pending", channel="C0BILLING")
    assert shown.text
    return [shown.text]


async def test_a_direct_message_offers_nothing_that_could_become_impossible(stage: Stage) -> None:
    ref = await stage.done()
    own = stage.sandbox.slack.workspace.direct_channel("U0ANNA").id
    for message in await stage.anna.messages(own):
        assert set(message.buttons) <= {"Details", "Open in Chargebee"}
        assert ref in message.reads


@pytest.mark.parametrize("begin", [state_done, state_rejected, state_settling, state_expired])
async def test_every_button_of_an_old_card_only_says_what_happened(stage: Stage, begin: Begin) -> None:
    ref = await begin(stage)
    before = await stage.record(ref)
    card, writes = await stage.card(ref), len(stage.writes())
    for click, person in (
        (Click.REVIEW, stage.fiona),
        (Click.REJECT, stage.fiona),
        (Click.CANCEL, stage.anna),
        (Click.LOOK, stage.anna),
        (Click.SETTLE, stage.fiona),
    ):
        while (await person.sight())["modals"]:
            await person.acts("close", all=True)
        seen = len(await ephemerals(person))
        await clicked(stage, person, card, click, ref)
        [told] = (await ephemerals(person))[seen:]
        assert told.startswith(ref), told
        await person.sees_no_modal()
    assert await stage.record(ref) == before
    assert len(stage.writes()) == writes
