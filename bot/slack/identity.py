"""Who is acting: a Slack user resolved to an actor, or nobody.

Deny by default. Only a full, present, human member of the one configured workspace whom the policy knows becomes an actor
(Slack docs, "User object", "Understanding Slack Connect"; for clicks only `user.team_id` in the payload shows an outsider).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import NotPermitted
from bot.core.policy import Policy
from bot.core.record import Actor
from bot.slack.refusals import SLACK_FAILED

#: How long Slack's word about a person is believed. Decisions about money ask anew.
BELIEVED_S = 60

OUTSIDER = "Billing Bot works only for members of its own workspace."
NOT_A_MEMBER = (
    "Billing Bot works only for full members of this workspace, not for guests, bots or deactivated accounts."
)
UNKNOWN = "You are not listed in Billing Bot's policy. Ask whoever looks after it to add you, with your Slack id {user_id}."
UNSURE = "I could not check with Slack who you are, so nothing was done. Please try again in a moment."


@dataclass(frozen=True)
class _Seen:
    at: float
    user: Mapping[str, Any]


class Directory:
    """Looks people up in Slack and in the policy."""

    def __init__(
        self, client: AsyncWebClient, policy: Callable[[], Policy], clock: Callable[[], float]
    ) -> None:
        self._client = client
        self._policy = policy
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    async def actor(self, team_id: str, user_id: str, *, fresh: bool = False) -> Actor:
        """The actor behind a payload's user; `fresh` asks Slack again. Raises NotPermitted with the reason for all others."""
        policy = self._policy()
        if not team_id or team_id != policy.team_id:
            raise NotPermitted(OUTSIDER, rule="workspace.team_id")
        user = await self._user(user_id, fresh=fresh)
        if user.get("team_id", team_id) != policy.team_id or user.get("is_stranger"):
            raise NotPermitted(OUTSIDER, rule="workspace.team_id")
        if not is_full_member(user):
            raise NotPermitted(NOT_A_MEMBER, rule="workspace.members")
        profile = user.get("profile", {})
        confirmed = str(profile.get("email", "")) if user.get("is_email_confirmed") else ""
        actor = policy.person(user_id, team_id, confirmed)
        if actor is None:
            raise NotPermitted(UNKNOWN.format(user_id=user_id), rule="people")
        return actor.model_copy(
            update={"locale": str(user.get("locale") or actor.locale), "tz": str(user.get("tz") or actor.tz)}
        )

    async def _user(self, user_id: str, *, fresh: bool) -> Mapping[str, Any]:
        known = self._seen.get(user_id)
        now = self._clock()
        if known and not fresh and now - known.at < BELIEVED_S:
            return known.user
        try:
            answer = await self._client.users_info(user=user_id, include_locale=True)
        except SLACK_FAILED as error:
            raise NotPermitted(UNSURE, rule="workspace.members") from error
        found = _Seen(at=now, user=dict(answer["user"]))
        self._seen[user_id] = found
        return found.user


def is_full_member(user: Mapping[str, Any]) -> bool:
    """Whether Slack describes a present, human, full member. Slackbot says `is_bot: false` of itself."""
    barred = (
        "deleted",
        "is_bot",
        "is_restricted",
        "is_ultra_restricted",
        "is_stranger",
        "is_invited_user",
        "is_workflow_bot",
    )
    return user.get("id") != "USLACKBOT" and not any(user.get(flag) for flag in barred)
