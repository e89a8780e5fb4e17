"""How faithful the simulated workspace is: each method and behaviour, how far it goes, and from which page.

`full` what the bot can observe is as documented; `part` the stated part; `accepted` checked, stored, no further effect;
`absent` not simulated, so nothing may be concluded about it. A test holds the methods here to those registered.

| source | means |
| --- | --- |
| a name | Slack docs: the page of that title, or of that method or event, on docs.slack.dev |
| observed | seen with slack_bolt 1.30.0 and slack_sdk 3.47.0 |
| third party | others say it, Slack does not |
| inferred | no page says it |
"""

from dataclasses import dataclass
from typing import Literal

Depth = Literal["full", "part", "accepted", "absent"]


@dataclass(frozen=True)
class Fidelity:
    """One line of the table."""

    what: str
    depth: Depth
    how: str
    source: str


METHODS: tuple[Fidelity, ...] = (
    Fidelity("api.test", "full", "echoes, fails on demand", "api.test"),
    Fidelity("auth.test", "full", "one bot token, one team", "auth.test"),
    Fidelity(
        "apps.connections.open", "full", "app token only, one ticket for each link", "Using Socket Mode"
    ),
    Fidelity("agents.sessions.setStatus", "accepted", "status checked; shown in `see`", "Agent sessions"),
    Fidelity("assistant.threads.setStatus", "accepted", "shown in `see`", "assistant.threads.setStatus"),
    Fidelity(
        "assistant.threads.setSuggestedPrompts",
        "accepted",
        "1 to 4 prompts; shown in `see`",
        "Migrating to the Agent messaging experience",
    ),
    Fidelity("bots.info", "full", "", "bots.info"),
    Fidelity(
        "chat.postMessage",
        "part",
        "text, blocks, thread_ts, metadata; no attachments, unfurls, own names or icons",
        "chat.postMessage",
    ),
    Fidelity("chat.update", "part", "as chat.postMessage; text alone removes blocks", "chat.update"),
    Fidelity("chat.delete", "full", "own messages", "chat.delete"),
    Fidelity("chat.postEphemeral", "part", "always arrives; survives reloads", "chat.postEphemeral"),
    Fidelity("chat.getPermalink", "full", "", "chat.getPermalink"),
    Fidelity(
        "conversations.open", "part", "one person; several need a scope not granted", "conversations.open"
    ),
    Fidelity("conversations.info", "full", "scope by kind of channel", "conversations.info"),
    Fidelity("conversations.members", "full", "pages", "conversations.members"),
    Fidelity("conversations.history", "part", "cursor and limit; no latest, oldest", "conversations.history"),
    Fidelity("conversations.replies", "part", "cursor and limit; no latest, oldest", "conversations.replies"),
    Fidelity("reactions.add", "part", "any emoji name is accepted", "reactions.add"),
    Fidelity("team.info", "part", "", "team.info"),
    Fidelity("usergroups.list", "full", "", "usergroups.list"),
    Fidelity("usergroups.users.list", "full", "", "usergroups.users.list"),
    Fidelity("users.conversations", "part", "scope channels:read for every type", "users.conversations"),
    Fidelity("users.info", "full", "absent fields stay absent", "users.info, User object"),
    Fidelity("users.list", "part", "no users from outside", "users.list"),
    Fidelity("views.open", "part", "a second open replaces the stack (inferred)", "views.open; inferred"),
    Fidelity("views.push", "full", "three at most", "views.push"),
    Fidelity("views.update", "full", "hash, external_id, kept state", "views.update, Modals"),
    Fidelity("views.publish", "full", "hash", "views.publish"),
)

BEHAVIOURS: tuple[Fidelity, ...] = (
    Fidelity(
        "arguments", "full", "query, form and JSON merged, for every method", "Using the Web API; observed"
    ),
    Fidelity("tokens and scopes", "full", "one bot token, one app token; scopes from the app", "Scopes"),
    Fidelity("rate limits", "part", "429 with Retry-After only on demand", "Rate limits"),
    Fidelity("triggers", "full", "3 s by the sandbox clock, single use", "Handling user interaction"),
    Fidelity("acknowledgement", "full", "3 s of real time", "Handling user interaction"),
    Fidelity(
        "error lines people see",
        "part",
        "commands as known; one line for everything else",
        "inferred",
    ),
    Fidelity(
        "response_url",
        "part",
        "5 uses, 30 minutes; a thread reply without replace_original overwrites",
        "Handling user interaction",
    ),
    Fidelity("view submission answers", "full", "errors, update, push, clear, close", "Modals"),
    Fidelity(
        "block_suggestion", "full", "min_query_length; wrong options are dropped whole", "Select menu element"
    ),
    Fidelity(
        "state in block_suggestion", "part", "only dispatched values (inferred, the strict side)", "inferred"
    ),
    Fidelity("client checks of inputs", "part", "required, length, number, e-mail, URL", "Block elements"),
    Fidelity(
        "Block Kit limits and surfaces",
        "part",
        "see `blockkit.py`; rich text is not looked into",
        "Blocks; blocks.json; third party: TightknitAI/slack-block-kit-validator",
    ),
    Fidelity(
        "ephemeral clicks",
        "full",
        "no `message` in the payload (inferred)",
        "Handling user interaction; inferred",
    ),
    Fidelity(
        "Socket Mode", "part", "several links in turn, refresh, drop; no warning ahead", "Using Socket Mode"
    ),
    Fidelity(
        "HTTP delivery",
        "full",
        "v0 signature, forms, url_verification, ssl_check",
        "Verifying requests from Slack; observed",
    ),
    Fidelity("event retries", "part", "on demand, retry fields and headers", "The Events API"),
    Fidelity("app_mention, message.*", "part", "people's new messages only, not the bot's own", "Events"),
    Fidelity("app_home_opened", "full", "Home and Messages tabs", "app_home_opened"),
    Fidelity("user_change, subteam_members_changed", "full", "unless asked to be quiet", "Events"),
    Fidelity(
        "Slack Connect",
        "part",
        "one other team; its people click with their own team id",
        "Understanding Slack Connect; observed",
    ),
    Fidelity("should_escape", "part", "@handle and #channel; no HTML escapes", "Implementing slash commands"),
    Fidelity(
        "commands in threads", "full", "refused by the client", "third party: several, no page of Slack's"
    ),
    Fidelity("user groups edited by members", "absent", "", "usergroups.users.update"),
    Fidelity("files, unfurls, streaming, workflows, Enterprise Grid, OAuth", "absent", "", ""),
)
