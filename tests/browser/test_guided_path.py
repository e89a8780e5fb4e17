"""The guided path, walked from its first step to its last: five operations, a refusal, a stale approval, a crash."""

from tests.browser.visitor import Show, Tab


async def test_the_path_ticks_itself_off_and_chargebee_is_called_once_for_each_change(show: Show) -> None:
    tab = await show.tab("U0ANNA")
    page, modal = tab.page, tab.page.locator("form.modal")

    async def at(number: int) -> None:
        await page.locator("#guide .step.now").filter(has_text=str(number)).wait_for()
        await page.locator("#guide").get_by_text(f"Step {number} of 14").wait_for()

    async def sends_as_told(confirm: str = "Ask for approval") -> None:
        await page.get_by_role("button", name="Write it as Anna Agent").click()
        await page.locator("#composer-text").press("Enter")
        await modal.get_by_role("button", name=confirm).click()
        await closes()

    async def closes() -> None:
        await modal.get_by_role("heading", name="BR-").wait_for()
        await modal.get_by_role("button", name="Close", exact=True).click()
        await modal.wait_for(state="detached")

    async def bo_approves(what: str) -> None:
        await tab.becomes("Bo Approver")
        await tab.goes_to("billing-approvals")
        await tab.message("waiting for approval").filter(has_text=what).wait_for()
        await tab.approves()
        await modal.wait_for(state="detached")

    await at(1)
    await page.get_by_role("button", name="Write it as Anna Agent").click()
    await page.locator("#composer-text").press("Enter")
    await at(2)
    await modal.get_by_role("button", name="Ask for approval").click()
    await closes()
    await at(3)
    await page.get_by_role("button", name="Be Bo Approver").first.click()
    await tab.approves()
    await at(4)
    await modal.wait_for(state="detached")
    await page.get_by_role("button", name="Write it as Anna Agent").click()
    await page.locator("#composer-text").press("Enter")
    await modal.get_by_text("This preview is good until").wait_for()
    await modal.locator("[type=submit]").click()
    await closes()
    await at(5)
    await _fills_the_credit_note(tab)
    await closes()
    await bo_approves("INV-1051")
    await at(6)
    await sends_as_told()
    await bo_approves("INV-1031")
    await at(7)
    await sends_as_told()
    await bo_approves("CN-77")
    await at(8)
    await page.get_by_role("button", name="Write it as Anna Agent").click()
    await page.locator("#composer-text").press("Enter")
    await at(9)
    await modal.locator(".modal-close").click()
    await modal.wait_for(state="detached")
    await sends_as_told()
    await at(10)
    await tab.opens("Trouble")
    await page.get_by_role("combobox", name="Invoice").select_option("INV-1031")
    await page.get_by_role("button", name="The customer pays half").click()
    await tab.opens("Guide")
    await at(11)
    await page.get_by_role("button", name="Be Bo Approver").first.click()
    await tab.message("INV-1031: waiting for approval").wait_for()
    await tab.presses("Review")
    await modal.get_by_text("no longer").first.wait_for()
    await at(12)
    await modal.locator(".modal-close").click()
    await modal.wait_for(state="detached")
    await sends_as_told()
    await at(13)
    await tab.opens("Trouble")
    await page.get_by_role("button", name="Apply it, then never answer").click()
    await bo_approves("INV-1103")
    await tab.opens("Guide")
    await at(14)
    await tab.opens("Trouble")
    await page.get_by_role("button", name="Kill it and start it again").click()
    await tab.message("INV-1103: done").wait_for()
    await tab.opens("Guide")
    await page.get_by_text("You have seen all of it.").wait_for()

    assert show.changes() == [
        "/api/v2/invoices/INV-1042/write_off",
        "/api/v1/invoices/charge",
        "/api/v2/credit_notes",
        "/api/v2/invoices/INV-1031/remove_credit_note",
        "/api/v2/credit_notes/CN-77/send_einvoice",
        "/api/v2/invoices/INV-1103/write_off",
    ]


async def _fills_the_credit_note(tab: Tab) -> None:
    await tab.page.get_by_role("button", name="Write it as Anna Agent").click()
    await tab.page.locator("#composer-text").press("Enter")
    form = tab.page.locator("form.modal")
    await form.get_by_role("radio", name="Refundable").check()
    await form.get_by_role("textbox", name="Total").fill("178.50")
    await form.get_by_role("textbox", name="Reason", exact=True).fill("The export was broken for a week")
    await form.get_by_role("button", name="Preview").click()
    await form.get_by_text("This preview is good until").wait_for()
    await form.locator("[type=submit]").click()
