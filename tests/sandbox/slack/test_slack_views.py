"""Modals and Home tabs on the wire: triggers, the stack, hashes, external ids, kept state, answers to a submission."""

from typing import Any

import pytest

from bot.sandbox.clock import Clock
from bot.sandbox.slack.views import TROUBLE_CONNECTING, answer_submission
from bot.sandbox.slack.workspace import View, Workspace
from tests.sandbox.slack.app_under_test import modal, section, text_input
from tests.sandbox.slack.conftest import Call

Json = dict[str, Any]
FORM = modal("Form", text_input("reason", "Reason"), callback_id="form", private_metadata="BR-1")


async def _opened(api: Call, workspace: Workspace, view: Json = FORM) -> View:
    answer = await api("views.open", trigger_id=workspace.new_trigger("U0ANNA"), view=view)
    assert answer["ok"], answer
    return workspace.modals["U0ANNA"][-1]


async def test_a_trigger_lives_three_seconds(api: Call, workspace: Workspace, clock: Clock) -> None:
    trigger = workspace.new_trigger("U0ANNA")
    clock.advance(3.1)
    assert (await api("views.open", trigger_id=trigger, view=FORM))["error"] == "expired_trigger_id"


async def test_a_trigger_works_once(api: Call, workspace: Workspace) -> None:
    trigger = workspace.new_trigger("U0ANNA")
    assert (await api("views.open", trigger_id=trigger, view=FORM))["ok"]
    assert (await api("views.open", trigger_id=trigger, view=FORM))["error"] == "exchanged_trigger_id"


async def test_an_unknown_trigger_is_refused(api: Call) -> None:
    assert (await api("views.open", trigger_id="1.2.3", view=FORM))["error"] == "invalid_trigger_id"


async def test_a_view_refused_leaves_its_trigger_unused(api: Call, workspace: Workspace) -> None:
    trigger = workspace.new_trigger("U0ANNA")
    assert (await api("views.open", trigger_id=trigger, view={"type": "modal"}))["ok"] is False
    assert (await api("views.open", trigger_id=trigger, view=FORM))["ok"]


async def test_three_modals_can_stand_on_each_other_and_no_more(api: Call, workspace: Workspace) -> None:
    answers = []
    await _opened(api, workspace)
    for _ in range(3):
        top = workspace.modals["U0ANNA"][-1]
        trigger = workspace.new_trigger("U0ANNA", top.id)
        answers.append(await api("views.push", trigger_id=trigger, view=FORM))
    assert [one.get("error", "ok") for one in answers] == ["ok", "ok", "push_limit_reached"]
    root, second = answers[0]["view"]["root_view_id"], answers[0]["view"]["id"]
    assert answers[1]["view"]["previous_view_id"] == second
    assert answers[1]["view"]["root_view_id"] == root


async def test_a_push_needs_a_trigger_from_a_modal(api: Call, workspace: Workspace) -> None:
    await _opened(api, workspace)
    answer = await api("views.push", trigger_id=workspace.new_trigger("U0ANNA"), view=FORM)
    assert answer["error"] == "invalid_trigger_id"


async def test_a_stale_hash_loses(api: Call, workspace: Workspace) -> None:
    view = await _opened(api, workspace)
    stale = view.hash
    assert (await api("views.update", view_id=view.id, hash=stale, view=FORM))["ok"]
    assert (await api("views.update", view_id=view.id, hash=stale, view=FORM))["error"] == "hash_conflict"
    assert (await api("views.update", view_id=view.id, view=FORM))["ok"]


async def test_a_closed_view_is_not_found(api: Call, workspace: Workspace, sandbox: Call) -> None:
    view = await _opened(api, workspace)
    await sandbox("close", user="U0ANNA")
    assert (await api("views.update", view_id=view.id, view=FORM))["error"] == "not_found"


