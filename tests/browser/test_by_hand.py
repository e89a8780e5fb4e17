"""What a visitor does with the page, by clicking and typing."""

import re

from bot.sandbox.slack import messages
from bot.sandbox.web.server import WorkspaceServer
from tests.browser.visitor import APPROVALS, BILLING, NOTICES, Show

SOEHNE = 'Müller & Söhne <b>"GmbH"</b> <!channel>'


async def test_two_people_in_two_tabs_write_off_an_invoice(show: Show) -> None:
    anna, bo = await show.tab("U0ANNA"), await show.tab("U0BO", APPROVALS)

    await anna.asks("/write-off INV-1042 duplicate of INV-1040")
    await bo.message("Write off invoice INV-1042: waiting for approval").wait_for()
    assert show.changes() == []
    await bo.approves()
    await bo.message("Write off invoice INV-1042: done").wait_for()

    await anna.goes_to("Direct messages")
    await anna.message("Done").wait_for()
    await anna.goes_to("billing-notices")
    await anna.message("INV-1042").wait_for()
    assert show.changes() == ["/api/v2/invoices/INV-1042/write_off"]
    assert show.document("invoices", "INV-1042")["status"] == "paid"


async def test_chargebee_marks_what_changed_and_lists_the_call(show: Show) -> None:
    anna, bo = await show.tab("U0ANNA"), await show.tab("U0BO", APPROVALS)
    await anna.opens("Chargebee")
    await anna.page.get_by_label("Search documents").fill("INV-1042")
    await anna.page.locator(".document").click()
    await anna.asks("/write-off INV-1042 duplicate of INV-1040")
    await bo.approves()

    row = anna.page.locator("#chargebee tr.moved-row").filter(has_text="write_off_amount")
    await row.filter(has_text="119.00 EUR was 0.00 EUR").wait_for()
    await anna.opens("Calls")
    call = anna.page.locator("#calls .call").filter(has_text="/write_off")
    await call.filter(has_text="for anna@acme.example").click()
    await call.get_by_text("idempotency key", exact=True).wait_for()


async def test_errors_stand_under_their_fields_until_they_are_put_right(show: Show) -> None:
    anna = await show.tab("U0ANNA")
    await anna.writes("/charge")
    form = anna.modal("One-time charge")
    await form.get_by_role("textbox", name="Amount").fill("12,3,4")
    await form.get_by_role("button", name="Preview").click()

    amount = form.locator(".input.wrong").filter(has=anna.page.get_by_role("textbox", name="Amount"))
    missing = form.locator(".input.wrong").filter(has_text="Please complete this required field.")
    await missing.first.wait_for()
    assert await anna.page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    assert await form.get_by_role("textbox", name="Amount").input_value() == "12,3,4"

    customer = form.get_by_role("combobox", name="Customer")
    await customer.press_sequentially("globex")
    await form.get_by_role("option", name="globex").first.click()
    await form.get_by_role("textbox", name="Description").fill("Onboarding workshop")
    await form.get_by_role("button", name="Preview").click()
    await amount.locator(".field-error").wait_for()
    described = await form.get_by_role("textbox", name="Amount").get_attribute("aria-describedby")
    assert described
    assert await amount.locator(".field-error").get_attribute("id") in described.split()

    await form.get_by_role("textbox", name="Amount").fill("150 EUR")
    await form.get_by_role("button", name="Preview").click()
    await form.get_by_text("This preview is good until").wait_for()
    assert show.changes() == []


async def test_a_double_click_and_a_double_delivery_change_it_once(show: Show) -> None:
    anna, bo = await show.tab("U0ANNA"), await show.tab("U0BO", APPROVALS)
    await anna.asks("/write-off INV-1042 duplicate of INV-1040")
    await bo.opens("Trouble")
    await bo.presses("Review")
    approve = bo.page.locator("form.modal").get_by_role("button", name="Approve", exact=True)
    await approve.wait_for()
    await bo.page.get_by_role("button", name="Deliver the next click twice").click()
    await bo.page.get_by_text("Slack: the next click is delivered twice").wait_for()
    await approve.dblclick()

    await bo.message("Write off invoice INV-1042: done").wait_for()
    assert show.changes() == ["/api/v2/invoices/INV-1042/write_off"]


