"""Amounts: what people type is read one way or not at all, and what is printed reads back the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.money import MAX_MINOR, ZERO_DECIMAL, Money, Typed, format_money, read_amount

LOCALES = ("en-US", "de-DE", "de-CH", "fr-FR", "sv-SE", "pt-BR", "ja-JP", "hi-IN", "ar-EG", "es-LA", "fa-IR")
CURRENCIES = ("EUR", "USD", "JPY", "KWD", "XOF", "INR", "CLP")


@pytest.mark.parametrize(
    ("text", "locale", "digits", "currency"),
    [
        ("1250", "en-US", "1250", ""),
        ("1,250.00", "en-US", "1250.00", ""),
        ("1,250", "en-US", "1250", ""),
        ("1.250", "de-DE", "1250", ""),
        ("12,5", "de-DE", "12.5", ""),
        ("1.250,00 €", "de-DE", "1250.00", "EUR"),
        ("€1250", "en-US", "1250", "EUR"),
        ("1250 eur", "en-US", "1250", "EUR"),
        ("USD 12.5", "en-US", "12.5", "USD"),
        ("EUR1250EUR", "en-US", "1250", "EUR"),
        ("12 zł", "pl-PL", "12", "PLN"),
        ("1 250,00", "fr-FR", "1250.00", ""),
        ("1\u202f250,00\u00a0€", "fr-FR", "1250.00", "EUR"),
        ("1'250.00", "de-CH", "1250.00", ""),
        ("1\u2019250.00", "de-CH", "1250.00", ""),
        ("12,34,567.50", "en-IN", "1234567.50", ""),
        ("１２５０", "ja-JP", "1250", ""),  # noqa: RUF001 - full-width digits are what is tested
        ("-5", "en-US", "-5", ""),
        ("\u22125", "sv-SE", "-5", ""),
        ("00012", "en-US", "12", ""),
        ("  7  ", "en-US", "7", ""),
    ],
)
def test_reads_what_a_person_types_in_their_locale(
    text: str, locale: str, digits: str, currency: str
) -> None:
    assert read_amount(text, locale) == Typed(digits=digits, currency=currency)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("text", ["1,250.00", "1.250,00", "1 250,00", "1'250.00", "1250"])
def test_reads_what_has_one_meaning_in_every_locale(text: str, locale: str) -> None:
    assert read_amount(text, locale).money("EUR") == Money(amount_minor=125000, currency="EUR")


def test_reads_a_mark_the_locale_does_not_use_when_it_can_only_be_decimals() -> None:
    assert read_amount("12.50", "fr-FR").digits == "12.50"
    assert read_amount("1250,50", "de-CH").digits == "1250.50"


@pytest.mark.parametrize(
    ("text", "locale", "says"),
    [
        ("1.250", "en-US", "Did you mean 1250 or 1.25?"),
        ("1,250", "de-DE", "Did you mean 1250 or 1,25?"),
        ("1.250", "fr-FR", "Did you mean 1250 or 1,25?"),
        ("1,250.000", "en-US", "Did you mean 1250000 or 1250?"),
        ("0.125", "en-US", "at most two."),
        ("12,50", "en-US", "write 12.50."),
        ("1.25", "de-DE", "write 1,25."),
        ("0,125", "en-US", "not grouped in thousands"),
        ("1,2,3", "en-US", "not grouped in thousands"),
        ("12,34,567", "en-US", "not grouped in thousands"),
        ("123,45,678", "en-IN", "not grouped in thousands"),
        ("1,250 000.00", "en-US", "not grouped in thousands"),
        ("$5", "en-US", "such as USD or CAD"),
        ("kr 5", "sv-SE", "such as USD or CAD"),
        ("¥5", "ja-JP", "such as USD or CAD"),
        ("5 EUX", "en-US", "no currency EUX"),
        ("EUR 5 USD", "en-US", "two currencies, EUR and USD"),
        ("١٢٥٠", "ar-EG", "digits 0 to 9"),
        ("10²", "en-US", "“²”"),
        ("1e5", "en-US", "not an amount"),
        ("5.", "en-US", "not an amount"),
        (".5", "en-US", "not an amount"),
        ("1-2", "en-US", "not an amount"),
        ("(5)", "en-US", "“(”"),
        ("abc", "en-US", "not an amount"),
        ("", "de-DE", "such as 1250,00"),
        ("   ", "en-US", "such as 1250.00"),
        ("9" * 41, "en-US", "too long"),
        ("1\u200b250", "en-US", "not an amount"),
    ],
)
def test_refuses_what_it_would_have_to_guess_and_says_how_to_write_it(
    text: str, locale: str, says: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        read_amount(text, locale)


def test_an_unknown_locale_reads_as_english() -> None:
    assert read_amount("1,250.50", "xx-YY").digits == "1250.50"
    assert read_amount("1,250", "").digits == "1250"


@given(st.text(max_size=50), st.sampled_from(LOCALES))
def test_any_text_is_read_or_refused_with_a_sentence(text: str, locale: str) -> None:
    try:
        typed = read_amount(text, locale)
    except ValidationError as error:
        raise AssertionError("a person would see a validation dump") from error
    except ValueError as error:
        assert str(error).endswith((".", "that."))  # noqa: PT017 - which of the two happens is up to hypothesis
    else:
        assert Typed.model_validate(typed.model_dump()) == typed


@pytest.mark.parametrize(
    ("digits", "currency", "minor"),
    [
        ("1250", "EUR", 125000),
        ("12.5", "EUR", 1250),
        ("0.01", "USD", 1),
        ("1250", "JPY", 1250),
        ("1.5", "KWD", 150),
    ],
)
def test_counts_in_hundredths_or_whole_units(digits: str, currency: str, minor: int) -> None:
    assert Typed(digits=digits).money(currency) == Money(amount_minor=minor, currency=currency)


def test_the_zero_decimal_list_is_the_sites_own() -> None:
    assert Typed(digits="12").money("CLP", {"CLP"}).amount_minor == 12
    assert Typed(digits="12").money("JPY", {"CLP"}).amount_minor == 1200


@pytest.mark.parametrize(
    ("typed", "currency", "says"),
    [
        (Typed(digits="1", currency="USD"), "EUR", "You typed USD, but the currency here is EUR."),
        (Typed(digits="1.500"), "KWD", "KWD has two decimals"),
        (Typed(digits="1.50"), "JPY", "JPY is counted whole"),
        (Typed(digits="0"), "EUR", "more than zero"),
        (Typed(digits="-5"), "EUR", "more than zero"),
        (Typed(digits="-0.50"), "EUR", "more than zero"),
        (Typed(digits="90071992547409.92"), "EUR", "at most EUR\u00a090,071,992,547,409.91"),
    ],
)
def test_refuses_an_amount_chargebee_could_not_count(typed: Typed, currency: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        typed.money(currency)


def test_the_largest_amount_is_accepted() -> None:
    assert Typed(digits="90071992547409.91").money("EUR").amount_minor == MAX_MINOR


@pytest.mark.parametrize(
    ("money", "locale", "shown"),
    [
        (("EUR", 125000), "en-US", "EUR 1,250.00"),
        (("EUR", 125000), "de-DE", "EUR 1.250,00"),
        (("EUR", 125000), "de-CH", "EUR 1\u2019250.00"),
        (("EUR", 123456750), "hi-IN", "EUR 12,34,567.50"),
        (("EUR", 125000), "ar-EG", "EUR 1,250.00"),
        (("KWD", 150), "en-US", "KWD 1.50"),
        (("JPY", 1250), "en-US", "JPY 1,250"),
        (("USD", -5), "en-US", "USD -0.05"),
        (("USD", 5), "nonsense", "USD 0.05"),
    ],
)
def test_prints_the_code_and_chargebees_decimals(money: tuple[str, int], locale: str, shown: str) -> None:
    currency, minor = money
    assert format_money(Money(amount_minor=minor, currency=currency), locale).replace("\u00a0", " ") == shown


@given(st.integers(1, MAX_MINOR), st.sampled_from(CURRENCIES), st.sampled_from(LOCALES))
def test_what_is_printed_reads_back_as_the_same_money(minor: int, currency: str, locale: str) -> None:
    money = Money(amount_minor=minor, currency=currency)
    assert read_amount(format_money(money, locale), locale).money(currency, ZERO_DECIMAL) == money


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(CURRENCIES))
def test_money_survives_json(minor: int, currency: str) -> None:
    money = Money(amount_minor=minor, currency=currency)
    assert Money.model_validate_json(money.model_dump_json()) == money


@pytest.mark.parametrize(
    "values",
    [
        {"amount_minor": 1.0, "currency": "EUR"},
        {"amount_minor": True, "currency": "EUR"},
        {"amount_minor": "1", "currency": "EUR"},
        {"amount_minor": MAX_MINOR + 1, "currency": "EUR"},
        {"amount_minor": 1, "currency": "eur"},
        {"amount_minor": 1, "currency": "EUR\n"},
        {"amount_minor": 1, "currency": "EUR", "note": ""},
    ],
)
def test_money_is_never_anything_but_whole_minor_units(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate(values)
