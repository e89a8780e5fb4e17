"""What the page shows, as flat facts: key -> value. What changed is then a comparison, and an event carries only that.

me                  the viewer, as `users.info` shows them; with `cannot`: why Slack lets them do nothing
cast                everybody, with what sets them apart
names               id -> what Slack's client shows for a person, a channel or a group
commands            the slash commands with description and usage hint, as the app's manifest says
channel:<id>        a channel the viewer is in
message:<id>/<ts>   a message the viewer sees
modals, home        the viewer's modals, the lowest first, and the app's Home tab
banner:<n>          what Slack's client told the viewer in passing
latest:<user>       channel -> the newest message that others wrote there
push:<id>/<ts>      a message that buzzes on phones: whose, and the text they show
customer:<id>, invoice:<id>, credit_note:<id>, comment:<id>
                    Chargebee's documents as the API shows them
call:<n>            an API call as it was received
troubles            what is still to go wrong: {slack, chargebee}
status              is the bot connected, how far the clock was moved, where Chargebee's own pages would be
guide               the guided path and how far it has come; left out when there is none
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.chargebee.routes import visible
from bot.sandbox.chargebee.site import Site
from bot.sandbox.people import BOT_USER, SLACKBOT, Member
from bot.sandbox.slack.control import seen_by
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.workspace import Message, Workspace

CALLS_SHOWN = 300
PUSHES_SHOWN = 20
KINDS = ("customer", "invoice", "credit_note", "comment")

Fact = tuple[str, Any]


def slack_facts(ws: Workspace, user: str, notes: Mapping[str, str]) -> Iterator[Fact]:
    """All that `user` sees in Slack. `notes`: a line about somebody of the cast, by id."""
    seen = seen_by(ws, user)
    yield "me", {**seen["user"], "cannot": _cannot(ws.people[user])}
    yield "cast", [_cast_entry(member, notes) for member in ws.people.values()]
    yield "names", seen["names"]
    yield "commands", [_command(ws, command) for command in seen["commands"]]
    for channel in seen["channels"]:
        for message in channel.pop("messages"):
            yield f"message:{channel['id']}/{message['ts']}", message
        yield f"channel:{channel['id']}", {**channel, "members": len(ws.channels[channel["id"]].members)}
    yield "modals", seen["modals"]
    yield "home", seen["home"]
    for number, line in enumerate(seen["banners"]):
        yield f"banner:{number}", line


def phone_facts(ws: Workspace) -> Iterator[Fact]:
    """What is new for whom, in the whole workspace."""
    for member in ws.people.values():
        if not (member.is_bot or member.deleted or member.id == SLACKBOT):
            yield f"latest:{member.id}", _latest(ws, member.id)
    recent = sorted(
        (one for here in ws.messages.values() for one in here.values() if not one.deleted),
        key=lambda one: one.ts,
    )[-4 * PUSHES_SHOWN :]
    pushes = [(one, _buzzes(ws, one)) for one in recent]
    for message, users in [push for push in pushes if push[1]][-PUSHES_SHOWN:]:
        fact = {"users": users, "channel": message.channel, "from": message.user, "ts": message.ts}
        yield f"push:{message.channel}/{message.ts}", {**fact, "text": message.versions[0]["text"]}


def site_facts(site: Site) -> Iterator[Fact]:
    """Chargebee's documents and the newest calls."""
    for kind in KINDS:
        for document in site.documents(f"{kind}s"):
            yield f"{kind}:{document['id']}", visible({kind: document})[kind]
    first = max(0, len(site.log) - CALLS_SHOWN)
    for number, call in enumerate(site.log[first:], start=first + 1):
        yield f"call:{number}", call


def written(facts: Iterator[Fact]) -> dict[str, str]:
    """Each fact as JSON text, ready to be compared and sent."""
    return {key: json.dumps(value, ensure_ascii=False, separators=(",", ":")) for key, value in facts}


def _cannot(member: Member) -> str | None:
    if member.deleted:
        return "This account is deactivated. Slack lets nobody in with it."
    return None


def _cast_entry(member: Member, notes: Mapping[str, str]) -> Json:
    marks = [
        mark
        for mark, applies in (
            ("deactivated", member.deleted),
            ("other organisation", member.outside),
            ("single-channel guest", member.is_ultra_restricted),
            ("guest", member.is_restricted and not member.is_ultra_restricted),
        )
        if applies
    ]
    return {
        "id": member.id,
        "name": member.real_name,
        "handle": member.handle,
        "tz": member.tz,
        "is_app": member.is_bot or member.id == SLACKBOT,
        "is_bot_user": member.id == BOT_USER,
        "marks": marks,
        "note": notes.get(member.id, ""),
    }


def _command(ws: Workspace, command: str) -> Json:
    description, usage = ws.app.hints.get(command, ("", ""))
    return {"command": command, "description": description, "usage": usage}


def _latest(ws: Workspace, user: str) -> Json:
    found: Json = {}
    for channel in ws.channels_of(user):
        stamps = [one.ts for one in ws.visible_messages(user, channel.id) if one.user != user]
        if stamps:
            found[channel.id] = stamps[-1]
    return found


def _buzzes(ws: Workspace, message: Message) -> list[str]:
    """Whom Slack notifies of a message: the person of a direct message, and whoever its first text mentions."""
    channel = ws.channels[message.channel]
    if channel.with_user:
        return [channel.with_user] if message.user != channel.with_user else []
    text = message.versions[0]["text"]
    mentioned = [user for user in sorted(channel.members) if f"<@{user}>" in text and user != message.user]
    return [user for user in mentioned if not (ws.people[user].is_bot or ws.people[user].deleted)]
