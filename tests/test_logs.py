"""Logs say where a request stands and nothing about a customer: the output is searched for marked values."""

import io
import json
import logging
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import BaseModel, ValidationError

from bot import logs
from bot.core.errors import Refusal


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Where the lines go; the logging of the test run itself is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(secrets=["marked-odd-secret"], stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_says_which_request_and_where_it_stands(out: io.StringIO) -> None:
    structlog.get_logger("bot.worker").info("worked", ref="BR-1042", before="approved", after="done")

    (line,) = lines(out)
    del line["timestamp"]
    assert line == {
        "event": "worked",
        "level": "info",
        "logger": "bot.worker",
        "ref": "BR-1042",
        "before": "approved",
        "after": "done",
    }


def test_a_key_that_is_not_on_the_list_is_dropped_and_named(out: io.StringIO) -> None:
    structlog.get_logger("bot.x").info("seen", ref="BR-1", customer="Marked GmbH", code={"body": "Marked"})

    assert "Marked" not in out.getvalue()
    assert lines(out)[0]["dropped"] == ["code", "customer"]


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-12-marked",
        "xoxe.xoxp-1-marked",
        "xapp-1-A0-marked",
        "Basic bWFya2VkOg==marked",
        "Authorization: bearer marked.token-1",
        "test_markedKEY123456",
        "live_markedKEY123456",
        "marked-odd-secret",
        "marked.person@example.com",
        "märked@müller.example",
        "https://hooks.slack.example/commands/T0/marked",
        "wss://wss.slack.example/link/?ticket=marked",
        "https://marked:key@site.chargebee.com",
    ],
)
def test_secrets_and_addresses_are_masked_wherever_they_stand(out: io.StringIO, secret: str) -> None:
    log = structlog.get_logger("bot.x")
    event = f"about {secret} and more"
    log.warning(event, ref=secret, frames=["at " + secret])
    logging.getLogger("somewhere").error("failed with %s today", secret)

    assert "marked" not in out.getvalue()
    assert "märked" not in out.getvalue()
    assert len(lines(out)) == 2


def test_libraries_are_heard_from_warning_up_and_never_with_a_payload(out: io.StringIO) -> None:
    for name in (
        "slack_bolt.AsyncApp",
        "app.py:AsyncApp",
        "slack_sdk.web",
        "httpx",
        "aiohttp.access",
        "asyncio",
    ):
        library = logging.getLogger(name)
        library.setLevel(logging.DEBUG)  # as somebody's debugging session would
        library.debug("marked body")
        library.info("Invalid request signature detected (timestamp: 1, body: {'text': 'marked'})")
        library.warning("Unhandled request ({'type': 'view_submission', 'command': 'marked'})")
        library.setLevel(logging.NOTSET)

    assert "marked" not in out.getvalue()
    assert [line["event"] for line in lines(out)] == ["Unhandled request"] * 6


def test_an_exception_is_outlined_without_its_text(out: io.StringIO) -> None:
    def charge() -> None:
        try:
            dict[str, str]()["marked customer"]
        except KeyError as cause:
            raise Refusal("Marked GmbH owes marked") from cause

    try:
        charge()
    except Refusal:
        structlog.get_logger("bot.engine").exception("bug", incident="A1")

    (line,) = lines(out)
    assert "arked" not in out.getvalue()
    assert (line["error"], line["code"], line["caused_by"]) == (
        "bot.core.errors.Refusal",
        "refusal",
        ["KeyError"],
    )
    assert line["frames"][-1].startswith("tests/test_logs.py:")
    assert line["frames"][-1].endswith(" charge")


def test_a_librarys_traceback_is_outlined_too(out: io.StringIO) -> None:
    try:
        int("marked")
    except ValueError:
        logging.getLogger("slack_bolt.AsyncApp").exception("Failed to run listener function (error: marked)")

    (line,) = lines(out)
    assert "marked" not in out.getvalue()
    assert (line["event"], line["error"]) == ("Failed to run listener function", "ValueError")


class Typed(BaseModel):
    amount: int


class SlackError(Exception):
    """Shaped as slack_sdk's SlackApiError: the class is not imported here to keep the log free of Slack."""

    def __init__(self, response: dict[str, str]) -> None:
        super().__init__(f"The server responded with: {response}")
        self.response = response


def what_typing_raises() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Typed.model_validate({"amount": "marked"})
    return caught.value


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (what_typing_raises(), "int_parsing"),
        (sqlite3.OperationalError("database is locked"), "database is locked"),
        (ConnectionRefusedError(111, "marked"), "ECONNREFUSED"),
        (SlackError({"error": "channel_not_found", "detail": "marked"}), "channel_not_found"),
        (SlackError({"error": "Marked text"}), None),
        (ExceptionGroup("marked", [ValueError("marked")]), None),
    ],
)
def test_the_harmless_part_of_some_exceptions_is_kept(
    out: io.StringIO, error: BaseException, detail: str | None
) -> None:
    structlog.get_logger("bot.x").error("failed", exc_info=error)

    assert "arked" not in out.getvalue()
    assert lines(out)[0].get("detail") == detail


def test_one_event_is_one_line(out: io.StringIO) -> None:
    structlog.get_logger("bot.x").info("first\nline\u2028two", ref="BR-1\r\nforged")

    assert len(out.getvalue().splitlines()) == 1


def test_a_line_that_cannot_be_written_does_not_print_its_arguments(out: io.StringIO) -> None:
    handler = next(h for h in logging.getLogger().handlers if getattr(h, "stream", None) is out)
    handler.handle(
        logging.makeLogRecord({"name": "somewhere", "msg": "%d", "args": ("marked",), "levelno": 40})
    )

    assert out.getvalue() == "A log line of somewhere could not be written.\n"


def test_the_level_is_respected(out: io.StringIO) -> None:
    logs.configure(level="warning", stream=out)
    structlog.get_logger("bot.x").info("quiet")
    structlog.get_logger("bot.x").warning("loud")

    assert [line["event"] for line in lines(out)] == ["loud"]


def test_the_plain_form_is_a_line_for_people(out: io.StringIO) -> None:
    logs.configure(form="plain", stream=out)
    structlog.get_logger("bot.x").info("put off", ref="BR-1", wait_s=2, detail="two words")

    assert out.getvalue().split("Z ", 1)[1] == 'info bot.x put off ref=BR-1 wait_s=2 detail="two words"\n'
