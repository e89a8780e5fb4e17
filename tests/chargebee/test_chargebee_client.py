"""The client against a fake at the wire: a function from request to response."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from bot.chargebee.client import ChargebeeClient, ClientSettings, write_headers
from bot.core.errors import ChargebeeError, NotFound, Refused, Throttled, Uncertain, Unreached
from bot.core.plan import Call, Options
from bot.operations.base import Reader, SiteProfile

INVOICE: dict[str, Any] = {"id": "INV-1", "customer_id": "acme", "currency_code": "EUR", "status": "paid"}
WRITE_OFF = Call(api="v2", path=("invoices", "A/1", "write_off"), form=(("comment", "a & b [BR-1]"),))
KEY = "key-1"

Handler = Callable[[httpx.Request], httpx.Response]


class Site:
    """Answers with `handler` and remembers what it was asked. `sleep` moves the clock, nothing else does."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []
        self.now = 1763632800.0

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.handler(request)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def client(
        self, *, read_key: str = "", settings: ClientSettings | None = None
    ) -> ChargebeeClient[SiteProfile]:
        return ChargebeeClient(
            "https://acme-test.chargebee.com",
            "full",
            site=SiteProfile(),
            clock=lambda: self.now,
            read_key=read_key,
            settings=settings,
            sleep=self.sleep,
            transport=httpx.MockTransport(self.answer),
        )

    def queries(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(request.url.query.decode())) for request in self.requests]


def always(status: int, body: object, headers: Mapping[str, str] | None = None) -> Handler:
    return lambda _: httpx.Response(status, json=body, headers=dict(headers or {}))


def in_turn(*answers: httpx.Response | Exception) -> Handler:
    left = list(answers)

    def handler(_: httpx.Request) -> httpx.Response:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


def found(body: object) -> httpx.Response:
    return httpx.Response(200, json=body)


THROTTLED = {"message": "m", "type": "operation_failed", "api_error_code": "api_request_limit_exceeded"}


async def test_it_is_a_reader() -> None:
    async with Site(always(200, {"invoice": INVOICE})).client() as client:
        reader: Reader = client
        assert (await reader.invoice("INV-1")).id == "INV-1"
        assert reader.now() == 1763632800
        assert reader.site == SiteProfile()


# Writes


async def test_a_call_goes_out_once_with_its_key_form_and_headers_and_the_full_key() -> None:
    site = Site(always(200, {"invoice": INVOICE}))
    async with site.client(read_key="read") as client:
        answer = await client.perform(
            WRITE_OFF, key=KEY, headers={"chargebee-request-origin-device": "Slack"}
        )
    (request,) = site.requests
    assert request.method == "POST"
    assert request.url.raw_path == b"/api/v2/invoices/A%2F1/write_off"
    assert request.content == b"comment=a+%26+b+%5BBR-1%5D"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["chargebee-idempotency-key"] == KEY
    assert request.headers["chargebee-request-origin-device"] == "Slack"
    assert request.headers["authorization"] == httpx.BasicAuth("full", "")._auth_header
    assert answer.body == {"invoice": INVOICE}
    assert (answer.status, answer.replayed) == (200, False)
    assert len(answer.digest) == 64
    assert "INV-1" not in repr(answer)


async def test_the_digest_is_of_the_answers_bytes() -> None:
    async with Site(lambda _: httpx.Response(200, content=b'{"a":  1}')).client() as client:
        answer = await client.perform(WRITE_OFF, key=KEY, headers={})
    assert answer.digest == hashlib.sha256(b'{"a":  1}').hexdigest()


