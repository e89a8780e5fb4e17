"""Reading: one document by its id, and lists with filters, sorting and paging.

    status[is]=paid   id[starts_with]=INV   status[in]=[paid,posted]   date[between]=[1,2]
    einvoice[status][is]=failed
    sort_by[desc]=date   limit=1..100 (10)   offset=<what next_offset said>   include_deleted=false

Filters hold together (AND). A list is in the order of creation unless sorted. `in`, `not_in` and `between`
take one bracketed value, bare or as JSON. Whatever a resource does not offer is refused with `param`.
Sources: Chargebee docs, "List operations"; Chargebee SDK for Node 3.33, types (filters, operators, sorting);
docs "List subscriptions" and "Comments", of whose filters there are few here.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.chargebee import einvoices, errors
from bot.sandbox.chargebee.documents import Document, shown
from bot.sandbox.chargebee.state import Kind, State
from bot.sandbox.chargebee.wire import COMMENT_ENTITIES

DAY_S = 86_400
MOST_LISTED = 100
MOST_LINES = 300

STRING = ("is", "is_not", "starts_with")
STRING_IN = (*STRING, "in", "not_in")
OPTIONAL_STRING_IN = (*STRING_IN, "is_present")
OPTIONAL_STRING = (*STRING, "is_present")
ENUM = ("is", "is_not", "in", "not_in")
NUMBER = ("is", "is_not", "lt", "lte", "gt", "gte", "between")
TIME = ("after", "before", "on", "between")
ONLY_IS = ("is",)
BARE = ("",)

Operators = tuple[str, ...]

# The values an enumerated filter accepts; a filter on a value that cannot occur is a caller's mistake.
VALUES: Mapping[tuple[Kind, str], tuple[str, ...]] = {
    ("invoice", "status"): ("paid", "posted", "payment_due", "not_paid", "voided", "pending"),
    ("invoice", "dunning_status"): ("in_progress", "exhausted", "stopped", "success"),
    ("credit_note", "type"): ("adjustment", "refundable", "store"),
    ("credit_note", "status"): ("adjusted", "refunded", "refund_due", "voided"),
    ("customer", "auto_collection"): ("on", "off"),
    ("invoice", "einvoice[status]"): einvoices.STATUSES,
    ("credit_note", "einvoice[status]"): einvoices.STATUSES,
    ("comment", "entity_type"): COMMENT_ENTITIES,
}


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What one resource can be filtered and sorted by."""

    filters: Mapping[str, Operators]
    sort_by: tuple[str, ...]
    deletable: bool = True


LISTINGS: Mapping[Kind, Listing] = {
    "invoice": Listing(
        filters={
            "id": STRING_IN,
            "customer_id": STRING_IN,
            "subscription_id": OPTIONAL_STRING_IN,
            "status": ENUM,
            "dunning_status": ENUM,
            "price_type": ENUM,
            "channel": ENUM,
            "total": NUMBER,
            "amount_due": NUMBER,
            "amount_paid": NUMBER,
            "amount_adjusted": NUMBER,
            "credits_applied": NUMBER,
            "date": TIME,
            "paid_at": TIME,
            "updated_at": TIME,
            "voided_at": TIME,
            "recurring": ONLY_IS,
            "einvoice[status]": ENUM,
            "void_reason_code": STRING_IN,
            "payment_owner": STRING_IN,
        },
        sort_by=("date", "updated_at"),
    ),
    "credit_note": Listing(
        filters={
            "id": STRING_IN,
            "customer_id": STRING_IN,
            "subscription_id": OPTIONAL_STRING_IN,
            "reference_invoice_id": OPTIONAL_STRING_IN,
            "type": ENUM,
            "status": ENUM,
            "reason_code": ENUM,
            "create_reason_code": STRING_IN,
            "date": TIME,
            "total": NUMBER,
            "amount_allocated": NUMBER,
            "amount_refunded": NUMBER,
            "amount_available": NUMBER,
            "voided_at": TIME,
            "updated_at": TIME,
            "channel": ENUM,
            "einvoice[status]": ENUM,
        },
        sort_by=("date",),
    ),
    "customer": Listing(
        filters={
            "id": STRING_IN,
            "email": OPTIONAL_STRING,
            "first_name": OPTIONAL_STRING,
            "last_name": OPTIONAL_STRING,
            "company": OPTIONAL_STRING,
            "phone": OPTIONAL_STRING,
            "created_at": TIME,
            "updated_at": TIME,
            "auto_collection": ENUM,
            "business_entity_id": ONLY_IS,
            "channel": ENUM,
        },
        sort_by=("created_at", "updated_at"),
    ),
    "subscription": Listing(
        filters={
            "id": STRING_IN,
            "customer_id": STRING_IN,
            "status": ENUM,
            "created_at": TIME,
            "updated_at": TIME,
        },
        sort_by=("created_at", "updated_at"),
    ),
    "event": Listing(
        filters={
            "id": STRING_IN,
            "event_type": ENUM,
            "source": ENUM,
            "webhook_status": ENUM,
            "occurred_at": TIME,
        },
        sort_by=("occurred_at",),
        deletable=False,
    ),
    "comment": Listing(
        filters={"entity_type": BARE, "entity_id": BARE, "created_at": TIME},
        sort_by=("created_at",),
        deletable=False,
    ),
}

