"""The Block Kit pieces the bot uses, as plain JSON, within Slack's limits.

    Line      a sentence as parts: text, Bold, Person, Moment, Link
    rich      lines -> a rich_text block: text from anywhere stays text there, it cannot become a mention, link or markup
    said      a line -> mrkdwn for a message's `text`, escaped
    Message   `text` for phones and screen readers, `blocks` for everybody else
    modal     blocks -> a modal view

Text that is too long ends in "…". Limits: Slack's Block Kit reference (section text 3,000, option and button text 75, title,
submit and close 24, context 10 elements, 50 blocks in a message, 100 in a view). `chat.update` refuses `text` over 4,000.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.slack.routes import Callback, Click

Block = dict[str, Any]
View = dict[str, Any]

MOST_TEXT = 3900
MOST_BLOCKS = 50
MOST_VIEW_BLOCKS = 100
SHORT = 24  # a modal's title and its buttons
OPTION_TEXT = 75
ALERT_TEXT = 200
SECTION_TEXT = 3000

USER_ID = re.compile(r"[UW][A-Z0-9]{1,20}")
_DATE_FORMAT = "{date_short_pretty} {time}"

# Marks that Slack's markup gives a meaning to, where it does: at the edge of a word. Backticks always.
_MARK = re.compile(r"`|(?<![^\W_])[*_~]|[*_~](?![^\W_])")
_LOOKALIKE = {"*": "\N{ASTERISK OPERATOR}", "_": "\N{MODIFIER LETTER LOW MACRON}"}
_LOOKALIKE |= {"~": "\N{TILDE OPERATOR}", "`": "\N{MODIFIER LETTER GRAVE ACCENT}"}
_EMOJI = re.compile(r":(?=[\w+'-]+:)")


@dataclass(frozen=True)
class Bold:
    text: str


@dataclass(frozen=True)
class Person:
    """A Slack user by id; shown as plain text when it is not an id."""

    user_id: str


@dataclass(frozen=True)
class Moment:
    """A point in time (unix seconds) that everybody reads in their own zone."""

    at: int


@dataclass(frozen=True)
class Link:
    """An address of ours or of the Chargebee site, never one that a person or a customer typed."""

    url: str
    text: str


Part = str | Bold | Person | Moment | Link
Line = tuple[Part, ...]


@dataclass(frozen=True)
class Message:
    """`text` is the whole honest sentence; `blocks` show the same and more."""

    text: str
    blocks: tuple[Block, ...]


def clean(text: str, *, lines: bool = False) -> str:
    """`text` without what cannot be seen or turns writing around; every kind of space becomes a plain one.

    `lines` keeps line breaks. Joiners that many scripts need within words (ZWJ, ZWNJ) stay there.
    """
    kept = []
    for index, char in enumerate(text):
        kind = unicodedata.category(char)
        if kind in ("Cc", "Zl", "Zp", "Zs"):
            kept.append("\n" if lines and char == "\n" else " ")
        elif kind not in ("Cf", "Cs", "Co", "Cn") or _joins(char, text[max(0, index - 1) : index + 2]):
            kept.append(char)
    return "".join(kept)


def _joins(char: str, around: str) -> bool:
    """Whether `char` is a joiner within a script or an emoji that needs it."""
    return char in "\u200c\u200d" and not around.replace(char, "").isascii()


def visible(text: str, *, lines: bool = False) -> str:
    """`clean`, with runs of white space as one space and none at the ends."""
    return "\n".join(" ".join(row.split()) for row in clean(text, lines=lines).split("\n")).strip()


def clip(text: str, most: int) -> str:
    """`text` in at most `most` characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def escape(text: str) -> str:
    """Text from anywhere as mrkdwn that reads the same and does nothing."""
    safe = _MARK.sub(lambda found: _LOOKALIKE[found[0]], visible(text))
    safe = _EMOJI.sub("\N{MODIFIER LETTER COLON}", safe)
    return safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mention(user_id: str) -> str:
    """`<@U…>` for an id of ours; anything else is escaped text."""
    return f"<@{user_id}>" if USER_ID.fullmatch(user_id) else escape(user_id)


def utc(at: int) -> str:
    """`at` for those whose Slack cannot show dates."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def said(line: Iterable[Part]) -> str:
    """A line as mrkdwn, for a message's `text`."""
    out = []
    for part in line:
        match part:
            case str():
                edges = (part[: len(part) - len(part.lstrip())] and " ", part[len(part.rstrip()) :] and " ")
                out.append(f"{edges[0]}{escape(part)}{edges[1]}" if part.strip() else " " * bool(part))
            case Bold(text):
                out.append(escape(text))
            case Person(user_id):
                out.append(mention(user_id))
            case Moment(at):
                out.append(f"<!date^{at}^{_DATE_FORMAT}|{utc(at)}>")
            case Link(url, text):
                out.append(f"<{_address(url)}|{escape(text)}>")
    return "".join(out)


def words(line: Iterable[Part]) -> str:
    """A line as plain text, for places that show nothing else."""
    out = []
    for part in line:
        match part:
            case str():
                out.append(part)
            case Bold(text) | Link(_, text):
                out.append(text)
            case Person(user_id):
                out.append(user_id)
            case Moment(at):
                out.append(utc(at))
    return "".join(out)


def _address(url: str) -> str:
    """A URL that cannot end its own token."""
    return re.sub(r"[\s<>|\"`]", lambda found: f"%{ord(found[0]):02X}", url)


