"""Every operation against the simulated site, over the wire: what was promised is what is there afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.chargebee.client import ChargebeeClient, write_headers
from bot.core.plan import Difference, Options, missed
from bot.operations import BY_NAME
from bot.operations.base import SiteProfile, Verdict
from bot.sandbox.chargebee.server import ChargebeeServer
from bot.sandbox.chargebee.site import FULL_ACCESS_KEY, Site
from bot.sandbox.clock import Clock

NOW = 1_790_000_000
REF = "BR-1042"
CLASSIC = SiteProfile(base_currency="EUR")
WORLD = SiteProfile(charge_api="v2", base_currency="EUR")


class Told:
    """What an operation did: verdicts, what was not as promised, what it made."""

    def __init__(
        self, verdict: Verdict, differences: tuple[Difference, ...], created: tuple[str, ...]
    ) -> None:
        self.verdict = verdict
        self.differences = differences
        self.created = created


@asynccontextmanager
async def connected(
    profile: str, known: SiteProfile
) -> AsyncIterator[tuple[Clock, ChargebeeClient[SiteProfile]]]:
    clock = Clock(NOW)
    site = Site(profile=profile, clock=clock)
    server = await ChargebeeServer.start(site)
    client = ChargebeeClient(server.url, FULL_ACCESS_KEY, site=known, clock=clock)
    try:
        yield clock, client
    finally:
        await client.aclose()
        await server.stop()


async def done(name: str, given: dict[str, Any], client: ChargebeeClient[SiteProfile]) -> Told:
    """Plan it, do it, look again."""
    operation = BY_NAME[name]
    params = operation.params.model_validate(given)
    before = await operation.load(client, params)
    plan = operation.plan(params, before, REF)
    headers = write_headers("anna@acme.example", Options(), api=plan.call.api)
    await client.perform(plan.call, key="key-1", headers=headers)
    after = await operation.load(client, params)
    return Told(
        verdict=operation.landed(params, before, after, REF),
        differences=missed(plan, dict(operation.picture(params, after, REF))),
        created=operation.created(before, after, REF),
    )


def amount(digits: str, currency: str = "") -> dict[str, str]:
    return {"digits": digits, "currency": currency}


CREDIT: dict[str, Any] = {"comment": "Export was broken"}
CLASSIC_STORIES: dict[str, tuple[str, dict[str, Any]]] = {
    "charge, not collected": (
        "charge",
        {"customer": "acme", "amount": amount("150"), "description": "Setup fee", "po_number": "PO-7"},
    ),
    "charge, collected": (
        "charge",
        {"customer": "globex", "amount": amount("150"), "description": "Setup fee"},
    ),
    "charge with a coupon": (
        "charge",
        {
            "customer": "acme",
            "amount": amount("150"),
            "description": "Setup fee",
            "coupon": "WELCOME10",
        },
    ),
    "charge to a subscription": (
        "charge",
        {"subscription": "sub-acme-1", "amount": amount("9.99"), "description": "Setup fee"},
    ),
    "adjustment of a part": (
        "credit_note",
        CREDIT | {"type": "adjustment", "invoice": "INV-1042", "total": amount("20")},
    ),
    "adjustment of all": (
        "credit_note",
        CREDIT | {"type": "adjustment", "invoice": "INV/2026/7", "lines": []},
    ),
    "refundable": (
        "credit_note",
        CREDIT
        | {
            "type": "refundable",
            "invoice": "INV-1051",
            "total": amount("20"),
            "date": "2026-09-21",
            "create_reason_code": "Goodwill",
            "reason_code": "waiver",
            "customer_notes": "Sorry",
        },
    ),
    "refundable, by lines": (
        "credit_note",
        CREDIT
        | {
            "type": "refundable",
            "invoice": "INV-1051",
            "lines": [
                {"reference_line_item_id": "li_1051_1", "unit_amount": amount("10")},
                {"reference_line_item_id": "li_1051_2", "unit_amount": amount("10"), "quantity": 2},
            ],
        },
    ),
    "store": (
        "credit_note",
        CREDIT | {"type": "store", "invoice": "INV-1051", "total": amount("20")},
    ),
    "standalone": (
        "credit_note",
        CREDIT | {"type": "refundable", "customer": "acme", "total": amount("20")},
    ),
    "ad hoc line": (
        "credit_note",
        CREDIT
        | {
            "type": "adjustment",
            "invoice": "INV-1042",
            "lines": [{"unit_amount": amount("5"), "quantity": 2, "description": "Goodwill"}],
        },
    ),
    "write off": ("write_off", {"invoice": "INV-1042", "comment": "duplicate of INV-1040"}),
    "remove an adjustment": (
        "remove_credit_note",
        {"invoice": "INV-1031", "credit_note": "CN-12", "reason": "by mistake"},
    ),
    "undo a write-off": (
        "remove_credit_note",
        {"invoice": "INV-1080", "credit_note": "CN-80", "reason": "by mistake"},
    ),
}


@pytest.mark.parametrize("story", CLASSIC_STORIES)
async def test_what_was_promised_is_what_is_there(story: str) -> None:
    name, given = CLASSIC_STORIES[story]
    async with connected("classic", CLASSIC) as (_, client):
        if given.get("lines") == []:
            due = (await client.invoice(given["invoice"])).amount_due
            given = given | {"total": amount(f"{due // 100}.{due % 100:02}")}
        told = await done(name, given, client)
    assert told.differences == ()
    assert told.verdict is Verdict.LANDED
    assert len(told.created) == (name in ("charge", "credit_note", "write_off"))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("charge", {"customer": "acme", "amount": amount("150"), "description": "Setup fee"}),
        ("charge", {"customer": "tanaka", "amount": amount("1500", "JPY"), "description": "Setup fee"}),
        (
            "credit_note",
            CREDIT | {"type": "adjustment", "invoice": "INV-2001", "total": amount("500")},
        ),
        (
            "credit_note",
            CREDIT | {"type": "refundable", "customer": "tanaka", "total": amount("500", "JPY")},
        ),
    ],
)
async def test_sites_with_several_currencies_are_served_by_v2(name: str, given: dict[str, Any]) -> None:
    async with connected("world", WORLD) as (_, client):
        told = await done(name, given, client)
    assert told.differences == ()
    assert told.verdict is Verdict.LANDED


async def test_an_einvoice_is_on_its_way_and_then_there() -> None:
    async with connected("classic", CLASSIC) as (clock, client):
        operation = BY_NAME["send_einvoice"]
        params = operation.params.model_validate({"credit_note": "CN-77"})
        before = await operation.load(client, params)
        plan = operation.plan(params, before, REF)
        headers = write_headers("anna@acme.example", Options(), api="v2")
        await client.perform(plan.call, key="key-1", headers=headers)
        on_its_way = await operation.load(client, params)
        assert operation.landed(params, before, on_its_way, REF) is Verdict.PENDING
        clock.advance(86_400)
        after = await operation.load(client, params)
        assert operation.landed(params, before, after, REF) is Verdict.LANDED
        assert missed(plan, dict(operation.picture(params, after, REF))) == ()


@pytest.mark.parametrize(
    ("invoice", "kind", "count"), [("INV-1051", "refundable", 4), ("INV-1090", "adjustment", 2)]
)
async def test_every_template_of_an_invoice_can_be_sent_as_it_stands(
    invoice: str, kind: str, count: int
) -> None:
    """INV-1051 has a line of each pricing model; INV-1090 is priced in decimals."""
    operation = BY_NAME["credit_note"]
    assert operation.lines
    async with connected("classic", CLASSIC) as (_, client):
        found = await operation.lines.templates(client, {"type": kind, "invoice": invoice})
        lines = [
            {
                name: amount(text) if name in ("unit_amount", "amount") else text
                for name, text in template.values.items()
            }
            for template in found
            if "reference_line_item_id" in template.values
        ]
        assert len(lines) == count
        given = CREDIT | {"type": kind, "invoice": invoice, "lines": lines}
        told = await done("credit_note", given, client)
    assert told.differences == ()
    assert told.verdict is Verdict.LANDED
