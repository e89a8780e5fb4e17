"""The control interface: be anybody, see what they see, make trouble. JSON over HTTP under `/sandbox/`, loopback only.

Acts (POST; answers and options are described in `desktop.py`):

    command   {user, channel, text}                        type a slash command
    click     {user, message: {channel, ts} | view, action_id, block_id?, value?}    click or enter something
    fill      the same: entering a value in a form; `view` may be left out (the modal on top) or `home`
    submit    {user, view?, values?: {block_id: {action_id: value}}}
    close     {user, view?, all?}                          Cancel; `all`: the X that closes the whole stack
    suggest   {user, view | message, block_id?, action_id, query}
    message   {user, channel?, text, thread_ts?}           write; without a channel to the bot directly
    mention   {user, channel, text, thread_ts?}            write, mentioning the bot
    home      {user, tab?}                                 open the app's Home tab
    shortcut  {user, callback_id, message?}
    retry     {}                                           send every unacknowledged event again

Seeing (GET):

    see?user=                  all that one person sees: channels, ephemerals, modals with state, Home, banners
    changes?since=&timeout_s=  returns when anything visible changed after that number, or when the time is up
    messages?channel=          every message ever there, with all its versions, deleted ones too
    log                        calls, deliveries, response URLs and violations, in order
    status                     the time, and how many Socket Mode links are open
    violations                 what Slack would have swallowed silently; a test fails on any

The workspace (POST):

    trouble   {kind, method? | of?, times?, …}             see `trouble.py`; or at once: {kind: drop_sockets},
              {kind: refresh_sockets}, {kind: archive, channel}, {kind: remove_bot, channel},
              {kind: delete_message, channel, ts}, {kind: clear}
    people    {user, <flag>: value, …, quiet?}             change a person; `user_change` is sent unless quiet
    channel   {id, join?, leave?, is_archived?}            change a channel
    group     {id, users, quiet?}                          change a user group
    app       {manifest} or {commands?, scopes?, events?, shortcuts?, escaping?}
    clock     {advance_s}                                  only if the clock can be moved
    verify    {}                                           HTTP delivery: url_verification and ssl_check
    reset     {}
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from typing import Any

from aiohttp import web

from bot.sandbox.people import BOT_USER, TEAM, Member
from bot.sandbox.slack import messages, payloads
from bot.sandbox.slack.delivery import Courier, HttpTransport, SocketTransport
from bot.sandbox.slack.desktop import Desktop
from bot.sandbox.slack.reach import Cannot
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.trouble import API_KINDS, DELIVERY_KINDS, Trouble
from bot.sandbox.slack.workspace import App, Message, View, Workspace

MAX_WAIT_S = 60.0
_FLAGS = {one.name for one in fields(Member)} - {"id"}

Act = Callable[[Json], Awaitable[Json]]


class Control:
    """The handlers of `/sandbox/…` over one workspace."""

    def __init__(self, ws: Workspace, desktop: Desktop, courier: Courier) -> None:
        self._ws, self._desktop, self._courier = ws, desktop, courier

    def add_to(self, app: web.Application) -> None:
        """Register every route."""
        desk = self._desktop
        acts: dict[str, Act] = {
            "command": desk.command,
            "click": desk.use,
            "fill": desk.use,
            "submit": desk.submit,
            "close": desk.close,
            "suggest": desk.suggest,
            "message": desk.message,
            "mention": desk.mention,
            "home": desk.home,
            "shortcut": desk.shortcut,
            "retry": self._retry,
            "trouble": self._trouble,
            "people": self._people,
            "channel": self._channel,
            "group": self._group,
            "app": self._app,
            "clock": self._clock,
            "verify": self._verify,
            "reset": self._reset,
        }
        for name, act in acts.items():
            app.router.add_post(f"/sandbox/{name}", _posted(act))
        sights: dict[str, Act] = {
            "see": self._see,
            "changes": self._changes,
            "messages": self._messages,
            "log": self._log,
            "violations": self._violations,
            "status": self._status,
        }
        for name, sight in sights.items():
            app.router.add_get(f"/sandbox/{name}", _got(sight))

    # -- seeing

    async def _see(self, query: Json) -> Json:
        return seen_by(self._ws, str(query["user"]))

    async def _changes(self, query: Json) -> Json:
        since, timeout_s = int(query.get("since", 0)), float(query.get("timeout_s", 10))
        try:
            seq = await asyncio.wait_for(self._ws.changed(since), min(timeout_s, MAX_WAIT_S))
        except TimeoutError:
            seq = self._ws.seq
        return {"seq": seq, "changed": seq > since}

    async def _messages(self, query: Json) -> Json:
        here = self._ws.messages.get(str(query["channel"]), {}).values()
        return {
            "messages": [
                {**_shown(self._ws, one), "deleted": one.deleted, "versions": one.versions} for one in here
            ]
        }

    async def _log(self, _query: Json) -> Json:
        return {"log": self._ws.log}

    async def _violations(self, _query: Json) -> Json:
        return {"violations": self._ws.violations}

    async def _status(self, _query: Json) -> Json:
        transport = self._courier.transport
        links = transport.links if isinstance(transport, SocketTransport) else None
        return {"seq": self._ws.seq, "now": self._ws.clock(), "links": links}

    # -- the workspace

    async def _retry(self, _body: Json) -> Json:
        answers = await self._courier.retry_unacked()
        return {"retried": len(answers), "acked": [one.acked for one in answers]}

    async def _trouble(self, body: Json) -> Json:
        kind, ws = str(body["kind"]), self._ws
        if kind in API_KINDS or kind in DELIVERY_KINDS:
            match = str(body.get("method") or body.get("of") or "*")
            rest = {key: body[key] for key in body.keys() - {"kind", "method", "of", "times"}}
            ws.trouble.add(Trouble(kind, match, int(body.get("times", 1)), rest))
        elif kind in ("drop_sockets", "refresh_sockets"):
            transport = self._courier.transport
            if not isinstance(transport, SocketTransport):
                raise Cannot("there are no sockets in HTTP delivery")
            await (transport.drop() if kind == "drop_sockets" else transport.refresh())
        elif kind == "archive":
            await self._channel({"id": body["channel"], "is_archived": True})
        elif kind == "remove_bot":
            await self._channel({"id": body["channel"], "leave": [BOT_USER]})
        elif kind == "delete_message":
            message = ws.find_message(str(body["channel"]), str(body["ts"]))
            if message is None:
                raise Cannot("there is no such message")
            messages.delete(ws, message)
        elif kind == "clear":
            ws.trouble.clear()
        else:
            raise Cannot(f"there is no trouble called {kind!r}")
        return {"waiting": ws.trouble.waiting()}

    async def _people(self, body: Json) -> Json:
        user = str(body["user"])
        flags = {key: value for key, value in body.items() if key in _FLAGS}
        unknown = body.keys() - _FLAGS - {"user", "quiet"}
        if unknown or user not in self._ws.people:
            raise Cannot(f"unknown: {sorted(unknown) or user}")
        member = self._ws.people[user] = replace(self._ws.people[user], **flags)
        self._ws.touch()
        if body.get("quiet"):
            return {"delivered": 0}
        event = {
            "type": "user_change",
            "user": payloads.user_object(self._ws, member, locale=True),
            "cache_ts": int(self._ws.clock()),
            "event_ts": self._ws.next_ts(),
        }
        return await self._desktop.tell(event, member, {})

    async def _channel(self, body: Json) -> Json:
        channel = self._ws.channels.get(str(body["id"]))
        if channel is None:
            raise Cannot(f"there is no channel {body['id']}")
        channel.members |= set(body.get("join", []))
        channel.members -= set(body.get("leave", []))
        channel.is_archived = bool(body.get("is_archived", channel.is_archived))
        self._ws.touch()
        return {"members": sorted(channel.members), "is_archived": channel.is_archived}

    async def _group(self, body: Json) -> Json:
        group = self._ws.groups.get(str(body["id"]))
        if group is None:
            raise Cannot(f"there is no user group {body['id']}")
        before, group.users = group.users, list(body["users"])
        self._ws.touch()
        if body.get("quiet"):
            return {"delivered": 0}
        event = {
            "type": "subteam_members_changed",
            "subteam_id": group.id,
            "team_id": TEAM,
            "date_previous_update": int(self._ws.clock()),
            "date_update": int(self._ws.clock()),
            "added_users": [one for one in group.users if one not in before],
            "removed_users": [one for one in before if one not in group.users],
            "event_ts": self._ws.next_ts(),
        }
        return await self._desktop.tell(event, self._ws.people["U0FIN"], {})

    async def _app(self, body: Json) -> Json:
        present = self._ws.app
        if "manifest" in body:
            self._ws.app = App.from_manifest(body["manifest"])
        else:
            self._ws.app = App(
                commands=frozenset(body.get("commands", present.commands)),
                scopes=frozenset(body.get("scopes", present.scopes)),
                events=frozenset(body.get("events", present.events)),
                shortcuts=dict(body.get("shortcuts", present.shortcuts)),
                escaping=frozenset(body.get("escaping", present.escaping)),
                hints=present.hints,
            )
        self._ws.touch()
        return {"commands": sorted(self._ws.app.commands), "scopes": sorted(self._ws.app.scopes)}

    async def _clock(self, body: Json) -> Json:
        advance = getattr(self._ws.clock, "advance", None)
        if advance is None:
            raise Cannot("this clock cannot be moved")
        advance(float(body.get("advance_s", 0)))
        self._ws.touch()
        return {"now": self._ws.clock()}

    async def _verify(self, _body: Json) -> Json:
        transport = self._courier.transport
        if not isinstance(transport, HttpTransport):
            raise Cannot("only HTTP delivery has a request URL to verify")
        return {"url_verification": await transport.verify_url(), "ssl_check": await transport.ssl_check()}

    async def _reset(self, _body: Json) -> Json:
        self._ws.reset()
        return {}


def seen_by(ws: Workspace, user: str) -> Json:
    """All that one person sees, as JSON. `names` maps ids to what the client shows for them."""
    if user not in ws.people:
        raise Cannot(f"there is nobody called {user!r}")
    home = ws.homes.get(user)
    return {
        "seq": ws.seq,
        "user": payloads.user_object(ws, ws.people[user], locale=True),
        "channels": [
            {
                "id": channel.id,
                "name": channel.name,
                "is_private": channel.is_private,
                "is_im": channel.is_im,
                "is_archived": channel.is_archived,
                "is_ext_shared": channel.is_ext_shared,
                "has_bot": BOT_USER in channel.members,
                "messages": [_shown(ws, one) for one in ws.visible_messages(user, channel.id)],
            }
            for channel in ws.channels_of(user)
        ],
        "modals": [_shown_view(view) for view in ws.modals.get(user, [])],
        "home": _shown_view(home) if home else None,
        "banners": list(ws.banners.get(user, [])),
        "commands": sorted(ws.app.commands),
        "statuses": ws.statuses,
        "names": {
            **{member.id: member.real_name for member in ws.people.values()},
            **{channel.id: channel.name for channel in ws.channels.values()},
            **{group.id: group.handle for group in ws.groups.values()},
        },
    }


def _shown(ws: Workspace, message: Message) -> Json:
    shown = payloads.message_object(ws, message)
    return {**shown, "channel": message.channel, "is_ephemeral": message.only_for is not None}


def _shown_view(view: View) -> Json:
    return {**payloads.view_object(view), "errors": view.errors, "trouble": view.trouble}


def _posted(act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await _answered(act, await request.json() if request.can_read_body else {})

    return handler


def _got(act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await _answered(act, dict(request.query))

    return handler


async def _answered(act: Act, body: Any) -> web.StreamResponse:
    """A person who cannot do it gets 409 and the reason; a body that lacks something gets 400."""
    try:
        return web.json_response({"ok": True, **await act(body)})
    except Cannot as refusal:
        return web.json_response({"ok": False, "error": "cannot", "why": str(refusal)}, status=409)
    except KeyError as missing:
        return web.json_response({"ok": False, "error": "missing", "why": f"missing {missing}"}, status=400)
