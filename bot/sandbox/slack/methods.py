"""The Web API methods of the simulated workspace, as one table: what each needs and what it does.

`call` is the way in: it checks token kind, scope and required arguments in Slack's order and answers the JSON body.
Errors are raised as `SlackError` and become `{"ok": false, "error": …}`. Sources: the reference page of each method.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.people import BOT, BOT_USER, TEAM, TEAM_DOMAIN, TEAM_NAME, Channel
from bot.sandbox.slack import messages, payloads, views
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.workspace import APP_TOKEN, BOT_TOKEN, Message, SlackError, Workspace

Scope = str | Callable[[Workspace, Json], str] | None
HOME = f"https://{TEAM_DOMAIN}.slack.com"
SESSION_STATUSES = ("processing", "active", "suspended", "closed")


@dataclass(frozen=True, kw_only=True)
class Method:
    """What one method needs. `token`: `bot`, `app` or `any`; `scope` may depend on the channel asked about."""

    run: Callable[[Workspace, Json], Json]
    scope: Scope = None
    token: str = "bot"
    required: tuple[str, ...] = ()


def call(ws: Workspace, name: str, token: str | None, args: Json) -> Json:
    """Perform a method and answer its body, `ok` included. Raises SlackError."""
    method = METHODS.get(name)
    if method is None:
        raise SlackError("unknown_method", req_method=name)
    if token is None:
        if method.token == "any":
            return {"ok": True, **method.run(ws, args)}
        raise SlackError("not_authed")
    kind = {BOT_TOKEN: "bot", APP_TOKEN: "app"}.get(token)
    if kind is None:
        raise SlackError("invalid_auth")
    if method.token not in (kind, "any"):
        raise SlackError("not_allowed_token_type")
    needed = method.scope(ws, args) if callable(method.scope) else method.scope
    if needed and needed not in ws.app.scopes:
        raise SlackError("missing_scope", needed=needed, provided=",".join(sorted(ws.app.scopes)))
    missing = [key for key in method.required if args.get(key) in (None, "")]
    if missing:
        lines = [f"[ERROR] missing required field: {key}" for key in missing]
        raise SlackError("invalid_arguments", response_metadata={"messages": lines})
    return {"ok": True, **method.run(ws, args)}


# -- the app itself


def _api_test(_ws: Workspace, args: Json) -> Json:
    if args.get("error"):
        raise SlackError(str(args["error"]), args=args)
    return {"args": args}


def _auth_test(ws: Workspace, _args: Json) -> Json:
    return {
        "url": f"{HOME}/",
        "team": TEAM_NAME,
        "user": ws.people[BOT_USER].handle,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
    }


def _open_connection(ws: Workspace, _args: Json) -> Json:
    if ws.connection_url is None:
        raise SlackError("internal_error")  # Socket Mode is not switched on for this app
    return {"url": ws.connection_url()}


def _bots_info(ws: Workspace, args: Json) -> Json:
    for member in ws.people.values():
        if member.bot_id and member.bot_id == args.get("bot", BOT):
            names = {"id": member.bot_id, "app_id": member.app_id, "user_id": member.id}
            return {"bot": {**names, "name": member.real_name, "deleted": member.deleted, "icons": {}}}
    raise SlackError("bot_not_found")


# -- chat


def _posted(ws: Workspace, message: Message) -> Json:
    shown = payloads.message_object(ws, message)
    return {"channel": message.channel, "ts": message.ts, "message": shown}


def _post(ws: Workspace, args: Json) -> Json:
    return _posted(ws, messages.post(ws, args))


def _update(ws: Workspace, args: Json) -> Json:
    message = messages.update(ws, args)
    return {**_posted(ws, message), "text": message.text}


def _delete(ws: Workspace, args: Json) -> Json:
    message = messages.own_message(ws, args["channel"], args["ts"], "cant_delete_message")
    messages.delete(ws, message)
    return {"channel": message.channel, "ts": message.ts}


def _ephemeral(ws: Workspace, args: Json) -> Json:
    return {"message_ts": messages.post_ephemeral(ws, args).ts}


def _permalink(ws: Workspace, args: Json) -> Json:
    channel = _seen_channel(ws, args["channel"])
    if ws.messages.get(channel.id, {}).get(args["message_ts"]) is None:
        raise SlackError("message_not_found")
    address = f"{HOME}/archives/{channel.id}/p{str(args['message_ts']).replace('.', '')}"
    return {"channel": channel.id, "permalink": address}


def _react(ws: Workspace, args: Json) -> Json:
    channel = messages.postable(ws, str(args["channel"]))
    message = ws.messages.get(channel.id, {}).get(str(args["timestamp"]))
    if message is None or message.deleted:
        raise SlackError("message_not_found")
    users = message.reactions.setdefault(str(args["name"]), [])
    if BOT_USER in users:
        raise SlackError("already_reacted")
    users.append(BOT_USER)
    ws.touch()
    return {}


# -- conversations


def _seen_channel(ws: Workspace, channel_id: Any) -> Channel:
    channel = ws.channels.get(str(channel_id))
    if channel is None or ((channel.is_private or channel.is_im) and BOT_USER not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def _by_kind(what: str) -> Callable[[Workspace, Json], str]:
    """The scope for reading a channel depends on its kind: `channels:read`, `groups:history`, `im:read`, …"""

    def scope(ws: Workspace, args: Json) -> str:
        channel = ws.channels.get(str(args.get("channel")))
        kind = channel.kind if channel else "channel"
        return f"{ {'channel': 'channels', 'group': 'groups'}.get(kind, kind) }:{what}"

    return scope


def _open(ws: Workspace, args: Json) -> Json:
    if args.get("channel"):
        channel = _seen_channel(ws, args["channel"])
    else:
        users = [one for one in str(args.get("users") or "").split(",") if one]
        if not users:
            raise SlackError("users_list_not_supplied")
        if len(users) > 1:
            raise SlackError("missing_scope", needed="mpim:write", provided=",".join(sorted(ws.app.scopes)))
        channel = messages.open_direct(ws, users[0])
    full = str(args.get("return_im", "")).lower() in ("true", "1")
    return {"channel": payloads.channel_object(ws, channel) if full else {"id": channel.id}}


def _channel_info(ws: Workspace, args: Json) -> Json:
    channel = _seen_channel(ws, args["channel"])
    shown = payloads.channel_object(ws, channel)
    if str(args.get("include_num_members", "")).lower() in ("true", "1"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


def _channel_members(ws: Workspace, args: Json) -> Json:
    return _page("members", sorted(_seen_channel(ws, args["channel"]).members), args)


def _readable(ws: Workspace, args: Json) -> Channel:
    channel = _seen_channel(ws, args["channel"])
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _history(ws: Workspace, args: Json) -> Json:
    channel = _readable(ws, args)
    tops = [one for one in _standing(ws, channel) if one.thread_ts in (None, one.ts)]
    shown = [_with_metadata(ws, one, args) for one in reversed(tops)]
    return {**_page("messages", shown, args), "has_more": False, "pin_count": 0}


def _replies(ws: Workspace, args: Json) -> Json:
    channel, ts = _readable(ws, args), args["ts"]
    thread = [one for one in _standing(ws, channel) if ts in (one.ts, one.thread_ts)]
    if not thread:
        raise SlackError("thread_not_found")
    shown = [_with_metadata(ws, one, args) for one in thread]
    return {**_page("messages", shown, args), "has_more": False}


def _standing(ws: Workspace, channel: Channel) -> list[Message]:
    return [one for one in ws.messages.get(channel.id, {}).values() if not one.deleted]


def _with_metadata(ws: Workspace, message: Message, args: Json) -> Json:
    """`event_payload` of message metadata is shown only when asked for."""
    shown = payloads.message_object(ws, message)
    if "metadata" in shown and str(args.get("include_all_metadata", "")).lower() not in ("true", "1"):
        shown["metadata"] = {"event_type": shown["metadata"].get("event_type")}
    return shown


def _own_conversations(ws: Workspace, args: Json) -> Json:
    kinds = str(args.get("types") or "public_channel").split(",")
    names = {"channel": "public_channel", "group": "private_channel", "im": "im"}
    user = str(args.get("user") or BOT_USER)
    found = [one for one in ws.channels_of(user) if names[one.kind] in kinds and BOT_USER in one.members]
    if str(args.get("exclude_archived", "")).lower() in ("true", "1"):
        found = [one for one in found if not one.is_archived]
    return _page("channels", [payloads.channel_object(ws, one) for one in found], args)


def _page(key: str, items: list[Any], args: Json) -> Json:
    """One page of a list, with Slack's cursor. Without `limit` everything is on one page."""
    try:
        start = int(base64.urlsafe_b64decode(str(args.get("cursor") or "MA==")))
        limit = int(args.get("limit") or 1000)
    except ValueError:
        raise SlackError("invalid_cursor") from None
    if not 1 <= limit <= 1000:
        raise SlackError("invalid_limit")
    end = start + limit
    cursor = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else ""
    return {key: items[start:end], "response_metadata": {"next_cursor": cursor}}


