"""People who may do something try what is not theirs: drafts and previews of others, unknown ids, roles they have lost."""

from typing import Any

import pytest

from bot.sandbox.person import Person, Shown
from bot.slack.routes import INPUT, Callback, Click, Pick, field_block
from tests.tester import WRITE_OFF, Stage, ref_in

REASON = {"type": "plain_text_input", "value": "because I say so"}
BO = 'email = "bo@acme.example"\nroles = ["approver"]'


async def denials(stage: Stage, ref: str = "") -> list[tuple[str, str, str]]:
    """Who was stopped, by which rule."""
    rows = [row.entry for row in await stage.bot.store.audit_page(0, 500)]
    return [
        (row.event, row.user_id, row.rule)
        for row in rows
        if row.event.startswith("denied.") and ref in ("", row.ref)
    ]


async def clicked(stage: Stage, person: Person, click: str, value: str, **where: Any) -> Shown:
    """A click that Slack's client did not offer, by default beside the newest card."""
    if not where:
        card = (await stage.bo.messages("C0APPROVALS"))[0]
        where = {"message": {"channel": card.channel, "ts": card.ts}}
    shown = await person.acts("click", **where, action_id=click, block_id="b", value=value, force=True)
    await stage.quiet()
    return shown


async def submitted(
    stage: Stage, person: Person, callback: str, metadata: str, view: str, **values: Any
) -> str:
    """A forged submit; what is shown in the modal's place."""
    shown = await person.acts(
        "submit",
        view=view,
        callback_id=callback,
        private_metadata=metadata,
        values={field_block(name): {INPUT: value} for name, value in values.items()},
        force=True,
    )
    await stage.quiet()
    return str(shown.response)


async def private(person: Person) -> str:
    """The newest private message of a person."""
    found = [one for one in await person.messages() if one.is_ephemeral]
    assert found, "told nothing"
    return found[-1].reads


# Somebody else's preview and draft

MINE = "Only the person who asked for this can submit or change it."


async def test_a_preview_is_seen_changed_and_submitted_by_nobody_else(stage: Stage) -> None:
    await stage.pending()
    preview = await stage.asks(stage.anna, "/write-off INV-1103 insolvent")
    ref, view = ref_in(preview.reads), preview.view["id"]
    await preview.close()
    for person in (stage.bo, stage.fiona, stage.jurgen, stage.carl):
        await clicked(stage, person, Click.SHOW, ref)
        assert await private(person) == (
            "This has not been asked for yet; only the person who prepares it sees it."
        )
        await clicked(stage, person, Click.CHANGE, ref)
        assert await private(person) == MINE
        shown = await submitted(stage, person, Callback.PREVIEW, ref, view)
        assert MINE in shown
        for click in (Click.REVIEW, Click.REJECT):
            await clicked(stage, person, click, ref)
            assert "INV-1103" not in await private(person)
        await person.sees_no_modal()
    assert await stage.state(ref) == "previewed"
    assert stage.writes() == []
    for event in ("see", "change", "submit"):
        users = [user for name, user, _ in await denials(stage, ref) if name == f"denied.{event}"]
        assert users == ["U0BO", "U0FIN", "U0JURGEN", "U0CARL"]


