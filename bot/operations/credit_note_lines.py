"""The lines of a credit note: what each asks for, what it comes to, how it goes out.

A line credits a line of the invoice (`reference_line_item_id`), something that has an item price, or
anything else (ad hoc). What an invoice line asks for follows its pricing model (Chargebee docs, "Create
credit note", `line_items`):

    flat_fee            unit_amount
    per_unit, volume    unit_amount, quantity
    tiered, stairstep   amount

With multi-decimal pricing the invoice's lines carry `unit_amount_in_decimal` and `quantity_in_decimal`, in
major units; then their twins are asked for instead. That they replace the integers, rather than stand beside
them, is a reading.

Amounts of lines are before tax where the invoice's prices are. The docs say that the note's tax is the
invoice's, scaled by note total / invoice total; a line's own tax scaled by its part is another reading. Only
where both come to the same is a total promised (`totals`).
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from bot.chargebee.resources import Invoice, LineItem
from bot.core.errors import InvalidInput
from bot.core.money import MAX_MINOR, Typed
from bot.operations.base import (
    Ask,
    Input,
    Params,
    SiteProfile,
    enumerated,
    misplaced,
)

PRICED_BY: Mapping[str, tuple[str, ...]] = {
    "flat_fee": ("unit_amount",),
    "per_unit": ("unit_amount", "quantity"),
    "volume": ("unit_amount", "quantity"),
    "tiered": ("amount",),
    "stairstep": ("amount",),
}
IN_DECIMAL = {"unit_amount": "unit_amount_in_decimal", "quantity": "quantity_in_decimal"}
PRICES = ("unit_amount", "quantity", "amount", *IN_DECIMAL.values())

#: Digits enough for any two decimals Chargebee takes, multiplied.
EXACT = Context(prec=100)

_DECIMAL = r"^\d{1,30}(\.\d{1,30})?$"

ENTITIES = {
    "adhoc": "Ad hoc (no item)",
    "plan_item_price": "Plan price",
    "addon_item_price": "Add-on price",
    "charge_item_price": "Charge price",
    "plan": "Plan (Product Catalog 1)",
    "addon": "Add-on (Product Catalog 1)",
}
Entity = Literal["adhoc", "plan_item_price", "addon_item_price", "charge_item_price", "plan", "addon"]


class CreditLine(Params):
    """One line, every field of Chargebee's `line_items`. The order of the fields is their order on the wire."""

    reference_line_item_id: Annotated[
        str | None,
        Field(max_length=40),
        Ask(input=Input.TEXT, label="Line of the invoice", hint="The id of the line, such as li_1a2b."),
    ] = None
    entity_type: Annotated[
        Entity | None,
        Ask(input=Input.CHOICE, label="Kind of item", choices=ENTITIES),
    ] = None
    entity_id: Annotated[
        str | None,
        Field(max_length=100),
        Ask(input=Input.TEXT, label="Item", hint="The id of the item price, plan or add-on."),
    ] = None
    description: Annotated[
        str | None,
        Field(max_length=250),
        Ask(input=Input.TEXT, label="Description", customer_sees=True),
    ] = None
    unit_amount: Annotated[
        Typed | None,
        Ask(input=Input.AMOUNT, label="Price of one", hint="Counted like the prices on the invoice."),
    ] = None
    quantity: Annotated[
        int | None,
        Field(ge=1, le=2**31 - 1),
        Ask(input=Input.TEXT, label="Quantity", hint="A whole number. One, if left out."),
    ] = None
    amount: Annotated[
        Typed | None,
        Ask(input=Input.AMOUNT, label="Amount of the line", hint="Counted like the prices on the invoice."),
    ] = None
    unit_amount_in_decimal: Annotated[
        str | None,
        Field(pattern=_DECIMAL, max_length=39),
        Ask(input=Input.TEXT, label="Price of one, in decimals", hint="With a point, such as 0.0125."),
    ] = None
    quantity_in_decimal: Annotated[
        str | None,
        Field(pattern=_DECIMAL, max_length=33),
        Ask(input=Input.TEXT, label="Quantity, in decimals", hint="With a point, such as 12.5."),
    ] = None
    date_from: Annotated[
        dt.date | None, Ask(input=Input.DATE, label="From", hint="Chargebee decides, if left out.")
    ] = None
    date_to: Annotated[
        dt.date | None, Ask(input=Input.DATE, label="To", hint="Chargebee decides, if left out.")
    ] = None

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.entity_type == "adhoc" and self.entity_id:
            raise misplaced("entity_id", "An ad hoc line has no item. Leave it empty.")
        if self.entity_type not in (None, "adhoc") and not self.entity_id:
            raise misplaced("entity_id", "Write the id of the item.")
        if self.entity_id and not self.entity_type:
            raise misplaced("entity_type", "Choose what kind of item it is.")
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise misplaced("date_to", "This is before the line's first day.")
        for field, twin in IN_DECIMAL.items():
            if getattr(self, field) is not None and getattr(self, twin) is not None:
                raise misplaced(twin, "Give this once: as an amount, or in decimals.")
        if not any(getattr(self, field) is not None for field in PRICES if "quantity" not in field):
            raise misplaced("unit_amount", "Write what is credited.")
        return self


