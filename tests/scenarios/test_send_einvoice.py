"""Sending an e-invoice: scheduled at once, settled later, never undone."""

import pytest

from tests.scenarios.filling import differences, opened, previewed, sent
from tests.tester import Stage

UNDO = "Cannot be undone: once sent, an e-invoice cannot be called back."


async def settled(stage: Stage, ref: str, seconds: int = 60) -> str:
    """Lets time pass until the network has answered; how the request ended."""
    for _ in range(6):
        stage.later(seconds / 6)
        await stage.quiet()
    return await stage.state(ref)


@pytest.mark.parametrize("note", ["CN-77", "CN-78"], ids=["first", "after a failure"])
async def test_it_is_scheduled_without_any_parameter_and_done_when_the_network_says_so(
    stage: Stage, note: str
) -> None:
    ref = await stage.pending(f"/send-einvoice {note} the customer asked")
    assert stage.writes() == []
    await stage.approves(stage.bo, ref)
    call = sent(stage)
    assert (call["method"], call["path"]) == ("POST", f"/api/v2/credit_notes/{note}/send_einvoice")
    assert call["form"] == {}
    assert await stage.state(ref) == "settling"
    assert "accepted" in (await stage.card(ref)).reads
    assert await settled(stage, ref) == "done"
    assert stage.credit_note(note)["einvoice"]["status"] == "success"
    assert await differences(stage, ref) == []
    assert "Done." in (await stage.told(stage.anna, ref))[-1]


async def test_one_that_fails_says_so_and_shows_how_it_ended(stage: Stage) -> None:
    ref = await stage.pending("/send-einvoice CN-77 the customer asked")
    stage.site.einvoice(credit_note="CN-77", status="failed", message="The endpoint did not answer")
    await stage.approves(stage.bo, ref)
    assert await settled(stage, ref) == "failed"
    assert "did not go through" in (await stage.told(stage.anna, ref))[-1]
    assert "E-invoice: expected success, found failed" in (await stage.card(ref)).reads


async def test_one_that_is_skipped_has_not_been_sent(stage: Stage) -> None:
    ref = await stage.pending("/send-einvoice CN-84 the customer asked")
    await stage.approves(stage.bo, ref)
    assert await settled(stage, ref) == "failed"
    assert stage.credit_note("CN-84")["einvoice"]["status"] == "skipped"
    assert "E-invoice: expected success, found skipped" in (await stage.card(ref)).reads


async def test_one_that_failed_before_can_be_sent_again_and_the_reason_is_told(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, "/send-einvoice CN-78 once more")
    assert "The last e-invoice failed: The receiver's endpoint did not answer" in preview.reads
    assert "E-invoice: failed → success" in preview.reads


async def test_that_it_cannot_be_undone_is_said_once_before_it_is_approved(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, "/send-einvoice CN-77")
    previewed_as = preview.reads
    ref = await stage.confirms(preview)
    card = await stage.card(ref)
    review = await stage.reviews(stage.bo, ref)
    for reads in (previewed_as, card.reads, review.reads):
        assert reads.count("annot be undone") == 1, reads
        assert UNDO in reads
    assert "One of @Bo Approver, @Fiona Finance and @Carl Controller must approve" in previewed_as


async def test_the_form_needs_only_the_note_and_a_reason_is_kept_on_it(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/send-einvoice")
    await previewed(form, {"Credit note": "CN-77", "Reason": "asked for by phone"})
    ref = await stage.confirms(form)
    await stage.approves(stage.bo, ref)
    await settled(stage, ref)
    (note,) = [
        call["form"]
        for call in stage.site.calls()
        if call["method"] == "POST" and call["path"].endswith("/comments")
    ]
    assert (note["entity_type"], note["entity_id"]) == ("credit_note", "CN-77")
    assert "approved by Bo Approver. Reason: asked for by phone" in note["notes"]


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("CN-79", "Credit note CN-79 is voided"),
        ("CN-81", "Credit note CN-81 has an e-invoice already: success."),
        ("CN-82", "E-invoicing is off for customer globex."),
        ("CN-83", "Chargebee sends the e-invoices of customer autoinv by itself"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_anybody_is_asked(
    stage: Stage, note: str, why: str
) -> None:
    refusal = await stage.asks(stage.anna, f"/send-einvoice {note} the customer asked")
    assert why in refusal.reads
    assert "Nothing was sent to Chargebee" in refusal.reads


async def test_a_site_without_e_invoicing_refuses_and_the_request_says_so(stage: Stage) -> None:
    stage.site.settings(einvoicing_enabled=False)
    ref = await stage.pending("/send-einvoice CN-77 the customer asked")
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "failed"
    assert "The Chargebee site is not set up for this." in (await stage.told(stage.anna, ref))[-1]


async def test_an_unknown_note_is_a_sentence_by_the_note(stage: Stage) -> None:
    form = await stage.asks(stage.anna, "/send-einvoice CN-9999")
    assert "Chargebee has no such credit note" in form.reads


async def test_the_answer_of_the_receiver_after_delivery_is_a_success_too(stage: Stage) -> None:
    ref = await stage.pending("/send-einvoice CN-77 the customer asked")
    stage.site.einvoice(credit_note="CN-77", status="accepted")
    await stage.approves(stage.bo, ref)
    assert await settled(stage, ref) == "done"
    assert await differences(stage, ref) == []


async def test_one_that_only_the_tax_portal_cleared_is_done_with_a_difference(stage: Stage) -> None:
    ref = await stage.pending("/send-einvoice CN-77 the customer asked")
    stage.site.einvoice(credit_note="CN-77", status="registered")
    await stage.approves(stage.bo, ref)
    assert await settled(stage, ref) == "done"
    assert "E-invoice: expected success, found registered" in (await stage.card(ref)).reads
