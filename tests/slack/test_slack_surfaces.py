"""Cards, notices, modals and Home: what each says in every state, what it offers, and that Slack takes it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.core.errors import Refusal
from bot.core.lifecycle import Event, State, possible
from bot.core.money import Money
from bot.core.plan import Difference, Options, Party, Plan, Row
from bot.core.record import BillingRequest, Outcome, Vote
from bot.operations import OPERATIONS
from bot.slack.routes import Callback, Click, field_block
from bot.slack.surfaces import modal
from bot.slack.surfaces.home import closed_home_view, home_view
from bot.slack.surfaces.message import CardContext, card, direct, notice, reminder
from bot.slack.surfaces.replies import (
    error_message,
    help_message,
    history_message,
    pending_message,
    usage,
    usage_message,
    whoami_message,
)
from tests.slack.slack_examples import CONTEXT, NASTY, NOW, SAMPLE, eur, person, plan, request
from tests.slack.slack_limits import buttons, message_problems, shown, typed, view_problems

CARD = CardContext(approvers=("U0BO", "U0FIN"), web_url="https://acme.chargebee.com")
TOPICS = (
    "submitted",
    "approved",
    "rejected",
    "cancelled",
    "expired",
    "stale",
    "done",
    "failed",
    "uncertain",
    "settling",
    "waiting",
    "resolved",
    "something new",
)


def big_plan() -> Plan:
    """As much of everything as can come, and hostile."""
    text = NASTY * 20
    rows = tuple(
        Row(key=f"r{n}", group=f"{NASTY} {n % 40}", label=text, before=text, after=f"{text}{n % 2}")
        for n in range(400)
    )
    differences = tuple(f"{text} {n}" for n in range(60))
    return plan(
        rows=rows, warnings=differences, summary=text, customer=Party(id=NASTY, name=text), documents=(NASTY,)
    )


def big(state: State) -> BillingRequest:
    text = NASTY * 20
    made = big_plan()
    found = tuple(Difference(group=text, label=text, said=text, found=None) for _ in range(100))
    votes = tuple(
        Vote(actor=person(f"U{n}"), verdict="approve", fingerprint=made.fingerprint, at=NOW, reason=text)
        for n in range(40)
    )
    return request(
        state,
        plan=made,
        fingerprint=made.fingerprint,
        params={"reason": text * 20},
        options=Options(business_entity_id=NASTY, silence_emails=True),
        votes=votes,
        outcome=Outcome(sentence=text * 20, differences=found, created=(text,) * 30),
    )


def all_views(record: BillingRequest) -> list[dict[str, Any]]:
    differences = record.outcome.differences if record.outcome else ()
    return [
        modal.preview_view(record, SAMPLE, CONTEXT, ("U0BO", NASTY)),
        modal.review_view(record, SAMPLE, record.plan, CONTEXT),
        modal.stale_view(record, SAMPLE, CONTEXT, differences),
        modal.reject_view(record, SAMPLE, CONTEXT),
        modal.cancel_view(record, SAMPLE, CONTEXT),
        modal.settle_view(record, SAMPLE, CONTEXT),
        modal.request_view(record, SAMPLE, CONTEXT),
        modal.checking_view("A title that is much too long for Slack", NASTY * 100, "x"),
        modal.refusal_view(SAMPLE.title, Refusal(NASTY * 100, hint=NASTY), draft_id="d"),
        modal.shown_view(record.ref, [NASTY * 100, (NASTY,)]),
        home_view(person(name=NASTY), [*OPERATIONS, SAMPLE], [record] * 40, [record] * 40, CONTEXT),
        closed_home_view("No."),
    ]


BIG = [big(state) for state in (State.PENDING, State.UNCERTAIN, State.DONE)]


@pytest.mark.parametrize(
    "record", [*map(request, State), *BIG], ids=lambda r: f"{r.state}-{len(r.plan.rows)}"
)
def test_everything_drawn_keeps_slacks_limits(record: BillingRequest) -> None:
    for view in all_views(record):
        assert view_problems(view) == []
    messages = [
        card(record, SAMPLE, NOW, CARD),
        reminder(record, SAMPLE, NOW, CARD),
        pending_message([record] * 30, [record] * 30, CONTEXT),
        history_message("INV-7", [record] * 30, CONTEXT, more=True),
        *(notice(record, SAMPLE, topic, CARD) for topic in TOPICS),
        *(direct(record, SAMPLE, topic, to, CARD) for topic in TOPICS for to in ("U0ANNA", "U0BO")),
    ]
    for message in messages:
        assert message_problems(message.text, message.blocks) == []


@pytest.mark.parametrize("record", BIG, ids=lambda r: r.state)
def test_nothing_from_outside_becomes_a_mention_or_a_link(record: BillingRequest) -> None:
    for message in (card(record, SAMPLE, NOW, CARD), notice(record, SAMPLE, "done", CARD)):
        assert "<!channel>" not in message.text
        assert "<https://evil" not in message.text
        assert "\u202e" not in message.text


# The card


@pytest.mark.parametrize("state", State)
def test_the_card_offers_only_what_can_still_happen(state: State) -> None:
    offered = buttons(card(request(state), SAMPLE, NOW, CARD).blocks)
    assert ("Review" in offered) == possible(state, Event.APPROVE)
    assert ("Reject" in offered) == possible(state, Event.REJECT)
    assert ("Cancel request" in offered) == (possible(state, Event.CANCEL) and state is not State.PREVIEWED)
    assert ("Settle…" in offered) == (state is State.UNCERTAIN)


@pytest.mark.parametrize("state", State)
def test_the_cards_text_alone_says_what_how_much_whose_and_how_it_stands(state: State) -> None:
    text = card(request(state), SAMPLE, NOW, CARD).text
    for fact in (
        "BR-1042",
        "Write off invoice INV-7",
        "EUR 119.00",
        "Acme GmbH",
        "<@U0ANNA>",
        "duplicate of INV-6",
    ):
        assert fact in text
    assert ("Done" in text) == (state is State.DONE)


def test_a_waiting_card_names_who_can_approve_and_until_when() -> None:
    text = shown(list(card(request(), SAMPLE, NOW, CARD).blocks))
    assert "One of @U0BO and @U0FIN must approve." in text
    assert "Can be decided until 2026-12-01 12:00 UTC." in text
    assert "Amount due: EUR 119.00 → EUR 0.00" in text
    assert "Cannot be undone." in text


def test_a_card_shows_which_approvals_there_are_and_how_many_are_missing() -> None:
    record = request(
        votes=request(State.APPROVED).votes,
        requirement=request().requirement.model_copy(update={"approvals": 2}),
    )
    text = shown(list(card(record, SAMPLE, NOW, CARD).blocks))
    assert "Approved by @U0BO (" in text
    assert "1 more approval needed." in text


def test_a_card_does_not_change_while_the_record_does_not() -> None:
    assert card(request(), SAMPLE, NOW, CARD) == card(request(), SAMPLE, NOW + 3600, CARD)


def test_uncertain_is_not_called_failed_and_says_where_to_look() -> None:
    text = card(request(State.UNCERTAIN), SAMPLE, NOW, CARD).text
    assert "Nobody knows yet whether it happened" in text
    assert "INV-7 in Chargebee" in text
    assert "failed" not in text.lower()


def test_expired_is_not_called_rejected() -> None:
    assert "Nobody rejected it" in card(request(State.EXPIRED), SAMPLE, NOW, CARD).text


def test_the_end_links_to_the_document_in_chargebee() -> None:
    record = request(State.DONE, plan=plan(note_on=("invoice", "A/7?x")))
    blocks = card(record, SAMPLE, NOW, CARD).blocks
    urls = [
        element.get("url") for block in blocks if block["type"] == "actions" for element in block["elements"]
    ]
    assert "https://acme.chargebee.com/d/invoices/A%2F7%3Fx" in urls


def test_a_done_card_shows_what_is_not_as_expected() -> None:
    difference = Difference(group="Invoice INV-7", label="Status", said="paid", found="posted")
    record = request(State.DONE, outcome=Outcome(sentence="", differences=(difference,)))
    message = card(record, SAMPLE, NOW, CARD)
    assert "does not show everything as expected" in message.text
    assert "Invoice INV-7, Status: expected paid, found posted" in shown(list(message.blocks))


# Notices and direct messages


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("state", State)
def test_no_notice_calls_something_done_that_is_not(topic: str, state: State) -> None:
    text = notice(request(state), SAMPLE, topic, CARD).text
    assert "EUR 119.00" in text
    if state is not State.DONE:
        assert "Done" not in text
        assert "✅" not in text


def test_the_requester_is_told_who_decided() -> None:
    assert "Rejected by <@U0BO>" in direct(request(State.REJECTED), SAMPLE, "rejected", "U0ANNA", CARD).text
    assert "“Wrong invoice”" in direct(request(State.REJECTED), SAMPLE, "rejected", "U0ANNA", CARD).text
    assert "Approved by <@U0BO>" in direct(request(State.DONE), SAMPLE, "done", "U0ANNA", CARD).text


def test_a_person_who_settled_is_named_with_what_they_saw() -> None:
    outcome = Outcome(sentence="I see the write-off", code="resolved", by=person("U0FIN"))
    done = notice(request(State.DONE, outcome=outcome), SAMPLE, "resolved", CARD).text
    assert "<@U0FIN> looked in Chargebee and says that it happened: “I see the write-off”" in done
    failed = notice(request(State.FAILED, outcome=outcome), SAMPLE, "resolved", CARD).text
    assert "did not happen" in failed


def test_a_reminder_asks_those_who_have_not_decided_and_says_how_long_is_left() -> None:
    record = request(
        votes=request(State.APPROVED).votes,
        requirement=request().requirement.model_copy(update={"approvals": 2}),
    )
    text = reminder(record, SAMPLE, NOW + 20 * 3600, CARD).text
    assert "<@U0FIN>, please look at it: 4 h left" in text
    assert "<@U0BO>, please" not in text
    assert "1 approval." in text


# Modals


def test_the_preview_says_what_the_click_does() -> None:
    free = request(State.PREVIEWED, requirement=request().requirement.model_copy(update={"approvals": 0}))
    labels = {}
    for op in OPERATIONS:
        labels[op.name] = modal.submit_label(free, op, CONTEXT)
        assert len(labels[op.name]) <= 24
    assert labels["charge"] == "Charge EUR 119.00 now"
    assert modal.submit_label(request(), SAMPLE, CONTEXT) == "Ask for approval"
    large = free.model_copy(update={"plan": plan(amount=Money(amount_minor=10**14, currency="EUR"))})
    assert len(modal.submit_label(large, SAMPLE, CONTEXT)) <= 24
    text = shown(modal.preview_view(free, SAMPLE, CONTEXT))
    assert "it happens as soon as you confirm" in text


def test_the_preview_shows_the_change_the_warnings_the_undo_and_the_gate() -> None:
    view = modal.preview_view(request(State.PREVIEWED), SAMPLE, CONTEXT, ("U0BO",))
    text = shown(view)
    assert (view["callback_id"], view["private_metadata"]) == (Callback.PREVIEW, "BR-1042")
    assert buttons(view) == ["Change"]
    for part in (
        "Amount due: EUR 119.00 → EUR 0.00",
        "Status: payment due → paid",
        "Stays as it is: Total: EUR 119.00",
        "Total: — → EUR 119.00",
        "The customer has paid a part",
        "Cannot be undone.",
        "@U0BO must approve.",
        "Acme GmbH (acme)",
    ):
        assert part in text


@pytest.mark.parametrize(("undoable", "level"), [(False, "error"), (True, "info")])
def test_the_data_sheet_says_whether_nothing_brings_it_back_not_its_wording(
    undoable: bool, level: str
) -> None:
    op = replace(SAMPLE, undoable=undoable, undo="Another sentence.")
    assert [block["level"] for block in modal.undo_blocks(op)] == [level]
    assert ("⚠️ Another sentence." in shown(list(card(request(), op, NOW, CARD).blocks))) is not undoable


def test_chosen_headers_are_shown_before_anybody_confirms() -> None:
    options = Options(business_entity_id="be-2", silence_emails=True, silence_webhooks=True)
    record = request(State.PREVIEWED, plan=plan(options=options))
    for view in (
        modal.preview_view(record, SAMPLE, CONTEXT),
        modal.review_view(record, SAMPLE, record.plan, CONTEXT),
    ):
        assert "Business entity: be-2" in shown(view)
        assert "Turned off for this change: webhooks, e-mails" in shown(view)


def test_the_review_shows_the_fresh_plan_the_raw_amount_who_asks_and_why() -> None:
    fresh = plan(amount=eur(500), summary="Write off invoice INV-8")
    text = shown(modal.review_view(request(), SAMPLE, fresh, CONTEXT))
    assert "500 hundredths of EUR" in text
    assert "INV-8" in text
    assert "@U0ANNA" in text
    assert "duplicate of INV-6" in text
    assert "Approve" in text


def test_a_stale_view_lists_what_changed_and_offers_nothing() -> None:
    view = modal.stale_view(request(State.STALE), SAMPLE, CONTEXT)
    assert "was EUR 119.00, is EUR 9.00" in shown(view)
    assert "submit" not in view


def test_reasons_and_answers_are_read_back() -> None:
    view = modal.reject_view(request(), SAMPLE, CONTEXT)
    assert modal.read_reason(typed(view, reason="  wrong invoice ")) == "wrong invoice"
    settle = modal.settle_view(request(State.UNCERTAIN), SAMPLE, CONTEXT)
    assert modal.read_happened(typed(settle, happened="yes")) is True
    assert modal.read_happened(typed(settle, happened="no")) is False
    assert (
        modal.read_happened({field_block("happened"): {"input": {"selected_option": {"value": "maybe"}}}})
        is None
    )
    assert modal.read_happened({}) is None


def test_the_whole_story_is_told_in_order() -> None:
    text = shown(modal.request_view(request(State.DONE), SAMPLE, CONTEXT))
    parts = [
        "previewed by @U0ANNA",
        "asked for by @U0ANNA",
        "approved by @U0BO",
        "sent to Chargebee",
        "ended, done",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


def test_every_button_and_modal_carries_an_id_and_nothing_else() -> None:
    record = request()
    pages = [*all_views(record)[:7], {"blocks": list(card(record, SAMPLE, NOW, CARD).blocks)}]
    for page in pages:
        assert page.get("private_metadata", "BR-1042") == "BR-1042"
        for block in page["blocks"]:
            for element in block.get("elements", []):
                if element.get("type") == "button":
                    assert element.get("value", "BR-1042") == "BR-1042"
                    assert element["action_id"] in set(Click)


# Replies and Home


def test_usage_is_written_from_the_fields() -> None:
    assert usage(SAMPLE) == "/sample INVOICE TOTAL REASON"
    for op in (*OPERATIONS, SAMPLE):
        made = usage_message(op)
        assert message_problems(made.text, made.blocks) == []
        assert op.command in made.text


def test_help_offers_each_operation_that_is_allowed_and_no_other() -> None:
    made = help_message(OPERATIONS)
    assert message_problems(made.text, made.blocks) == []
    assert buttons(made.blocks) == [op.title for op in OPERATIONS]
    assert buttons(help_message([]).blocks) == []


def test_whoami_says_name_roles_and_what_is_allowed() -> None:
    made = whoami_message(person(name=NASTY), [SAMPLE])
    assert message_problems(made.text, made.blocks) == []
    assert "agent" in made.text
    assert "Sample operation" in made.text


def test_lists_show_amounts_states_and_time_left() -> None:
    text = pending_message([request()], [request(State.DONE)], CONTEXT).text
    assert "waiting for approval, 1 d left" in text
    assert "EUR 119.00" in text
    assert "Nothing waits for your decision" in pending_message([], [], CONTEXT).text
    assert "Nothing that you may see" in history_message("INV-7", [], CONTEXT).text


def test_an_error_says_what_to_do_next() -> None:
    assert (
        error_message(Refusal("It is paid.", hint="Ask for a refund.")).text
        == "It is paid. Ask for a refund."
    )


def test_home_shows_what_waits_and_what_can_be_asked_for() -> None:
    view = home_view(person(), [SAMPLE], [request()], [request(State.DONE)], CONTEXT)
    assert buttons(view) == ["Sample operation", "Open", "Open"]
    assert "Anna Agent" in shown(view)
    assert buttons(closed_home_view("Only for members.")) == []
