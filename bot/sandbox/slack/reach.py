"""What a person can reach in Slack's client: who acts, where, on which message, modal and element.

Each question is asked with the body of an act. What the client would not let somebody do raises `Cannot`, which says
why and what there is instead. `force` in the body answers as if the client had let them: a late or forged delivery.
"""

from bot.sandbox.people import Channel, Member
from bot.sandbox.slack.blockkit import elements_of
from bot.sandbox.slack.elements import VALUE_KEYS, NotOffered, entered, initial_state
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.workspace import Message, View, Workspace

_VALUE_NAMES = {"value", *(key for key, _ in VALUE_KEYS.values())}
_STATELESS = {"button", "icon_button", "feedback_buttons"}


class Cannot(Exception):
    """The client does not let this person do this; the message says why."""


def who(ws: Workspace, body: Json) -> Member:
    """Who acts. Deactivated people and bots have no client."""
    member = ws.people.get(str(body.get("user", "")))
    if member is None:
        raise Cannot(f"there is nobody called {body.get('user')!r}")
    if (member.deleted or member.is_bot) and not body.get("force"):
        raise Cannot(f"{member.real_name} {'is deactivated' if member.deleted else 'is a bot'}")
    return member


def where(ws: Workspace, body: Json) -> Channel:
    """In which channel; without one, the direct message with the bot."""
    if not body.get("channel"):
        return ws.direct_channel(str(body["user"]))
    channel = ws.channels.get(str(body["channel"]))
    if channel is None:
        raise Cannot(f"there is no channel {body['channel']}")
    if not body.get("force"):
        if body["user"] not in channel.members:
            raise Cannot(f"{body['user']} is not in {channel.name}")
        if channel.is_archived:
            raise Cannot(f"{channel.name} is archived")
    return channel


def place(ws: Workspace, member: Member, body: Json) -> Message | View:
    """On which message, modal or Home tab (`view: "home"`); without either, the modal on top."""
    if body.get("message"):
        return message(ws, member, body)
    if body.get("view") == "home":
        home = ws.homes.get(member.id)
        if home is None:
            raise Cannot("there is nothing on the Home tab")
        return home
    home = ws.homes.get(member.id)
    if home and home.id == body.get("view"):
        return home
    return modal(ws, member, body)


def message(ws: Workspace, member: Member, body: Json) -> Message:
    """A message this person sees; with force also one that is gone."""
    spot, force = body["message"], body.get("force")
    found = ws.find_message(spot["channel"], spot["ts"])
    if found is None and force:
        found = ws.messages.get(spot["channel"], {}).get(spot["ts"])
    if found is None:
        raise Cannot(f"there is no message {spot['ts']} in {spot['channel']}")
    sees = found.only_for in (None, member.id) and member.id in ws.channels[found.channel].members
    if not sees and not force:
        raise Cannot(f"{member.real_name} does not see that message")
    return found


def modal(ws: Workspace, member: Member, body: Json) -> View:
    """The modal on top; with force any there ever was, closed or somebody else's."""
    stack, wanted = ws.modals.get(member.id, []), body.get("view")
    if wanted and body.get("force") and wanted in ws.views:
        return ws.views[wanted]
    if not stack:
        raise Cannot(f"{member.real_name} has no modal open")
    if wanted and wanted != stack[-1].id:
        raise Cannot(f"modal {wanted} is not on top (that is {stack[-1].id})")
    return stack[-1]


def element(spot: Message | View, body: Json) -> tuple[Json, Json]:
    """The block and the element with `action_id` (and `block_id`, if given).

    With force also one that an earlier version of the message had, a button with another value, or one there never was.
    """
    action_id, block_id, force = body.get("action_id"), body.get("block_id"), body.get("force")
    contents = [spot.blocks]
    if force and isinstance(spot, Message):
        contents += [version["blocks"] for version in reversed(spot.versions)]
    for blocks in contents:
        for block, part in elements_of(blocks):
            if part["action_id"] == action_id and block_id in (None, block["block_id"]):
                if (
                    part.get("visible_to_user_ids")
                    and not force
                    and body["user"] not in part["visible_to_user_ids"]
                ):
                    raise Cannot(f"{body['user']} does not see {action_id}")
                forged = force and part["type"] == "button" and "value" in body
                return block, {**part, "value": body["value"]} if forged else part
    if force:
        button = {"type": "button", "action_id": action_id, "value": body.get("value", "")}
        return {"type": "actions", "block_id": block_id or "forged"}, button
    there = [f"{block['block_id']}/{part['action_id']}" for block, part in elements_of(spot.blocks)]
    raise Cannot(f"there is no {block_id or '*'}/{action_id}; there is: {there}")


def enter(
    ws: Workspace, member: Member, spot: Message | View, found: tuple[Json, Json], body: Json
) -> Json | None:
    """Put the value in the body into a block's element (`found`) that holds one; None for buttons."""
    block, part = found
    if part["type"] in _STATELESS:
        return None
    raw = next((body[key] for key in body if key in _VALUE_NAMES), None)
    try:
        if part["type"] == "overflow":
            chosen = entered({**part, "type": "radio_buttons"}, raw, [])
            return {"selected_option": chosen["selected_option"]}
        known = ws.offered.get(spot_key(spot, block, part), [])
        value = entered(part, raw, known, force=bool(body.get("force")))
    except NotOffered as refusal:
        raise Cannot(str(refusal)) from None
    if isinstance(spot, View):
        spot.state = put(spot.state, block["block_id"], part["action_id"], value)
    else:
        before = spot.state.get(member.id) or initial_state(spot.blocks)
        spot.state[member.id] = put(before, block["block_id"], part["action_id"], value)
    ws.touch()
    return value


def put(state: Json, block_id: str, action_id: str, value: Json) -> Json:
    """`state.values` with one value changed."""
    return {**state, block_id: {**state.get(block_id, {}), action_id: value}}


def spot_key(spot: Message | View, block: Json, part: Json) -> tuple[str, str, str]:
    """What identifies an element in the whole workspace."""
    home = spot.id if isinstance(spot, View) else f"{spot.channel}/{spot.ts}"
    return home, block["block_id"], part["action_id"]