# -- people


def _user_info(ws: Workspace, args: Json) -> Json:
    locale = str(args.get("include_locale", "")).lower() in ("true", "1")
    return {"user": payloads.user_object(ws, ws.member(str(args["user"])), locale=locale)}


def _user_list(ws: Workspace, args: Json) -> Json:
    locale = str(args.get("include_locale", "")).lower() in ("true", "1")
    everybody = [
        payloads.user_object(ws, one, locale=locale) for one in ws.people.values() if not one.outside
    ]
    return {**_page("members", everybody, args), "cache_ts": int(ws.clock())}


def _group_list(ws: Workspace, args: Json) -> Json:
    shown = [payloads.group_object(group) for group in ws.groups.values()]
    if str(args.get("include_users", "")).lower() not in ("true", "1"):
        shown = [{key: value for key, value in one.items() if key != "users"} for one in shown]
    return {"usergroups": shown}


def _group_users(ws: Workspace, args: Json) -> Json:
    group = ws.groups.get(str(args["usergroup"]))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


# -- views and agents


def _view(run: Callable[[Workspace, Json], Any]) -> Callable[[Workspace, Json], Json]:
    return lambda ws, args: {"view": payloads.view_object(run(ws, args))}


def _thread_status(ws: Workspace, args: Json) -> Json:
    _seen_channel(ws, args["channel_id"])
    ws.statuses.append(dict(args))
    ws.touch()
    return {}


