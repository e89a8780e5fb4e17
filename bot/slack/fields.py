"""One field of a form: how it is drawn, how it is read back, and how what was typed becomes a value. Pure.

A *raw value* is what a person typed or picked, as JSON text. Raw values live in the draft; nothing is kept in Slack. Slack
keeps what is typed into a field only while its block id and action id stay (Slack docs, "Modals"), so a picker that depends
on another field carries a revision made of that field's value, and forgets its choice when that changes.
"""

import hashlib
import types
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Union, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.core.ids import KINDS, document_id
from bot.core.money import Money, Typed, format_money, read_amount
from bot.core.plan import Day
from bot.operations.base import Ask, Input, SiteProfile, asks
from bot.slack.routes import INPUT, Click, Pick, field_block
from bot.slack.surfaces.blocks import Block, input_block, option, plain, visible
from bot.slack.surfaces.blocks import context as small_print
from bot.slack.values import Viewer, zone

#: Slack takes 3,000 characters in a text field.
MOST_TYPED = 3000
#: Few choices stand open; more of them fold into a menu. A radio button cannot be cleared, so only required fields get them.
OPEN_CHOICES = 4
#: The choice that empties a field, since a menu in Slack cannot be cleared.
NONE = "-"

_PICKS = {
    Input.CUSTOMER: Pick.CUSTOMER,
    Input.SUBSCRIPTION: Pick.SUBSCRIPTION,
    Input.INVOICE: Pick.INVOICE,
    Input.CREDIT_NOTE: Pick.CREDIT_NOTE,
}
_PICK_HINTS = {
    Input.CUSTOMER: "Type a name or an id, or paste a Chargebee link",
    Input.SUBSCRIPTION: "Type an id, or paste a Chargebee link",
    Input.INVOICE: "Type INV-…, or paste a Chargebee link",
    Input.CREDIT_NOTE: "Type CN-…, or paste a Chargebee link",
}


@dataclass(frozen=True, kw_only=True)
class FormContext(Viewer):
    """Who fills the form in, and what the policy lets them choose: business entities (id -> name), switches."""

    entities: Mapping[str, str] = field(default_factory=dict)
    default_entity: str = ""
    switches: Collection[str] = ()  # of "webhooks", "emails", "actions"


# Which fields, and how they hang together


def shown(params: type[BaseModel], name: str, values: Mapping[str, Any]) -> bool:
    """Whether the field is asked for, given the others. A field behind a hidden field is hidden too."""
    ask = asks(params)[name]
    if ask.only_when is None:
        return True
    controlling, wanted = ask.only_when
    return shown(params, controlling, values) and current(params, controlling, values) in wanted


def current(params: type[BaseModel], name: str, values: Mapping[str, Any]) -> str:
    """The raw value of a field, or its default."""
    raw = values.get(name)
    if raw in (None, ""):
        default = params.model_fields[name].default
        return str(default) if isinstance(default, str) else ""
    return str(raw)


def dispatching(params: type[BaseModel]) -> frozenset[str]:
    """Fields others depend on: Slack reports a change of these at once."""
    known = asks(params)
    controlling = {ask.only_when[0] for ask in known.values() if ask.only_when}
    return frozenset(controlling | {ask.depends_on for ask in known.values() if ask.depends_on})


def block_id_of(params: type[BaseModel], name: str, values: Mapping[str, Any]) -> str:
    ask = asks(params)[name]
    above = current(params, ask.depends_on, values) if ask.depends_on else ""
    revision = hashlib.sha256(above.encode()).hexdigest()[:8] if above else ""
    return field_block(name, revision)


# Drawing


def field_input(
    params: type[BaseModel], name: str, values: Mapping[str, Any], context: FormContext, label: str = ""
) -> Block:
    ask = asks(params)[name]
    info = params.model_fields[name]
    dispatch = name in dispatching(params)
    # A field with a value of its own always has one: there is no "None" to choose.
    required = info.is_required() or bool(info.default)
    raw = values.get(name)
    element = _element(ask, info, "" if raw is None else str(raw), context, label=label, required=required)
    if "action_id" not in element:
        element["action_id"] = Click.FIELD.value if dispatch else INPUT
    if dispatch and element["type"] == "plain_text_input":
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_enter_pressed"]}
    return input_block(
        block_id_of(params, name, values),
        ask.label,
        element,
        hint=_hint(ask, context),
        optional=not required,
        dispatch=dispatch,
    )


def _hint(ask: Ask, context: FormContext) -> str:
    parts = [ask.hint]
    if ask.input is Input.AMOUNT:
        parts.append(f"Write it like {_example(context)}.")
    if ask.customer_sees:
        parts.append("⚠️ The customer will see this text.")
    return " ".join(filter(None, parts))


def _example(context: FormContext) -> str:
    currency = context.site.base_currency or "EUR"
    minor = 1250 if currency in context.site.zero_decimal else 125000
    return visible(
        format_money(Money(amount_minor=minor, currency=currency), context.locale, context.site.zero_decimal)
    )


def _element(
    ask: Ask, info: FieldInfo, raw: str, context: FormContext, *, label: str, required: bool
) -> Block:
    if ask.input in _PICKS:
        return _picker(ask, raw, label)
    if ask.input is Input.DATE:
        element: Block = {"type": "datepicker"}
        return element | ({"initial_date": raw} if _is_date(raw) else {})
    choices = _choices(ask, context.site)
    if choices:
        return chooser(choices, raw or str(info.default or ""), ask.placeholder, required=required)
    element = {"type": "plain_text_input", "max_length": min(_max_length(info), MOST_TYPED)}
    if ask.input is Input.LONG_TEXT:
        element["multiline"] = True
    if ask.placeholder:
        element["placeholder"] = plain(ask.placeholder, 150)
    if raw:
        element["initial_value"] = raw[: element["max_length"]]
    return element


