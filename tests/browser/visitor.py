"""The demo in a real browser: the sandbox, the bot as a process of its own, the page, and tabs in which somebody uses it.

async with showing(folder) as show:
    anna = await show.tab("U0ANNA")
    await anna.writes("/write-off INV-1042 duplicate")
    await anna.modal("Write off invoice").get_by_role("button", name="Ask for approval").click()
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.demo.guide import PEOPLE, STEPS
from bot.demo.process import BotProcess
from bot.demo.story import environment
from bot.sandbox.clock import Clock
from bot.sandbox.serve import Sandbox
from bot.sandbox.web.server import WorkspaceServer
from bot.slack.manifest import manifest

if TYPE_CHECKING:  # a machine without it skips these tests
    from playwright.async_api import Browser, Locator, Page

CHROMIUM = Path("/usr/bin/chromium")
#: The browser speaks to nobody but the page.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 15_000
BILLING, APPROVALS, NOTICES = "C0BILLING", "C0APPROVALS", "C0NOTICES"


class Tab:
    """One tab of one person."""

    def __init__(self, page: "Page") -> None:
        self.page = page

    async def writes(self, text: str) -> None:
        """Types into the message field and sends."""
        field = self.page.locator("#composer-text")
        await field.fill(text)
        await field.press("Escape")
        await field.press("Enter")

    async def goes_to(self, name: str) -> None:
        """To a channel, `Home` or `Direct messages`."""
        place = self.page.locator("#places .place").filter(has=self.page.get_by_text(name, exact=True))
        await place.click()

    def modal(self, title: str) -> "Locator":
        return self.page.get_by_role("dialog", name=title)

    def message(self, containing: str) -> "Locator":
        """The newest message in the conversation that contains a text."""
        return self.page.locator("#messages article").filter(has_text=containing).last

    def beside(self, tab: str) -> "Locator":
        """A tab beside Slack: Guide, Chargebee, Calls, Trouble."""
        return self.page.get_by_role("tab", name=tab)

    async def opens(self, tab: str) -> None:
        await self.beside(tab).click()

    async def becomes(self, name: str) -> None:
        """Somebody else, in the same tab."""
        await self.page.locator("#person .me").click()
        await self.page.locator("#people").get_by_role("button", name=name).click()

    async def asks(self, command: str) -> None:
        """Types a command that leaves nothing open, and sends its preview for approval (or confirms it)."""
        await self.writes(command)
        modal = self.page.locator("form.modal")
        await modal.get_by_text("This preview is good until").wait_for()
        await modal.locator("[type=submit]").click()
        await modal.get_by_role("heading", name="BR-").wait_for()
        await modal.get_by_role("button", name="Close", exact=True).click()
        await modal.wait_for(state="detached")

    async def presses(self, name: str, **where: Any) -> None:
        """The last button of that name in the conversation."""
        await (
            self.page.locator("#messages").get_by_role("button", name=name, exact=True, **where).last.click()
        )

    async def approves(self) -> None:
        """Reviews and approves the newest card."""
        await self.presses("Review")
        modal = self.page.locator("form.modal")
        await modal.get_by_role("button", name="Approve", exact=True).click()
        await modal.get_by_text("Your approval is noted").wait_for()
        await modal.get_by_role("button", name="Close", exact=True).click()


@dataclass
class Show:
    """What runs, and the browser that looks at it."""

    sandbox: Sandbox
    bot: BotProcess
    server: WorkspaceServer
    browser: "Browser"
    complaints: list[str] = field(default_factory=list)

    async def tab(self, user: str, channel: str = BILLING, **options: Any) -> Tab:
        """A tab as that person. What its console complains of is kept in `complaints`."""
        context = await self.browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        await page.goto(f"{self.server.url}/?as={user}&in={channel}")
        await page.locator("#places button").first.wait_for(state="attached")
        return Tab(page)

    def document(self, kind: str, document: str) -> dict[str, Any]:
        """What Chargebee holds."""
        return next(dict(one) for one in self.sandbox.site.documents(kind) if one["id"] == document)

    def changes(self) -> list[str]:
        """The paths of all changing calls so far, remarks left out."""
        calls = self.sandbox.site.calls()
        return [one["path"] for one in calls if one["method"] == "POST" and "/comments" not in one["path"]]


@asynccontextmanager
async def showing(folder: Path) -> AsyncIterator[Show]:
    """Everything the demo starts, and a browser."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - see above

    offset = folder / "clock-offset"
    sandbox = await Sandbox.start(manifest=manifest(), clock=Clock(offset_file=offset))
    bot = BotProcess(environment(sandbox, folder), folder / "bot.log", ("--clock-offset-file", str(offset)))
    server = await WorkspaceServer.start(sandbox, bot=bot, steps=STEPS, people=PEOPLE)
    try:
        await bot.start()
        await _connected(sandbox, bot)
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            try:
                yield Show(sandbox, bot, server, browser)
            finally:
                await browser.close()
    finally:
        await server.stop()
        await bot.stop()
        await sandbox.stop()


async def _connected(sandbox: Sandbox, bot: BotProcess) -> None:
    try:
        await asyncio.wait_for(sandbox.slack.connected(), 30)
    except TimeoutError:
        raise AssertionError(f"the bot has not connected; its log: {bot.log_text()[-2000:]}") from None
