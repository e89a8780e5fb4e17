"""`Operation`: four answers about one kind of billing change.

    What do I ask the agent for?     params   a pydantic model; each field says how it is asked for with `Ask`
    What do I look at?               load     reads only; gives `facts`
    What would I do?                 plan     pure; gives a `Plan` or raises `Refusal` / `InvalidInput`
    How do I know it happened?       picture  pure; the fields people see, as they stand in given facts
                                     landed   pure; landed / absent / pending, from the facts before and after

Everything else (permission, gates, forms, cards, retries, audit, recovery) is generic and lives once. An
operation is a data sheet, not a base class: a new one is one new file and one name in `OPERATIONS`.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator, model_validator
from pydantic_core import PydanticCustomError

from bot.chargebee.resources import Comment, CreditNote, Customer, Invoice, Subscription
from bot.core.errors import InvalidInput, NotFound, Refusal
from bot.core.ids import document_id
from bot.core.money import Money, Typed
from bot.core.plan import Frozen, Plan, Row, Value

Found = TypeVar("Found")
Labels = Mapping[str, tuple[str, str]]


class Verdict(StrEnum):
    """Did the change happen?"""

    LANDED = "landed"
    ABSENT = "absent"
    PENDING = "pending"  # it is on its way, or nobody can tell yet


class Risk(StrEnum):
    REVERSIBLE = "reversible"
    DESTRUCTIVE = "destructive"  # always approved by somebody else


class Input(StrEnum):
    """How a field is asked for in a form, and read on a command line."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    AMOUNT = "amount"  # as a person types it; becomes Typed, and Money once the currency is known
    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    CHOICE = "choice"
    DATE = "date"
    LINES = "lines"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """How one field of `Params` is asked for. Put into the field's `Annotated[...]`.

    `label` is short; `choices` maps stored value -> label, `choices_from` names a list of the site profile
    instead. `depends_on` narrows a picker to what is chosen in that field (a credit note of the chosen
    invoice). `only_when` shows the field only while another field has one of the given values.
    `customer_sees` marks text that is printed for the customer. `place` is the field's place on the command
    line (`/write-off INVOICE REASON…`, counted from 1); 0 means it is only given as `name=value`. The last
    place, when it is text, takes the rest of the line.
    """

    input: Input
    label: str
    hint: str = ""
    placeholder: str = ""
    choices: Mapping[str, str] | None = None
    choices_from: str = ""
    depends_on: str = ""
    only_when: tuple[str, tuple[str, ...]] | None = None
    customer_sees: bool = False
    place: int = 0


class Params(BaseModel):
    """What the agent entered, validated. Unknown fields are refused; text is stripped; empty is absent."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _absent_when_empty(cls, entered: Any) -> Any:
        if not isinstance(entered, Mapping):
            return entered
        return {
            name: value
            for name, value in entered.items()
            if not (isinstance(value, str) and not value.strip())
        }


class SiteProfile(Frozen):
    """What a plan has to know about the Chargebee site that Chargebee does not say. From the settings."""

    charge_api: str = "v1"  # or "v2"
    charge_ref_in: str = "description"  # or "po_number"
    base_currency: str = ""  # empty: not known
    zero_decimal: tuple[str, ...] = ("JPY", "KRW", "XAF", "XOF")
    reason_codes: tuple[str, ...] = ()
    reason_code_required: bool = False
    web_url: str = ""
    tz: str = "UTC"  # the site's time zone: what a calendar day is to Chargebee

    @field_validator("tz")
    @classmethod
    def _known(cls, tz: str) -> str:
        try:
            ZoneInfo(tz)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"There is no time zone {tz}. Write one such as Europe/Berlin.") from None
        return tz


@dataclass(frozen=True, kw_only=True)
class Template:
    """A line that can be chosen in a form of lines: what is asked for (`fields`), what is there (`values`).

    `values` are not written for anybody's locale: amounts are plain decimals with a dot ("1250.00"), dates
    are ISO ("2026-11-20"). Values of fields that are not asked for (the line of the invoice, for instance)
    stay as they are.
    """

    id: str
    label: str  # ≤ 75 characters
    fields: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Lines:
    """How a params field that is a list of lines is filled: one form for each line, begun from a template.

    `templates` reads what can be chosen, given the values entered so far (by field name). Raises InvalidInput
    when something has to be entered first.
    """

    field: str
    line: type[Params]
    templates: Callable[["Reader", Mapping[str, str]], Awaitable[list[Template]]]
    describe: Callable[[Mapping[str, str]], str]  # one entered line, as a person reads it in the form


class Facts(Frozen):
    """What Chargebee said when we looked. `as_of` is our clock at that moment, unix seconds."""

    as_of: int
    site: SiteProfile


class Reader(Protocol):
    """Reads only: looking can never change anything.

    All raise NotFound, Refused, Throttled, Unreached or Uncertain. Lists are complete up to `limit`, newest
    first.
    """

    @property
    def site(self) -> SiteProfile: ...

    def now(self) -> int: ...

    async def invoice(self, invoice_id: str) -> Invoice: ...

    async def credit_note(self, credit_note_id: str) -> CreditNote: ...

    async def customer(self, customer_id: str) -> Customer: ...

    async def subscription(self, subscription_id: str) -> Subscription: ...

    async def invoices(self, *, limit: int = 20, **filters: str) -> list[Invoice]: ...

    async def credit_notes(self, *, limit: int = 20, **filters: str) -> list[CreditNote]: ...

    async def comments(self, entity_type: str, entity_id: str, *, limit: int = 200) -> list[Comment]: ...


P = TypeVar("P", bound=Params)
F = TypeVar("F", bound=Facts)


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[P, F]):
    """The data sheet of one kind of billing change. See the module's docstring."""

    name: str
    title: str  # ≤ 24 characters: a modal's title (Slack)
    command: str
    summary: str  # one line for help
    risk: Risk
    undo: str  # one honest sentence
    params: type[P]
    facts: type[F]
    load: Callable[[Reader, P], Awaitable[F]]
    plan: Callable[[P, F, str], Plan]
    picture: Callable[[P, F, str], Mapping[str, Value]]
    landed: Callable[[P, F, F, str], Verdict]  # (params, before, after, ref)
    created: Callable[[F, F, str], tuple[str, ...]] = (
        lambda _before, _after, _ref: ()
    )  # ids of documents it made
    lines: Lines | None = None
    undoable: bool = True  # False: nothing brings it back, and people are told in red
    settles_later: bool = False
    #: Whether `chargebee-business-entity-id` can be sent: not on v1 calls, which depends on the site.
    takes_entity: Callable[[SiteProfile], bool] = lambda _site: True


