"""Events: Home is opened, somebody writes to the bot. Slack delivers events at least once and in any order."""

from collections.abc import Mapping
from typing import Any

from bot.core.errors import BotError
from bot.core.lifecycle import State
from bot.operations import OPERATIONS
from bot.slack.desk import Desk
from bot.slack.surfaces.home import home_view
from bot.slack.surfaces.replies import error_message, help_message

#: How many requests of each kind Home shows.
SHOWN = 10


class Events:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def home_opened(self, body: Mapping[str, Any]) -> None:
        """Draws Home for whoever opened it."""
        event = body["event"]
        if event.get("tab") != "home":
            return
        desk, ledger = self._desk, self._desk.engine.ledger
        actor = await desk.who(str(body["team_id"]), str(event["user"]))
        policy = ledger.policy()
        waiting = [
            record
            for record in await ledger.store.open_requests(200)
            if record.state is State.PENDING and policy.may_approve(actor, record).allowed
        ]
        own = await ledger.store.by_requester(actor.user_id, SHOWN)
        allowed = [op for op in OPERATIONS if policy.may_request(actor, op.name, "").allowed]
        view = home_view(actor, allowed, waiting[:SHOWN], own, desk.context(actor))
        await desk.client.views_publish(user_id=actor.user_id, view=view)

    async def written_to(self, body: Mapping[str, Any]) -> None:
        """Somebody mentioned the bot or wrote to it directly: an answer in the thread, once. Bots and outsiders get none."""
        event, ledger = body["event"], self._desk.engine.ledger
        if event.get("bot_id") or event.get("subtype") or not event.get("user"):
            return
        if await ledger.store.seen_before(f"event:{body['event_id']}", ledger.now()):
            return
        team = str(event.get("user_team") or event.get("team") or body["team_id"])
        try:
            actor = await self._desk.who(team, str(event["user"]))
        except BotError as error:
            if team != ledger.policy().team_id:
                return
            message = error_message(error)
        else:
            policy = ledger.policy()
            message = help_message(
                [op for op in OPERATIONS if policy.may_request(actor, op.name, "").allowed]
            )
        if event["type"] == "app_mention":
            await self._desk.client.chat_postEphemeral(
                channel=event["channel"],
                user=event["user"],
                text=message.text,
                blocks=message.blocks,
                thread_ts=event.get("thread_ts"),
            )
            return
        await self._desk.client.chat_postMessage(
            channel=event["channel"],
            text=message.text,
            blocks=message.blocks,
            thread_ts=event.get("thread_ts"),
            unfurl_links=False,
            unfurl_media=False,
        )
