"""The sandbox interface, and the tables that say what there is."""

import inspect
import re
from typing import get_args

import pytest

from bot.sandbox.chargebee import control, fidelity, routes, trouble
from bot.sandbox.chargebee.fidelity import BEHAVIOUR_FIDELITY, ENDPOINT_FIDELITY, FIDELITY
from bot.sandbox.chargebee.site import Site
from bot.sandbox.clock import Clock
from tests.sandbox.chargebee_story import NOW, chargebee


async def test_the_clock_is_read_and_moved() -> None:
    async with chargebee() as site:
        assert (await site.client.get("/sandbox/clock")).json() == {"now": NOW}
        assert (await site.client.post("/sandbox/clock", json={"advance_s": 1800})).json() == {
            "now": NOW + 1800
        }
        assert site.clock() == NOW + 1800
        backwards = await site.client.post("/sandbox/clock", json={"advance_s": -1})
        assert backwards.status_code == 400


async def test_somebody_records_a_payment_behind_the_bots_back() -> None:
    async with chargebee() as site:
        before = await site.invoice("INV-1042")
        told = {"invoice": "INV-1042", "record_payment_minor": 1_900}
        assert (await site.client.post("/sandbox/change", json=told)).status_code == 200
        part = await site.invoice("INV-1042")
        assert (part["amount_due"], part["amount_paid"], part["status"]) == (10_000, 1_900, "payment_due")
        assert part["resource_version"] > before["resource_version"]
        site.site.change(invoice="INV-1042", record_payment_minor=10_000)
        assert (await site.invoice("INV-1042"))["status"] == "paid"
        events = await site.asks("/api/v2/events", "source[is]", "admin_console")
        assert [event["event_type"] for event in events] == ["invoice_updated", "invoice_updated"]


async def test_somebody_changes_fields_by_hand() -> None:
    async with chargebee() as site:
        told = {"kind": "credit_note", "id": "CN-77", "set": {"customer_notes": "sorry"}}
        await site.client.post("/sandbox/change", json=told)
        assert (await site.note("CN-77"))["customer_notes"] == "sorry"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/sandbox/change", {"kind": "invoice"}),
        ("/sandbox/change", {"kind": "invoice", "id": "INV-0", "set": {}}),
        ("/sandbox/change", {"invoice": "INV-1042", "record_payment_minor": 11_901}),
        ("/sandbox/trouble", {"kind": "earthquake"}),
        ("/sandbox/trouble", {"kind": "delay", "minutes": 1}),
        ("/sandbox/trouble", {"kind": "status", "status": 200}),
        ("/sandbox/settings", {"colour": "red"}),
        ("/sandbox/einvoice", {"credit_note": "CN-77", "status": "lost"}),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_reason(path: str, told: dict[str, object]) -> None:
    async with chargebee() as site:
        answer = await site.client.post(path, json=told)
        assert answer.status_code == 400
        assert answer.json()["error"]


async def test_documents_show_what_the_api_hides_and_reset_brings_the_seed_back() -> None:
    async with chargebee() as site:
        await site.post("/api/v2/invoices/INV-1042/write_off", {}, chargebee_event_email="all-disabled")
        events = (await site.client.get("/sandbox/documents", params={"kind": "events"})).json()
        assert {tuple(event["_switches"]) for event in events} == {("chargebee-event-email",)}
        for event in await site.asks("/api/v2/events", "source[is]", "api"):
            assert not any(name.startswith("_") for name in event)
        assert (await site.client.post("/sandbox/reset")).status_code == 200
        assert site.site.calls() == []
        assert (await site.invoice("INV-1042"))["status"] == "payment_due"


async def test_troubles_can_be_taken_back() -> None:
    async with chargebee() as site:
        await site.client.post("/sandbox/trouble", json={"kind": "reset_before"})
        assert len((await site.client.get("/sandbox/trouble")).json()) == 1
        await site.client.delete("/sandbox/trouble")
        await site.invoice("INV-1042")


def test_fidelity_has_exactly_the_endpoints_there_are() -> None:
    told = [row.subject for row in ENDPOINT_FIDELITY]
    assert sorted(told) == sorted(endpoint.name for endpoint in routes.ENDPOINTS)
    assert len({row.subject for row in FIDELITY}) == len(FIDELITY)
    for row in BEHAVIOUR_FIDELITY:
        assert row.says


def test_every_row_of_fidelity_names_a_source_that_anybody_can_look_up() -> None:
    legend = (fidelity.__doc__ or "").partition("| source | means |")[2]
    for row in FIDELITY:
        named = re.findall(r"\b(?:V1|V2|DOC|KB|NODE|PYTHON|GH|inferred|not settled)\b", row.source)
        assert named, row
        assert all(word in legend for word in named), row
        assert not re.search(r"\b(?:facts?|seeds?)\b", row.source, re.IGNORECASE), row


def test_what_is_a_reading_says_that_no_page_settles_it() -> None:
    for row in FIDELITY:
        assert row.how_far != "reading" or "inferred" in row.source or "not settled" in row.source, row


def test_the_interface_and_the_troubles_are_all_documented() -> None:
    documented = inspect.getdoc(control) or ""
    for method, path in control._table(Site(clock=Clock(NOW))):
        assert path in documented
        assert method in documented
        assert hasattr(Site, path.rsplit("/", 1)[-1]), path
    for kind in get_args(trouble.TroubleKind):
        assert f"| {kind} |" in (trouble.__doc__ or "")


def test_a_clock_stands_still_or_runs_and_never_goes_back() -> None:
    still = Clock(5)
    still.advance(2.5)
    assert still() == 7.5
    running = Clock()
    before = running()
    running.advance(100)
    assert running() >= before + 100
    with pytest.raises(ValueError, match="forward"):
        still.advance(-1)


def test_an_unknown_profile_is_an_error() -> None:
    with pytest.raises(ValueError, match="profile"):
        Site(profile="lunar")
