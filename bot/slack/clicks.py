"""Clicks: buttons on cards, in modals and on Home, and form fields that others depend on."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.core.errors import BotError, Conflict, InvalidInput, NotPermitted
from bot.core.record import Actor
from bot.operations import BY_NAME
from bot.slack import wording
from bot.slack.commands import Commands
from bot.slack.desk import NOTHING, Answer, Desk
from bot.slack.forms import chosen_template, labels_of, line_view, read_form
from bot.slack.routes import Click, Pick
from bot.slack.surfaces.modal import (
    cancel_view,
    checking_view,
    refusal_view,
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
        """One click. Raises BotError; an id nobody knows raises KeyError."""
        action = body["actions"][0]
        return await self.handlers[action["action_id"]](body, str(action.get("value") or ""))

    # A request

    async def _review(self, body: Mapping[str, Any], ref: str) -> Answer:
        """Opens at once, then shows freshly read facts."""
        desk = self._desk
        actor = await desk.clicker(body, fresh=True)
        await desk.engine.deciding.may_review(ref, actor)
        view_id = await desk.show(body, checking_view(ref, wording.READING))
        desk.tasks.start(self._fill_review(view_id, ref, actor), name="review")
        return NOTHING

    async def _fill_review(self, view_id: str, ref: str, actor: Actor) -> None:
        desk = self._desk
        try:
            review = await desk.engine.deciding.review(ref, actor)
        except BotError as error:
            view = refusal_view(ref, error)
        else:
            record, operation = review.record, BY_NAME[review.record.operation]
            viewer = desk.context(actor)
            if review.plan:
                view = review_view(record, operation, review.plan, viewer)
            else:
                differences = record.outcome.differences if record.outcome else ()
                view = stale_view(record, operation, viewer, differences)
        await desk.update(view_id, view)

    async def _reject(self, body: Mapping[str, Any], ref: str) -> Answer:
        actor = await self._desk.clicker(body, fresh=True)
        record = await self._desk.engine.deciding.may_review(ref, actor)
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
        await self._desk.engine.deciding.may_see(ref, actor)
        self._desk.tasks.start(self._desk.engine.executing.recover(ref), name="look")
        return Answer(message=plain_message(wording.looking(ref)))

    async def _show(self, body: Mapping[str, Any], ref: str) -> Answer:
        actor = await self._desk.clicker(body)
        record = await self._desk.engine.deciding.may_see(ref, actor)
        await self._desk.show(body, self._desk.request(record, actor))
        return NOTHING

    # A form

    async def _change(self, body: Mapping[str, Any], ref: str) -> Answer:
        """From the preview (or a refusal) back to the form, with everything as it was entered."""
        desk = self._desk
        actor = await desk.clicker(body)
        record = await desk.engine.ledger.store.get(ref)
        if record is None:
            draft = await desk.draft(ref, actor)
        elif record.requester.user_id == actor.user_id:
            draft = await desk.draft_from(record, actor)
        else:
            raise NotPermitted("Only the person who asked for this can change it.", rule="requester")
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
        draft = await self._desk.draft(body["view"]["private_metadata"], actor)
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
        desk.tasks.start(self._fill_line(view_id, draft, actor), name="line")
        return NOTHING

    async def _fill_line(self, view_id: str, draft: Draft, actor: Actor, chosen: str | None = None) -> None:
        desk = self._desk
        operation = BY_NAME[draft.operation]
        assert operation.lines is not None
        try:
            templates = await operation.lines.templates(desk.engine.ledger.chargebee, draft.values)
        except InvalidInput as error:
            view = refusal_view(operation.title, Conflict(" ".join(error.problems.values())))
        except BotError as error:
            view = refusal_view(operation.title, error)
        else:
            context = desk.context(actor, draft.channel)
            view = line_view(operation, draft.id, templates, chosen, {}, context)
        await desk.update(view_id, view)

    async def _choose_line(self, body: Mapping[str, Any], _value: str) -> Answer:
        desk = self._desk
        actor = await desk.clicker(body)
        draft = await desk.draft(body["view"]["private_metadata"], actor)
        chosen = chosen_template(body["view"]["state"]["values"])
        desk.tasks.start(self._fill_line(body["view"]["id"], draft, actor, chosen), name="line")
        return NOTHING

    async def _remove_line(self, body: Mapping[str, Any], value: str) -> Answer:
        desk = self._desk
        actor = await desk.clicker(body)
        draft = await self._entered(body, actor)
        lines = BY_NAME[draft.operation].lines
        assert lines is not None
        index = int(value.rpartition(":")[2])
        kept = [line for at, line in enumerate(draft.values.get(lines.field) or []) if at != index]
        draft = await desk.save(draft, {**draft.values, lines.field: kept})
        labels = labels_of(body["view"]["state"]["values"])
        await desk.update(body["view"]["id"], desk.form(draft, actor, labels=labels), body["view"]["hash"])
        return NOTHING

    async def _start(self, body: Mapping[str, Any], name: str) -> Answer:
        """A button in help or on Home that opens an operation's form."""
        actor = await self._desk.clicker(body)
        channel = str((body.get("channel") or {}).get("id") or "")
        operation = BY_NAME[name]
        await self._desk.engine.asking.may(actor, operation, channel)
        await self._commands.begin(actor, operation, "", channel, body["trigger_id"])
        return NOTHING

    async def _nothing(self, _body: Mapping[str, Any], _value: str) -> Answer:
        return NOTHING
