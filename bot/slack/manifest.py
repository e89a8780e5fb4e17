"""The app's manifest, built from the code: Slack is asked for what the bot uses, with the reason beside it.

`app-manifest.yml` is written by `billing-bot manifest`, and a test holds it to this file. Limits and keys:
Slack docs, "App manifest reference" (schema v2). The schema does not know which events need which scopes;
`EVENTS` does.

Left out on purpose: `assistant_view` (replaced by `agent_view`), token rotation (a rotated token dies after
twelve hours where no OAuth flow renews it), installation for a whole organisation (one workspace, one
policy), and every scope that would let the bot read channels.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from bot.core.errors import InvalidInput
from bot.operations import OPERATIONS
from bot.operations.base import AnyOperation, Input, asks
from bot.slack.commands import BILLING

#: Scope -> why the bot needs it.
SCOPES: Mapping[str, str] = {
    "commands": "the slash commands above",
    "chat:write": "cards, notices, direct messages and private answers, where the bot was invited",
    "im:write": "opens the direct message in which people are told what became of their request",
    "im:history": "receives what people write to the bot directly",
    "app_mentions:read": "receives mentions of the bot, and answers them privately",
    "users:read": "tells members from guests, bots and deactivated accounts; their language and time zone",
    "users:read.email": "matches people by confirmed e-mail where the policy asks for it",
}

#: Event -> the scope Slack wants for it; empty where it wants none.
EVENTS: Mapping[str, str] = {
    "app_home_opened": "",
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
}

#: `agent_view` brings this one by itself.
IMPLIED_SCOPES = frozenset({"assistant:write"})

#: The one path at which HTTP mode receives everything.
EVENTS_PATH = "/slack/events"

_DESCRIPTION = "Ask for billing changes in Chargebee, have them approved, and see what became of them."
_LONG_DESCRIPTION = (
    "Billing Bot lets support agents ask for a billing change where they already are. It shows exactly what "
    "will happen before it happens, has the right second person confirm what is dangerous, performs it in "
    "Chargebee once, checks that Chargebee really did what was promised, and tells the channel. Who asked, who "
    "approved and what changed is kept. It never acts on a message: every change is confirmed in a form by a "
    "person whom the policy allows to do it."
)
_PROMPTS = (
    ("What can you do?", "What can you do for me?"),
    ("How do I ask for a change?", "How do I ask for a billing change?"),
)

Mode = Literal["socket", "http"]


def manifest(mode: Mode = "socket", request_url: str = "") -> dict[str, Any]:
    """The manifest as data. InvalidInput when HTTP mode lacks the public https address of `EVENTS_PATH`."""
    if mode == "http" and not (urlsplit(request_url).scheme == "https" and urlsplit(request_url).hostname):
        example = f"https://bot.example.com{EVENTS_PATH}"
        raise InvalidInput({"request_url": f"HTTP mode needs the bot's public address, such as {example}."})
    url = {"url": request_url} if mode == "http" else {}
    requests = {"request_url": request_url} if mode == "http" else {}
    options = {"message_menu_options_url": request_url} if mode == "http" else {}
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": "Billing Bot",
            "description": _DESCRIPTION,
            "long_description": _LONG_DESCRIPTION,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "agent_view": {
                "agent_description": _DESCRIPTION,
                "suggested_prompts": [{"title": title, "message": message} for title, message in _PROMPTS],
            },
            "bot_user": {"display_name": "billing-bot", "always_online": True},
            "slash_commands": [command | url for command in _commands()],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": requests | {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True} | requests | options,
            "org_deploy_enabled": False,
            "socket_mode_enabled": mode == "socket",
            "token_rotation_enabled": False,
        },
    }


def manifest_yaml(mode: Mode = "socket", request_url: str = "") -> str:
    """The manifest as YAML, with a reason beside each scope."""
    head = "# Written by `billing-bot manifest` from the code; edit bot/slack/manifest.py instead.\n"
    return head + "\n".join(_yaml(manifest(mode, request_url), "")) + "\n"


def usage(operation: AnyOperation) -> str:
    """What may follow the command, in order: `INVOICE REASON…`."""
    placed = sorted((ask for ask in asks(operation.params).values() if ask.place), key=lambda ask: ask.place)
    words = [ask.label.upper().replace(" ", "-") for ask in placed]
    if placed and placed[-1].input in (Input.TEXT, Input.LONG_TEXT):
        words[-1] += "…"
    return " ".join(words)


def _commands() -> Iterator[dict[str, Any]]:
    for operation in OPERATIONS:
        yield _command(operation.command, operation.summary, usage(operation))
    yield _command(BILLING, "Help, and what is going on.", "help | whoami | pending | history INV-1042")


def _command(command: str, description: str, usage_hint: str) -> dict[str, Any]:
    # should_escape: without it a person could type a name that looks like a mention.
    return {"command": command, "description": description, "usage_hint": usage_hint, "should_escape": True}


def _yaml(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Block style; every scalar as JSON, which YAML reads the same way."""
    for key, child in value.items():
        if isinstance(child, Mapping):
            yield f"{indent}{key}:"
            yield from _yaml(child, indent + "  ")
        elif isinstance(child, Sequence) and not isinstance(child, str):
            yield f"{indent}{key}:"
            yield from _items(child, indent + "  ")
        else:
            yield f"{indent}{key}: {_scalar(child)}"


def _items(values: Sequence[Any], indent: str) -> Iterator[str]:
    for value in values:
        if isinstance(value, Mapping):
            first, *rest = _yaml(value, indent + "  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest
        else:
            reason = SCOPES.get(value)
            yield f"{indent}- {_scalar(value)}" + (f"  # {reason}" if reason else "")


def _scalar(value: str | bool | int) -> str:
    return json.dumps(value, ensure_ascii=False)
