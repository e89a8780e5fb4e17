"""What the simulated site does, how far it goes, and where that comes from.

| how far | means |
| --- | --- |
| whole | everything the source states is here |
| part | what is stated is right, and something the source also states is missing; `says` tells what |
| reading | the sources do not settle it; this is the reading taken, and a bot must not rely on it |

`FIDELITY` has one row for every endpoint of `routes.ENDPOINTS` (a test holds it to that) and one for every
behaviour that spans endpoints. Nothing was checked against a live Chargebee site.

| source | means |
| --- | --- |
| V2 "title" | the operation of that title in chargebee/openapi, `chargebee_api_v2_pc_v2_spec`, 2026-08 |
| V1 "title" | the same in `chargebee_api_v1_spec`, 2026-06 |
| DOC "title" | the page of that title on apidocs.chargebee.com; DOC v1: in the docs of API v1 |
| KB "title" | the page of that title in Chargebee's help, chargebee.com/docs |
| NODE, NODE 2 | Chargebee SDK for Node 3.33: types, request schemas, encoder; NODE 2: 2.45, with meanings |
| PYTHON | Chargebee SDK for Python 3.29: encoder, handling of answers |
| GH | a thread on GitHub |
| inferred | no page says it; it follows from pages that do |
| not settled | looked for in the docs and not found, or they contradict each other |
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Fidelity:
    """One row: an endpoint (`GET /api/...`) or a behaviour."""

    subject: str
    how_far: Literal["whole", "part", "reading"]
    says: str
    source: str


ENDPOINT_FIDELITY: tuple[Fidelity, ...] = (
    Fidelity(
        "GET /api/v2/configurations",
        "part",
        "domain, catalog version and schema type; the key `configurations` is a reading",
        'DOC "Configurations"; the key: not settled',
    ),
    Fidelity(
        "GET /api/v2/customers",
        "whole",
        "the listed filters, operators and sorting",
        'NODE; DOC "List operations"',
    ),
    Fidelity(
        "GET /api/v2/subscriptions",
        "part",
        "id, customer_id, status and time filters only",
        'DOC "List subscriptions"',
    ),
    Fidelity(
        "GET /api/v2/invoices",
        "whole",
        "the listed filters, operators and sorting",
        'NODE; DOC "List operations"',
    ),
    Fidelity(
        "GET /api/v2/credit_notes",
        "whole",
        "the listed filters, operators and sorting",
        'NODE; DOC "List operations"',
    ),
    Fidelity(
        "GET /api/v2/events",
        "whole",
        "the listed filters; no filter by document exists",
        'NODE; DOC "List operations"',
    ),
    Fidelity(
        "GET /api/v2/comments",
        "part",
        "entity_type, entity_id, created_at",
        'DOC "Comments"; Chargebee SDK for Java',
    ),
    Fidelity("GET /api/v2/customers/{id}", "part", "without contacts, cards and parent accounts", "NODE"),
    Fidelity(
        "GET /api/v2/subscriptions/{id}",
        "part",
        "the fields a picker and a charge need",
        'DOC "Subscriptions"',
    ),
    Fidelity(
        "GET /api/v2/invoices/{id}",
        "part",
        "every money field and list, lines in pages; no addresses, no exchange rates",
        "NODE; NODE 2",
    ),
    Fidelity(
        "GET /api/v2/credit_notes/{id}", "part", "every money field and list; no addresses", "NODE; NODE 2"
    ),
    Fidelity(
        "GET /api/v2/events/{id}",
        "whole",
        "with source, user and origin_user",
        "NODE; NODE 2; what origin_user holds: inferred",
    ),
    Fidelity("GET /api/v2/comments/{id}", "whole", "", 'DOC "Comments"; NODE'),
    Fidelity(
        "POST /api/v2/comments", "part", "entities that exist on this site only", 'DOC "Comments"; NODE'
    ),
    Fidelity(
        "POST /api/v2/credit_notes",
        "part",
        "all parameters, preconditions, ceilings and effects; no limit per line",
        'V2 "Create credit note"; NODE',
    ),
    Fidelity(
        "POST /api/v2/credit_notes/{id}/send_einvoice",
        "reading",
        "the two conditions that contradict each other: allowed when none is there, or failed, or skipped",
        'V2 "Send an einvoice for credit notes"; not settled',
    ),
    Fidelity(
        "POST /api/v2/credit_notes/{id}/resend_einvoice",
        "reading",
        "sends a failed or skipped e-invoice again",
        "NODE 2; what a failed one wants, send or resend: not settled",
    ),
    Fidelity(
        "POST /api/v2/credit_notes/{id}/void",
        "part",
        "removing offline refunds first is not here",
        'V2 "Void a credit note"',
    ),
    Fidelity(
        "POST /api/v2/invoices/create_for_charge_items_and_charges",
        "part",
        "charges, coupons, collection, terms; no item prices, discounts, pending invoices or addresses",
        'DOC "Create invoice for items and one-time charges"',
    ),
    Fidelity(
        "POST /api/v2/invoices/{id}/write_off", "part", "no payment schedules", 'V2 "Write off an invoice"'
    ),
    Fidelity(
        "POST /api/v2/invoices/{id}/remove_credit_note",
        "whole",
        "",
        'V2 "Remove credit note from an invoice"',
    ),
    Fidelity(
        "POST /api/v2/invoices/{id}/apply_credits",
        "part",
        "refundable and store notes; that an adjustment note cannot be applied again is a reading",
        "NODE 2, apply_credits; adjustment notes: inferred",
    ),
    Fidelity(
        "POST /api/v2/invoices/{id}/void",
        "part",
        "promotional credits do not exist here",
        'V2 "Void an invoice"',
    ),
    Fidelity(
        "GET /api/v1/invoices/{id}",
        "part",
        "v1 names; `posted` shown as `payment_due` is a reading",
        'V1 "Retrieve an invoice"; `posted`: inferred',
    ),
    Fidelity(
        "GET /api/v1/customers/{id}",
        "part",
        "v1 names; no payment method, no addresses",
        'V1 "Retrieve a customer"',
    ),
    Fidelity(
        "POST /api/v1/invoices/charge",
        "part",
        "refused on catalog 2 and on several currencies; `amount` is required although the schema says optional",
        'V1 "Create invoice for a one-time charge"; DOC v1 "Currencies"; catalog 2, `amount`: not settled',
    ),
)

BEHAVIOUR_FIDELITY: tuple[Fidelity, ...] = (
    Fidelity(
        "authentication",
        "part",
        "full and read-only keys; no sub-types of keys",
        'DOC "Authentication"; KB "API Keys"',
    ),
    Fidelity("form encoding", "whole", "columns and scalar lists; rows and JSON refused", "PYTHON; NODE"),
    Fidelity(
        "unknown parameters",
        "reading",
        "refused: 400 invalid_request with param",
        "not settled; the body: V1, error schemas",
    ),
    Fidelity(
        "empty values", "reading", "refused: an empty value is how a null looks", "inferred from PYTHON; NODE"
    ),
    Fidelity(
        "missing content type",
        "reading",
        "refused, but for calls without parameters",
        "not settled; V2 names application/x-www-form-urlencoded",
    ),
    Fidelity(
        "malformed headers",
        "reading",
        "refused: 400 with the header as param",
        'not settled; the forms: DOC "Advanced features"',
    ),
    Fidelity(
        "business entity header",
        "part",
        "must exist; goes on new documents; scopes nothing else",
        'DOC "Advanced features"',
    ),
    Fidelity(
        "error bodies",
        "whole",
        "message, type, api_error_code, param",
        'DOC "Error handling and rate limits"; V1, error schemas',
    ),
    Fidelity("wrong state", "reading", "409 invalid_state_for_request", "inferred from V1, error schemas"),
    Fidelity(
        "amount over the ceiling",
        "reading",
        "400 invalid_request with param",
        "inferred from V1, error schemas",
    ),
    Fidelity(
        "unknown id in a parameter",
        "reading",
        "404 resource_not_found with param",
        "inferred from V1, error schemas",
    ),
    Fidelity(
        "idempotent replay",
        "whole",
        "30 minutes; replay header; 422 for another payload",
        'DOC v1 "Idempotent requests"; V1, answer 422',
    ),
    Fidelity(
        "idempotency of refusals",
        "reading",
        "answers that are not 200 are not stored",
        'not settled by DOC v1 "Idempotent requests"',
    ),
    Fidelity(
        "idempotency while running",
        "reading",
        "429 lock_timeout",
        'not settled by DOC v1 "Idempotent requests"',
    ),
    Fidelity(
        "idempotency scope",
        "reading",
        "one site; method, path and parameters are compared",
        'not settled by DOC v1 "Idempotent requests"',
    ),
    Fidelity(
        "rate limit",
        "part",
        "calls in 60 s of the site's clock, Retry-After; no concurrency cap",
        'KB "What are the Chargebee API limits?"; GH chargebee/chargebee-python 56',
    ),
    Fidelity("5xx bodies", "whole", "HTML, on demand", "PYTHON; NODE"),
    Fidelity(
        "paging",
        "whole",
        "opaque next_offset, limit 1 to 100, default 10, oldest first",
        'V2; DOC "List operations"',
    ),
    Fidelity(
        "starts_with",
        "reading",
        "case-sensitive unless the setting says otherwise",
        "not settled; the operator: NODE",
    ),
    Fidelity("resource_version", "whole", "milliseconds, rising with every change", "NODE; NODE 2"),
    Fidelity(
        "events",
        "part",
        "the expected types; no webhooks are delivered",
        "NODE; which call raises which: inferred",
    ),
    Fidelity(
        "comment parameters",
        "whole",
        "become internal comments by the key's name",
        'DOC "Write off an invoice", "Comments"; V2 "Create credit note"',
    ),
    Fidelity(
        "prorated tax",
        "part",
        "note tax / invoice tax = note total / invoice total, halves up",
        'V2 "Create credit note"; the halves: inferred',
    ),
    Fidelity(
        "lines of a credit note",
        "reading",
        "net amounts; their total gains the invoice's share of tax",
        'inferred from V2 "Create credit note"',
    ),
    Fidelity(
        "status of a removed adjustment note",
        "reading",
        "refund_due while credit is left",
        'not settled by V2 "Remove credit note from an invoice"',
    ),
    Fidelity(
        "credit freed by a removal",
        "reading",
        "stays on the note; new invoices use it only by setting",
        'not settled by V2 "Remove credit note from an invoice"',
    ),
    Fidelity(
        "failed collection",
        "reading",
        "no invoice is left, unless the setting says otherwise",
        "not settled; the codes: V1, error schemas",
    ),
    Fidelity(
        "tax on a charge",
        "reading",
        "none, unless the setting gives a rate",
        'not settled; V1 "Create invoice for a one-time charge" is silent',
    ),
    Fidelity(
        "progress of e-invoices",
        "reading",
        "scheduled, in_progress, end; a step each 5 s",
        "inferred; the statuses: V2; NODE",
    ),
    Fidelity(
        "currencies",
        "whole",
        "hundredths, but for JPY, KRW, XAF and XOF",
        'DOC "Currencies"; DOC v1 "Currencies"',
    ),
)

FIDELITY: tuple[Fidelity, ...] = ENDPOINT_FIDELITY + BEHAVIOUR_FIDELITY
