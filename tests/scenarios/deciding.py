"""Acts around a decision that several stories share."""

from bot.sandbox.person import Person, Seen
from tests.tester import Stage


async def clicked(stage: Stage, person: Person, card: Seen, click: str, ref: str) -> None:
    """A button of an old version of a card."""
    await person.acts(
        "click",
        message={"channel": card.channel, "ts": card.ts},
        action_id=click,
        block_id="old",
        value=ref,
        force=True,
    )
    await stage.quiet()


async def ephemerals(person: Person) -> list[str]:
    return [one.reads for one in await person.messages() if one.is_ephemeral]


async def rejects(stage: Stage, person: Person, ref: str, reason: str) -> None:
    await person.clicks("Reject", in_message_containing=ref)
    modal = await person.sees_modal(title=f"Reject {ref}")
    await modal.fill({"Why not?": reason})
    assert await modal.submit() is None
    await stage.quiet()
