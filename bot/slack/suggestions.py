"""Choices for the fields that look things up while somebody types.

Whatever is typed can always be used as it is, when it is an id or a Chargebee link: a look-up that fails or finds nothing
never stands in anybody's way. A picker in Slack cannot be cleared, so a field that may be empty also offers "None".
"""

from collections.abc import Mapping
from typing import Any

from bot.chargebee.lookups import LookupResult
from bot.core.ids import document_id
from bot.core.record import Actor
from bot.operations import BY_NAME
from bot.operations.base import asks
from bot.slack import wording
from bot.slack.desk import Answer, Desk
from bot.slack.fields import site_hosts
from bot.slack.forms import NONE, read_form
from bot.slack.routes import Pick, field_of
from bot.slack.surfaces.blocks import option

#: Slack takes at most 100; a person reads fewer.
MOST = 20


class Suggestions:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, body: Mapping[str, Any]) -> Answer:
        """Choices for one field. Raises NotPermitted for those who may ask for nothing: they learn no names."""
        desk = self._desk
        actor = await desk.clicker(body)
        draft = await desk.draft(body["view"]["private_metadata"], actor)
        operation = BY_NAME[draft.operation]
        await desk.engine.asking.may(actor, operation, draft.channel)
        typed = str(body.get("value") or "").strip()
        field = field_of(str(body["block_id"])) or ""
        if body["action_id"] not in set(Pick) or field not in asks(operation.params):
            return Answer(options=[])  # nothing of ours: an old form, or a forged one
        pick = Pick(body["action_id"])
        entered = read_form(operation, body["view"].get("state", {}).get("values", {}), draft.values)
        depends_on = asks(operation.params)[field].depends_on
        scope = str(entered.get(depends_on) or "") if depends_on else ""
        found = await self._find(pick, typed, scope, actor)
        choices = [option(choice.label, choice.id, choice.detail) for choice in found.choices[:MOST]]
        as_typed, why_not = _as_typed(typed, pick, site_hosts(desk.engine.ledger.chargebee.site))
        if as_typed and as_typed not in {NONE, *(choice.id for choice in found.choices)}:
            choices.append(option(wording.use_as_typed(as_typed), as_typed, found.note))
        remark = "" if as_typed else found.note or why_not
        if not operation.params.model_fields[field].is_required():
            choices.append(option("None", NONE, remark))  # last: the first one is taken by the Enter key
        elif remark and not choices:
            choices.append(option(remark, NONE))  # there is no other place to say why nothing was found
        return Answer(options=choices)

    async def _find(self, pick: Pick, typed: str, scope: str, actor: Actor) -> LookupResult:
        lookups = self._desk.lookups
        if pick is Pick.CUSTOMER:
            return await lookups.customers(typed, person=actor.user_id, locale=actor.locale)
        if pick is Pick.SUBSCRIPTION:
            return await lookups.subscriptions(
                typed, customer_id=scope, person=actor.user_id, locale=actor.locale
            )
        if pick is Pick.INVOICE:
            return await lookups.invoices(typed, customer_id=scope, person=actor.user_id, locale=actor.locale)
        return await lookups.credit_notes(typed, invoice_id=scope, person=actor.user_id, locale=actor.locale)


def _as_typed(typed: str, pick: Pick, hosts: tuple[str, ...]) -> tuple[str, str]:
    """The id that was typed or pasted, or why a pasted link is none. A name that is being typed is no mistake."""
    try:
        return document_id(typed, expects=pick.removeprefix("pick."), site_hosts=hosts), ""
    except ValueError as error:
        return "", str(error) if "://" in typed else ""
