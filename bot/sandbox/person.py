"""A person in the simulated Slack workspace, driven over its HTTP control interface. Stories and tests read like people:

    anna = Person(server.sandbox_url, "U0ANNA")
    await anna.runs("/write-off INV-1042 duplicate", channel="C0BILLING")
    form = await anna.sees_modal(title="Write off")
    await form.fill({"Reason": "duplicate"})
    assert await form.submit() is None
    await anna.sees("was written off", channel="C0NOTICES")

Nothing here sleeps: what is not there yet is waited for with the long poll, for at most `timeout_s` of real time. When the
time is up an AssertionError says what the person sees instead. The same error is raised for what Slack's client does not
let them do.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp

from bot.sandbox.slack.blockkit import elements_of
from bot.sandbox.slack.elements import EXTERNAL, VALUE_KEYS
from bot.sandbox.slack.reading import (
    buttons_of,
    everything_in,
    label_of,
    read_message,
    read_view,
    render_mrkdwn,
    render_text,
    text_of,
)
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.validation import offered_options

TIMEOUT_S = 5.0
FROM_SLACK = "Slack"  # the label under which errors stand that belong to no field

T = TypeVar("T")


@dataclass(frozen=True)
class Shown:
    """What Slack's client showed at once after an act.

    `error` is Slack's own error line, `text` what the app answered to a command, `asked` the text of a confirm dialog
    that stood before the click, `field_errors` errors by block id.
    """

    acked: bool = True
    delivered: int = 0
    error: str | None = None
    text: str | None = None
    asked: str | None = None
    options: list[str] = field(default_factory=list)
    field_errors: dict[str, str] = field(default_factory=dict)
    response: Any = None


@dataclass(frozen=True)
class Seen:
    """A message as one person sees it. `versions` are kept by the workspace, not here."""

    channel: str
    ts: str
    text: str
    blocks: list[Json]
    reads: str
    is_ephemeral: bool
    thread_ts: str | None
    buttons: list[str]


@dataclass(frozen=True)
class Field:
    """One thing to fill in: its label, what stands in it, and the error under it."""

    label: str
    kind: str
    block_id: str
    action_id: str
    element: Json
    value: Json
    error: str | None


class Person:
    """One member of the cast. `sandbox_url` ends in `/sandbox` (`SlackServer.sandbox_url`)."""

    def __init__(self, sandbox_url: str, user: str, timeout_s: float = TIMEOUT_S) -> None:
        self._url = sandbox_url.rstrip("/")
        self.user = user
        self.timeout_s = timeout_s

    # -- acts

    async def runs(self, text: str, channel: str | None = None, **options: Any) -> Shown:
        """Type a slash command; `text` begins with it. `options`: `deliveries`, `force`, `thread_ts`."""
        return await self.acts("command", channel=channel, text=text, **options)

    async def says(self, text: str, channel: str | None = None, **options: Any) -> Shown:
        """Write a message; without a channel to the bot directly."""
        return await self.acts("message", channel=channel, text=text, **options)

    async def mentions_bot(self, text: str, channel: str, **options: Any) -> Shown:
        """Write a message that begins with a mention of the bot."""
        return await self.acts("mention", channel=channel, text=text, **options)

    async def opens_home(self, **options: Any) -> Shown:
        """Open the app's Home tab."""
        return await self.acts("home", **options)

    async def clicks(
        self,
        label: str,
        *,
        in_message_containing: str | None = None,
        channel: str | None = None,
        confirm: bool = True,
        **options: Any,
    ) -> Shown:
        """Click a button by its words, in messages newest first, then on the Home tab; waits until it is there.

        `confirm`: the answer to the button's confirm dialog, if it has one; False sends nothing.
        """

        def find(sight: Json) -> tuple[Json, Json, Json] | None:
            return self._button(sight, label, in_message_containing, channel)

        where = f" in a message containing {in_message_containing!r}" if in_message_containing else ""
        place, block, element = await self._until(find, f"button [{label}]{where}")
        return await self._press(place, block, element, confirm=confirm, **options)

    async def acts(self, act: str, **body: Any) -> Shown:
        """Any act of the control interface as this person. Raises AssertionError for what they cannot do."""
        body = {"user": self.user, **{key: value for key, value in body.items() if value is not None}}
        answer = await self._post(act, body)
        message = answer.get("message")
        text = None
        if message and act == "command":
            blocks = message.get("blocks")
            text = render_text(blocks) if blocks else render_mrkdwn(message["text"], {})
        return Shown(
            acked=answer["acked"],
            delivered=answer["delivered"],
            error=answer["error_shown"],
            text=text,
            options=[option["text"]["text"] for option in answer["options"]],
            field_errors=answer["field_errors"],
            response=answer["response"],
        )

    async def suggestions(self, **body: Any) -> list[Json]:
        """The options an external select offers for `query`, as Slack's option objects."""
        options: list[Json] = (await self._post("suggest", {"user": self.user, **body}))["options"]
        return options

    # -- seeing

    async def sight(self) -> Json:
        """All this person sees, as the control interface gives it (`GET see`)."""
        return await self._get("see", user=self.user)

    async def everything(self) -> list[str]:
        """Plain readable text of all this person can see: messages by channel, modals, Home, banners."""
        return everything_in(await self.sight())

    async def sees(self, text: str, *, channel: str | None = None, timeout_s: float | None = None) -> Seen:
        """Wait until a visible message contains `text`; the newest one is answered."""

        def find(sight: Json) -> Seen | None:
            seen = self._messages(sight, channel)
            return next((one for one in reversed(seen) if text in one.reads), None)

        return await self._until(find, f"message containing {text!r}" + _in(channel), timeout_s)

    async def sees_home(self, text: str = "", *, timeout_s: float | None = None) -> str:
        """Wait until the Home tab contains `text`; answers what stands there."""

        def find(sight: Json) -> str | None:
            home = sight["home"]
            reads = read_view(home, sight["names"]) if home else None
            return reads if reads is not None and text in reads else None

        return await self._until(find, f"Home tab containing {text!r}", timeout_s)

    async def messages(self, channel: str | None = None) -> list[Seen]:
        """Every message this person sees, oldest first in each channel."""
        return self._messages(await self.sight(), channel)

    async def sees_modal(
        self, title: str | None = None, *, containing: str = "", timeout_s: float | None = None
    ) -> "Modal":
        """Wait until the modal on top has that title and contains that text."""

        def find(sight: Json) -> "Modal | None":
            if not sight["modals"]:
                return None
            modal = Modal(self, sight["modals"][-1], sight["names"])
            return modal if title in (None, modal.title) and containing in modal.reads else None

        return await self._until(find, f"modal {title!r} containing {containing!r}", timeout_s)

    async def sees_no_modal(self, *, timeout_s: float | None = None) -> None:
        """Wait until no modal is open."""
        await self._until(lambda sight: not sight["modals"] or None, "no modal", timeout_s)

    # -- how

    async def _press(
        self, place: Json, block: Json, element: Json, *, confirm: bool, **options: Any
    ) -> Shown:
        dialog = element.get("confirm")
        asked = text_of(dialog["text"], {}) if dialog else None
        if dialog and not confirm:
            return Shown(asked=asked)
        shown = await self.acts(
            "click", **place, block_id=block["block_id"], action_id=element["action_id"], **options
        )
        return Shown(**{**shown.__dict__, "asked": asked})

    def _button(
        self, sight: Json, label: str, containing: str | None, channel: str | None
    ) -> tuple[Json, Json, Json] | None:
        seen = sorted(self._messages(sight, channel), key=lambda one: one.ts, reverse=True)
        places: list[tuple[Json, list[Json]]] = [
            ({"message": {"channel": one.channel, "ts": one.ts}}, one.blocks)
            for one in seen
            if containing is None or containing in one.reads
        ]
        if sight["home"] and containing is None and channel is None:
            places.append(({"view": "home"}, sight["home"]["blocks"]))
        for place, blocks in places:
            for block, element in buttons_of(blocks, self.user):
                if label_of(element, sight["names"]) == label:
                    return place, block, element
        return None

    def _messages(self, sight: Json, channel: str | None) -> list[Seen]:
        names = sight["names"]
        found = []
        for place in sight["channels"]:
            for one in place["messages"]:
                if channel not in (None, place["id"], place["name"]):
                    continue
                blocks = one.get("blocks") or []
                buttons = [label_of(element, names) for _, element in buttons_of(blocks, self.user)]
                found.append(
                    Seen(
                        channel=place["id"],
                        ts=one["ts"],
                        text=one["text"],
                        blocks=blocks,
                        reads=read_message(one, names),
                        is_ephemeral=one["is_ephemeral"],
                        thread_ts=one.get("thread_ts"),
                        buttons=buttons,
                    )
                )
        return found

    async def _until(self, find: Callable[[Json], T | None], what: str, timeout_s: float | None = None) -> T:
        clock = asyncio.get_running_loop().time
        deadline = clock() + (self.timeout_s if timeout_s is None else timeout_s)
        while True:
            sight = await self.sight()
            found = find(sight)
            if found is not None:
                return found
            left_s = deadline - clock()
            if left_s <= 0:
                lines = "\n  ".join(everything_in(sight)) or "nothing"
                raise AssertionError(f"{self.user} does not see {what}. They see:\n  {lines}")
            await self._get("changes", since=sight["seq"], timeout_s=left_s)

    async def _post(self, act: str, body: Json) -> Json:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._url}/{act}", json=body) as response,
        ):
            return _accepted(self.user, act, await response.json())

    async def _get(self, sight: str, **query: Any) -> Json:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self._url}/{sight}", params=query) as response,
        ):
            return _accepted(self.user, sight, await response.json())


