"""What is counted and measured, for Prometheus. Labels: operation names, states, codes; never people, documents or amounts."""

from prometheus_client import CollectorRegistry, Counter, Gauge

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

# Read from the database at each scrape; NaN while it cannot be read.
REQUESTS = Gauge("billing_bot_requests", "Billing requests by state.", ["state"], registry=REGISTRY)
OWED = Gauge("billing_bot_errands_owed", "Deliveries that are owed.", registry=REGISTRY)
OLDEST_OWED = Gauge(
    "billing_bot_errands_oldest_owed_seconds",
    "For how long the oldest delivery has been owed; 0 when none is.",
    registry=REGISTRY,
)
