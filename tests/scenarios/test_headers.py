"""The eight headers of Chargebee's pages and the idempotency key: who chooses them, who sees them, what goes out."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.plan import Options
from bot.sandbox.person import Modal
from tests.scenarios.filling import SWITCHES, chosen, forge, forge_block, headers, opened, previewed, sent
from tests.tester import WRITE_OFF, Stage
from tests.tester import stage as on_stage

ANNA = {
    "chargebee-request-origin-user": "anna@acme.example",
    "chargebee-request-origin-device": "Slack",
}
JURGEN = {
    "chargebee-request-origin-user-encoded": base64.b64encode("jürgen.müller@acme.example".encode()).decode(),
    "chargebee-request-origin-device": "Slack",
}
COMMANDS = (
    "/charge globex 20 Setup",
    "/credit-note adjustment INV-1042 20 goodwill",
    WRITE_OFF,
    "/remove-credit-note INV-1031 CN-12 wrong invoice",
    "/send-einvoice CN-77 the customer asked",
)
ENTITY, SILENCED = "Business entity", "Turn off for this change"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stage]:
    """A site whose charges go through v2."""
    async with on_stage(tmp_path, profile="world") as running:
        yield running


async def carried_out(stage: Stage, preview: Modal) -> str:
    ref = await stage.confirms(preview)
    if await stage.state(ref) == "pending":
        await stage.approves(stage.bo, ref)
    return ref


# Who asked


@pytest.mark.parametrize("command", COMMANDS)
async def test_the_origin_is_the_requester_in_slack_and_never_the_approver(
    stage: Stage, command: str
) -> None:
    await carried_out(stage, await stage.asks(stage.anna, command))
    assert headers(stage) == ANNA


@pytest.mark.parametrize("command", COMMANDS)
async def test_an_address_that_is_not_ascii_goes_out_encoded_and_only_so(stage: Stage, command: str) -> None:
    await carried_out(stage, await stage.asks(stage.jurgen, command))
    assert headers(stage) == JURGEN


async def test_an_address_is_sent_only_where_the_settings_name_one(tmp_path: Path) -> None:
    async with on_stage(tmp_path, origin_ip="203.0.113.7") as stage:
        await stage.pending("/charge globex 20 Setup")
        assert headers(stage) == ANNA | {"chargebee-request-origin-ip": "203.0.113.7"}


async def test_each_request_has_a_key_of_its_own(stage: Stage) -> None:
    await stage.pending("/charge globex 20 Setup")
    await stage.pending("/charge globex 21 Setup")
    keys = [call["idempotency_key"] for call in stage.writes()]
    assert len(set(keys)) == 2
    assert all(0 < len(key) <= 100 for key in keys)


# The switches


@pytest.mark.parametrize(
    "command", ["/charge", "/credit-note", "/write-off", "/remove-credit-note", "/send-einvoice"]
)
async def test_switches_are_offered_only_to_those_whose_role_has_them(stage: Stage, command: str) -> None:
    assert SILENCED not in (await opened(stage, stage.anna, command)).fields
    form = await opened(stage, stage.jurgen, command)
    assert await form.options(SILENCED) == list(SWITCHES.values())


@pytest.mark.parametrize("header", SWITCHES)
async def test_each_switch_sends_its_own_header_and_approvers_are_told(stage: Stage, header: str) -> None:
    form = await opened(stage, stage.jurgen, "/write-off INV-1042")
    await previewed(form, {"Reason": "duplicate", SILENCED: [SWITCHES[header]]})
    told = {
        "chargebee-event-webhook": "webhooks",
        "chargebee-event-email": "e-mails",
        "chargebee-event-actions": "automatic actions",
    }[header]
    warning = {
        "chargebee-event-webhook": "No webhooks will be sent",
        "chargebee-event-email": "Chargebee will send the customer no e-mail",
        "chargebee-event-actions": "No action set up in Chargebee",
    }[header]
    shown = form.reads
    ref = await stage.confirms(form)
    card, review = await stage.card(ref), await stage.reviews(stage.bo, ref)
    for reads in (shown, card.reads, review.reads):
        assert f"Turned off for this change: {told}" in reads
        assert warning in reads
    assert await review.submit() is None
    await stage.quiet()
    assert headers(stage) == JURGEN | {header: "all-disabled"}


async def test_all_three_switches_go_out_together(stage: Stage) -> None:
    form = await opened(stage, stage.jurgen, "/charge globex 20")
    await previewed(form, {"Description": "Setup", SILENCED: list(SWITCHES.values())})
    await stage.confirms(form)
    assert headers(stage) == JURGEN | dict.fromkeys(SWITCHES, "all-disabled")


async def test_a_forged_switch_is_refused_and_written_down_nowhere_as_asked_for(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/charge globex 20")
    await form.fill({"Description": "Setup"})
    ticked = {"type": "checkboxes", "selected_options": [{"value": "webhooks"}]}
    forge_block(stage, form, "field:switches", "input", ticked)
    errors = await form.submit()
    assert errors is not None
    assert "You may not turn off webhooks." in " ".join(errors.values())
    assert stage.writes() == []


async def test_a_switch_that_is_taken_away_before_the_confirmation_is_not_used(stage: Stage) -> None:
    form = await opened(stage, stage.jurgen, "/charge globex 20")
    await previewed(form, {"Description": "Setup", SILENCED: ["Send no webhooks"]})
    assert await stage.policy(('switches = ["webhooks", "emails", "actions"]', 'switches = ["emails"]'))
    await form.submit()
    await stage.quiet()
    await form.refresh()
    assert "You may not turn off webhooks" in form.reads
    assert stage.writes() == []


# The business entity


@pytest.mark.parametrize("command", ["/credit-note", "/write-off", "/remove-credit-note", "/send-einvoice"])
async def test_a_business_entity_can_be_chosen_for_calls_of_v2(stage: Stage, command: str) -> None:
    form = await opened(stage, stage.anna, command)
    assert await form.options(ENTITY) == ["Germany", "USA", "None"]


async def test_the_chosen_entity_goes_out_and_approvers_see_and_approve_it(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/write-off INV-1042")
    await previewed(form, {"Reason": "duplicate", ENTITY: "USA"})
    shown = form.reads
    ref = await stage.confirms(form)
    card, review = await stage.card(ref), await stage.reviews(stage.bo, ref)
    for reads in (shown, card.reads, review.reads):
        assert "Business entity: be-us" in reads
    record = await stage.record(ref)
    assert record.plan.model_copy(update={"options": Options()}).fingerprint != record.fingerprint
    assert await review.submit() is None
    await stage.quiet()
    assert headers(stage) == ANNA | {"chargebee-business-entity-id": "be-us"}


async def test_the_entity_of_a_channel_is_used_there_without_being_chosen(stage: Stage) -> None:
    assert await stage.policy(("by_channel = {}", 'by_channel = { C0BILLING = "be-us" }'))
    preview = await stage.asks(stage.anna, WRITE_OFF)
    assert "Business entity: be-us" in preview.reads
    await carried_out(stage, preview)
    assert headers(stage) == ANNA | {"chargebee-business-entity-id": "be-us"}
    elsewhere = await stage.asks(stage.anna, "/write-off INV-1031 given up", channel="C0GENERAL")
    assert "Business entity" not in elsewhere.reads


async def test_the_entity_of_a_channel_stands_in_the_form_and_can_be_taken_back(stage: Stage) -> None:
    assert await stage.policy(("by_channel = {}", 'by_channel = { C0BILLING = "be-us" }'))
    form = await opened(stage, stage.anna, "/write-off INV-1042")
    chosen = form.fields[ENTITY].value["selected_option"]
    assert chosen["value"] == "be-us"
    await previewed(form, {"Reason": "duplicate", ENTITY: "None"})
    assert "Business entity" not in form.reads
    await form.click("Change")
    await stage.quiet()
    await form.refresh()
    await previewed(form)
    assert "Business entity" not in form.reads, "taken back for good"
    await carried_out(stage, form)
    assert headers(stage) == ANNA


async def test_a_charge_through_v1_knows_no_entity_and_one_through_v2_does(
    stage: Stage, world: Stage
) -> None:
    assert await stage.policy(("by_channel = {}", 'by_channel = { C0BILLING = "be-us" }'))
    assert ENTITY not in (await opened(stage, stage.anna, "/charge")).fields
    await stage.anna.sees_modal()
    await stage.pending("/charge globex 20 Setup")
    assert headers(stage) == ANNA

    form = await opened(world, world.anna, "/charge globex 20")
    await previewed(form, {"Description": "Setup", ENTITY: "Germany"})
    assert "Business entity: be-de" in form.reads
    await world.confirms(form)
    assert headers(world) == ANNA | {"chargebee-business-entity-id": "be-de"}
    assert world.site.documents("invoices")[-1]["business_entity_id"] == "be-de"


async def test_an_entity_that_is_not_offered_is_refused_by_its_field(stage: Stage) -> None:
    assert await stage.policy(('entities = ["*"]', 'entities = ["be-de"]'))
    form = await opened(stage, stage.anna, "/write-off INV-1042")
    assert await form.options(ENTITY) == ["Germany", "None"]
    await form.fill({"Reason": "duplicate"})
    forge(stage, form, ENTITY, chosen("be-us"))
    assert await form.submit() == {
        ENTITY: "This business entity is not offered to you here. Choose one from the list."
    }
    assert stage.writes() == []


# Changing a request keeps them


async def test_going_back_to_the_form_keeps_entity_and_switches(stage: Stage) -> None:
    form = await opened(stage, stage.jurgen, "/write-off INV-1042")
    await previewed(form, {"Reason": "duplicate", ENTITY: "USA", SILENCED: ["Send no e-mails"]})
    await form.click("Change")
    await stage.quiet()
    await form.refresh()
    assert form.fields[ENTITY].value["selected_option"]["value"] == "be-us"
    assert [o["value"] for o in form.fields[SILENCED].value["selected_options"]] == ["emails"]
    await previewed(form)
    await carried_out(stage, form)
    assert sent(stage)["headers"]["chargebee-event-email"] == "all-disabled"