_LABELS = {
    name: note.label
    for name, field in CreditLine.model_fields.items()
    for note in field.metadata
    if isinstance(note, Ask)
}


@dataclass(frozen=True, kw_only=True)
class PricedLine:
    """A line as it goes out: `wire` by field, what it comes to, and the invoice line it credits."""

    wire: Mapping[str, str]
    net_minor: int
    reference: LineItem | None


def unix(date: dt.date, site: SiteProfile) -> int:
    """The first second of a day by the site's calendar."""
    return int(dt.datetime(date.year, date.month, date.day, tzinfo=ZoneInfo(site.tz)).timestamp())


def half_up(numerator: int, denominator: int) -> int:
    """A quotient of amounts, neither negative, to the nearest whole; halves up."""
    return (2 * numerator + denominator) // (2 * denominator) if denominator else 0


def asked_for(item: LineItem) -> tuple[str, ...]:
    """What a line that credits `item` has to say."""
    fields = PRICED_BY.get(item.pricing_model, ("unit_amount",))
    in_decimal = bool(item.unit_amount_in_decimal or item.quantity_in_decimal)
    return tuple(IN_DECIMAL.get(field, field) for field in fields) if in_decimal else fields


def price(
    lines: Sequence[CreditLine], invoice: Invoice | None, currency: str, site: SiteProfile
) -> list[PricedLine]:
    """The lines checked against the invoice. Raises InvalidInput for `lines`, naming the line by its place."""
    priced = []
    for place, line in enumerate(lines, start=1):
        try:
            priced.append(_price(line, invoice, currency, site))
        except ValueError as error:
            raise InvalidInput({"lines": f"Line {place}: {error}"}) from None
    return priced


def _price(line: CreditLine, invoice: Invoice | None, currency: str, site: SiteProfile) -> PricedLine:
    """Raises ValueError with a sentence."""
    reference = _reference(line, invoice)
    _insist_priced(line, reference)
    wire: dict[str, str] = {}
    for field in CreditLine.model_fields:
        value = getattr(line, field)
        if isinstance(value, Typed):
            wire[field] = str(value.money(currency, site.zero_decimal).amount_minor)
        elif isinstance(value, dt.date):
            wire[field] = str(unix(value, site))
        elif value is not None:
            wire[field] = str(value)
    if reference is None:
        wire.setdefault("entity_type", "adhoc")
    ordered = {field: wire[field] for field in CreditLine.model_fields if field in wire}
    net = _net(wire, currency, site)
    if not 0 < net <= MAX_MINOR:
        raise ValueError("it comes to nothing." if net <= 0 else "it comes to more than Chargebee counts.")
    return PricedLine(wire=ordered, net_minor=net, reference=reference)


