"""What can be chosen as a line of a credit note: each line of the invoice, or something of its own.

A choice of the invoice's line brings the fields of its pricing model with their values, ready to be lowered.
"""

from collections.abc import Mapping, Sequence

from bot.chargebee.resources import LineItem
from bot.core.errors import InvalidInput
from bot.core.ids import document_id
from bot.operations.base import Lines, Reader, SiteProfile, Template, existing, written
from bot.operations.credit_note_lines import PRICES, CreditLine, asked_for

#: Slack offers at most 100 options, and three are ours.
TEMPLATES_MAX = 97
LABEL_MAX = 75


async def templates(reader: Reader, values: Mapping[str, str]) -> list[Template]:
    """Every line of the chosen invoice, an ad hoc line, one by item price, one by the id of the line.

    Raises InvalidInput when an invoice is needed and not chosen, or cannot be read.
    """
    if not values.get("invoice"):
        if values.get("type") != "refundable":
            raise InvalidInput({"invoice": "Choose the invoice first: its lines are what can be credited."})
        return [ADHOC, BY_ITEM]
    try:
        invoice_id = document_id(values["invoice"], expects="invoice")
    except ValueError as error:
        raise InvalidInput({"invoice": str(error)}) from None
    invoice = await existing("invoice", "invoice", reader.invoice(invoice_id))
    of_invoice = [
        _template(item, invoice.currency_code, reader.site) for item in invoice.line_items[:TEMPLATES_MAX]
    ]
    return [*_told_apart(of_invoice), ADHOC, BY_ITEM, BY_LINE]


def _template(item: LineItem, currency: str, site: SiteProfile) -> Template:
    fields = asked_for(item)
    values = {
        "reference_line_item_id": item.id,
        "description": item.description,
        "unit_amount": _plain(item.unit_amount, currency, site),
        "quantity": str(item.quantity),
        "amount": _plain(item.amount, currency, site),
        "unit_amount_in_decimal": item.unit_amount_in_decimal,
        "quantity_in_decimal": item.quantity_in_decimal,
    }
    shown = f" · {written(item.amount, currency, site)}"
    asked = ("description", *fields, "date_from", "date_to")
    return Template(
        id=item.id,
        label=_cut(item.description or item.entity_id or item.id, LABEL_MAX - len(shown)) + shown,
        fields=asked,
        values={
            name: text for name, text in values.items() if text and (name in asked or "reference" in name)
        },
    )


def _told_apart(found: Sequence[Template]) -> list[Template]:
    """Labels that occur more than once get the line's id instead of the end of the description."""
    labels = [template.label for template in found]
    return [
        template
        if labels.count(template.label) == 1
        else Template(
            id=template.id,
            label=f"{_cut(template.label, LABEL_MAX - len(template.id) - 3)} ({template.id})",
            fields=template.fields,
            values=template.values,
        )
        for template in found
    ]


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _plain(minor: int, currency: str, site: SiteProfile) -> str:
    """An amount without locale: `100.00`, or `100` where the currency is counted whole."""
    return str(minor) if currency in site.zero_decimal else f"{minor // 100}.{minor % 100:02}"


def describe(values: Mapping[str, str]) -> str:
    """One entered line in a list of lines: `Export · 50.00 x 2`."""
    what = (
        values.get("description")
        or values.get("entity_id")
        or values.get("reference_line_item_id")
        or "Credit"
    )
    prices = (values.get("amount"), values.get("unit_amount"), values.get("unit_amount_in_decimal"))
    count = values.get("quantity") or values.get("quantity_in_decimal")
    shown = next((price for price in prices if price), "")
    return f"{what} · {shown} x {count}" if shown and count else f"{what} · {shown}" if shown else what


ADHOC = Template(
    id="adhoc",
    label="Another charge (ad hoc)",
    fields=(
        "description",
        "unit_amount",
        "quantity",
        "unit_amount_in_decimal",
        "quantity_in_decimal",
        "date_from",
        "date_to",
    ),
    values={"entity_type": "adhoc"},
)
BY_ITEM = Template(
    id="by_item",
    label="By item price",
    fields=("entity_type", "entity_id", "description", *PRICES, "date_from", "date_to"),
    values={"entity_type": "charge_item_price"},
)
BY_LINE = Template(
    id="by_line",
    label="By the id of a line of the invoice",
    fields=tuple(CreditLine.model_fields),
    values={},
)

LINES = Lines(field="lines", line=CreditLine, templates=templates, describe=describe)
