"""Ids: what a person types or pastes becomes an id that is safe in a path, or a sentence."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import REF, document_id, format_ref, is_ref

SITE = "https://acme-test.chargebee.com"


def test_a_ref_is_its_number() -> None:
    assert format_ref(1042) == "BR-1042"
    assert is_ref("BR-1042")
    assert REF.search("see BR-1042.")


@pytest.mark.parametrize("text", ["BR-", "BR-0", "BR-01", "br-1", "BR-1 ", "BR-1\n", "BR-\u0661", "XBR-1"])
def test_what_is_not_a_ref(text: str) -> None:
    assert not is_ref(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("INV-1042", "INV-1042"),
        ("  INV-1042 ", "INV-1042"),
        ("INV/2024/001", "INV/2024/001"),
        ("Ünï-1", "Ünï-1"),
        ("v1.2..3", "v1.2..3"),
        ("a" * 50, "a" * 50),
        (f"{SITE}/invoices/INV-1042", "INV-1042"),
        (f"{SITE}/d/invoices/INV-1042", "INV-1042"),
        (f"{SITE}/d/invoices/INV-1042/", "INV-1042"),
        (f"{SITE}/invoices/INV-1042/details?tab=1&x=2#top", "INV-1042"),
        (f"{SITE}/d/invoices/INV%2F2024%2F001/details", "INV/2024/001"),
        (f"<{SITE}/d/invoices/INV-1042|INV-1042>", "INV-1042"),
        (f"<{SITE}/d/invoices/INV-1042>", "INV-1042"),
        ("acme-test.chargebee.com/d/invoices/INV-1042", "INV-1042"),
        ("HTTPS://Acme-Test.Chargebee.COM/d/invoices/INV-1042", "INV-1042"),
    ],
)
def test_takes_an_id_or_a_link(text: str, found: str) -> None:
    assert document_id(text, expects="invoice") == found


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("invoices", "invoice"),
        ("credit_notes", "credit_note"),
        ("customers", "customer"),
        ("subscriptions", "subscription"),
    ],
)
def test_every_kind_of_page_gives_its_id(path: str, kind: str) -> None:
    assert document_id(f"{SITE}/d/{path}/x1", expects=kind) == "x1"
    assert document_id(f"{SITE}/d/{path}/x1") == "x1"


def test_a_link_to_another_kind_says_so() -> None:
    with pytest.raises(ValueError, match="for a customer, but an invoice is needed"):
        document_id(f"{SITE}/d/customers/c1", expects="invoice")


def test_the_hosts_can_be_narrowed_to_the_site() -> None:
    link = f"{SITE}/d/invoices/INV-1"
    assert document_id(link, site_hosts=["acme-test.chargebee.com"]) == "INV-1"
    with pytest.raises(ValueError, match="your Chargebee site"):
        document_id(link, site_hosts=["acme.chargebee.com"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write an id"),
        ("   ", "Write an id"),
        ("<>", "cannot contain < >"),
        ("a" * 51, "at most 50 characters; this has 51"),
        ("INV 1", "no spaces"),
        ("INV\u00a01", "no spaces"),
        ("INV\t1", "no spaces"),
        ("INV\x001", "invisible"),
        ("INV\u200b1", "invisible"),
        ("INV\u202e1", "invisible"),
        ("INV\u20661", "invisible"),
        ("\ufeffINV1", "invisible"),
        ("INV\u034f1", "invisible"),
        ("INV\ufe0f1", "invisible"),
        ("INV\u31641", "invisible"),
        ("..", "dots"),
        (".", "dots"),
        ("a/../b", "dots"),
        ("a/./b", "dots"),
        ("/a", "slash"),
        ("a/", "slash"),
        ("a//b", "slash"),
        *((f"a{char}b", f"cannot contain {char}") for char in "?#%\\&\"'`<>"),
        ("%2e%2e", "cannot contain %"),
        ("http://acme-test.chargebee.com/invoices/x", "your Chargebee site"),
        ("https://chargebee.com.evil.example/invoices/x", "your Chargebee site"),
        ("https://evilchargebee.com/invoices/x", "your Chargebee site"),
        ("https://me@acme.chargebee.com/invoices/x", "your Chargebee site"),
        ("https://[acme/invoices/x", "not a web address"),
        (f"{SITE}/", "does not show one document"),
        (f"{SITE}/d/invoices", "does not show one document"),
        (f"{SITE}/d/plans/x", "does not show one document"),
        (f"{SITE}/d/invoices/a/b", "where the id ends"),
        (f"{SITE}/d/customers/c1/invoices/x", "where the id ends"),
        (f"{SITE}/d/invoices/%2e%2e", "dots"),
        (f"{SITE}/d/invoices/a%2F..%2Fb", "dots"),
        (f"{SITE}/d/invoices/%252e", "cannot contain %"),
        (f"{SITE}/d/invoices/a%00b", "invisible"),
        (f"{SITE}/d/invoices/%ff", "damaged"),
    ],
)
def test_refuses_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        document_id(text)


@given(st.text(max_size=60))
def test_what_is_accepted_stays_one_safe_path_segment(text: str) -> None:
    try:
        found = document_id(text)
    except ValueError:
        return
    assert 0 < len(found) <= 50
    assert found.isprintable()
    assert not set(found) & set("?#%\\&\"'`<> ")
    assert not {"", ".", ".."} & set(found.split("/"))
    assert document_id(found) == found
    assert document_id(f"{SITE}/d/invoices/{quote(found, safe='')}") == found