async def test_a_rejection_takes_a_reason_and_the_requester_reads_it(show: Show) -> None:
    anna, bo = await show.tab("U0ANNA"), await show.tab("U0BO", APPROVALS)
    await anna.asks("/write-off INV-1042 duplicate of INV-1040")
    await bo.presses("Reject")
    modal = bo.page.locator("form.modal")
    await modal.get_by_role("textbox").fill("Call them first")
    await modal.locator("[type=submit]").click()

    await anna.goes_to("Direct messages")
    await anna.message("Call them first").wait_for()
    await bo.message("rejected").wait_for()
    assert await bo.page.locator("#messages").get_by_role("button", name="Review", exact=True).count() == 0
    assert show.changes() == []


async def test_a_stale_approval_is_stopped_and_says_what_changed(show: Show) -> None:
    anna, bo = await show.tab("U0ANNA"), await show.tab("U0BO", APPROVALS)
    await anna.asks("/write-off INV-1042 duplicate of INV-1040")
    await bo.opens("Trouble")
    await bo.page.get_by_role("combobox", name="Invoice").select_option("INV-1042")
    await bo.page.get_by_role("button", name="The customer pays half").click()
    await bo.presses("Review")

    await bo.page.locator("form.modal").get_by_text("no longer").first.wait_for()
    await bo.message("stopped").wait_for()
    assert show.changes() == []


async def test_the_bot_killed_in_mid_call_finds_out_what_happened(show: Show) -> None:
    anna, bo = await show.tab("U0ANNA"), await show.tab("U0BO", APPROVALS)
    await anna.asks("/write-off INV-1042 duplicate of INV-1040")
    await bo.opens("Trouble")
    await bo.page.get_by_role("button", name="Apply it, then never answer").click()
    await bo.approves()
    await bo.page.get_by_role("button", name="Let Chargebee answer now").wait_for()
    await bo.page.get_by_role("button", name="Kill it this instant").click()
    await bo.page.get_by_text("The app is down.").wait_for()
    await bo.page.locator("#warnings").get_by_role("button", name="Start it again").click()

    await bo.message("Write off invoice INV-1042: done").wait_for()
    await bo.page.get_by_text("The app is down.").wait_for(state="detached")
    assert show.changes() == ["/api/v2/invoices/INV-1042/write_off"]


async def test_a_day_passes_and_what_waited_has_expired(show: Show) -> None:
    anna, bo = await show.tab("U0ANNA"), await show.tab("U0BO", APPROVALS)
    await anna.asks("/write-off INV-1042 duplicate of INV-1040")
    await bo.opens("Trouble")
    await bo.page.get_by_role("button", name="25 hours pass").click()

    await bo.message("expired").wait_for()
    await bo.page.locator("#state").get_by_text("moved to").wait_for()
    assert show.changes() == []


async def test_markup_in_a_customers_name_is_shown_as_text(show: Show) -> None:
    anna = await show.tab("U0ANNA", APPROVALS)
    await anna.asks("/write-off INV-1100 <img src=x> *not bold* <!here>")

    card = anna.message("INV-1100")
    for text in (SOEHNE, "<img src=x> *not bold* <!here>"):
        await card.get_by_text(text).first.wait_for()
    assert await anna.page.locator("#messages img").count() == 0
    await anna.opens("Chargebee")
    await anna.page.get_by_label("Search documents").fill("soehne")
    await anna.page.locator(".document").get_by_text(SOEHNE).first.wait_for()


async def test_all_of_it_goes_by_keyboard_alone(show: Show) -> None:
    anna = await show.tab("U0ANNA")
    keyboard = anna.page.keyboard
    await anna.page.locator("#composer-text").focus()
    await keyboard.type("/wri")
    await anna.page.get_by_role("option", name="/write-off").wait_for()
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await anna.modal("Write off invoice").wait_for()
    await keyboard.type("INV-1042")
    await anna.page.get_by_role("option", name="INV-1042").wait_for()
    await keyboard.press("Enter")
    await keyboard.press("Tab")
    await keyboard.press("Tab")
    await keyboard.type("duplicate of INV-1040")
    for _ in range(3):
        await keyboard.press("Tab")
    assert await anna.page.evaluate("document.activeElement.textContent") == "Preview"
    await keyboard.press("Enter")
    preview = anna.modal("Write off invoice").get_by_role("button", name="Ask for approval")
    await preview.wait_for()
    while await anna.page.evaluate("document.activeElement.textContent") != "Ask for approval":
        await keyboard.press("Tab")
    await keyboard.press("Enter")
    confirmed = anna.page.get_by_role("dialog", name=re.compile(r"^BR-\d+$"))
    await confirmed.wait_for()
    await keyboard.press("Escape")
    await confirmed.wait_for(state="detached")
    assert await anna.page.evaluate("document.activeElement.id") == "composer-text"

    bo = await show.tab("U0BO", APPROVALS)
    await bo.message("INV-1042").wait_for()
    while await bo.page.evaluate("document.activeElement.textContent") != "Review":
        await bo.page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert await bo.page.evaluate(outline) == "solid"
    await bo.page.keyboard.press("Enter")
    await bo.page.get_by_role("button", name="Approve", exact=True).wait_for()
    while await bo.page.evaluate("document.activeElement.textContent") != "Approve":
        await bo.page.keyboard.press("Tab")
    await bo.page.keyboard.press("Enter")
    await bo.message("Write off invoice INV-1042: done").wait_for()