@pytest.mark.parametrize(
    "click", [Click.FIELD, Click.LINE_ADD, Click.LINE_REMOVE, Click.LINE_TEMPLATE, Pick.INVOICE]
)
async def test_somebody_elses_form_answers_to_nobody_else(stage: Stage, click: str) -> None:
    await stage.anna.runs("/credit-note INV-1051", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    draft, view = form.view["private_metadata"], form.view["id"]
    reads = len(stage.site.calls())
    await form.close()
    await clicked(stage, stage.jurgen, click, f"{draft}:0", view=view)
    await stage.jurgen.sees_no_modal()
    shown = await submitted(stage, stage.jurgen, Callback.FORM, draft, view)
    assert "This form belongs to somebody else." in shown
    assert "INV-1051" not in shown
    assert await denials(stage) == [("denied.draft", "U0JURGEN", "draft.owner")] * 2
    assert len(stage.site.calls()) == reads
    kept = await stage.bot.store.draft(draft)
    assert kept is not None
    assert kept.version == 0


async def test_nobody_looks_things_up_through_somebody_elses_form(stage: Stage) -> None:
    await stage.anna.runs("/write-off", channel="C0BILLING")
    view = (await stage.anna.sees_modal()).view["id"]
    found = await stage.jurgen.suggestions(
        view=view, action_id=Pick.INVOICE.value, block_id=field_block("invoice"), query="INV", force=True
    )
    assert found == []
    assert stage.site.calls() == []
    assert await denials(stage) == [("denied.draft", "U0JURGEN", "draft.owner")]


# Ids that were never offered


@pytest.mark.parametrize("action", ["request.delete", "", "form", "REQUEST.REVIEW"])
async def test_an_unknown_button_does_nothing_and_says_so(stage: Stage, action: str) -> None:
    ref = await stage.pending()
    await clicked(stage, stage.bo, action, ref)
    assert "Nothing was done." in await private(stage.bo)
    assert await stage.state(ref) == "pending"


async def test_an_unknown_operation_cannot_be_started(stage: Stage) -> None:
    await stage.pending()
    await clicked(stage, stage.anna, Click.START, "delete_customer")
    assert "Nothing was done." in await private(stage.anna)


async def test_an_unknown_modal_submits_nothing(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    shown = await submitted(stage, stage.bo, "approve_everything", ref, review.view["id"])
    assert "Nothing was done." in shown
    assert await stage.state(ref) == "pending"


@pytest.mark.parametrize("ref", ["BR-9999", "", "BR-1001'; DROP TABLE requests", "../BR-1001", "🙂" * 50])
async def test_a_request_that_does_not_exist_is_said_not_to_exist(stage: Stage, ref: str) -> None:
    known = await stage.pending()
    for click in (Click.REVIEW, Click.REJECT, Click.CANCEL, Click.SHOW, Click.LOOK, Click.SETTLE):
        await clicked(stage, stage.bo, click, ref)
        assert "There is no request" in await private(stage.bo)
    review = await stage.reviews(stage.bo, known)
    for callback in (Callback.REVIEW, Callback.PREVIEW, Callback.CANCEL):
        assert "There is no request" in await submitted(stage, stage.bo, callback, ref, review.view["id"])
    assert await stage.state(known) == "pending"


async def test_a_draft_that_does_not_exist_is_an_expired_form(stage: Stage) -> None:
    await stage.anna.runs("/write-off", channel="C0BILLING")
    view = (await stage.anna.sees_modal()).view["id"]
    for callback in (Callback.FORM, Callback.LINE):
        assert "This form has expired." in await submitted(stage, stage.anna, callback, "guess", view)


async def test_a_line_of_an_operation_without_lines_does_nothing(stage: Stage) -> None:
    await stage.anna.runs("/write-off INV-1042", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    draft, view = form.view["private_metadata"], form.view["id"]
    assert "Nothing was done." in await submitted(stage, stage.anna, Callback.LINE, draft, view)
    for click in (Click.LINE_ADD, Click.LINE_REMOVE, Click.LINE_TEMPLATE):
        await clicked(stage, stage.anna, click, f"{draft}:x", view=view)
    assert stage.site.calls() == []


async def test_a_review_forged_for_a_request_above_ones_tier_is_denied(stage: Stage) -> None:
    small = await stage.pending()
    large = await stage.pending("/write-off INV-1100 insolvent, claim filed")
    review = await stage.reviews(stage.bo, small)
    shown = await submitted(stage, stage.bo, Callback.REVIEW, large, review.view["id"])
    assert "It takes the role finance. Ask Fiona Finance or Carl Controller." in shown
    assert (await stage.record(large)).votes == ()
    assert await denials(stage, large) == [("denied.approve", "U0BO", "gates.write_off.tiers[1]")]


@pytest.mark.parametrize("callback", [Callback.REVIEW, Callback.REJECT])
async def test_the_requester_cannot_decide_with_a_forged_form_either(stage: Stage, callback: str) -> None:
    ref = await stage.pending()
    view = (await stage.asks(stage.anna, "/write-off INV-1103 insolvent")).view["id"]
    shown = await submitted(stage, stage.anna, callback, ref, view, reason=REASON)
    assert "You asked for this, so somebody else has to decide." in shown
    assert await stage.state(ref) == "pending"


@pytest.mark.parametrize(("happened", "reason"), [(None, REASON), ("yes", None), ("maybe", REASON)])
async def test_a_settlement_without_an_answer_or_a_reason_settles_nothing(
    stage: Stage, happened: str | None, reason: Any
) -> None:
    ref = await stage.pending()
    stage.chargebee_trouble("status", "write_off", status=503)
    await stage.approves(stage.bo, ref)
    await stage.fiona.clicks("Settle…", in_message_containing=ref)
    modal = await stage.fiona.sees_modal(title=f"Settle {ref}")
    chosen = {"type": "radio_buttons", "selected_option": {"value": happened} if happened else None}
    shown = await submitted(
        stage,
        stage.fiona,
        Callback.SETTLE,
        ref,
        modal.view["id"],
        happened=chosen,
        reason=reason or {"type": "plain_text_input", "value": "  "},
    )
    assert "Choose what Chargebee shows." in shown or "Say why, in a few words." in shown
    assert await stage.state(ref) == "uncertain"


# Roles that are gone by the time it matters


async def test_a_form_of_somebody_who_may_no_longer_ask_reads_nothing(stage: Stage) -> None:
    await stage.anna.runs("/credit-note INV-1051", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    await form.fill({"Type": "Refundable: give back what was paid"})
    await stage.quiet()
    assert await stage.policy(('roles = ["agent"]', "roles = []"))
    form = await stage.anna.sees_modal()
    reads = len(stage.site.calls())
    await form.click("Add a line")
    await stage.quiet()
    form = await stage.anna.sees_modal(containing="You hold no role in the billing policy")
    assert len(stage.site.calls()) == reads
    assert ("denied.request", "U0ANNA", "people.roles") in await denials(stage)


async def test_a_preview_of_somebody_who_may_no_longer_ask_is_not_submitted(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, WRITE_OFF)
    ref = ref_in(preview.reads)
    assert await stage.policy(('roles = ["agent"]', "roles = []"))
    await preview.submit()
    await stage.anna.sees_modal(containing="You hold no role in the billing policy. Ask Jürgen Müller.")
    assert await stage.state(ref) == "previewed"
    assert await denials(stage, ref) == [("denied.submit", "U0ANNA", "people.roles")]


async def test_an_open_review_of_somebody_who_may_no_longer_approve_approves_nothing(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    assert await stage.policy((BO, BO.replace("approver", "agent")))
    await review.submit()
    await stage.bo.sees_modal(containing="You may not decide on this request")
    assert (await stage.record(ref)).votes == ()
    assert await denials(stage, ref) == [("denied.approve", "U0BO", "gates.write_off.tiers[0]")]


async def test_an_open_review_of_somebody_deactivated_since_approves_nothing(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.sandbox.slack.workspace.people["U0BO"].deleted = True
    await review.submit(force=True)
    await stage.quiet()
    assert (await stage.record(ref)).votes == ()
    assert ("denied.identity", "U0BO", "workspace.members") in await denials(stage)


@pytest.mark.parametrize("door", ["Review", "Reject"])
async def test_nobody_decides_while_slack_cannot_say_who_they_are(stage: Stage, door: str) -> None:
    ref = await stage.pending()
    await stage.bo.clicks("Details", in_message_containing=ref)  # Slack was asked about Bo a moment ago
    await stage.quiet()
    await (await stage.bo.sees_modal()).close()
    stage.slack_trouble("fail", "users.info", error="internal_error")
    await stage.bo.clicks(door, in_message_containing=ref)
    await stage.quiet()
    assert "I could not check with Slack who you are, so nothing was done." in await private(stage.bo)
    await stage.bo.sees_no_modal()