@pytest.mark.parametrize(("value", "replayed"), [("true", True), ("false", False), ("", False)])
async def test_a_replay_is_told_by_the_headers_value_not_its_presence(value: str, replayed: bool) -> None:
    async with Site(always(200, {}, {"chargebee-idempotency-replayed": value})).client() as client:
        assert (await client.perform(WRITE_OFF, key=KEY, headers={})).replayed is replayed


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ConnectError("x"), Unreached),
        (httpx.ReadTimeout("x"), Uncertain),
        (httpx.RemoteProtocolError("x"), Uncertain),
        (httpx.Response(500, text="<html>"), Uncertain),
        (httpx.Response(302, headers={"location": "https://elsewhere.example"}), Uncertain),
        (httpx.Response(200, text="<html>"), Uncertain),
        (httpx.Response(200, json=[]), Uncertain),
        (httpx.Response(429, json=THROTTLED), Throttled),
        (httpx.Response(409, json={"api_error_code": "invalid_state_for_request"}), Refused),
    ],
)
async def test_a_write_is_never_sent_twice(
    answer: httpx.Response | Exception, kind: type[ChargebeeError]
) -> None:
    site = Site(in_turn(answer))
    async with site.client() as client:
        with pytest.raises(kind) as caught:
            await client.perform(WRITE_OFF, key=KEY, headers={})
    assert type(caught.value) is kind
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    ("call", "key", "headers"),
    [
        (Call(api="v2", path=("invoices", "..", "write_off")), KEY, {}),
        (WRITE_OFF, "", {}),
        (WRITE_OFF, "k" * 101, {}),
        (WRITE_OFF, KEY, {"chargebee-request-origin-user": "a\r\nb: c"}),
    ],
)
async def test_a_call_that_cannot_be_sent_is_refused_and_not_sent(
    call: Call, key: str, headers: dict[str, str]
) -> None:
    site = Site(always(200, {}))
    async with site.client() as client:
        with pytest.raises(Refused, match="nothing was sent"):
            await client.perform(call, key=key, headers=headers)
    assert site.requests == []


async def test_cancelling_a_call_goes_through() -> None:
    arrived = asyncio.Event()

    async def hangs(_: httpx.Request) -> httpx.Response:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    client = ChargebeeClient(
        "https://acme-test.chargebee.com",
        "full",
        site=SiteProfile(),
        clock=lambda: 0.0,
        transport=httpx.MockTransport(hangs),
    )
    task = asyncio.create_task(client.perform(WRITE_OFF, key=KEY, headers={}))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await client.aclose()


