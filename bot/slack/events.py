"""Events: Home is opened, somebody writes to the bot. Slack delivers events at least once and in any order."""

from collections.abc import Mapping
from typing import Any

from bot.core.errors import NotPermitted
from bot.slack.desk import Desk
from bot.slack.overview import asked_by, scope_of, waiting_for
from bot.slack.surfaces.blocks import View
from bot.slack.surfaces.home import closed_home_view, home_view
from bot.slack.surfaces.replies import error_message, help_message
from bot.slack.wording import sentence

#: Not marked as a bot by Slack, but one: answering it would be talking to a machine.
SLACKBOT = "USLACKBOT"
#: The rule by which members of other organisations are turned away: here in silence.
OUTSIDE = "workspace.team_id"


class Events:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def home_opened(self, body: Mapping[str, Any]) -> None:
        """Draws Home for whoever opened it."""
        event = body["event"]
        if event.get("tab") != "home" or event["user"] == SLACKBOT:
            return
        view = await self._home(str(body["team_id"]), str(event["user"]))
        if view is not None:
            await self._desk.client.views_publish(user_id=event["user"], view=view)

    async def _home(self, team: str, user: str) -> View | None:
        """What waits for this person and what they asked for; or why there is nothing for them."""
        desk, ledger = self._desk, self._desk.engine.ledger
        try:
            actor = await desk.who(team, user)
        except NotPermitted as error:
            return None if error.rule == OUTSIDE else closed_home_view(sentence(error))
        scope = scope_of(ledger.policy(), actor)
        if scope.closed:
            return closed_home_view(scope.closed)
        waiting, own = await waiting_for(ledger, actor), await asked_by(ledger, actor)
        return home_view(actor, scope.asks, waiting, own, desk.context(actor), decides=bool(scope.decides))

    async def written_to(self, body: Mapping[str, Any]) -> None:
        """Somebody mentioned the bot or wrote to it directly: an answer in the thread, once. Bots and outsiders get none."""
        event, ledger = body["event"], self._desk.engine.ledger
        if event.get("bot_id") or event.get("subtype") or event.get("user") in (None, "", SLACKBOT):
            return
        if await ledger.store.seen_before(f"event:{body['event_id']}", ledger.now()):
            return
        team = str(event.get("user_team") or event.get("team") or body["team_id"])
        try:
            actor = await self._desk.who(team, str(event["user"]))
        except NotPermitted as error:
            if error.rule == OUTSIDE:
                return
            message = error_message(error)
        else:
            scope = scope_of(ledger.policy(), actor)
            message = help_message(scope.asks, decides=bool(scope.decides), closed=scope.closed)
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
