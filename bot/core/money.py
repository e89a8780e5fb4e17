"""Money: integers in minor units with a currency, never floats.

Chargebee counts every currency in hundredths, except a short list counted in whole units. There is no
exception for three-decimal currencies: KWD 1.500 is 150 (Chargebee docs, "Currencies"). So ISO 4217 exponents
are not used here.

    Typed   what a person typed: digits and perhaps a currency, not yet an amount of anything
    Money   an exact amount: minor units and a currency

Reading never guesses. What can be read one way only is accepted, whoever types it (`1,250.00`, `1.250,00`); a
lone `.` or `,` is read by the locale's own marks (Unicode CLDR, through Babel); anything else is refused with
a way to write it.
"""

import re
from collections.abc import Collection
from decimal import Decimal
from functools import lru_cache

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_decimal_symbol, get_group_symbol, list_currencies
from pydantic import BaseModel, ConfigDict, Field

#: Counted in whole units by Chargebee. The v1 docs name these four; a site's own list is a setting.
ZERO_DECIMAL = frozenset({"JPY", "KRW", "XAF", "XOF"})
#: 2^53 - 1 minor units (Chargebee help, "High Value Currency").
MAX_MINOR = 2**53 - 1

#: Signs that stand for one currency only. "$", "£", "¥", "kr" and the like stand for several and are refused.
SIGNS = {
    "€": "EUR",
    "₹": "INR",
    "₪": "ILS",
    "₫": "VND",
    "₺": "TRY",
    "₴": "UAH",
    "₦": "NGN",
    "₽": "RUB",
    "฿": "THB",
    "ZŁ": "PLN",
    "KČ": "CZK",
}

# What CLDR and keyboards group digits with, each kind as one character.
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\u3000"), " ")
_SAME = _SPACES | dict.fromkeys(map(ord, "\u2019\u02bc"), "'") | {ord("\u2212"): "-"}
# What a Japanese keyboard gives for ASCII.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_NAME = r"[^\d\s.,'+-]*"
_SHAPE = re.compile(
    rf"(?P<sign>[-+]?) ?(?P<before>{_NAME}) ?(?P<minus>-?)"
    rf"(?P<number>[0-9](?:[0-9.,' ]*[0-9])?) ?(?P<after>{_NAME})"
)


class Money(BaseModel):
    """An exact amount: `amount_minor` in the units Chargebee counts `currency` in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount_minor: int = Field(ge=-MAX_MINOR, le=MAX_MINOR, strict=True)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class Typed(BaseModel):
    """What a person typed: `digits` is a plain decimal such as `1250.00`, `currency` a code or empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digits: str = Field(pattern=r"^-?(0|[1-9]\d*)(\.\d+)?$", max_length=40)
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")

    def money(self, currency: str, zero_decimal: Collection[str] = ZERO_DECIMAL) -> Money:
        """This amount in `currency`. Raises ValueError with a sentence when Chargebee could not count it."""
        if self.currency and self.currency != currency:
            raise ValueError(
                f"You typed {self.currency}, but the currency here is {currency}. Write it in {currency}."
            )
        whole, _, fraction = self.digits.partition(".")
        if currency in zero_decimal and fraction:
            raise ValueError(
                f"{currency} is counted whole. Write the amount without decimals, such as {whole}."
            )
        if len(fraction) > 2:
            raise ValueError(
                f"{currency} has two decimals. Write at most two, such as {whole}.{fraction[:2]}."
            )
        minor = int(whole + fraction if currency in zero_decimal else whole + fraction.ljust(2, "0"))
        if minor <= 0:
            raise ValueError("The amount has to be more than zero.")
        if minor > MAX_MINOR:
            most = Money(amount_minor=MAX_MINOR, currency=currency)
            raise ValueError(f"Chargebee counts at most {format_money(most, zero_decimal=zero_decimal)}.")
        return Money(amount_minor=minor, currency=currency)


def read_amount(text: str, locale: str = "en-US") -> Typed:
    """What `text`, typed by a person with `locale`, says. Raises ValueError with a sentence how to write it.

    Other digits than 0-9 are refused: text that mixes writing directions moves around its separators, so that
    what we read need not be what the person sees.
    """
    plain = " ".join(text.translate(_FULL_WIDTH).translate(_SAME).split())
    if not plain:
        raise ValueError(f"Write an amount, such as {_example(locale)}.")
    if len(plain) > 40:
        raise ValueError(f"That is too long for an amount. Write it like {_example(locale)}.")
    if any(char.isdecimal() and not char.isascii() for char in plain):
        raise ValueError(f"Write the amount with the digits 0 to 9, such as {_example(locale)}.")
    shape = _SHAPE.fullmatch(plain)
    if not shape:
        raise ValueError(
            f"“{plain}” is not an amount. Write it like {_example(locale)} or EUR {_example(locale)}."
        )
    codes = {_currency(word) for word in (shape["before"], shape["after"]) if word}
    if len(codes) > 1:
        raise ValueError(f"You typed two currencies, {' and '.join(sorted(codes))}. Write one.")
    digits = _digits(shape["number"], locale)
    minus = "-" if "-" in (shape["sign"], shape["minus"]) else ""
    return Typed(digits=minus + digits, currency=codes.pop() if codes else "")


