"""What was typed or pasted is used as it was meant, or refused: never another site's document, never dropped in silence."""

from dataclasses import replace

import pytest

from bot.core.errors import InvalidInput
from bot.operations import BY_NAME
from bot.slack.forms import to_params
from bot.slack.grammar import read_command
from tests.slack.slack_examples import CONTEXT

LINK = "https://{site}.chargebee.com/d/invoices/INV-1042"
ON_OUR_SITE = replace(
    CONTEXT, site=CONTEXT.site.model_copy(update={"web_url": "https://acme-test.chargebee.com"})
)


def test_a_link_to_our_site_is_the_invoice() -> None:
    values = {"invoice": LINK.format(site="acme-test"), "comment": "duplicate"}
    params, _ = to_params(BY_NAME["write_off"], values, ON_OUR_SITE)
    assert params.model_dump()["invoice"] == "INV-1042"


def test_a_link_to_another_site_is_refused_because_the_same_number_is_another_invoice() -> None:
    values = {"invoice": LINK.format(site="acme"), "comment": "duplicate"}
    with pytest.raises(InvalidInput) as refused:
        to_params(BY_NAME["write_off"], values, ON_OUR_SITE)
    assert "not an address of your Chargebee site" in refused.value.problems["invoice"]


@pytest.mark.parametrize(("name", "label"), [("customer=globex", "Customer"), ("currency=USD", "Currency")])
def test_a_value_that_the_others_rule_out_is_said_and_not_dropped_in_silence(name: str, label: str) -> None:
    values, problems = read_command(
        BY_NAME["credit_note"], f"adjustment INV-1042 20 goodwill {name}", "en-US"
    )
    assert f"“{label}” does not go with the other values" in problems["command"]
    assert values["invoice"] == "INV-1042"


def test_a_value_that_may_still_fit_is_kept() -> None:
    values, problems = read_command(BY_NAME["credit_note"], "total=20 customer=globex", "en-US")
    assert values["customer"] == "globex"
    assert "command" not in problems