def _picker(ask: Ask, raw: str, label: str) -> Block:
    hint = ask.placeholder or _PICK_HINTS[ask.input]
    element = {
        "type": "external_select",
        "action_id": _PICKS[ask.input].value,
        "min_query_length": 1,
        "placeholder": plain(hint, 150),
    }
    # An id longer than Slack's 150 characters cannot be one of Chargebee's; it is shown as a problem, not as a choice.
    return element | ({"initial_option": option(label or raw, raw)} if raw and len(raw) <= 150 else {})


def chooser(choices: Mapping[str, str], raw: str, placeholder: str, *, required: bool) -> Block:
    options = [option(label, value) for value, label in list(choices.items())[:99]]
    if not required:
        options.append(option("None", NONE))
    chosen = next((o for o in options if o["value"] == raw), None)
    element: Block = {"options": options} | ({"initial_option": chosen} if chosen else {})
    if required and len(options) <= OPEN_CHOICES:
        return {"type": "radio_buttons"} | element
    return {"type": "static_select", "placeholder": plain(placeholder or "Choose", 150)} | element


def _choices(ask: Ask, site: SiteProfile) -> dict[str, str]:
    """Stored value -> label. Empty when the site lists nothing: then it is typed."""
    if ask.choices is not None:
        return dict(ask.choices)
    listed = getattr(site, ask.choices_from) if ask.choices_from else ()
    return {str(code): str(code) for code in listed}


def _max_length(info: FieldInfo) -> int:
    """The field's own limit. An amount has forty characters at most."""
    if Typed in _members(info.annotation):
        return 40
    found = [
        int(limit) for note in info.metadata if isinstance(limit := getattr(note, "max_length", None), int)
    ]
    return min(found, default=MOST_TYPED)


def _members(annotation: Any) -> tuple[Any, ...]:
    """The types of a union, or the one type."""
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(inner for part in get_args(annotation) for inner in _members(part))
    if hasattr(annotation, "__metadata__"):
        return _members(annotation.__origin__)
    return (annotation,)


def _is_date(raw: str) -> bool:
    try:
        return date.fromisoformat(raw).isoformat() == raw
    except ValueError:
        return False


def problem_block(text: str) -> Block:
    return small_print(f"⚠️ {text}")


# Reading


def read_value(payload: Mapping[str, Any]) -> str:
    """The value of one element, whatever its kind. The choice "None" is nothing."""
    if payload.get("selected_option"):
        value = str(payload["selected_option"].get("value") or "")
        return "" if value == NONE else value
    return str(payload.get("value") or payload.get("selected_date") or "")


def prepared_values(
    params: type[BaseModel], values: Mapping[str, Any], context: FormContext
) -> tuple[dict[str, Any], dict[str, str]]:
    """Raw values as the model takes them; empty and hidden ones are left out. Problems by field."""
    prepared: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, ask in asks(params).items():
        raw = values.get(name)
        if raw is None or raw in ("", []) or not shown(params, name, values):
            continue
        if isinstance(raw, str):
            raw = raw.strip()
            if not raw:
                continue
        try:
            prepared[name] = _typed(params.model_fields[name], ask, raw, context)
        except ValueError as error:
            problems[name] = str(error)
    for name in params.model_fields:
        if name not in asks(params) and values.get(name):
            prepared[name] = values[name]
    return prepared, problems


def _typed(info: FieldInfo, ask: Ask, raw: Any, context: FormContext) -> Any:
    """A raw value in the type its field has. Raises ValueError with a sentence."""
    members = _members(info.annotation)
    if ask.input is Input.AMOUNT and Typed in members:
        return raw if isinstance(raw, Mapping) else read_amount(str(raw), context.locale)
    if ask.input is Input.DATE:
        return _day(str(raw), members, context.tz)
    if ask.input.value in KINDS.values():
        return document_id(str(raw), expects=ask.input.value, site_hosts=site_hosts(context.site))
    return raw


def site_hosts(site: SiteProfile) -> tuple[str, ...]:
    """Whose links are taken: the site's own, because the same number is another document on another site.

    A sandbox or a proxy has an address that says nothing of the site; then any of chargebee.com.
    """
    host = urlsplit(site.web_url).hostname or ""
    return (host,) if host.endswith(".chargebee.com") else ()


def _day(raw: str, members: Iterable[Any], tz: str) -> Any:
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        raise ValueError("Write the date as year-month-day, such as 2026-11-20.") from None
    if date in members or str in members:
        return day.isoformat()
    at = int(datetime(day.year, day.month, day.day, tzinfo=zone(tz)).timestamp())
    return Day(at=at) if Day in members else at


# Back to raw values


def raw_value(info: FieldInfo, ask: Ask, value: Any, context: FormContext) -> Any:
    if isinstance(value, Mapping) and "digits" in value:
        # A lone point would be read as a group where the language groups with it; a comma, where that is the mark.
        typed = Typed.model_validate(value)
        mark = "," if _read_back(typed.digits.replace(".", ","), context.locale) == typed.digits else "."
        return f"{typed.digits.replace('.', mark)} {typed.currency}".strip()
    if ask.input is Input.DATE and Day in _members(info.annotation) and isinstance(value, Mapping):
        return datetime.fromtimestamp(int(value["at"]), zone(context.tz)).date().isoformat()
    if ask.input is Input.DATE and isinstance(value, int):
        return datetime.fromtimestamp(value, zone(context.tz)).date().isoformat()
    return value if isinstance(value, list) else str(value)


def _read_back(text: str, locale: str) -> str:
    """The digits `text` is read as, or an empty string."""
    try:
        return read_amount(text, locale).digits
    except ValueError:
        return ""