def _reference(line: CreditLine, invoice: Invoice | None) -> LineItem | None:
    if line.reference_line_item_id is None:
        return None
    if invoice is None:
        raise ValueError("a standalone credit note has no invoice whose line could be credited.")
    found = invoice.line(line.reference_line_item_id)
    if found is None:
        raise ValueError(f"invoice {invoice.id} has no line {line.reference_line_item_id}.")
    if line.entity_type and line.entity_type != found.entity_type:
        raise ValueError(f"the invoice's line is a {found.entity_type}, not a {line.entity_type}.")
    if line.entity_id and line.entity_id != found.entity_id:
        raise ValueError(f"the invoice's line is for {found.entity_id}, not for {line.entity_id}.")
    return found


def _insist_priced(line: CreditLine, reference: LineItem | None) -> None:
    """What the pricing model needs is there, and nothing else. Raises ValueError."""
    given = {field for field in PRICES if getattr(line, field) is not None}
    if reference is not None:
        needed = set(asked_for(reference))
        allowed = needed
        model = reference.pricing_model.replace("_", " ") or "flat fee"
        why = f"the line is priced by {model}" if "decimal" not in "".join(needed) else "it is in decimals"
    elif "amount" in given:
        needed = allowed = {"amount"}
        why = "the amount is that of the whole line"
    else:
        in_decimal = any(field in given for field in IN_DECIMAL.values())
        needed = {"unit_amount_in_decimal" if in_decimal else "unit_amount"}
        allowed = needed | {"quantity_in_decimal" if in_decimal else "quantity"}
        why = "it is in decimals"
    if missing := needed - given:
        raise ValueError(f"{why}, so it needs {enumerated(_labels(missing))}.")
    if extra := given - allowed:
        raise ValueError(f"{why}, so leave out {enumerated(_labels(extra))}.")
    if line.entity_type in (None, "adhoc") and reference is None and "amount" in given:
        raise ValueError("an ad hoc line needs the price of one, not the amount of the line.")


def _labels(fields: Iterable[str]) -> list[str]:
    return sorted(f"“{_LABELS[field]}”" for field in fields)


def _net(wire: Mapping[str, str], currency: str, site: SiteProfile) -> int:
    """What the line comes to in minor units; decimals are major units, rounded half up."""
    if "amount" in wire:
        return int(wire["amount"])
    if "unit_amount_in_decimal" in wire:
        quantity = Decimal(wire.get("quantity_in_decimal", "1"))
        major = EXACT.multiply(Decimal(wire["unit_amount_in_decimal"]), quantity)
        minor = major if currency in site.zero_decimal else EXACT.scaleb(major, 2)
        return int(minor.to_integral_value(ROUND_HALF_UP))
    return int(wire["unit_amount"]) * int(wire.get("quantity", "1"))


def columns(lines: Sequence[PricedLine]) -> list[tuple[str, str]]:
    """Chargebee takes lists of objects by column: `line_items[unit_amount][0]`, `line_items[unit_amount][1]`."""
    return [
        (f"line_items[{field}][{index}]", line.wire[field])
        for field in CreditLine.model_fields
        for index, line in enumerate(lines)
        if field in line.wire
    ]


def totals(kind: str, invoice: Invoice | None, lines: Sequence[PricedLine]) -> tuple[int, int]:
    """The note's total with tax, by two readings: the invoice's tax scaled, and each line's own tax scaled."""
    net = sum(line.net_minor for line in lines)
    if invoice is None or kind == "store" or invoice.price_type == "tax_inclusive":
        return net, net
    scaled = half_up(net * invoice.total, invoice.total - invoice.tax)
    own = sum(
        half_up(line.net_minor * line.reference.tax_amount, line.reference.amount)
        for line in lines
        if line.reference
    )
    return scaled, net + own
