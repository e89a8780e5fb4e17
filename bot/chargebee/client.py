"""The one door to Chargebee: reads, the mutating call, the note. Raises only errors of `bot.core.errors`.

    invoice, credit_note, customer, subscription      one document, with all its lines
    invoices, credit_notes, customers, … comments     lists, newest first, complete up to `limit`
    perform                                           the one mutating call of a plan, sent once
    note                                              an internal comment
    configuration, ping                               is this the site we mean, and does it answer?

Reads are retried a little inside one deadline; writes never are, because only the caller knows whether that
is safe. Reads go out with the read-only key, if there is one. Nothing of a request or an answer is logged,
and the loggers of httpx, which write URLs and (in httpcore) headers, are kept quiet.

Chargebee allows about 50 reads and 100 writes at a time per site (help, "Chargebee API limits").
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar
from urllib.parse import urlencode

import httpx
from pydantic import ValidationError

from bot.chargebee import failures
from bot.chargebee.encoding import (
    PAGE_MAX,
    FilterValue,
    Pairs,
    form_pairs,
    header_value,
    list_query,
    origin_headers,
    path,
)
from bot.chargebee.resources import Comment, Configuration, CreditNote, Customer, Invoice, Subscription, Wire
from bot.core.errors import ChargebeeError, NotFound, Refused, Throttled, Uncertain, Unreached
from bot.core.plan import Call, Options

S = TypeVar("S")
W = TypeVar("W", bound=Wire)

#: Lines of one page of a document (1 to 300), and the most pages read of anything.
LINES_MAX = 300
PAGES_MAX = 50
READ_ATTEMPTS = 4
#: Pauses between the attempts of a read when Chargebee names none.
PAUSES_S = (0.2, 0.4, 0.8)
KEY_MAX, NOTES_MAX, ADDED_BY_MAX = 100, 1000, 100


@dataclass(frozen=True, kw_only=True)
class ClientSettings:
    """Times in seconds. `read_deadline_s` bounds one read with all its pages and retries, `call_s` any call.

    `read_s` bounds only each silence of the other side, so an answer that trickles in would never end by it.
    """

    connect_s: float = 5.0
    read_s: float = 30.0
    pool_s: float = 5.0
    call_s: float = 60.0
    read_deadline_s: float = 10.0
    reads_at_once: int = 8
    writes_at_once: int = 4


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A 200. `replayed`: Chargebee knew the idempotency key and sent the stored answer again.

    `digest` is the SHA-256 of the answer's bytes, for the audit.
    """

    body: dict[str, Any] = field(repr=False)
    replayed: bool
    status: int
    digest: str


def write_headers(
    requester_email: str, options: Options, *, api: Literal["v1", "v2"], device: str = "Slack", ip: str = ""
) -> dict[str, str]:
    """The headers of a write, of the eight Chargebee documents. Empty arguments send no header.

    Raises ValueError for a business entity on v1 and for anything that cannot be a header.
    """
    if options.business_entity_id and api != "v2":
        raise ValueError("chargebee-business-entity-id does not exist on v1")
    switches = {
        "chargebee-event-webhook": options.silence_webhooks,
        "chargebee-event-email": options.silence_emails,
        "chargebee-event-actions": options.silence_actions,
    }
    plain = {
        "chargebee-request-origin-ip": ip,
        "chargebee-request-origin-device": device,
        "chargebee-business-entity-id": options.business_entity_id,
    }
    return {
        **origin_headers(requester_email),
        **{name: header_value(name, value) for name, value in plain.items() if value},
        **{name: "all-disabled" for name, off in switches.items() if off},
    }


