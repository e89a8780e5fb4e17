"""The state of the simulated Slack workspace: who is there, what was said, which modals stand open, what is remembered.

State and its simplest changes only. What may be said is in `messages.py`, what may be shown in `views.py`, what people
may do in `desktop.py`, how the app hears of it in `delivery.py`, what the app may ask in `methods.py`.

Everything visible that changes moves `seq` forward by calling `touch()`; `changed(since)` waits for that. Time is the
sandbox clock throughout, except for how long Slack waits for an answer and the signature's timestamp, which are real.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import people
from bot.sandbox.people import BOT_USER, Channel, Group, Member
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.trouble import Troubles

BOT_TOKEN = "xoxb-sandbox-billing-bot"
APP_TOKEN = "xapp-1-A0BILLBOT-sandbox"
SIGNING_SECRET = "sandbox-signing-secret"

TRIGGER_LIFE_S = 3.0
RESPONSE_URL_LIFE_S = 1800.0
RESPONSE_URL_USES = 5

SCOPES = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:read",
        "chat:write",
        "commands",
        "groups:read",
        "im:history",
        "im:write",
        "links:read",
        "links:write",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)
EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "link_shared",
        "message.im",
        "subteam_members_changed",
        "tokens_revoked",
        "user_change",
    }
)


class SlackError(Exception):
    """An `ok: false` answer: `code` is Slack's error name, `extra` what else the answer holds."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


@dataclass
class App:
    """The installed app: what its manifest declares. A command that is not declared cannot be typed."""

    commands: frozenset[str] = frozenset()
    scopes: frozenset[str] = SCOPES
    events: frozenset[str] = EVENTS
    shortcuts: dict[str, str] = field(default_factory=dict)  # callback_id -> "global" | "message"
    escaping: frozenset[str] = frozenset()  # the commands with `should_escape`
    hints: dict[str, tuple[str, str]] = field(default_factory=dict)  # command -> description, usage hint

    @classmethod
    def from_manifest(cls, manifest: Json) -> "App":
        """Read a Slack app manifest (schema v2, as a dict)."""
        features, settings = manifest.get("features", {}), manifest.get("settings", {})
        scopes = manifest.get("oauth_config", {}).get("scopes", {})
        commands = features.get("slash_commands", [])
        return cls(
            commands=frozenset(one["command"] for one in commands),
            escaping=frozenset(one["command"] for one in commands if one.get("should_escape")),
            hints={
                one["command"]: (one.get("description", ""), one.get("usage_hint", ""))
                for one in commands
                if "description" in one
            },
            scopes=frozenset(scopes.get("bot", [])),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", [])),
            shortcuts={one["callback_id"]: one["type"] for one in features.get("shortcuts", [])},
        )


