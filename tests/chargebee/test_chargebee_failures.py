"""Every way a call can fail has a place in the tables."""

import json
from collections.abc import Iterator

import httpx
import pytest

from bot.chargebee import failures
from bot.core.errors import ChargebeeError, NotFound, Refused, Throttled, Uncertain, Unreached

NOW = 1763632800.0  # Thu, 20 Nov 2025 10:00:00 GMT

DOCUMENTED = {
    400: [
        "payment_intent_invalid_amount",
        "configuration_incompatible",
        "payment_intent_invalid",
        "invalid_request",
        "payment_method_verification_failed",
        "payment_processing_failed",
        "resource_limit_exhausted",
        "duplicate_entry",
        "param_wrong_value",
        "payment_method_not_present",
        "resource_limit_exceeded",
        "payment_gateway_currency_incompatible",
    ],
    401: ["api_authentication_failed", "basic_authentication_failed"],
    403: ["request_blocked", "api_authorization_failed"],
    404: ["resource_not_found", "site_not_found"],
    405: ["http_method_not_supported"],
    409: ["invalid_state_for_request"],
    422: ["unable_to_process_request"],
    429: ["third_party_api_request_limit_exceeded", "api_request_limit_exceeded", "lock_timeout"],
    500: ["internal_error"],
    503: ["db_connection_failure", "site_read_only_mode", "site_not_ready", "internal_temporary_error"],
}


def family(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


ALL = [kind for root in (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) for kind in family(root)]
OURS = [kind for kind in ALL if kind.__module__.split(".")[0] == "httpx"]


@pytest.mark.parametrize("kind", OURS)
def test_every_error_of_httpx_is_in_the_table(kind: type[Exception]) -> None:
    assert kind in failures.TRANSPORT
    assert issubclass(kind, failures.HTTPX_ERRORS)


def test_the_table_holds_nothing_else() -> None:
    assert set(failures.TRANSPORT) - set(OURS) == {httpx.CookieConflict}


def test_only_a_call_that_never_left_is_unreached() -> None:
    unreached = {kind for kind, error in failures.TRANSPORT.items() if error is Unreached}
    assert unreached == {
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.UnsupportedProtocol,
        httpx.InvalidURL,
    }


def test_an_unknown_kind_counts_as_its_nearest_ancestor() -> None:
    class NewConnectError(httpx.ConnectError):
        pass

    class NewTransportError(httpx.TransportError):
        pass

    assert isinstance(failures.from_exception(NewConnectError("secret")), Unreached)
    error = failures.from_exception(NewTransportError("secret"))
    assert isinstance(error, Uncertain)
    assert "secret" not in error.message


def answer(
    status: int, code: str = "", headers: dict[str, str] | None = None, **more: object
) -> ChargebeeError:
    body = {"message": "Ada Lovelace owes EUR 50", "type": "invalid_request", "api_error_code": code} | more
    return failures.from_answer(status, httpx.Headers(headers), json.dumps(body).encode(), now=NOW)


@pytest.mark.parametrize(
    ("status", "code"), [(status, code) for status, codes in DOCUMENTED.items() for code in codes]
)
def test_every_documented_code_has_our_own_sentence_and_keeps_chargebees_words(
    status: int, code: str
) -> None:
    error = answer(status, code, param="line_items[unit_amount][0]")
    assert code in failures.WORDS
    assert error.api_error_code == code
    assert error.status == status
    assert "Ada" not in error.message + error.hint
    if isinstance(error, Refused):
        assert (error.kind, error.param) == ("invalid_request", "line_items[unit_amount][0]")


def test_what_each_documented_status_says_about_the_money() -> None:
    kinds = {
        (status, code): type(answer(status, code)) for status, codes in DOCUMENTED.items() for code in codes
    }
    assert {key for key, kind in kinds.items() if kind is NotFound} == {(404, "resource_not_found")}
    assert {key for key, kind in kinds.items() if kind is Throttled} == {
        (429, "third_party_api_request_limit_exceeded"),
        (429, "api_request_limit_exceeded"),
        (429, "lock_timeout"),
        (503, "site_read_only_mode"),
        (503, "site_not_ready"),
    }
    assert {key for key, kind in kinds.items() if kind is Uncertain} == {
        (500, "internal_error"),
        (503, "db_connection_failure"),
        (503, "internal_temporary_error"),
    }


@pytest.mark.parametrize("status", [100, 201, 204, 301, 302, 307, 402, 408, 418, 499, 502, 504, 599])
def test_an_undocumented_status_is_uncertain(status: int) -> None:
    assert isinstance(answer(status, "resource_not_found"), Uncertain)


@pytest.mark.parametrize(
    "body", [b"", b"<html>503</html>", b"\xff\xfe", b"[]", b"null", b'{"api_error_code": 7}', b"[" * 200_000]
)
@pytest.mark.parametrize(
    ("status", "kind"), [(404, Refused), (403, Refused), (429, Throttled), (503, Uncertain)]
)
def test_a_body_can_be_anything(body: bytes, status: int, kind: type[ChargebeeError]) -> None:
    error = failures.from_answer(status, {}, body, now=NOW)
    assert type(error) is kind
    assert error.api_error_code == ""


def test_a_page_in_the_place_of_a_404_is_no_proof_that_a_document_is_absent() -> None:
    assert not isinstance(failures.from_answer(404, {}, b"<html>", now=NOW), NotFound)


def test_a_code_that_is_not_a_plain_word_is_dropped() -> None:
    assert answer(400, "<script>alert(1)</script>").api_error_code == ""


def test_a_refused_payment_says_so() -> None:
    error = answer(400, "payment_processing_failed", type="payment")
    assert isinstance(error, Refused)
    assert error.is_payment
    assert "unpaid invoice" in error.hint


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("Thu, 20 Nov 2025 10:00:30 GMT", 30.0),
        ("Thu, 20 Nov 2025 09:00:00 GMT", 0.0),
        ("Thu, 20 Nov 2025 10:00:30", 30.0),
        ("999999999", 3600.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("٣", None),
        ("Thu, 99 Nov 2025 10:00:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(value: str, seconds: float | None) -> None:
    assert failures.retry_after_s(value, now=NOW) == seconds


@pytest.mark.parametrize(
    ("code", "headers", "seconds"),
    [
        ("api_request_limit_exceeded", {"Retry-After": "9"}, 9.0),
        ("api_request_limit_exceeded", {}, 60.0),
        ("lock_timeout", {}, 2.0),
        ("", {}, 60.0),
    ],
)
def test_how_long_to_wait(code: str, headers: dict[str, str], seconds: float) -> None:
    error = answer(429, code, headers)
    assert isinstance(error, Throttled)
    assert error.retry_after_s == seconds
