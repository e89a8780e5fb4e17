"""Whoever may not act gets nothing done and learns nothing, whatever door they try. A matrix: each door, each kind of person.

All of them stand in the policy with every role, except where having no entry or no role is the point: only what Slack says
about them, or the policy, keeps them out. The doors are tried with `force`, as if Slack's client had let them. One stage serves
the whole matrix, because nothing may change on it: each cell compares everything before and after.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from bot.operations import OPERATIONS
from bot.sandbox.people import Member
from bot.sandbox.person import Person, Shown
from bot.slack.identity import NOT_A_MEMBER, OUTSIDER, UNSURE
from bot.slack.routes import INPUT, Callback, Click, Pick, field_block
from tests.tester import WRITE_OFF, Stage, ref_in
from tests.tester import stage as on_stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What nobody outside may read: customers, amounts, reasons, refs.
SECRETS = ("Acme GmbH", "Globex", "119.00", "250.00", "duplicate of", "BR-1")
REASON = {"type": "plain_text_input", "value": "because I say so"}


@dataclass(frozen=True)
class Kind:
    """A kind of person who may not act: who plays them, what they are told, and the rules that can stop them."""

    user: str
    told: str
    rules: tuple[str, ...]
    silent: bool = False  # no answer to a mention, a message or an opened Home


AT_POLICY = ("people", "people.roles", "draft.owner", "requester", "gates.write_off.tiers[0]", "roles")
KINDS = {
    "outsider": Kind("U0OTTO", OUTSIDER, ("workspace.team_id",), silent=True),
    "stranger": Kind("U0STELLA", OUTSIDER, ("workspace.team_id",), silent=True),
    "guest": Kind("U0GUS", NOT_A_MEMBER, ("workspace.members",)),
    "single-channel guest": Kind("U0SUE", NOT_A_MEMBER, ("workspace.members",)),
    "deactivated": Kind("U0DORA", NOT_A_MEMBER, ("workspace.members",)),
    "other bot": Kind("U0ROBOT", NOT_A_MEMBER, ("workspace.members",)),
    "slackbot": Kind("USLACKBOT", NOT_A_MEMBER, ("workspace.members",), silent=True),
    "not in the policy": Kind("U0NEW", "not listed in Billing Bot's policy", ("people",)),
    "nobody can tell": Kind("U0CARL", UNSURE, ("workspace.members",)),
    "no role": Kind("U0NORA", "", AT_POLICY),
    "role removed since": Kind("U0JURGEN", "", AT_POLICY),
}
#: Known to Slack and to the policy: turned away by what they may do, not by who they are.
KNOWN = ("no role", "role removed since")


@dataclass
class World:
    """The stage with whatever offers something: a form and a preview (closed by now), requests, their cards. All Anna's."""

    stage: Stage
    pending: str = ""
    uncertain: str = ""
    card: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    preview: dict[str, str] = field(default_factory=dict)


Door = Callable[[World, Person], Awaitable[Shown]]
DOORS: dict[str, Door] = {}


def door(name: str) -> Callable[[Door], Door]:
    def add(one: Door) -> Door:
        DOORS[name] = one
        return one

    return add


def _command(text: str) -> Door:
    async def types(_world: World, person: Person) -> Shown:
        return await person.runs(text, channel="C0BILLING", force=True)

    return types


for _op in OPERATIONS:
    DOORS[_op.command] = _command(_op.command)
DOORS["a complete command"] = _command("/write-off INV-1103 because")
for _word in ("", "whoami", "pending", "history INV-1042"):
    DOORS[f"/billing {_word}".strip()] = _command(f"/billing {_word}".strip())


def _on_card(click: Click, value: str = "", *, uncertain: bool = False) -> Door:
    async def clicks(world: World, person: Person) -> Shown:
        ref = world.uncertain if uncertain else world.pending
        where = {"channel": "C0APPROVALS", "ts": world.card[ref]}
        return await person.acts(
            "click", message=where, action_id=click.value, block_id="b", value=value or ref, force=True
        )

    return clicks


for _click in (Click.REVIEW, Click.REJECT, Click.CANCEL, Click.SHOW, Click.CHANGE):
    DOORS[f"click {_click}"] = _on_card(_click)
for _click in (Click.LOOK, Click.SETTLE):
    DOORS[f"click {_click}"] = _on_card(_click, uncertain=True)
