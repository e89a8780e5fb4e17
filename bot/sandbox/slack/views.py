"""Modals and Home tabs: opening, pushing, updating, publishing, closing, and the answers to a submitted form.

Rules: the pages "Modals", "Modal views" and of each views.* method. A person has one stack of at most three
modals. Opening a modal while one is open replaces the stack (our reading; the reference does not say).
"""

from typing import Any

from bot.sandbox.slack.elements import initial_state, kept_state
from bot.sandbox.slack.messages import completed, parsed
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.validation import view_problems
from bot.sandbox.slack.workspace import SlackError, View, Workspace

DEEPEST = 3
TROUBLE_CONNECTING = "We had some trouble connecting. Try again?"


def _checked(ws: Workspace, raw: Any, kind: str, replacing: View | None = None) -> Json:
    view = parsed(raw, "invalid_arguments")
    problems = view_problems(view)
    if not problems and view["type"] != kind:
        problems = [f"[ERROR] must be one of: {kind} [json-pointer:/view/type]"]
    if problems:
        raise SlackError("invalid_arguments", response_metadata={"messages": problems})
    external_id = view.get("external_id")
    everyone = [*ws.homes.values(), *(one for stack in ws.modals.values() for one in stack)]
    if external_id and any(
        one.sent.get("external_id") == external_id and one is not replacing for one in everyone
    ):
        raise SlackError("duplicate_external_id")
    return {**view, "blocks": completed(ws, view["blocks"])}


def _new_hash(ws: Workspace) -> str:
    return f"{int(ws.clock())}.{ws.next_id('h')}"


def _new_view(ws: Workspace, user: str, sent: Json, below: View | None) -> View:
    view_id = ws.next_id("V")
    state = initial_state(sent["blocks"])
    view = ws.views[view_id] = View(
        id=view_id,
        user=user,
        root_id=below.root_id if below else view_id,
        previous_id=below.id if below else None,
        hash=_new_hash(ws),
        sent=sent,
        state=state,
        dispatched=state,
    )
    return view


def open_view(ws: Workspace, args: Json) -> View:
    """`views.open`: a new stack for the person whose trigger it is."""
    sent = _checked(ws, args.get("view"), "modal")
    trigger = ws.use_trigger(str(args.get("trigger_id", "")))
    view = _new_view(ws, trigger.user, sent, None)
    ws.modals[trigger.user] = [view]
    ws.touch()
    return view


def push_view(ws: Workspace, args: Json) -> View:
    """`views.push`: on top of the modal the trigger came from; three at most."""
    sent = _checked(ws, args.get("view"), "modal")
    trigger = ws.use_trigger(str(args.get("trigger_id", "")))
    stack = ws.modals.get(trigger.user, [])
    if not stack or trigger.view_id is None:
        raise SlackError("invalid_trigger_id")
    if len(stack) >= DEEPEST:
        raise SlackError("push_limit_reached")
    view = _new_view(ws, trigger.user, sent, stack[-1])
    stack.append(view)
    ws.touch()
    return view


def update_view(ws: Workspace, args: Json) -> View:
    """`views.update` by `view_id` or `external_id`; with `hash` only when nobody was faster."""
    view_id, external_id = args.get("view_id"), args.get("external_id")
    everyone = [*ws.homes.values(), *(one for stack in ws.modals.values() for one in stack)]
    for view in everyone:
        if (view_id and view.id == view_id) or (external_id and view.sent.get("external_id") == external_id):
            _same_hash(view, args.get("hash"))
            _replace(ws, view, _checked(ws, args.get("view"), view.kind, replacing=view))
            return view
    raise SlackError("not_found")


def publish_home(ws: Workspace, args: Json) -> View:
    """`views.publish`: the Home tab of one person."""
    user = str(args.get("user_id", ""))
    member = ws.member(user)
    if member.is_bot or member.deleted or member.outside:
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] user_id is not valid"]}
        )
    present = ws.homes.get(user)
    sent = _checked(ws, args.get("view"), "home", replacing=present)
    if present is None:
        ws.homes[user] = _new_view(ws, user, sent, None)
        ws.touch()
    else:
        _same_hash(present, args.get("hash"))
        _replace(ws, present, sent)
    return ws.homes[user]


def _same_hash(view: View, given: Any) -> None:
    if given and given != view.hash:
        raise SlackError("hash_conflict")


def _replace(ws: Workspace, view: View, sent: Json) -> None:
    view.sent = sent
    view.state = kept_state(sent["blocks"], view.state)
    view.dispatched = view.state
    view.hash = _new_hash(ws)
    view.errors, view.trouble = {}, None
    ws.touch()


def pop(ws: Workspace, view: View) -> None:
    """Take a modal, and whatever stands on it, off the person's stack."""
    stack = ws.modals.get(view.user, [])
    if view in stack:
        del stack[stack.index(view) :]
    ws.touch()


def answer_submission(ws: Workspace, view: View, answer: Any) -> None:
    """What the app's answer to `view_submission` does: close, show errors, update, push or clear. Source: "Modals".

    An answer Slack cannot use is a violation, and the person reads that there was trouble connecting.
    """
    problem = _use_answer(ws, view, answer)
    if problem:
        ws.violation(f"answer to the submission of {view.sent.get('callback_id') or view.id}: {problem}")
        view.trouble = TROUBLE_CONNECTING
    ws.touch()


def _use_answer(ws: Workspace, view: View, answer: Any) -> str | None:
    if answer in (None, "", {}):
        pop(ws, view)
        return None
    if not isinstance(answer, dict) or "response_action" not in answer:
        return f"must be empty or have a response_action, not {type(answer).__name__}"
    action = answer["response_action"]
    if action == "clear":
        ws.modals[view.user] = []
        return None
    if action == "errors":
        return _show_errors(view, answer.get("errors"))
    if action not in ("update", "push"):
        return f"unknown response_action {action!r}"
    try:
        if action == "update":
            _replace(ws, view, _checked(ws, answer.get("view"), "modal", replacing=view))
        else:
            stack = ws.modals.setdefault(view.user, [])
            if len(stack) >= DEEPEST:
                return "push_limit_reached"
            stack.append(_new_view(ws, view.user, _checked(ws, answer.get("view"), "modal"), view))
    except SlackError as error:
        return f"{action} refused: {error.code} {error.extra.get('response_metadata', '')}"
    return None


def _show_errors(view: View, errors: Any) -> str | None:
    if not isinstance(errors, dict) or not errors:
        return "errors must map block ids to texts and name at least one"
    inputs = {one["block_id"] for one in view.blocks if one["type"] == "input"}
    unknown = sorted(set(errors) - inputs)
    if unknown:
        return f"errors for blocks that are no input blocks here: {unknown} (there is: {sorted(inputs)})"
    wrong = sorted(key for key, text in errors.items() if not isinstance(text, str) or not text)
    if wrong:
        return f"errors must be texts: {wrong}"
    view.errors = dict(errors)
    return None
