"""Running it: signed HTTP, health that tells the truth, a stop that loses nothing, starts that fail in one sentence."""

import asyncio
import hashlib
import hmac
import io
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import structlog

from bot import logs
from bot.app import RECOGNISED_S, Bot, StartError
from bot.core.errors import BotError
from bot.core.policy import PolicyError
from bot.sandbox.slack.delivery import SocketTransport
from bot.sandbox.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from bot.store.values import StoreError
from tests.tester import CHARGE, WRITE_OFF, Stage, free_port, ref_in
from tests.tester import stage as on_stage


@pytest.fixture
async def over_http(tmp_path: Path) -> AsyncIterator[Stage]:
    """Slack sends signed requests to the bot."""
    async with on_stage(tmp_path, delivery="http") as running:
        yield running


async def got(stage: Stage, path: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{stage.bot.web.port}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def posted(stage: Stage, body: str, headers: dict[str, str]) -> int:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"http://127.0.0.1:{stage.bot.web.port}/slack/events", data=body, headers=form | headers
        ) as answer,
    ):
        return answer.status


def signature(body: str, at: str) -> str:
    return "v0=" + hmac.new(SIGNING_SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()


# HTTP


async def test_a_whole_story_goes_over_signed_http(over_http: Stage) -> None:
    stage = over_http
    verified = await stage.anna._post("verify", {})
    assert (verified["url_verification"], verified["ssl_check"]) == (True, True)
    ref = await stage.pending()
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"
    await stage.anna.says("hello")
    await stage.quiet()
    await stage.anna.opens_home()
    await stage.anna.sees_home("Write off invoice")
    await stage.restart()
    assert await stage.pending("/write-off INV-1102 too small to collect")


@pytest.mark.parametrize("trouble", ["bad_signature", "stale_signature"])
async def test_a_command_that_slack_did_not_sign_now_does_nothing(over_http: Stage, trouble: str) -> None:
    stage = over_http
    before = len(await stage.bot.store.audit_page(0, 100))
    stage.slack_trouble(trouble, "*")
    shown = await stage.anna.runs(WRITE_OFF, channel="C0BILLING")
    assert shown.error is not None
    await stage.quiet()
    await stage.anna.sees_no_modal()
    assert len(await stage.bot.store.audit_page(0, 100)) == before
    assert stage.site.calls() == []


async def test_an_approval_that_slack_did_not_sign_does_nothing(over_http: Stage) -> None:
    stage = over_http
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.slack_trouble("bad_signature", "*")
    assert await review.submit() is not None
    await stage.quiet()
    assert await stage.state(ref) == "pending"
    assert stage.writes() == []


async def test_requests_without_a_good_signature_are_turned_away(over_http: Stage) -> None:
    stage = over_http
    body = urlencode({"command": "/write-off", "text": "INV-1042 x", "team_id": "T0BOT", "user_id": "U0ANNA",
                      "channel_id": "C0BILLING", "trigger_id": "1.2.3"})  # fmt: skip
    now = str(int(time.time()))
    old = str(int(time.time()) - 600)
    for headers in (
        {},
        {"X-Slack-Request-Timestamp": now},
        {"X-Slack-Signature": signature(body, now)},
        {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature(body + "x", now)},
        {"X-Slack-Request-Timestamp": old, "X-Slack-Signature": signature(body, old)},
        {"X-Slack-Request-Timestamp": "", "X-Slack-Signature": signature(body, "")},
        {"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": signature(body, "soon")},
        {"X-Slack-Request-Timestamp": "-1", "X-Slack-Signature": signature(body, "-1")},
        {"X-Slack-Request-Timestamp": "9" * 400, "X-Slack-Signature": signature(body, "9" * 400)},
        {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": "v0=ü"},
        {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": ""},
    ):
        assert await posted(stage, body, headers) == 401, headers
    await stage.quiet()
    assert stage.site.calls() == []


async def test_a_body_larger_than_anything_slack_sends_is_refused(over_http: Stage) -> None:
    now = str(int(time.time()))
    body = "x" * (600 * 1024)
    headers = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature(body, now)}
    assert await posted(over_http, body, headers) == 413


async def test_what_is_signed_but_makes_no_sense_is_no_error_of_ours(over_http: Stage) -> None:
    for body in ("", "payload=%7Bnot+json", "payload=%5B%5D", "payload=%22text%22", "a=b", "\x00"):
        now = str(int(time.time()))
        headers = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature(body, now)}
        assert 400 <= await posted(over_http, body, headers) < 500, body


async def test_in_socket_mode_there_is_no_door_for_requests(stage: Stage) -> None:
    assert await posted(stage, "a=b", {}) == 404
    assert (await got(stage, "/slack/events"))[0] == 404
    assert (await got(stage, "/"))[0] == 404


# Health


async def test_health_says_what_works_and_nothing_else(stage: Stage) -> None:
    await stage.done()
    assert await got(stage, "/healthz") == (200, '{"alive": true}')
    status, text = await got(stage, "/readyz")
    assert status == 200
    assert json.loads(text) == {
        "ready": True, "database": True, "slack_identity": True, "worker": True, "slack_socket": True,
    }  # fmt: skip
    status, metrics = await got(stage, "/metrics")
    assert status == 200
    assert 'billing_bot_requests_ended_total{operation="write_off",state="done"}' in metrics
    for secret in ("INV-", "acme", "Anna", "U0", "C0", "BR-", "119.00", "11900", BOT_TOKEN):
        assert secret not in metrics


async def test_without_its_socket_the_bot_is_alive_but_not_ready(stage: Stage) -> None:
    assert stage.bot.socket is not None
    transport = stage.sandbox.slack.courier.transport
    assert isinstance(transport, SocketTransport)
    await transport.drop()
    while await stage.bot.connected():  # noqa: ASYNC110 - the SDK has no event for it
        await asyncio.sleep(0)
    status, text = await got(stage, "/readyz")
    assert status == 503
    assert json.loads(text)["slack_socket"] is False
    assert json.loads(text)["ready"] is False
    assert (await got(stage, "/healthz"))[0] == 200


async def test_without_a_database_that_takes_anything_the_bot_is_not_ready(stage: Stage) -> None:
    store = stage.bot.store
    loop = asyncio.get_running_loop()
    await stage.quiet()
    await loop.run_in_executor(store._thread, store._db.execute, "PRAGMA query_only = ON")
    status, text = await got(stage, "/readyz")
    assert (status, json.loads(text)["database"]) == (503, False)
    shown = await stage.anna.runs(WRITE_OFF, channel="C0BILLING")
    assert "The database cannot be written" in (shown.text or "")
    await loop.run_in_executor(store._thread, store._db.execute, "PRAGMA query_only = OFF")
    assert (await got(stage, "/readyz"))[0] == 200
    assert await stage.pending()


async def test_a_worker_that_has_died_is_noticed(stage: Stage) -> None:
    assert stage.bot.working is not None
    stage.bot.working.cancel()
    await asyncio.wait({stage.bot.working})
    status, text = await got(stage, "/readyz")
    assert (status, json.loads(text)["worker"]) == (503, False)


async def test_a_process_without_slack_for_five_minutes_gives_up_so_that_it_is_started_anew(
    stage: Stage,
) -> None:
    assert not await stage.bot.lost()
    assert stage.bot.socket is not None
    await stage.bot.socket.client.close()  # type: ignore[no-untyped-call]  # the SDK does not say
    assert not await stage.bot.lost()
    assert stage.bot.lost_since is not None
    stage.bot.lost_since -= 301
    assert await stage.bot.lost()


async def test_a_token_that_slack_disowns_makes_the_bot_not_ready_until_it_is_taken_again(
    stage: Stage,
) -> None:
    stage.slack_trouble("fail", "auth.test", error="token_revoked")
    stage.bot.recognised_at -= RECOGNISED_S
    status, text = await got(stage, "/readyz")
    assert status == 503
    assert '"slack_identity": false' in text
    stage.bot.recognised_at -= RECOGNISED_S
    assert (await got(stage, "/readyz"))[0] == 200


# Stopping


async def stopping_in_the_middle(stage: Stage) -> tuple[str, "asyncio.Task[None]"]:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("hold", "write_off")
    assert await review.submit() is None
    await stage.site.trouble_met()
    return ref, asyncio.create_task(stage.stop_bot())


async def test_a_stop_finishes_the_call_that_is_under_way_and_takes_nothing_new(stage: Stage) -> None:
    ref, stopping = await stopping_in_the_middle(stage)
    await stage._disconnected()
    shown = await stage.anna.runs(CHARGE, channel="C0BILLING")
    assert shown.error is not None, "Slack itself says that nobody is there"
    stage.site.release()
    await stopping
    await stage.start_bot()
    assert await stage.state(ref) == "done", "it was written down before the end"
    await stage.quiet()
    assert len(stage.writes()) == 1
    assert "Done." in (await stage.told(stage.anna, ref))[-1]


async def test_a_call_that_takes_longer_than_the_stop_is_found_at_the_next_start(tmp_path: Path) -> None:
    async with on_stage(tmp_path, drain_s=0.1) as stage:
        ref, stopping = await stopping_in_the_middle(stage)
        await stopping
        stage.site.release()
        await stage.start_bot()
        assert await stage.state(ref) == "uncertain"
        stage.later(61)
        await stage.quiet()
        assert await stage.state(ref) == "done"
        assert len({call["idempotency_key"] for call in stage.writes()}) == 1
        assert stage.invoice("INV-1042")["write_off_amount"] == 11_900


# Starts that fail


async def refused(stage: Stage, **settings: object) -> BotError:
    """The error a start ends with; nothing of it is left running."""
    await stage.stop_bot()
    stage._overrides |= settings
    with pytest.raises(BotError) as caught:
        await Bot.start(stage.settings(), clock=stage.sandbox.clock)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "method", "detail", "sentence"),
    [
        ("fail", "auth.test", {"error": "invalid_auth"}, "Slack refused the bot token (invalid_auth)."),
        ("fail", "apps.connections.open", {"error": "not_allowed_token_type"},
         "Slack refused the app token (not_allowed_token_type)."),
        ("server_error", "auth.test", {"status": 503}, "Slack cannot be reached (unreadable)."),
        ("cut_after_apply", "auth.test", {}, "Slack cannot be reached (unreached)."),
        ("rate_limited", "auth.test", {}, "Slack cannot be reached (ratelimited)."),
    ],
)  # fmt: skip
async def test_a_token_that_slack_does_not_take_ends_the_start_with_one_sentence(
    stage: Stage, kind: str, method: str, detail: dict[str, Any], sentence: str
) -> None:
    stage.slack_trouble(kind, method, **detail)
    error = await refused(stage)
    assert isinstance(error, StartError)
    assert error.message == sentence
    assert error.hint