async def test_an_external_id_is_unique_and_finds_its_view(api: Call, workspace: Workspace) -> None:
    named = {**FORM, "external_id": "BR-1"}
    await _opened(api, workspace, named)
    trigger = workspace.new_trigger("U0BO")
    assert (await api("views.open", trigger_id=trigger, view=named))["error"] == "duplicate_external_id"
    assert (await api("views.update", external_id="BR-1", view=named))["ok"]


async def test_typed_text_survives_only_under_the_same_ids(
    api: Call, workspace: Workspace, sandbox: Call
) -> None:
    view = await _opened(api, workspace)
    await sandbox("fill", user="U0ANNA", block_id="reason", action_id="typed", value="duplicate")
    await api("views.update", view_id=view.id, view=FORM)
    kept = view.state["reason"]["typed"]["value"]
    await api("views.update", view_id=view.id, view=modal("Form", text_input("reason2", "Reason")))
    assert (kept, view.state["reason2"]["typed"]["value"]) == ("duplicate", None)


@pytest.mark.parametrize(
    ("answer", "titles"),
    [
        (None, []),
        ({"response_action": "clear"}, []),
        ({"response_action": "errors", "errors": {"reason": "No."}}, ["Form"]),
        ({"response_action": "update", "view": modal("Done", section("Done."))}, ["Done"]),
        ({"response_action": "push", "view": modal("Next", section("Next."))}, ["Form", "Next"]),
    ],
)
async def test_an_answer_to_a_submission_does_what_it_says(
    api: Call, workspace: Workspace, answer: Json | None, titles: list[str]
) -> None:
    view = await _opened(api, workspace)
    answer_submission(workspace, view, answer)
    assert [one.sent["title"]["text"] for one in workspace.modals["U0ANNA"]] == titles
    assert workspace.violations == []


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"response_action": "errors", "errors": {"typed": "No."}}, "no input blocks here: ['typed']"),
        ({"response_action": "errors", "errors": {}}, "name at least one"),
        ({"response_action": "vanish"}, "unknown response_action"),
        ({"text": "thanks"}, "have a response_action"),
        ({"response_action": "update", "view": modal("T" * 25)}, "update refused"),
    ],
)
async def test_an_answer_slack_cannot_use_is_a_violation_and_shows_trouble(
    api: Call, workspace: Workspace, answer: Json, complaint: str
) -> None:
    view = await _opened(api, workspace)
    answer_submission(workspace, view, answer)
    assert complaint in workspace.violations[0]
    assert view.trouble == TROUBLE_CONNECTING


async def test_an_answer_cannot_push_a_fourth_modal(api: Call, workspace: Workspace) -> None:
    view = await _opened(api, workspace)
    push = {"response_action": "push", "view": modal("Next", section("Next."))}
    for _ in range(3):
        answer_submission(workspace, workspace.modals["U0ANNA"][-1], push)
    assert len(workspace.modals["U0ANNA"]) == 3
    assert "push_limit_reached" in workspace.violations[0]
    assert view.sent["title"]["text"] == "Form"


async def test_a_home_tab_is_published_for_one_person(api: Call, workspace: Workspace) -> None:
    home = {"type": "home", "blocks": [section("Hello")]}
    first = await api("views.publish", user_id="U0ANNA", view=home)
    assert first["ok"]
    assert set(workspace.homes) == {"U0ANNA"}
    stale = await api("views.publish", user_id="U0ANNA", view=home, hash="0.0")
    assert stale["error"] == "hash_conflict"
    assert (await api("views.publish", user_id="U0ANNA", view=FORM))["error"] == "invalid_arguments"


async def test_slack_itself_asks_for_required_fields(api: Call, workspace: Workspace, sandbox: Call) -> None:
    await _opened(api, workspace)
    shown = await sandbox("submit", user="U0ANNA")
    assert shown["delivered"] == 0
    assert shown["field_errors"] == {"reason": "Please complete this required field."}
