"""What it means when a call to Slack did not work: one place that reads Slack's errors, whatever shape they have.

    SLACK_FAILED   everything a Web API call can raise: Slack's own "no", a broken connection, a time-out
    code_of        Slack's word for it; `unreached` where there was no answer, `unreadable` where it was no JSON
    is_passing     whether trying again in a moment can help

Slack answers some troubles with a page of HTML, of which the SDK makes an error without a code. A connection that is cut
raises an `aiohttp.ClientError`, which is not always an `OSError`.
"""

import aiohttp
from slack_sdk.errors import SlackApiError

SLACK_FAILED = (SlackApiError, aiohttp.ClientError, OSError)

#: The trigger of a click or command has opened something already: the same delivery came twice.
USED_TRIGGER = frozenset({"exchanged_trigger_id", "trigger_exchanged"})
#: Not our mistake, and not for long.
PASSING = frozenset(
    {
        "unreached",
        "unreadable",
        "ratelimited",
        "expired_trigger_id",
        "trigger_expired",
        "internal_error",
        "fatal_error",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)


def code_of(error: Exception) -> str:
    """Slack's code for one of `SLACK_FAILED`."""
    if not isinstance(error, SlackApiError):
        return "unreached"
    answer = getattr(error.response, "data", error.response)
    code = answer.get("error") if isinstance(answer, dict) else None
    return code if isinstance(code, str) and code else "unreadable"


def is_passing(error: Exception) -> bool:
    """Whether the same call may work in a moment."""
    return code_of(error) in PASSING
