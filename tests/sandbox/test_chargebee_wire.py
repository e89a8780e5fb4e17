"""The protocol itself: keys, headers, bodies, idempotency, troubles, limits."""

import asyncio
import base64
from collections.abc import Awaitable, Callable

import httpx
import pytest

from bot.sandbox.chargebee.site import READ_ONLY_KEY
from tests.sandbox.chargebee_story import Form, Story, chargebee, refusal

WRITE_OFF = "/api/v2/invoices/INV-1042/write_off"
CREATE = "/api/v2/credit_notes"
ONE_CENT: Form = {"type": "adjustment", "reference_invoice_id": "INV-1042", "total": 1}


# ------------------------------------------------------------------------------------ keys, pages, bodies


@pytest.mark.parametrize(
    ("auth", "refused"),
    [
        (None, (401, "basic_authentication_failed", None)),
        (("wrong", ""), (401, "api_authentication_failed", None)),
        ((READ_ONLY_KEY, "secret"), (401, "api_authentication_failed", None)),
    ],
)
async def test_without_a_good_key_nothing_is_answered(
    auth: tuple[str, str] | None, refused: tuple[int, str, None]
) -> None:
    async with (
        chargebee() as site,
        httpx.AsyncClient(base_url=str(site.client.base_url), auth=auth) as client,
    ):
        assert refusal(await client.get("/api/v2/invoices")) == refused


async def test_a_read_only_key_reads_and_does_not_write() -> None:
    async with chargebee() as site:
        auth = (READ_ONLY_KEY, "")
        assert (await site.client.get("/api/v2/invoices", auth=auth)).status_code == 200
        refused = refusal(await site.client.post(WRITE_OFF, data={"comment": "x"}, auth=auth))
        assert refused == (403, "api_authorization_failed", None)
        assert (await site.invoice("INV-1042"))["status"] == "payment_due"


async def test_unknown_pages_ids_and_methods() -> None:
    async with chargebee() as site:
        client = site.client
        assert refusal(await client.get("/api/v2/invoices/INV-0"))[:2] == (404, "resource_not_found")
        assert refusal(await client.get("/api/v3/invoices"))[:2] == (404, "resource_not_found")
        assert refusal(await client.get("/api/v1/credit_notes/CN-77"))[:2] == (404, "resource_not_found")
        assert refusal(await client.get(WRITE_OFF))[:2] == (404, "resource_not_found")
        assert refusal(await client.delete(WRITE_OFF))[:2] == (405, "http_method_not_supported")
        assert refusal(await client.get("/api/v2/invoices/..%2Fcustomers"))[0] == 404


async def test_only_forms_are_accepted() -> None:
    async with chargebee() as site:
        wrong = (400, "invalid_request", "Content-Type")
        assert refusal(await site.client.post(WRITE_OFF, json={"comment": "x"})) == wrong
        assert refusal(await site.client.post(WRITE_OFF)) == wrong
        assert refusal(await site.client.post(WRITE_OFF, content=b"comment=x")) == wrong
        twice = await site.client.post(
            WRITE_OFF,
            content=b"comment=x&comment=y",
            headers={"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
        )
        assert refusal(twice) == (400, "param_wrong_value", "comment")
        assert await site.refused(f"{WRITE_OFF}?comment=x") == (400, "invalid_request", "comment")
        bare = await site.client.post("/api/v2/credit_notes/CN-77/send_einvoice")
        assert bare.status_code == 200, "a call without parameters needs no content type"


async def test_comments_are_limited_and_belong_to_something_that_exists() -> None:
    async with chargebee() as site:
        form: Form = {"entity_type": "credit_note", "entity_id": "CN-77", "notes": "seen", "added_by": "Ann"}
        comment = (await site.post("/api/v2/comments", form))["comment"]
        assert (comment["notes"], comment["added_by"], comment["type"]) == ("seen", "Ann", "user")
        path = "/api/v2/comments"
        assert await site.refused(path, form | {"notes": "x" * 1001}) == (400, "param_wrong_value", "notes")
        assert await site.refused(path, form | {"entity_id": "CN-0"}) == (
            404,
            "resource_not_found",
            "entity_id",
        )
        assert await site.refused(path, form | {"entity_type": "x"}) == (
            400,
            "param_wrong_value",
            "entity_type",
        )


# --------------------------------------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("chargebee-event-webhook", "all"),
        ("chargebee-event-email", "disabled"),
        ("chargebee-event-actions", "true"),
        ("chargebee-request-origin-user", "not an address"),
        ("chargebee-request-origin-user-encoded", "j@x.example"),
        ("chargebee-request-origin-user-encoded", base64.b64encode("é@x".encode("latin-1")).decode()),
        ("chargebee-request-origin-ip", "not an ip!"),
        ("chargebee-business-entity-id", "be-fr"),
        ("chargebee-idempotency-key", "x" * 101),
    ],
)
async def test_a_malformed_header_is_refused_by_its_name(name: str, value: str) -> None:
    async with chargebee() as site:
        assert await site.refused(WRITE_OFF, {}, **{name: value}) == (400, "param_wrong_value", name)


