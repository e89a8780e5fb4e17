"""Fixtures shared by all tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tester import Stage
from tests.tester import stage as on_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both simulators and the bot, connected by Socket Mode."""
    async with on_stage(tmp_path) as running:
        yield running
