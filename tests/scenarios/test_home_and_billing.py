"""`/billing`, Home, and writing to the bot: each person finds what is theirs, and nothing else."""

import pytest

from bot.operations import OPERATIONS
from bot.sandbox.people import Member
from bot.sandbox.person import Person
from tests.tester import WRITE_OFF, Stage

ALL = [op.title for op in OPERATIONS]
NO_ROLE = "You hold no role in the billing policy. Ask Anna Agent or Jürgen Müller."


async def billing(stage: Stage, person: Person, words: str = "") -> str:
    shown = await person.runs(f"/billing {words}".strip(), channel="C0BILLING")
    assert shown.error is None
    assert shown.text
    return shown.text


async def home(stage: Stage, person: Person) -> str:
    await person.opens_home()
    await stage.quiet()
    return await person.sees_home()


# /billing


@pytest.mark.parametrize("words", ["", "help", "?", "HELP"])
async def test_help_says_what_this_person_may_do(stage: Stage, words: str) -> None:
    agent = await billing(stage, stage.anna, words)
    assert agent.startswith("What you can ask for.")
    for op in OPERATIONS:
        assert op.command in agent
        assert f"[{op.title}]" in agent
    assert "/billing history INV-1042" in agent
    approver = await billing(stage, stage.bo, words)
    assert approver.startswith("You decide on what others ask for")
    assert "/billing pending" in approver
    assert not any(op.command in approver for op in OPERATIONS)
    assert await billing(stage, stage.nora, words) == NO_ROLE


@pytest.mark.parametrize("word", ["refund", "pendign", "*bold*", "<!channel>", "x" * 300])
async def test_an_unknown_word_is_named_and_followed_by_the_help(stage: Stage, word: str) -> None:
    told = await billing(stage, stage.anna, f"{word} INV-1042")
    assert told.startswith(f"/billing does not know “{word[:39]}")
    assert "What you can ask for." in told


async def test_whoami_says_what_the_bot_knows_and_what_is_allowed(stage: Stage) -> None:
    anna = await billing(stage, stage.anna, "whoami")
    assert "You are: Anna Agent, @U0ANNA" in anna
    assert "In Chargebee's log: anna@acme.example" in anna
    assert "You may ask for: " + ", ".join(ALL) in anna
    assert "You may decide, when others ask: nothing" in anna
    assert "Language and time zone: en-US, America/New_York" in anna
    fiona = await billing(stage, stage.fiona, "WHOAMI")
    assert "You may ask for: nothing" in fiona
    assert "You may decide, when others ask: " + ", ".join(ALL) in fiona
    nora = await billing(stage, stage.nora, "whoami")
    assert "Roles: none" in nora
    assert "You may ask for: nothing" in nora


async def test_pending_shows_what_i_can_decide_and_what_i_asked_for(stage: Stage) -> None:
    small = await stage.pending()
    large = await stage.pending("/write-off INV-1100 insolvent", stage.jurgen)
    anna = await billing(stage, stage.anna, "pending")
    assert small in anna
    assert large not in anna
    assert "waiting for approval, 1 d left" in anna
    bo, fiona = await billing(stage, stage.bo, "pending"), await billing(stage, stage.fiona, "pending")
    assert (small in bo, large in bo) == (True, False), "the larger one takes finance"
    assert (small in fiona, large in fiona) == (True, True)
    assert "EUR 1,250.00" in fiona
    nothing = "Nothing waits for your decision, and nothing that you asked for is open."
    assert await billing(stage, stage.twin, "pending") == nothing, (
        "Anna's other account decides nothing of hers"
    )
    assert await billing(stage, stage.nora, "pending") == nothing
    await stage.approves(stage.fiona, large)
    assert large not in await billing(stage, stage.fiona, "pending"), "she has decided"


async def test_a_preview_that_was_not_confirmed_is_on_no_list(stage: Stage) -> None:
    await stage.asks(stage.anna, WRITE_OFF)
    assert "Nothing waits" in await billing(stage, stage.anna, "pending")
    assert "Nothing that you may see" in await billing(stage, stage.anna, "history INV-1042")
    assert "You have not asked for anything yet." in await home(stage, stage.anna)


async def test_a_list_opens_each_request_with_what_can_be_done(stage: Stage) -> None:
    ref = await stage.pending()
    await billing(stage, stage.bo, "pending")
    await stage.bo.clicks("Open", in_message_containing=ref)
    await stage.quiet()
    details = await stage.bo.sees_modal(title=ref)
    assert details.buttons == ["Review", "Reject"]
    await details.click("Review")
    await stage.quiet()
    review = await stage.bo.sees_modal(title=f"Review {ref}")
    assert await review.submit() is None
    await stage.quiet()
    assert await stage.state(ref) == "done"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", "Write it like this: /billing history INV-1042"),
        ("../customers", "Write it like this: /billing history INV-1042"),
        ("INV-1042 ? x", "Write it like this: /billing history INV-1042"),
        ("INV-9999", "Nothing that you may see was asked for about INV-9999."),
    ],
)
async def test_history_says_how_it_is_written(stage: Stage, typed: str, answer: str) -> None:
    assert answer in await billing(stage, stage.anna, f"history {typed}")


async def test_history_shows_as_much_as_i_may_see(stage: Stage) -> None:
    ref = await stage.done()
    for person in (stage.anna, stage.bo, stage.fiona):
        told = await billing(stage, person, "history INV-1042")
        assert ref in told
        assert "done" in told
        assert "left" not in told
    for person in (stage.jurgen, stage.nora):
        told = await billing(stage, person, "history INV-1042")
        assert told == "Nothing that you may see was asked for about INV-1042."
    created = (await stage.record(ref)).outcome
    assert created is not None
    assert ref in await billing(stage, stage.anna, f"history {created.created[0]}"), "also by what it made"


