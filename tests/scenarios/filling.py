"""Steps of the scenario tests that fill in forms: open one, add lines, preview, and what went out on the wire."""

from typing import Any

from bot import metrics
from bot.core.plan import Difference
from bot.sandbox.person import Modal, Person
from bot.sandbox.slack.reach import put
from tests.tester import Stage

BILLING = "C0BILLING"
SWITCHES = {
    "chargebee-event-webhook": "Send no webhooks",
    "chargebee-event-email": "Send no e-mails",
    "chargebee-event-actions": "Run no automatic actions",
}


async def opened(stage: Stage, person: Person, command: str, channel: str = BILLING) -> Modal:
    """The form a command opens."""
    shown = await person.runs(command, channel=channel)
    assert shown.error is None, shown.error
    form = await person.sees_modal()
    await stage.quiet()
    await form.refresh()
    assert form.submit_label == "Preview", form.reads
    return form


async def previewed(form: Modal, values: dict[str, Any] | None = None) -> Modal:
    """The form filled in and submitted: what takes its place."""
    await form.fill(values or {})
    errors = await form.submit()
    assert errors is None, errors
    return form


async def adds_line(
    stage: Stage, form: Modal, person: Person, which: str, values: dict[str, Any] | None = None
) -> None:
    """Adds a line to the form of a credit note."""
    line = await line_form(stage, form, person, which)
    await line.fill(values or {})
    errors = await line.submit()
    assert errors is None, errors
    await form.refresh()


async def line_form(stage: Stage, form: Modal, person: Person, which: str) -> Modal:
    """The form of one line, with that line chosen."""
    await form.click("Add a line")
    await stage.quiet()
    line = await person.sees_modal("Add a line")
    await line.fill({"Which line?": which})
    await stage.quiet()
    await line.refresh()
    return line


async def approved_by_finance(stage: Stage, preview: Modal) -> str:
    """Confirms a preview, with every approval it needs; the request is carried out."""
    ref = await stage.confirms(preview)
    for approver in (stage.fiona, stage.carl):
        if await stage.state(ref) == "pending":
            await stage.approves(approver, ref)
    assert await stage.state(ref) == "done"
    return ref


def sent(stage: Stage) -> dict[str, Any]:
    """The one mutating call Chargebee received."""
    (call,) = stage.writes()
    assert call["status"] == 200, call
    return call


def headers(stage: Stage) -> dict[str, str]:
    """Chargebee's own headers of the one mutating call, without its key."""
    found = {name: text for name, text in sent(stage)["headers"].items() if name.startswith("chargebee-")}
    assert found.pop("chargebee-idempotency-key")
    return found


async def differences(stage: Stage, ref: str) -> list[Difference]:
    outcome = (await stage.record(ref)).outcome
    assert outcome is not None
    return list(outcome.differences)


def counted_differences(operation: str) -> float:
    """How many differences have been counted for an operation, for Prometheus."""
    return sum(
        sample.value
        for metric in metrics.DIFFERENCES.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["operation"] == operation
    )


def forge(stage: Stage, form: Modal, label: str, value: Any) -> None:
    """Puts a value into a form that its person was never offered, as a forged submission would."""
    one = form.fields[label]
    forge_block(stage, form, one.block_id, one.action_id, {"type": one.kind, **value})


def forge_block(stage: Stage, form: Modal, block_id: str, action_id: str, value: Any) -> None:
    """The same for a block the form does not have."""
    view = stage.sandbox.slack.workspace.views[form.view["id"]]
    view.state = put(view.state, block_id, action_id, value)


def chosen(value: str) -> dict[str, Any]:
    """A menu's value that was never offered."""
    return {"selected_option": {"text": {"type": "plain_text", "text": value}, "value": value}}


def values_in(form: Modal) -> dict[str, str]:
    """What stands in a form: text as typed, choices by their label; empty fields are left out."""
    found = {}
    for label, one in form.fields.items():
        chosen = one.value.get("selected_option")
        text = chosen["text"]["text"] if chosen else one.value.get("value") or one.value.get("selected_date")
        if text:
            found[label] = text
    return found