class Modal:
    """The modal on top as this person sees it. It keeps itself fresh after each act of its own."""

    def __init__(self, person: Person, view: Json, names: Json) -> None:
        self._person, self.view, self._names = person, view, names

    @property
    def title(self) -> str:
        return text_of(self.view["title"], self._names)

    @property
    def submit_label(self) -> str | None:
        return text_of(self.view["submit"], self._names) if self.view["submit"] else None

    @property
    def reads(self) -> str:
        """All its text, as a person reads it."""
        return read_view(self.view, self._names)

    @property
    def buttons(self) -> list[str]:
        return [label_of(one, self._names) for _, one in buttons_of(self.view["blocks"], self._person.user)]

    @property
    def fields(self) -> dict[str, Field]:
        """What can be filled in, by label. A menu outside an input block goes by its section's text or placeholder."""
        found = {}
        for block, element in elements_of(self.view["blocks"]):
            if element["type"] in VALUE_KEYS:
                words = block.get("label") or block.get("text")
                label = text_of(words, self._names) or label_of(element, self._names)
                block_id, action_id = block["block_id"], element["action_id"]
                found[label] = Field(
                    label=label,
                    kind=element["type"],
                    block_id=block_id,
                    action_id=action_id,
                    element=element,
                    value=self.view["state"]["values"][block_id][action_id],
                    error=self.view["errors"].get(block_id),
                )
        return found

    @property
    def errors(self) -> dict[str, str]:
        """Errors by label; Slack's own trouble stands under `Slack`."""
        found = {one.label: one.error for one in self.fields.values() if one.error}
        return {**found, FROM_SLACK: self.view["trouble"]} if self.view["trouble"] else found

    async def fill(self, values: dict[str, Any], **options: Any) -> None:
        """Fill in by label: text as typed, choices by option label (a list where several may be chosen).

        An external select is typed into, and the exact or only option is taken; otherwise it fails and lists them.
        """
        for label, wanted in values.items():
            if label not in self.fields:
                raise AssertionError(f"{self.title!r} has no field {label!r}; there is: {list(self.fields)}")
            one = self.fields[label]
            value = await self._value(one, wanted)
            await self._person.acts(
                "fill",
                view=self.view["id"],
                block_id=one.block_id,
                action_id=one.action_id,
                value=value,
                **options,
            )
            await self.refresh()

    async def options(self, label: str, query: str = "") -> list[str]:
        """The labels of the options a field offers; an external select is asked with `query`."""
        return [option["text"]["text"] for option in await self._offers(self.fields[label], query)]

    async def _offers(self, one: Field, query: str) -> list[Json]:
        if one.kind not in EXTERNAL:
            return offered_options(one.element)
        where = {"view": self.view["id"], "block_id": one.block_id, "action_id": one.action_id}
        return await self._person.suggestions(**where, query=query)

    async def _value(self, one: Field, wanted: Any) -> Any:
        key = VALUE_KEYS[one.kind][0]
        if wanted is None or key not in ("selected_option", "selected_options"):
            return {key: wanted}
        wishes = wanted if isinstance(wanted, list) else [wanted]
        chosen = [_pick(one.label, wish, await self._offers(one, str(wish)), one.kind) for wish in wishes]
        return {key: chosen if key == "selected_options" else chosen[0]}

    async def submit(self, **options: Any) -> dict[str, str] | None:
        """Press the submit button. None when it went through, else the errors by label."""
        before = {one.block_id: one.label for one in self.fields.values()}
        shown = await self._person.acts("submit", view=self.view["id"], **options)
        errors = {before[block_id]: text for block_id, text in shown.field_errors.items()}
        if shown.error:
            errors[FROM_SLACK] = shown.error
        await self.refresh()
        return errors or None

    async def click(self, label: str, *, confirm: bool = True, **options: Any) -> Shown:
        """Click a button in the modal by its words."""
        for block, element in buttons_of(self.view["blocks"], self._person.user):
            if label_of(element, self._names) == label:
                place = {"view": self.view["id"]}
                shown = await self._person._press(  # noqa: SLF001 - the two are one driver
                    place, block, element, confirm=confirm, **options
                )
                await self.refresh()
                return shown
        raise AssertionError(f"{self.title!r} has no button {label!r}; there is: {self.buttons}")

    async def close(self, **options: Any) -> None:
        """Press Cancel; with `all=True` the X that closes the whole stack."""
        await self._person.acts("close", view=self.view["id"], **options)

    async def refresh(self) -> None:
        """Look again; a modal that is gone stays as it was seen last."""
        sight = await self._person.sight()
        self.view = next((one for one in sight["modals"] if one["id"] == self.view["id"]), self.view)


def _pick(label: str, wish: Any, offers: list[Json], kind: str) -> Json:
    exact = [one for one in offers if wish in (one["text"]["text"], one["value"])]
    if exact or (len(offers) == 1 and kind in EXTERNAL):
        return (exact or offers)[0]
    offered = [one["text"]["text"] for one in offers]
    raise AssertionError(f"{label!r} does not offer {wish!r}; there is: {offered}")


def _in(channel: str | None) -> str:
    return f" in {channel}" if channel else ""


def _accepted(user: str, act: str, answer: Json) -> Json:
    if not answer["ok"]:
        raise AssertionError(f"{user} cannot {act}: {answer['why']}")
    return answer
