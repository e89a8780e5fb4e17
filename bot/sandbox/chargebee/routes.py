"""The endpoints, as a table: method, path, what it takes, what it does.

A path is matched as it came, before percent-decoding, so that `INV%2F7` and `INV/7` both name the invoice
`INV/7`, and `INV%2Fvoid` is an invoice, not an operation. More special patterns stand before more general
ones.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bot.sandbox.chargebee import charges, credit_notes, einvoices, errors, invoices, listing, v1_shapes, wire
from bot.sandbox.chargebee.documents import shown
from bot.sandbox.chargebee.state import Call, Kind, State

Query = list[tuple[str, str]]
Body = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint. A GET has `read`; a POST has a `schema` and `act`."""

    method: str
    path: str
    read: Callable[[State, str, Query], Body] | None = None
    schema: wire.Schema | None = None
    act: Callable[[State, Call], Body] | None = None
    custom_fields: bool = False

    @property
    def version(self) -> str:
        return self.path.split("/")[2]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def matches(self, raw_path: str) -> str | None:
        """The decoded id when the path is this endpoint's (empty where it has none), else None."""
        pattern = re.escape(self.path).replace(re.escape("{id}"), "(?P<id>.+)")
        matched = re.fullmatch(pattern, raw_path)
        if matched is None:
            return None
        return unquote(matched.groupdict().get("id", ""))


def _lists(kind: Kind) -> Callable[[State, str, Query], Body]:
    return lambda state, _id, query: listing.list_page(state, kind, query)


def _one(kind: Kind) -> Callable[[State, str, Query], Body]:
    return lambda state, document_id, query: {kind: listing.retrieve(state, kind, document_id, query)}


def _one_in_v1(kind: Kind, shape: Callable[[Body], Body]) -> Callable[[State, str, Query], Body]:
    def read(state: State, document_id: str, query: Query) -> Body:
        for name, _ in query:
            raise errors.unknown_parameter(name)
        return {kind: shape(state.find(kind, document_id))}

    return read


def _configurations(state: State, _id: str, query: Query) -> Body:
    for name, _ in query:
        raise errors.unknown_parameter(name)
    version = state.settings.product_catalog_version
    return {
        "configurations": [
            {
                "domain": "sandbox-test",
                "product_catalog_version": version,
                "chargebee_response_schema_type": "plans_addons" if version == "v1" else "items",
                "object": "configuration",
            }
        ]
    }


def _comment(state: State, call: Call) -> Body:
    kind: Kind = call.form.get("entity_type")
    state.find(kind, call.form.get("entity_id"), "entity_id")
    added_by = call.form.get("added_by", call.caller.key_name)
    comment = state.remark(kind, call.form.get("entity_id"), call.form.get("notes"), added_by)
    return {"comment": comment}


def _get(path: str, read: Callable[[State, str, Query], Body]) -> Endpoint:
    return Endpoint(method="GET", path=path, read=read)


def _post(
    path: str, schema: wire.Schema, act: Callable[[State, Call], Body], *, custom_fields: bool = False
) -> Endpoint:
    return Endpoint(method="POST", path=path, schema=schema, act=act, custom_fields=custom_fields)


_V2: Mapping[str, Kind] = {
    "customers": "customer",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "credit_notes": "credit_note",
    "events": "event",
    "comments": "comment",
}

ENDPOINTS: tuple[Endpoint, ...] = (
    _get("/api/v2/configurations", _configurations),
    *(_get(f"/api/v2/{plural}", _lists(kind)) for plural, kind in _V2.items()),
    *(_get(f"/api/v2/{plural}/{{id}}", _one(kind)) for plural, kind in _V2.items()),
    _post("/api/v2/comments", wire.CREATE_COMMENT, _comment),
    _post("/api/v2/credit_notes", wire.CREATE_CREDIT_NOTE, credit_notes.create, custom_fields=True),
    _post("/api/v2/credit_notes/{id}/send_einvoice", wire.NO_PARAMETERS, einvoices.send),
    _post("/api/v2/credit_notes/{id}/resend_einvoice", wire.NO_PARAMETERS, einvoices.resend),
    _post("/api/v2/credit_notes/{id}/void", wire.COMMENT, credit_notes.void),
    _post("/api/v2/invoices/create_for_charge_items_and_charges", wire.CHARGE_V2, charges.charge_v2),
    _post("/api/v2/invoices/{id}/write_off", wire.COMMENT, invoices.write_off),
    _post("/api/v2/invoices/{id}/remove_credit_note", wire.REMOVE_CREDIT_NOTE, invoices.remove_credit_note),
    _post("/api/v2/invoices/{id}/apply_credits", wire.APPLY_CREDITS, invoices.apply_credits),
    _post("/api/v2/invoices/{id}/void", wire.VOID_INVOICE, invoices.void),
    _get("/api/v1/invoices/{id}", _one_in_v1("invoice", v1_shapes.invoice)),
    _get("/api/v1/customers/{id}", _one_in_v1("customer", v1_shapes.customer)),
    _post("/api/v1/invoices/charge", wire.CHARGE_V1, charges.charge_v1),
)


def find(method: str, raw_path: str) -> tuple[Endpoint, str]:
    """The endpoint of a request and the id in its path. Raises `ApiError` 404 or 405."""
    known = False
    for endpoint in ENDPOINTS:
        document_id = endpoint.matches(raw_path)
        if document_id is not None:
            if endpoint.method == method:
                return endpoint, document_id
            known = True
    raise errors.wrong_method(method) if known else errors.no_such_page(raw_path)


def visible(body: Body) -> Body:
    """An answer without what belongs to the simulator."""
    return {key: shown(value) if isinstance(value, dict) else value for key, value in body.items()}
