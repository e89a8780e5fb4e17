"""Values to Chargebee's wire: forms, paths, list queries, headers. Pure; what cannot be sent is a ValueError.

    form_pairs     {"credit_note": {"id": "CN-1"}}       -> credit_note[id]=CN-1
                   {"line_items": [{"amount": 5}, …]}    -> line_items[amount][0]=5  (by column, not by row)
                   {"coupon_ids": ["a", "b"]}            -> coupon_ids[0]=a & coupon_ids[1]=b
    path           ("invoices", "A/1", "write_off")      -> invoices/A%2F1/write_off
    list_query     status__in=["paid", "posted"]         -> status[in]=["paid","posted"]
    origin_headers                                       -> who asks, in ASCII or in Base64

Source: the encoders of Chargebee's own Python and Node SDKs; docs "List operations", "Advanced features".
Bodies are `application/x-www-form-urlencoded`; booleans are true/false; times are integer seconds; a None
would be sent as an empty value, which clears a field, so it is left out.
"""

import base64
import json
import unicodedata
from collections.abc import Mapping, Sequence
from urllib.parse import quote

Scalar = str | int | bool
FormValue = Scalar | None | Mapping[str, "FormValue"] | Sequence["FormValue"]
Pairs = tuple[tuple[str, str], ...]
FilterValue = Scalar | Sequence[str] | Sequence[int]

#: Operators that take a list as one JSON value.
LIST_OPERATORS = frozenset({"in", "not_in", "between"})
OPERATORS = LIST_OPERATORS | {
    *("is", "is_not", "starts_with", "is_present"),
    *("lt", "lte", "gt", "gte"),
    *("after", "before", "on"),
}

#: What each list can be filtered by and how "newest first" is asked for (Chargebee's Node types). A name
#: that is not here is a mistake of ours: Chargebee might ignore it and answer with everybody's documents.
_MONEY = frozenset({"total", "amount_due", "amount_paid", "amount_adjusted", "credits_applied"})
FILTERS: Mapping[str, frozenset[str]] = {
    "invoices": _MONEY
    | {
        *(
            "id",
            "customer_id",
            "subscription_id",
            "status",
            "dunning_status",
            "price_type",
            "channel",
            "recurring",
        ),
        *("date", "paid_at", "updated_at", "voided_at", "einvoice", "void_reason_code", "payment_owner"),
        "include_deleted",
    },
    "credit_notes": frozenset(
        {
            *(
                "id",
                "customer_id",
                "subscription_id",
                "reference_invoice_id",
                "type",
                "status",
                "reason_code",
            ),
            *(
                "create_reason_code",
                "date",
                "total",
                "amount_allocated",
                "amount_refunded",
                "amount_available",
            ),
            *("voided_at", "updated_at", "channel", "einvoice", "include_deleted"),
        }
    ),
    "customers": frozenset(
        {
            *("id", "email", "first_name", "last_name", "company", "phone", "created_at", "updated_at"),
            *("auto_collection", "business_entity_id", "channel", "include_deleted"),
        }
    ),
    "subscriptions": frozenset(
        {
            *(
                "id",
                "customer_id",
                "status",
                "plan_id",
                "item_id",
                "item_price_id",
                "created_at",
                "updated_at",
            ),
            *("next_billing_at", "cancelled_at", "business_entity_id", "channel", "include_deleted"),
        }
    ),
    "comments": frozenset({"entity_type", "entity_id", "created_at"}),
}
NEWEST_BY: Mapping[str, str] = {
    "invoices": "date",
    "credit_notes": "date",
    "customers": "created_at",
    "subscriptions": "created_at",
    "comments": "created_at",
}
#: Chargebee answers with at most this many per page (docs "List operations").
PAGE_MAX = 100


def scalar(value: object) -> str:
    """One value as text. Raises ValueError for anything but text, an integer or a boolean."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        return str(value)
    raise ValueError(f"{type(value).__name__} has no form on the wire")


def form_pairs(params: Mapping[str, FormValue]) -> Pairs:
    """The pairs of a form, in order. Raises ValueError for a value that has no form on the wire."""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        _add(pairs, name, value)
    return tuple(pairs)


def _add(pairs: list[tuple[str, str]], name: str, value: FormValue) -> None:
    if value is None:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _add(pairs, f"{name}[{key}]", inner)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                columns = [(f"{name}[{column}][{index}]", cell) for column, cell in item.items()]
            else:
                columns = [(f"{name}[{index}]", item)]
            pairs.extend((column, scalar(cell)) for column, cell in columns if cell is not None)
    else:
        pairs.append((name, scalar(value)))


def path(segments: Sequence[str]) -> str:
    """A URL path from raw segments; nothing inside a segment can reach outside it.

    Raises ValueError for a segment that is empty, `.` or `..`, or holds control or invisible characters.
    """
    if not segments:
        raise ValueError("a path needs a segment")
    for segment in segments:
        if segment in {"", ".", ".."}:
            raise ValueError("a path segment cannot be empty or dots")
        if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in segment):
            raise ValueError("a path segment cannot hold control characters")
    return "/".join(quote(segment, safe="") for segment in segments)


def list_query(
    resource: str,
    filters: Mapping[str, FilterValue],
    *,
    limit: int,
    offset: str = "",
    newest_first: bool = True,
) -> Pairs:
    """The query of a list: `customer_id__is="acme"` -> `customer_id[is]=acme`; other names stay.

    Raises ValueError for an unknown filter or operator, or a limit outside 1..100.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise ValueError(f"limit is 1 to {PAGE_MAX}")
    pairs = [_filter(resource, name, value) for name, value in filters.items()]
    pairs.append(("limit", str(limit)))
    if newest_first:
        pairs.append(("sort_by[desc]", NEWEST_BY[resource]))
    if offset:
        pairs.append(("offset", offset))
    return tuple(pairs)


def _filter(resource: str, name: str, value: FilterValue) -> tuple[str, str]:
    field, *inner = name.split("__")
    if field not in FILTERS[resource]:
        raise ValueError(f"{resource} cannot be filtered by {field}")
    operator = inner[-1] if inner else ""
    if operator and operator not in OPERATORS:
        raise ValueError(f"{operator} is not an operator of a filter")
    wire = field + "".join(f"[{part}]" for part in inner)
    if operator in LIST_OPERATORS:
        return wire, _json_list(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        raise ValueError(f"{name} takes one value")  # noqa: TRY004 - one error for all that cannot be sent
    return wire, scalar(value)


def _json_list(value: FilterValue) -> str:
    """A list as one JSON value. Text is taken to be that already, and has to look like it."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        return value
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError("a list filter takes a list")  # noqa: TRY004 - one error for all that cannot be sent
    return json.dumps(list(value), separators=(",", ":"), ensure_ascii=False)


def header_value(name: str, value: str) -> str:
    """`value` as it is, if it can be a header. Raises ValueError (without the value in it) if it cannot."""
    if not value or value != value.strip():
        raise ValueError(f"{name} is empty or has blanks around it")
    if not all(" " <= char <= "~" for char in value):
        raise ValueError(f"{name} holds line breaks, control or non-ASCII characters")
    return value


def origin_headers(email: str) -> dict[str, str]:
    """Who asks, for Chargebee. An address with a non-ASCII character goes out as Base64 of its UTF-8."""
    if not email:
        return {}
    if email.isascii():
        name = "chargebee-request-origin-user"
        return {name: header_value(name, email)}
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in email):
        raise ValueError("the e-mail holds line breaks or control characters")
    return {"chargebee-request-origin-user-encoded": base64.b64encode(email.encode()).decode()}
