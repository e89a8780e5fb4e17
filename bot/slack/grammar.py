"""What follows a slash command, as raw values by field. Pure; never raises, never guesses.

    /write-off INV-1042 duplicate of INV-1040          by place (`Ask.place`); the last place, when text, takes the rest
    /charge acme 150 EUR "Onboarding" po_number=4711   an amount and its currency may stand apart; names at the end
    /charge subscription=sub-1 150 Onboarding          names before the rest; an optional place may be left out
    /credit-note INV-1042 50 Goodwill                  so may a choice, and then the form asks for it

Slack writes links as `<https://…|label>`, people as `<@U…|name>`, and escapes `&<>` (Slack docs, "Implementing slash
commands", `should_escape`). A link becomes its address, a person their name. Every value is a piece of that text, except
that a choice becomes the stored value of what was written.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.money import read_amount
from bot.operations.base import AnyOperation, Ask, Input, asks
from bot.slack.fields import current, shown

#: Slack takes at most this much in a text field; a command is not longer.
MOST = 3000

_LINK = re.compile(r"<(https?://[^<>|\s]+)(?:\|[^<>]*)?>")
_NAMED = re.compile(r"<([@#])[A-Z0-9]+\|([^<>|]+)>")
_BARE = re.compile(r"<([@#])([A-Z0-9]+)>")
#: Opening -> closing. The curly ones, low and high, are what keyboards of several languages put in by themselves.
_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u201e": "\u201c\u201d", "\u2018": "\u2019", "«": "»"}
_NAME = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)=")
#: Codes of currencies that are also words: behind a number they only count in capitals.
_WORDS = frozenset(
    {"all", "bam", "bob", "cop", "cup", "gel", "mad", "mop", "pen", "ron", "sos", "top", "try"}
)
_TEXTS = (Input.TEXT, Input.LONG_TEXT)


@dataclass(frozen=True)
class Token:
    """A word, or something in quotes. `start`, `end` bound it in the line, quotes included; `name` of `name=value`."""

    start: int
    end: int
    text: str
    name: str = ""
    quoted: bool = False


@dataclass
class _Reading:
    values: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, ask: Ask, text: str) -> None:
        if ask.input is Input.LINES:
            self.problems[name] = "Lines are entered here, in the form."
        elif name in self.values:
            self.problems[name] = f"{ask.label} was given twice; this is the first."
        elif text:
            self.values[name] = _chosen(ask, text)


def plain_line(text: str) -> str:
    """A command's text as the person typed it, without Slack's escapes. Invisible parts stay: validation names them."""
    text = _LINK.sub(lambda found: found[1], text[: MOST * 2])
    text = _NAMED.sub(lambda found: found[1] + found[2], text)
    text = _BARE.sub(lambda found: found[1] + found[2], text)
    return html.unescape(text)[:MOST].strip()


def read_command(op: AnyOperation, text: str, locale: str) -> tuple[dict[str, Any], dict[str, str]]:
    """(raw values by field, problems by field) of what was typed after `op`'s command."""
    line = plain_line(text)
    known = asks(op.params)
    reading = _Reading()
    tokens = tokenize(line, known)

    end = len(line)
    trailing: list[Token] = []
    while tokens and tokens[-1].name:  # named values at the end of the line
        trailing.insert(0, tokens.pop())
        end = trailing[0].start
    named = {token.name for token in (*tokens, *trailing)}
    places = sorted((ask.place, name) for name, ask in known.items() if ask.place)
    free = [name for _, name in places if name not in named]
    while free and tokens:
        if tokens[0].name:
            token = tokens.pop(0)
            reading.put(token.name, known[token.name], token.text)
            continue
        name = free.pop(0)
        ask = known[name]
        if not free and ask.input in _TEXTS:
            reading.put(name, ask, _rest(line[tokens[0].start : end], tokens))
            tokens = []
        elif ask.input is Input.AMOUNT:
            taken, problem = _amount(line, tokens, locale)
            if taken:
                whole = tokens[0].text if taken == 1 else line[tokens[0].start : tokens[1].end]
                reading.put(name, ask, whole)
                tokens = tokens[taken:]
            if problem:
                reading.problems[name] = problem
        elif _left_out(op, name, known, free, tokens):
            continue
        else:
            reading.put(name, ask, tokens.pop(0).text)
    for token in (*(token for token in tokens if token.name), *trailing):
        reading.put(token.name, known[token.name], token.text)
    spare = [token.text for token in tokens if not token.name]
    if spare:
        reading.problems["command"] = f"“{' '.join(spare)[:100]}” was not understood. Fill in the form."
    for name, value in reading.values.items():
        _check_choice(reading, name, known[name], value)
    for name in [name for name in reading.values if _excluded(op, name, reading.values)]:
        # The form would not ask for it, so it must not be dropped in silence.
        reading.problems["command"] = (
            f"“{known[name].label}” does not go with the other values, and was left out."
        )
        del reading.values[name]
    return reading.values, reading.problems