_FILTER = re.compile(r"^(?P<field>[a-z_]+(?:\[status\])?)\[(?P<operator>[a-z_]+)\]$")
_SORT = re.compile(r"^sort_by\[(?P<direction>asc|desc)\]$")
_OFFSET = re.compile(r'^\["(?P<key>[^"]*)","(?P<row>\d+)"\]$')

Test = Callable[[Document], bool]


def retrieve(state: State, kind: Kind, document_id: str, query: list[tuple[str, str]]) -> Document:
    """One document. Invoices and credit notes take `line_items_limit` and `line_items_offset`."""
    document = shown(state.find(kind, document_id))
    if kind not in ("invoice", "credit_note"):
        for name, _ in query:
            raise errors.unknown_parameter(name)
        return document
    limit, start = MOST_LINES, 0
    for name, raw in query:
        if name == "line_items_limit":
            limit = _number(name, raw, 1, MOST_LINES)
        elif name == "line_items_offset":
            start = _row_of(name, raw)[1]
        else:
            raise errors.unknown_parameter(name)
    lines = document["line_items"]
    document["line_items"] = lines[start : start + limit]
    if start + limit < len(lines):
        document["line_items_next_offset"] = _offset("", start + limit)
    return document


def list_page(state: State, kind: Kind, query: list[tuple[str, str]]) -> dict[str, Any]:
    """One page of a list: `{"list": [{kind: document}, ...], "next_offset"?: str}`."""
    listing = LISTINGS[kind]
    limit, after, sort, descending, with_deleted = 10, None, None, False, False
    tests: list[Test] = []
    for name, raw in query:
        if name == "limit":
            limit = _number(name, raw, 1, MOST_LISTED)
        elif name == "offset":
            after = _row_of(name, raw)
        elif name == "include_deleted" and listing.deletable:
            with_deleted = _truth(name, raw)
        elif matched := _SORT.match(name):
            sort, descending = raw, matched["direction"] == "desc"
            if sort not in listing.sort_by:
                raise errors.wrong_value(name, f"should be one of {', '.join(listing.sort_by)}")
        else:
            tests.append(_filter(state, kind, name, raw))

    rows = [
        ((_sort_key(document, sort), row), document)
        for row, document in enumerate(state.all(kind).values())
        if (with_deleted or not document.get("deleted")) and all(test(document) for test in tests)
    ]
    rows.sort(key=lambda entry: entry[0], reverse=descending)
    if after is not None:
        passed = after
        rows = [entry for entry in rows if (entry[0] < passed if descending else entry[0] > passed)]
    page: dict[str, Any] = {"list": [{kind: shown(document)} for _, document in rows[:limit]]}
    if len(rows) > limit:
        key, row = rows[limit - 1][0]
        page["next_offset"] = _offset(str(key), row)
    return page


def _sort_key(document: Document, sort: str | None) -> int:
    return int(document.get(sort, 0)) if sort else 0


def _offset(key: str, row: int) -> str:
    return json.dumps([key, str(row)], separators=(",", ":"))


