"""Write-offs and removed credit notes, told as what the site shows before and after."""

import pytest

from tests.sandbox.chargebee_story import DAY_S, NOW, chargebee


async def test_a_write_off_pays_the_invoice_with_an_adjustment_note_over_the_whole_due() -> None:
    async with chargebee() as site:
        before = await site.invoice("INV-1042")
        assert (before["status"], before["amount_due"], before["tax"]) == ("payment_due", 11_900, 1_900)

        answer = await site.post("/api/v2/invoices/INV-1042/write_off", {"comment": "duplicate, BR-1"})

        invoice, note = answer["invoice"], answer["credit_note"]
        assert invoice["status"] == "paid"
        assert invoice["amount_due"] == invoice["amount_to_collect"] == 0
        assert invoice["write_off_amount"] == invoice["amount_adjusted"] == 11_900
        assert invoice["paid_at"] == NOW
        assert [entry["cn_id"] for entry in invoice["adjustment_credit_notes"]] == [note["id"]]
        assert invoice["issued_credit_notes"] == []
        assert (note["type"], note["status"], note["total"]) == ("adjustment", "adjusted", 11_900)
        assert (note["create_reason_code"], note["reason_code"]) == ("Write Off", "write_off")
        assert (note["amount_allocated"], note["amount_available"]) == (11_900, 0)
        assert note["allocations"][0]["invoice_id"] == "INV-1042"
        assert note["taxes"][0]["amount"] == 1_900
        assert sum(entry["amount"] for entry in note["line_items"]) == note["sub_total"] == 10_000
        assert invoice["resource_version"] > before["resource_version"]
        assert await site.invoice("INV-1042") == invoice
        assert await site.note(note["id"]) == note


async def test_the_write_off_comment_becomes_a_comment_on_the_invoice() -> None:
    async with chargebee() as site:
        await site.post("/api/v2/invoices/INV-1042/write_off", {"comment": "duplicate, BR-1"})

        page = await site.get("/api/v2/comments", entity_type="invoice", entity_id="INV-1042")

        assert [entry["comment"]["notes"] for entry in page["list"]] == ["duplicate, BR-1"]
        assert page["list"][0]["comment"]["added_by"] == "billing-bot"


@pytest.mark.parametrize("invoice_id", ["INV-1040", "INV-1070", "INV-1071", "INV-1080", "INV-1073"])
async def test_what_is_not_open_or_is_being_paid_cannot_be_written_off(invoice_id: str) -> None:
    async with chargebee() as site:
        before = await site.invoice(invoice_id)
        refused = await site.refused(f"/api/v2/invoices/{invoice_id}/write_off")
        assert refused == (409, "invalid_state_for_request", None)
        assert await site.invoice(invoice_id) == before


async def test_a_write_off_is_undone_by_removing_its_note() -> None:
    async with chargebee() as site:
        answer = await site.post("/api/v2/invoices/INV-1080/remove_credit_note", {"credit_note[id]": "CN-80"})

        invoice, note = answer["invoice"], answer["credit_note"]
        assert invoice["status"] == "not_paid"
        assert (invoice["amount_due"], invoice["amount_adjusted"]) == (11_900, 0)
        assert invoice["write_off_amount"] == 0
        assert invoice["adjustment_credit_notes"] == []
        assert "paid_at" not in invoice
        assert (note["amount_allocated"], note["amount_available"]) == (0, 11_900)
        assert note["allocations"] == []


async def test_a_paid_invoice_that_is_not_due_yet_is_posted_after_the_removal() -> None:
    async with chargebee() as site:
        written_off = await site.post("/api/v2/invoices/INV-1072/write_off")
        note_id = written_off["credit_note"]["id"]
        answer = await site.post("/api/v2/invoices/INV-1072/remove_credit_note", {"credit_note[id]": note_id})
        assert answer["invoice"]["status"] == "posted"
        assert answer["invoice"]["amount_due"] == answer["invoice"]["total"]


async def test_an_open_invoice_keeps_its_status_when_either_kind_of_note_is_removed() -> None:
    async with chargebee() as site:
        path = "/api/v2/invoices/INV-1031/remove_credit_note"
        assert (await site.invoice("INV-1031"))["amount_due"] == 22_000

        adjusted = await site.post(path, {"credit_note[id]": "CN-12"})
        assert adjusted["invoice"]["amount_due"] == 27_000
        assert adjusted["invoice"]["amount_adjusted"] == 0
        assert adjusted["invoice"]["status"] == "not_paid"

        refundable = await site.post(path, {"credit_note[id]": "CN-13"})
        assert refundable["invoice"]["amount_due"] == 30_000
        assert refundable["invoice"]["credits_applied"] == 0
        assert refundable["credit_note"]["status"] == "refund_due"
        assert refundable["credit_note"]["amount_available"] == 3_000
        issued = (await site.invoice("INV-1030"))["issued_credit_notes"]
        assert [entry["cn_status"] for entry in issued] == ["refund_due"]


