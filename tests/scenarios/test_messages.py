"""What people read. Nothing from outside becomes markup, a mention or a link; every message says it all in words alone;
outcomes are told by name, in one thread for each request.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.sandbox.person import Person, Seen
from tests.tester import CHARGE, WRITE_OFF, Stage, ref_in

#: A reason as nobody should write it.
HOSTILE = (
    "<!channel> <@U0BO> <#C0GENERAL> <!here> @here *bold* _it_ ~no~ `code` :tada: "
    "<https://evil.example|pay here> https://evil.example \u202egnp.exe \u200b\u2066end &lt;!channel&gt;"
)
#: What Slack would act on, if it stood in a message unescaped.
ACTIVE = re.compile(r"<!(?:channel|here|everyone|subteam)|<#|<https?://(?!site\.example)|<mailto:")
#: Marks that turn writing around or cannot be seen.
UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ufeff]")
PEOPLE = {"U0ANNA", "U0BO", "U0FIN", "U0CARL", "U0TWIN", "U0JURGEN"}


def said_by_the_bot(stage: Stage) -> Iterator[tuple[str, list[Any]]]:
    """`text` and blocks of every version of every message, ephemeral ones too."""
    slack = stage.sandbox.slack.workspace
    for found in (*slack.messages.values(), slack.ephemerals):
        for message in found.values():
            if message.by_bot or message.only_for:
                yield message.text, message.blocks
                yield from ((one["text"], one["blocks"]) for one in message.versions)


def parts(node: Any) -> Iterator[Any]:
    """Every object within blocks."""
    if isinstance(node, dict):
        yield node
        for one in node.values():
            yield from parts(one)
    elif isinstance(node, list):
        for one in node:
            yield from parts(one)


def harmless(text: str, blocks: list[Any], *, site: str) -> None:
    """Nothing in it acts, but for mentions of people of ours, dates, and links to the Chargebee site."""
    check_markup(text)
    for part in parts(blocks):
        shown = {key: one for key, one in part.items() if key != "initial_value"}  # one's own, to be changed
        assert not any(isinstance(one, str) and UNSEEN.search(one) for one in shown.values()), part
        kind = part.get("type")
        if kind == "mrkdwn":
            check_markup(part["text"])
        if kind in ("broadcast", "usergroup", "channel", "emoji"):
            raise AssertionError(part)
        if kind == "user":
            assert part["user_id"] in PEOPLE
        if kind == "link" or "url" in part:
            assert part["url"].startswith(site), part
        if kind == "plain_text":
            assert part.get("emoji") is False, part


def check_markup(text: str) -> None:
    assert ACTIVE.search(text) is None, text
    assert UNSEEN.search(text) is None, text
    for inside in re.findall(r"<([^>]*)>", text):
        assert re.fullmatch(r"@(?:U0[A-Z]+)|!date\^\d+\^[^|]+\|[^|]+", inside), inside
        assert not inside.startswith("@") or inside[1:] in PEOPLE
    words = re.sub(r"<[^>]*>", "", text)
    assert not re.search(r"(?<!\w)[*_~`](?=\S)|:\w+:", words), words


async def everything_is_harmless(stage: Stage) -> None:
    site = stage.bot.chargebee.site.web_url
    assert site
    for text, blocks in said_by_the_bot(stage):
        assert blocks, "words without blocks would be read as markup by Slack's client"
        harmless(text, blocks, site=site)
    slack = stage.sandbox.slack.workspace
    for view in slack.views.values():
        harmless("", view.blocks, site=site)


async def rejected(stage: Stage, ref: str, reason: str) -> None:
    await stage.fiona.clicks("Reject", in_message_containing=ref)
    modal = await stage.fiona.sees_modal(title=f"Reject {ref}")
    await modal.fill({"Why not?": reason})
    assert await modal.submit() is None
    await stage.quiet()


# Nothing acts


async def test_hostile_reasons_and_names_stay_words_on_every_surface(stage: Stage) -> None:
    await stage.anna.runs("/write-off INV-1100", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    await form.fill({"Reason": HOSTILE})
    assert await form.submit() is None
    await stage.quiet()
    preview = await stage.anna.sees_modal(containing="This preview is good until")
    assert 'Müller & Söhne <b>"GmbH"</b> <!channel> (soehne)' in preview.reads
    ref = await stage.confirms(preview)
    review = await stage.reviews(stage.fiona, ref)
    assert "<!channel> <@U0BO> <#C0GENERAL>" in review.reads, "the approver reads what was written"
    await review.close()
    for person, command in (
        (stage.anna, "/billing pending"),
        (stage.anna, "/billing history INV-1100"),
        (stage.anna, f"/billing {HOSTILE}"),
        (stage.anna, f"/billing history {HOSTILE}"),
        (stage.anna, f"/write-off {HOSTILE}"),
        (stage.fiona, "/billing pending"),
    ):
        await person.runs(command, channel="C0BILLING")
        await stage.quiet()
    await stage.fiona.opens_home()
    await stage.quiet()
    await stage.fiona.sees_home("EUR 1,250.00")
    stage.later(4 * 3600)
    await stage.quiet()
    await stage.fiona.clicks("Details", in_message_containing=ref, channel="C0APPROVALS")
    await stage.quiet()
    await (await stage.fiona.sees_modal(title=ref)).close()
    await rejected(stage, ref, HOSTILE)
    for heard in (await stage.told(stage.anna, ref))[-1], (await stage.notices(ref))[-1]:
        assert "“<!channel> <@U0BO>" in heard
    await everything_is_harmless(stage)


async def test_words_of_chargebee_stay_words(stage: Stage) -> None:
    stage.site.state.all("customer")["acme"]["company"] = HOSTILE
    ref = await stage.pending("/send-einvoice CN-77 the customer asked for it")
    await stage.approves(stage.bo, ref)
    stage.site.einvoice(credit_note="CN-77", status="failed", message=HOSTILE)
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "failed"
    await everything_is_harmless(stage)


@pytest.mark.parametrize(
    "name", ["*bold* _it_", ":tada:", "<!everyone>", "\u202eevil\u202c", "=cmd|' /C'!A0", "`x`", "a\nb"]
)
async def test_a_customers_name_stays_a_name(stage: Stage, name: str) -> None:
    stage.site.state.all("customer")["acme"]["company"] = name
    ref = await stage.pending()
    await stage.approves(stage.bo, ref)
    await stage.anna.runs("/billing history INV-1042", channel="C0BILLING")
    await everything_is_harmless(stage)


# Words alone


async def test_every_message_says_it_all_in_words_alone(stage: Stage) -> None:
    """Phones and screen readers get `text` and nothing else."""
    ref = await stage.done()
    channels = stage.sandbox.slack.workspace.messages
    own = stage.sandbox.slack.workspace.direct_channel("U0ANNA").id
    for channel in ("C0APPROVALS", "C0NOTICES", own):
        for message in channels[channel].values():
            for fact in (ref, "Write off invoice INV-1042", "EUR 119.00", "Acme GmbH (acme)"):
                assert fact in message.text
    card = next(iter(channels["C0APPROVALS"].values())).text
    assert card.startswith(f"✅ {ref}: ")
    assert "Asked for by <@U0ANNA>, because: “duplicate of INV-1040”." in card
    assert "Done." in card
    assert "Approved by <@U0BO>" in card


async def test_amounts_always_stand_with_their_currency(stage: Stage) -> None:
    await stage.done()
    await stage.pending(CHARGE)
    bare = re.compile(r"(?<![A-Z]{3}\s)(?<![\d.,])\d{1,3}(?:,\d{3})*\.\d{2}(?!\d)")
    for text, _ in said_by_the_bot(stage):
        assert bare.search(text) is None, text


async def test_a_very_long_reason_keeps_every_message_within_slacks_limits(stage: Stage) -> None:
    await stage.anna.runs("/write-off INV-1100", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    await form.fill({"Reason": ("&<>" * 80)[:200]})
    assert await form.submit() is None
    await stage.quiet()
    ref = await stage.confirms(await stage.anna.sees_modal(containing="This preview is good until"))
    await rejected(stage, ref, "&<>*_~`" * 71)
    assert all(0 < len(text) <= 4000 for text, _ in said_by_the_bot(stage))


# Who is told what


async def heard(stage: Stage, person: Person, ref: str) -> str:
    return (await stage.told(person, ref))[-1]


async def test_the_requester_hears_every_outcome_with_the_name_of_who_decided(stage: Stage) -> None:
    done = await stage.done()
    assert "You asked for this. Approved by @Bo Approver." in await heard(stage, stage.anna, done)

    no = await stage.pending("/write-off INV-1031 insolvent")
    await rejected(stage, no, "They will pay")
    assert "Rejected by @Fiona Finance" in await heard(stage, stage.anna, no)
    assert "“They will pay”" in await heard(stage, stage.anna, no)

    failed = await stage.pending("/write-off INV-1103 insolvent")
    stage.chargebee_trouble("status", "write_off", status=400)
    await stage.approves(stage.bo, failed)
    assert await stage.state(failed) == "failed"
    assert "It failed." in await heard(stage, stage.anna, failed)

    unsure = await stage.pending("/write-off INV/2026/7 insolvent")
    stage.chargebee_trouble("status", "write_off", status=503)
    await stage.approves(stage.bo, unsure)
    assert "Nobody knows yet whether it happened." in await heard(stage, stage.anna, unsure)
    assert "look at INV/2026/7 in Chargebee" in await heard(stage, stage.anna, unsure)
    stage.chargebee_is_blind(99)  # the bot cannot look, and so sends nothing again
    stage.later(181)
    await stage.fiona.clicks("Settle…", in_message_containing=unsure)
    modal = await stage.fiona.sees_modal(title=f"Settle {unsure}")
    await modal.fill({"What does Chargebee show?": "It did not happen", "What did you see?": "still due"})
    assert await modal.submit() is None
    await stage.quiet()
    told = await heard(stage, stage.anna, unsure)
    assert "@Fiona Finance looked in Chargebee and says that it did not happen: “still due”." in told


@pytest.mark.parametrize("command", [WRITE_OFF, CHARGE])
async def test_each_request_has_one_thread_of_notices(stage: Stage, command: str) -> None:
    first, second = await stage.pending(command), await stage.pending("/write-off INV-1031 insolvent")
    if command == WRITE_OFF:
        await stage.approves(stage.bo, first)
    await rejected(stage, second, "They will pay")
    found = await stage.bo.messages("C0NOTICES")
    for ref in (first, second):
        own = [one for one in found if f"{ref}: " in one.reads]
        assert len(own) >= 2
        assert _threads(own) == {own[0].ts}
        assert own[0].ts == min(one.ts for one in own)


def _threads(messages: list[Seen]) -> set[str]:
    return {one.thread_ts or one.ts for one in messages}


async def test_only_people_who_are_meant_are_mentioned(stage: Stage) -> None:
    ref = await stage.pending("/write-off INV-1100 please ask <@U0NORA> and U0GUS")
    await stage.approves(stage.fiona, ref)
    mentioned = {
        part["user_id"]
        for _, blocks in said_by_the_bot(stage)
        for part in parts(blocks)
        if part.get("type") == "user"
    }
    assert mentioned == {"U0ANNA", "U0FIN", "U0CARL"}
    for text, _ in said_by_the_bot(stage):
        assert "<@U0NORA>" not in text


async def test_a_refusal_says_it_once(stage: Stage) -> None:
    refusal = await stage.asks(stage.anna, "/write-off INV-1040 by mistake")
    assert refusal.reads.count("is paid, so there is nothing to write off.") == 1
    assert "Nothing was sent to Chargebee." in refusal.reads
    assert refusal.buttons == ["Change"]


async def test_what_cannot_be_undone_is_said_once_before_anybody_approves(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, "/send-einvoice CN-77 the customer asked for it")
    assert preview.reads.count("annot be undone") == 1
    ref = await stage.confirms(preview)
    assert (await stage.card(ref)).reads.count("⚠️ Cannot be undone") == 1
    review = await stage.reviews(stage.bo, ref)
    assert review.reads.count("annot be undone") == 1


async def test_what_can_be_undone_is_no_warning(stage: Stage) -> None:
    ref = ref_in((await stage.asks(stage.anna, WRITE_OFF)).reads)
    await (await stage.anna.sees_modal()).submit()
    await stage.quiet()
    reads = (await stage.card(ref)).reads
    assert reads.count("Can be undone by") == 1
    assert "⚠️" not in reads
