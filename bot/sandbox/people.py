"""The cast of the simulated Slack workspace: two teams, the people, the channels and the user groups.

Values only. `cast()`, `channels()` and `groups()` make a fresh set each time, so that a reset is a new call.
Ids are readable on purpose: `U0ANNA` is Anna, `D0ANNA` is her direct message channel with the bot.

    Anna, Jürgen   ask for billing changes          Bo           approves
    Fiona, Carl    approve for finance              Nora         is in every channel and holds no role
    Gus, Sue       multi- and single-channel guest  Otto, Stella belong to another organisation
    Dora           is deactivated                   Twin         is Anna's second account (same e-mail)
    Robot          is another app's bot             Slackbot     says `is_bot: false` of itself

Which flags are absent rather than false, and who is a stranger, follows the user object documentation.
"""

from dataclasses import dataclass, field

TEAM = "T0BOT"
TEAM_NAME = "Acme Billing"
TEAM_DOMAIN = "acme-billing"
OTHER_TEAM = "T0OTHER"
OTHER_TEAM_NAME = "Other Corp"
OTHER_TEAM_DOMAIN = "other-corp"
APP = "A0BILLBOT"
APP_NAME = "Billing Bot"
BOT = "B0BILLBOT"
BOT_USER = "U0BILLBOT"
SLACKBOT = "USLACKBOT"

TEAM_DOMAINS = {TEAM: TEAM_DOMAIN, OTHER_TEAM: OTHER_TEAM_DOMAIN}

# Zone name -> (label, offset from UTC in seconds, standard time).
TIME_ZONES = {
    "America/New_York": ("Eastern Standard Time", -18000),
    "America/Los_Angeles": ("Pacific Standard Time", -28800),
    "Europe/Berlin": ("Central European Time", 3600),
    "Europe/London": ("Greenwich Mean Time", 0),
    "Asia/Tokyo": ("Japan Standard Time", 32400),
}


@dataclass(kw_only=True)
class Member:
    """One user of one team. `email` None: the account has none (bots, Slackbot)."""

    id: str
    handle: str
    real_name: str
    email: str | None = None
    team_id: str = TEAM
    tz: str = "America/New_York"
    locale: str = "en-US"
    deleted: bool = False
    is_admin: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_invited_user: bool = False
    is_email_confirmed: bool = True
    bot_id: str | None = None
    app_id: str | None = None

    @property
    def outside(self) -> bool:
        """True when the account belongs to another organisation than the one the app is installed in."""
        return self.team_id != TEAM


@dataclass(kw_only=True)
class Channel:
    """A conversation. `with_user` is set on direct messages between that user and the bot."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    with_user: str | None = None

    @property
    def is_im(self) -> bool:
        return self.with_user is not None

    @property
    def kind(self) -> str:
        """`im`, `group` or `channel`: the word used in events and in scope names."""
        return "im" if self.is_im else "group" if self.is_private else "channel"


@dataclass(kw_only=True)
class Group:
    """A user group (`@handle`)."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)


def _members() -> list[Member]:
    return [
        Member(id="U0ANNA", handle="anna", real_name="Anna Agent", email="anna@acme.example"),
        Member(
            id="U0BO",
            handle="bo",
            real_name="Bo Approver",
            email="bo@acme.example",
            tz="Europe/London",
            locale="en-GB",
        ),
        Member(
            id="U0FIN",
            handle="fiona",
            real_name="Fiona Finance",
            email="fiona@acme.example",
            tz="America/Los_Angeles",
            is_admin=True,
        ),
        Member(id="U0CARL", handle="carl", real_name="Carl Controller", email="carl@acme.example"),
        Member(
            id="U0JURGEN",
            handle="juergen",
            real_name="Jürgen Müller",
            email="jürgen.müller@acme.example",
            tz="Europe/Berlin",
            locale="de-DE",
        ),
        Member(
            id="U0NORA",
            handle="nora",
            real_name="Nora Norole",
            email="nora@acme.example",
            tz="Asia/Tokyo",
            locale="ja-JP",
        ),
        Member(
            id="U0GUS", handle="gus", real_name="Gus Guest", email="gus@agency.example", is_restricted=True
        ),
        Member(
            id="U0SUE",
            handle="sue",
            real_name="Sue Singleroom",
            email="sue@agency.example",
            is_restricted=True,
            is_ultra_restricted=True,
        ),
        Member(
            id="U0OTTO",
            handle="otto",
            real_name="Otto Outsider",
            email="otto@other.example",
            team_id=OTHER_TEAM,
        ),
        Member(
            id="U0STELLA",
            handle="stella",
            real_name="Stella Stranger",
            email="stella@other.example",
            team_id=OTHER_TEAM,
        ),
        Member(
            id="U0DORA", handle="dora", real_name="Dora Deactivated", email="dora@acme.example", deleted=True
        ),
        Member(id="U0TWIN", handle="anna.two", real_name="Anna Agent (2)", email="anna@acme.example"),
        Member(
            id="U0ROBOT",
            handle="robot",
            real_name="Robot",
            is_bot=True,
            bot_id="B0ROBOT",
            app_id="A0ROBOT",
        ),
        Member(id=BOT_USER, handle="billing-bot", real_name=APP_NAME, is_bot=True, bot_id=BOT, app_id=APP),
        Member(id=SLACKBOT, handle="slackbot", real_name="Slackbot", is_email_confirmed=False),
    ]


def cast() -> dict[str, Member]:
    """Everybody, by user id."""
    return {member.id: member for member in _members()}


def channels() -> dict[str, Channel]:
    """The channels as they stand at the start, by id. Direct messages are opened when needed."""
    full = {"U0ANNA", "U0BO", "U0FIN", "U0CARL", "U0JURGEN", "U0NORA", "U0DORA", "U0TWIN"}
    rows = [
        Channel(id="C0BILLING", name="billing", members=full | {"U0GUS", "U0SUE", "U0ROBOT", BOT_USER}),
        Channel(
            id="C0APPROVALS",
            name="billing-approvals",
            members=full | {"U0GUS", "U0ROBOT", BOT_USER},
            is_private=True,
        ),
        Channel(id="C0NOTICES", name="billing-notices", members=full | {BOT_USER}),
        Channel(id="C0GENERAL", name="general", members=full | {"U0GUS", "U0ROBOT", BOT_USER}),
        Channel(
            id="C0SHARED",
            name="shared-with-other",
            members={"U0ANNA", "U0BO", "U0JURGEN", "U0OTTO", BOT_USER},
            is_ext_shared=True,
        ),
        Channel(id="C0NOBOT", name="no-bot-here", members={"U0ANNA", "U0BO"}),
        Channel(id="C0OLD", name="old-billing", members={"U0ANNA", "U0BO", BOT_USER}, is_archived=True),
    ]
    return {channel.id: channel for channel in rows}


def groups() -> dict[str, Group]:
    """The user groups, by id."""
    rows = [
        Group(id="S0AGENTS", handle="billing-agents", name="Billing agents", users=["U0ANNA", "U0JURGEN"]),
        Group(id="S0APPROVERS", handle="billing-approvers", name="Billing approvers", users=["U0BO"]),
        Group(id="S0FINANCE", handle="finance", name="Finance", users=["U0FIN", "U0CARL"]),
    ]
    return {group.id: group for group in rows}
