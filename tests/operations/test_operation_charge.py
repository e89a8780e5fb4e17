"""One-time charge: what is sent, what is promised, what is warned of, how ours is found again."""

import pytest
from pydantic import ValidationError

from bot.core.errors import InvalidInput, Refusal
from bot.core.money import Money
from bot.core.plan import Plan
from bot.operations.base import SiteProfile, Verdict
from bot.operations.charge import (
    NEWEST,
    ChargeFacts,
    ChargeParams,
    created,
    landed,
    load,
    picture,
    plan,
)
from tests.operations.operation_examples import (
    DAY_S,
    NOW,
    REF,
    SITE,
    WORLD,
    Shelf,
    charge_facts,
    charged,
    customer,
    subscription,
    typed,
    untaxed,
)

PARAMS = ChargeParams(customer="acme", amount=typed("150"), description="Setup fee")


def for_subscription(**changed: object) -> ChargeParams:
    given = {"subscription": "sub-1", "amount": {"digits": "150"}, "description": "Setup fee"}
    return ChargeParams.model_validate(given | changed)


def keys(made: Plan) -> list[str]:
    return [row.key for row in made.rows]


def warned(facts: ChargeFacts, params: ChargeParams = PARAMS) -> str:
    return "\n".join(plan(params, facts, REF).warnings)