async def test_a_plain_origin_user_with_an_umlaut_is_refused_and_an_encoded_one_wins() -> None:
    async with chargebee() as site:
        name = b"chargebee-request-origin-user"
        raw = await site.client.get("/api/v2/invoices", headers=[(name, "jürgen@x.example".encode())])
        assert refusal(raw) == (400, "param_wrong_value", name.decode())

        encoded = base64.b64encode("jürgen@x.example".encode()).decode()
        await site.post(
            CREATE,
            ONE_CENT,
            chargebee_request_origin_user="plain@x.example",
            chargebee_request_origin_user_encoded=encoded,
            chargebee_event_webhook="all-disabled",
        )
        created = (await site.asks("/api/v2/events", "event_type[is]", "credit_note_created"))[0]
        assert created["origin_user"] == "jürgen@x.example"
        assert (created["source"], created["user"]) == ("api", "billing-bot")
        assert created["webhooks"][0]["webhook_status"] == "disabled"
        assert created["content"]["credit_note"]["total"] == 1


async def test_a_business_entity_is_known_to_v2_and_to_the_site() -> None:
    async with chargebee("world") as site:
        form: Form = {"type": "refundable", "customer_id": "nameless", "total": 5, "currency_code": "EUR"}
        note = await site.post(CREATE, form, chargebee_business_entity_id="be-us")
        assert note["credit_note"]["business_entity_id"] == "be-us"
        header = "chargebee-business-entity-id"
        assert (await site.refused(CREATE, form, **{header: "be-fr"}))[2] == header
        v1 = await site.client.get("/api/v1/invoices/INV-1042", headers={header: "be-de"})
        assert refusal(v1) == (400, "invalid_request", header)


async def test_the_call_log_has_what_was_sent_and_never_the_key() -> None:
    async with chargebee() as site:
        await site.post(WRITE_OFF, {"comment": "späte"}, chargebee_request_origin_device="Slack")
        [call] = (await site.client.get("/sandbox/calls")).json()
        assert (call["method"], call["path"], call["status"]) == ("POST", WRITE_OFF, 200)
        assert call["form"] == {"comment": "späte"}
        assert call["headers"]["chargebee-request-origin-device"] == "Slack"
        assert call["key_name"] == "billing-bot"
        assert "authorization" not in {name.lower() for name in call["headers"]}


# ----------------------------------------------------------------------------------------- idempotency


async def test_a_repeated_key_gets_the_stored_answer_for_thirty_minutes() -> None:
    async with chargebee() as site:
        first = await site.send(CREATE, ONE_CENT, chargebee_idempotency_key="k-1")
        site.clock.advance(29 * 60 + 59)
        again = await site.send(CREATE, ONE_CENT, chargebee_idempotency_key="k-1")
        assert "chargebee-idempotency-replayed" not in first.headers
        assert again.headers["chargebee-idempotency-replayed"] == "true"
        assert again.json() == first.json()
        assert (await site.invoice("INV-1042"))["amount_adjusted"] == 1

        site.clock.advance(1)
        later = await site.send(CREATE, ONE_CENT, chargebee_idempotency_key="k-1")
        assert "chargebee-idempotency-replayed" not in later.headers
        assert (await site.invoice("INV-1042"))["amount_adjusted"] == 2
        assert [call["replayed"] for call in site.site.calls() if call["path"] == CREATE] == [
            False, True, False,
        ]  # fmt: skip


async def test_a_key_used_for_something_else_is_422() -> None:
    async with chargebee() as site:
        await site.post(CREATE, ONE_CENT, chargebee_idempotency_key="k-1")
        other = await site.refused(CREATE, {**ONE_CENT, "total": 2}, chargebee_idempotency_key="k-1")
        assert other == (422, "unable_to_process_request", None)
        elsewhere = await site.refused(WRITE_OFF, {}, chargebee_idempotency_key="k-1")
        assert elsewhere == (422, "unable_to_process_request", None)


