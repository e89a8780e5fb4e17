"""The policy: who may ask for, approve, see and decide what. One TOML file; every answer names its rule.

    load_policy   text -> Policy, or PolicyError with every problem
    Policy        the answers; roles are always those of this policy, whatever an Actor carries
    Decision      allowed or not, a sentence for the person, and the rule it came from

An e-mail never grants anything by itself: it only finds the entry of a person, and only where
`identity.match_email_domains` says so. Separation of duties counts humans: two accounts with one e-mail are
one person.
"""

import hashlib
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from bot.core.errors import BotError
from bot.core.money import Money
from bot.core.plan import Frozen, Options
from bot.core.policy_file import ANY, Gate, Person, PolicyFile, Role, human, lists, oddities, problems
from bot.core.record import Actor, BillingRequest, Requirement, Vote


class PolicyError(BotError):
    """The policy file cannot be used, and none of it is. `problems` are sentences, each with its place."""

    code = "policy"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("The policy is refused:\n" + "\n".join(f"- {problem}" for problem in problems))
        self.problems = tuple(problems)


class Decision(Frozen):
    """`reason` is a sentence the person can be shown; `rule` is the line of the policy that decided."""

    allowed: bool
    reason: str
    rule: str


def load_policy(text: str, operations: Mapping[str, str]) -> "Policy":
    """The policy in `text`. `operations` maps each operation's name to "reversible" or "destructive".

    Raises PolicyError. Names and gates are looked at once the file has the right shape.
    """
    try:
        file = PolicyFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([f"This is not TOML: {error}."]) from None
    except ValidationError as error:
        raise PolicyError([_sentence(e["loc"], e["msg"]) for e in error.errors()]) from None
    found = problems(file, operations)
    if found:
        raise PolicyError(found)
    return Policy(file=file, hash=hashlib.sha256(text.encode()).hexdigest()[:12], warnings=oddities(file))


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Made by `load_policy` only. `hash` names this version of the file; `warnings` are for its keeper."""

    file: PolicyFile
    hash: str
    warnings: tuple[str, ...] = ()

    # Who is it?

    @property
    def team_id(self) -> str:
        """The one Slack workspace whose members can act."""
        return self.file.workspace.team_id

    def person(self, user_id: str, team_id: str, email_if_confirmed: str = "") -> Actor | None:
        """The actor for a Slack user, or None when there is not exactly one. An entry by id goes first."""
        if team_id != self.file.workspace.team_id:
            return None
        entry = self._entry(user_id, email_if_confirmed)
        if entry is None:
            return None
        return Actor(
            user_id=user_id,
            team_id=team_id,
            name=entry.name,
            email=entry.email,
            roles=tuple(entry.roles),
        )

    # What may they ask for?

    def may_request(self, actor: Actor, operation: str, channel: str = "") -> Decision:
        """`channel` empty: it does not come from a conversation (App Home), so no channel rule applies."""
        roles = self._roles(actor)
        if not roles:
            return self._nothing(actor, self._who_may_request(operation))
        granting = [name for name, role in roles.items() if lists(role.request, operation)]
        if not granting:
            sentence = f"{_these(roles)} may not ask for “{_spoken(operation)}”."
            return _no(sentence + _ask(self._who_may_request(operation)), _rules(roles, "request"))
        allowed = self.file.channels.commands
        if channel and allowed and channel not in allowed:
            return _no(
                "Billing commands are not used here. Ask in a channel that is set aside for them.",
                "channels.commands",
            )
        return _yes(f"Role {granting[0]} may ask for “{_spoken(operation)}”.", f"roles.{granting[0]}.request")

    def may_use(self, actor: Actor, options: Options, operation: str, channel: str = "") -> Decision:
        """Whether the chosen headers may go out. The entity that belongs to `channel` needs no permission."""
        roles = self._roles(actor)
        chosen = {
            "webhooks": options.silence_webhooks,
            "emails": options.silence_emails,
            "actions": options.silence_actions,
        }
        for switch in (name for name, on in chosen.items() if on):
            if switch not in self.switches(actor):
                holders = [name for name, role in self.file.roles.items() if switch in role.switches]
                return _no(
                    f"You may not turn off {switch} for “{_spoken(operation)}”."
                    + _ask(self._holding(holders)),
                    _rules(roles, "switches"),
                )
        entity = options.business_entity_id
        if entity and entity not in self.file.entities.offered:
            return _no(f"There is no business entity {entity}. Choose one from the list.", "entities.offered")
        if entity and entity not in self.entities_for(actor, channel):
            holders = [name for name, role in self.file.roles.items() if _chooses(role, entity)]
            return _no(
                f"You may not choose the business entity {self.file.entities.offered[entity]}."
                + _ask(self._holding(holders)),
                _rules(roles, "entities"),
            )
        return _yes("These options may be used.", _rules(roles, "switches"))

    def switches(self, actor: Actor) -> tuple[str, ...]:
        """The header switches `actor` may use, of "webhooks", "emails", "actions"."""
        held = {switch for role in self._roles(actor).values() for switch in role.switches}
        return tuple(switch for switch in ("webhooks", "emails", "actions") if switch in held)

    def entities_for(self, actor: Actor, channel: str = "") -> dict[str, str]:
        """Business entities `actor` can choose: id -> name, the channel's own first."""
        own = self.entity_of(channel)
        roles = self._roles(actor).values()
        offered = self.file.entities.offered
        open_to = [entity for entity in offered if any(_chooses(role, entity) for role in roles)]
        return {entity: offered[entity] for entity in dict.fromkeys([own, *open_to] if own else open_to)}

    def entity_of(self, channel: str) -> str:
        """The business entity that belongs to `channel`, or an empty string."""
        return self.file.entities.by_channel.get(channel, "")

    # What does it take?

    def requirement(self, operation: str, amount: Money | None, zero_decimal: Collection[str]) -> Requirement:
        """What the gate asks for at `amount`. None, and currencies no limit names, get the last tier.

        `remind_s` is 0 where the gate wants no reminder.
        """
        gate = self._gate(operation)
        number, tier = next((i, t) for i, t in enumerate(gate.tiers) if t.covers(amount, zero_decimal))
        return Requirement(
            approvals=tier.approvals,
            roles=tuple(tier.roles),
            rule=f"gates.{operation}.tiers[{number}]",
            policy=self.hash,
            expires_s=gate.expires_h * 3600,
            remind_s=gate.remind_h * 3600,
        )

    def preview_expires_s(self, operation: str) -> int:
        return self._gate(operation).preview_expires_min * 60

    def eligible(self, requester: Actor, operation: str, requirement: Requirement) -> tuple[Person, ...]:
        """Who could approve: never the requester, nor another account of theirs."""
        return tuple(
            person
            for person in self.file.people
            if self._counts(person, operation, requirement) and not self._same(_as_actor(person), requester)
        )

    def satisfiable(self, requester: Actor, operation: str, requirement: Requirement) -> Decision:
        """Whether enough people could approve what `requester` asks. Asked again at submit."""
        others = {human(person.email) for person in self.eligible(requester, operation, requirement)}
        if len(others) >= requirement.approvals:
            return _yes("Enough people could approve this.", requirement.rule)
        return _no(
            f"This needs {requirement.approvals} approvals, but only {len(others)} others could give one."
            " Ask whoever keeps the billing policy.",
            requirement.rule,
        )

    # Who decides?

    def may_approve(self, actor: Actor, record: BillingRequest) -> Decision:
        decision = self.may_reject(actor, record)
        if decision.allowed and any(self._same(vote.actor, actor) for vote in self._live(record)):
            return _no(
                "You have decided on this already." + self._ask_others(record), record.requirement.rule
            )
        return decision

    def may_reject(self, actor: Actor, record: BillingRequest) -> Decision:
        """As for approving; but whoever has approved may still stop it."""
        rule, entry = record.requirement.rule, self._entry_of(actor)
        if actor.user_id == record.requester.user_id:
            return _no("You asked for this, so somebody else has to decide." + self._ask_others(record), rule)
        if self._same(actor, record.requester):
            sentence = "This account has the same e-mail as the person who asked, so it does not count."
            return _no(sentence + self._ask_others(record), rule)
        if entry is None or not self._counts(entry, record.operation, record.requirement):
            needed = " or ".join(record.requirement.roles) or "nobody"
            sentence = f"You may not decide on this request. It takes the role {needed}."
            return _no(sentence + self._ask_others(record), rule)
        return _yes(f"{entry.name} may decide on this request.", rule)

    def live_approvals(self, record: BillingRequest) -> tuple[Vote, ...]:
        """The approvals that count now: for exactly this plan, by different people who may still approve."""
        counted: list[Vote] = []
        for vote in self._live(record):
            if vote.verdict != "approve" or not self.may_reject(vote.actor, record).allowed:
                continue
            if not any(self._same(vote.actor, earlier.actor) for earlier in counted):
                counted.append(vote)
        return tuple(counted)

    def quorum(self, record: BillingRequest) -> bool:
        """Whether the approvals that count now are enough."""
        return len(self.live_approvals(record)) >= record.requirement.approvals

    def may_submit(self, actor: Actor, record: BillingRequest) -> Decision:
        """Whether `actor` may confirm the preview, or begin anew from what was entered for it."""
        if actor.user_id == record.requester.user_id:
            return _yes("You asked for this.", "requester")
        return _no("Only the person who asked for this can submit or change it.", "requester")

    def may_cancel(self, actor: Actor, record: BillingRequest) -> Decision:
        rule = "requester"
        if (actor.user_id, actor.team_id) == (record.requester.user_id, record.requester.team_id):
            return _yes("You asked for this, so you may cancel it.", rule)
        return _no(f"Only {record.requester.name}, who asked for this, can cancel it.", rule)

    def may_settle(self, actor: Actor, record: BillingRequest) -> Decision:
        """Who may say what became of a request of unknown outcome: an approver who did not ask for it."""
        roles = self._roles(actor)
        granting = [name for name, role in roles.items() if lists(role.approve, record.operation)]
        if granting and not self._same(actor, record.requester):
            return _yes(f"Role {granting[0]} may decide what became of this.", f"roles.{granting[0]}.approve")
        approving = {name for name, role in self.file.roles.items() if lists(role.approve, record.operation)}
        others = [p for p in self._holding(approving) if not self._same(_as_actor(p), record.requester)]
        why = "You asked for this, so somebody else" if granting else "Somebody who may approve such requests"
        return _no(f"{why} has to say what became of it." + _ask(others), _rules(roles, "approve"))

    def may_see(self, actor: Actor, record: BillingRequest) -> Decision:
        if self._same(actor, record.requester):
            return _yes("You asked for this.", "requester")
        if record.submitted_at is None:
            return _no(
                "This has not been asked for yet; only the person who prepares it sees it.", "requester"
            )
        for name, role in self._roles(actor).items():
            if role.see == "all":
                return _yes(f"Role {name} sees every request.", f"roles.{name}.see")
        entry = self._entry_of(actor)
        if entry and self._counts(entry, record.operation, record.requirement):
            return _yes("You may decide on this request.", record.requirement.rule)
        return _no(
            f"This request is not yours to see. Ask {record.requester.name}.",
            _rules(self._roles(actor), "see"),
        )

    def decides(self, actor: Actor) -> tuple[str, ...]:
        """The operations whose gates `actor` may have a voice in, at some amount."""
        held = self._roles(actor)
        return tuple(
            operation
            for operation, gate in self.file.gates.items()
            for wanted in [{name for tier in gate.tiers for name in tier.roles}]
            if any(name in wanted and lists(role.approve, operation) for name, role in held.items())
        )

    # Where does it go?

    def approvals_channel(self, operation: str) -> str:
        channels = self.file.channels
        route = channels.routes.get(operation)
        return (route.approvals if route else "") or channels.approvals

    def notices_channel(self, operation: str) -> str:
        channels = self.file.channels
        route = channels.routes.get(operation)
        return (route.notices if route else "") or channels.notices

    # The entries behind the answers.

    def _entry(self, user_id: str, email: str) -> Person | None:
        by_id = [person for person in self.file.people if person.slack == user_id]
        if by_id or not email:
            return by_id[0] if len(by_id) == 1 else None
        # An entry without an id has an e-mail of a domain that may be matched, or the file was refused.
        found = [p for p in self.file.people if not p.slack and human(p.email) == human(email)]
        return found[0] if len(found) == 1 else None

    def _entry_of(self, actor: Actor) -> Person | None:
        """The actor's entry now. An actor's e-mail is their entry's, so it finds the same entry again."""
        inside = actor.team_id == self.file.workspace.team_id
        return self._entry(actor.user_id, actor.email) if inside else None

    def _roles(self, actor: Actor) -> dict[str, Role]:
        entry = self._entry_of(actor)
        return {name: self.file.roles[name] for name in entry.roles} if entry else {}

    def _gate(self, operation: str) -> Gate:
        return self.file.gates[operation]

    def _counts(self, person: Person, operation: str, requirement: Requirement) -> bool:
        """Whether `person` holds a role of the requirement that may approve the operation now."""
        held = [self.file.roles[name] for name in person.roles if name in requirement.roles]
        return any(lists(role.approve, operation) for role in held)

    def _emails(self, actor: Actor) -> set[str]:
        entry = self._entry_of(actor)
        return {human(email) for email in (actor.email, entry.email if entry else "") if email}

    def _same(self, one: Actor, other: Actor) -> bool:
        """Whether two accounts are one human: by id, or by an e-mail they have now or had when they acted."""
        if one.user_id and one.user_id == other.user_id:
            return True
        return not self._emails(one).isdisjoint(self._emails(other))

    def _live(self, record: BillingRequest) -> tuple[Vote, ...]:
        return tuple(vote for vote in record.votes if vote.fingerprint == record.fingerprint)

    def _undecided(self, record: BillingRequest) -> list[Person]:
        voters = [vote.actor for vote in self._live(record)]
        could = self.eligible(record.requester, record.operation, record.requirement)
        return [person for person in could if not any(self._same(_as_actor(person), v) for v in voters)]

    def _ask_others(self, record: BillingRequest) -> str:
        return _ask(self._undecided(record))

    def _holding(self, roles: Iterable[str]) -> list[Person]:
        wanted = set(roles)
        return [person for person in self.file.people if not wanted.isdisjoint(person.roles)]

    def _who_may_request(self, operation: str) -> list[Person]:
        return self._holding(name for name, role in self.file.roles.items() if lists(role.request, operation))

    def _nothing(self, actor: Actor, instead: list[Person]) -> Decision:
        if self._entry_of(actor) is None:
            return _no("You are not in the billing policy." + _ask(instead), "people")
        return _no("You hold no role in the billing policy." + _ask(instead), "people.roles")


