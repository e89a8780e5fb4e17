"""Forms on the wire: what Chargebee's encoding looks like, and the declared parameters of every endpoint.

    comment=late                                  a value
    credit_note[id]=CN-1                          a field of an object
    line_items[amount][0]=500                     a list of objects, by column
    coupon_ids[0]=WELCOME10                       a list of values

An endpoint's form is a table from wire name to `Param`; a list is declared with `[]` where the index goes.
Whatever the table does not have is refused, so the row-wise `line_items[0][amount]`, which Chargebee does
not speak, is an unknown parameter. An empty value is how a null looks in this encoding, and is refused as
well: nothing to say is said by leaving the parameter out. Sources: the encoders of Chargebee's SDKs for
Python and Node; parameters from chargebee/openapi v1 and v2 and Chargebee SDK for Node 3.33, request
schemas.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import parse_qsl

from bot.sandbox.chargebee import errors

FORM_TYPE = "application/x-www-form-urlencoded"
LARGEST_INT32 = 2**31 - 1
LARGEST_AMOUNT_MINOR = 2**53 - 1
LONGEST_LIST = 500

Kind = Literal["string", "int32", "int64", "timestamp", "decimal", "boolean"]


@dataclass(frozen=True, kw_only=True)
class Param:
    """One declared parameter: its kind, and the limits Chargebee states for it."""

    kind: Kind = "string"
    max_length: int | None = None
    minimum: int | None = None
    choices: tuple[str, ...] = ()
    required: bool = False


Schema = Mapping[str, Param]

_INDEXED = re.compile(r"^(?P<stem>.+)\[(?P<index>\d{1,4})\]$")
_INTEGER = re.compile(r"^-?\d{1,19}$")
_DECIMAL = re.compile(r"^-?\d+(\.\d+)?$")
_COLUMN = re.compile(r"^(?P<list>[a-z_]+)\[(?P<field>[a-z_]+)\]\[\]$")


@dataclass(frozen=True)
class Form:
    """A decoded form: single values, and lists by their wire name with `[]`."""

    values: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, Mapping[int, Any]] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def scalars(self, name: str) -> list[Any]:
        """The values of a list such as `coupon_ids[]`, in order."""
        column = self.lists.get(f"{name}[]", {})
        return [column[index] for index in sorted(column)]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The objects of a list sent by column, each with the fields that were sent for it."""
        columns = {
            match["field"]: column
            for wire_name, column in self.lists.items()
            if (match := _COLUMN.match(wire_name)) and match["list"] == name
        }
        size = max((max(column) + 1 for column in columns.values() if column), default=0)
        rows: list[dict[str, Any]] = [
            {field_name: column[index] for field_name, column in columns.items() if index in column}
            for index in range(size)
        ]
        for index, row in enumerate(rows):
            if not row:
                raise errors.invalid("the indexes of a list leave no gap", f"{name}[{index}]")
        return rows


def pairs(body: bytes) -> list[tuple[str, str]]:
    """The raw names and values of a form body, in the order sent."""
    try:
        return parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(body), errors="strict"
        )
    except ValueError as problem:
        raise errors.invalid("the body is not a form in UTF-8") from problem


def decode(sent: list[tuple[str, str]], schema: Schema, *, custom_fields: bool = False) -> Form:
    """Check every sent pair against the schema. Raises `ApiError` 400 with `param` at the first wrong one."""
    values: dict[str, Any] = {}
    lists: dict[str, dict[int, Any]] = {}
    for name, raw in sent:
        indexed = _INDEXED.match(name)
        declared = f"{indexed['stem']}[]" if indexed else name
        if custom_fields and name.startswith("cf_"):
            values[name] = raw
            continue
        if declared not in schema or name.endswith("[]"):
            raise errors.unknown_parameter(name)
        value = read_value(name, raw, schema[declared])
        if indexed:
            index = int(indexed["index"])
            if index >= LONGEST_LIST:
                raise errors.wrong_value(name, f"a list has at most {LONGEST_LIST} entries")
            column = lists.setdefault(declared, {})
            if index in column:
                raise errors.wrong_value(name, "is given twice")
            column[index] = value
        else:
            if name in values:
                raise errors.wrong_value(name, "is given twice")
            values[name] = value
    for name, param in schema.items():
        if param.required and name not in values:
            raise errors.wrong_value(name, "cannot be blank")
    return Form(values, lists)


