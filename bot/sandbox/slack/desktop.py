"""What people do in Slack's client: type commands, click, fill and submit forms, look things up, write, open the Home tab.

Each act takes a JSON body (`control.py` lists them) and answers with what the client would show at once:

    {"ok": true, "delivered": 1, "acked": true, "error_shown": null, "field_errors": {}, "options": [],
     "response": …, "message": …, "view": "V…" (the modal on top now), "seq": 12}

Options of every act: `deliveries` (so many identical deliveries at once), `retry` (an event is delivered again with
the retry fields), `force` (deliver although the client would not let this person do this now: late or forged).
What the client does not let somebody do raises `Cannot`, which says why.
"""

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.people import BOT_USER, Channel, Member
from bot.sandbox.slack import messages, payloads, reach, views
from bot.sandbox.slack.delivery import Answer, Courier, Parcel
from bot.sandbox.slack.elements import EXTERNAL, action_of, refused_by_client
from bot.sandbox.slack.reach import Cannot
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.validation import offered_options, option_problems
from bot.sandbox.slack.workspace import ResponseUrl, SlackError, View, Workspace

_FORGEABLE = ("private_metadata", "callback_id", "external_id")


class Desktop:
    """Slack's client in the hands of any person. `url_for` makes an address from the key of a response URL."""

    def __init__(self, ws: Workspace, courier: Courier, url_for: Callable[[str], str]) -> None:
        self._ws, self._courier, self._url_for = ws, courier, url_for

    # -- acts

    async def command(self, body: Json) -> Json:
        """`{user, channel, text}`: type a slash command."""
        member, channel = reach.who(self._ws, body), reach.where(self._ws, body)
        word, _, rest = str(body["text"]).strip().partition(" ")
        if not word.startswith("/"):
            raise Cannot(f"{word!r} is not a slash command")
        if body.get("thread_ts"):
            return self._told(member, f"{word} is not supported in threads. Sorry!")
        usable = word in self._ws.app.commands and "commands" in self._ws.app.scopes and not member.outside
        if not usable and not body.get("force"):
            return self._told(member, f"{word} is not a valid command.")
        if word in self._ws.app.escaping:
            rest = _escaped(self._ws, rest)
        key = self._ws.new_response_url(member.id, channel.id)
        fields = payloads.command_fields(
            self._ws, member, channel, command=word, text=rest.strip(), response_url=self._url_for(key)
        )
        answer = await self._courier.deliver(Parcel("slash_commands", "slash_commands", fields), _times(body))
        if not answer.acked:
            code = "operation_timeout" if answer.problem == "timeout" else "dispatch_failed"
            return self._told(member, f'{word} failed with the error "{code}"', answer)
        message = self._command_answered(self._ws.response_urls[key], answer.body, word)
        return self._shown(member, answer, message=message)

    async def use(self, body: Json) -> Json:
        """`{user, message: {channel, ts} | view, action_id, block_id?, value?}`: click or enter something.

        Anything outside an input block, and inputs with `dispatch_action`, tell the app.
        """
        member = reach.who(self._ws, body)
        place = reach.place(self._ws, member, body)
        block, element = reach.element(place, body)
        value = reach.enter(self._ws, member, place, (block, element), body)
        if block.get("type") == "input" and not block.get("dispatch_action") and not body.get("force"):
            return self._shown(member, Answer(), delivered=0)
        action = action_of(block, element, value, self._ws.next_ts())
        modal_id = None
        if isinstance(place, View):
            place.dispatched = place.state
            part = payloads.in_view(place)
            modal_id = place.id if place.kind == "modal" else None
        else:
            key = self._ws.new_response_url(member.id, place.channel, place.ts)
            part = payloads.in_message(self._ws, place, member.id)
            part["response_url"] = self._url_for(key)
        payload = {
            **payloads.interaction("block_actions", member),
            "trigger_id": self._ws.new_trigger(member.id, modal_id),
            **part,
            "actions": [action],
        }
        answer = await self._courier.deliver(Parcel("interactive", "block_actions", payload), _times(body))
        if answer.acked and answer.body:
            self._ws.violation(
                f"answer to block_actions {action['action_id']} has a body, which Slack ignores"
            )
        if not answer.acked:
            return self._told(member, views.TROUBLE_CONNECTING, answer)
        return self._shown(member, answer)

    async def submit(self, body: Json) -> Json:
        """`{user, view?, values?: {block_id: {action_id: value}}}`: press the submit button of the modal on top."""
        member = reach.who(self._ws, body)
        view = reach.modal(self._ws, member, body)
        if not view.sent.get("submit") and not body.get("force"):
            raise Cannot("this modal has no submit button")
        for block_id, actions in (body.get("values") or {}).items():
            for action_id, raw in actions.items():
                part = {**body, "block_id": block_id, "action_id": action_id, "value": raw}
                self._fill(member, view, part)
        refused = {} if body.get("force") else _client_refusals(view)
        view.errors, view.trouble = refused, None
        if refused:
            self._ws.touch()
            return self._shown(member, Answer(), delivered=0, acked=False, field_errors=refused)
        view.dispatched = view.state
        payload = {
            **payloads.interaction("view_submission", member),
            "trigger_id": self._ws.new_trigger(member.id, view.id),
            "view": payloads.view_object(view),
            "response_urls": [],
        }
        if body.get("force"):
            payload["view"] |= {key: body[key] for key in _FORGEABLE if key in body}
        answer = await self._courier.deliver(Parcel("interactive", "view_submission", payload), _times(body))
        if not answer.acked:
            view.trouble = views.TROUBLE_CONNECTING
            return self._told(member, views.TROUBLE_CONNECTING, answer)
        before = len(self._ws.violations)
        if view in self._ws.modals.get(member.id, []):
            views.answer_submission(self._ws, view, answer.body)
        error = views.TROUBLE_CONNECTING if len(self._ws.violations) > before else None
        return self._shown(member, answer, field_errors=dict(view.errors), error_shown=error)

    async def close(self, body: Json) -> Json:
        """`{user, view?, all?}`: press Cancel, or with `all` the X that closes the whole stack."""
        member = reach.who(self._ws, body)
        view = reach.modal(self._ws, member, body)
        cleared = bool(body.get("all") or view.sent.get("clear_on_close"))
        closing = list(reversed(self._ws.modals.get(member.id, []))) if cleared else [view]
        answer, delivered = Answer(), 0
        for one in closing:
            views.pop(self._ws, one)
            if one.sent.get("notify_on_close"):
                payload = {
                    **payloads.interaction("view_closed", member),
                    "view": payloads.view_object(one),
                    "is_cleared": cleared,
                }
                answer = await self._courier.deliver(
                    Parcel("interactive", "view_closed", payload), _times(body)
                )
                delivered += 1
        return self._shown(member, answer, delivered=delivered)

    async def suggest(self, body: Json) -> Json:
        """`{user, view|message, block_id?, action_id, query}`: type into an external select; answers its options."""
        member = reach.who(self._ws, body)
        place = reach.place(self._ws, member, body)
        block, element = reach.element(place, body)
        query = str(body.get("query", ""))
        if element["type"] not in EXTERNAL:
            raise Cannot(f"{element['type']} looks nothing up")
        if len(query) < element.get("min_query_length", 3) and not body.get("force"):
            return self._shown(member, Answer(), delivered=0, options=[])
        payload = {
            **payloads.interaction("block_suggestion", member),
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "value": query,
            **(
                payloads.in_view(place, place.dispatched)
                if isinstance(place, View)
                else payloads.in_message(self._ws, place, member.id)
            ),
        }
        answer = await self._courier.deliver(Parcel("interactive", "block_suggestion", payload), _times(body))
        if not answer.acked:
            return self._shown(member, answer, error_shown="No results", options=[])
        problems = option_problems(answer.body)
        for problem in problems:
            self._ws.violation(f"options for {element['action_id']} are dropped: {problem}")
        options = [] if problems else offered_options(answer.body)
        known = self._ws.offered.setdefault(reach.spot_key(place, block, element), [])
        known.extend(one for one in options if one not in known)
        return self._shown(member, answer, options=options)

    async def message(self, body: Json) -> Json:
        """`{user, channel?, text, thread_ts?}`: write a message; without a channel to the bot directly."""
        member, channel = reach.who(self._ws, body), reach.where(self._ws, body)
        text = str(body["text"])
        rich = {"type": "rich_text_section", "elements": messages.typed(text)}
        blocks = [{"type": "rich_text", "block_id": self._ws.next_id("b"), "elements": [rich]}]
        said = messages.put(
            self._ws, channel, user=member.id, text=text, blocks=blocks, thread_ts=body.get("thread_ts")
        )
        kinds = [
            ("message", f"message.{ {'channel': 'channels', 'group': 'groups'}.get(channel.kind, 'im') }")
        ]
        if f"<@{BOT_USER}>" in text and not channel.is_im:
            kinds.append(("app_mention", "app_mention"))
        answer, delivered = Answer(), 0
        for kind, subscription in kinds:
            if subscription in self._ws.app.events and BOT_USER in channel.members:
                event = messages.event_of(said, member, channel, kind, self._ws.next_id("m"))
                answer = await self._tell(event, member, body, channel)
                delivered += 1
        return self._shown(
            member, answer, delivered=delivered, message=payloads.message_object(self._ws, said)
        )

    async def mention(self, body: Json) -> Json:
        """`{user, channel, text, thread_ts?}`: write a message that mentions the bot."""
        return await self.message({**body, "text": f"<@{BOT_USER}> {body['text']}"})

    async def home(self, body: Json) -> Json:
        """`{user, tab?}`: open the app's Home (default) or Messages tab."""
        member = reach.who(self._ws, body)
        if member.outside and not body.get("force"):
            raise Cannot("the app is not installed in this person's organisation")
        channel = self._ws.direct_channel(member.id)
        event: Json = {
            "type": "app_home_opened",
            "user": member.id,
            "channel": channel.id,
            "tab": body.get("tab", "home"),
            "event_ts": self._ws.next_ts(),
        }
        present = self._ws.homes.get(member.id)
        if present and event["tab"] == "home":
            event["view"] = payloads.view_object(present)
        if "app_home_opened" not in self._ws.app.events:
            return self._shown(member, Answer(), delivered=0)
        return self._shown(member, await self._tell(event, member, body))

    async def shortcut(self, body: Json) -> Json:
        """`{user, callback_id, message?: {channel, ts}}`: use a global or message shortcut."""
        member, callback_id = reach.who(self._ws, body), str(body["callback_id"])
        kind = self._ws.app.shortcuts.get(callback_id)
        if kind is None and not body.get("force"):
            raise Cannot(f"there is no shortcut {callback_id}; there is {sorted(self._ws.app.shortcuts)}")
        label = "message_action" if body.get("message") else "shortcut"
        payload: Json = {
            **payloads.interaction(label, member),
            "callback_id": callback_id,
            "trigger_id": self._ws.new_trigger(member.id),
            "action_ts": self._ws.next_ts(),
        }
        if label == "message_action":
            place = reach.message(self._ws, member, body)
            key = self._ws.new_response_url(member.id, place.channel, place.ts)
            payload |= {
                "message_ts": place.ts,
                "message": payloads.message_object(self._ws, place),
                "channel": payloads.channel_brief(self._ws.channels[place.channel]),
                "response_url": self._url_for(key),
            }
        answer = await self._courier.deliver(Parcel("interactive", label, payload), _times(body))
        if not answer.acked:
            return self._told(member, views.TROUBLE_CONNECTING, answer)
        return self._shown(member, answer)

    async def tell(self, event: Json, member: Member, body: Json) -> Json:
        """An event that no act of this person's client caused, such as `user_change`; only if subscribed."""
        if event["type"] not in self._ws.app.events:
            return self._shown(member, Answer(), delivered=0)
        return self._shown(member, await self._tell(event, member, body))

    # -- what comes of it

    def _fill(self, member: Member, view: View, part: Json) -> None:
        raw = part["value"]
        if part.get("force") and isinstance(raw, dict) and "type" in raw:
            view.state = reach.put(view.state, part["block_id"], part["action_id"], raw)  # forged: as it is
            return
        reach.enter(self._ws, member, view, reach.element(view, part), part)

    async def _tell(self, event: Json, member: Member, body: Json, channel: Channel | None = None) -> Answer:
        payload = payloads.event_callback(self._ws, event, actor=member, channel=channel)
        parcel = Parcel("events_api", str(event["type"]), payload)
        answer = await self._courier.deliver(parcel, _times(body))
        if body.get("retry"):
            await self._courier.deliver_again(parcel)
        return answer

    def _command_answered(self, url: ResponseUrl, answer: Any, word: str) -> Json | None:
        if not answer:
            return None
        body = answer if isinstance(answer, dict) else {"text": str(answer)}
        try:
            message = messages.apply_response(self._ws, url, body, f"answer to {word}")
        except SlackError as error:
            self._ws.violation(f"answer to {word} shows nothing: {error.code} {error.extra}")
            return None
        return payloads.message_object(self._ws, message) if message else None

    def _told(self, member: Member, line: str, answer: Answer | None = None) -> Json:
        """The client shows an error of its own."""
        self._ws.banner(member.id, line)
        delivered = 0 if answer is None or answer.problem == "no_connection" else 1
        return self._shown(member, answer or Answer(), delivered=delivered, acked=False, error_shown=line)

    def _shown(self, member: Member, answer: Answer, **more: Any) -> Json:
        stack = self._ws.modals.get(member.id, [])
        return {
            "ok": True,
            "delivered": 1,
            "acked": answer.acked,
            "problem": answer.problem,
            "response": answer.body,
            "error_shown": None,
            "field_errors": {},
            "options": [],
            "message": None,
            "view": stack[-1].id if stack else None,
            **more,
            "seq": self._ws.seq,
        }


def _times(body: Json) -> int:
    return int(body.get("deliveries", 1))


def _escaped(ws: Workspace, text: str) -> str:
    """`should_escape`: a typed @handle or #channel arrives with its id, so that nobody can spoof a name."""
    handles = {member.handle: f"<@{member.id}|{member.handle}>" for member in ws.people.values()}
    rooms = {room.name: f"<#{room.id}|{room.name}>" for room in ws.channels.values() if not room.is_im}
    text = re.sub(r"@([\w.-]+)", lambda found: handles.get(found[1], found[0]), text)
    return re.sub(r"#([\w-]+)", lambda found: rooms.get(found[1], found[0]), text)


def _client_refusals(view: View) -> dict[str, str]:
    """Errors that Slack's client shows by itself before it sends anything, by block id."""
    refused: dict[str, str] = {}
    for block in view.blocks:
        if block["type"] == "input":
            value = view.state[block["block_id"]][block["element"]["action_id"]]
            why = refused_by_client(block, value)
            if why:
                refused[block["block_id"]] = why
    return refused
