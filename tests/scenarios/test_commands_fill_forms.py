"""Commands with arguments: straight to the preview when nothing is missing, else the form with the rest in it."""

import pytest

from tests.scenarios.filling import opened, values_in
from tests.tester import Stage

ALL = ("/charge", "/credit-note", "/write-off", "/remove-credit-note", "/send-einvoice")
SITE = "https://acme-test.chargebee.com"


@pytest.mark.parametrize("command", ALL)
async def test_help_lists_every_field_of_a_command_and_opens_nothing(stage: Stage, command: str) -> None:
    shown = await stage.anna.runs(f"{command} help", channel="C0BILLING")
    assert shown.text is not None
    assert shown.text.startswith(command)
    form = await opened(stage, stage.anna, command)
    missing = [label for label in form.fields if label not in shown.text]
    assert missing in ([], ["Business entity"])


@pytest.mark.parametrize(
    ("command", "title"),
    [
        ("/charge globex 20 Setup", "Charge customer globex"),
        ('/charge globex "20 EUR" Setup', "Charge customer globex"),
        ("/charge Customer=globex Amount=20 Description=Setup", "Charge customer globex"),
        ("/charge subscription=sub-globex-1 20 Setup", "Charge subscription sub-globex-1"),
        ('/credit-note adjustment INV-1042 20 "a short reason"', "adjustment credit note for invoice INV-1042"),
        ("/credit-note store INV-1051 20 EUR goodwill", "store credit note for invoice INV-1051"),
        (f"/write-off {SITE}/d/invoices/INV-1042 a reason", "Write off invoice INV-1042"),
        ("/remove-credit-note INV-1031 CN-12 a reason", "Remove credit note CN-12 from invoice INV-1031"),
        (f"/send-einvoice <{SITE}/d/credit_notes/CN-77|CN-77>", "e-invoice for credit note CN-77"),
    ],
)  # fmt: skip
async def test_a_command_that_misses_nothing_goes_straight_to_the_preview(
    stage: Stage, command: str, title: str
) -> None:
    preview = await stage.asks(stage.anna, command)
    assert title in preview.reads
    assert preview.submit_label != "Preview"


@pytest.mark.parametrize(
    ("command", "filled"),
    [
        ("/charge globex 20 EUR", {"Customer": "globex", "Amount": "20 EUR"}),
        ("/credit-note INV-1042 20 goodwill", {"Invoice": "INV-1042", "Total": "20", "Reason": "goodwill"}),
        ("/credit-note store INV-1051", {"Type": "Store credit: for later invoices", "Invoice": "INV-1051"}),
        ("/write-off INV-1042", {"Invoice": "INV-1042"}),
        ("/remove-credit-note INV-1031 CN-12", {"Invoice": "INV-1031", "Credit note": "CN-12"}),
        ("/send-einvoice reason=why", {"Reason": "why"}),
        ("/write-off comment='half a reason'", {"Reason": "half a reason"}),
    ],
)
async def test_a_command_that_misses_something_opens_the_form_with_the_rest(
    stage: Stage, command: str, filled: dict[str, str]
) -> None:
    form = await opened(stage, stage.anna, command)
    assert values_in(form) == filled


async def test_a_command_fills_the_form_with_every_field_by_name(stage: Stage) -> None:
    form = await opened(
        stage,
        stage.anna,
        '/credit-note store INV-1051 20 create_reason_code=Goodwill date=2026-11-25 customer_notes="Sorry!"',
    )
    assert values_in(form) == {
        "Type": "Store credit: for later invoices",
        "Invoice": "INV-1051",
        "Total": "20",
        "Reason code": "Goodwill",
        "Date": "2026-11-25",
        "Notes for the customer": "Sorry!",
    }


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("/write-off INV-1042?x=1 given up", "An id cannot contain ?"),
        (f"/write-off {SITE}/d/customers/acme given up", "This link is for a customer, but an invoice is needed"),
        ("/send-einvoice ../CN-77", "made of dots"),
    ],
)  # fmt: skip
async def test_a_wrong_id_on_the_command_line_is_shown_in_the_form(
    stage: Stage, command: str, sentence: str
) -> None:
    form = await opened(stage, stage.anna, command)
    assert sentence in form.reads
    assert stage.site.calls() == []
