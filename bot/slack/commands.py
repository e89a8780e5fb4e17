"""Slash commands: one for each operation, and `/billing` for everything else."""

from collections.abc import Mapping
from typing import Any

from bot.core.errors import InvalidInput
from bot.core.ids import document_id
from bot.core.lifecycle import State
from bot.core.record import Actor
from bot.operations import BY_COMMAND, OPERATIONS
from bot.operations.base import AnyOperation
from bot.slack import wording
from bot.slack.desk import NOTHING, Answer, Desk
from bot.slack.forms import to_params
from bot.slack.grammar import read_command
from bot.slack.surfaces.modal import checking_view
from bot.slack.surfaces.replies import (
    help_message,
    history_message,
    pending_message,
    plain_message,
    usage_message,
    whoami_message,
)

BILLING = "/billing"
#: How many requests a list shows.
SHOWN = 10


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
        operation = BY_COMMAND[name]
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
                desk.tasks.start(self._preview(view_id, actor, draft.id, params, options), name="preview")
                return
        await desk.open(trigger_id, desk.form(draft, actor, problems))

    async def _preview(self, view_id: str, actor: Actor, draft_id: str, params: Any, options: Any) -> None:
        draft = await self._desk.draft(draft_id, actor)
        answer = await self._desk.previewed(actor, draft, params, options)
        assert answer.view is not None
        await self._desk.update(view_id, answer.view)

    # /billing

    async def _billing(self, actor: Actor, text: str) -> Answer:
        word, _, rest = text.partition(" ")
        if word.lower() == "whoami":
            return Answer(message=whoami_message(actor, self._allowed(actor)))
        if word.lower() == "pending":
            return await self._pending(actor)
        if word.lower() == "history":
            return await self._history(actor, rest.strip())
        return Answer(message=help_message(self._allowed(actor)))

    def _allowed(self, actor: Actor) -> list[AnyOperation]:
        policy = self._desk.engine.ledger.policy()
        return [op for op in OPERATIONS if policy.may_request(actor, op.name, "").allowed]

    async def _pending(self, actor: Actor) -> Answer:
        ledger = self._desk.engine.ledger
        waiting = [
            record
            for record in await ledger.store.open_requests(200)
            if record.state is State.PENDING and ledger.policy().may_approve(actor, record).allowed
        ]
        own = [record for record in await ledger.store.by_requester(actor.user_id, 200) if record.unfinished]
        return Answer(message=pending_message(waiting[:SHOWN], own[:SHOWN], self._desk.context(actor)))

    async def _history(self, actor: Actor, text: str) -> Answer:
        try:
            document = document_id(text)
        except ValueError as error:
            return Answer(message=plain_message(wording.history_usage(str(error))))
        ledger = self._desk.engine.ledger
        found = await ledger.store.by_document(document, SHOWN + 1)
        seen = [record for record in found if ledger.policy().may_see(actor, record).allowed]
        return Answer(
            message=history_message(
                document, seen[:SHOWN], self._desk.context(actor), more=len(found) > SHOWN
            )
        )
