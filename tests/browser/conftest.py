"""Browser tests need Playwright, axe and Chromium. Without them they are skipped, unless CI says that they have to run."""

import importlib.util
import os
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest

from tests.browser.visitor import CHROMIUM, Show, showing


@pytest.fixture
async def show(tmp_path: Path) -> AsyncIterator[Show]:
    """The demo and a browser. A console that complains fails the test."""
    missing = [
        what
        for what, there in (
            ("playwright (pip install playwright)", importlib.util.find_spec("playwright") is not None),
            (
                "axe (pip install axe-playwright-python)",
                importlib.util.find_spec("axe_playwright_python") is not None,
            ),
            (f"{CHROMIUM} (apt-get install chromium)", CHROMIUM.exists()),
        )
        if not there
    ]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"missing: {', '.join(missing)}")
    if missing:
        pytest.skip(f"the browser tests need {', '.join(missing)}")
    async with showing(tmp_path) as running:
        yield running
        assert running.complaints == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """All that are skipped here are skipped for one reason, so that pytest says it in one line."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        report.longrepr = (__file__, 1, report.longrepr[2])
    return report