def tokenize(line: str, known: Mapping[str, Ask]) -> list[Token]:
    """Words and quoted pieces. `name=` counts only when it names a field, and only in front of its value."""
    tokens, at = [], 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        start, name = at, ""
        named = _NAME.match(line, at)
        if named:
            name = _field(named[1], known)
            at = named.end() if name else at
        quoted = _quoted(line, at)
        if quoted is not None:
            tokens.append(Token(start, quoted, line[at + 1 : quoted - 1].strip(), name, quoted=True))
            at = quoted
            continue
        end = at
        while end < len(line) and not line[end].isspace():
            end += 1
        tokens.append(Token(start, end, line[at:end], name))
        at = end
    return tokens


def _field(typed: str, known: Mapping[str, Ask]) -> str:
    """The field a name stands for: its own name, or its label."""
    wanted = typed.lower().replace("-", "_")
    labels = {ask.label.lower().replace(" ", "_").replace("-", "_"): name for name, ask in known.items()}
    return wanted if wanted in known else labels.get(wanted, "")


def _quoted(line: str, at: int) -> int | None:
    """Where a quoted piece that starts at `at` ends, or None. It has to end at the end of a word."""
    if at >= len(line) or line[at] not in _QUOTES:
        return None
    for index in range(at + 1, len(line)):
        ends_word = index + 1 == len(line) or line[index + 1].isspace()
        if line[index] in _QUOTES[line[at]] and ends_word:
            return index + 1
    return None


def _rest(text: str, tokens: list[Token]) -> str:
    """The rest of the line as it stands, without quotes when it is one quoted piece."""
    return tokens[0].text if len(tokens) == 1 and tokens[0].quoted else text.strip()


def _amount(line: str, tokens: list[Token], locale: str) -> tuple[int, str]:
    """How many of the next words are an amount, and a problem with it. None of them when there is no number."""
    first, second = tokens[0], tokens[1] if len(tokens) > 1 else None
    pair = (
        line[first.start : second.end]
        if second and not (second.name or second.quoted or first.quoted)
        else ""
    )
    if second and pair and _currency_apart(first.text, second.text, locale):
        return 2, ""  # also when the number is wrong: the form then shows both as they were typed
    if not any(char.isdigit() for char in first.text):
        return 0, ""
    if second and pair and second.text[:1].isdigit() and _reads(pair, locale):
        return 2, f"Is this one amount? If so, write {first.text}{second.text}. If not, correct it."
    return 1, ""


def _currency_apart(first: str, second: str, locale: str) -> bool:
    """Whether one of two words is a number and the other can only be its currency."""
    number, word = (first, second) if first[:1].isdigit() or first[:1] in "+-" else (second, first)
    return (
        any(char.isdigit() for char in number)
        and not any(char.isdigit() for char in word)
        and word not in _WORDS
        and _reads(f"1 {word}", locale)
    )


def _reads(text: str, locale: str) -> bool:
    try:
        read_amount(text, locale)
    except ValueError:
        return False
    return True


def _left_out(
    op: AnyOperation, name: str, known: Mapping[str, Ask], free: list[str], tokens: list[Token]
) -> bool:
    """Whether a place was left out: a choice that is none of its choices, or an optional place before an amount, where the
    amount stands here and none behind it."""
    if known[name].choices and free:
        return _chosen(known[name], tokens[0].text) not in (known[name].choices or {})
    if op.params.model_fields[name].is_required() or not free or known[free[0]].input is not Input.AMOUNT:
        return False
    here, behind = tokens[0].text, tokens[1].text if len(tokens) > 1 else ""
    return here[:1].isdigit() and not behind[:1].isdigit() and "-" not in here


def _chosen(ask: Ask, text: str) -> str:
    """The stored value of a choice that was written as its value or its label."""
    for value, label in (ask.choices or {}).items():
        if text.casefold() in (value.casefold(), label.casefold()):
            return value
    return text


def _check_choice(reading: _Reading, name: str, ask: Ask, value: Any) -> None:
    if ask.choices and value not in ask.choices:
        reading.problems[name] = f"“{value}” is not a choice. Choose {' or '.join(ask.choices)}."


def _excluded(op: AnyOperation, name: str, values: dict[str, Any]) -> bool:
    """Whether another value that was given rules this field out. While that one is missing, it may still fit."""
    ask = asks(op.params)[name]
    if ask.only_when is None or shown(op.params, name, values):
        return False
    return bool(current(op.params, ask.only_when[0], values))
