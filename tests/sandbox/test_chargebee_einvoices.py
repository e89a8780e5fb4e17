"""E-invoices: who may have one sent, and what becomes of it."""

import pytest

from tests.sandbox.chargebee_story import NOW, Story, chargebee


def send(note_id: str) -> str:
    return f"/api/v2/credit_notes/{note_id}/send_einvoice"


async def status(story: Story, note_id: str) -> str:
    return str((await story.note(note_id))["einvoice"]["status"])


async def test_an_e_invoice_is_scheduled_then_in_progress_then_delivered() -> None:
    async with chargebee() as site:
        assert "einvoice" not in await site.note("CN-77")
        note = (await site.post(send("CN-77")))["credit_note"]
        assert note["einvoice"]["status"] == "scheduled"
        site.clock.advance(4)
        assert await status(site, "CN-77") == "scheduled"
        site.clock.advance(1)
        assert await status(site, "CN-77") == "in_progress"
        site.clock.advance(5)
        after = await site.note("CN-77")
        assert after["einvoice"]["status"] == "success"
        assert after["updated_at"] == NOW + 10
        assert after["resource_version"] > note["resource_version"]
        events = await site.asks("/api/v2/events", "event_type[is]", "credit_note_updated")
        assert [event["source"] for event in events] == ["api", "scheduled_job", "scheduled_job"]
        assert [event["occurred_at"] for event in events] == [NOW, NOW + 5, NOW + 10]


@pytest.mark.parametrize(
    ("note_id", "refused"),
    [
        ("CN-81", (409, "invalid_state_for_request", None)),
        ("CN-79", (409, "invalid_state_for_request", None)),
        ("CN-82", (400, "configuration_incompatible", None)),
        ("CN-83", (400, "configuration_incompatible", None)),
        ("CN-0", (404, "resource_not_found", None)),
    ],
)
async def test_what_cannot_be_sent(note_id: str, refused: tuple[int, str, None]) -> None:
    async with chargebee() as site:
        assert await site.refused(send(note_id)) == refused


async def test_sending_takes_no_parameters() -> None:
    async with chargebee() as site:
        assert await site.refused(send("CN-77"), {"comment": "x"}) == (400, "invalid_request", "comment")


async def test_the_site_can_switch_e_invoicing_off_or_to_automatic() -> None:
    async with chargebee() as site:
        site.site.settings(einvoicing_enabled=False)
        assert (await site.refused(send("CN-77")))[1] == "configuration_incompatible"
        site.site.settings(einvoicing_enabled=True, einvoicing_method="automatic")
        site.site.change(kind="customer", id="acme", set={"einvoicing_method": "site_default"})
        assert (await site.refused(send("CN-77")))[1] == "configuration_incompatible"


async def test_a_failed_e_invoice_can_be_sent_again_and_fail_again() -> None:
    async with chargebee() as site:
        site.site.einvoice(credit_note="CN-78", status="failed", message="still no answer")
        old = (await site.note("CN-78"))["einvoice"]
        assert (await site.post(send("CN-78")))["credit_note"]["einvoice"]["id"] != old["id"]
        assert (await site.refused(send("CN-78")))[0] == 409
        site.clock.advance(10)
        failed = (await site.note("CN-78"))["einvoice"]
        assert (failed["status"], failed["message"]) == ("failed", "still no answer")

        resend = "/api/v2/credit_notes/CN-78/resend_einvoice"
        assert (await site.post(resend))["credit_note"]["einvoice"]["id"] == failed["id"]
        site.clock.advance(10)
        delivered = (await site.note("CN-78"))["einvoice"]
        assert delivered["status"] == "success"
        assert "message" not in delivered
        assert await site.refused(resend) == (409, "invalid_state_for_request", None)


async def test_a_customers_receiver_may_be_missing_from_the_network() -> None:
    async with chargebee() as site:
        await site.post(send("CN-84"))
        site.clock.advance(60)
        skipped = (await site.note("CN-84"))["einvoice"]
        assert skipped["status"] == "skipped"
        assert "network" in skipped["message"]


async def test_an_e_invoice_under_way_can_be_ended_from_outside() -> None:
    async with chargebee() as site:
        await site.post(send("CN-77"))
        told = {"credit_note": "CN-77", "status": "rejected", "message": "wrong address"}
        assert (await site.client.post("/sandbox/einvoice", json=told)).status_code == 200
        assert await status(site, "CN-77") == "rejected"
        site.clock.advance(60)
        assert await status(site, "CN-77") == "rejected"
