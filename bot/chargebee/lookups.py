"""Type-ahead: what a picker shows while somebody types, without using up the site's rate limit.

    customers("ac")                      by company, name and id
    subscriptions, invoices("INV-10")    by id and customer id; by customer name when those find nothing
    credit_notes("", invoice_id="I-1")   the credit notes that can be removed from that invoice

Chargebee has no "or" and no substring search, so one query is a few prefix searches in parallel. A test site
answers 150 calls a minute to everybody together (help, "Chargebee API limits"), so calls are saved like this:

    an answer younger than `ttl_s` is given again; two people asking at once share one answer;
    a complete answer to "ac" also answers "acm", filtered here;
    `per_minute` calls for all and `per_person` for each over 60 seconds, and none while Chargebee throttles;
    past that, an older answer with a note, or only the note.

A lookup never raises: an error becomes the note. Labels hold no e-mail addresses.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.chargebee.choices import Choice, Document, choice, names
from bot.chargebee.encoding import FilterValue
from bot.chargebee.resources import AdjustmentNote, AppliedCredit, CreditNote, Customer, Invoice, Subscription
from bot.core.errors import ChargebeeError, NotFound, Throttled
from bot.core.ids import document_id
from bot.core.money import ZERO_DECIMAL

Search = Callable[..., Awaitable[Sequence[Document]]]
#: What was asked: kind, scope, query.
Key = tuple[str, str, str]

#: Documents asked for in one search. An answer with this many may not be all there is.
PER_SEARCH = 20
ENTRIES_MAX = 500
CUSTOMERS_MAX = 2000
WINDOW_S = 60.0

TOO_MANY = "Too many look-ups just now; paste the id instead."
FAILED = "Chargebee could not be asked just now; paste the id instead."

logger = logging.getLogger(__name__)


class Source(Protocol):
    """The reads a lookup needs; `ChargebeeClient` has them."""

    async def invoice(self, invoice_id: str) -> Invoice: ...

    async def invoices(self, *, limit: int = 20, **filters: FilterValue) -> list[Invoice]: ...

    async def credit_notes(self, *, limit: int = 20, **filters: FilterValue) -> list[CreditNote]: ...

    async def customers(self, *, limit: int = 20, **filters: FilterValue) -> list[Customer]: ...

    async def subscriptions(self, *, limit: int = 20, **filters: FilterValue) -> list[Subscription]: ...


@dataclass(frozen=True)
class LookupResult:
    """`note` says why there is not more; empty when all is well."""

    choices: tuple[Choice, ...]
    note: str = ""


@dataclass(frozen=True)
class _Found:
    """What one query found. `exhaustive`: whatever matches the query or a longer one is in here."""

    documents: tuple[Document, ...]
    at: float
    exhaustive: bool
    note: str = ""


class BudgetSpentError(Exception):
    """The budget is used up."""


class Budget:
    """Calls in the last 60 seconds, over all people and for each. `clock` in seconds."""

    def __init__(self, clock: Callable[[], float], *, per_minute: int, per_person: int) -> None:
        self._clock = clock
        self._most = {"": per_minute}
        self._per_person = per_person
        self._spent: dict[str, deque[float]] = {}
        self._closed_until = float("-inf")

    def spend(self, person: str, calls: int) -> None:
        """Takes `calls` from the person and from all. Raises BudgetSpentError (and takes nothing)."""
        now = self._clock()
        accounts = {"", person}
        for account in accounts:
            used = self._spent.setdefault(account, deque())
            while used and used[0] <= now - WINDOW_S:
                used.popleft()
            if now < self._closed_until or len(used) + calls > self._most.get(account, self._per_person):
                raise BudgetSpentError
        for account in accounts:
            self._spent[account].extend([now] * calls)
        self._spent = {name: used for name, used in self._spent.items() if used and used[-1] > now - WINDOW_S}

    def close(self, seconds: float) -> None:
        """Chargebee throttles: no calls for so long."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)


