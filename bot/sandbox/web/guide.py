"""The guided path: steps that are ticked off by what is seen in the sandbox.

A step is data; who writes one knows the product, this file and the page do not:

    {"title": "Ask", "text": "Type the command.", "as": "U0ANNA", "channel": "C0BILLING", "type": "/help",
     "tab": "chargebee", "done": [{"any": "calls", "where": {"path": {"contains": "write_off"}, "status": 200}}]}

`as`, `channel`, `type` and `tab` are offered as shortcuts and may be left out. `done` lists what must all have been seen:

    any     what to look through: calls, documents, messages, modals, acts, process
    where   dotted field -> the value, {"contains": text} or {"at_least": number}; one entry must have them all
    new     only what came after the step before was done (for what is only added to: calls, messages, acts, process)

Steps are done in order. What was done stays done until `reset`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.sandbox.chargebee.site import Site
from bot.sandbox.slack.control import seen_by
from bot.sandbox.slack.reading import read_view
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.workspace import Workspace

Step = Mapping[str, Any]
_SHOWN = ("title", "text", "as", "channel", "type", "tab")


class Guide:
    """A path and how far somebody has come on it. `process` lists what was done to the bot's process, oldest first."""

    def __init__(self, steps: Sequence[Step], ws: Workspace, site: Site, process: list[Json]) -> None:
        self._steps = steps
        self._sources: dict[str, Callable[[], list[Json]]] = {
            "calls": lambda: site.log,
            "documents": lambda: [one for kind in site.state.documents.values() for one in kind.values()],
            "messages": lambda: _messages(ws),
            "modals": lambda: _modals(ws),
            "acts": lambda: [one for one in ws.log if one["kind"] == "delivery"],
            "process": lambda: process,
        }
        unknown = {one["any"] for step in steps for one in step["done"]} - self._sources.keys()
        if unknown:
            raise ValueError(f"the guide looks through {sorted(unknown)}; there is {sorted(self._sources)}")
        self.reset()

    def reset(self) -> None:
        """Begin again, with what there is by now as old."""
        self._done = 0
        self._mark()

    def shown(self) -> Json:
        """`{steps: [{title, text, …}], done: how many}`, after looking once more."""
        self._look()
        steps = [{key: step[key] for key in _SHOWN if key in step} for step in self._steps]
        return {"steps": steps, "done": self._done}

    def skip(self) -> None:
        """Pass the present step by."""
        if self._done < len(self._steps):
            self._done += 1
            self._mark()

    def _look(self) -> None:
        while self._done < len(self._steps) and all(
            self._holds(one) for one in self._steps[self._done]["done"]
        ):
            self._done += 1
            self._mark()

    def _mark(self) -> None:
        self._before = {name: len(source()) for name, source in self._sources.items()}

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        entries = self._sources[condition["any"]]()
        if condition.get("new"):
            entries = entries[self._before[condition["any"]] :]
        wanted = condition["where"]
        return any(all(_fits(_at(one, path), value) for path, value in wanted.items()) for one in entries)


def _messages(ws: Workspace) -> list[Json]:
    """Every version of every message, in the order in which they were written."""
    versions = [
        {"channel": one.channel, "user": one.user, "text": version["text"], "at": version["at"]}
        for one in [*(one for here in ws.messages.values() for one in here.values()), *ws.ephemerals.values()]
        for version in one.versions
    ]
    return sorted(versions, key=lambda one: one["at"])


def _modals(ws: Workspace) -> list[Json]:
    found = []
    for user, stack in ws.modals.items():
        seen = seen_by(ws, user) if stack else {"modals": [], "names": {}}
        found += [{"user": user, "text": read_view(view, seen["names"])} for view in seen["modals"]]
    return found


def _at(entry: Any, path: str) -> Any:
    for key in path.split("."):
        entry = entry.get(key) if isinstance(entry, Mapping) else None
    return entry


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping) and "contains" in wanted:
        return isinstance(value, str) and wanted["contains"] in value
    if isinstance(wanted, Mapping) and "at_least" in wanted:
        return isinstance(value, int) and value >= wanted["at_least"]
    return bool(value == wanted)
