"""The documents of one site, and the few ways in which any of them changes.

Every change goes through `touch`, which moves `updated_at` (seconds) and `resource_version` (milliseconds,
strictly rising over the whole site). Every event goes through `record`, every internal remark through
`remark`.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.sandbox.chargebee import errors
from bot.sandbox.chargebee.documents import Document, present, shown, total_of
from bot.sandbox.chargebee.headers import Caller
from bot.sandbox.chargebee.wire import Form

Kind = Literal[
    "customer", "subscription", "invoice", "credit_note", "event", "comment", "coupon", "transaction"
]


@dataclass(kw_only=True)
class Settings:
    """What an administrator of the site would set, and how the world around it behaves."""

    product_catalog_version: Literal["v1", "v2"] = "v1"
    currencies: tuple[str, ...] = ("EUR",)
    business_entities: tuple[str, ...] = ()
    create_reason_codes: tuple[str, ...] = ("Order Change", "Service Unsatisfactory", "Goodwill")
    create_reason_codes_mandatory: bool = False
    void_reason_code_mandatory: bool = False
    multi_decimal_pricing: bool = True
    einvoicing_enabled: bool = True
    einvoicing_method: Literal["manual", "automatic"] = "manual"
    einvoice_step_s: int = 5
    unpaid_status: Literal["payment_due", "not_paid"] = "payment_due"
    invoice_left_after_failed_collection: Literal["none", "payment_due", "not_paid"] = "none"
    charge_tax_percent: int = 0
    refundable_credits_pay_new_invoices: bool = False
    starts_with_case_sensitive: bool = True
    rate_limit_per_minute: int | None = 150

    @property
    def base_currency(self) -> str:
        return self.currencies[0]

    @property
    def multicurrency(self) -> bool:
        return len(self.currencies) > 1


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who a change is by, as the event says it."""

    source: str
    user: str | None = None
    origin_user: str | None = None
    switches: tuple[str, ...] = ()

    @classmethod
    def api(cls, caller: Caller) -> "Actor":
        return cls(
            source="api", user=caller.key_name, origin_user=caller.origin_user, switches=caller.switches
        )


@dataclass(frozen=True, kw_only=True)
class Call:
    """One API call, authenticated and decoded: the id from its path, its form, and who makes it."""

    document_id: str
    form: Form
    caller: Caller

    @property
    def actor(self) -> Actor:
        return Actor.api(self.caller)


SCHEDULED_JOB = Actor(source="scheduled_job")
ADMIN_CONSOLE = Actor(source="admin_console", user="clerk@acme-billing.example")


@dataclass
class State:
    """All documents by kind and id, in the order of their creation."""

    settings: Settings
    time: Callable[[], float]
    documents: dict[Kind, dict[str, Document]] = field(default_factory=dict)
    _version: int = 0
    _numbers: dict[str, int] = field(default_factory=dict)

    def now(self) -> int:
        return int(self.time())

    def all(self, kind: Kind) -> dict[str, Document]:
        return self.documents.setdefault(kind, {})

    def find(self, kind: Kind, document_id: str, param: str | None = None) -> Document:
        """The document, or 404; `param` names the parameter that carried the id, if one did."""
        document = self.all(kind).get(document_id)
        if document is None:
            raise errors.not_found(f"no {kind.replace('_', ' ')} has the id {document_id!r}", param)
        return document

    def number(self, prefix: str) -> str:
        """The next number of a series: INV-5001, CN-5001, txn_1, ev_1, ..."""
        first = 5001 if prefix.endswith("-") else 1
        self._numbers[prefix] = self._numbers.get(prefix, first - 1) + 1
        return f"{prefix}{self._numbers[prefix]}"

    def add(self, kind: Kind, document: Document) -> Document:
        self.all(kind)[document["id"]] = document
        self.touch(document)
        return document

    def touch(self, document: Document, at: float | None = None) -> None:
        """Mark a change of the document, now or at a time that has passed since (unix seconds)."""
        when = self.time() if at is None else at
        self._version = max(self._version + 1, int(when * 1000))
        if "resource_version" in document:
            document["resource_version"] = self._version
            document["updated_at"] = int(when)

    def record(
        self, event_type: str, actor: Actor, *documents: Document, at: float | None = None
    ) -> Document:
        """Write an event about documents, as they are now; they stand in its content by kind."""
        silenced = {"chargebee-event-webhook", "chargebee-event-actions"} & set(actor.switches)
        event = present(
            {
                "id": self.number("ev_"),
                "occurred_at": int(self.time() if at is None else at),
                "source": actor.source,
                "user": actor.user,
                "origin_user": actor.origin_user,
                "event_type": event_type,
                "api_version": "v2",
                "content": {entry["object"]: copy.deepcopy(shown(entry)) for entry in documents},
                "webhooks": [
                    {
                        "id": "whv2_1",
                        "webhook_status": "disabled" if silenced else "not_configured",
                        "object": "webhook",
                    }
                ],
                "object": "event",
                # Chargebee does not show the switches on an event; `Site.documents` does.
                "_switches": list(actor.switches),
            }
        )
        self.all("event")[event["id"]] = event
        return event

    def remark(self, entity_type: str, entity_id: str, notes: str, added_by: str) -> Document:
        """Leave an internal comment on a document."""
        comment: Document = {
            "id": self.number("cmt_"),
            "entity_type": entity_type,
            "entity_id": entity_id,
            "notes": notes,
            "added_by": added_by,
            "type": "user",
            "created_at": self.now(),
            "object": "comment",
        }
        self.all("comment")[comment["id"]] = comment
        return comment

    def count_credits(self, customer_id: str) -> None:
        """Bring a customer's refundable credits in line with the notes."""
        customer = self.all("customer").get(customer_id)
        if customer is None:
            return
        usable = [
            note
            for note in self.all("credit_note").values()
            if note["customer_id"] == customer_id and note["type"] != "store" and note["status"] != "voided"
        ]
        credit_left = total_of(usable, "amount_available")
        if customer["refundable_credits"] != credit_left:
            customer["refundable_credits"] = credit_left
            self.touch(customer)