class Lookups:
    """See the module. `person` is whose budget is used (a Slack user id); `locale` formats amounts."""

    def __init__(
        self,
        source: Source,
        clock: Callable[[], float],
        *,
        ttl_s: float = 30.0,
        per_minute: int = 60,
        per_person: int = 20,
        zero_decimal: Collection[str] = ZERO_DECIMAL,
    ) -> None:
        self._source = source
        self._clock = clock
        self._ttl_s = ttl_s
        self._zero_decimal = zero_decimal
        self._budget = Budget(clock, per_minute=per_minute, per_person=per_person)
        self._known: OrderedDict[Key, _Found] = OrderedDict()
        self._flying: dict[Key, asyncio.Task[_Found]] = {}
        self._customers: OrderedDict[str, Customer] = OrderedDict()

    async def customers(self, query: str, *, person: str = "", locale: str = "en-US") -> LookupResult:
        query = _sought(query, "customer")
        found = await self._ask("customers", "", query, lambda: self._find_customers(query, person))
        return self._result(found, locale)

    async def subscriptions(
        self, query: str, customer_id: str = "", *, person: str = "", locale: str = "en-US"
    ) -> LookupResult:
        query = _sought(query, "subscription")
        scope = _scope(customer_id)
        found = await self._ask(
            "subscriptions",
            customer_id,
            query,
            lambda: self._find(self._source.subscriptions, query, person, scope),
        )
        return self._result(found, locale)

    async def invoices(
        self,
        query: str,
        customer_id: str = "",
        *,
        person: str = "",
        locale: str = "en-US",
    ) -> LookupResult:
        query = _sought(query, "invoice")
        scope = _scope(customer_id)
        found = await self._ask(
            "invoices",
            customer_id,
            query,
            lambda: self._find(self._source.invoices, query, person, scope),
        )
        return self._result(found, locale)

    async def credit_notes(
        self, query: str, invoice_id: str = "", *, person: str = "", locale: str = "en-US"
    ) -> LookupResult:
        """With `invoice_id`: the notes that can be removed from it, so neither voided nor store notes."""
        query = _sought(query, "credit_note")
        if invoice_id:
            found = await self._ask(
                "credit_notes", invoice_id, "", lambda: self._find_removable(invoice_id, person)
            )
            fitting = tuple(note for note in found.documents if self._matches(note, query))
            return self._result(_Found(fitting, found.at, found.exhaustive, found.note), locale)
        found = await self._ask(
            "credit_notes", "", query, lambda: self._find(self._source.credit_notes, query, person, {})
        )
        return self._result(found, locale)

    # Answering without a call

    async def _ask(
        self, kind: str, scope: str, query: str, find: Callable[[], Coroutine[None, None, _Found]]
    ) -> _Found:
        key = (kind, scope, query)
        fresh = self._remembered(key, since=self._clock() - self._ttl_s)
        if fresh:
            return fresh
        if key not in self._flying:
            task = asyncio.create_task(self._fly(key, find))
            self._flying[key] = task
            task.add_done_callback(lambda _: self._flying.pop(key, None))
        # One who stops waiting must not take the answer away from the others.
        return await asyncio.shield(self._flying[key])

    def _remembered(self, key: Key, *, since: float) -> _Found | None:
        """An answer to this query, or to a shorter one that holds all of this query's answers.

        Addresses are not kept, so an answer about one cannot be narrowed from names.
        """
        kind, scope, query = key
        shortest = len(query) if "@" in query else 0
        for length in range(len(query), shortest - 1, -1):
            known = self._known.get((kind, scope, query[:length].rstrip()))
            if known is None or known.at < since:
                continue
            if length == len(query):
                return known
            if known.exhaustive:
                fitting = tuple(doc for doc in known.documents if self._matches(doc, query))
                return _Found(fitting, known.at, exhaustive=True)
        return None

    async def _fly(self, key: Key, find: Callable[[], Awaitable[_Found]]) -> _Found:
        try:
            found = await find()
        except BudgetSpentError:
            return self._older(key, TOO_MANY)
        except Throttled as error:
            self._budget.close(error.retry_after_s)
            return self._older(key, TOO_MANY)
        except ChargebeeError as error:
            return self._older(key, error.message if isinstance(error, NotFound) else FAILED)
        except Exception as error:  # noqa: BLE001 - a picker that fails must not take the form with it
            # The kind only: a message or a traceback can hold what somebody typed or a customer's data.
            logger.warning("a lookup of %s failed: %s", key[0], type(error).__name__)
            return self._older(key, FAILED)
        self._known[key] = found
        self._known.move_to_end(key)
        while len(self._known) > ENTRIES_MAX:
            self._known.popitem(last=False)
        return found

    def _older(self, key: Key, note: str) -> _Found:
        """What is known from before, however old, with the reason why it is not newer."""
        known = self._remembered(key, since=float("-inf"))
        return _Found(known.documents if known else (), self._clock(), exhaustive=False, note=note)

    # Asking

    async def _find_customers(self, query: str, person: str) -> _Found:
        first, _, last = query.partition(" ")
        filters: list[dict[str, FilterValue]]
        if not query:
            filters = [{}]
        elif "@" in query:  # an address: nothing else has that sign
            filters = [{"email__starts_with": query}]
        elif last:
            both: dict[str, FilterValue] = {
                "first_name__starts_with": _named(first),
                "last_name__starts_with": _named(last),
            }
            filters = [{"company__starts_with": _named(query)}, both]
        else:
            names_too = ("company", "first_name", "last_name")
            filters = [{f"{field}__starts_with": _named(query)} for field in names_too]
            filters.append({"id__starts_with": query})
        found = await self._search(self._source.customers, filters, person)
        for customer in found.documents:
            if isinstance(customer, Customer):
                self._customers[customer.id] = customer
        while len(self._customers) > CUSTOMERS_MAX:
            self._customers.popitem(last=False)
        return found

    async def _find(
        self,
        search: Search,
        query: str,
        person: str,
        scope: dict[str, FilterValue],
    ) -> _Found:
        """Documents by id or customer id; by the customer's name if that finds nothing and none is given."""
        of_one_customer = "customer_id__is" in scope
        by = ("id",) if of_one_customer else ("id", "customer_id")
        filters = [{**scope, f"{field}__starts_with": query} for field in by] if query else [scope]
        found = await self._search(search, filters, person)
        if of_one_customer:
            return found
        if found.documents or not query:
            # A longer query may be a customer's name, which was not looked for.
            return _Found(found.documents, found.at, exhaustive=False)
        owners = await self._ask("customers", "", query, lambda: self._find_customers(query, person))
        if owners.note and not owners.documents:
            return _Found((), self._clock(), exhaustive=False, note=owners.note)
        if not owners.documents:
            return _Found((), self._clock(), exhaustive=owners.exhaustive and found.exhaustive)
        ids = tuple(owner.id for owner in owners.documents)
        named = await self._search(search, [{**scope, "customer_id__in": ids}], person)
        complete = named.exhaustive and owners.exhaustive and found.exhaustive
        return _Found(named.documents, named.at, exhaustive=complete)

    async def _find_removable(self, invoice_id: str, person: str) -> _Found:
        """The invoice names the notes applied to it; their type stands only in the notes themselves."""
        self._budget.spend(person, 2)
        invoice = await self._source.invoice(invoice_id)
        applied: list[AppliedCredit | AdjustmentNote] = [
            *invoice.applied_credits,
            *invoice.adjustment_credit_notes,
        ]
        ids = tuple(dict.fromkeys(note.cn_id for note in applied if note.cn_status != "voided"))
        notes: list[CreditNote] = []
        for start in range(0, len(ids), 100):
            part = ids[start : start + 100]
            notes += await self._source.credit_notes(limit=len(part), id__in=part)
        documents = tuple(note for note in notes if note.type != "store" and note.status != "voided")
        return _Found(documents, self._clock(), exhaustive=True)

    async def _search(self, search: Search, filters: Sequence[dict[str, FilterValue]], person: str) -> _Found:
        """All filters at once, without repeats. Raises the first error, once every search has ended."""
        self._budget.spend(person, len(filters))
        answers = await asyncio.gather(
            *(search(limit=PER_SEARCH, **each) for each in filters), return_exceptions=True
        )
        documents: dict[str, Document] = {}
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            documents |= {document.id: document for document in answer if document.id not in documents}
        complete = all(len(a) < PER_SEARCH for a in answers if not isinstance(a, BaseException))
        return _Found(tuple(documents.values()), self._clock(), exhaustive=complete)

    # Showing

    def _matches(self, document: Document, query: str) -> bool:
        """Whether a search for `query` would have found it."""
        owner = self._owner(document)
        texts = names(document) + (names(owner) if owner else ())
        return any(text.casefold().startswith(query.casefold()) for text in texts)

    def _owner(self, document: Document) -> Customer | None:
        return None if isinstance(document, Customer) else self._customers.get(document.customer_id)

    def _result(self, found: _Found, locale: str) -> LookupResult:
        choices = tuple(
            choice(document, self._owner(document), locale, self._zero_decimal)
            for document in found.documents
        )
        return LookupResult(choices, found.note)


def _scope(customer_id: str) -> dict[str, FilterValue]:
    return {"customer_id__is": customer_id} if customer_id else {}


def _named(query: str) -> str:
    """A name as it is probably written. Whether Chargebee minds capitals is not documented; names begin with one, and
    people who look for them type small letters."""
    return query[:1].upper() + query[1:]


def _sought(text: str, expects: str) -> str:
    """What to search for: the text without spare blanks, or the id in a pasted Chargebee link."""
    query = " ".join(text.split())
    if ".chargebee.com/" not in query:
        return query
    try:
        return document_id(query, expects)
    except ValueError:
        return query
