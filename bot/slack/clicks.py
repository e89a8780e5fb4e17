"""Clicks: buttons on cards, in modals and on Home, and form fields that others depend on."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.core.errors import Conflict
from bot.core.ids import is_ref
from bot.core.record import Actor
from bot.operations import BY_NAME
from bot.operations.base import AnyOperation, Lines
from bot.slack import wording
from bot.slack.commands import Commands
from bot.slack.desk import NOTHING, Answer, Desk
from bot.slack.forms import chosen_template, labels_of, line_view, read_form
from bot.slack.routes import Click, Pick
from bot.slack.surfaces.blocks import View
from bot.slack.surfaces.modal import (
    cancel_view,
    checking_view,
    reject_view,
    review_view,
    settle_view,
    stale_view,
)
from bot.slack.surfaces.replies import plain_message
from bot.store.values import Draft


class Clicks:
    def __init__(self, desk: Desk, commands: Commands) -> None:
        self._desk = desk
        self._commands = commands
        self.handlers: dict[str, Callable[[Mapping[str, Any], str], Awaitable[Answer]]] = {
            Click.REVIEW: self._review,
            Click.REJECT: self._reject,
            Click.CANCEL: self._cancel,
            Click.LOOK: self._look,
            Click.SETTLE: self._settle,
            Click.SHOW: self._show,
            Click.CHANGE: self._change,
            Click.FIELD: self._field,
            Click.LINE_ADD: self._add_line,
            Click.LINE_REMOVE: self._remove_line,
            Click.LINE_TEMPLATE: self._choose_line,
            Click.START: self._start,
            Click.LINK: self._nothing,
            **dict.fromkeys(Pick, self._field),
        }

    async def __call__(self, body: Mapping[str, Any]) -> Answer:
        """One click. Raises BotError, also for an id that nobody knows (any more)."""
        action = body["actions"][0]
        handler = self.handlers.get(action["action_id"])
        if handler is None:
            await self._desk.clicker(body)
            raise Conflict(wording.NOT_KNOWN, hint=wording.NOT_KNOWN_HINT)
        return await handler(body, str(action.get("value") or ""))

    # A request

    async def _review(self, body: Mapping[str, Any], ref: str) -> Answer:
        """Opens at once, then shows freshly read facts."""
        desk = self._desk
        actor = await desk.clicker(body, fresh=True)
        await desk.engine.deciding.may_review(ref, actor)
        view_id = await desk.show(body, checking_view(ref, wording.READING))
        desk.fill(view_id, ref, actor, lambda: self._reviewed(ref, actor))
        return NOTHING

    async def _reviewed(self, ref: str, actor: Actor) -> View:
        review = await self._desk.engine.deciding.review(ref, actor)
        record, operation = review.record, BY_NAME[review.record.operation]
        viewer = self._desk.context(actor)
        if review.plan:
            return review_view(record, operation, review.plan, viewer)
        return stale_view(record, operation, viewer)

    async def _reject(self, body: Mapping[str, Any], ref: str) -> Answer:
        actor = await self._desk.clicker(body, fresh=True)
        record = await self._desk.engine.deciding.may_reject(ref, actor)
        await self._desk.show(body, reject_view(record, BY_NAME[record.operation], self._desk.context(actor)))
        return NOTHING

    async def _cancel(self, body: Mapping[str, Any], ref: str) -> Answer:
        actor = await self._desk.clicker(body)
        record = await self._desk.engine.asking.may_cancel(ref, actor)
        await self._desk.show(body, cancel_view(record, BY_NAME[record.operation], self._desk.context(actor)))
        return NOTHING

    async def _settle(self, body: Mapping[str, Any], ref: str) -> Answer:
        actor = await self._desk.clicker(body, fresh=True)
        record = await self._desk.engine.deciding.may_resolve(ref, actor)
        await self._desk.show(body, settle_view(record, BY_NAME[record.operation], self._desk.context(actor)))
        return NOTHING

    async def _look(self, body: Mapping[str, Any], ref: str) -> Answer:
        """Looks into an uncertain request now instead of when the worker would."""
        actor = await self._desk.clicker(body)
        await self._desk.engine.deciding.look(ref, actor)
        return Answer(message=plain_message(wording.looking(ref)))

    async def _show(self, body: Mapping[str, Any], ref: str) -> Answer:
        actor = await self._desk.clicker(body)
        record = await self._desk.engine.deciding.may_see(ref, actor)
        await self._desk.show(body, self._desk.request(record, actor))
        return NOTHING

    # A form

    async def _change(self, body: Mapping[str, Any], value: str) -> Answer:
        """From the preview (or a refusal, which has only a draft) back to the form, with everything as it was entered."""
        desk = self._desk
        actor = await desk.clicker(body)
        if is_ref(value):
            record = await desk.engine.asking.may_change(value, actor)
            draft = await desk.draft_from(record, actor)
        else:
            draft = await own_draft(desk, value, actor)
        return Answer(view=desk.form(draft, actor))

    async def _field(self, body: Mapping[str, Any], _value: str) -> Answer:
        """A field changed that others depend on: the form is drawn again around what has been typed."""
        desk = self._desk
        actor = await desk.clicker(body)
        draft = await self._entered(body, actor)
        view = desk.form(draft, actor, labels=labels_of(body["view"]["state"]["values"]))
        await desk.update(body["view"]["id"], view, body["view"]["hash"])
        return NOTHING

    async def _entered(self, body: Mapping[str, Any], actor: Actor) -> Draft:
        """The draft with what stands in the form now."""
        draft = await own_draft(self._desk, body["view"]["private_metadata"], actor)
        operation = BY_NAME[draft.operation]
        return await self._desk.save(
            draft, read_form(operation, body["view"]["state"]["values"], draft.values)
        )

    async def _add_line(self, body: Mapping[str, Any], _value: str) -> Answer:
        """A form for one line on top of the form; what can be chosen is read after it has opened."""
        desk = self._desk
        actor = await desk.clicker(body)
        draft = await self._entered(body, actor)
        title = BY_NAME[draft.operation].title
        view_id = await desk.push(body["trigger_id"], checking_view(title, wording.READING))
        desk.fill(view_id, title, actor, lambda: self._line(draft, actor))
        return NOTHING

    async def _line(self, draft: Draft, actor: Actor, chosen: str | None = None) -> View:
        desk, operation = self._desk, BY_NAME[draft.operation]
        lines = with_lines(operation)
        templates = await lines.templates(desk.engine.ledger.chargebee, draft.values)
        return line_view(operation, draft.id, templates, chosen, {}, desk.context(actor, draft.channel))

    async def _choose_line(self, body: Mapping[str, Any], _value: str) -> Answer:
        desk = self._desk
        actor = await desk.clicker(body)
        draft = await own_draft(desk, body["view"]["private_metadata"], actor)
        chosen = chosen_template(body["view"]["state"]["values"])
        title = BY_NAME[draft.operation].title
        desk.fill(body["view"]["id"], title, actor, lambda: self._line(draft, actor, chosen))
        return NOTHING

    async def _remove_line(self, body: Mapping[str, Any], value: str) -> Answer:
        desk = self._desk
        actor = await desk.clicker(body)
        draft = await self._entered(body, actor)
        lines = with_lines(BY_NAME[draft.operation])
        number = value.rpartition(":")[2]
        kept = [line for at, line in enumerate(draft.values.get(lines.field) or []) if str(at) != number]
        draft = await desk.save(draft, {**draft.values, lines.field: kept})
        labels = labels_of(body["view"]["state"]["values"])
        await desk.update(body["view"]["id"], desk.form(draft, actor, labels=labels), body["view"]["hash"])
        return NOTHING

    async def _start(self, body: Mapping[str, Any], name: str) -> Answer:
        """A button in help or on Home that opens an operation's form."""
        actor = await self._desk.clicker(body)
        channel = str((body.get("channel") or {}).get("id") or "")
        operation = BY_NAME.get(name)
        if operation is None:
            raise Conflict(wording.NOT_KNOWN, hint=wording.NOT_KNOWN_HINT)
        await self._desk.engine.asking.may(actor, operation, channel)
        await self._commands.begin(actor, operation, "", channel, body["trigger_id"])
        return NOTHING

    async def _nothing(self, _body: Mapping[str, Any], _value: str) -> Answer:
        return NOTHING


async def own_draft(desk: Desk, draft_id: str, actor: Actor) -> Draft:
    """The person's own draft, when they may still ask for what it is about. Raises Conflict, NotPermitted."""
    draft = await desk.draft(draft_id, actor)
    await desk.engine.asking.may(actor, BY_NAME[draft.operation], draft.channel)
    return draft


def with_lines(operation: AnyOperation) -> Lines:
    """How `operation` takes lines. Raises Conflict when it takes none, as after a forged click."""
    if operation.lines is None:
        raise Conflict(wording.NOT_KNOWN, hint=wording.NOT_KNOWN_HINT)
    return operation.lines