async def test_older_history_is_on_further_pages(stage: Stage) -> None:
    refs = []
    for _ in range(12):
        ref = await stage.pending()
        refs.append(ref)
        await stage.bot.engine.asking.cancel(ref, (await stage.record(ref)).requester)
        stage.later(30)
        await stage.quiet()
        await (await stage.anna.sees_modal()).close()
    first = await billing(stage, stage.anna, "history INV-1042")
    assert [ref for ref in refs if ref in first] == refs[2:]
    assert "There are older ones: /billing history INV-1042 2" in first
    second = await billing(stage, stage.anna, "history INV-1042 2")
    assert [ref for ref in refs if ref in second] == refs[:2]
    assert "older ones" not in second
    assert "any further back" in await billing(stage, stage.anna, "history INV-1042 3")
    assert "older ones" not in await billing(stage, stage.jurgen, "history INV-1042"), "not even how many"


async def test_long_lists_say_how_much_is_left_out(stage: Stage) -> None:
    for _ in range(9):
        ref = await stage.pending("/charge globex 600 Workshop")
        assert await stage.state(ref) == "pending"
        await (await stage.anna.sees_modal()).close()
    for person in (stage.fiona, stage.anna):
        told = await billing(stage, person, "pending")
        assert told.count("[Open]") == 7
        assert "And 2 more." in told


# Home


async def test_home_of_somebody_who_asks(stage: Stage) -> None:
    ref = await stage.done()
    shown = await home(stage, stage.anna)
    assert "Hello Anna Agent." in shown
    for title in ALL:
        assert f"[{title}]" in shown
    assert "Asked for by you" in shown
    assert f"{ref}: Write off invoice INV-1042, EUR 119.00, Acme GmbH (acme)" in shown
    assert "Waiting for your decision" not in shown


async def test_home_of_somebody_who_decides(stage: Stage) -> None:
    assert "Nothing waits for your decision." in await home(stage, stage.bo)
    ref = await stage.pending()
    large = await stage.pending("/write-off INV-1100 insolvent", stage.jurgen)
    shown = await home(stage, stage.bo)
    assert "You decide on what others ask for" in shown
    assert ref in shown
    assert large not in shown
    assert "Asked for by you" not in shown
    await stage.bo.clicks("Open")
    await stage.quiet()
    assert (await stage.bo.sees_modal(title=ref)).buttons == ["Review", "Reject"]


async def test_home_of_those_who_may_do_nothing_says_why_and_nothing_else(stage: Stage) -> None:
    await stage.pending()
    stage.sandbox.slack.workspace.people["U0NEW"] = Member(
        id="U0NEW", handle="new", real_name="New Joiner", email="new@acme.example"
    )
    assert await home(stage, stage.nora) == NO_ROLE
    guest = await home(stage, stage.gus)
    assert guest.startswith("Billing Bot works only for full members of this workspace")
    new = await home(stage, stage.sandbox.person("U0NEW"))
    assert new.startswith("You are not listed in Billing Bot's policy.")
    assert "U0NEW" in new
    stage.slack_trouble("fail", "users.info", error="internal_error")
    assert (await home(stage, stage.carl)).startswith("I could not check with Slack who you are")


async def test_home_of_somebody_whose_role_is_gone_shows_nothing_any_more(stage: Stage) -> None:
    ref = await stage.pending()
    assert ref in await home(stage, stage.anna)
    assert await stage.policy(('roles = ["agent"]', "roles = []"))
    assert await home(stage, stage.anna) == NO_ROLE.replace("Anna Agent or ", "")


async def test_a_form_is_opened_from_home(stage: Stage) -> None:
    await home(stage, stage.anna)
    await stage.anna.clicks("Write off invoice")
    await stage.quiet()
    form = await stage.anna.sees_modal(title="Write off invoice")
    await form.fill({"Invoice": "INV-1042", "Reason": "duplicate"})
    assert await form.submit() is None
    await stage.anna.sees_modal(containing="This preview is good until")


# Writing to the bot


async def test_whoever_writes_to_the_bot_is_told_what_it_can_do(stage: Stage) -> None:
    await stage.anna.says("What can you do?")
    await stage.quiet()
    await stage.anna.sees("What you can ask for.")
    await stage.nora.says("hello?")
    await stage.quiet()
    await stage.nora.sees(NO_ROLE)
    await stage.gus.says("hello?")
    await stage.quiet()
    await stage.gus.sees("Billing Bot works only for full members")


async def test_a_mention_is_answered_to_that_person_alone(stage: Stage) -> None:
    await stage.anna.mentions_bot("what can you do?", "C0SHARED")
    await stage.quiet()
    assert (await stage.anna.sees("What you can ask for.", channel="C0SHARED")).is_ephemeral
    assert [one for one in await stage.otto.messages("C0SHARED") if "ask for" in one.reads] == []
    await stage.otto.mentions_bot("and me?", "C0SHARED")
    await stage.quiet()
    assert [one for one in await stage.otto.messages() if one.is_ephemeral] == []


async def test_a_message_delivered_twice_is_answered_once(stage: Stage) -> None:
    await stage.anna.says("What can you do?", deliveries=2)
    await stage.quiet()
    own = stage.sandbox.slack.workspace.direct_channel("U0ANNA").id
    answers = [one for one in await stage.anna.messages(own) if "What you can ask for." in one.reads]
    assert len(answers) == 1
