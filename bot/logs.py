"""Logs: refs and states on stderr, one line each, and nothing about customers.

    the bot     `structlog.get_logger(__name__)`, a constant event, keys of `KEYS` only; others are dropped,
                and their names listed under `dropped`
    libraries   from WARNING up, and only the words before the first quote, bracket, colon or equals sign:
                what follows is a payload. slack_bolt logs a badly signed request with its whole body at INFO
                and an unhandled one at WARNING, httpx logs every address
    exceptions  their classes and the lines they passed through, not their text: a validation error quotes
                what was typed, a Slack error quotes the answer. `_detail` names the harmless ones

Over all of it lies a mask for tokens, keys, e-mail and web addresses, in case one slips through. Nothing runs
at DEBUG, at which libraries write out whole payloads.
"""

import errno
import json
import logging
import re
import sqlite3
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, MutableMapping
from pathlib import PurePath
from typing import Any, Literal, TextIO

import structlog
from pydantic import ValidationError

from bot.core.errors import BotError

#: What a line may say. None of these ever holds what a person typed or what Chargebee says about a customer.
KEYS = frozenset(
    (
        *("event", "level", "logger", "timestamp"),
        *("ref", "state", "before", "after", "operation", "kind", "topic", "version", "verdict", "outcome"),
        *("code", "rule", "status", "incident", "api_error_code"),  # why
        *("count", "limit", "attempt", "attempts", "wait_s", "retry_after_s", "duration_ms", "age_s"),
        *("task", "mode", "signal", "host", "port", "policy_hash", "setting", "check", "ok"),  # the process
        *("error", "caused_by", "detail", "where", "frames", "dropped"),  # mostly from an exception
    )
)
LONGEST = 200
FRAMES = 8

_HIDDEN = "***"
_SHAPES = (
    (re.compile(r"\b(https?|wss?)://([^\s/?#@]*@)?([^\s/?#:\"'<>]+)[^\s\"'<>]*"), r"\1://\3/…"),
    (re.compile(r"\bx(?:ox[a-z]|app|oxe\.xox[a-z])-[\w-]+", re.ASCII), _HIDDEN),  # Slack tokens
    (re.compile(r"\b(Basic|Bearer)\s+[\w+/=.~-]+", re.ASCII | re.IGNORECASE), rf"\1 {_HIDDEN}"),
    (re.compile(r"\b(?:live|test)_[A-Za-z0-9]{8,}"), _HIDDEN),  # Chargebee API keys
    (re.compile(r"[^\s\"'<>(),;:]+@[^\s\"'<>(),;:]+\.[^\s\"'<>(),;:]+"), "(e-mail)"),
    (re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+"), " "),  # one event, one line
)
_PAYLOAD_BEGINS = re.compile(r"[\"'`“(\[{<:=\n]")

Line = MutableMapping[str, Any]


def configure(
    *,
    level: Literal["info", "warning", "error"] = "info",
    form: Literal["json", "plain"] = "json",
    secrets: Collection[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Sends every log line of the process, ours and the libraries', to `stream` (stderr). For the start.

    `secrets` are hidden wherever they appear, whatever their shape (`Settings.secret_values()`).
    """
    render = structlog.processors.JSONRenderer(ensure_ascii=False) if form == "json" else _plain
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_words_of_libraries,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _outline_exception,
            _only_known_keys,
            _masking(secrets),
            render,
        ]
    )
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(_worth_writing)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def mask(text: str, secrets: Collection[str] = ()) -> str:
    """`text` on one line, cut at `LONGEST`, without tokens, keys, e-mails and paths of web addresses."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """The standard library would print the record's arguments."""
        self.stream.write(f"A log line of {mask(record.name)} could not be written.{self.terminator}")


def _worth_writing(record: logging.LogRecord) -> bool:
    # Not a level on each logger: slack_bolt names loggers after the file that made the app.
    return record.levelno >= logging.WARNING or (record.levelno >= logging.INFO and _is_ours(record.name))


def _is_ours(logger: str) -> bool:
    return logger == "__main__" or logger.partition(".")[0] == "bot"


def _only_words_of_libraries(_logger: object, _method: str, line: Line) -> Line:
    if not line["_from_structlog"]:
        line["event"] = _PAYLOAD_BEGINS.split(line["event"], maxsplit=1)[0].strip() or "payload"
    return line


def _outline_exception(_logger: object, _method: str, line: Line) -> Line:
    """`exc_info` -> `error` (class), `code`, `detail`, `caused_by` (classes), `frames` (innermost last)."""
    exc_info = line.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if not isinstance(error, BaseException):
        return line
    line["error"] = _class(error)
    line["frames"] = [
        f"{'/'.join(PurePath(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]
    ]
    if causes := [_class(cause) for cause in _causes(error)]:
        line["caused_by"] = causes
    if isinstance(error, BotError):
        line.setdefault("code", error.code)
    if detail := _detail(error):
        line["detail"] = detail
    return line


def _class(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _causes(error: BaseException, seen: frozenset[int] = frozenset()) -> Iterator[BaseException]:
    context = None if error.__suppress_context__ else error.__context__
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for cause in (*members, error.__cause__ or context):
        if cause is not None and id(cause) not in seen:
            yield cause
            yield from _causes(cause, seen | {id(error), id(cause)})


def _detail(error: BaseException) -> str:
    """What an exception says, where that is about the machine and never about a person."""
    if isinstance(error, ValidationError):  # only which rules were broken: a field's place may be a typed key
        return ", ".join(sorted({problem["type"] for problem in error.errors(include_input=False)}))
    if isinstance(error, sqlite3.Error):  # names tables and constraints, never values
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, "")
    answer: Any = getattr(error, "response", None)  # slack_sdk's SlackApiError
    word = answer.get("error") if hasattr(answer, "get") else None
    return word if isinstance(word, str) and re.fullmatch(r"[a-z_]{1,60}", word) else ""


def _only_known_keys(_logger: object, _method: str, line: Line) -> Line:
    kept = {key: value for key, value in line.items() if key in KEYS and _is_plain(value)}
    if dropped := sorted(line.keys() - kept.keys()):
        kept["dropped"] = dropped
    return kept


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(isinstance(part, str | int) for part in value)
    return value is None or isinstance(value, str | int | float)


def _masking(secrets: Collection[str]) -> Callable[[object, str, Line], Line]:
    def masked(value: object) -> object:
        if isinstance(value, list | tuple):
            return [masked(part) for part in value]
        return mask(value, secrets) if isinstance(value, str) else value

    return lambda _logger, _method, line: {key: masked(value) for key, value in line.items()}


def _plain(_logger: object, _method: str, line: Line) -> str:
    """`2026-11-20T10:00:00Z info bot.worker worked ref=BR-1042 state=DONE`."""
    head = [str(line.pop(key, "")) for key in ("timestamp", "level", "logger", "event")]
    rest = (f"{key}={value if _is_word(value) else json.dumps(value)}" for key, value in line.items())
    return " ".join([*head, *rest])


def _is_word(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[^\s\"=]+", value) is not None
