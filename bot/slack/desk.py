"""What every listener works with: who is asking, what they may be offered, and the few Slack calls that show something.

A listener returns an `Answer`; what becomes of it (an ack, an update of the modal, a private message) is decided in
`listeners.py`, also when the answer comes too late for an ack.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot import metrics
from bot.chargebee.lookups import Lookups
from bot.core.errors import BotError, Conflict, InvalidInput, NotPermitted
from bot.core.lifecycle import Event, State, possible
from bot.core.plan import Options
from bot.core.policy import Decision
from bot.core.record import Actor, AuditEntry, BillingRequest
from bot.engine import Engine
from bot.operations import BY_NAME
from bot.operations.base import AnyOperation, Params
from bot.slack import wording
from bot.slack.forms import FormContext, form_view, values_of
from bot.slack.identity import Directory
from bot.slack.refusals import SLACK_FAILED, code_of
from bot.slack.routes import Click
from bot.slack.surfaces.blocks import Line, Message, View
from bot.slack.surfaces.message import AGAIN
from bot.slack.surfaces.modal import preview_view, refusal_view, request_view, shown_view
from bot.slack.surfaces.replies import plain_message
from bot.store.values import Draft
from bot.tasks import Tasks

_log = structlog.get_logger(__name__)

#: How long a form can be left open.
DRAFT_LIVES_S = 24 * 3600
#: The modal is not there any more, or not as it was.
GONE = frozenset({"not_found", "view_not_found", "hash_conflict"})
NOT_SHOWN = (
    "If “{title}” still says that it is checking, Slack did not take the answer. "
    "Close it and begin again; looking changed nothing."
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a listener has to say. At most one of them is meant, except that `view` also redraws a form with `problems`."""

    message: Message | None = None  # private
    view: View | None = None  # takes the place of the open modal
    problems: Mapping[str, str] = field(default_factory=dict)  # field -> sentence
    options: list[dict[str, Any]] | None = None


NOTHING = Answer()


class Bug(BotError):
    """An error nobody foresaw. The incident id is in the log beside the traceback."""

    code = "bug"


def bug(error: Exception, where: str) -> Bug:
    """Counts and logs what nobody foresaw, and says its incident number."""
    incident = secrets.token_hex(4)
    metrics.BUGS.labels(where).inc()
    _log.error("bug", where=where, incident=incident, error=type(error).__name__, exc_info=error)
    return Bug(wording.bug(incident))


