"""The sandbox's clock, and a bot's clock that follows it through a file."""

import os
from pathlib import Path

import pytest

from bot.demo.offset_clock import offset_clock
from bot.sandbox.clock import Clock


def test_a_bot_follows_the_clock_of_its_sandbox(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    sandbox = Clock(now=1000, offset_file=file)
    bot = offset_clock(file, lambda: 1000.0)
    assert bot() == sandbox() == 1000
    sandbox.advance(90_000)
    os.utime(file, ns=(1, 1))  # the times of two writes may be alike where the file system counts coarsely
    assert bot() == sandbox() == 91_000


def test_without_the_file_the_time_is_the_real_one(tmp_path: Path) -> None:
    assert offset_clock(tmp_path / "nothing", lambda: 1000.0)() == 1000


def test_a_file_that_holds_something_else_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    file.write_text("tomorrow")
    with pytest.raises(ValueError, match="tomorrow"):
        offset_clock(file)()


def test_the_clock_never_goes_back_and_leaves_no_half_file(tmp_path: Path) -> None:
    clock = Clock(now=0, offset_file=tmp_path / "offset")
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
    clock.advance(1.5)
    assert [one.name for one in tmp_path.iterdir()] == ["offset"]
    assert (tmp_path / "offset").read_text() == "1.5\n"