async def test_the_token_of_another_workspace_ends_the_start(stage: Stage) -> None:
    text = stage.policy_file.read_text(encoding="utf-8")
    stage.policy_file.write_text(text.replace("T0BOT", "T0OTHER"), encoding="utf-8")
    error = await refused(stage)
    assert "belongs to another workspace" in error.message


async def test_a_policy_that_cannot_be_used_ends_the_start(stage: Stage) -> None:
    stage.policy_file.write_text("version = 1\n", encoding="utf-8")
    error = await refused(stage)
    assert isinstance(error, PolicyError)
    assert "The policy is refused" in error.message
    stage.policy_file.unlink()
    assert "cannot be read" in (await refused(stage)).message


async def test_an_address_that_is_not_chargebees_ends_the_start(stage: Stage) -> None:
    error = await refused(stage, chargebee_url="https://chargebee.example:port")
    assert isinstance(error, StartError)
    assert error.message == "The bot cannot speak to Chargebee: the Chargebee address is not a URL."


async def test_a_policy_is_written_down_before_it_is_in_force(stage: Stage) -> None:
    before = stage.bot.policy.current
    store: Any = stage.bot.store
    note = store.note
    store.note = _disk_full
    with pytest.raises(StoreError):
        await stage.policy(('name = "Anna Agent"', 'name = "Anna A."'))
    assert stage.bot.policy.current is before
    store.note = note
    assert await stage.policy()
    assert stage.bot.policy.current.hash != before.hash
    [row] = [row for row in await stage.bot.store.audit_page(1, 10) if row.entry.event == "policy.load"]
    assert row.entry.policy == stage.bot.policy.current.hash


