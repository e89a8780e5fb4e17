"""Brings errands to Slack: the card, the notices thread, direct messages, reminders.

A message is a projection of the record, drawn when it is delivered. Delivery is at least once: if the bot dies between
Slack's answer and our commit, a message can appear twice; a billing change cannot.
"""

import hashlib
import json
from collections.abc import Callable

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.lifecycle import State
from bot.core.policy import Policy
from bot.core.record import BillingRequest, ErrandKind
from bot.operations import BY_NAME
from bot.operations.base import SiteProfile
from bot.slack.refusals import SLACK_FAILED, code_of
from bot.slack.surfaces.blocks import Message
from bot.slack.surfaces.message import CardContext, card, direct, notice, reminder
from bot.store.sqlite import Store
from bot.store.values import MessageRef, OwedErrand
from bot.worker import NotDelivered

#: Slack's codes after which trying again cannot help (the person or the conversation is gone for good).
FINAL = frozenset(
    {"user_not_found", "users_not_found", "user_disabled", "cannot_dm_bot", "invalid_users_combination"}
)
#: The message cannot be edited any more: a new one takes its place.
LOST_MESSAGE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"})
#: The thread's first message is gone: a new thread takes its place.
LOST_THREAD = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message"})


class Notifier:
    """Delivers errands with a client that never retries by itself, because a repeated post is a repeated message."""

    def __init__(
        self,
        client: AsyncWebClient,
        store: Store,
        policy: Callable[[], Policy],
        site: SiteProfile,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._store = store
        self._policy = policy
        self._site = site
        self._clock = clock

    async def deliver(self, owed: OwedErrand, record: BillingRequest) -> tuple[MessageRef, str] | None:
        """One errand. Returns the message to remember with its key, or None. Raises NotDelivered."""
        kinds = {
            ErrandKind.CARD: self._card,
            ErrandKind.NOTICE: self._notice,
            ErrandKind.DIRECT: self._direct,
            ErrandKind.REMINDER: self._remind,
        }
        try:
            return await kinds[owed.errand.kind](owed, record)
        except SLACK_FAILED as error:
            raise not_delivered(error) from error

    def _context(self, record: BillingRequest) -> CardContext:
        policy = self._policy()
        eligible = policy.eligible(record.requester, record.operation, record.requirement)
        return CardContext(
            zero_decimal=self._site.zero_decimal,
            approvers=tuple(person.slack for person in eligible if person.slack),
            web_url=self._site.web_url,
        )

    async def _card(self, owed: OwedErrand, record: BillingRequest) -> tuple[MessageRef, str] | None:
        known = await self._store.message(record.ref, ErrandKind.CARD)
        wanted = known or record.requirement.approvals or record.state is State.UNCERTAIN
        if not wanted or record.submitted_at is None:
            return None
        # Drawn as of the submit, not of now: the same record always gives the same picture.
        message = card(record, BY_NAME[record.operation], record.submitted_at, self._context(record))
        drawn = picture_hash(message)
        if known and known.drawn == drawn and owed.errand.topic != "again":
            return None  # it looks like this already; "again": somebody may have deleted it
        if known:
            try:
                await self._client.chat_update(
                    channel=known.channel, ts=known.ts, text=message.text, blocks=message.blocks
                )
            except SlackApiError as error:
                if code_of(error) not in LOST_MESSAGE:
                    raise
            else:
                return MessageRef(channel=known.channel, ts=known.ts, drawn=drawn), ""
        channel = self._policy().approvals_channel(record.operation)
        return MessageRef(channel=channel, ts=await self._post(channel, message), drawn=drawn), ""

    async def _notice(self, owed: OwedErrand, record: BillingRequest) -> tuple[MessageRef, str] | None:
        """The first notice of a request begins its thread; later ones are answers in it."""
        message = notice(record, BY_NAME[record.operation], owed.errand.topic, self._context(record))
        root = await self._store.message(record.ref, ErrandKind.NOTICE)
        if root:
            try:
                await self._post(root.channel, message, thread_ts=root.ts)
            except SlackApiError as error:
                if code_of(error) not in LOST_THREAD:
                    raise
            else:
                return None
        channel = self._policy().notices_channel(record.operation)
        return MessageRef(channel=channel, ts=await self._post(channel, message)), ""

    async def _direct(self, owed: OwedErrand, record: BillingRequest) -> None:
        errand = owed.errand
        message = direct(record, BY_NAME[record.operation], errand.topic, errand.to, self._context(record))
        opened = await self._client.conversations_open(users=errand.to)
        await self._post(str(opened["channel"]["id"]), message)

    async def _remind(self, _owed: OwedErrand, record: BillingRequest) -> None:
        root = await self._store.message(record.ref, ErrandKind.CARD)
        if root and record.state is State.PENDING:
            now = int(self._clock())
            message = reminder(record, BY_NAME[record.operation], now, self._context(record))
            await self._post(root.channel, message, thread_ts=root.ts)

    async def _post(self, channel: str, message: Message, thread_ts: str | None = None) -> str:
        answer = await self._client.chat_postMessage(
            channel=channel,
            text=message.text,
            blocks=message.blocks,
            thread_ts=thread_ts,
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])


def picture_hash(message: Message) -> str:
    """Two messages that look the same have the same hash."""
    drawn = json.dumps([message.text, list(message.blocks)], sort_keys=True)
    return hashlib.sha256(drawn.encode()).hexdigest()[:16]


def not_delivered(error: Exception) -> NotDelivered:
    """Slack's refusal as the worker understands it. A 429 says in `Retry-After` for how long."""
    code = code_of(error)
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    asked = next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), "")
    return NotDelivered(code, retry_after_s=float(asked) if asked.isdigit() else None, final=code in FINAL)