async def test_a_refusal_is_not_remembered() -> None:
    async with chargebee() as site:
        form: Form = {**ONE_CENT, "create_reason_code": "New Code"}
        assert (await site.send(CREATE, form, chargebee_idempotency_key="k-1")).status_code == 400
        site.site.settings(create_reason_codes=["New Code"])
        assert (await site.send(CREATE, form, chargebee_idempotency_key="k-1")).status_code == 200


async def test_a_key_whose_first_request_still_runs_is_locked() -> None:
    async with chargebee() as site:
        site.site.trouble({"kind": "hold", "path": "/credit_notes"})
        first = asyncio.create_task(site.send(CREATE, ONE_CENT, chargebee_idempotency_key="k-1"))
        await site.site.trouble_met()
        second = await site.send(CREATE, ONE_CENT, chargebee_idempotency_key="k-1")
        assert refusal(second) == (429, "lock_timeout", None)
        site.site.release()
        assert (await first).status_code == 200
        assert (await site.invoice("INV-1042"))["amount_adjusted"] == 1


# ----------------------------------------------------------------------------------------------- troubles


async def broken(story: Story) -> None:
    """A call that gets no answer."""
    with pytest.raises(httpx.TransportError):
        await story.send(WRITE_OFF)


async def given_up(story: Story) -> None:
    """A call whose client loses patience as soon as the site has it."""
    call = asyncio.create_task(story.send(WRITE_OFF))
    await story.site.trouble_met()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


@pytest.mark.parametrize(
    ("kind", "meets", "applied"),
    [
        ("reset_before", broken, False),
        ("reset_after", broken, True),
        ("hang_before", given_up, False),
        ("hang_after", given_up, True),
    ],
)
async def test_a_connection_may_break_or_hang_before_or_after_the_change(
    kind: str, meets: Callable[[Story], Awaitable[None]], applied: bool
) -> None:
    async with chargebee() as site:
        site.site.trouble({"kind": kind, "method": "POST", "path": "/write_off"})
        await meets(site)
        status = (await site.invoice("INV-1042"))["status"]
        assert status == ("paid" if applied else "payment_due")
        assert site.site.calls()[0]["status"] is None


async def test_a_retry_after_a_lost_answer_gets_the_stored_one() -> None:
    async with chargebee() as site:
        site.site.trouble({"kind": "reset_after", "path": "/credit_notes"})
        with pytest.raises(httpx.TransportError):
            await site.send(CREATE, ONE_CENT, chargebee_idempotency_key="k-1")
        again = await site.send(CREATE, ONE_CENT, chargebee_idempotency_key="k-1")
        assert again.headers["chargebee-idempotency-replayed"] == "true"
        assert (await site.invoice("INV-1042"))["amount_adjusted"] == 1


async def test_statuses_on_demand_as_often_as_told() -> None:
    async with chargebee() as site:
        told = [
            {"kind": "status", "status": 429, "retry_after_s": 7},
            {"kind": "status", "status": 503, "times": 2},
            {"kind": "status", "status": 500, "applied": True},
            {"kind": "lock_timeout"},
            {"kind": "delay", "seconds": 0},
        ]
        assert (await site.client.post("/sandbox/trouble", json=told)).status_code == 200

        throttled = await site.send(WRITE_OFF)
        assert refusal(throttled) == (429, "api_request_limit_exceeded", None)
        assert throttled.headers["Retry-After"] == "7"
        for _ in range(2):
            page = await site.send(WRITE_OFF)
            assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (503, "text/html")
        assert site.site.documents("invoices")[-1]["id"] != "INV-5001"
        assert (await site.send(WRITE_OFF)).status_code == 500
        assert refusal(await site.client.get("/api/v2/invoices/INV-1042")) == (429, "lock_timeout", None)
        assert (await site.invoice("INV-1042"))["status"] == "paid", "the 500 came after the change"
        assert site.site.trouble() == []


async def test_the_rate_limit_counts_a_minute_of_the_sites_clock() -> None:
    async with chargebee() as site:
        site.site.settings(rate_limit_per_minute=2)
        await site.invoice("INV-1042")
        await site.invoice("INV-1042")
        site.clock.advance(15)
        limited = await site.client.get("/api/v2/invoices/INV-1042")
        assert refusal(limited) == (429, "api_request_limit_exceeded", None)
        assert limited.headers["Retry-After"] == "45"
        site.clock.advance(45)
        await site.invoice("INV-1042")
