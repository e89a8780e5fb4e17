"""Makes the pictures of the documents anew: `.venv/bin/python -m tests.browser.screenshots`. Needs what the browser tests need.

Each is what a visitor sees, taken of the running demo, and is written to docs/images/<name>.png.
"""

import asyncio
import tempfile
from pathlib import Path

from tests.browser.palette import reduced
from tests.browser.visitor import APPROVALS, Show, Tab, showing

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDE, PHONE = {"width": 1200, "height": 840}, {"width": 390, "height": 840}
#: More would make a clone heavy.
MOST_BYTES = 150_000


async def take(show: Show) -> None:
    """One write-off from the first look to the end, light and dark by turns; then trouble."""
    anna = await opened(show, "U0ANNA", "light")
    await anna.page.get_by_role("button", name="Write it as Anna Agent").click()
    await anna.page.locator("#composer-text").press("Enter")
    await anna.page.locator("form.modal").get_by_text("This preview is good until").wait_for()
    await save(anna, "preview-light")
    await anna.page.locator("form.modal [type=submit]").click()
    await anna.modal("BR-").get_by_role("button", name="Close", exact=True).click()

    bo = await opened(show, "U0BO", "dark", APPROVALS)
    await looks_up(bo, "INV-1042")
    await bo.presses("Review")
    await bo.page.get_by_role("button", name="Approve", exact=True).wait_for()
    await save(bo, "review-dark")
    await bo.page.get_by_role("button", name="Approve", exact=True).click()
    await bo.page.locator("form.modal").get_by_text("Your approval is noted").wait_for()
    await bo.page.locator("form.modal").get_by_role("button", name="Close", exact=True).click()
    await bo.page.locator("form.modal").wait_for(state="detached")
    await bo.message("Write off invoice INV-1042: done").wait_for()
    await bo.page.locator("#chargebee tr.moved-row").first.wait_for()
    await anna.goes_to("Direct messages")
    await anna.message("Done").wait_for()  # after it, nobody's phone rings any more
    await bo.page.evaluate("document.querySelectorAll('.toast .plain-x').forEach((one) => one.click())")
    await save(bo, "done-dark")

    carl = await opened(show, "U0CARL", "light", APPROVALS)
    await carl.opens("Trouble")
    await carl.page.get_by_role("button", name="Apply it, then never answer").click()
    await carl.page.locator(".waiting").wait_for()
    await carl.page.locator("#trouble").evaluate("(panel) => panel.scrollTo(0, 0)")
    await save(carl, "trouble-light")

    jurgen = await opened(show, "U0JURGEN", "light", viewport=PHONE)
    await jurgen.writes("/credit-note INV-1051")
    await jurgen.modal("Credit note").get_by_role("button", name="Preview").wait_for()
    await save(jurgen, "phone-light")


async def opened(
    show: Show, user: str, scheme: str, channel: str = "C0BILLING", viewport: dict[str, int] = WIDE
) -> Tab:
    return await show.tab(user, channel, viewport=viewport, color_scheme=scheme, reduced_motion="reduce")


async def looks_up(tab: Tab, document: str) -> None:
    await tab.opens("Chargebee")
    await tab.page.get_by_label("Search documents").fill(document)
    await tab.page.locator(".document").click()


async def save(tab: Tab, name: str) -> None:
    path = IMAGES / f"{name}.png"
    await tab.page.evaluate("document.fonts.ready")
    path.write_bytes(reduced(await tab.page.screenshot()))
    size = path.stat().st_size
    print(f"{path.relative_to(IMAGES.parents[1])}  {size // 1000} kB")  # noqa: T201 - a command of its own
    if size > MOST_BYTES:
        raise SystemExit(f"{name} is larger than {MOST_BYTES // 1000} kB; show less")


async def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with showing(Path(folder)) as show:
            await take(show)


if __name__ == "__main__":
    asyncio.run(main())