for _op in OPERATIONS:
    DOORS[f"start {_op.name}"] = _on_card(Click.START, _op.name)


def _in_form(click: str, block: str = "b", value: str = "") -> Door:
    async def clicks(world: World, person: Person) -> Shown:
        form = world.form
        return await person.acts(
            "click",
            view=form["view"],
            action_id=click,
            block_id=block,
            value=value or form["draft"],
            force=True,
        )

    return clicks


for _field in (Click.FIELD, Click.LINE_ADD, Click.LINE_REMOVE, Click.LINE_TEMPLATE, *Pick):
    DOORS[f"in a form: {_field}"] = _in_form(_field.value)


@door("in a preview: change")
async def _changes(world: World, person: Person) -> Shown:
    preview = world.preview
    return await person.acts(
        "click",
        view=preview["view"],
        action_id=Click.CHANGE.value,
        block_id="b",
        value=preview["ref"],
        force=True,
    )


@door("suggestions")
async def _looks_up(world: World, person: Person) -> Shown:
    form = world.form
    return await person.acts(
        "suggest",
        view=form["view"],
        action_id=Pick.INVOICE.value,
        block_id=field_block("invoice"),
        query="INV-10",
        force=True,
    )


def _submits(callback: Callback, **values: Any) -> Door:
    async def submits(world: World, person: Person) -> Shown:
        if callback in (Callback.FORM, Callback.LINE):
            place = world.form
            of = place["draft"]
        else:
            place = world.preview
            of = world.uncertain if callback is Callback.SETTLE else world.pending
            of = place["ref"] if callback is Callback.PREVIEW else of
        return await person.acts(
            "submit",
            view=place["view"],
            callback_id=callback.value,
            private_metadata=of,
            values={field_block(name): {INPUT: value} for name, value in values.items()},
            force=True,
        )

    return submits


_HAPPENED = {"type": "radio_buttons", "selected_option": {"value": "yes"}}
DOORS["submit a form"] = _submits(Callback.FORM)
DOORS["submit a line"] = _submits(Callback.LINE)
DOORS["submit a preview"] = _submits(Callback.PREVIEW)
DOORS["submit a review"] = _submits(Callback.REVIEW)
DOORS["submit a rejection"] = _submits(Callback.REJECT, reason=REASON)
DOORS["submit a cancellation"] = _submits(Callback.CANCEL)
DOORS["submit a settlement"] = _submits(Callback.SETTLE, reason=REASON, happened=_HAPPENED)


@door("Home")
async def _opens_home(_world: World, person: Person) -> Shown:
    return await person.opens_home(force=True)


@door("a mention")
async def _mentions(_world: World, person: Person) -> Shown:
    return await person.mentions_bot(
        "what is waiting?", "C0SHARED" if person.user == "U0OTTO" else "C0BILLING", force=True
    )


@door("a direct message")
async def _writes(_world: World, person: Person) -> Shown:
    return await person.says("what is waiting?", force=True)


#: What somebody reads whom Slack and the policy know.
WHY = (
    "Ask Anna Agent",
    "Ask Bo Approver",
    "Only the person who asked",
    "Only Anna Agent",
    "belongs to somebody else",
)
#: Doors behind which everybody known finds only what is their own; there is nothing to refuse.
EVENTS = ("Home", "a mention", "a direct message")
OWN = ("/billing", "/billing whoami", "/billing pending", "/billing history INV-1042", *EVENTS)
#: Slack has no Home tab for them.
NO_HOME = ("deactivated", "other bot")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with on_stage(tmp_path_factory.mktemp("nobody")) as stage:
        people = stage.sandbox.slack.workspace.people
        people["U0NEW"] = Member(id="U0NEW", handle="new", real_name="New Joiner", email="new@acme.example")
        stage.sandbox.slack.workspace.channels["C0BILLING"].members |= {"U0NEW", "U0STELLA"}
        made = World(stage)
        made.form, made.preview = await _form(stage), await _preview(stage)
        made.pending = await stage.pending(WRITE_OFF)
        made.uncertain = await _uncertain(stage)
        for ref in (made.pending, made.uncertain):
            made.card[ref] = (await stage.card(ref)).ts
        await every_role(stage)
        yield made


