"""What the simulated site does, how far it goes, and where that comes from.

| how far | means |
| --- | --- |
| whole | everything the source states is here |
| part | what is stated is right, and something the source also states is missing; `says` tells what |
| reading | the sources do not settle it; this is the reading taken, and a bot must not rely on it |

`FIDELITY` has one row for every endpoint of `routes.ENDPOINTS` (a test holds it to that) and one for every
behaviour that spans endpoints. Sources: "seed" is the page of the operation, "facts n" the section of the
collected Chargebee facts.
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
        "facts 2",
    ),
    Fidelity("GET /api/v2/customers", "whole", "the listed filters, operators and sorting", "facts 6"),
    Fidelity("GET /api/v2/subscriptions", "part", "id, customer_id, status and time filters only", "v2 API"),
    Fidelity("GET /api/v2/invoices", "whole", "the listed filters, operators and sorting", "facts 6"),
    Fidelity("GET /api/v2/credit_notes", "whole", "the listed filters, operators and sorting", "facts 6"),
    Fidelity("GET /api/v2/events", "whole", "the listed filters; no filter by document exists", "facts 6"),
    Fidelity("GET /api/v2/comments", "part", "entity_type, entity_id, created_at", "facts 6, Java SDK"),
    Fidelity("GET /api/v2/customers/{id}", "part", "without contacts, cards and parent accounts", "facts 5"),
    Fidelity("GET /api/v2/subscriptions/{id}", "part", "the fields a picker and a charge need", "v2 API"),
    Fidelity(
        "GET /api/v2/invoices/{id}",
        "part",
        "every money field and list, lines in pages; no addresses, no exchange rates",
        "facts 5",
    ),
    Fidelity("GET /api/v2/credit_notes/{id}", "part", "every money field and list; no addresses", "facts 5"),
    Fidelity("GET /api/v2/events/{id}", "whole", "with source, user and origin_user", "facts 9, 10"),
    Fidelity("GET /api/v2/comments/{id}", "whole", "", "facts 6"),
    Fidelity("POST /api/v2/comments", "part", "entities that exist on this site only", "facts 6"),
    Fidelity(
        "POST /api/v2/credit_notes",
        "part",
        "all parameters, preconditions, ceilings and effects; no limit per line",
        "seed, facts 1.4",
    ),
    Fidelity(
        "POST /api/v2/credit_notes/{id}/send_einvoice",
        "reading",
        "the two conditions that contradict each other: allowed when none is there, or failed, or skipped",
        "seed, facts 1.1",
    ),
    Fidelity(
        "POST /api/v2/credit_notes/{id}/resend_einvoice",
        "reading",
        "sends a failed or skipped e-invoice again",
        "facts 1.1",
    ),
    Fidelity(
        "POST /api/v2/credit_notes/{id}/void",
        "whole",
        "removing offline refunds first is not here",
        "facts 7",
    ),
    Fidelity(
        "POST /api/v2/invoices/create_for_charge_items_and_charges",
        "part",
        "charges, coupons, collection, terms; no item prices, discounts, pending invoices or addresses",
        "facts 2",
    ),
    Fidelity("POST /api/v2/invoices/{id}/write_off", "part", "no payment schedules", "seed, facts 1.3 and 7"),
    Fidelity("POST /api/v2/invoices/{id}/remove_credit_note", "whole", "", "seed, facts 1.2 and 7"),
    Fidelity(
        "POST /api/v2/invoices/{id}/apply_credits",
        "part",
        "refundable and store notes; that an adjustment note cannot be applied again is a reading",
        "facts 7",
    ),
    Fidelity("POST /api/v2/invoices/{id}/void", "part", "promotional credits do not exist here", "facts 7"),
    Fidelity(
        "GET /api/v1/invoices/{id}",
        "part",
        "v1 names; `posted` shown as `payment_due` is a reading",
        "facts 2",
    ),
    Fidelity("GET /api/v1/customers/{id}", "part", "v1 names; no payment method, no addresses", "facts 2"),
    Fidelity(
        "POST /api/v1/invoices/charge",
        "whole",
        "refused on catalog 2 and on several currencies; `amount` is required although the schema says optional",
        "seed, facts 1.5 and 2",
    ),
)

BEHAVIOUR_FIDELITY: tuple[Fidelity, ...] = (
    Fidelity("authentication", "part", "full and read-only keys; no sub-types of keys", "facts 3, 10"),
    Fidelity("form encoding", "whole", "columns and scalar lists; rows and JSON refused", "facts 1.6"),
    Fidelity("unknown parameters", "reading", "refused: 400 invalid_request with param", "facts 4"),
    Fidelity("empty values", "reading", "refused: an empty value is how a null looks", "facts 1.6"),
    Fidelity("missing content type", "reading", "refused, but for calls without parameters", "seed"),
    Fidelity("malformed headers", "reading", "refused: 400 with the header as param", "facts 3"),
    Fidelity(
        "business entity header", "part", "must exist; goes on new documents; scopes nothing else", "facts 3"
    ),
    Fidelity("error bodies", "whole", "message, type, api_error_code, param", "facts 4"),
    Fidelity("wrong state", "reading", "409 invalid_state_for_request", "facts 4"),
    Fidelity("amount over the ceiling", "reading", "400 invalid_request with param", "facts 4"),
    Fidelity("unknown id in a parameter", "reading", "404 resource_not_found with param", "facts 4"),
    Fidelity("idempotent replay", "whole", "30 minutes; replay header; 422 for another payload", "facts 3"),
    Fidelity("idempotency of refusals", "reading", "answers that are not 200 are not stored", "facts 3"),
    Fidelity("idempotency while running", "reading", "429 lock_timeout", "facts 3"),
    Fidelity("idempotency scope", "reading", "one site; method, path and parameters are compared", "facts 3"),
    Fidelity(
        "rate limit",
        "part",
        "calls in 60 s of the site's clock, Retry-After; no concurrency cap",
        "facts 4",
    ),
    Fidelity("5xx bodies", "whole", "HTML, on demand", "facts 4"),
    Fidelity("paging", "whole", "opaque next_offset, limit 1 to 100, default 10, oldest first", "facts 6"),
    Fidelity("starts_with", "reading", "case-sensitive unless the setting says otherwise", "facts 6"),
    Fidelity("resource_version", "whole", "milliseconds, rising with every change", "facts 5"),
    Fidelity("events", "part", "the expected types; no webhooks are delivered", "facts 9"),
    Fidelity("comment parameters", "whole", "become internal comments by the key's name", "facts 1.3, 1.4"),
    Fidelity(
        "prorated tax", "whole", "note tax / invoice tax = note total / invoice total, halves up", "seed"
    ),
    Fidelity(
        "lines of a credit note",
        "reading",
        "net amounts; their total gains the invoice's share of tax",
        "facts 1.4",
    ),
    Fidelity("status of a removed adjustment note", "reading", "refund_due while credit is left", "facts 7"),
    Fidelity(
        "credit freed by a removal",
        "reading",
        "stays on the note; new invoices use it only by setting",
        "facts 7",
    ),
    Fidelity(
        "failed collection", "reading", "no invoice is left, unless the setting says otherwise", "facts 1.5"
    ),
    Fidelity("tax on a charge", "reading", "none, unless the setting gives a rate", "facts 1.5"),
    Fidelity(
        "progress of e-invoices", "reading", "scheduled, in_progress, end; a step each 5 s", "facts 1.1, 5"
    ),
    Fidelity("currencies", "whole", "hundredths, but for JPY, KRW, XAF and XOF", "facts 8"),
)

FIDELITY: tuple[Fidelity, ...] = ENDPOINT_FIDELITY + BEHAVIOUR_FIDELITY