async def test_a_call_that_hangs_ends_as_uncertain() -> None:
    async def hangs(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    client = ChargebeeClient(
        "https://acme-test.chargebee.com",
        "full",
        site=SiteProfile(),
        clock=lambda: 0.0,
        settings=ClientSettings(call_s=0.01),
        transport=httpx.MockTransport(hangs),
    )
    async with client:
        with pytest.raises(Uncertain):
            await client.perform(WRITE_OFF, key=KEY, headers={})


async def test_a_note_is_cut_to_what_chargebee_takes() -> None:
    comment = {"id": "c", "entity_type": "invoice", "entity_id": "INV-1", "notes": "n", "created_at": 1}
    site = Site(always(200, {"comment": comment}))
    async with site.client() as client:
        assert (await client.note("invoice", "INV-1", "n" * 1200, KEY)).id == "c"
    sent = dict(parse_qsl(site.requests[0].content.decode()))
    assert site.requests[0].url.path == "/api/v2/comments"
    assert sent == {
        "entity_type": "invoice",
        "entity_id": "INV-1",
        "notes": "n" * 999 + "…",
        "added_by": "Billing Bot",
    }


def test_all_eight_headers() -> None:
    options = Options(
        business_entity_id="be-1", silence_webhooks=True, silence_emails=True, silence_actions=True
    )
    assert write_headers("ada@example.com", options, api="v2", ip="192.0.2.7") == {
        "chargebee-request-origin-user": "ada@example.com",
        "chargebee-request-origin-ip": "192.0.2.7",
        "chargebee-request-origin-device": "Slack",
        "chargebee-business-entity-id": "be-1",
        "chargebee-event-webhook": "all-disabled",
        "chargebee-event-email": "all-disabled",
        "chargebee-event-actions": "all-disabled",
    }
    assert set(write_headers("jörg@example.com", Options(), api="v1", device="")) == {
        "chargebee-request-origin-user-encoded"
    }


def test_v1_has_no_business_entity() -> None:
    with pytest.raises(ValueError, match="v1"):
        write_headers("ada@example.com", Options(business_entity_id="be-1"), api="v1")


# Reads


async def test_reads_use_the_read_only_key_and_leave_the_slash_encoded() -> None:
    site = Site(always(200, {"invoice": INVOICE}))
    async with site.client(read_key="read") as client:
        await client.invoice("A/1")
    assert site.requests[0].headers["authorization"] == httpx.BasicAuth("read", "")._auth_header
    assert site.requests[0].url.raw_path.startswith(b"/api/v2/invoices/A%2F1?")


async def test_an_invoice_comes_with_all_its_lines() -> None:
    def page(ids: list[str], following: str = "") -> httpx.Response:
        lines = {"line_items": [{"id": i} for i in ids], "resource_version": 7}
        more = {"line_items_next_offset": following} if following else {}
        return found({"invoice": INVOICE | lines | more})

    site = Site(in_turn(page(["a", "b"], "o1"), page(["c"], "o2"), page(["d"])))
    async with site.client() as client:
        invoice = await client.invoice("INV-1")
    assert [line.id for line in invoice.line_items] == ["a", "b", "c", "d"]
    assert invoice.line_items_next_offset == ""
    assert site.queries() == [
        {"line_items_limit": "300"},
        {"line_items_limit": "300", "line_items_offset": "o1"},
        {"line_items_limit": "300", "line_items_offset": "o2"},
    ]


async def test_lines_of_two_versions_of_an_invoice_are_not_mixed() -> None:
    first = INVOICE | {"line_items": [{"id": "a"}], "line_items_next_offset": "o1", "resource_version": 1}
    second = INVOICE | {"line_items": [{"id": "b"}], "resource_version": 2}
    async with Site(in_turn(found({"invoice": first}), found({"invoice": second}))).client() as client:
        with pytest.raises(Uncertain, match="changed while it was being read"):
            await client.invoice("INV-1")


async def test_a_list_follows_its_offset_up_to_the_limit_newest_first() -> None:
    def page(start: int, following: str) -> httpx.Response:
        entries = [{"invoice": INVOICE | {"id": f"INV-{n}"}} for n in range(start, start + 100)]
        return found({"list": entries, "next_offset": following})

    site = Site(in_turn(page(0, '["o",1]'), page(100, '["o",2]')))
    async with site.client() as client:
        invoices = await client.invoices(limit=150, customer_id__is="acme", status__in=["paid", "posted"])
    assert len(invoices) == 150
    first, second = site.queries()
    assert first == {
        "customer_id[is]": "acme",
        "status[in]": '["paid","posted"]',
        "limit": "100",
        "sort_by[desc]": "date",
    }
    assert second == first | {"limit": "50", "offset": '["o",1]'}


async def test_a_list_that_repeats_its_offset_is_not_followed_for_ever() -> None:
    body = {"list": [], "next_offset": "same"}
    async with Site(always(200, body)).client() as client:
        with pytest.raises(Uncertain):
            await client.customers()


async def test_comments_are_those_of_one_document() -> None:
    site = Site(always(200, {"list": []}))
    async with site.client() as client:
        assert await client.comments("invoice", "INV-1") == []
    assert site.queries() == [
        {"entity_type": "invoice", "entity_id": "INV-1", "limit": "100", "sort_by[desc]": "created_at"}
    ]


async def test_a_read_is_repeated_while_that_can_help() -> None:
    site = Site(
        in_turn(httpx.Response(503, text="<html>"), httpx.ConnectError("x"), found({"invoice": INVOICE}))
    )
    async with site.client() as client:
        assert (await client.invoice("INV-1")).id == "INV-1"
    assert site.slept == [0.2, 0.4]


async def test_a_read_is_not_repeated_for_ever() -> None:
    site = Site(always(500, {}))
    async with site.client() as client:
        with pytest.raises(Uncertain):
            await client.invoice("INV-1")
    assert len(site.requests) == 4


async def test_a_read_waits_as_long_as_chargebee_asks_inside_its_deadline() -> None:
    site = Site(
        in_turn(
            httpx.Response(429, json=THROTTLED, headers={"retry-after": "3"}), found({"invoice": INVOICE})
        )
    )
    async with site.client() as client:
        await client.invoice("INV-1")
    assert site.slept == [3.0]


async def test_a_read_does_not_wait_past_its_deadline() -> None:
    site = Site(always(429, THROTTLED, {"retry-after": "11"}))
    async with site.client() as client:
        with pytest.raises(Throttled) as caught:
            await client.invoice("INV-1")
    assert caught.value.retry_after_s == 11.0
    assert (len(site.requests), site.slept) == (1, [])


async def test_one_deadline_covers_all_pages() -> None:
    site = Site(lambda _: found({}))

    def slow(_: httpx.Request) -> httpx.Response:
        site.now += 6
        number = len(site.requests)
        return found({"list": [{"invoice": INVOICE}], "next_offset": f"o{number}"})

    site.handler = slow
    async with site.client() as client:
        with pytest.raises(Uncertain, match="too long"):
            await client.invoices(limit=50)
    assert len(site.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
async def test_a_refused_read_is_not_repeated(status: int) -> None:
    site = Site(always(status, {"api_error_code": "x"}))
    async with site.client() as client:
        with pytest.raises(Refused):
            await client.customer("acme")
    assert len(site.requests) == 1


async def test_an_absent_document_is_not_found() -> None:
    async with Site(always(404, {"api_error_code": "resource_not_found"})).client() as client:
        with pytest.raises(NotFound):
            await client.credit_note("CN-1")


@pytest.mark.parametrize("document_id", ["", ".", "..", "a\nb"])
async def test_an_id_that_could_be_none_is_not_found_without_a_call(document_id: str) -> None:
    site = Site(always(200, {}))
    async with site.client() as client:
        with pytest.raises(NotFound):
            await client.subscription(document_id)
    assert site.requests == []


@pytest.mark.parametrize(
    "body", [{}, {"invoice": None}, {"invoice": {"id": "INV-1"}}, {"invoice": INVOICE | {"total": 1.5}}]
)
async def test_an_answer_that_is_no_invoice_is_uncertain_and_does_not_repeat_its_data(body: object) -> None:
    async with Site(always(200, body)).client() as client:
        with pytest.raises(Uncertain) as caught:
            await client.invoice("INV-1")
    assert "INV-1" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


async def test_the_configuration_says_which_catalog() -> None:
    body = {"configurations": [{"domain": "acme-test", "product_catalog_version": "v1"}]}
    async with Site(always(200, body)).client() as client:
        assert (await client.configuration()).product_catalog_version == "v1"
        await client.ping()


async def test_only_so_many_reads_at_once() -> None:
    inside = peak = 0

    async def counts(_: httpx.Request) -> httpx.Response:
        nonlocal inside, peak
        inside += 1
        peak = max(peak, inside)
        for _turn in range(5):
            await asyncio.sleep(0)
        inside -= 1
        return found({"invoice": INVOICE})

    client = ChargebeeClient(
        "https://acme-test.chargebee.com",
        "full",
        site=SiteProfile(),
        clock=lambda: 0.0,
        settings=ClientSettings(reads_at_once=3),
        transport=httpx.MockTransport(counts),
    )
    async with client:
        await asyncio.gather(*(client.invoice("INV-1") for _ in range(12)))
    assert peak == 3


async def test_nothing_of_a_call_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Site(always(200, {"invoice": INVOICE})).client() as client:
        await client.invoice("INV-1")
        await client.perform(WRITE_OFF, key=KEY, headers={})
    assert "INV-1" not in caplog.text
    assert "full" not in caplog.text
