"""Posting, changing and deleting messages as the bot, and what people's own messages become.

Rules: the pages of chat.postMessage, chat.update (text without blocks removes the blocks) and chat.postEphemeral, and
"Handling user interaction" for `response_url`. Every version of every message is kept.
"""

import json
import re
from typing import Any

from bot.sandbox.people import BOT_USER, Channel, Member
from bot.sandbox.slack.blockkit import elements_of
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.validation import TEXT_KEPT, TEXT_UPDATE, block_problems
from bot.sandbox.slack.workspace import Message, ResponseUrl, SlackError, Workspace

_USER_ID = re.compile(r"[UW][A-Z0-9]+")
_MENTION = re.compile(r"<([@#])([A-Z0-9]+)(?:\|[^<>]*)?>")


def parsed(value: Any, error: str) -> Any:
    """Blocks, views and metadata arrive as JSON text when the arguments come as a form or query."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError(error) from None


def completed(ws: Workspace, blocks: list[Json]) -> list[Json]:
    """A copy with what Slack fills in: block ids, action ids, `emoji` and `verbatim` on text objects."""
    fresh: list[Json] = json.loads(json.dumps(blocks))
    _fill_texts(fresh)
    for block in fresh:
        if not block.get("block_id"):
            block["block_id"] = ws.next_id("b")
    for _, element in elements_of(fresh):
        if not element.get("action_id"):
            element["action_id"] = ws.next_id("a")
    return fresh


def _fill_texts(node: Any) -> None:
    if isinstance(node, list):
        for one in node:
            _fill_texts(one)
    elif isinstance(node, dict):
        if node.get("type") == "plain_text" and isinstance(node.get("text"), str):
            node.setdefault("emoji", True)
        elif node.get("type") == "mrkdwn":
            node.setdefault("verbatim", False)
        for part in node.values():
            _fill_texts(part)


def checked_blocks(ws: Workspace, raw: Any) -> list[Json]:
    """The blocks of a message, validated and completed. Raises SlackError `invalid_blocks` with Slack's messages."""
    blocks = parsed(raw, "invalid_blocks_format")
    if blocks is None:
        return []
    problems = block_problems(blocks, "message")
    if problems:
        raise SlackError("invalid_blocks", errors=problems, response_metadata={"messages": problems})
    return completed(ws, blocks)


def postable(ws: Workspace, channel_id: str) -> Channel:
    """The channel the bot may post in; a user id means the direct message with that person."""
    if _USER_ID.fullmatch(channel_id) and channel_id in ws.people:
        return open_direct(ws, channel_id)
    channel = ws.channels.get(channel_id)
    if channel is None or (channel.is_private and BOT_USER not in channel.members):
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def open_direct(ws: Workspace, user: str) -> Channel:
    """`conversations.open` with one person. Bots and Slackbot cannot be written to, strangers are not seen."""
    member = ws.member(user)
    if member.is_bot or user == "USLACKBOT":
        raise SlackError("cannot_dm_bot")
    if member.deleted:
        raise SlackError("user_disabled")
    if member.outside:
        raise SlackError("user_not_visible")
    return ws.direct_channel(user)


def put(
    ws: Workspace,
    channel: Channel,
    *,
    user: str,
    text: str,
    blocks: list[Json],
    thread_ts: str | None = None,
    only_for: str | None = None,
    metadata: Json | None = None,
) -> Message:
    """Add a message; with `only_for` an ephemeral one."""
    message = Message(
        channel=channel.id,
        ts=ws.next_ts(),
        user=user,
        text=text[:TEXT_KEPT],
        blocks=blocks,
        thread_ts=thread_ts,
        only_for=only_for,
        metadata=metadata,
    )
    _keep_version(ws, message)
    if only_for:
        ws.ephemerals[message.ts] = message
    else:
        here = ws.messages.setdefault(channel.id, {})
        here[message.ts] = message
        if thread_ts in here:
            here[thread_ts].replies.append(message.ts)
    ws.touch()
    return message


def typed(text: str) -> list[Json]:
    """A person's own text as the elements Slack's composer makes of it: mentions by id, the rest as it was typed."""
    elements: list[Json] = []
    end = 0
    for found in _MENTION.finditer(text):
        elements += _as_typed(text[end : found.start()])
        kind = "user" if found[1] == "@" else "channel"
        elements.append({"type": kind, f"{kind}_id": found[2]})
        end = found.end()
    return elements + _as_typed(text[end:])


def _as_typed(text: str) -> list[Json]:
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return [{"type": "text", "text": plain}] if plain else []


def _keep_version(ws: Workspace, message: Message) -> None:
    message.versions.append({"text": message.text, "blocks": message.blocks, "at": ws.clock()})


