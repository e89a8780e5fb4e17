"""Ids: the bot's own refs (`BR-1042`), and Chargebee ids as people type or paste them.

A Chargebee id is at most 50 characters and may be chosen by the merchant; invoice numbers may hold slashes.
What leaves here is safe as one percent-encoded path segment: no dot segments, nothing that ends or splits a
URL, nothing invisible.
"""

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import unquote, urlsplit

REF = re.compile(r"BR-[1-9][0-9]{0,11}")

MAX_ID = 50

#: The path of a page of Chargebee's web app -> what it shows.
KINDS = {
    "invoices": "invoice",
    "credit_notes": "credit_note",
    "customers": "customer",
    "subscriptions": "subscription",
}
_NAMES = {
    "invoice": "an invoice",
    "credit_note": "a credit note",
    "customer": "a customer",
    "subscription": "a subscription",
}
#: What may follow the id in such a path. Anything else could be a part of the id, so it is refused.
_PAGES = frozenset({"details", "edit", "view", "show", "pdf", "preview", "history", "comments"})

_FORBIDDEN = frozenset("?#%\\&\"'`<>")
#: Blank, though Unicode calls them letters, marks or symbols: fillers, blank Braille, variation selectors.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_SLACK_LINK = re.compile(r"<([^<>|]+)(?:\|[^<>]*)?>")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_BARE = re.compile(r"[a-z0-9.-]+\.chargebee\.com(?::\d+)?/", re.IGNORECASE)


def format_ref(number: int) -> str:
    """`1042` -> `BR-1042`."""
    return f"BR-{number}"


def is_ref(text: str) -> bool:
    """Whether `text` is exactly a ref."""
    return REF.fullmatch(text) is not None


def document_id(text: str, expects: str = "", site_hosts: Collection[str] = ()) -> str:
    """The Chargebee id in `text`: an id, or the URL of a page of Chargebee's web app (also as `<url|label>`).

    `expects` is a value of KINDS; a URL that shows something else is refused. `site_hosts` narrows the hosts
    whose URLs are taken from any of chargebee.com to exactly these. Raises ValueError with a sentence.
    """
    text = text.strip()
    link = _SLACK_LINK.fullmatch(text)
    if link:
        text = link[1].strip()
    if _WEB.match(text):
        return _from_url(text, expects, site_hosts)
    if _BARE.match(text):
        return _from_url(f"https://{text}", expects, site_hosts)
    return _checked(text)


def _from_url(url: str, expects: str, site_hosts: Collection[str]) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        raise ValueError("This is not a web address. Paste the id instead.") from None
    ours = host in {h.lower() for h in site_hosts} if site_hosts else host.endswith(".chargebee.com")
    if parts.scheme != "https" or not ours or "@" in parts.netloc:
        raise ValueError(
            "This is not an address of your Chargebee site. Paste the id, or a link from Chargebee."
        )
    segments = [segment for segment in parts.path.split("/") if segment]
    if segments[:1] == ["d"]:
        segments = segments[1:]
    if len(segments) < 2 or segments[0] not in KINDS:
        raise ValueError(
            "This Chargebee page does not show one document. Paste its id, or open it and copy that link."
        )
    kind, raw, *pages = segments
    if expects and KINDS[kind] != expects:
        raise ValueError(f"This link is for {_NAMES[KINDS[kind]]}, but {_NAMES[expects]} is needed here.")
    if not _PAGES.issuperset(pages):
        raise ValueError("It is not clear where the id ends in this link. Paste the id instead.")
    try:
        return _checked(unquote(raw, errors="strict"))
    except UnicodeDecodeError:
        raise ValueError("This link is damaged. Paste the id instead.") from None


def _checked(text: str) -> str:
    if not text:
        raise ValueError("Write an id, or paste a link from Chargebee.")
    if len(text) > MAX_ID:
        raise ValueError(f"An id in Chargebee has at most {MAX_ID} characters; this has {len(text)}.")
    if _BLANK.search(text) or any(unicodedata.category(char)[0] in "CZ" for char in text):
        raise ValueError("An id has no spaces and no invisible characters. Type it, or copy it again.")
    bad = sorted(_FORBIDDEN.intersection(text))
    if bad:
        raise ValueError(f"An id cannot contain {' '.join(bad)} . Check it, or paste a link from Chargebee.")
    segments = text.split("/")
    if "" in segments:
        raise ValueError("An id cannot begin or end with a slash, or have two in a row.")
    if "." in segments or ".." in segments:
        raise ValueError("An id cannot be made of dots between slashes.")
    return text
