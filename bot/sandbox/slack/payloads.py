"""The shapes Slack puts on the wire: users, channels, messages, views, and the payloads of every kind of interaction.

Pure functions of workspace state. Fields that Slack leaves out are left out here too. Shapes: the reference pages of
the user, conversation and view objects, "Handling user interaction", "The Events API".
"""

from bot.sandbox.people import (
    APP,
    APP_NAME,
    BOT,
    BOT_USER,
    SLACKBOT,
    TEAM,
    TEAM_DOMAIN,
    TEAM_DOMAINS,
    TEAM_NAME,
    TIME_ZONES,
    Channel,
    Group,
    Member,
)
from bot.sandbox.slack.elements import initial_state
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.workspace import Message, View, Workspace

VERIFICATION_TOKEN = "sandbox-verification-token"


def user_object(ws: Workspace, member: Member, *, locale: bool = False) -> Json:
    """A user as `users.info` and `user_change` show it. The e-mail needs `users:read.email`; without it: no field."""
    first, _, last = member.real_name.partition(" ")
    profile: Json = {
        "avatar_hash": "g0000",
        "display_name": member.handle,
        "display_name_normalized": member.handle,
        "real_name": member.real_name,
        "real_name_normalized": member.real_name,
        "first_name": first,
        "last_name": last,
        "status_text": "",
        "status_emoji": "",
        "team": member.team_id,
    }
    if member.email and "users:read.email" in ws.app.scopes:
        profile["email"] = member.email
    if member.is_bot:
        profile |= {"bot_id": member.bot_id, "api_app_id": member.app_id, "always_active": True}
    user: Json = {
        "id": member.id,
        "team_id": member.team_id,
        "name": member.handle,
        "deleted": member.deleted,
        "profile": profile,
        "is_bot": member.is_bot,
        "updated": 1_760_000_000,
        "is_app_user": False,
    }
    if member.deleted:
        return user
    label, offset_s = TIME_ZONES[member.tz]
    user |= {
        "real_name": member.real_name,
        "tz": member.tz,
        "tz_label": label,
        "tz_offset": offset_s,
        "who_can_share_contact_card": "EVERYONE",
    }
    if locale:
        user["locale"] = member.locale
    if member.outside:
        return user | ({"is_stranger": True} if ws.is_stranger(member) else {})
    user |= {
        "is_admin": member.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": member.is_restricted,
        "is_ultra_restricted": member.is_ultra_restricted,
        "color": "9f69e7",
    }
    if member.id != SLACKBOT:
        user["is_email_confirmed"] = member.is_email_confirmed
    if member.is_invited_user:
        user["is_invited_user"] = True
    return user


def channel_object(ws: Workspace, channel: Channel) -> Json:
    """A conversation as `conversations.info` shows it."""
    base: Json = {
        "id": channel.id,
        "created": 1_760_000_000,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "is_org_shared": False,
    }
    if channel.is_im:
        user = channel.with_user or ""
        deleted = ws.people[user].deleted
        return {**base, "user": user, "is_user_deleted": deleted, "is_open": True, "context_team_id": TEAM}
    return {
        **base,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_general": channel.id == "C0GENERAL",
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_pending_ext_shared": False,
        "is_member": BOT_USER in channel.members,
        "creator": "U0FIN",
        "context_team_id": TEAM,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def group_object(group: Group) -> Json:
    return {
        "id": group.id,
        "team_id": TEAM,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "handle": group.handle,
        "is_external": False,
        "date_delete": 0,
        "user_count": len(group.users),
        "users": list(group.users),
    }


def bot_object() -> Json:
    return {
        "id": BOT,
        "app_id": APP,
        "user_id": BOT_USER,
        "name": APP_NAME,
        "deleted": False,
        "team_id": TEAM,
    }


def message_object(ws: Workspace, message: Message) -> Json:
    """A message as the Web API and interaction payloads show it."""
    member = ws.people[message.user]
    shown: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    shown["team"] = member.team_id
    if message.by_bot:
        shown |= {"bot_id": BOT, "app_id": APP, "bot_profile": bot_object()}
    if message.blocks:
        shown["blocks"] = message.blocks
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.edited_ts:
        shown["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.metadata and message.by_bot:
        shown["metadata"] = message.metadata
    if message.reactions:
        shown["reactions"] = [
            {"name": name, "users": users, "count": len(users)} for name, users in message.reactions.items()
        ]
    here = ws.messages.get(message.channel, {})
    replies = [ts for ts in message.replies if not here[ts].deleted]
    if replies:
        shown |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1]}
    return shown


def view_object(view: View, state: Json | None = None) -> Json:
    """A view as payloads and `views.*` answers show it. `state`: other values than those in the view."""
    sent = view.sent
    return {
        "id": view.id,
        "team_id": TEAM,
        "type": view.kind,
        "blocks": view.blocks,
        "private_metadata": sent.get("private_metadata") or "",
        "callback_id": sent.get("callback_id") or "",
        "state": {"values": view.state if state is None else state},
        "hash": view.hash,
        "title": sent.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": bool(sent.get("clear_on_close")),
        "notify_on_close": bool(sent.get("notify_on_close")),
        "close": sent.get("close"),
        "submit": sent.get("submit"),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": APP,
        "external_id": sent.get("external_id") or "",
        "app_installed_team_id": TEAM,
        "bot_id": BOT,
    }


def command_fields(
    ws: Workspace, member: Member, channel: Channel, *, command: str, text: str, response_url: str
) -> dict[str, str]:
    """The form fields of a slash command."""
    name = "directmessage" if channel.is_im else "privategroup" if channel.is_private else channel.name
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": member.team_id,
        "team_domain": TEAM_DOMAINS[member.team_id],
        "channel_id": channel.id,
        "channel_name": name,
        "user_id": member.id,
        "user_name": member.handle,
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": ws.new_trigger(member.id),
    }


def interaction(kind: str, member: Member) -> Json:
    """What every interaction payload begins with. `team` is the installing team, `user.team_id` the person's own."""
    return {
        "type": kind,
        "user": {
            "id": member.id,
            "username": member.handle,
            "name": member.handle,
            "team_id": member.team_id,
        },
        "api_app_id": APP,
        "token": VERIFICATION_TOKEN,
        "team": {"id": TEAM, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def channel_brief(channel: Channel) -> Json:
    name = "directmessage" if channel.is_im else "privategroup" if channel.is_private else channel.name
    return {"id": channel.id, "name": name}


def in_message(ws: Workspace, message: Message, user: str) -> Json:
    """The part of a payload that says it happened in a message. An ephemeral message itself is not included."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.only_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    part: Json = {
        "container": container,
        "channel": channel_brief(ws.channels[message.channel]),
        "state": {"values": message.state.get(user) or initial_state(message.blocks)},
    }
    if message.only_for is None:
        part["message"] = message_object(ws, message)
    return part


def in_view(view: View, state: Json | None = None) -> Json:
    return {"container": {"type": "view", "view_id": view.id}, "view": view_object(view, state)}


def event_callback(ws: Workspace, event: Json, *, actor: Member, channel: Channel | None = None) -> Json:
    """The envelope of an event. For people from outside `context_team_id` still names the installing team."""
    shared = channel is not None and channel.is_ext_shared
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": actor.team_id if shared else TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": ws.next_id("Ev"),
        "event_time": int(ws.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": ws.next_id("4-"),
    }


def team_object() -> Json:
    return {"id": TEAM, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "email_domain": "", "icon": {}}