async def test_a_policy_that_is_refused_is_written_down_and_the_old_one_stays(stage: Stage) -> None:
    before = stage.bot.policy.current
    assert not await stage.policy(("version = 1", "version = 3"))
    assert stage.bot.policy.current is before
    *_, last = await stage.bot.store.audit_page(0, 10)
    assert (last.entry.event, last.entry.policy) == ("policy.refuse", before.hash)


async def _disk_full(*_entries: object) -> None:
    await asyncio.sleep(0)
    raise StoreError("The disk that holds the database is full.")


async def test_a_port_that_is_taken_ends_the_start(stage: Stage) -> None:
    port = int(stage.sandbox.chargebee.url.rpartition(":")[2])
    error = await refused(stage, port=port)
    assert f"cannot listen on 127.0.0.1:{port}" in error.message


async def test_slack_that_is_not_there_ends_the_start(stage: Stage) -> None:
    error = await refused(stage, slack_api_url=f"http://127.0.0.1:{free_port()}/api/")
    assert error.message == "Slack cannot be reached (unreached)."


async def test_a_file_that_is_no_database_ends_the_start(stage: Stage) -> None:
    other = stage.folder / "other.db"
    other.write_text("not a database at all" * 100, encoding="utf-8")
    assert "not a database" in (await refused(stage, database=other)).message