AnyOperation = Operation[Any, Any]


def asks(params: type[BaseModel]) -> dict[str, Ask]:
    """The fields a form asks for, in order: field name -> how."""
    found: dict[str, Ask] = {}
    for name, field in params.model_fields.items():
        for note in field.metadata:
            if isinstance(note, Ask):
                found[name] = note
    return found


#: What an id typed or pasted by a person has to be: an id, or the document's Chargebee URL.
InvoiceId = Annotated[str, AfterValidator(lambda text: document_id(text, expects="invoice"))]
CreditNoteId = Annotated[str, AfterValidator(lambda text: document_id(text, expects="credit_note"))]
CustomerId = Annotated[str, AfterValidator(lambda text: document_id(text, expects="customer"))]
SubscriptionId = Annotated[str, AfterValidator(lambda text: document_id(text, expects="subscription"))]

#: Chargebee takes 300 characters of comment; the request's mark and its attribution need the rest.
COMMENT_MAX = 260
#: Chargebee takes 1000 characters in a note of its own (`POST /comments`); the same is needed beside it.
REASON_MAX = 900

MARK = re.compile(r"\[(BR-\d+)\]")


def _without_mark(text: str) -> str:
    if MARK.search(text):
        raise PydanticCustomError("mark", "Leave out [BR-…]: that is how the bot marks its own changes.")
    return text


#: Text of a person that ends up in Chargebee. It cannot look like the mark of another request, or that one
#: would take this change for its own.
Text = Annotated[str, AfterValidator(_without_mark)]


def misplaced(field: str, sentence: str) -> PydanticCustomError:
    """What a validator of several fields raises: the problem, and the field a person has to look at."""
    return PydanticCustomError("field", "{sentence}", {"field": field, "sentence": sentence})


def marked(text: str, ref: str) -> str:
    """`text` with the request's mark, by which our change is found again in Chargebee."""
    return f"{text} [{ref}]" if text else f"[{ref}]"


def marks(texts: Iterable[str]) -> tuple[str, ...]:
    """The marks of billing requests found in texts Chargebee gave back, such as comments."""
    return tuple(sorted({found for text in texts for found in MARK.findall(text)}))


async def existing(field: str, what: str, document: Awaitable[Found]) -> Found:
    """Reads what a person named; a 404 becomes an error of that field instead of a failure."""
    try:
        return await document
    except NotFound:
        raise InvalidInput(
            {field: f"Chargebee has no such {what}. Check it, or pick one from the list."}
        ) from None


def counted(field: str, typed: Typed, currency: str, site: SiteProfile) -> Money:
    """What was typed, as Chargebee counts it in `currency`. Raises InvalidInput for `field`."""
    try:
        return typed.money(currency, site.zero_decimal)
    except ValueError as error:
        raise InvalidInput({field: str(error)}) from None


def insist_changeable(document: Invoice | CreditNote, what: str) -> None:
    """Raises Refusal for a document of an app store (`channel`): Chargebee only mirrors those."""
    if document.channel in ("app_store", "play_store"):
        raise Refusal(
            f"{what} {document.id} belongs to an app store, and Chargebee only mirrors it.",
            hint="Change it in the app store.",
        )


def written(minor: int, currency: str, site: SiteProfile) -> str:
    """An amount inside a sentence: `EUR 1250.00`. Not grouped, because the reader's language is not known here, and a comma
    means something else in each.
    """
    if currency in site.zero_decimal:
        return f"{currency}\N{NO-BREAK SPACE}{minor}"
    sign, (major, cents) = "-" if minor < 0 else "", divmod(abs(minor), 100)
    return f"{currency}\N{NO-BREAK SPACE}{sign}{major}.{cents:02d}"


def day(at: int, site: SiteProfile) -> str:
    """A point in time inside a sentence: `2026-11-20`, by the site's calendar."""
    return datetime.fromtimestamp(at, ZoneInfo(site.tz)).date().isoformat()


def enumerated(words: Iterable[str], joint: str = "and") -> str:
    """`A`, `A and B`, `A, B and C`."""
    *most, last = words
    return f"{', '.join(most)} {joint} {last}" if most else last


def rows(labels: Labels, before: Mapping[str, Value], expected: Mapping[str, Value]) -> tuple[Row, ...]:
    """Before -> after rows in the order of `labels`; what is not in `expected` is expected to stay as it is.

    `labels` maps a key to (group, label): `{"invoice.status": ("Invoice INV-1042", "Status")}`.
    """
    return tuple(
        Row(
            key=key,
            group=group,
            label=label,
            before=before.get(key),
            after=expected.get(key, before.get(key)),
        )
        for key, (group, label) in labels.items()
    )