async def _form(stage: Stage) -> dict[str, str]:
    await stage.anna.runs("/credit-note INV-1051", channel="C0BILLING")
    modal = await stage.anna.sees_modal()
    await modal.close()
    return {"view": modal.view["id"], "draft": modal.view["private_metadata"]}


async def _preview(stage: Stage) -> dict[str, str]:
    modal = await stage.asks(stage.anna, "/write-off INV-1103 insolvent")
    await modal.close()
    return {"view": modal.view["id"], "ref": ref_in(modal.reads)}


async def _uncertain(stage: Stage) -> str:
    ref = await stage.pending("/write-off INV-1031 insolvent")
    stage.chargebee_trouble("status", "write_off", status=503)
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "uncertain"
    return ref


async def every_role(stage: Stage) -> None:
    """Everybody in the policy with every role, but for those who are there to have none."""
    others = ("U0OTTO", "U0STELLA", "U0GUS", "U0SUE", "U0DORA", "U0ROBOT", "USLACKBOT")
    text = stage.policy_file.read_text(encoding="utf-8")
    text = text.replace('roles = ["agent", "data_keeper"]', "roles = []")
    for user in others:
        text = text.replace(
            "# What a role allows.",
            f'[[people]]\nslack = "{user}"\nname = "{user}"\nemail = "{user.lower()}@acme.example"\n'
            'roles = ["agent", "approver", "finance"]\n\n# What a role allows.',
            1,
        )
    stage.policy_file.write_text(text, encoding="utf-8")
    assert await stage.bot.reload_policy()


async def everything(world: World) -> Any:
    """All that could be done: requests, calls to Chargebee, and what anybody else sees."""
    stage = world.stage
    slack = stage.sandbox.slack.workspace
    records = [
        (one.ref, one.version, one.state)
        for one in await stage.bot.store.by_requester("U0ANNA", 200)
        if one.submitted_at is not None
    ]
    messages = [
        (channel, one.ts, len(one.versions))
        for channel, found in slack.messages.items()
        for one in found.values()
        if one.by_bot and not slack.channels[channel].is_im
    ]
    return records, len(stage.site.calls()), messages


def private(stage: Stage, user: str) -> list[Any]:
    """What only this person sees, also where Slack's client would not show it."""
    slack = stage.sandbox.slack.workspace
    direct = slack.messages.get(slack.direct_channel(user).id, {}).values()
    found: list[Any] = [one.blocks for one in slack.ephemerals.values() if one.only_for == user]
    found += [one.blocks for one in direct if one.by_bot]
    found += [view.blocks for view in slack.modals.get(user, [])]
    return found + ([slack.homes[user].blocks] if user in slack.homes else [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", DOORS)
async def test_nobody_gets_in(world: World, name: str, kind: str) -> None:
    who, stage = KINDS[kind], world.stage
    person = stage.sandbox.person(who.user)
    if kind == "nobody can tell":
        stage.slack_trouble("fail", "users.info", 2, error="internal_error")
    await stage.quiet()
    before, seen = await everything(world), private(stage, who.user)
    head = (await stage.bot.store.head()).seq

    try:
        shown = await DOORS[name](world, person)
        await stage.quiet()
    finally:
        stage.sandbox.slack.workspace.trouble.clear()

    after = await everything(world)
    assert after == before, "something was done"
    found = [one for one in private(stage, who.user) if one not in seen]
    told = json.dumps([shown.response, shown.text, shown.options, found], ensure_ascii=False)
    assert [secret for secret in SECRETS if secret in told] == [], "something was revealed"
    assert not shown.options
    assert shown.error is None

    rows = [row.entry for row in await stage.bot.store.audit_page(head, 100)]
    denied = [row for row in rows if row.event.startswith("denied.")]
    if kind in KNOWN and name in OWN:
        assert denied == []
        return
    if not (name in EVENTS and kind == "slackbot"):
        assert [row.user_id for row in denied] == [who.user], rows
        assert denied[0].rule.startswith(who.rules)
        assert denied[0].policy == stage.bot.engine.ledger.policy().hash
    if name == "suggestions" or (who.silent and name in EVENTS) or (name == "Home" and kind in NO_HOME):
        assert found == []
    elif not name.startswith("in a "):  # a click within a modal is answered there, and nobody else has Anna's
        assert any(why in told for why in ((who.told,) if who.told else WHY)), told