def _prompts(ws: Workspace, args: Json) -> Json:
    prompts = messages.parsed(args["prompts"], "invalid_arguments")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
        raise SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] 1 to 4 prompts"]})
    return _thread_status(ws, {**args, "prompts": prompts})


def _session_status(ws: Workspace, args: Json) -> Json:
    if args["status"] not in SESSION_STATUSES:
        allowed = ", ".join(SESSION_STATUSES)
        lines = [f"[ERROR] must be one of: {allowed} [json-pointer:/status]"]
        raise SlackError("invalid_arguments", response_metadata={"messages": lines})
    return _thread_status(ws, args)


METHODS: dict[str, Method] = {
    "api.test": Method(run=_api_test, token="any"),
    "auth.test": Method(run=_auth_test),
    "apps.connections.open": Method(run=_open_connection, token="app"),
    "assistant.threads.setStatus": Method(
        run=_thread_status, scope="assistant:write", required=("channel_id", "thread_ts")
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        run=_prompts, scope="assistant:write", required=("channel_id", "prompts")
    ),
    "agents.sessions.setStatus": Method(
        run=_session_status, scope="chat:write", required=("channel_id", "status")
    ),
    "bots.info": Method(run=_bots_info, scope="users:read"),
    "chat.postMessage": Method(run=_post, scope="chat:write", required=("channel",)),
    "chat.update": Method(run=_update, scope="chat:write", required=("channel", "ts")),
    "chat.delete": Method(run=_delete, scope="chat:write", required=("channel", "ts")),
    "chat.postEphemeral": Method(run=_ephemeral, scope="chat:write", required=("channel", "user")),
    "chat.getPermalink": Method(run=_permalink, required=("channel", "message_ts")),
    "conversations.open": Method(run=_open, scope="im:write"),
    "conversations.info": Method(run=_channel_info, scope=_by_kind("read"), required=("channel",)),
    "conversations.members": Method(run=_channel_members, scope=_by_kind("read"), required=("channel",)),
    "conversations.history": Method(run=_history, scope=_by_kind("history"), required=("channel",)),
    "conversations.replies": Method(run=_replies, scope=_by_kind("history"), required=("channel", "ts")),
    "reactions.add": Method(run=_react, scope="reactions:write", required=("channel", "timestamp", "name")),
    "team.info": Method(run=lambda _ws, _args: {"team": payloads.team_object()}, scope="team:read"),
    "usergroups.list": Method(run=_group_list, scope="usergroups:read"),
    "usergroups.users.list": Method(run=_group_users, scope="usergroups:read", required=("usergroup",)),
    "users.conversations": Method(run=_own_conversations, scope="channels:read"),
    "users.info": Method(run=_user_info, scope="users:read", required=("user",)),
    "users.list": Method(run=_user_list, scope="users:read"),
    "views.open": Method(run=_view(views.open_view), required=("trigger_id", "view")),
    "views.push": Method(run=_view(views.push_view), required=("trigger_id", "view")),
    "views.update": Method(run=_view(views.update_view), required=("view",)),
    "views.publish": Method(run=_view(views.publish_home), required=("user_id", "view")),
}
