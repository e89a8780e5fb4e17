"""What went wrong with a call, named for what happened to the money. Tables; nothing is read from messages.

    the client's exception       -> TRANSPORT   Unreached only where the request provably never left
    the answer's status, code    -> REFUSALS, NOT_NOW; whatever is not documented is Uncertain

Chargebee's error body is `message`, `type`, `api_error_code`, `param` (docs "Error handling"; the v1 OpenAPI
file lists the codes by status). `message` is for developers and can hold customer data, so it is dropped and
people read our sentence for the code, with the parameter Chargebee named. A 5xx, and anything a proxy puts in
between, may be HTML or nothing.

A read fails with the same errors: an Uncertain read is merely an answer we do not have.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx

from bot.core.errors import ChargebeeError, NotFound, Refused, Throttled, Uncertain, Unreached

#: Everything httpx raises on purpose.
HTTPX_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict)

TRANSPORT: dict[type[Exception], type[Unreached] | type[Uncertain]] = {
    # No connection, so nothing was written. TLS failures are ConnectErrors too.
    httpx.ConnectError: Unreached,
    httpx.ConnectTimeout: Unreached,
    # No free connection in time.
    httpx.PoolTimeout: Unreached,
    # The address was refused before anything was opened.
    httpx.UnsupportedProtocol: Unreached,
    httpx.InvalidURL: Unreached,
    # The request may have left, whole or in part.
    httpx.ReadTimeout: Uncertain,
    httpx.WriteTimeout: Uncertain,
    httpx.ReadError: Uncertain,
    httpx.WriteError: Uncertain,
    httpx.CloseError: Uncertain,
    # Also "Server disconnected without sending a response": the server may have worked on it.
    httpx.RemoteProtocolError: Uncertain,
    # Mostly an illegal header, found before writing; but the class alone does not prove that.
    httpx.LocalProtocolError: Uncertain,
    # We use no proxy. Should one appear, the class does not say on which side of it things broke.
    httpx.ProxyError: Uncertain,
    # There was an answer, and it cannot be read.
    httpx.DecodingError: Uncertain,
    httpx.TooManyRedirects: Uncertain,
    httpx.HTTPStatusError: Uncertain,
    httpx.CookieConflict: Uncertain,
    httpx.StreamError: Uncertain,
    httpx.StreamConsumed: Uncertain,
    httpx.StreamClosed: Uncertain,
    httpx.ResponseNotRead: Uncertain,
    httpx.RequestNotRead: Uncertain,
    # The families: what a later httpx adds to one is not known to be harmless.
    httpx.HTTPError: Uncertain,
    httpx.RequestError: Uncertain,
    httpx.TransportError: Uncertain,
    httpx.TimeoutException: Uncertain,
    httpx.NetworkError: Uncertain,
    httpx.ProtocolError: Uncertain,
}

#: Documented answers that mean "no, and nothing changed".
REFUSALS = frozenset({400, 401, 403, 404, 405, 409, 422})
#: 503s that say the site takes no changes at all now: nothing changed. Other 5xx prove nothing.
NOT_NOW = frozenset({"site_not_ready", "site_read_only_mode"})
#: Seconds to wait where Chargebee does not say. Limits count a minute; a lock is held for one call.
WAIT_S: Mapping[str, float] = {"lock_timeout": 2.0, "site_not_ready": 300.0, "site_read_only_mode": 300.0}
DEFAULT_WAIT_S = 60.0
#: A longer wait than this is not believed.
MAX_WAIT_S = 3600.0


@dataclass(frozen=True)
class Words:
    """What a person reads: a sentence, and what to do next."""

    message: str
    hint: str = ""


_ADMIN = "An administrator of the bot has to look at this."
_PAYMENT = Words(
    "Chargebee could not collect the payment.",
    "Look at the customer's invoices in Chargebee: an unpaid invoice may have been left behind.",
)
WORDS: Mapping[str, Words] = {
    "invalid_request": Words("Chargebee did not accept this request."),
    "param_wrong_value": Words("Chargebee did not accept one of the values."),
    "duplicate_entry": Words("Chargebee already has an entry with that id."),
    "configuration_incompatible": Words("The Chargebee site is not set up for this.", _ADMIN),
    "resource_limit_exhausted": Words("A limit of the Chargebee site is used up.", _ADMIN),
    "resource_limit_exceeded": Words("This goes over a limit of the Chargebee site.", _ADMIN),
    "payment_processing_failed": _PAYMENT,
    "payment_method_not_present": Words("The customer has no payment method on file.", _PAYMENT.hint),
    "payment_method_verification_failed": Words(
        "The customer's payment method was not verified.", _PAYMENT.hint
    ),
    "payment_gateway_currency_incompatible": Words(
        "The payment gateway does not take this currency.", _PAYMENT.hint
    ),
    "payment_intent_invalid": _PAYMENT,
    "payment_intent_invalid_amount": _PAYMENT,
    "api_authentication_failed": Words("Chargebee did not accept the bot's API key.", _ADMIN),
    "basic_authentication_failed": Words("Chargebee did not accept the bot's API key.", _ADMIN),
    "api_authorization_failed": Words("The bot's API key is not allowed to do this.", _ADMIN),
    "request_blocked": Words("Chargebee blocked this request.", _ADMIN),
    "resource_not_found": Words("Chargebee has no such document.", "Check the id."),
    "site_not_found": Words("There is no Chargebee site with the configured name.", _ADMIN),
    "http_method_not_supported": Words("Chargebee does not know this call.", _ADMIN),
    "invalid_state_for_request": Words(
        "The document is in a state in which Chargebee does not allow this.", "Look at it and ask again."
    ),
    "unable_to_process_request": Words("Chargebee could not process this request."),
    "api_request_limit_exceeded": Words("Chargebee takes no more calls just now.", "Try again in a minute."),
    "lock_timeout": Words("Somebody else is changing the same document just now.", "Try again in a moment."),
    "third_party_api_request_limit_exceeded": Words(
        "A service that Chargebee depends on takes no more calls just now.", "Try again in a minute."
    ),
    "internal_error": Words("Chargebee had an internal error."),
    "internal_temporary_error": Words("Chargebee had a temporary error."),
    "db_connection_failure": Words("Chargebee had a temporary error."),
    "site_not_ready": Words("The Chargebee site is not ready.", "Try again later."),
    "site_read_only_mode": Words("The Chargebee site takes no changes just now.", "Try again later."),
}
_REFUSED = Words("Chargebee did not accept this request.")
_THROTTLED = Words("Chargebee takes no more calls just now.", "Try again in a minute.")
_UNREACHED = Words("Chargebee could not be reached.", "Nothing was sent. Try again.")
_UNCERTAIN = Words(
    "There was no answer from Chargebee that can be trusted.", "Look in Chargebee before trying again."
)


def from_exception(error: Exception) -> ChargebeeError:
    """The error for one of HTTPX_ERRORS. A class not in the table counts as its nearest ancestor."""
    kind = next(TRANSPORT[ancestor] for ancestor in type(error).__mro__ if ancestor in TRANSPORT)
    words = _UNREACHED if kind is Unreached else _UNCERTAIN
    return kind(words.message, hint=words.hint)


def unreadable(status: int) -> Uncertain:
    """The error for an answer that is not what the call answers with: a redirect, a page, half a document."""
    return Uncertain(_UNCERTAIN.message, hint=_UNCERTAIN.hint, status=status)


def from_answer(status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> ChargebeeError:
    """The error for any answer but a readable 200. `now`, unix seconds, serves a Retry-After date."""
    said = _said(body)
    code, kind, param = said["api_error_code"], said["type"], said["param"]
    if status == 429 or (status == 503 and code in NOT_NOW):
        words = WORDS.get(code, _THROTTLED)
        wait = retry_after_s(headers.get("retry-after", ""), now=now)
        wait = WAIT_S.get(code, DEFAULT_WAIT_S) if wait is None else wait
        throttled = Throttled(words.message, retry_after_s=wait, status=status, api_error_code=code)
        throttled.hint = words.hint
        return throttled
    if status in REFUSALS:
        # Only Chargebee's own word proves an absence; a proxy's 404 says nothing of the document.
        refusal = NotFound if (status, code) == (404, "resource_not_found") else Refused
        words = WORDS.get(code, _PAYMENT if kind == "payment" else _REFUSED)
        about = f"It named the parameter {param}." if param else ""
        hint = " ".join(filter(None, (about, words.hint)))
        return refusal(words.message, hint=hint, status=status, api_error_code=code, kind=kind, param=param)
    return Uncertain(
        _UNCERTAIN.message, hint=_UNCERTAIN.hint, status=status, api_error_code=code, kind=kind, param=param
    )


def retry_after_s(value: str, *, now: float) -> float | None:
    """Seconds asked for by a Retry-After header (seconds or an HTTP date), 0 to an hour; None: nothing."""
    text = value.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text, re.ASCII):
        return min(float(text), MAX_WAIT_S)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date without a zone is in GMT (RFC 9110).
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    return min(max(seconds, 0.0), MAX_WAIT_S)


def _said(body: bytes) -> dict[str, str]:
    """Chargebee's own words, each empty where absent or not one plain word: a body can be anything."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    fields = found if isinstance(found, dict) else {}
    return {name: _word(fields.get(name)) for name in ("api_error_code", "type", "param")}


def _word(value: object) -> str:
    is_word = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_.\[\]-]{1,100}", value)
    return str(value) if is_word else ""
