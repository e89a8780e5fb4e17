"""Pickers: what they show, and how few calls that takes."""

import asyncio
from typing import Any

import pytest

from bot.chargebee.choices import LABEL_MAX, choice, day, fit
from bot.chargebee.encoding import FilterValue
from bot.chargebee.lookups import FAILED, PER_SEARCH, TOO_MANY, LookupResult, Lookups
from bot.chargebee.resources import CreditNote, Customer, Invoice, Subscription, Wire
from bot.core.errors import NotFound, Throttled, Uncertain
from bot.core.money import ZERO_DECIMAL


def customer(customer_id: str, **fields: Any) -> Customer:
    return Customer.model_validate({"id": customer_id} | fields)


def invoice(invoice_id: str, customer_id: str = "acme-1", **fields: Any) -> Invoice:
    base = {"id": invoice_id, "customer_id": customer_id, "currency_code": "EUR", "status": "not_paid"}
    return Invoice.model_validate(base | {"total": 10000, "amount_due": 5000, "date": 1763632800} | fields)


def note(note_id: str, **fields: Any) -> CreditNote:
    base = {
        "id": note_id,
        "customer_id": "acme-1",
        "currency_code": "EUR",
        "type": "adjustment",
        "total": 100,
    }
    return CreditNote.model_validate(base | {"status": "adjusted", "date": 1763632800} | fields)


class Shelf:
    """Documents in memory, searched as Chargebee searches. `calls` counts; `fails` is raised by every call."""

    def __init__(self, *documents: Wire) -> None:
        self.documents = documents
        self.calls = 0
        self.fails: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def _search(self, kind: type[Any], limit: int, filters: dict[str, FilterValue]) -> list[Any]:
        self.calls += 1
        if self.gate:
            await self.gate.wait()
        if self.fails:
            raise self.fails
        of_kind = [document for document in self.documents if isinstance(document, kind)]
        return [document for document in of_kind if all(fits(document, *each) for each in filters.items())][
            :limit
        ]

    async def invoice(self, invoice_id: str) -> Invoice:
        found: list[Invoice] = await self._search(Invoice, 1, {"id__is": invoice_id})
        if not found:
            raise NotFound("Chargebee has no such document.")
        return found[0]

    async def invoices(self, *, limit: int = 20, **filters: FilterValue) -> list[Invoice]:
        return await self._search(Invoice, limit, filters)

    async def credit_notes(self, *, limit: int = 20, **filters: FilterValue) -> list[CreditNote]:
        return await self._search(CreditNote, limit, filters)

    async def customers(self, *, limit: int = 20, **filters: FilterValue) -> list[Customer]:
        return await self._search(Customer, limit, filters)

    async def subscriptions(self, *, limit: int = 20, **filters: FilterValue) -> list[Subscription]:
        return await self._search(Subscription, limit, filters)


def fits(document: Any, name: str, wanted: Any) -> bool:
    field, operator = name.split("__")
    value = getattr(document, field)
    if operator == "starts_with":
        return str(value).casefold().startswith(wanted.casefold())
    return value in wanted if operator == "in" else bool(value == wanted)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


ACME = customer("acme-1", company="Acme GmbH", first_name="Ada", last_name="Lovelace")
ACRE = customer("acre-1", company="Acre Ltd")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def labels(result: LookupResult) -> list[str]:
    return [one.label.replace("\u00a0", " ") for one in result.choices]


async def test_a_customer_is_found_by_company_name_or_id(clock: Clock) -> None:
    for query in ("Acme", "ada", "Love", "acme-", "Ada Lov", "  ada   lovelace "):
        result = await Lookups(Shelf(ACME, ACRE), clock).customers(query)
        assert labels(result) == ["Acme GmbH · acme-1"], query
        assert result.choices[0].detail == "Ada Lovelace"
        assert result.note == ""


async def test_a_name_that_fits_twice_is_shown_once(clock: Clock) -> None:
    shelf = Shelf(ACME)
    assert len((await Lookups(shelf, clock).customers("ac")).choices) == 1
    assert shelf.calls == 4


async def test_a_longer_query_is_answered_from_a_complete_shorter_one(clock: Clock) -> None:
    shelf = Shelf(ACME, ACRE)
    lookups = Lookups(shelf, clock)
    assert len((await lookups.customers("ac")).choices) == 2
    calls = shelf.calls
    assert labels(await lookups.customers("acm")) == ["Acme GmbH · acme-1"]
    assert labels(await lookups.customers("acmx")) == []
    assert shelf.calls == calls


async def test_a_longer_query_is_asked_when_the_shorter_answer_was_cut_off(clock: Clock) -> None:
    crowd = [customer(f"ac-{n:03}") for n in range(PER_SEARCH)]
    shelf = Shelf(*crowd, ACME)
    lookups = Lookups(shelf, clock)
    assert len((await lookups.customers("ac")).choices) == PER_SEARCH + 1
    calls = shelf.calls
    await lookups.customers("acm")
    assert shelf.calls > calls


async def test_an_answer_is_given_again_until_it_is_too_old(clock: Clock) -> None:
    shelf = Shelf(ACME)
    lookups = Lookups(shelf, clock, ttl_s=30)
    await lookups.customers("ac")
    clock.now += 30
    await lookups.customers("ac")
    assert shelf.calls == 4
    clock.now += 1
    await lookups.customers("ac")
    assert shelf.calls == 8


async def test_people_who_ask_at_once_share_one_answer_even_if_one_stops_waiting(clock: Clock) -> None:
    shelf = Shelf(ACME)
    shelf.gate = asyncio.Event()
    lookups = Lookups(shelf, clock)
    impatient, patient = (asyncio.create_task(lookups.customers("ac", person=who)) for who in ("U1", "U2"))
    for _turn in range(10):
        await asyncio.sleep(0)
    assert shelf.calls == 4
    impatient.cancel()
    shelf.gate.set()
    assert len((await patient).choices) == 1
    assert impatient.cancelled()
    assert shelf.calls == 4


async def test_invoices_are_found_by_id_and_by_customer_id(clock: Clock) -> None:
    shelf = Shelf(invoice("INV-1"), invoice("X-2", "inv-customer"))
    result = await Lookups(shelf, clock).invoices("inv")
    assert [one.id for one in result.choices] == ["INV-1", "X-2"]
    assert shelf.calls == 2


async def test_invoices_are_found_by_the_customers_name_when_no_id_fits(clock: Clock) -> None:
    lone = customer("c-77", company="Acme GmbH")
    shelf = Shelf(lone, invoice("INV-1", "c-77"), invoice("INV-2", "c-78"))
    lookups = Lookups(shelf, clock)
    result = await lookups.invoices("acme")
    assert labels(result) == ["INV-1 · Acme GmbH · EUR 50.00 due · not paid · 2025-11-20"]
    assert result.choices[0].detail == "c-77"
    calls = shelf.calls
    assert len((await lookups.invoices("acme g")).choices) == 1
    assert shelf.calls == calls


async def test_an_id_that_fits_does_not_hide_a_customer_from_the_next_letter(clock: Clock) -> None:
    lone = customer("c-77", company="Acme GmbH")
    lookups = Lookups(Shelf(lone, invoice("ac-1", "z"), invoice("INV-1", "c-77")), clock)
    assert [one.id for one in (await lookups.invoices("ac")).choices] == ["ac-1"]
    assert [one.id for one in (await lookups.invoices("acm")).choices] == ["INV-1"]


async def test_invoices_of_one_customer(clock: Clock) -> None:
    shelf = Shelf(invoice("INV-1"), invoice("INV-3", "other"))
    lookups = Lookups(shelf, clock)
    result = await lookups.invoices("", customer_id="acme-1")
    assert [one.id for one in result.choices] == ["INV-1"]
    await lookups.invoices("INV", customer_id="acme-1")
    assert shelf.calls == 1


async def test_a_pasted_link_finds_the_document(clock: Clock) -> None:
    shelf = Shelf(invoice("INV-1"))
    result = await Lookups(shelf, clock).invoices("https://acme-test.chargebee.com/d/invoices/INV-1")
    assert [one.id for one in result.choices] == ["INV-1"]


async def test_only_notes_that_can_be_removed_from_the_invoice_are_offered(clock: Clock) -> None:
    applied = invoice(
        "INV-1",
        applied_credits=[
            {"cn_id": "CN-1", "applied_amount": 1, "cn_status": "refunded"},
            {"cn_id": "CN-2", "applied_amount": 1, "cn_status": "refunded"},
        ],
        adjustment_credit_notes=[
            {"cn_id": "CN-3", "cn_total": 1, "cn_status": "adjusted"},
            {"cn_id": "CN-4", "cn_total": 1, "cn_status": "voided"},
        ],
        issued_credit_notes=[{"cn_id": "CN-5", "cn_total": 1, "cn_status": "refund_due"}],
    )
    notes = [note("CN-1", type="refundable"), note("CN-2", type="store"), note("CN-3")]
    shelf = Shelf(applied, *notes, note("CN-4", status="voided"), note("CN-5"))
    lookups = Lookups(shelf, clock)
    assert [one.id for one in (await lookups.credit_notes("", invoice_id="INV-1")).choices] == [
        "CN-1",
        "CN-3",
    ]
    assert [one.id for one in (await lookups.credit_notes("cn-3", invoice_id="INV-1")).choices] == ["CN-3"]
    assert shelf.calls == 2


async def test_an_invoice_that_does_not_exist_is_a_note(clock: Clock) -> None:
    result = await Lookups(Shelf(), clock).credit_notes("", invoice_id="INV-1")
    assert result == LookupResult((), "Chargebee has no such document.")


async def test_a_person_has_a_budget_and_others_still_have_theirs(clock: Clock) -> None:
    shelf = Shelf(ACME)
    lookups = Lookups(shelf, clock, per_person=8)
    for query in ("a", "b"):
        assert (await lookups.customers(query, person="U1")).note == ""
    assert await lookups.customers("c", person="U1") == LookupResult((), TOO_MANY)
    assert (await lookups.customers("c", person="U2")).note == ""
    assert shelf.calls == 12
    clock.now += 60
    assert (await lookups.customers("d", person="U1")).note == ""


async def test_all_people_together_never_make_more_calls_than_the_budget(clock: Clock) -> None:
    shelf = Shelf(ACME)
    lookups = Lookups(shelf, clock, per_minute=60)
    results = [await lookups.customers(f"{n:02}", person=f"U{n}") for n in range(40)]
    assert shelf.calls == 60
    assert [result.note for result in results].count(TOO_MANY) == 25
    clock.now += 59
    await lookups.customers("later", person="U99")
    assert shelf.calls == 60


async def test_past_the_budget_an_older_answer_is_given_with_a_note(clock: Clock) -> None:
    lookups = Lookups(Shelf(ACME), clock, per_minute=4)
    await lookups.customers("ac")
    clock.now += 40
    result = await lookups.customers("acm")
    assert labels(result) == ["Acme GmbH · acme-1"]
    assert result.note == TOO_MANY


async def test_while_chargebee_throttles_nobody_asks(clock: Clock) -> None:
    shelf = Shelf(ACME)
    shelf.fails = Throttled("m", retry_after_s=20)
    lookups = Lookups(shelf, clock)
    assert (await lookups.customers("a")).note == TOO_MANY
    calls = shelf.calls
    shelf.fails = None
    assert (await lookups.customers("b")).note == TOO_MANY
    assert shelf.calls == calls
    clock.now += 20
    assert (await lookups.customers("a")).note == ""


@pytest.mark.parametrize("error", [Uncertain("m"), ValueError("ada@example.com")])
async def test_an_error_becomes_a_note_and_is_not_remembered(
    clock: Clock, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf(ACME)
    shelf.fails = error
    lookups = Lookups(shelf, clock)
    assert await lookups.customers("ac") == LookupResult((), FAILED)
    assert "example.com" not in caplog.text
    shelf.fails = None
    assert len((await lookups.customers("ac")).choices) == 1


# Labels


def test_two_customers_of_one_name_are_told_apart_by_their_ids() -> None:
    twins = [customer("acme-1", company="Acme GmbH"), customer("acme-2", company="Acme GmbH")]
    assert len({choice(one, None, "en-US", ZERO_DECIMAL).label for one in twins}) == 2


def test_a_customer_without_a_name_is_shown_by_id_once_and_never_by_email() -> None:
    label = choice(customer("c-1", email="ada@example.com"), None, "en-US", ZERO_DECIMAL)
    assert (label.label, label.detail) == ("c-1", "")


def test_amounts_follow_the_locale_and_whole_currencies_stay_whole() -> None:
    yen = invoice("INV-1", currency_code="JPY", amount_due=0, total=1500, status="paid")
    label = choice(yen, None, "de-DE", ZERO_DECIMAL).label.replace("\u00a0", " ")
    assert label == "INV-1 · acme-1 · JPY 1.500 · paid · 2025-11-20"


def test_a_currency_nobody_knows_is_shown_as_it_came() -> None:
    odd = invoice("INV-1", currency_code="credits")
    assert "credits 5000 due" in choice(odd, None, "en-US", ZERO_DECIMAL).label


def test_a_credit_note_and_a_subscription_say_what_they_are() -> None:
    shown = choice(note("CN-1", type="refundable", status="refund_due"), None, "en-US", ZERO_DECIMAL).label
    assert shown.replace("\u00a0", " ") == "CN-1 · acme-1 · EUR 1.00 · refundable refund due · 2025-11-20"
    base = {"id": "s-1", "customer_id": "acme-1", "currency_code": "EUR", "status": "non_renewing"}
    subscription = Subscription.model_validate(base | {"plan_id": "team", "created_at": 1763632800})
    assert choice(subscription, ACME, "en-US", ZERO_DECIMAL).label == (
        "s-1 · Acme GmbH · team · non renewing · 2025-11-20"
    )


def test_a_long_name_gives_way_to_the_id() -> None:
    label = choice(customer("i" * 50, company="N" * 200), None, "en-US", ZERO_DECIMAL).label
    assert len(label) == LABEL_MAX
    assert label.endswith("… · " + "i" * 50)


@pytest.mark.parametrize("size", [1, 40, 50, 74, 75, 76, 300])
def test_no_label_is_longer_than_slack_takes(size: int) -> None:
    parts = ("i" * size, "n" * size, "EUR 1.00", "paid", "2025-11-20")
    label = fit(parts, shrink=1)
    assert len(label) <= LABEL_MAX
    assert label.startswith("i" * min(size, LABEL_MAX - 1))


def test_line_breaks_do_not_reach_a_label() -> None:
    assert fit(("a\nb", "c")) == "a b · c"


@pytest.mark.parametrize(
    ("at", "shown"), [(0, "1970-01-01"), (1763632800, "2025-11-20"), (None, ""), (10**18, "")]
)
def test_dates_are_iso(at: int | None, shown: str) -> None:
    assert day(at) == shown


async def test_an_address_is_looked_for_in_chargebee_and_not_among_names_seen_before(clock: Clock) -> None:
    shelf = Shelf(ACME)
    lookups = Lookups(shelf, clock)
    assert (await lookups.customers("billing")).choices == ()
    calls = shelf.calls
    await lookups.customers("billing@")
    await lookups.customers("billing@acme")
    assert shelf.calls == calls + 2