@dataclass
class Message:
    """A message in a channel, or (with `only_for`) an ephemeral one. `versions` holds every state it ever had."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json]
    thread_ts: str | None = None
    only_for: str | None = None
    edited_ts: str | None = None
    deleted: bool = False
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    versions: list[Json] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)  # the timestamps of the answers in its thread
    state: dict[str, Json] = field(default_factory=dict)  # user -> state.values of what they chose in it

    @property
    def by_bot(self) -> bool:
        return self.user == BOT_USER


@dataclass
class View:
    """A modal or a Home tab as one person has it. `state` is what they typed, `dispatched` what the app was told of it."""

    id: str
    user: str
    root_id: str
    previous_id: str | None
    hash: str
    sent: Json
    state: Json
    dispatched: Json
    errors: dict[str, str] = field(default_factory=dict)
    trouble: str | None = None  # the line Slack shows on top when the app did not answer

    @property
    def kind(self) -> str:
        return str(self.sent["type"])

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.sent["blocks"]
        return blocks


@dataclass
class Trigger:
    user: str
    made_at: float
    view_id: str | None = None
    used: bool = False


@dataclass
class ResponseUrl:
    """Where a command or click may be answered later. `message_ts`: the message it came from."""

    user: str
    channel: str
    made_at: float
    message_ts: str | None = None
    uses: int = 0


class Workspace:
    """One Slack workspace with one installed app. `clock` answers unix seconds; see `bot.sandbox.clock`."""

    def __init__(self, clock: Callable[[], float], app: App | None = None) -> None:
        self.clock = clock
        self.app = app or App()
        self.connection_url: Callable[[], str] | None = None  # set by the server when Socket Mode is on
        self.seq = 0
        self._wake = asyncio.Event()
        self._count = 0
        self._last_ts_us = 0
        self.reset()

    def reset(self) -> None:
        """Back to the beginning: cast, channels, no messages. `seq` and ids keep rising so that nobody waits in vain."""
        self.people: dict[str, Member] = people.cast()
        self.channels: dict[str, Channel] = people.channels()
        self.groups: dict[str, Group] = people.groups()
        self.messages: dict[str, dict[str, Message]] = {}
        self.ephemerals: dict[str, Message] = {}
        self.modals: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.views: dict[str, View] = {}  # every view there ever was, closed ones too
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.offered: dict[tuple[str, str, str], list[Json]] = {}
        self.banners: dict[str, list[str]] = {}
        self.statuses: list[Json] = []
        self.log: list[Json] = []
        self.violations: list[str] = []
        self.trouble = Troubles()
        self.touch()

    # -- sequence, time and ids

    def touch(self) -> None:
        """Something visible changed: wake everybody who waits."""
        self.seq += 1
        wake, self._wake = self._wake, asyncio.Event()
        wake.set()

    async def changed(self, since: int) -> int:
        """Wait until something changed after sequence number `since`; answers the present number."""
        while self.seq <= since:
            await self._wake.wait()
        return self.seq

    def next_id(self, prefix: str) -> str:
        """A new id in Slack's manner, such as `V00000012`."""
        self._count += 1
        return f"{prefix}{self._count:08d}"

    def next_ts(self) -> str:
        """A new message timestamp, later than every one before, also while the clock stands still."""
        self._last_ts_us = max(int(self.clock() * 1_000_000), self._last_ts_us + 1)
        seconds, micros = divmod(self._last_ts_us, 1_000_000)
        return f"{seconds}.{micros:06d}"

    # -- records

    def note(self, kind: str, **what: Any) -> None:
        """Add a line to the log."""
        self.log.append({"n": len(self.log) + 1, "at": self.clock(), "kind": kind, **what})

    def violation(self, what: str) -> None:
        """Slack would say nothing, or nothing useful, and the person would be left with less than was meant."""
        self.violations.append(what)
        self.note("violation", what=what)

    def banner(self, user: str, line: str) -> None:
        """Slack's client tells `user` something went wrong, in passing."""
        self.banners.setdefault(user, []).append(line)
        self.touch()

    # -- people and places

    def member(self, user: str) -> Member:
        if user not in self.people:
            raise SlackError("user_not_found")
        return self.people[user]

    def direct_channel(self, user: str) -> Channel:
        """The direct message channel between the bot and `user`, opened when it is not there yet."""
        channel_id = "D" + user[1:]
        if channel_id not in self.channels:
            self.channels[channel_id] = Channel(
                id=channel_id, name=channel_id, members={user, BOT_USER}, with_user=user
            )
        return self.channels[channel_id]

    def is_stranger(self, member: Member) -> bool:
        """Outside, and in no channel that the bot sees. False does not mean inside."""
        shared = (one for one in self.channels.values() if not one.is_im and BOT_USER in one.members)
        return member.outside and not any(member.id in one.members for one in shared)

    def find_message(self, channel: str, ts: str) -> Message | None:
        """A message that is still there, ephemeral ones included."""
        found = self.messages.get(channel, {}).get(ts) or self.ephemerals.get(ts)
        return found if found and not found.deleted and found.channel == channel else None

    def visible_messages(self, user: str, channel: str) -> Iterable[Message]:
        """What `user` sees in `channel`, oldest first."""
        here = [one for one in self.messages.get(channel, {}).values() if not one.deleted]
        mine = [one for one in self.ephemerals.values() if one.channel == channel and one.only_for == user]
        return sorted([*here, *(one for one in mine if not one.deleted)], key=lambda one: one.ts)

    def channels_of(self, user: str) -> list[Channel]:
        return [one for one in self.channels.values() if user in one.members]

    # -- triggers and response URLs

    def new_trigger(self, user: str, view_id: str | None = None) -> str:
        trigger_id = f"{self.next_id('1')}.{self.next_id('2')}.{self.next_id('f')}"
        self.triggers[trigger_id] = Trigger(user, self.clock(), view_id)
        return trigger_id

    def use_trigger(self, trigger_id: str) -> Trigger:
        """Take a trigger: it lives 3 s and works once."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if self.clock() - trigger.made_at > TRIGGER_LIFE_S:
            raise SlackError("expired_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(self, user: str, channel: str, message_ts: str | None = None) -> str:
        """The key of a new response URL; the server puts its address before it."""
        key = f"{people.TEAM}/{self.next_id('R')}"
        self.response_urls[key] = ResponseUrl(user, channel, self.clock(), message_ts)
        return key

    def use_response_url(self, key: str) -> ResponseUrl:
        """Take one of its five uses within 30 minutes. Raises SlackError `expired_url` or `used_url`."""
        url = self.response_urls.get(key)
        if url is None or self.clock() - url.made_at > RESPONSE_URL_LIFE_S:
            raise SlackError("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        url.uses += 1
        return url
