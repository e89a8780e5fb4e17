"""A store in memory, and a place for one on disk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.sqlite import Store


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    opened = await Store.open(":memory:")
    yield opened
    await opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "billing.db"
