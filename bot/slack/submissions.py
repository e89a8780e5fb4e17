"""Submitted modals. Where Slack is acknowledged with a result, that result has been committed before."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.core.errors import Conflict, InvalidInput
from bot.operations import BY_NAME
from bot.slack import wording
from bot.slack.clicks import own_draft, with_lines
from bot.slack.desk import Answer, Desk
from bot.slack.forms import check_line, chosen_template, labels_of, line_view, read_form, read_line, to_params
from bot.slack.routes import Callback
from bot.slack.surfaces.modal import read_happened, read_reason, shown_view

Body = Mapping[str, Any]


class Submissions:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.handlers: dict[str, Callable[[Body], Awaitable[Answer]]] = {
            Callback.FORM: self._form,
            Callback.LINE: self._line,
            Callback.PREVIEW: self._preview,
            Callback.REVIEW: self._approve,
            Callback.REJECT: self._reject,
            Callback.CANCEL: self._cancel,
            Callback.SETTLE: self._settle,
            Callback.SHOWN: self._nothing,
        }

    async def __call__(self, body: Body) -> Answer:
        """One submit. Raises BotError, also for an id that nobody knows (any more)."""
        handler = self.handlers.get(body["view"]["callback_id"])
        if handler is None:
            await self._desk.clicker(body)
            raise Conflict(wording.NOT_KNOWN, hint=wording.NOT_KNOWN_HINT)
        return await handler(body)

    async def _form(self, body: Body) -> Answer:
        """A filled form: errors by the field, or the preview in its place."""
        desk, view = self._desk, body["view"]
        actor = await desk.clicker(body)
        draft = await own_draft(desk, view["private_metadata"], actor)
        operation = BY_NAME[draft.operation]
        draft = await desk.save(draft, read_form(operation, view["state"]["values"], draft.values))
        try:
            params, options = to_params(operation, draft.values, desk.context(actor, draft.channel))
        except InvalidInput as error:
            labels = labels_of(view["state"]["values"])
            return Answer(view=desk.form(draft, actor, error.problems, labels), problems=error.problems)
        return await desk.previewed(actor, draft, params, options)

    async def _line(self, body: Body) -> Answer:
        """One line of a credit note: kept in the draft, and shown in the form below."""
        desk, view = self._desk, body["view"]
        actor = await desk.clicker(body)
        draft = await own_draft(desk, view["private_metadata"], actor)
        operation = BY_NAME[draft.operation]
        taken = with_lines(operation)
        state = view["state"]["values"]
        templates = await taken.templates(desk.engine.ledger.chargebee, draft.values)
        chosen = chosen_template(state)
        template = next((t for t in templates if t.id == chosen), None)
        context = desk.context(actor, draft.channel)
        if template is None:
            problems = {"template": wording.CHOOSE_LINE}
            return Answer(
                view=line_view(operation, draft.id, templates, None, {}, context, problems), problems=problems
            )
        line = read_line(operation, state, template)
        try:
            check_line(operation, line, context)
        except InvalidInput as error:
            again = line_view(operation, draft.id, templates, chosen, line, context, error.problems)
            return Answer(view=again, problems=error.problems)
        if view["id"] in draft.lines_from:
            return Answer()  # the same submit came twice: the first one draws the form
        lines = [*(draft.values.get(taken.field) or []), line]
        draft = await desk.save(
            draft, {**draft.values, taken.field: lines}, lines_from=(*draft.lines_from, view["id"])
        )
        await desk.update(str(view["root_view_id"]), desk.form(draft, actor))
        return Answer()

    async def _preview(self, body: Body) -> Answer:
        actor = await self._desk.clicker(body, fresh=True)
        record = await self._desk.engine.asking.submit(body["view"]["private_metadata"], actor)
        return Answer(
            view=shown_view(record.ref, wording.after_submit(record, self._desk.approver_ids(record)))
        )

    async def _approve(self, body: Body) -> Answer:
        actor = await self._desk.clicker(body, fresh=True)
        record = await self._desk.engine.deciding.approve(body["view"]["private_metadata"], actor)
        return await self._desk.decided(body, record, actor, wording.after_approval(record))

    async def _reject(self, body: Body) -> Answer:
        actor = await self._desk.clicker(body, fresh=True)
        reason = read_reason(body["view"]["state"]["values"])
        if len(reason) < wording.REASON_MIN:
            return Answer(problems={"reason": wording.SAY_WHY})
        record = await self._desk.engine.deciding.reject(body["view"]["private_metadata"], actor, reason)
        return await self._desk.decided(body, record, actor, wording.after_rejection(record))

    async def _cancel(self, body: Body) -> Answer:
        actor = await self._desk.clicker(body)
        reason = read_reason(body["view"]["state"]["values"])
        record = await self._desk.engine.asking.cancel(body["view"]["private_metadata"], actor, reason)
        return await self._desk.decided(body, record, actor, wording.after_cancel(record))

    async def _settle(self, body: Body) -> Answer:
        actor = await self._desk.clicker(body, fresh=True)
        state = body["view"]["state"]["values"]
        happened, reason = read_happened(state), read_reason(state)
        if happened is None:
            return Answer(problems={"happened": wording.CHOOSE_HAPPENED})
        if len(reason) < wording.REASON_MIN:
            return Answer(problems={"reason": wording.SAY_WHY})
        record = await self._desk.engine.deciding.resolve(
            body["view"]["private_metadata"], actor, happened=happened, reason=reason
        )
        return await self._desk.decided(body, record, actor, wording.after_settle(record))

    async def _nothing(self, _body: Body) -> Answer:
        return Answer()