def read_value(name: str, raw: str, param: Param) -> Any:
    """One value as its kind: `str`, `int`, `Decimal` or `bool`."""
    if not raw.strip():
        raise errors.wrong_value(name, "cannot be blank")
    if param.max_length is not None and len(raw) > param.max_length:
        raise errors.wrong_value(name, f"cannot be longer than {param.max_length} characters")
    if param.choices and raw not in param.choices:
        raise errors.wrong_value(name, f"should be one of {', '.join(param.choices)}")
    if param.kind == "string":
        return raw
    if param.kind == "boolean":
        if raw not in ("true", "false"):
            raise errors.wrong_value(name, "should be true or false")
        return raw == "true"
    if param.kind == "decimal":
        return read_decimal(name, raw, param)
    if not _INTEGER.match(raw):
        raise errors.wrong_value(name, "should be an integer")
    number = int(raw)
    smallest = 0 if param.minimum is None else param.minimum
    largest = LARGEST_INT32 if param.kind == "int32" else LARGEST_AMOUNT_MINOR
    if not smallest <= number <= largest:
        raise errors.wrong_value(name, f"should be between {smallest} and {largest}")
    return number


def read_decimal(name: str, raw: str, param: Param) -> Decimal:
    """A `..._in_decimal` value: plain digits with at most one point, no exponent."""
    if not _DECIMAL.match(raw):
        raise errors.wrong_value(name, "should be a decimal number")
    try:
        number = Decimal(raw)
    except InvalidOperation as problem:  # pragma: no cover - the pattern above lets only numbers through
        raise errors.wrong_value(name, "should be a decimal number") from problem
    if number < (param.minimum or 0):
        raise errors.wrong_value(name, f"cannot be less than {param.minimum or 0}")
    return number


# -------------------------------------------------------------------------- the endpoints' forms

ID = Param(max_length=50)
COMMENT: Schema = {"comment": Param(max_length=300)}
NO_PARAMETERS: Schema = {}

REMOVE_CREDIT_NOTE: Schema = {"credit_note[id]": Param(max_length=50, required=True)}

APPLY_CREDITS: Schema = {"comment": Param(max_length=300), "credit_notes[id][]": ID}

VOID_INVOICE: Schema = {"comment": Param(max_length=300), "void_reason_code": Param(max_length=100)}

LINE_ENTITIES = {
    "v1": ("adhoc", "plan", "addon"),
    "v2": ("adhoc", "plan_item_price", "addon_item_price", "charge_item_price"),
}

CREATE_CREDIT_NOTE: Schema = {
    "type": Param(choices=("adjustment", "refundable", "store"), required=True),
    "reference_invoice_id": ID,
    "customer_id": ID,
    "total": Param(kind="int64"),
    "reason_code": Param(
        choices=(
            "product_unsatisfactory",
            "service_unsatisfactory",
            "order_change",
            "order_cancellation",
            "waiver",
            "other",
        )
    ),
    "create_reason_code": Param(max_length=100),
    "date": Param(kind="timestamp"),
    "customer_notes": Param(max_length=2000),
    "comment": Param(max_length=300),
    "currency_code": Param(max_length=3),
    "line_items[reference_line_item_id][]": Param(max_length=40),
    "line_items[unit_amount][]": Param(kind="int64"),
    "line_items[unit_amount_in_decimal][]": Param(kind="decimal", max_length=39),
    "line_items[quantity][]": Param(kind="int32"),
    "line_items[quantity_in_decimal][]": Param(kind="decimal", max_length=33),
    "line_items[amount][]": Param(kind="int64"),
    "line_items[date_from][]": Param(kind="timestamp"),
    "line_items[date_to][]": Param(kind="timestamp"),
    "line_items[description][]": Param(max_length=250),
    "line_items[entity_type][]": Param(
        choices=tuple(dict.fromkeys(LINE_ENTITIES["v2"] + LINE_ENTITIES["v1"]))
    ),
    "line_items[entity_id][]": Param(max_length=100),
}

CHARGE_V1: Schema = {
    "customer_id": ID,
    "subscription_id": ID,
    # The schema calls the amount optional; an invoice over nothing makes no sense, so it is required here.
    "amount": Param(kind="int64", minimum=1, required=True),
    "description": Param(max_length=250, required=True),
    "coupon": Param(max_length=100),
    "po_number": Param(max_length=100),
}

CHARGE_V2: Schema = {
    "customer_id": ID,
    "subscription_id": ID,
    "currency_code": Param(max_length=3),
    "invoice_date": Param(kind="timestamp"),
    "invoice_note": Param(max_length=2000),
    "po_number": Param(max_length=100),
    "coupon_ids[]": Param(max_length=100),
    "auto_collection": Param(choices=("on", "off")),
    "payment_source_id": Param(max_length=40),
    "net_term_days": Param(kind="int32"),
    "charges[amount][]": Param(kind="int64", minimum=1),
    "charges[amount_in_decimal][]": Param(kind="decimal", max_length=39),
    "charges[description][]": Param(max_length=250),
    "charges[date_from][]": Param(kind="timestamp"),
    "charges[date_to][]": Param(kind="timestamp"),
}

COMMENT_ENTITIES = ("customer", "subscription", "invoice", "credit_note", "transaction")

CREATE_COMMENT: Schema = {
    "entity_type": Param(choices=COMMENT_ENTITIES, required=True),
    "entity_id": Param(max_length=100, required=True),
    "notes": Param(max_length=1000, required=True),
    "added_by": Param(max_length=100),
}
