"""The rules that Block Kit's tables are made of. A rule is a function `(value, pointer, check)` that reports problems
in Slack's words, each ending with a JSON pointer: `[ERROR] must be less than 25 characters [json-pointer:/view/title]`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
ALL = frozenset({"message", "modal", "home"})
MESSAGE = frozenset({"message"})
MODAL = frozenset({"modal"})
NOT_HOME = frozenset({"message", "modal"})
NOT_MODAL = frozenset({"message", "home"})
NOT_MESSAGE = frozenset({"modal", "home"})


@dataclass
class Check:
    """Collects what is wrong with one payload on one surface. Each problem ends with a JSON pointer, as Slack's do."""

    surface: str
    problems: list[str] = field(default_factory=list)

    def fail(self, pointer: str, problem: str) -> None:
        self.problems.append(f"[ERROR] {problem} [json-pointer:{pointer}]")


Rule = Callable[[Any, str, Check], None]


def anything(_value: Any, _pointer: str, _check: Check) -> None:
    """No rule is known for this part."""


def string(longest: int, shortest: int = 0) -> Rule:
    def rule(value: Any, pointer: str, check: Check) -> None:
        if not isinstance(value, str):
            check.fail(pointer, "must be a string")
        elif len(value) > longest:
            check.fail(pointer, f"must be less than {longest + 1} characters")
        elif len(value) < shortest:
            check.fail(pointer, f"must be more than {shortest - 1} characters")

    return rule


def boolean(value: Any, pointer: str, check: Check) -> None:
    if not isinstance(value, bool):
        check.fail(pointer, "must be a boolean")


def number_string(value: Any, pointer: str, check: Check) -> None:
    """Bounds and initial values of number inputs travel as strings."""
    if not isinstance(value, str):
        check.fail(pointer, "must be a string")


def integer(lowest: int, highest: int) -> Rule:
    def rule(value: Any, pointer: str, check: Check) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            check.fail(pointer, "must be an integer")
        elif not lowest <= value <= highest:
            check.fail(pointer, f"must be between {lowest} and {highest}")

    return rule


def one_of(*allowed: str) -> Rule:
    def rule(value: Any, pointer: str, check: Check) -> None:
        if value not in allowed:
            check.fail(pointer, f"must be one of: {', '.join(allowed)}")

    return rule


def text(longest: int, *, plain: bool = False) -> Rule:
    """A text object. `plain`: mrkdwn is refused."""

    def rule(value: Any, pointer: str, check: Check) -> None:
        if not isinstance(value, dict):
            check.fail(pointer, "must provide an object")
            return
        allowed = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}
        kind = value.get("type")
        if kind not in allowed or (plain and kind != "plain_text"):
            check.fail(f"{pointer}/type", f"unsupported type: {kind}")
            return
        for key in sorted(set(value) - allowed[kind]):
            check.fail(pointer, f"invalid additional property: {key}")
        string(longest, shortest=1)(value.get("text"), f"{pointer}/text", check)

    return rule


def listed(rule: Rule, most: int, fewest: int = 1) -> Rule:
    def whole(value: Any, pointer: str, check: Check) -> None:
        if not isinstance(value, list):
            check.fail(pointer, "must be an array")
            return
        if len(value) > most:
            check.fail(pointer, f"no more than {most} items allowed")
        if len(value) < fewest:
            check.fail(pointer, f"must provide at least {fewest} items")
        for index, item in enumerate(value):
            rule(item, f"{pointer}/{index}", check)

    return whole


def record(fields: dict[str, Rule], required: tuple[str, ...] = ()) -> Rule:
    def rule(value: Any, pointer: str, check: Check) -> None:
        if not isinstance(value, dict):
            check.fail(pointer, "must provide an object")
            return
        for key in required:
            if value.get(key) is None:
                check.fail(pointer, f"missing required field: {key}")
        for key, part in value.items():
            if key not in fields:
                check.fail(pointer, f"invalid additional property: {key}")
            elif part is not None:
                fields[key](part, f"{pointer}/{key}", check)

    return rule


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A kind of block or element: where it may stand, its parts, those that must be there, and any one of a set."""

    surfaces: frozenset[str] = ALL
    fields: dict[str, Rule] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    parents: frozenset[str] = frozenset()


def shaped(shape: Shape, value: Json, pointer: str, check: Check) -> None:
    """Hold one block or element to its shape."""
    if check.surface not in shape.surfaces:
        check.fail(f"{pointer}/type", f"unsupported type: {value['type']}")
        return
    record({"type": anything, **shape.fields}, shape.required)(value, pointer, check)
    if shape.any_of and not any(value.get(key) for key in shape.any_of):
        check.fail(pointer, f"must define one of: {', '.join(shape.any_of)}")