def post(ws: Workspace, args: Json) -> Message:
    """`chat.postMessage`."""
    channel = postable(ws, str(args.get("channel", "")))
    text, blocks = _content(ws, args, f"chat.postMessage to {channel.id}")
    if len(text) > TEXT_KEPT:
        ws.violation(f"chat.postMessage to {channel.id}: text past {TEXT_KEPT} characters is cut off")
    thread_ts = args.get("thread_ts")
    if thread_ts and thread_ts not in ws.messages.get(channel.id, {}):
        raise SlackError("thread_not_found")
    metadata = parsed(args.get("metadata"), "invalid_metadata_format")
    return put(ws, channel, user=BOT_USER, text=text, blocks=blocks, thread_ts=thread_ts, metadata=metadata)


def post_ephemeral(ws: Workspace, args: Json) -> Message:
    """`chat.postEphemeral`: the person must be in the channel."""
    channel = postable(ws, str(args.get("channel", "")))
    user = str(args.get("user", ""))
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = _content(ws, args, f"chat.postEphemeral to {channel.id}")
    return put(
        ws,
        channel,
        user=BOT_USER,
        text=text,
        blocks=blocks,
        thread_ts=args.get("thread_ts"),
        only_for=user,
    )


def _content(ws: Workspace, args: Json, where: str) -> tuple[str, list[Json]]:
    text = str(args.get("text") or "")
    if args.get("markdown_text"):
        if text or args.get("blocks"):
            raise SlackError("markdown_text_conflict")
        if len(str(args["markdown_text"])) > 12_000:
            raise SlackError("msg_too_long")
        return str(args["markdown_text"]), []
    blocks = checked_blocks(ws, args.get("blocks"))
    if not text and not blocks:
        raise SlackError("no_text")
    if blocks and not text:
        ws.violation(f"{where}: blocks without fallback text (phones and screen readers show nothing)")
    return text, blocks


def own_message(ws: Workspace, channel_id: str, ts: str, refused: str) -> Message:
    """A message of the bot in a channel; ephemeral ones cannot be addressed this way."""
    channel = ws.channels.get(channel_id)
    if channel is None or (channel.is_private and BOT_USER not in channel.members):
        raise SlackError("channel_not_found")
    message = ws.messages.get(channel_id, {}).get(ts)
    if message is None or message.deleted:
        raise SlackError("message_not_found")
    if not message.by_bot:
        raise SlackError(refused)
    if channel.is_archived:
        raise SlackError("is_archived")
    return message


def update(ws: Workspace, args: Json) -> Message:
    """`chat.update`: text without blocks removes the blocks; more than 4,000 characters of text are refused."""
    message = own_message(ws, str(args.get("channel", "")), str(args.get("ts", "")), "cant_update_message")
    if len(str(args.get("text") or "")) > TEXT_UPDATE:
        raise SlackError("msg_too_long")
    text, blocks = _content(ws, args, f"chat.update of {message.ts} in {message.channel}")
    replace(ws, message, text, blocks)
    if args.get("metadata") is not None:
        message.metadata = parsed(args["metadata"], "invalid_metadata_format")
    return message


def replace(ws: Workspace, message: Message, text: str, blocks: list[Json]) -> None:
    """Give a message a new content; the old one stays among its versions."""
    message.text, message.blocks = text[:TEXT_KEPT], blocks
    message.edited_ts = ws.next_ts()
    message.state.clear()
    _keep_version(ws, message)
    ws.touch()


def delete(ws: Workspace, message: Message) -> None:
    message.deleted = True
    ws.touch()


def apply_response(ws: Workspace, url: ResponseUrl, body: Json, where: str) -> Message | None:
    """What is sent to a `response_url`, or as the answer to a slash command, becomes visible; None: it deleted.

    It does not matter whether the bot is in the channel. An ephemeral source cannot become visible to all.
    """
    source = ws.find_message(url.channel, url.message_ts) if url.message_ts else None
    if _flag(body.get("delete_original")):
        if source:
            delete(ws, source)
        return None
    text, blocks = _content(ws, body, where)
    overwrites = _flag(body.get("replace_original")) or (
        body.get("thread_ts") is not None and "replace_original" not in body
    )
    if source and overwrites:
        if source.only_for and body.get("response_type") == "in_channel":
            ws.violation(f"{where}: an ephemeral message cannot be changed to in_channel")
        replace(ws, source, text, blocks)
        return source
    in_channel = body.get("response_type") == "in_channel"
    return put(
        ws,
        ws.channels[url.channel],
        user=BOT_USER,
        text=text,
        blocks=blocks,
        thread_ts=body.get("thread_ts") if in_channel else None,
        only_for=None if in_channel else url.user,
    )


def _flag(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "1")


def event_of(message: Message, member: Member, channel: Channel, kind: str, client_id: str) -> Json:
    """The inner event of a person's message: `message` or `app_mention`."""
    event: Json = {
        "type": kind,
        "user": member.id,
        "ts": message.ts,
        "client_msg_id": client_id,
        "text": message.text,
        "team": member.team_id,
        "blocks": message.blocks,
        "channel": channel.id,
        "event_ts": message.ts,
    }
    if kind == "message":
        event["channel_type"] = channel.kind
    if message.thread_ts:
        event["thread_ts"] = message.thread_ts
    if channel.is_ext_shared:
        event |= {"user_team": member.team_id, "source_team": member.team_id}
    return event