# ------------------------------------------------------------------------------------------------- what is entered


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"customer": "acme", "subscription": "sub-1"}, "subscription"),
        ({}, "customer"),
        ({"customer": "  "}, "customer"),
        ({"subscription": "sub-1", "coupon": "WELCOME10"}, "coupon"),
    ],
)
def test_a_wrong_party_is_an_error_of_a_field(given: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ChargeParams.model_validate(given | {"amount": {"digits": "1"}, "description": "Setup fee"})
    (error,) = caught.value.errors()
    assert error["type"] == "field"
    assert error["ctx"]["field"] == field


@pytest.mark.parametrize("field", ["description", "po_number", "coupon"])
def test_text_cannot_look_like_another_requests_mark(field: str) -> None:
    given = {"customer": "acme", "amount": {"digits": "1"}, "description": "Setup fee"}
    with pytest.raises(ValidationError, match="marks its own changes"):
        ChargeParams.model_validate(given | {field: "for [BR-7]"})


# -------------------------------------------------------------------------------------------------- what is sent


def test_v1_form_is_exact() -> None:
    params = PARAMS.model_copy(update={"coupon": "WELCOME10", "po_number": "PO-7"})
    call = plan(params, charge_facts(), REF).call
    assert (call.api, call.path) == ("v1", ("invoices", "charge"))
    assert call.form == (
        ("customer_id", "acme"),
        ("amount", "15000"),
        ("description", "Setup fee [BR-1042]"),
        ("coupon", "WELCOME10"),
        ("po_number", "PO-7"),
    )


def test_v2_form_is_by_column_and_names_the_currency() -> None:
    params = PARAMS.model_copy(update={"coupon": "WELCOME10"})
    call = plan(params, charge_facts(site=WORLD), REF).call
    assert (call.api, call.path) == ("v2", ("invoices", "create_for_charge_items_and_charges"))
    assert call.form == (
        ("customer_id", "acme"),
        ("currency_code", "EUR"),
        ("charges[amount][0]", "15000"),
        ("charges[description][0]", "Setup fee [BR-1042]"),
        ("coupon_ids[0]", "WELCOME10"),
    )


def test_the_mark_goes_into_the_po_number_where_the_site_wants_it() -> None:
    site = SITE.model_copy(update={"charge_ref_in": "po_number"})
    params = PARAMS.model_copy(update={"po_number": "PO-7"})
    assert plan(params, charge_facts(site=site), REF).call.form[2:] == (
        ("description", "Setup fee"),
        ("po_number", "PO-7 [BR-1042]"),
    )
    assert ("po_number", "[BR-1042]") in plan(PARAMS, charge_facts(site=site), REF).call.form


def test_text_that_leaves_no_room_for_the_mark_is_refused_with_the_figure() -> None:
    fits = PARAMS.model_copy(update={"description": "x" * 240})
    assert len(dict(plan(fits, charge_facts(), REF).call.form)["description"]) == 250
    too_long = PARAMS.model_copy(update={"description": "x" * 241})
    with pytest.raises(InvalidInput) as caught:
        plan(too_long, charge_facts(), REF)
    assert "at most 240 characters (you used 241)" in caught.value.problems["description"]


# ------------------------------------------------------------------------------------------------------ currency


def amount_of(params: ChargeParams, facts: ChargeFacts) -> Money | None:
    return plan(params, facts, REF).amount


def test_v1_counts_in_the_sites_currency_and_refuses_another() -> None:
    dollars = PARAMS.model_copy(update={"amount": typed("150", "USD")})
    with pytest.raises(InvalidInput) as caught:
        plan(dollars, charge_facts(), REF)
    assert list(caught.value.problems) == ["amount"]


def test_v1_without_any_known_currency_is_refused_even_when_one_was_typed() -> None:
    facts = charge_facts(site=SiteProfile(), customer=customer(preferred_currency_code=""))
    with pytest.raises(Refusal) as caught:
        plan(PARAMS.model_copy(update={"amount": typed("150", "EUR")}), facts, REF)
    assert "base currency" in caught.value.hint


def test_v1_knows_the_currency_by_the_customers_last_invoice() -> None:
    bare = customer(preferred_currency_code="")
    facts = charge_facts(untaxed(currency_code="JPY"), site=SiteProfile(), customer=bare)
    assert amount_of(PARAMS, facts) == Money(amount_minor=150, currency="JPY")


def test_v2_takes_the_typed_currency_and_says_when_it_is_unusual() -> None:
    dollars = PARAMS.model_copy(update={"amount": typed("150", "USD")})
    facts = charge_facts(site=WORLD)
    assert amount_of(dollars, facts) == Money(amount_minor=15_000, currency="USD")
    assert "usual currency is EUR, and this charge is in USD" in warned(facts, dollars)


def test_v2_asks_for_a_currency_nobody_has_told() -> None:
    facts = charge_facts(site=SiteProfile(charge_api="v2"), customer=customer(preferred_currency_code=""))
    with pytest.raises(InvalidInput) as caught:
        plan(PARAMS, facts, REF)
    assert "Add the currency" in caught.value.problems["amount"]


def test_a_subscription_is_charged_in_its_own_currency() -> None:
    facts = charge_facts(site=WORLD, subscription=subscription(currency_code="JPY"))
    assert amount_of(for_subscription(), facts) == Money(amount_minor=150, currency="JPY")
    with pytest.raises(InvalidInput):
        plan(for_subscription(amount={"digits": "150", "currency": "EUR"}), facts, REF)


# ------------------------------------------------------------------------------------------- promised and warned of


def test_the_total_is_promised_only_where_nothing_can_change_it() -> None:
    assert "invoice.total" in keys(plan(PARAMS, charge_facts(untaxed()), REF))
    taxed = untaxed(tax=1_900)
    for facts in (charge_facts(), charge_facts(taxed)):
        assert "invoice.total" not in keys(plan(PARAMS, facts, REF))
        assert "may add tax" in warned(facts)
    coupon = PARAMS.model_copy(update={"coupon": "WELCOME10"})
    made = plan(coupon, charge_facts(untaxed()), REF)
    assert "invoice.total" not in keys(made)
    assert "Chargebee sets the total" in "\n".join(made.warnings)


def test_collection_at_once_is_said_and_promises_a_paid_invoice() -> None:
    facts = charge_facts(customer=customer(auto_collection="on", primary_payment_source_id="pm_7"))
    assert "takes money at once" in warned(facts)
    assert "pm_7" in warned(facts)
    assert [row.after for row in plan(PARAMS, facts, REF).rows if row.key == "invoice.status"] == ["paid"]


def test_collection_without_a_method_is_said_to_fail() -> None:
    facts = charge_facts(customer=customer(auto_collection="on"))
    assert "no payment method is stored" in warned(facts)
    assert "invoice.status" not in keys(plan(PARAMS, facts, REF))


def test_what_the_subscription_says_about_collection_goes_first() -> None:
    collecting = customer(auto_collection="on", card_status="valid")
    facts = charge_facts(customer=collecting, subscription=subscription(auto_collection="off"))
    assert "stays unpaid" in warned(facts, for_subscription())


@pytest.mark.parametrize(
    ("days", "text", "amount", "expected"),
    [
        (2, "Something else", 15_000, True),
        (4, "Something else", 15_000, False),
        (29, "setup  FEE [BR-900]", 15_000, True),
        (31, "Setup fee", 15_000, False),
        (1, "Setup fee", 15_001, False),
    ],
)
def test_a_near_identical_charge_is_warned_of(days: int, text: str, amount: int, *, expected: bool) -> None:
    earlier = charged(text, amount, id="INV-1999", date=NOW - days * DAY_S)
    assert ("INV-1999" in warned(charge_facts(earlier))) is expected


def test_a_voided_twin_or_one_in_another_currency_is_not_warned_of() -> None:
    assert "INV-2000" not in warned(charge_facts(charged("Setup fee", status="voided")))
    assert "INV-2000" not in warned(charge_facts(charged("Setup fee", currency_code="USD")))


def test_a_charge_that_was_made_already_is_refused() -> None:
    with pytest.raises(Refusal, match="INV-2000"):
        plan(PARAMS, charge_facts(charged()), REF)


# ------------------------------------------------------------------------------------------- looking, and afterwards


async def test_load_reads_the_customer_of_the_subscription() -> None:
    shelf = Shelf(shelved=[customer(), subscription(), untaxed()])
    facts = await load(shelf, for_subscription())
    assert (facts.customer.id, facts.subscription) == ("acme", subscription())
    assert facts.taxed is False
    assert facts.usual_currency == "EUR"


@pytest.mark.parametrize(("params", "field"), [(PARAMS, "customer"), (for_subscription(), "subscription")])
async def test_an_unknown_party_is_an_error_of_its_field(params: ChargeParams, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await load(Shelf(), params)
    assert list(caught.value.problems) == [field]


async def test_old_invoices_are_kept_only_when_a_request_made_them() -> None:
    long_ago = NOW - 90 * DAY_S
    ours = charged(id="INV-1", date=long_ago)
    shelf = Shelf(shelved=[customer(), untaxed(), ours, charged("Other", id="INV-2", date=long_ago)])
    facts = await load(shelf, PARAMS)
    assert [invoice.id for invoice in facts.recent] == ["INV-900", "INV-1"]
    assert landed(PARAMS, charge_facts(), facts, REF) is Verdict.LANDED


async def test_absence_is_proven_only_as_far_as_the_list_goes_back() -> None:
    before = charge_facts()
    busy = [charged("Usage", id=f"INV-{n}", date=NOW + 60) for n in range(NEWEST)]
    full = await load(Shelf(shelved=[customer(), *busy]), PARAMS)
    assert landed(PARAMS, before, full, REF) is Verdict.PENDING
    older = [*busy[:-1], charged("Usage", id="INV-OLD", date=NOW - 2 * DAY_S)]
    enough = await load(Shelf(shelved=[customer(), *older]), PARAMS)
    assert landed(PARAMS, before, enough, REF) is Verdict.ABSENT


def test_another_requests_charge_is_not_ours() -> None:
    after = charge_facts(charged("Setup fee [BR-1043]"))
    assert landed(PARAMS, charge_facts(), after, REF) is Verdict.ABSENT
    assert created(charge_facts(), after, REF) == ()
    assert picture(PARAMS, after, REF) == {}


def test_ours_is_found_by_its_po_number_too() -> None:
    after = charge_facts(charged("Setup fee", po_number=f"PO-7 [{REF}]"))
    assert landed(PARAMS, charge_facts(), after, REF) is Verdict.LANDED
    assert created(charge_facts(), after, REF) == ("INV-2000",)