def _row_of(name: str, raw: str) -> tuple[int, int]:
    """The sort key and the row an offset stands for."""
    matched = _OFFSET.match(raw)
    if matched is None or not re.fullmatch(r"-?\d*", matched["key"]):
        raise errors.wrong_value(name, "is not an offset of this list")
    return int(matched["key"] or 0), int(matched["row"])


# --------------------------------------------------------------------------------------- filters


def _filter(state: State, kind: Kind, name: str, raw: str) -> Test:
    matched = _FILTER.match(name)
    field, operator = (matched["field"], matched["operator"]) if matched else (name, "")
    operators = LISTINGS[kind].filters.get(field, ())
    if operator not in operators:
        raise errors.unknown_parameter(name)
    if not raw.strip():
        raise errors.wrong_value(name, "cannot be blank")
    if operator == "is_present":
        present = _truth(name, raw)
        return lambda document: (value_of(document, field) is not None) == present
    if operators is NUMBER:
        return _number_test(name, field, operator, raw)
    if operators is TIME:
        return _time_test(name, field, operator, raw)
    if field == "recurring":
        recurring = _truth(name, raw)
        return lambda document: document[field] == recurring
    wanted = _bracketed(name, raw) if operator in ("in", "not_in") else [raw]
    for value in wanted:
        if value not in VALUES.get((kind, field), (value,)):
            raise errors.wrong_value(name, f"{value} is not a value of {field}")
    return _text_test(field, operator, wanted, sensitive=state.settings.starts_with_case_sensitive)


def value_of(document: Document, field: str) -> Any:
    """A field as the filters name it; `einvoice[status]` and an event's `webhook_status` lie deeper."""
    if field == "einvoice[status]":
        return document.get("einvoice", {}).get("status")
    if field == "webhook_status":
        return document["webhooks"][0]["webhook_status"]
    return document.get(field)


def _text_test(field: str, operator: str, wanted: list[str], *, sensitive: bool) -> Test:
    if operator in ("in", "not_in"):
        return lambda document: (value_of(document, field) in wanted) == (operator == "in")
    raw = wanted[0]
    if operator == "starts_with":
        fold: Callable[[str], str] = str if sensitive else str.casefold
        return lambda document: fold(str(value_of(document, field) or "")).startswith(fold(raw))
    if operator == "is_not":
        return lambda document: value_of(document, field) != raw
    return lambda document: value_of(document, field) == raw


NUMBER_TESTS: Mapping[str, Callable[[int, int], bool]] = {
    "is": lambda value, bound: value == bound,
    "is_not": lambda value, bound: value != bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "after": lambda value, bound: value > bound,
    "before": lambda value, bound: value < bound,
    "on": lambda value, bound: value // DAY_S == bound // DAY_S,
}


def _number_test(name: str, field: str, operator: str, raw: str) -> Test:
    if operator == "between":
        bounds = _bracketed(name, raw)
        if len(bounds) != 2:
            raise errors.wrong_value(name, "should be two values in brackets")
        low, high = (_number(name, bound, 0, 2**53) for bound in bounds)
        return lambda document: low <= (document.get(field) or 0) <= high
    bound = _number(name, raw, 0, 2**53)
    return lambda document: NUMBER_TESTS[operator](int(document.get(field) or 0), bound)


def _time_test(name: str, field: str, operator: str, raw: str) -> Test:
    test = _number_test(name, field, operator, raw)
    return lambda document: document.get(field) is not None and test(document)


def _bracketed(name: str, raw: str) -> list[str]:
    """`[a,b]` or `["a","b"]`."""
    if not (raw.startswith("[") and raw.endswith("]")):
        raise errors.wrong_value(name, "should be values in brackets")
    try:
        parsed = json.loads(raw)
    except ValueError:
        parsed = [part.strip() for part in raw[1:-1].split(",")]
    values = [str(part) for part in parsed]
    if not values or not all(values):
        raise errors.wrong_value(name, "should be values in brackets")
    return values


def _number(name: str, raw: str, smallest: int, largest: int) -> int:
    if not re.fullmatch(r"\d{1,16}", raw) or not smallest <= int(raw) <= largest:
        raise errors.wrong_value(name, f"should be a number between {smallest} and {largest}")
    return int(raw)


def _truth(name: str, raw: str) -> bool:
    if raw not in ("true", "false"):
        raise errors.wrong_value(name, "should be true or false")
    return raw == "true"