async def test_others_hear_their_phone_and_one_press_makes_you_them(show: Show) -> None:
    anna = await show.tab("U0ANNA")
    await anna.asks("/write-off INV-1042 duplicate of INV-1040")

    toast = anna.page.locator("#toasts .phone").filter(has_text="Bo Approver and 2 more")
    await toast.get_by_text("Be Bo Approver").click()
    await anna.message("Write off invoice INV-1042: waiting for approval").wait_for()
    assert "as=U0BO" in anna.page.url


async def test_what_is_new_is_marked_until_it_was_seen(show: Show) -> None:
    anna = await show.tab("U0ANNA", NOTICES)
    place = anna.page.locator("#places button").filter(has_text="general")
    workspace = show.sandbox.slack.workspace
    room = workspace.channels["C0GENERAL"]
    messages.put(workspace, room, user="U0BO", text="Lunch?", blocks=[])

    await place.get_by_label("unread").wait_for()
    await place.click()
    await anna.message("Lunch?").wait_for()
    await place.get_by_label("unread").wait_for(state="detached")


async def test_what_cannot_be_drawn_says_so_and_the_rest_stays(show: Show) -> None:
    anna = await show.tab("U0ANNA")
    workspace = show.sandbox.slack.workspace
    blocks = [{"type": "hologram"}, {"type": "rich_text"}, {"type": "divider"}]
    messages.put(workspace, workspace.channels[BILLING], user="U0BO", text="Look", blocks=blocks)
    messages.put(workspace, workspace.channels[BILLING], user="U0BO", text="Still here", blocks=[])

    await anna.page.get_by_text("cannot draw this: hologram").wait_for()
    await anna.page.get_by_text("cannot draw this: rich_text").wait_for()
    await anna.message("Still here").wait_for()
    assert len(show.complaints) == 1
    show.complaints.clear()


async def test_a_lost_connection_is_said_and_mended(show: Show) -> None:
    anna = await show.tab("U0ANNA")
    port = int(show.server.url.rpartition(":")[2])
    await show.server.stop()
    await anna.page.get_by_text("The connection to the sandbox is lost.").wait_for()
    again = await WorkspaceServer.start(show.sandbox, port=port)
    try:
        await anna.page.get_by_text("The connection to the sandbox is lost.").wait_for(state="detached")
        workspace = show.sandbox.slack.workspace
        messages.put(workspace, workspace.channels[BILLING], user="U0BO", text="Back again", blocks=[])
        await anna.message("Back again").wait_for()
    finally:
        await again.stop()
    show.complaints.clear()  # the browser itself says that the connection was refused


async def test_at_phone_width_one_part_is_shown_at_a_time(show: Show) -> None:
    anna = await show.tab("U0ANNA", viewport={"width": 390, "height": 844}, has_touch=True)
    bar = anna.page.locator("#bottom")
    assert not await anna.page.locator("#places").is_visible()
    await bar.get_by_role("button", name="Channels").click()
    await anna.goes_to("billing-notices")
    await anna.page.get_by_role("heading", name="#billing-notices").wait_for()
    for part in ("Chargebee", "Calls", "Trouble", "Guide"):
        await bar.get_by_role("button", name=part).click()
        assert await anna.page.locator(f"#{part.lower()}").is_visible()
        assert not await anna.page.locator("#room").is_visible()
    await bar.get_by_role("button", name="Slack").click()
    await anna.writes("/credit-note INV-1051")
    submit = await anna.modal("Credit note").get_by_role("button", name="Preview").bounding_box()
    assert submit
    assert submit["y"] + submit["height"] < 844, "the form's foot stays in sight, however long the form is"
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert await anna.page.evaluate(wide) is False
