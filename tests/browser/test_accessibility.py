"""Every screen, light and dark, wide and on a phone, looked at by axe: nothing serious, nothing critical."""

from importlib.resources import files

import pytest

from tests.browser.visitor import APPROVALS, Show, Tab

SCHEMES = ("light", "dark")
#: Findings of these weights fail; lesser ones are matters of taste.
HEAVY = ("serious", "critical")


class Inspector:
    """Runs axe on what a tab shows, and keeps what it finds, with the name of the screen."""

    def __init__(self) -> None:
        self.script = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
        self.found: list[str] = []

    async def looks_at(self, screen: str, tab: Tab) -> None:
        if not await tab.page.evaluate("'axe' in window"):
            await tab.page.evaluate(self.script)
        seen = await tab.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        self.found += [
            f"{screen}: {one['id']} ({one['impact']}) {node['html'][:160]} {node['failureSummary']}"
            for one in seen["violations"]
            if one["impact"] in HEAVY
            for node in one["nodes"][:3]
        ]


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_no_screen_has_serious_findings(show: Show, scheme: str) -> None:
    options = {"color_scheme": scheme, "reduced_motion": "reduce"}
    axe = Inspector()
    anna, bo = await show.tab("U0ANNA", **options), await show.tab("U0BO", APPROVALS, **options)
    await anna.page.locator("#guide .step.now").wait_for()
    await axe.looks_at("start, with the guide", anna)
    await anna.page.locator("#person .me").click()
    await axe.looks_at("whom to be", anna)
    await anna.page.keyboard.press("Escape")
    await anna.page.locator("#composer-text").press_sequentially("/")
    await anna.page.get_by_role("option", name="/write-off").wait_for()
    await axe.looks_at("commands offered", anna)

    await anna.writes("/charge")
    form = anna.modal("One-time charge")
    await form.get_by_role("textbox", name="Amount").fill("12,3,4")
    await form.get_by_role("button", name="Preview").click()
    await form.locator(".input.wrong").first.wait_for()
    await axe.looks_at("a form with errors", anna)
    await form.get_by_role("combobox", name="Customer").press_sequentially("globex")
    await form.get_by_role("option", name="globex").first.wait_for()
    await axe.looks_at("a picker", anna)
    await form.get_by_role("button", name="Close all").click()
    await form.wait_for(state="detached")

    await anna.writes("/write-off INV-1042 duplicate of INV-1040")
    await anna.page.locator("form.modal").get_by_text("This preview is good until").wait_for()
    await axe.looks_at("a preview", anna)
    await anna.page.locator("form.modal [type=submit]").click()
    await bo.message("Write off invoice INV-1042: waiting for approval").wait_for()
    await axe.looks_at("a card for approvers", bo)
    await anna.modal("BR-").get_by_role("button", name="Close", exact=True).click()
    await bo.goes_to("Home")
    await bo.page.locator(".home").get_by_text("INV-1042").first.wait_for()
    await axe.looks_at("Home", bo)
    await bo.goes_to("billing-approvals")
    await bo.presses("Review")
    await bo.page.get_by_role("button", name="Approve", exact=True).wait_for()
    await axe.looks_at("a review", bo)
    await bo.page.get_by_role("button", name="Approve", exact=True).click()
    await bo.page.locator("form.modal").get_by_text("Your approval is noted").wait_for()
    await axe.looks_at("a decision noted", bo)
    await bo.page.locator("form.modal").get_by_role("button", name="Close", exact=True).click()
    await bo.message("Write off invoice INV-1042: done").wait_for()
    await axe.looks_at("a card that is done", bo)

    await anna.goes_to("Direct messages")
    await anna.message("Done").wait_for()
    await axe.looks_at("direct messages", anna)
    await anna.opens("Chargebee")
    await anna.page.locator(".document").first.wait_for()
    await axe.looks_at("Chargebee's list", anna)
    await anna.page.get_by_label("Search documents").fill("INV-1042")
    await anna.page.locator(".document").click()
    await anna.page.locator("#chargebee tr.moved-row").first.wait_for()
    await axe.looks_at("a document that changed", anna)
    await anna.opens("Calls")
    await anna.page.locator("#calls .call").filter(has_text="/write_off").click()
    await axe.looks_at("the calls", anna)
    await anna.opens("Trouble")
    await anna.page.get_by_role("button", name="Deliver the next click twice").click()
    await anna.page.get_by_text("Slack: the next click is delivered twice").wait_for()
    await axe.looks_at("the trouble panel", anna)
    await anna.page.get_by_role("button", name="Kill it this instant").click()
    await anna.page.get_by_text("The app is down.").wait_for()
    await axe.looks_at("the app is down", anna)

    assert axe.found == [], "\n".join(axe.found)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_no_part_of_it_has_serious_findings_on_a_phone(show: Show, scheme: str) -> None:
    viewport = {"width": 390, "height": 844}
    anna = await show.tab("U0ANNA", viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    axe = Inspector()
    for part in ("Channels", "Slack", "Guide", "Chargebee", "Calls", "Trouble"):
        await anna.page.locator("#bottom").get_by_role("button", name=part).click()
        await axe.looks_at(part, anna)
    await anna.page.locator("#bottom").get_by_role("button", name="Slack").click()
    await anna.writes("/credit-note INV-1051")
    await anna.modal("Credit note").get_by_role("button", name="Preview").wait_for()
    await axe.looks_at("a long form", anna)

    assert axe.found == [], "\n".join(axe.found)


async def test_axe_would_say_so(show: Show) -> None:
    anna = await show.tab("U0ANNA")
    axe = Inspector()
    await anna.page.evaluate("document.querySelectorAll('h1').forEach((one) => (one.style.color = '#ddd'))")
    await anna.page.evaluate("document.documentElement.removeAttribute('lang')")
    await axe.looks_at("start, spoilt", anna)

    for rule in ("color-contrast", "html-has-lang"):
        assert any(rule in one for one in axe.found), axe.found
