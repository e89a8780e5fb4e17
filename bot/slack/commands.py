"""Slash commands: one for each operation, and `/billing` for everything else."""

from collections.abc import Mapping
from typing import Any

from bot.core.errors import Conflict, InvalidInput
from bot.core.ids import document_id
from bot.core.plan import Options
from bot.core.record import Actor
from bot.operations import BY_COMMAND
from bot.operations.base import AnyOperation, Params
from bot.slack import wording
from bot.slack.desk import NOTHING, Answer, Desk
from bot.slack.forms import to_params
from bot.slack.grammar import read_command
from bot.slack.overview import about, asked_by, scope_of, waiting_for
from bot.slack.surfaces.blocks import View, clip
from bot.slack.surfaces.modal import checking_view
from bot.slack.surfaces.replies import (
    help_message,
    history_message,
    pending_message,
    plain_message,
    usage_message,
    whoami_message,
)
from bot.store.values import Draft

BILLING = "/billing"
#: Of a page's number.
MOST_DIGITS = 3


class Commands:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, body: Mapping[str, Any]) -> Answer:
        """A typed command. Raises BotError."""
        name, text, channel = (
            str(body["command"]),
            str(body.get("text") or "").strip(),
            str(body["channel_id"]),
        )
        actor = await self._desk.who(str(body["team_id"]), str(body["user_id"]))
        if name == BILLING:
            return await self._billing(actor, text)
        operation = BY_COMMAND.get(name)
        if operation is None:
            raise Conflict(wording.NOT_KNOWN, hint=wording.NOT_KNOWN_HINT)
        if text.lower() in {"help", "?"}:
            return Answer(message=usage_message(operation))
        await self._desk.engine.asking.may(actor, operation, channel)
        await self.begin(actor, operation, text, channel, str(body["trigger_id"]))
        return NOTHING

    async def begin(
        self, actor: Actor, operation: AnyOperation, text: str, channel: str, trigger_id: str
    ) -> None:
        """Opens the form, filled with what was typed; or the preview at once, when nothing is missing."""
        desk = self._desk
        values, problems = read_command(operation, text, actor.locale)
        draft = await desk.new_draft(actor, operation, values, channel)
        if text and not problems:
            try:
                params, options = to_params(operation, values, desk.context(actor, channel))
            except InvalidInput as error:
                # What was not typed is not wrong yet: the form asks for it.
                problems = {name: sentence for name, sentence in error.problems.items() if name in values}
            else:
                view_id = await desk.open(trigger_id, checking_view(operation.title, wording.CHECKING))
                desk.fill(
                    view_id, operation.title, actor, lambda: self._preview(actor, draft, params, options)
                )
                return
        await desk.open(trigger_id, desk.form(draft, actor, problems))

    async def _preview(self, actor: Actor, draft: Draft, params: Params, options: Options) -> View:
        answer = await self._desk.previewed(actor, draft, params, options)
        assert answer.view is not None
        return answer.view

    # /billing

    async def _billing(self, actor: Actor, text: str) -> Answer:
        word, _, rest = text.partition(" ")
        scope = scope_of(self._desk.engine.ledger.policy(), actor)
        if word.lower() == "whoami":
            return Answer(message=whoami_message(actor, scope.asks, scope.decides))
        if word.lower() == "pending":
            return await self._pending(actor)
        if word.lower() == "history":
            return await self._history(actor, rest.strip())
        unknown = "" if word.lower() in {"", "help", "?"} else wording.unknown_word(clip(word, 40))
        return Answer(
            message=help_message(
                scope.asks, decides=bool(scope.decides), closed=scope.closed, unknown=unknown
            )
        )

    async def _pending(self, actor: Actor) -> Answer:
        ledger = self._desk.engine.ledger
        waiting, own = await waiting_for(ledger, actor), await asked_by(ledger, actor, unfinished=True)
        return Answer(message=pending_message(waiting, own, self._desk.context(actor)))

    async def _history(self, actor: Actor, text: str) -> Answer:
        """`INV-1042`, or `INV-1042 2` for the page of older ones."""
        typed, _, number = text.rpartition(" ")
        paged = bool(typed) and number.isascii() and number.isdecimal() and 0 < len(number) <= MOST_DIGITS
        page = max(1, int(number)) if paged else 1
        try:
            document = document_id(typed if paged else text)
        except ValueError as error:
            return Answer(message=plain_message(wording.history_usage(str(error))))
        found, more = await about(self._desk.engine.ledger, actor, document, page)
        return Answer(
            message=history_message(document, found, self._desk.context(actor), page=page, more=more)
        )