def _yes(reason: str, rule: str) -> Decision:
    return Decision(allowed=True, reason=reason, rule=rule)


def _no(reason: str, rule: str) -> Decision:
    return Decision(allowed=False, reason=reason, rule=rule)


def _as_actor(person: Person) -> Actor:
    """An entry as somebody to compare with; it carries the e-mail even where the account is not known."""
    return Actor(user_id=person.slack, team_id="", name=person.name, email=person.email)


def _chooses(role: Role, entity: str) -> bool:
    return not {ANY, entity}.isdisjoint(role.entities)


def _ask(people: Iterable[Person]) -> str:
    return f" Ask {_names(people) or 'whoever keeps the billing policy'}."


def _names(people: Iterable[Person]) -> str:
    *some, last = list(dict.fromkeys(person.name for person in people)) or [""]
    return f"{', '.join(some)} or {last}" if some else last


def _spoken(operation: str) -> str:
    return operation.replace("_", " ")


def _these(roles: Mapping[str, Role]) -> str:
    return f"Your role {next(iter(roles))}" if len(roles) == 1 else f"Your roles {', '.join(roles)}"


def _rules(roles: Mapping[str, Role], key: str) -> str:
    """The lines that were looked at, such as `roles.agent.request`."""
    return ", ".join(f"roles.{name}.{key}" for name in roles) or "people"


def _sentence(loc: tuple[int | str, ...], message: str) -> str:
    """Pydantic's location and message as a sentence with a place: `gates.write_off.tiers[1].up_to: ...`."""
    parts = [part for part in loc if part != "[key]"]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
    return f"{place or 'the file'}: {message.removeprefix('Value error, ').rstrip('.')}."