def _element(part: Part) -> Block:
    match part:
        case str():
            return {"type": "text", "text": clean(part, lines=True)}
        case Bold(text):
            return {"type": "text", "text": clean(text), "style": {"bold": True}}
        case Person(user_id) if USER_ID.fullmatch(user_id):
            return {"type": "user", "user_id": user_id}
        case Person(user_id):
            return {"type": "text", "text": clean(user_id)}
        case Moment(at):
            return {"type": "date", "timestamp": at, "format": _DATE_FORMAT, "fallback": utc(at)}
        case Link(url, text):
            return {"type": "link", "url": _address(url), "text": clean(text)}


def _elements(line: Iterable[Part]) -> list[Block]:
    """The line's elements, cut off with "…" at a section's length."""
    found, left = [], SECTION_TEXT
    for part in line:
        length = len(clean(words((part,))))
        if not length:
            continue
        if length > left:
            found.append({"type": "text", "text": clip(words((part,)), max(left, 1))})
            break
        found.append(_element(part))
        left -= length
    return found or [{"type": "text", "text": "—"}]


def rich(*lines: Line, bullets: bool = False, quote: bool = False) -> Block:
    """Lines of text as one block; as a list with `bullets`; as somebody's own words with `quote`."""
    if bullets:
        items = [{"type": "rich_text_section", "elements": _elements(line)} for line in lines]
        inner: list[Block] = [{"type": "rich_text_list", "style": "bullet", "elements": items}]
    else:
        elements: list[Block] = []
        for index, line in enumerate(lines):
            elements += [{"type": "text", "text": "\n"}] * bool(index) + _elements(line)
        inner = [{"type": "rich_text_quote" if quote else "rich_text_section", "elements": elements}]
    return {"type": "rich_text", "elements": inner}


def plain(text: str, most: int) -> Block:
    """A plain_text object. Slack refuses empty text, so nothing is shown as a dash."""
    return {"type": "plain_text", "text": clip(visible(text, lines=True) or "—", most), "emoji": False}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": plain(text, SECTION_TEXT)}
    return block | ({"accessory": accessory} if accessory else {})


def context(*texts: str | Line) -> Block:
    """Small grey print, at most ten pieces. A str is shown as it is, a line with its people and times."""
    elements = [
        plain(text, 2000)
        if isinstance(text, str)
        else {"type": "mrkdwn", "text": clip_mrkdwn(text, 2000), "verbatim": True}
        for text in texts[:10]
    ]
    return {"type": "context", "elements": elements}


def clip_mrkdwn(line: Line, most: int) -> str:
    """A line as mrkdwn within `most` characters, never cut inside a mention or an escape."""
    kept: list[str] = []
    room = most
    for index, part in enumerate(line):
        text = said((part,))
        last = index == len(line) - 1
        if len(text) <= room - (not last):  # one character stays for the "…"
            kept.append(text)
            room -= len(text)
            continue
        if isinstance(part, str | Bold):
            letters = (part if isinstance(part, str) else part.text)[:room]
            while letters and len(said((letters,))) > room - 1:
                letters = letters[: len(letters) * (room - 1) // len(said((letters,)))]
            kept.append(said((letters,)))
        return "".join(kept).rstrip() + "…"
    return "".join(kept)


def divider() -> Block:
    return {"type": "divider"}


def alert(text: str, level: str = "warning") -> Block:
    """A coloured box. Modals only (Slack's surface table); messages use `rich`."""
    return {"type": "alert", "level": level, "text": plain(text, ALERT_TEXT)}


def button(text: str, click: Click, value: str = "", style: str = "", url: str = "") -> Block:
    block: Block = {"type": "button", "action_id": click.value, "text": plain(text, OPTION_TEXT)}
    if value:
        block["value"] = value
    if style:
        block["style"] = style
    if url:
        block["url"] = clip(_address(url), 3000)
    return block


def actions(*buttons: Block, block_id: str = "") -> Block:
    block: Block = {"type": "actions", "elements": list(buttons[:25])}
    return block | ({"block_id": block_id} if block_id else {})


def option(text: str, value: str, description: str = "") -> Block:
    block: Block = {"text": plain(text, OPTION_TEXT), "value": value}
    return block | ({"description": plain(description, OPTION_TEXT)} if description else {})


def input_block(
    block_id: str,
    label: str,
    element: Block,
    *,
    hint: str = "",
    optional: bool = False,
    dispatch: bool = False,
) -> Block:
    """One field of a form. `dispatch` makes Slack report a change at once; it belongs on the block, not the element."""
    block: Block = {"type": "input", "block_id": block_id, "label": plain(label, 2000), "element": element}
    if hint:
        block["hint"] = plain(hint, 2000)
    if optional:
        block["optional"] = True
    if dispatch:
        block["dispatch_action"] = True
    return block


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback: Callback,
    metadata: str = "",
    submit: str = "",
    close: str = "Close",
    external_id: str = "",
) -> View:
    """A modal. `metadata` is one id of ours. Blocks beyond Slack's hundred give way to a line that says so."""
    view: View = {
        "type": "modal",
        "callback_id": callback.value,
        "title": plain(title, SHORT),
        "close": plain(close, SHORT),
        "blocks": within(blocks, MOST_VIEW_BLOCKS),
        "private_metadata": metadata,
    }
    if submit:
        view["submit"] = plain(submit, SHORT)
    if external_id:
        view["external_id"] = external_id
    return view


def within(blocks: Sequence[Block], most: int) -> list[Block]:
    """At most `most` blocks."""
    if len(blocks) <= most:
        return list(blocks)
    return [*blocks[: most - 1], context(f"{len(blocks) - most + 1} more parts do not fit here.")]


def message(text: Line | str, blocks: Sequence[Block]) -> Message:
    """A message within Slack's limits."""
    line = (text,) if isinstance(text, str) else text
    return Message(text=clip_mrkdwn(line, MOST_TEXT), blocks=tuple(within(blocks, MOST_BLOCKS)))
