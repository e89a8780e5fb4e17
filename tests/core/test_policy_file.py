"""The policy file: what loads, and every mistake for which it is refused whole."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

import bot.demo
from bot.core.policy import PolicyError, load_policy

DEMO = Path(bot.demo.__file__).with_name("policy.toml").read_text(encoding="utf-8")
OPERATIONS = {
    "charge": "reversible",
    "credit_note": "reversible",
    "write_off": "destructive",
    "remove_credit_note": "destructive",
    "send_einvoice": "destructive",
}

SMALL = """
version = 1
[workspace]
team_id = "T0BOT"
[channels]
approvals = "C0APPROVALS"
notices = "C0NOTICES"
[[people]]
slack = "U0ANNA"
name = "Anna"
email = "anna@acme.example"
roles = ["agent"]
[[people]]
slack = "U0BO"
name = "Bo"
email = "bo@acme.example"
roles = ["approver"]
[roles.agent]
request = ["write_off"]
[roles.approver]
approve = ["write_off"]
[gates.write_off]
[[gates.write_off.tiers]]
up_to = { EUR = "500" }
approvals = 1
roles = ["approver"]
[[gates.write_off.tiers]]
approvals = 1
roles = ["approver"]
"""
ONE = {"write_off": "destructive"}


def problems(text: str, operations: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as refused:
        load_policy(text, ONE if operations is None else operations)
    return refused.value.problems


def test_the_demos_policy_loads_and_says_who_has_two_accounts() -> None:
    policy = load_policy(DEMO, OPERATIONS)
    assert policy.warnings == (
        "people: U0ANNA and U0TWIN have the same e-mail, so they count as one person.",
    )


def test_the_hash_is_the_texts() -> None:
    one, other = load_policy(SMALL, ONE), load_policy(SMALL + "\n", ONE)
    assert len(one.hash) == 12
    assert one.hash == load_policy(SMALL, ONE).hash != other.hash


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("version = 1", "version = 2", "version: Input should be 1."),
        ("version = 1", "version = ", "This is not TOML"),
        ("version = 1", "version = 1\ncolour = 1", "colour: Extra inputs are not permitted."),
        ('"T0BOT"', '"BOT"', "workspace.team_id: “BOT” is not a Slack team id"),
        ('"U0BO"', '"bo"', "people[1].slack: “bo” is not a Slack user id"),
        ('"C0NOTICES"', '"#notices"', "channels.notices: “#notices” is not a Slack channel id"),
        ('"bo@acme.example"', '"bo"', "people[1].email: “bo” is not an e-mail."),
        ('roles = ["agent"]', 'roles = ["agnet"]', "people[0].roles: there is no role agnet."),
        ('"U0BO"', '"U0ANNA"', "people[1]: slack id already used by people[0]."),
        ('slack = "U0BO"\n', "", "people[1]: Bo has no slack id"),
        ('request = ["write_off"]', 'request = ["x"]', "roles.agent.request[0]: there is no operation x."),
        ('approve = ["write_off"]', 'approve = ["x"]', "roles.approver.approve[0]: there is no operation x."),
        ("[roles.agent]", '[roles.agent]\nswitches = ["x"]', "roles.agent.switches[0]: Input should be"),
        ("[roles.agent]", '[roles.agent]\nentities = ["x"]', "roles.agent.entities: x is not in"),
        (
            "[roles.agent]",
            '[entities]\nby_channel = { C0A = "x" }\n[roles.agent]',
            "by_channel.C0A: x is not in",
        ),
        (
            "[roles.agent]",
            '[entities]\nby_channel = { x = "y" }\n[roles.agent]',
            "“x” is not a Slack channel id",
        ),
        (
            "[roles.agent]",
            "[channels.routes.x]\n[roles.agent]",
            "channels.routes.x: there is no operation x.",
        ),
        (
            "[roles.agent]",
            "[[gates.x.tiers]]\napprovals = 0\n[roles.agent]",
            "gates.x: there is no operation x.",
        ),
        (
            'approve = ["write_off"]',
            "approve = []",
            "tiers[0].roles: role approver may not approve write_off.",
        ),
        ('EUR = "500"', 'EUX = "500"', "tiers[0].up_to: there is no currency EUX."),
        ('EUR = "500"', 'EUR = "5,00"', "tiers[0].up_to: “5,00” is not an amount"),
        ('EUR = "500"', 'EUR = "0"', "tiers[0].up_to: The amount has to be more than zero."),
        ('EUR = "500"', 'EUR = "1.500"', "tiers[0].up_to: EUR has two decimals"),
        ('EUR = "500"', 'JPY = "1.5"', "tiers[0].up_to: JPY is counted whole"),
        ('EUR = "500"', "EUR = 500.0", "tiers[0].up_to.EUR: Input should be a valid string."),
        ('up_to = { EUR = "500" }', "up_to = {}", "tiers[0].up_to: Dictionary should have at least 1 item"),
        ('up_to = { EUR = "500" }\n', "", "tiers[0]: covers every amount"),
        (
            "[gates.write_off]",
            "[gates.write_off]\nexpires_h = 0",
            "gates.write_off.expires_h: Input should be",
        ),
        ("[gates.write_off]", "[gates.write_off]\nremind_h = 24", "remind_h: has to be less than expires_h."),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_its_place(old: str, new: str, problem: str) -> None:
    assert old in SMALL
    assert any(problem in found for found in problems(SMALL.replace(old, new, 1)))


def test_every_problem_is_listed_at_once() -> None:
    text = SMALL.replace('"agent"', '"agnet"').replace('request = ["write_off"]', 'request = ["x"]')
    assert len(problems(text)) == 2
    assert len(problems(SMALL.replace("U0", "x").replace("C0", "x"))) == 4


def test_an_operation_without_a_gate_is_refused() -> None:
    assert problems(SMALL, {**ONE, "charge": "reversible"}) == ("gates: charge has no gate.",)


def tiers(*bodies: str, operation: str = "write_off") -> str:
    head = SMALL.partition("[gates.write_off]")[0].replace("write_off", operation)
    return head + "".join(f"[[gates.{operation}.tiers]]\n{body}\n" for body in bodies)


BY_ONE = 'approvals = 1\nroles = ["approver"]'


@pytest.mark.parametrize(
    ("bodies", "problem"),
    [
        ([f'up_to = {{ EUR = "5" }}\n{BY_ONE}'], "tiers[0].up_to: the last tier has to cover every amount"),
        (
            [f'up_to = {{ EUR = "5" }}\n{BY_ONE}', f'up_to = {{ EUR = "5" }}\n{BY_ONE}', BY_ONE],
            "tiers[1].up_to.EUR: has to be more than in the tiers before.",
        ),
        ([f'up_to = {{ EUR = "5" }}\n{BY_ONE}', "approvals = 0"], "tiers[1].approvals: fewer than"),
        (["approvals = 0"], "tiers[0].approvals: write_off is destructive"),
        (["approvals = 1"], "when Anna asks: 1 needed, 0 other people"),
        (["approvals = 2\nroles = ['approver']"], "when Anna asks: 2 needed, 1 other people"),
        (["approvals = 1\nroles = ['boss']"], "tiers[0].roles: there is no role boss."),
    ],
)
def test_tiers_that_cannot_work_are_refused(bodies: list[str], problem: str) -> None:
    assert any(problem in found for found in problems(tiers(*bodies)))


def test_a_reversible_operation_may_need_nobody_else() -> None:
    load_policy(tiers("approvals = 0", operation="charge"), {"charge": "reversible"})


def test_a_gate_is_not_satisfied_by_the_requesters_other_account() -> None:
    found = problems(SMALL.replace("bo@acme.example", "ANNA@acme.example"))
    assert "nobody could satisfy it when Anna asks" in found[0]


def test_two_accounts_of_one_approver_do_not_make_two_approvals() -> None:
    twin = '[[people]]\nslack = "U0B2"\nname = "Bo"\nemail = "Bo@Acme.example"\nroles = ["approver"]\n'
    text = SMALL.replace("[roles.agent]", twin + "[roles.agent]").replace("approvals = 1", "approvals = 2")
    assert "2 needed, 1 other people" in problems(text)[0]


def test_two_entries_for_one_email_are_refused_because_neither_could_be_found() -> None:
    text = SMALL.replace('slack = "U0BO"\n', "").replace(
        "[[people]]", '[identity]\nmatch_email_domains = ["acme.example"]\n[[people]]', 1
    )
    twice = '[[people]]\nname = "Bo"\nemail = "BO@acme.example"\n[roles.agent]'
    assert problems(text.replace("[roles.agent]", twice)) == ("people[2]: e-mail already used by people[1].",)


def test_the_demos_policy_is_plain_toml_without_floats() -> None:
    def floats(value: Any) -> bool:
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return isinstance(value, float) or any(map(floats, inside))

    assert not floats(tomllib.loads(DEMO))
