"""What is counted, for Prometheus. Labels are operation names, states and codes: never people, documents or amounts."""

from prometheus_client import CollectorRegistry, Counter

REGISTRY = CollectorRegistry()

ENDED = Counter(
    "billing_bot_requests_ended",
    "Billing requests by how they ended.",
    ["operation", "state"],
    registry=REGISTRY,
)
DIFFERENCES = Counter(
    "billing_bot_differences",
    "Fields that were not what the preview said after a change was made.",
    ["operation"],
    registry=REGISTRY,
)
UNCERTAIN = Counter(
    "billing_bot_uncertain",
    "Calls after which nobody knew whether they happened.",
    ["operation"],
    registry=REGISTRY,
)
REPLAYED = Counter(
    "billing_bot_replayed",
    "Calls Chargebee answered from its memory of the idempotency key.",
    ["operation"],
    registry=REGISTRY,
)
UNDELIVERED = Counter(
    "billing_bot_errands_postponed", "Deliveries that had to be put off.", ["kind"], registry=REGISTRY
)
BUGS = Counter(
    "billing_bot_bugs",
    "Unexpected errors, each with an incident id in the log.",
    ["where"],
    registry=REGISTRY,
)