# Logs


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the process writes to its log, as it would in earnest."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.configure(stream=stream, secrets=(BOT_TOKEN, APP_TOKEN, SIGNING_SECRET))
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


async def test_the_log_of_a_whole_story_names_no_person_customer_document_or_secret(
    log: io.StringIO, tmp_path: Path
) -> None:
    async with on_stage(tmp_path) as stage:
        ref = await stage.done()
        await stage.nora.runs("/write-off INV-1100 because", channel="C0BILLING")
        stage.slack_trouble("rate_limited", "chat.postMessage", 2)
        stage.slack_trouble("cut_after_apply", "chat.update", 2)
        stage.chargebee_trouble("status", "charge", status=503)
        other = await stage.pending(CHARGE)
        stage.later(600)
        await stage.quiet()
        stage.slack_trouble("server_error", "views.open")
        await stage.anna.runs("/write-off INV-1102", channel="C0BILLING")
        assert not await stage.policy(("version = 1", "version = 2"))
        assert await stage.policy(("version = 2", "version = 1"))
        preview = await stage.asks(stage.jurgen, "/write-off INV-1100 insolvent, claim filed")
        await stage.crashes()
        assert ref_in(preview.reads)
        store: Any = stage.bot.store
        store.create = _broken
        await stage.anna.runs("/write-off INV-1102 too small", channel="C0BILLING")
        await stage.quiet()
        stage._bugs = _any_number()
    written = log.getvalue()
    lines = [json.loads(line) for line in written.splitlines()]
    assert {line.get("ref") for line in lines} >= {ref, other}
    assert len([line for line in lines if line["event"] == "ready"]) == 2
    for secret in (
        *(
            "@",
            "acme",
            "Acme",
            "globex",
            "Globex",
            "Müller",
            "nora",
            "Anna",
            "U0",
            "C0",
            "INV-",
            "Onboarding",
        ),
        *(
            "duplicate",
            BOT_TOKEN,
            APP_TOKEN,
            SIGNING_SECRET,
            "xoxb",
            "key-",
            "test_sandbox",
            "private_metadata",
        ),
    ):
        assert secret not in written, [line for line in written.splitlines() if secret in line]


class _any_number(float):  # noqa: N801 - reads as a word
    """Equal to every number: how many bugs were met does not matter here."""

    def __eq__(self, _other: object) -> bool:
        return True

    __hash__ = float.__hash__


async def _broken(*_args: object) -> None:
    await asyncio.sleep(0)
    raise ZeroDivisionError("anna@acme.example has no INV-1102")