async def test_a_note_that_is_not_applied_here_cannot_be_removed() -> None:
    async with chargebee() as site:
        path = "/api/v2/invoices/INV-1042/remove_credit_note"
        param = "credit_note[id]"
        assert await site.refused(path, {param: "CN-77"}) == (400, "invalid_request", param)
        assert await site.refused(path, {param: "CN-82"}) == (400, "invalid_request", param)
        assert await site.refused(path, {param: "CN-79"}) == (409, "invalid_state_for_request", param)
        assert await site.refused(path, {param: "CN-0"}) == (404, "resource_not_found", param)
        assert await site.refused(path) == (400, "param_wrong_value", param)
        voided = "/api/v2/invoices/INV-1070/remove_credit_note"
        assert await site.refused(voided, {param: "CN-12"}) == (409, "invalid_state_for_request", None)


async def test_store_credit_stays_where_it_is_applied() -> None:
    async with chargebee() as site:
        await site.post("/api/v2/invoices/INV-1073/apply_credits", {"credit_notes[id][0]": "CN-82"})
        refused = await site.refused(
            "/api/v2/invoices/INV-1073/remove_credit_note", {"credit_note[id]": "CN-82"}
        )
        assert refused == (400, "invalid_request", "credit_note[id]")


async def test_credit_cannot_be_taken_off_once_more_than_is_left_was_given_back() -> None:
    async with chargebee() as site:
        await site.post(
            "/api/v2/credit_notes",
            {"type": "refundable", "reference_invoice_id": "INV-1031", "total": 1},
        )
        refused = await site.refused(
            "/api/v2/invoices/INV-1031/remove_credit_note", {"credit_note[id]": "CN-13"}
        )
        assert refused == (400, "invalid_request", "credit_note[id]")


async def test_removed_credit_can_be_applied_again() -> None:
    async with chargebee() as site:
        await site.post("/api/v2/invoices/INV-1031/remove_credit_note", {"credit_note[id]": "CN-13"})
        answer = await site.post("/api/v2/invoices/INV-1031/apply_credits", {"credit_notes[id][0]": "CN-13"})
        assert answer["invoice"]["amount_due"] == 22_000
        assert answer["invoice"]["status"] == "payment_due"
        assert (await site.note("CN-13"))["status"] == "refunded"


async def test_an_invoice_can_be_voided_only_while_nothing_hangs_on_it() -> None:
    async with chargebee() as site:
        assert await site.refused("/api/v2/invoices/INV-1031/void") == (
            409,
            "invalid_state_for_request",
            None,
        )
        assert await site.refused("/api/v2/invoices/INV-1073/void") == (
            409,
            "invalid_state_for_request",
            None,
        )
        assert await site.refused("/api/v2/invoices/INV-1040/void") == (
            409,
            "invalid_state_for_request",
            None,
        )
        answer = await site.post("/api/v2/invoices/INV-1042/void", {"comment": "wrong"})
        assert (answer["invoice"]["status"], answer["invoice"]["amount_due"]) == ("voided", 0)


async def test_an_adjusted_invoice_cannot_be_voided() -> None:
    async with chargebee() as site:
        await site.post(
            "/api/v2/credit_notes",
            {"type": "adjustment", "reference_invoice_id": "INV-1042", "total": 1},
        )
        assert await site.refused("/api/v2/invoices/INV-1042/void") == (
            409,
            "invalid_state_for_request",
            None,
        )


async def test_an_id_with_a_slash_is_found_encoded_and_bare_and_never_becomes_an_operation() -> None:
    async with chargebee() as site:
        assert (await site.invoice("INV%2F2026%2F7"))["id"] == "INV/2026/7"
        assert (await site.invoice("INV/2026/7"))["id"] == "INV/2026/7"
        answer = await site.post("/api/v2/invoices/INV%2F2026%2F7/write_off")
        assert answer["invoice"]["id"] == "INV/2026/7"
        assert (await site.send("/api/v2/invoices/INV-1042%2Fvoid")).status_code == 405
        assert (await site.invoice("INV-1042"))["status"] == "payment_due"


async def test_every_seeded_sum_agrees_with_the_documented_formulas() -> None:
    for profile in ("classic", "world"):
        async with chargebee(profile) as story:
            invoices = story.site.documents("invoices")
            for invoice in invoices:
                if invoice["status"] == "voided":
                    continue
                paid = [e for e in invoice["linked_payments"] if e["txn_status"] == "success"]
                assert invoice["amount_due"] == (
                    invoice["total"]
                    - sum(e["applied_amount"] for e in paid)
                    - sum(e["applied_amount"] for e in invoice["applied_credits"])
                    - sum(e["cn_total"] for e in invoice["adjustment_credit_notes"])
                ), invoice["id"]
                assert (invoice["amount_due"] == 0) == (invoice["status"] == "paid"), invoice["id"]
                assert invoice["total"] == invoice["sub_total"] + invoice["tax"]
                assert invoice["date"] <= NOW
                if invoice["status"] == "posted":
                    assert invoice["due_date"] > NOW
            assert len(invoices) >= 36
            assert {"paid", "posted", "payment_due", "not_paid", "voided", "pending"} == {
                invoice["status"] for invoice in invoices
            }
            for note in story.site.documents("credit_notes"):
                used = note["amount_allocated"] + note["amount_refunded"]
                if note["status"] != "voided":
                    assert note["amount_available"] == note["total"] - used


async def test_the_seed_is_as_old_as_the_clock_says() -> None:
    async with chargebee() as story:
        story.clock.advance(400 * DAY_S)
        story.site.reset()
        invoice = await story.invoice("INV-1042")
        assert invoice["date"] == NOW + 400 * DAY_S - 20 * DAY_S
