"""The policy's answers: who may do what, why not, and whom to ask."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import bot.demo
from bot.core.lifecycle import State
from bot.core.money import ZERO_DECIMAL, Money
from bot.core.plan import Call, Options, Plan
from bot.core.policy import Policy, load_policy
from bot.core.record import Actor, BillingRequest, Requirement, Vote

OPERATIONS = {
    "charge": "reversible",
    "credit_note": "reversible",
    "write_off": "destructive",
    "remove_credit_note": "destructive",
    "send_einvoice": "destructive",
}
DEMO = Path(bot.demo.__file__).with_name("policy.toml").read_text(encoding="utf-8")


@pytest.fixture(name="policy")
def _policy() -> Policy:
    return load_policy(DEMO, OPERATIONS)


def someone(policy: Policy, user_id: str) -> Actor:
    actor = policy.person(user_id, "T0BOT")
    assert actor
    return actor


def money(minor: int, currency: str = "EUR") -> Money:
    return Money(amount_minor=minor, currency=currency)


def record(
    policy: Policy,
    requester: str = "U0ANNA",
    minor: int = 50_000,
    operation: str = "write_off",
    approved_by: Iterable[str] = (),
) -> BillingRequest:
    amount = money(minor)
    plan = Plan(
        operation=operation,
        summary="",
        call=Call(api="v2", path=("invoices", "INV-1", operation)),
        rows=(),
        amount=amount,
        customer=None,
        documents=("INV-1",),
        note_on=("invoice", "INV-1"),
    )
    return BillingRequest(
        ref="BR-1",
        operation=operation,
        state=State.PENDING,
        requester=someone(policy, requester),
        params={},
        facts={},
        plan=plan,
        fingerprint=plan.fingerprint,
        requirement=policy.requirement(operation, amount, ZERO_DECIMAL),
        votes=tuple(vote(someone(policy, user), plan.fingerprint) for user in approved_by),
        created_at=0,
        submitted_at=0,
        expires_at=1,
    )


def vote(actor: Actor, fingerprint: str) -> Vote:
    return Vote(actor=actor, verdict="approve", fingerprint=fingerprint, at=0)


# Who is it?


def test_a_person_is_found_by_id_within_the_team_only(policy: Policy) -> None:
    anna = policy.person("U0ANNA", "T0BOT")
    assert anna == Actor(
        user_id="U0ANNA", team_id="T0BOT", name="Anna Agent", email="anna@acme.example", roles=("agent",)
    )
    assert policy.person("U0ANNA", "T0OTHER") is None
    assert policy.person("U0OTTO", "T0BOT") is None
    assert policy.person("", "T0BOT") is None


def test_an_id_of_another_team_holds_no_role(policy: Policy) -> None:
    stranger = someone(policy, "U0BO").model_copy(update={"team_id": "T0OTHER"})
    assert not policy.may_approve(stranger, record(policy)).allowed
    assert not policy.may_settle(stranger, record(policy)).allowed


def test_an_email_finds_nobody_unless_the_policy_opts_in(policy: Policy) -> None:
    assert policy.person("U0NEW", "T0BOT", "anna@acme.example") is None


BY_EMAIL = DEMO.replace("match_email_domains = []", 'match_email_domains = ["acme.example"]').replace(
    'slack = "U0BO"\n', ""
)


def test_an_email_finds_the_one_entry_without_an_id_in_a_listed_domain() -> None:
    policy = load_policy(BY_EMAIL, OPERATIONS)
    bo = policy.person("U0NEW", "T0BOT", "BO@Acme.Example")
    assert bo
    assert (bo.user_id, bo.name, bo.email, bo.roles) == (
        "U0NEW",
        "Bo Approver",
        "bo@acme.example",
        ("approver",),
    )
    assert policy.person("U0NEW", "T0OTHER", "bo@acme.example") is None
    assert policy.person("U0NEW", "T0BOT", "bo@other.example") is None
    assert policy.person("U0NEW", "T0BOT", "fiona@acme.example") is None  # her entry answers to her id only
    assert policy.person("U0NEW", "T0BOT", "") is None
    assert policy.may_approve(bo, record(policy)).allowed


def test_an_entry_by_id_goes_before_an_email() -> None:
    policy = load_policy(BY_EMAIL, OPERATIONS)
    anna = policy.person("U0ANNA", "T0BOT", "bo@acme.example")
    assert anna
    assert anna.name == "Anna Agent"


# What may they ask for?


@pytest.mark.parametrize(
    ("user", "allowed", "rule", "says"),
    [
        ("U0ANNA", True, "roles.agent.request", "Role agent"),
        (
            "U0BO",
            False,
            "roles.approver.request",
            "Your role approver may not ask for “write off”. Ask Anna Agent",
        ),
        ("U0NORA", False, "people.roles", "You hold no role"),
    ],
)
def test_asking_takes_a_role(policy: Policy, user: str, allowed: bool, rule: str, says: str) -> None:
    decision = policy.may_request(someone(policy, user), "write_off")
    assert (decision.allowed, decision.rule) == (allowed, rule)
    assert says in decision.reason


def test_somebody_no_longer_listed_may_nothing_whatever_their_actor_carries(policy: Policy) -> None:
    gone = Actor(
        user_id="U0GONE", team_id="T0BOT", name="Gone", email="gone@acme.example", roles=("finance",)
    )
    decision = policy.may_request(gone, "write_off")
    assert not decision.allowed
    assert decision.rule == "people"
    assert not policy.may_approve(gone, record(policy)).allowed
    assert not policy.may_settle(gone, record(policy)).allowed
    assert not policy.may_see(gone, record(policy)).allowed
    assert policy.switches(gone) == ()


def test_commands_can_be_kept_to_channels() -> None:
    policy = load_policy(DEMO.replace("commands = []", 'commands = ["C0BILLING"]'), OPERATIONS)
    anna = someone(policy, "U0ANNA")
    assert policy.may_request(anna, "write_off", "C0BILLING").allowed
    assert policy.may_request(anna, "write_off").allowed
    refused = policy.may_request(anna, "write_off", "D0ANNA")
    assert (refused.allowed, refused.rule) == (False, "channels.commands")


def test_switches_and_entities_take_a_role_that_grants_them(policy: Policy) -> None:
    anna, carl = someone(policy, "U0ANNA"), someone(policy, "U0CARL")
    quiet, german = Options(silence_emails=True), Options(business_entity_id="be-de")
    jurgen = someone(policy, "U0JURGEN")
    assert policy.switches(jurgen) == ("webhooks", "emails", "actions")
    assert policy.may_use(jurgen, quiet, "charge").allowed
    assert policy.switches(carl) == ()
    refused = policy.may_use(anna, quiet, "charge")
    assert (refused.allowed, refused.rule) == (False, "roles.agent.switches")
    assert refused.reason.endswith("Ask Jürgen Müller.")
    assert policy.may_use(anna, german, "charge").allowed
    assert not policy.may_use(carl, german, "charge").allowed
    assert policy.may_use(anna, Options(business_entity_id="be-fr"), "charge").rule == "entities.offered"
    assert policy.may_use(anna, Options(), "charge").allowed


def test_the_entity_of_a_channel_is_offered_first_and_needs_no_role() -> None:
    text = DEMO.replace("by_channel = {}", 'by_channel = { C0BILLING = "be-us" }')
    policy = load_policy(text, OPERATIONS)
    anna, bo = someone(policy, "U0ANNA"), someone(policy, "U0BO")
    assert list(policy.entities_for(anna, "C0BILLING")) == ["be-us", "be-de"]
    assert list(policy.entities_for(anna)) == ["be-de", "be-us"]
    assert policy.entities_for(bo, "C0BILLING") == {"be-us": "USA"}
    american = Options(business_entity_id="be-us")
    assert policy.may_use(bo, american, "charge", "C0BILLING").allowed
    assert not policy.may_use(bo, american, "charge").allowed


# What does it take?


@pytest.mark.parametrize(
    ("operation", "amount", "tier", "approvals"),
    [
        ("charge", money(50_000), 0, 0),
        ("charge", money(50_001), 1, 1),
        ("charge", money(500_000), 1, 1),
        ("charge", money(500_001), 2, 2),
        ("charge", money(75_000, "JPY"), 0, 0),
        ("charge", money(75_001, "JPY"), 2, 2),
        ("charge", money(1, "GBP"), 2, 2),
        ("charge", None, 2, 2),
        ("charge", money(0), 2, 2),
        ("charge", money(-1), 2, 2),
        ("credit_note", money(10_000, "USD"), 0, 0),
        ("credit_note", money(100_000), 1, 1),
        ("write_off", money(1), 0, 1),
        ("write_off", money(100_001), 1, 2),
        ("remove_credit_note", None, 0, 1),
        ("send_einvoice", money(1), 0, 1),
    ],
)
def test_the_gate_goes_by_amount_and_currency(
    policy: Policy, operation: str, amount: Money | None, tier: int, approvals: int
) -> None:
    needed = policy.requirement(operation, amount, ZERO_DECIMAL)
    assert needed.rule == f"gates.{operation}.tiers[{tier}]"
    assert needed.approvals == approvals
    assert needed.policy == policy.hash


def test_a_limit_is_counted_with_the_sites_zero_decimal_list(policy: Policy) -> None:
    assert policy.requirement("charge", money(7_500_000, "JPY"), ()).approvals == 0
    assert policy.requirement("charge", money(501), {"EUR"}).approvals == 1


def test_times_come_from_the_gate(policy: Policy) -> None:
    needed = policy.requirement("charge", None, ZERO_DECIMAL)
    assert (needed.expires_s, needed.remind_s) == (24 * 3600, 4 * 3600)
    assert policy.preview_expires_s("charge") == 3600


def names(people: Iterable[Any]) -> list[str]:
    return [person.slack for person in people]


def test_the_requester_and_their_other_account_are_never_eligible(policy: Policy) -> None:
    needed = policy.requirement("write_off", money(1), ZERO_DECIMAL)
    assert names(policy.eligible(someone(policy, "U0ANNA"), "write_off", needed)) == [
        "U0BO",
        "U0FIN",
        "U0CARL",
    ]
    assert "U0TWIN" in names(policy.eligible(someone(policy, "U0JURGEN"), "write_off", needed))
    assert "U0BO" not in names(policy.eligible(someone(policy, "U0BO"), "write_off", needed))


def test_whether_enough_people_could_approve_is_known_before_asking_them(policy: Policy) -> None:
    needed = policy.requirement("write_off", None, ZERO_DECIMAL)
    assert policy.satisfiable(someone(policy, "U0ANNA"), "write_off", needed).allowed
    refused = policy.satisfiable(someone(policy, "U0CARL"), "write_off", needed)
    assert (refused.allowed, refused.rule) == (False, "gates.write_off.tiers[1]")
    three = needed.model_copy(update={"approvals": 4, "roles": ("approver", "finance")})
    assert not policy.satisfiable(someone(policy, "U0ANNA"), "write_off", three).allowed


# Who decides?


def test_an_approver_may_approve(policy: Policy) -> None:
    decision = policy.may_approve(someone(policy, "U0BO"), record(policy))
    assert decision.allowed
    assert decision.rule == "gates.write_off.tiers[0]"


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("U0ANNA", "You asked for this"),
        ("U0TWIN", "same e-mail as the person who asked"),
        ("U0JURGEN", "It takes the role approver or finance"),
        ("U0NORA", "It takes the role approver or finance"),
    ],
)
def test_who_may_not_decide_is_told_why_and_whom_to_ask(policy: Policy, user: str, says: str) -> None:
    for decide in (policy.may_approve, policy.may_reject):
        decision = decide(someone(policy, user), record(policy))
        assert not decision.allowed
        assert says in decision.reason
        assert decision.reason.endswith("Ask Bo Approver, Fiona Finance or Carl Controller.")


def test_an_approver_below_the_tier_may_not_decide(policy: Policy) -> None:
    decision = policy.may_approve(someone(policy, "U0BO"), record(policy, minor=100_001))
    assert "It takes the role finance. Ask Fiona Finance or Carl Controller." in decision.reason


def test_nobody_approves_twice_but_may_still_stop_it(policy: Policy) -> None:
    asked = record(policy, minor=100_001, approved_by=["U0FIN"])
    fiona = someone(policy, "U0FIN")
    assert policy.may_approve(fiona, asked).reason == "You have decided on this already. Ask Carl Controller."
    assert policy.may_reject(fiona, asked).allowed
    assert policy.may_approve(someone(policy, "U0CARL"), asked).allowed


def test_a_vote_for_another_plan_does_not_count_and_may_be_given_anew(policy: Policy) -> None:
    asked = record(policy)
    bo = someone(policy, "U0BO")
    asked = asked.model_copy(update={"votes": (vote(bo, "another plan"),)})
    assert policy.live_approvals(asked) == ()
    assert not policy.quorum(asked)
    assert policy.may_approve(bo, asked).allowed


def test_the_quorum_counts_people(policy: Policy) -> None:
    assert not policy.quorum(record(policy, minor=100_001, approved_by=["U0FIN"]))
    assert not policy.quorum(record(policy, minor=100_001, approved_by=["U0FIN", "U0FIN"]))
    assert not policy.quorum(record(policy, minor=100_001, approved_by=["U0FIN", "U0BO"]))
    assert policy.quorum(record(policy, minor=100_001, approved_by=["U0FIN", "U0CARL"]))
    assert not policy.quorum(record(policy, approved_by=["U0ANNA", "U0TWIN"]))
    assert policy.quorum(record(policy, requester="U0JURGEN", approved_by=["U0TWIN"]))


def test_a_rejection_is_no_approval(policy: Policy) -> None:
    asked = record(policy)
    no = vote(someone(policy, "U0BO"), asked.fingerprint).model_copy(update={"verdict": "reject"})
    assert not policy.quorum(asked.model_copy(update={"votes": (no,)}))


def test_two_accounts_of_one_approver_count_once() -> None:
    text = DEMO.replace('email = "carl@acme.example"', 'email = "cárl@acme.example"')
    policy = load_policy(text, OPERATIONS)
    asked = record(policy, minor=100_001, approved_by=["U0FIN"])
    decomposed = "Ca\u0301rl@acme.example"
    twins = [
        Actor(user_id=user, team_id="T0BOT", name="Carl", email=decomposed) for user in ("U0CARL", "U0FIN")
    ]
    votes = tuple(vote(actor, asked.fingerprint) for actor in twins)
    assert len(policy.live_approvals(asked.model_copy(update={"votes": votes}))) == 1


def test_a_change_of_the_policy_takes_an_approval_away(policy: Policy) -> None:
    asked = record(policy, approved_by=["U0BO"])
    assert policy.quorum(asked)
    demoted = DEMO.replace(
        'email = "bo@acme.example"\nroles = ["approver"]', 'email = "bo@acme.example"\nroles = []'
    )
    later = load_policy(demoted, OPERATIONS)
    assert not later.quorum(asked)
    moved = DEMO.replace('"bo@acme.example"', '"anna@acme.example"')
    assert not load_policy(moved, OPERATIONS).quorum(asked)


def test_a_role_that_may_no_longer_approve_the_operation_does_not_count(policy: Policy) -> None:
    asked = record(policy, approved_by=["U0BO"])
    narrowed = DEMO.replace('[roles.approver]\napprove = ["*"]', '[roles.approver]\napprove = ["charge"]')
    narrowed = narrowed.replace('roles = ["approver", "finance"]', 'roles = ["finance"]')
    later = load_policy(narrowed, OPERATIONS)
    assert not later.quorum(asked)
    assert not later.may_approve(someone(later, "U0BO"), asked).allowed


def test_a_requirement_of_a_role_that_is_gone_is_met_by_nobody(policy: Policy) -> None:
    gone = Requirement(approvals=1, roles=("boss",), rule="r", policy="p", expires_s=1, remind_s=0)
    asked = record(policy).model_copy(update={"requirement": gone})
    decision = policy.may_approve(someone(policy, "U0BO"), asked)
    assert not decision.allowed
    assert decision.reason.endswith("Ask whoever keeps the billing policy.")


def test_only_the_requester_submits_a_preview_or_begins_anew_from_it(policy: Policy) -> None:
    asked = record(policy)
    assert policy.may_submit(asked.requester, asked).allowed
    for other in ("U0TWIN", "U0CARL"):
        decision = policy.may_submit(someone(policy, other), asked)
        assert (decision.allowed, decision.rule) == (False, "requester")


def test_only_the_requester_cancels(policy: Policy) -> None:
    asked = record(policy)
    assert policy.may_cancel(someone(policy, "U0ANNA"), asked).allowed
    refused = policy.may_cancel(someone(policy, "U0BO"), asked)
    assert not refused.allowed
    assert "Anna Agent" in refused.reason
    assert not policy.may_cancel(someone(policy, "U0TWIN"), asked).allowed


@pytest.mark.parametrize(
    ("user", "allowed"),
    [
        ("U0BO", True),
        ("U0FIN", True),
        ("U0ANNA", False),
        ("U0TWIN", False),
        ("U0JURGEN", False),
        ("U0NORA", False),
    ],
)
def test_an_unknown_outcome_is_settled_by_an_approver_who_did_not_ask(
    policy: Policy, user: str, allowed: bool
) -> None:
    decision = policy.may_settle(someone(policy, user), record(policy, minor=100_001))
    assert decision.allowed is allowed
    assert allowed or decision.reason.endswith("Ask Bo Approver, Fiona Finance or Carl Controller.")


@pytest.mark.parametrize(
    ("user", "allowed", "rule"),
    [
        ("U0ANNA", True, "requester"),
        ("U0TWIN", True, "requester"),
        ("U0FIN", True, "roles.finance.see"),
        ("U0BO", True, "gates.write_off.tiers[0]"),
        ("U0JURGEN", False, "roles.agent.see, roles.data_keeper.see"),
        ("U0NORA", False, "people"),
    ],
)
def test_who_sees_a_request(policy: Policy, user: str, allowed: bool, rule: str) -> None:
    decision = policy.may_see(someone(policy, user), record(policy))
    assert (decision.allowed, decision.rule) == (allowed, rule)


@pytest.mark.parametrize(
    ("user", "allowed"), [("U0ANNA", True), ("U0TWIN", True), ("U0FIN", False), ("U0BO", False)]
)
def test_a_preview_is_seen_by_whoever_prepares_it_only(policy: Policy, user: str, allowed: bool) -> None:
    unconfirmed = record(policy).model_copy(update={"state": State.PREVIEWED, "submitted_at": None})
    assert policy.may_see(someone(policy, user), unconfirmed).allowed is allowed


def test_who_has_a_voice_in_what(policy: Policy) -> None:
    everything = ("charge", "credit_note", "write_off", "remove_credit_note", "send_einvoice")
    assert policy.decides(someone(policy, "U0BO")) == everything
    assert policy.decides(someone(policy, "U0FIN")) == everything
    assert policy.decides(someone(policy, "U0ANNA")) == ()
    assert policy.decides(someone(policy, "U0NORA")) == ()


# Where does it go?


def test_cards_and_notices_go_where_the_operation_is_routed(policy: Policy) -> None:
    assert policy.approvals_channel("write_off") == "C0APPROVALS"
    routed = load_policy(
        DEMO.replace("[identity]", '[channels.routes.write_off]\napprovals = "C0OTHER"\n[identity]', 1),
        OPERATIONS,
    )
    assert routed.approvals_channel("write_off") == "C0OTHER"
    assert routed.notices_channel("write_off") == "C0NOTICES"
    assert routed.approvals_channel("charge") == "C0APPROVALS"
