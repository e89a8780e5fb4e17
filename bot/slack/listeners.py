"""Slack's side of the door: one listener for each kind of delivery, each behind the same guard.

The guard does three things for all of them. It acknowledges inside Slack's 3 seconds, whatever the handler does; an answer
that comes later goes where it still can (the open modal, a private message). It turns errors into sentences, private to
whoever caused them. It lets no exception out, because Bolt drops an acknowledgement when its listener fails.

Bolt runs with `process_before_response`: the answer leaves as soon as the listener returns, without Bolt's polling.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.core.errors import BotError
from bot.slack import wording
from bot.slack.clicks import Clicks
from bot.slack.commands import Commands
from bot.slack.desk import NOTHING, Answer, Desk, bug, error_view
from bot.slack.events import Events
from bot.slack.forms import errors_for_slack
from bot.slack.refusals import SLACK_FAILED, USED_TRIGGER, code_of, is_passing
from bot.slack.submissions import Submissions
from bot.slack.suggestions import Suggestions
from bot.slack.surfaces.blocks import Message
from bot.slack.surfaces.modal import checking_view, shown_view
from bot.slack.surfaces.replies import error_message, plain_message

_log = structlog.get_logger(__name__)

NOT_TAKEN = (
    "Slack did not take the bot's answer in time. Try again in a moment; a request that was made has a card "
    "and is in /billing pending."
)

#: A late answer must not overtake the acknowledgement that puts "checking" into the modal: it would be drawn over.
AFTER_ACK_S = 0.2
#: How long an acknowledgement waits for an answer to be shown, after the budget: together less than Slack's 3 s.
SHOWN_S = 0.4
#: How long a private answer by the response URL may take.
RESPOND_S = 10

Body = dict[str, Any]
Handler = Callable[[Mapping[str, Any]], Awaitable[Answer]]


class SlackTrouble(BotError):
    """Slack did not take what the bot wanted to show."""

    code = "slack"


class Listeners:
    """Registers the listeners. `budget_s` is how long an acknowledgement may wait for the handler's answer."""

    def __init__(self, desk: Desk, *, budget_s: float) -> None:
        self._desk = desk
        self._budget_s = budget_s
        commands = Commands(desk)
        self.commands = commands
        self.clicks = Clicks(desk, commands)
        self.submissions = Submissions(desk)
        self.suggestions = Suggestions(desk)
        self.events = Events(desk)

    def register(self, app: AsyncApp) -> None:
        """One pattern for each kind of delivery: Bolt tries listeners in order, our own tables find the handler at once."""
        everything = re.compile(".*")
        app.command(everything)(self.command)
        app.action(everything)(self.click)
        app.view(everything)(self.submission)
        app.view_closed(everything)(self.closed)
        app.options(everything)(self.suggestion)
        app.event("app_home_opened")(self.home_opened)
        app.event("app_mention")(self.written_to)
        app.event("message")(self.written_to)

    # Deliveries with an answer

    async def command(self, ack: AsyncAck, body: Body) -> None:
        answer = await self._in_time(self.commands, body, where="command", late=self._say)
        message = answer.message if answer else None
        await (
            ack(response_type="ephemeral", text=message.text, blocks=list(message.blocks))
            if message
            else ack()
        )

    async def click(self, ack: AsyncAck, body: Body) -> None:
        answer = await self._in_time(self.clicks, body, where="click", late=self._show_or_say)
        if answer and answer is not NOTHING:
            # Slack does not wait for an answer that takes long to show.
            showing = self._desk.tasks.start(self._show_or_say(body, answer), name="answer")
            await asyncio.wait({showing}, timeout=SHOWN_S)
        await ack()

    async def submission(self, ack: AsyncAck, body: Body) -> None:
        answer = await self._in_time(self.submissions, body, where="submission", late=self._redraw)
        view = body["view"]
        if answer is None:
            await ack(
                response_action="update", view=checking_view(str(view["title"]["text"]), wording.CHECKING)
            )
        elif answer.problems:
            await ack(response_action="errors", errors=errors_for_slack(view, answer.problems))
        elif answer.view:
            await ack(response_action="update", view=answer.view)
        else:
            await ack()

    async def suggestion(self, ack: AsyncAck, body: Body) -> None:
        answer = await self._in_time(self.suggestions, body, where="suggestion", late=self._drop)
        await ack(options=(answer.options if answer else None) or [])

    async def closed(self, ack: AsyncAck) -> None:
        await ack()

    # Events: acknowledged first, because nobody waits for an answer

    async def home_opened(self, ack: AsyncAck, body: Body) -> None:
        self._later(self.events.home_opened, body, "home")
        await ack()

    async def written_to(self, ack: AsyncAck, body: Body) -> None:
        self._later(self.events.written_to, body, "message")
        await ack()

    # The guard

    async def _in_time(
        self, handler: Handler, body: Body, *, where: str, late: Callable[[Body, Answer], Awaitable[None]]
    ) -> Answer | None:
        """The handler's answer, or None when it takes longer than the budget: then `late` gets it when it comes."""
        task: asyncio.Task[Answer] = self._desk.tasks.start(self._safely(handler, body, where), name=where)
        done, _ = await asyncio.wait({task}, timeout=self._budget_s)
        if done:
            return task.result()
        self._desk.tasks.start(self._when_done(task, body, late, where), name=f"late {where}")
        return None

    async def _when_done(
        self,
        task: asyncio.Task[Answer],
        body: Body,
        late: Callable[[Body, Answer], Awaitable[None]],
        where: str,
    ) -> None:
        answer = await task
        await asyncio.sleep(AFTER_ACK_S)
        try:
            await late(body, answer)
        except SLACK_FAILED as error:
            _log.warning("late answer not shown", where=where, code=code_of(error))

    async def _safely(self, handler: Handler, body: Body, where: str) -> Answer:
        """The handler's answer; every error as an answer for the person who caused it."""
        try:
            return await handler(body)
        except BotError as error:
            return _as_answer(error, where, body)
        except SLACK_FAILED as error:
            code = code_of(error)
            if code in USED_TRIGGER:
                return NOTHING  # the same click or command came twice, and the first one has opened it
            if not is_passing(error):
                return _as_answer(bug(error, where), where, body)
            _log.warning("slack did not take it", where=where, code=code)
            return _as_answer(SlackTrouble(NOT_TAKEN), where, body)
        except Exception as error:  # noqa: BLE001 - Bolt loses the acknowledgement when a listener raises
            return _as_answer(bug(error, where), where, body)

    def _later(self, work: Callable[[Body], Awaitable[None]], body: Body, where: str) -> None:
        async def quietly() -> None:
            try:
                await work(body)
            except BotError as error:
                _log.info("event not answered", where=where, code=error.code)
            except SLACK_FAILED as error:
                _log.warning("event not answered", where=where, code=code_of(error))

        self._desk.tasks.start(quietly(), name=where)

    # Where answers go

    async def _show_or_say(self, body: Body, answer: Answer) -> None:
        """After a click: in the modal it was made in, or privately beside the message."""
        try:
            if answer.view and (body.get("view") or {}).get("type") == "modal":
                await self._desk.update(body["view"]["id"], answer.view)
            elif answer.view:
                await self._desk.open(body["trigger_id"], answer.view)
            elif answer.message:
                await self._say(body, answer)
        except SLACK_FAILED as error:
            _log.warning("answer not shown", code=code_of(error))

    async def _say(self, body: Body, answer: Answer) -> None:
        """Privately: by the response URL, which also works where the bot is no member; else directly."""
        if answer.message is None:
            return
        if url := body.get("response_url"):
            sent = await self._respond(url, answer.message)
            if sent:
                return
        await self._desk.tell(str(body.get("user_id") or body["user"]["id"]), answer.message)

    async def _respond(self, url: str, message: Message) -> bool:
        """Whether Slack took it: a dead response URL answers 404 without an exception."""
        try:
            client = AsyncWebhookClient(url, timeout=RESPOND_S, retry_handlers=[])
            answer = await client.send(
                text=message.text, blocks=message.blocks, response_type="ephemeral", replace_original=False
            )
        except SLACK_FAILED:
            return False
        return answer.status_code == 200

    async def _redraw(self, body: Body, answer: Answer) -> None:
        """The modal shows "checking" by now, and what was found takes its place, whatever it is: a modal cannot be closed from
        here. Whoever has closed it is told nothing more; what came of a decision is in the request's card.
        """
        view = body["view"]
        said = list(answer.problems.values()) or [wording.TAKEN]
        shown = answer.view or shown_view(str(view["title"]["text"]), said)
        try:
            await self._desk.update(view["id"], shown)
        except SLACK_FAILED as error:
            _log.warning("modal not redrawn", code=code_of(error))
            await self._say(body, Answer(message=plain_message(NOT_TAKEN)))

    async def _drop(self, _body: Body, _answer: Answer) -> None:
        """Choices that come too late are of no use to anybody."""


def _as_answer(error: BotError, where: str, body: Body) -> Answer:
    """An error where the person can see it: in the modal they are in, else privately."""
    if where == "suggestion":
        return Answer(options=[])
    view = body.get("view") or {}
    if where == "submission" or view.get("type") == "modal":
        return Answer(view=error_view(str((view.get("title") or {}).get("text") or "Billing Bot"), error))
    return Answer(message=error_message(error))
