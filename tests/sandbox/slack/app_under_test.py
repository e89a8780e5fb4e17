"""A small Slack app made with the real SDK, to hold the simulated workspace to what the real one does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def text_input(block_id: str, label: str, **more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "typed", **more}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element}


def option(label: str, value: str) -> Json:
    return {"text": plain(label), "value": value}


def button(label: str, action_id: str, value: str = "BR-1", **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, "value": value, **more}


def buttons(*elements: Json) -> Json:
    return {"type": "actions", "block_id": "buttons", "elements": list(elements)}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def modal(title: str, *blocks: Json, **more: Any) -> Json:
    view = {"type": "modal", "title": plain(title), "blocks": list(blocks), **more}
    if any(block["type"] == "input" for block in blocks):
        view.setdefault("submit", plain("Submit"))
    return view


def bolt_app(server: SlackServer) -> AsyncApp:
    """An AsyncApp whose client talks to the simulated workspace."""
    client = AsyncWebClient(token=BOT_TOKEN, base_url=server.api_url)
    return AsyncApp(client=client, signing_secret=SIGNING_SECRET)


@asynccontextmanager
async def connected(
    app: AsyncApp, server: SlackServer, links: int = 1
) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app connected by Socket Mode."""
    handler = AsyncSocketModeHandler(app, APP_TOKEN)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped
    await server.connected(links)
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped
