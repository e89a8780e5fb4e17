"""Forms, commands and type-ahead: what is typed is understood or gets a sentence, and nothing is lost."""

from typing import Any

import pytest

from bot.slack.forms import NONE
from tests.scenarios.filling import adds_line, chosen, forge, opened, previewed, sent, values_in
from tests.tester import Stage

ALL = ("/charge", "/credit-note", "/write-off", "/remove-credit-note", "/send-einvoice")
SITE = "https://acme-test.chargebee.com"


def reads_of(stage: Stage) -> list[str]:
    """The lists Chargebee was asked for."""
    return [call["path"] for call in stage.site.calls() if call["method"] == "GET"]


# Ids


IDS = {
    "dots": ("..", "made of dots"),
    "a way out": ("INV-1/../../customers", "made of dots"),
    "a query": ("INV-1042?x=1", "An id cannot contain ?"),
    "a fragment": ("INV-1042#x", "An id cannot contain #"),
    "an escape": ("INV%2F1", "An id cannot contain %"),
    "a space": ("INV 1042", "An id has no spaces"),
    "a line break": ("INV-1042\nx", "An id has no spaces"),
    "a slash at the end": ("INV-1042/", "cannot begin or end with a slash"),
    "two slashes": ("INV//1", "two in a row"),
    "too long": ("I" * 51, "at most 50 characters; this has 51"),
    "far too long": ("I" * 2000, "at most 50 characters; this has 2000"),
    "markup": ("INV<b>", "An id cannot contain <"),
    "another kind": (f"{SITE}/d/credit_notes/CN-12", "This link is for a credit note, but an invoice is needed"),
    "another site": ("https://evil.example/d/invoices/INV-1042", "not an address of your Chargebee site"),
    "looks alike": ("https://chargebee.com.evil.example/d/invoices/INV-1", "not an address of your Chargebee"),
    "not a document": (f"{SITE}/d/settings/keys", "does not show one document"),
}  # fmt: skip


@pytest.mark.parametrize(("typed", "sentence"), IDS.values(), ids=IDS)
async def test_what_is_no_id_is_a_sentence_by_its_field_and_never_reaches_chargebee(
    stage: Stage, typed: str, sentence: str
) -> None:
    form = await opened(stage, stage.anna, "/write-off")
    await form.fill({"Reason": "given up"})
    forge(stage, form, "Invoice", chosen(typed))
    errors = await form.submit()
    assert errors is not None
    assert list(errors) == ["Invoice"]
    assert sentence in errors["Invoice"]
    assert values_in(form)["Reason"] == "given up"
    assert reads_of(stage) == []
    await previewed(form, {"Invoice": "INV-1042"})
    assert "Write off invoice INV-1042" in form.reads


# Values that were never offered


@pytest.mark.parametrize(
    ("label", "value", "sentence"),
    [
        ("Type", "everything", "not one of the choices"),
        ("Old reason code", "fraudulent", "not one of the choices"),
        ("Reason code", "goodwill", "The site has no such reason code"),
        ("Date", "30.11.2026", "year-month-day"),
        ("Date", "2026-13-45", "year-month-day"),
    ],
)
async def test_a_value_that_was_never_offered_is_a_sentence_by_its_field(
    stage: Stage, label: str, value: str, sentence: str
) -> None:
    form = await opened(stage, stage.anna, "/credit-note adjustment INV-1042 20")
    await form.fill({"Reason": "goodwill"})
    forge(stage, form, label, {"selected_date": value} if label == "Date" else chosen(value))
    errors = await form.submit(force=True)
    assert errors is not None
    assert sentence in errors[label]
    assert stage.writes() == []


@pytest.mark.parametrize(
    ("label", "length", "most"),
    [("Notes for the customer", 2001, 2000), ("Reason", 261, 260)],
)
async def test_text_longer_than_the_form_takes_is_refused_with_its_length(
    stage: Stage, label: str, length: int, most: int
) -> None:
    form = await opened(stage, stage.anna, "/credit-note adjustment INV-1042 20")
    await form.fill({"Reason": "goodwill", label: "x" * length})
    errors = await form.submit(force=True)
    assert errors == {label: f"Use at most {most} characters (you used {length})."}


async def test_all_that_is_wrong_is_said_at_once(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/charge")
    await form.fill({"Customer": "globex", "Amount": "1,2,3", "Description": "x", "Subscription": "sub-x"})
    errors = await form.submit()
    assert errors is not None
    assert {"Amount", "Description"} <= set(errors)


async def test_a_line_that_was_never_offered_is_asked_for_again(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    await form.click("Add a line")
    await stage.quiet()
    line = await stage.anna.sees_modal("Add a line")
    forge(stage, line, "Which line?", chosen("li_9999"))
    errors = await line.submit(force=True)
    assert errors == {"Which line?": "Choose a line first."}


# Expired


@pytest.mark.parametrize("later_s", [24 * 3600, 30 * 24 * 3600])
async def test_a_form_left_open_for_a_day_has_expired_and_says_so(stage: Stage, later_s: int) -> None:
    form = await opened(stage, stage.anna, "/write-off INV-1042")
    await form.fill({"Reason": "given up"})
    stage.later(later_s)
    await form.submit()
    await stage.quiet()
    await form.refresh()
    assert "This form has expired. Give the command again; nothing was sent." in form.reads


async def test_a_form_left_open_for_almost_a_day_still_works(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/write-off INV-1042")
    stage.later(24 * 3600 - 1)
    await previewed(form, {"Reason": "given up"})
    assert "Write off invoice INV-1042" in form.reads


# Back to the form


CHANGED: dict[str, tuple[str, dict[str, Any]]] = {
    "charge": (
        "/charge globex 1,250.50",
        {"Description": "Setup", "PO number": "PO-1", "Coupon": "WELCOME10"},
    ),
    "subscription": ("/charge subscription=sub-globex-1 20", {"Description": "Setup"}),
    "credit note": (
        "/credit-note adjustment INV-1042 20.5",
        {"Reason": "goodwill", "Reason code": "Goodwill", "Old reason code": "Other", "Date": "2026-11-25",
         "Notes for the customer": "Sorry!"},
    ),
    "standalone": (
        "/credit-note refundable customer=acme total=20",
        {"Reason": "goodwill", "Currency": "EUR"},
    ),
    "write-off": ("/write-off INV/2026/7", {"Reason": "too small"}),
    "remove": ("/remove-credit-note INV-1031 CN-12", {"Reason": "wrong"}),
    "e-invoice": ("/send-einvoice CN-77", {"Reason": "asked for by phone"}),
}  # fmt: skip


@pytest.mark.parametrize(("command", "values"), CHANGED.values(), ids=CHANGED)
async def test_change_brings_back_the_form_with_everything_in_it(
    stage: Stage, command: str, values: dict[str, Any]
) -> None:
    missing = {"Reason"} if "Reason" in values else {"Description"}
    shown = await stage.anna.runs(command, channel="C0BILLING")
    assert shown.error is None
    await stage.quiet()
    form = await stage.anna.sees_modal()
    if form.submit_label != "Preview":  # an e-invoice needs no reason
        await form.click("Change")
        await stage.quiet()
        await form.refresh()
    await previewed(form, values)
    first = form.reads.replace(",", "")
    await form.click("Change")
    await stage.quiet()
    await form.refresh()
    back = values_in(form)
    assert missing <= set(back)
    assert {label: back[label] for label in values} == values
    await previewed(form)
    assert without_ref(form.reads.replace(",", "")) == without_ref(first)


def without_ref(reads: str) -> str:
    return " ".join(word for word in reads.split() if not word.startswith(("BR-", "[BR-")))


async def test_change_brings_back_the_lines_too(stage: Stage) -> None:
    form = await opened(stage, stage.jurgen, "/credit-note refundable INV-1051")
    await adds_line(stage, form, stage.jurgen, "Base fee · EUR 100.00", {"Price of one": "1.000,50"})
    errors_free = {"Reason": "goodwill"}
    await form.fill(errors_free)
    errors = await form.submit()
    assert errors is not None
    assert "EUR 595.00" in " ".join(errors.values()), "more than was paid"
    await adds_line(stage, form, stage.jurgen, "Base fee · EUR 100.00", {"Price of one": "10,50"})
    assert "1. Base fee · 1.000,50" in form.reads
    assert "2. Base fee · 10,50" in form.reads


# Type-ahead


async def test_customers_are_found_by_name_and_told_apart_by_their_id(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/charge")
    assert await form.options("Customer", "Acme") == [
        "Acme Inc · acme-us",
        "Acme GmbH · acme",
        "Use Acme as typed",
        "None",
    ]
    assert await form.options("Customer", "Acme I") == ["Acme Inc · acme-us", "None"]
    assert "Globex Corp · globex" in await form.options("Customer", "Scorpio")
    assert "nameless" in (await form.options("Customer", "nameless"))[0]
    assert "@" not in " ".join(await form.options("Customer", "n")), "no e-mail addresses"


async def test_invoices_are_found_by_number_and_by_customer(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/write-off")
    offered = [one.replace("\u00a0", " ") for one in await form.options("Invoice", "INV-1042")]
    assert offered == ["INV-1042 · acme · EUR 119.00 due · payment due · 2026-11-10"]
    assert any(one.startswith("INV-1051 · Globex Corp · ") for one in await form.options("Invoice", "Globex"))
    (known, _typed) = await form.options("Invoice", "INV/2026")
    assert known.startswith("INV/2026/7 · ")


async def test_credit_notes_and_subscriptions_are_found_by_number(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/send-einvoice")
    offered = await form.options("Credit note", "CN-7")
    assert [one.split(" · ")[0] for one in offered] == ["CN-79", "CN-78", "CN-77", "Use CN-7 as typed"]
    await form.close(all=True)
    form = await opened(stage, stage.anna, "/charge")
    assert any(one.startswith("sub-globex-1") for one in await form.options("Subscription", "sub-g"))


@pytest.mark.parametrize(
    ("pasted", "option"),
    [
        (f"{SITE}/d/invoices/INV-1042", "INV-1042"),
        (f"{SITE}/d/invoices/INV%2F2026%2F7", "INV/2026/7"),
        ("INV/2026/7", "INV/2026/7"),
        ("LATER-1", "Use LATER-1 as typed"),
    ],
)
async def test_an_id_or_a_link_can_be_pasted_into_a_picker(stage: Stage, pasted: str, option: str) -> None:
    form = await opened(stage, stage.anna, "/write-off")
    offered = await form.options("Invoice", pasted)
    assert any(one.startswith((option, f"Use {option}")) for one in offered), offered


@pytest.mark.parametrize(
    ("pasted", "offered"),
    [
        (
            f"{SITE}/d/customers/acme",
            ["This link is for a customer, but an invoice is needed here."],
        ),
        (
            "https://evil.example/INV-1",
            ["This is not an address of your Chargebee site. Paste the id, or a link fro…"],
        ),
        ("a b?", []),
    ],
)
async def test_what_can_be_no_id_is_not_offered_and_a_wrong_link_is_explained(
    stage: Stage, pasted: str, offered: list[str]
) -> None:
    form = await opened(stage, stage.anna, "/write-off")
    assert await form.options("Invoice", pasted) == offered
    if offered:
        await form.fill({"Invoice": pasted, "Reason": "given up"})
        assert await form.submit() == {"Invoice": "This is needed."}


async def test_names_are_found_whatever_their_first_letter_was_typed_like(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/charge")
    assert "Automat AG · autoinv" in await form.options("Customer", "automat")
    assert "Acme GmbH · acme" in await form.options("Customer", "anke adler")
    assert "Automat AG · autoinv" in await form.options("Customer", "Automat")


async def test_a_look_up_that_could_not_be_made_says_so_where_choices_would_stand(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/write-off")
    await stage.chargebee_goes_away()
    assert await form.options("Invoice", "Acme GmbH") == [
        "Chargebee could not be asked just now; paste the id instead."
    ]


async def test_a_picked_choice_keeps_its_label_when_the_form_comes_back_with_an_error(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/charge")
    await form.options("Customer", "Acme")
    await form.fill({"Customer": "acme-us", "Amount": "nothing", "Description": "Setup"})
    assert await form.submit() is not None
    assert values_in(form)["Customer"] == "Acme Inc · acme-us"


async def test_an_optional_choice_can_be_taken_back_and_a_required_one_cannot(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/charge")
    await form.fill({"Customer": "globex", "Amount": "20", "Description": "Setup"})
    assert (await form.options("Customer", "g"))[-1] == "None"
    await form.fill({"Customer": NONE, "Subscription": "sub-globex-1"})
    await previewed(form)
    await stage.confirms(form)
    assert "customer_id" not in sent(stage)["form"]

    form = await opened(stage, stage.anna, "/write-off INV-1042")
    assert "None" not in await form.options("Invoice", "INV")


async def test_a_person_who_types_sixty_characters_causes_only_a_few_calls(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/charge")
    text = "Acme GmbH and a very long name that no customer has at all.."
    assert len(text) == 60
    for length in range(1, 61):
        await form.options("Customer", text[:length])
    assert len(reads_of(stage)) <= 20
    again = len(reads_of(stage))
    assert "Acme GmbH · acme" in await form.options("Customer", "Acme")
    assert len(reads_of(stage)) == again, "what was asked a moment ago is not asked again"


async def test_pickers_never_use_up_what_a_test_site_answers_in_a_minute(stage: Stage) -> None:
    for person in (stage.anna, stage.jurgen):
        form = await opened(stage, person, "/write-off")
        for number in range(40):
            await form.options("Invoice", f"X{number:02}")
    assert len(reads_of(stage)) <= 100
    assert "Use INV-1042 as typed" in (await form.options("Invoice", "INV-1042"))[-1]


async def test_while_chargebee_is_away_an_id_can_still_be_pasted_and_the_form_is_kept(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/write-off")
    await stage.chargebee_goes_away()
    assert await form.options("Invoice", "INV-1042") == ["Use INV-1042 as typed"]
    await previewed(form, {"Invoice": "INV-1042", "Reason": "given up"})
    await stage.quiet()
    await form.refresh()
    assert "could not be reached" in form.reads
    await stage.chargebee_comes_back()
    await form.click("Change")
    await stage.quiet()
    await form.refresh()
    assert values_in(form) == {"Invoice": "INV-1042", "Reason": "given up"}
    await previewed(form)
    assert "Write off invoice INV-1042" in form.reads


async def test_a_look_up_that_is_throttled_is_not_repeated_and_pasting_still_works(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/write-off")
    stage.chargebee_is_blind(times=2)
    assert await form.options("Invoice", "INV-1042") == ["Use INV-1042 as typed"]
    before = len(reads_of(stage))
    assert await form.options("Invoice", "INV-1051") == ["Use INV-1051 as typed"]
    assert len(reads_of(stage)) == before


async def test_opening_a_form_asks_chargebee_nothing(stage: Stage) -> None:
    await stage.chargebee_goes_away()
    for command in ALL:
        form = await opened(stage, stage.anna, command)
        await form.close(all=True)


async def test_a_form_that_is_submitted_twice_shows_one_preview(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/write-off INV-1042")
    await form.fill({"Reason": "given up"})
    assert await form.submit(deliveries=2) is None
    preview = await stage.anna.sees_modal("Write off invoice")
    ref = await stage.confirms(preview)
    await stage.approves(stage.bo, ref)
    assert len(stage.writes()) == 1