class ChargebeeClient(Generic[S]):
    """See the module. `site` is handed through to readers of facts; `clock` gives unix seconds.

    `base_url` comes from `bot.chargebee.address`, which checks it. `transport` replaces the network in tests.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        site: S,
        clock: Callable[[], float],
        read_key: str = "",
        settings: ClientSettings | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.site = site
        self._base_url = base_url
        self._clock = clock
        self._sleep = sleep
        self._settings = settings = settings or ClientSettings()
        self._write_auth = httpx.BasicAuth(key, "")
        self._read_auth = httpx.BasicAuth(read_key or key, "")
        self._reads = asyncio.Semaphore(settings.reads_at_once)
        self._writes = asyncio.Semaphore(settings.writes_at_once)
        self._http = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            headers={"user-agent": "billing-bot", "accept": "application/json"},
            timeout=self._timeout(settings.read_s),
            limits=httpx.Limits(max_connections=settings.reads_at_once + settings.writes_at_once),
            transport=transport,
        )
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def now(self) -> int:
        return int(self._clock())

    # One document

    async def invoice(self, invoice_id: str) -> Invoice:
        return await self._document("invoices", "invoice", invoice_id, Invoice)

    async def credit_note(self, credit_note_id: str) -> CreditNote:
        return await self._document("credit_notes", "credit_note", credit_note_id, CreditNote)

    async def customer(self, customer_id: str) -> Customer:
        return await self._document("customers", "customer", customer_id, Customer)

    async def subscription(self, subscription_id: str) -> Subscription:
        return await self._document("subscriptions", "subscription", subscription_id, Subscription)

    # Lists. `filters` are named like `customer_id__is`; see `encoding.list_query`.

    async def invoices(self, *, limit: int = 20, **filters: FilterValue) -> list[Invoice]:
        return await self._list("invoices", "invoice", Invoice, limit, filters)

    async def credit_notes(self, *, limit: int = 20, **filters: FilterValue) -> list[CreditNote]:
        return await self._list("credit_notes", "credit_note", CreditNote, limit, filters)

    async def customers(self, *, limit: int = 20, **filters: FilterValue) -> list[Customer]:
        return await self._list("customers", "customer", Customer, limit, filters)

    async def subscriptions(self, *, limit: int = 20, **filters: FilterValue) -> list[Subscription]:
        return await self._list("subscriptions", "subscription", Subscription, limit, filters)

    async def comments(self, entity_type: str, entity_id: str, *, limit: int = 200) -> list[Comment]:
        filters = {"entity_type": entity_type, "entity_id": entity_id}
        return await self._list("comments", "comment", Comment, limit, filters)

    async def configuration(self) -> Configuration:
        """What the site is. The answer is `{"configurations": [{…}]}`, unlike every other list."""
        body = await self._get("configurations", (), self._deadline())
        found = body.get("configurations")
        if not isinstance(found, list) or not found:
            raise failures.unreadable(200)
        return _parsed(Configuration, found[0])

    async def ping(self) -> None:
        """Raises unless the site answers and takes the key for reads."""
        await self.configuration()

    # Writes

    async def perform(self, call: Call, *, key: str, headers: Mapping[str, str]) -> Answer:
        """Sends the call once. `key` is the execution's idempotency key, `headers` those of `write_headers`.

        A call that cannot be sent at all (a line break in an id) is Refused: it never left and never will.
        Cancelling it is like losing the answer: it may have been sent.
        """
        try:
            url = self._url(call.api, path(call.path))
            sent = _write_headers(headers, key)
            body = urlencode(call.form).encode()
        except ValueError:
            raise Refused(
                "This call cannot be sent as it is, so nothing was sent.", hint="Check the ids and ask again."
            ) from None
        async with self._writes:
            response = await self._send("POST", url, auth=self._write_auth, headers=sent, content=body)
        return Answer(
            body=self._body(response),
            replayed=response.headers.get("chargebee-idempotency-replayed", "").strip().lower() == "true",
            status=response.status_code,
            digest=hashlib.sha256(response.content).hexdigest(),
        )

    async def note(
        self, entity_type: str, entity_id: str, notes: str, key: str, *, added_by: str = "Billing Bot"
    ) -> Comment:
        """Leaves an internal comment on a document. Text too long for Chargebee is cut, with an ellipsis."""
        form = form_pairs(
            {
                "entity_type": entity_type,
                "entity_id": entity_id,
                "notes": _cut(notes, NOTES_MAX),
                "added_by": _cut(added_by, ADDED_BY_MAX),
            }
        )
        answer = await self.perform(Call(api="v2", path=("comments",), form=form), key=key, headers={})
        return _parsed(Comment, answer.body.get("comment"))

    # How reads work

    async def _document(self, resource: str, name: str, document_id: str, model: type[W]) -> W:
        """One document with all its lines. An id that could be none is NotFound without a call."""
        try:
            where = path((resource, document_id))
        except ValueError:
            raise NotFound("Chargebee has no such document.", hint="Check the id.", status=404) from None
        deadline = self._deadline()
        lines = (("line_items_limit", str(LINES_MAX)),) if resource == "invoices" else ()
        first = _part(await self._get(where, lines, deadline), name)
        items, offset, pages = list(first.get("line_items") or ()), first.get("line_items_next_offset"), 1
        while offset and pages < PAGES_MAX:
            more = (("line_items_limit", str(LINES_MAX)), ("line_items_offset", str(offset)))
            page = _part(await self._get(where, more, deadline), name)
            if page.get("resource_version") != first.get("resource_version"):
                raise Uncertain(
                    "The document changed while it was being read.", hint="Try again.", status=200
                )
            items += page.get("line_items") or ()
            offset, pages = page.get("line_items_next_offset"), pages + 1
        whole = {**first, "line_items": items, "line_items_next_offset": offset or ""}
        return _parsed(model, whole if "line_items" in first else first)

    async def _list(
        self, resource: str, name: str, model: type[W], limit: int, filters: Mapping[str, FilterValue]
    ) -> list[W]:
        deadline = self._deadline()
        found: list[W] = []
        offset = ""
        for _ in range(PAGES_MAX):
            query = list_query(resource, filters, limit=min(PAGE_MAX, limit - len(found)), offset=offset)
            body = await self._get(resource, query, deadline)
            entries = body.get("list")
            if not isinstance(entries, list):
                raise failures.unreadable(200)
            found += [_parsed(model, _part(entry, name)) for entry in entries]
            following = body.get("next_offset")
            if not following or len(found) >= limit:
                break
            if not isinstance(following, str) or following == offset:
                raise failures.unreadable(200)
            offset = following
        return found[:limit]

    def _deadline(self) -> float:
        return self._clock() + self._settings.read_deadline_s

    async def _get(self, where: str, query: Pairs, deadline: float) -> dict[str, Any]:
        """One GET, retried inside the deadline while that can help."""
        url = self._url("v2", where)
        for attempt in range(READ_ATTEMPTS):
            try:
                async with self._reads:
                    read_s = min(self._settings.read_s, deadline - self._clock())
                    if read_s <= 0:
                        break
                    response = await self._send("GET", url, auth=self._read_auth, query=query, read_s=read_s)
                return self._body(response)
            except ChargebeeError as error:
                pause = _pause_s(error, attempt)
                if pause is None or self._clock() + pause >= deadline:
                    raise
            await self._sleep(pause)
        raise Uncertain("Chargebee took too long to answer.", hint="Try again in a moment.")

    async def _send(
        self,
        method: str,
        url: str,
        *,
        auth: httpx.BasicAuth,
        query: Pairs = (),
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        read_s: float | None = None,
    ) -> httpx.Response:
        """The answer, whatever it says. Raises Unreached or Uncertain when there is none."""
        call_s = self._settings.call_s
        try:
            async with asyncio.timeout(min(call_s, read_s or call_s)):
                return await self._http.request(
                    method,
                    url,
                    params=query or None,
                    headers=headers,
                    content=content,
                    auth=auth,
                    timeout=self._timeout(read_s or self._settings.read_s),
                )
        except TimeoutError:
            raise failures.from_exception(httpx.ReadTimeout("the whole call took too long")) from None
        except failures.HTTPX_ERRORS as error:
            raise failures.from_exception(error) from error

    def _body(self, response: httpx.Response) -> dict[str, Any]:
        """The object a 200 carries; raises for everything else."""
        if response.status_code != 200:
            raise failures.from_answer(
                response.status_code, response.headers, response.content, now=self._clock()
            )
        try:
            body = json.loads(response.content)
        except (ValueError, RecursionError):
            raise failures.unreadable(200) from None
        if not isinstance(body, dict):
            raise failures.unreadable(200)
        return body

    def _url(self, api: str, where: str) -> str:
        return f"{self._base_url}/api/{api}/{where}"

    def _timeout(self, read_s: float) -> httpx.Timeout:
        settings = self._settings
        return httpx.Timeout(
            connect=min(settings.connect_s, read_s),
            read=read_s,
            write=read_s,
            pool=min(settings.pool_s, read_s),
        )


def _write_headers(headers: Mapping[str, str], key: str) -> dict[str, str]:
    if len(key) > KEY_MAX:
        raise ValueError(f"an idempotency key has at most {KEY_MAX} characters")
    sent = {**headers, "chargebee-idempotency-key": key}
    checked = {name: header_value(name, value) for name, value in sent.items()}
    return {**checked, "content-type": "application/x-www-form-urlencoded"}


def _pause_s(error: ChargebeeError, attempt: int) -> float | None:
    """How long to wait before a read is sent again; None when another attempt cannot help."""
    if attempt + 1 >= READ_ATTEMPTS:
        return None
    if isinstance(error, Throttled):
        return max(error.retry_after_s, PAUSES_S[attempt])
    lost = isinstance(error, Uncertain) and (error.status is None or error.status >= 500)
    return PAUSES_S[attempt] if lost or isinstance(error, Unreached) else None


def _part(body: object, name: str) -> dict[str, Any]:
    """`{"invoice": {…}}` -> `{…}`."""
    part = body.get(name) if isinstance(body, dict) else None
    if not isinstance(part, dict):
        raise failures.unreadable(200)
    return part


def _parsed(model: type[W], value: object) -> W:
    """A wire model. What cannot be read is Uncertain, without the value: it is somebody's data."""
    try:
        return model.model_validate(value)
    except ValidationError:
        raise failures.unreadable(200) from None


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