def error_view(title: str, error: BotError) -> View:
    """An error in the modal it happened in. After a conflict or a bug nobody can say here that nothing was sent."""
    if isinstance(error, Conflict | Bug):
        return shown_view(title, [wording.sentence(error)])
    return refusal_view(title, error)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Shared by all listeners."""

    engine: Engine
    directory: Directory
    lookups: Lookups
    client: AsyncWebClient
    tasks: Tasks
    new_id: Callable[[], str]  # unguessable

    # Who

    async def who(self, team_id: str, user_id: str, *, fresh: bool = False) -> Actor:
        """The actor; strangers are turned away and written down. Raises NotPermitted."""
        try:
            return await self.directory.actor(team_id, user_id, fresh=fresh)
        except NotPermitted as error:
            ledger = self.engine.ledger
            entry = AuditEntry(
                at=ledger.now(),
                event="denied.identity",
                user_id=user_id,
                rule=error.rule,
                policy=ledger.policy().hash,
                detail={"team": team_id},
            )
            await ledger.store.note((entry,))
            raise

    async def clicker(self, body: Mapping[str, Any], *, fresh: bool = False) -> Actor:
        """Who clicked, submitted or typed into a field. Only `user.team_id` shows an outsider (Slack Connect)."""
        user = body["user"]
        return await self.who(str(user.get("team_id") or ""), str(user["id"]), fresh=fresh)

    def context(self, actor: Actor, channel: str = "") -> FormContext:
        """How things look to `actor`: language, zone, and what the policy lets them choose."""
        ledger = self.engine.ledger
        policy = ledger.policy()
        return FormContext(
            locale=actor.locale,
            tz=actor.tz,
            now=ledger.now(),
            site=ledger.chargebee.site,
            entities=policy.entities_for(actor, channel),
            default_entity=policy.entity_of(channel),
            switches=frozenset(policy.switches(actor)),
        )

    def approver_ids(self, record: BillingRequest) -> tuple[str, ...]:
        """Slack ids of those who could approve `record`."""
        people = self.engine.ledger.policy().eligible(record.requester, record.operation, record.requirement)
        return tuple(person.slack for person in people if person.slack)

    # Drafts

    async def new_draft(
        self, actor: Actor, operation: AnyOperation, values: Mapping[str, Any], channel: str
    ) -> Draft:
        now = self.engine.ledger.now()
        draft = Draft(
            id=self.new_id(),
            user_id=actor.user_id,
            team_id=actor.team_id,
            operation=operation.name,
            values=dict(values),
            channel=channel,
            created_at=now,
            expires_at=now + DRAFT_LIVES_S,
        )
        await self.engine.ledger.store.save_draft(draft)
        return draft

    async def draft(self, draft_id: str, actor: Actor) -> Draft:
        """The person's own draft. Raises Conflict when it has expired, NotPermitted when it is somebody else's."""
        ledger = self.engine.ledger
        draft = await ledger.store.draft(draft_id)
        if draft is None or draft.expires_at <= ledger.now():
            raise Conflict("This form has expired.", hint="Give the command again; nothing was sent.")
        if draft.user_id != actor.user_id:
            foreign = Decision(
                allowed=False, reason="This form belongs to somebody else.", rule="draft.owner"
            )
            await ledger.deny(foreign, event="draft", by=actor)
        return draft

    async def save(self, draft: Draft, values: Mapping[str, Any], **changes: Any) -> Draft:
        """The draft with new values. A delivery that comes twice saves the same twice; the later one wins."""
        changed = draft.model_copy(update={**changes, "values": dict(values), "version": draft.version + 1})
        try:
            await self.engine.ledger.store.save_draft(changed)
        except Conflict:
            latest = await self.engine.ledger.store.draft(draft.id) or draft
            changed = changed.model_copy(update={"version": latest.version + 1})
            await self.engine.ledger.store.save_draft(changed)
        return changed

    # Showing

    def form(
        self,
        draft: Draft,
        actor: Actor,
        problems: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> View:
        """The draft's form."""
        operation = BY_NAME[draft.operation]
        return form_view(
            operation,
            draft.values,
            self.context(actor, draft.channel),
            draft.id,
            problems or {},
            labels or {},
        )

    async def previewed(self, actor: Actor, draft: Draft, params: Params, options: Options) -> Answer:
        """The preview, or what keeps it from being one: errors by the field, or a refusal that says what would fix it."""
        operation = BY_NAME[draft.operation]
        try:
            record = await self.engine.asking.preview(operation, params, options, actor, draft.channel)
        except InvalidInput as error:
            return Answer(view=self.form(draft, actor, error.problems), problems=error.problems)
        except BotError as error:
            return Answer(view=refusal_view(operation.title, error, draft_id=draft.id))
        return Answer(view=self.preview(record, actor))

    def preview(self, record: BillingRequest, actor: Actor) -> View:
        context = self.context(actor, record.origin_channel)
        return preview_view(record, BY_NAME[record.operation], context, self.approver_ids(record))

    def request(self, record: BillingRequest, actor: Actor) -> View:
        """The whole request, with what `actor` can do about it now; that is asked again at the click."""
        policy = self.engine.ledger.policy()
        offers: list[Click] = []
        if possible(record.state, Event.COMPLETE) and policy.may_approve(actor, record).allowed:
            offers.append(Click.REVIEW)
        if possible(record.state, Event.REJECT) and policy.may_reject(actor, record).allowed:
            offers.append(Click.REJECT)
        confirmed = record.submitted_at is not None
        if confirmed and possible(record.state, Event.CANCEL) and policy.may_cancel(actor, record).allowed:
            offers.append(Click.CANCEL)
        if record.state is State.UNCERTAIN:
            offers.append(Click.LOOK)
            offers += [Click.SETTLE] if policy.may_settle(actor, record).allowed else []
        if record.state in AGAIN and policy.may_submit(actor, record).allowed:
            offers.append(Click.CHANGE)
        return request_view(record, BY_NAME[record.operation], self.context(actor), offers)

    async def decided(
        self, body: Mapping[str, Any], record: BillingRequest, actor: Actor, said: Sequence[Line]
    ) -> Answer:
        """After a decision: what came of it, and the request below it, if it was open there, as it stands now."""
        root, own = body["view"].get("root_view_id"), body["view"]["id"]
        if root and root != own:
            with suppress(
                *SLACK_FAILED
            ):  # the decision is committed; an old picture below it changes nothing
                await self.update(str(root), self.request(record, actor))
        return Answer(view=shown_view(record.ref, said))

    async def draft_from(self, record: BillingRequest, actor: Actor) -> Draft:
        """A new draft with what a previewed request holds, to change it."""
        operation = BY_NAME[record.operation]
        values = values_of(
            operation, record.params, record.options, self.context(actor, record.origin_channel)
        )
        return await self.new_draft(actor, operation, values, record.origin_channel)

    async def show(self, body: Mapping[str, Any], view: View) -> str:
        """A modal after a click: on top of the one the click was made in, if there is one. Returns its id."""
        within = (body.get("view") or {}).get("type") == "modal"
        return await (self.push if within else self.open)(body["trigger_id"], view)

    async def open(self, trigger_id: str, view: View) -> str:
        """Opens a modal and returns its id. The trigger lives 3 s and works once."""
        answer = await self.client.views_open(trigger_id=trigger_id, view=view)
        return str(answer["view"]["id"])

    async def push(self, trigger_id: str, view: View) -> str:
        """Puts a modal on top of the open one (three at most) and returns its id."""
        answer = await self.client.views_push(trigger_id=trigger_id, view=view)
        return str(answer["view"]["id"])

    async def update(self, view_id: str, view: View, view_hash: str = "") -> bool:
        """Redraws a modal. False when the person has closed it, or it changed meanwhile (`view_hash`): then nothing is lost."""
        try:
            await self.client.views_update(view_id=view_id, view=view, hash=view_hash or None)
        except SLACK_FAILED as error:
            if code_of(error) in GONE:
                return False
            raise
        return True

    def fill(self, view_id: str, title: str, actor: Actor, make: Callable[[], Awaitable[View]]) -> None:
        """Puts what `make` gives into an open modal. Whatever goes wrong, "checking" does not stay for ever."""
        self.tasks.start(self._fill(view_id, title, actor, make), name="fill")

    async def _fill(
        self, view_id: str, title: str, actor: Actor, make: Callable[[], Awaitable[View]]
    ) -> None:
        try:
            view = await make()
        except BotError as error:
            view = error_view(title, error)
        except Exception as error:  # noqa: BLE001 - the person is looking at "checking"
            view = error_view(title, bug(error, "fill"))
        try:
            await self.update(view_id, view)
        except SLACK_FAILED as error:
            _log.warning("modal not filled", code=code_of(error))
            await self.tell(actor.user_id, plain_message(NOT_SHOWN.format(title=title)))

    async def tell(self, user_id: str, message: Message) -> None:
        """Says something to one person directly. Raises what `SLACK_FAILED` names."""
        opened = await self.client.conversations_open(users=user_id)
        await self.client.chat_postMessage(
            channel=str(opened["channel"]["id"]),
            text=message.text,
            blocks=message.blocks,
            unfurl_links=False,
            unfurl_media=False,
        )