def format_money(money: Money, locale: str = "en-US", zero_decimal: Collection[str] = ZERO_DECIMAL) -> str:
    """`money` for people: `EUR 1,250.00`, with the locale's separators, always with the code in front.

    The space is a no-break space. The code stands in front in every language, so that two people who compare
    what they see compare the same thing.
    """
    known = _locale(locale)
    number = known.decimal_formats[None].pattern.split(".")[0]  # keeps India's groups of two
    value = Decimal(money.amount_minor)
    if money.currency not in zero_decimal:
        number, value = number + ".00", value.scaleb(-2)
    pattern = f"¤¤\u00a0{number};¤¤\u00a0-{number}"
    return format_currency(value, money.currency, format=pattern, locale=known, currency_digits=False)


@lru_cache(maxsize=256)
def _locale(name: str) -> Locale:
    """Slack's locale (`de-CH`) as Babel's; English when unknown (Slack's `es-LA` groups the same)."""
    try:
        return Locale.parse(name.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _example(locale: str) -> str:
    return f"1250{get_decimal_symbol(_locale(locale))}00"


def _currency(word: str) -> str:
    upper = word.upper()
    if upper in SIGNS:
        return SIGNS[upper]
    if re.fullmatch(r"[A-Z]{3}", upper):
        if upper in list_currencies():
            return upper
        raise ValueError(f"There is no currency {upper}. Write a code such as EUR or USD, or leave it out.")
    raise ValueError(
        f"“{word}” does not name one currency. Write its code, such as USD or CAD, or leave it out."
    )


def _digits(number: str, locale: str) -> str:
    """The number as a plain decimal with at most two decimals. Raises ValueError where it reads two ways."""
    known = _locale(locale)
    mark = get_decimal_symbol(known)
    group = get_group_symbol(known).translate(_SAME)
    seen = [char for char in number if not char.isdigit()]
    last = seen[-1] if seen else ""
    if last not in (".", ",") or (seen.count(last) > 1):
        decimal = ""  # spaces and apostrophes only ever group, and a mark that comes twice groups too
    elif len(seen) > 1:
        decimal = last  # something else groups before it, so it can only be the decimal mark
    else:
        # On its own: the locale decides. A mark the locale has no use for cannot be a group of theirs.
        decimal = "" if last == group and last != mark else last
    whole, _, fraction = number.partition(decimal) if decimal else (number, "", "")
    joined = _joined(whole, indian=known.decimal_formats[None].grouping == (3, 2))
    if joined is None:
        raise ValueError(_misgrouped(number, seen, mark))
    if len(fraction) > 2:
        raise ValueError(_too_fine(number, joined, fraction, mark))
    return f"{joined}.{fraction}" if fraction else joined


def _joined(whole: str, *, indian: bool) -> str | None:
    """The digits of `whole` without its groups, or None when they are not groups."""
    separators = {char for char in whole if not char.isdigit()}
    if not separators:
        return str(int(whole))
    if len(separators) > 1:
        return None
    first, *rest = whole.split(separators.pop())
    *middle, final = map(len, rest)
    even = all(size == 3 for size in middle)
    in_twos = indian and all(size == 2 for size in middle) and len(first) <= 2
    if first.startswith("0") or not 1 <= len(first) <= 3 or final != 3 or not (even or in_twos):
        return None
    return first + "".join(rest)


def _too_fine(number: str, joined: str, fraction: str, mark: str) -> str:
    kept = fraction.rstrip("0")
    ways = [f"{joined}{fraction}"] if len(fraction) == 3 and joined != "0" else []
    if len(kept) <= 2:
        ways.append(f"{joined}{mark}{kept}" if kept else joined)
    hint = f" Did you mean {' or '.join(ways)}? Write it like that." if ways else ""
    return f"{number} has {len(fraction)} decimals, and amounts have at most two.{hint}"


def _misgrouped(number: str, seen: list[str], mark: str) -> str:
    whole, _, fraction = number.rpartition(seen[-1])
    if len(seen) == 1 and len(fraction) <= 2:
        plain = f"{int(whole)}{mark}{fraction}"
        return f"In your language “{seen[-1]}” groups thousands. If you mean decimals, write {plain}."
    return f"{number} is not grouped in thousands. Write it without groups, such as 1250{mark}00."
