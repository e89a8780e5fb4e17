"""What has to hold for a credit note, and what it comes to. The rules are told in `credit_note`."""

from dataclasses import dataclass

from bot.chargebee.resources import Invoice
from bot.core.errors import InvalidInput, Refusal
from bot.core.money import MAX_MINOR, Money
from bot.operations.base import counted, day, enumerated, insist_changeable, written
from bot.operations.credit_note_lines import PricedLine, price, totals, unix
from bot.operations.credit_note_params import CreditNoteFacts, CreditNoteParams

OPEN_STATUSES = ("payment_due", "posted", "not_paid")


@dataclass(frozen=True, kw_only=True)
class Sum:
    """What the note comes to. `promised` is None where Chargebee works out the tax of lines."""

    lines: tuple[PricedLine, ...]
    least: Money
    most: Money
    promised: Money | None


def insist_status(kind: str, facts: CreditNoteFacts, invoice: Invoice) -> None:
    insist_changeable(invoice, "Invoice")
    status = invoice.status.replace("_", " ")
    back = written(invoice.refundable_minor, invoice.currency_code, facts.site)
    if kind == "adjustment":
        if invoice.status not in OPEN_STATUSES:
            raise Refusal(
                f"Invoice {invoice.id} is {status}, so there is nothing due that could be adjusted.",
                hint=f"Ask for a refundable credit note instead: at most {back} can be given back."
                if invoice.status == "paid" and invoice.refundable_minor
                else "Only an invoice that is payment due, posted or not paid can be adjusted.",
            )
        if not invoice.adjustable_minor:
            raise Refusal(
                f"Nothing on invoice {invoice.id} can be adjusted: {_due(facts, invoice)}.",
                hint="Wait until the payment in progress has succeeded or failed, then ask again."
                if invoice.in_progress_minor
                else "There is nothing to take off.",
            )
        return
    if invoice.status not in ("paid", *OPEN_STATUSES):
        raise Refusal(
            f"Invoice {invoice.id} is {status}, so nothing can be given back on it.",
            hint="Only an invoice that is paid, payment due, posted or not paid can be credited.",
        )
    if not invoice.refundable_minor:
        due = written(invoice.adjustable_minor, invoice.currency_code, facts.site)
        raise Refusal(
            f"Nothing that was paid on invoice {invoice.id} is left to give back.",
            hint=f"Ask for an adjustment credit note instead: at most {due} can be taken off what is due."
            if invoice.status in OPEN_STATUSES and invoice.adjustable_minor
            else "Other credit notes may have given it back already.",
        )


def _due(facts: CreditNoteFacts, invoice: Invoice) -> str:
    """What is due, and what is on its way, in words."""
    due = written(invoice.amount_due, invoice.currency_code, facts.site)
    if not invoice.in_progress_minor:
        return f"{due} is due"
    running = written(invoice.in_progress_minor, invoice.currency_code, facts.site)
    return f"{due} is due, and a payment of {running} is in progress"


def insist_reason_code(params: CreditNoteParams, facts: CreditNoteFacts) -> None:
    code, known = params.create_reason_code, facts.site.reason_codes
    if not code and facts.site.reason_code_required:
        raise InvalidInput({"create_reason_code": "This site needs a reason code on every credit note."})
    if code and known and code not in known:
        raise InvalidInput(
            {"create_reason_code": f"The site has no such reason code. It has {enumerated(known)}."}
        )


def currency_of(params: CreditNoteParams, facts: CreditNoteFacts) -> str:
    if facts.invoice:
        return facts.invoice.currency_code
    typed = params.total.currency if params.total else ""
    known = params.currency or typed or facts.customer.preferred_currency_code or facts.site.base_currency
    if not known:
        raise InvalidInput({"currency": "Write the currency, such as EUR: the customer has no usual one."})
    return known


def sum_of(params: CreditNoteParams, facts: CreditNoteFacts, currency: str) -> Sum:
    if params.total:
        total = counted("total", params.total, currency, facts.site)
        return Sum(lines=(), least=total, most=total, promised=total)
    priced = price(params.lines, facts.invoice, currency, facts.site)
    low, high = sorted(totals(params.type, facts.invoice, priced))
    if high > MAX_MINOR:
        raise InvalidInput({"lines": "The lines come to more than Chargebee counts."})
    least, most = (Money(amount_minor=minor, currency=currency) for minor in (low, high))
    sure = facts.invoice is not None and least == most
    return Sum(lines=tuple(priced), least=least, most=most, promised=most if sure else None)


def insist_ceiling(params: CreditNoteParams, facts: CreditNoteFacts, invoice: Invoice, total: Sum) -> None:
    """Raises InvalidInput with the figure that is allowed."""
    most = ceiling_minor(params, invoice)
    if total.least.amount_minor <= most:
        return
    allowed = written(most, invoice.currency_code, facts.site)
    if params.type == "adjustment":
        sentence = f"At most {allowed} can be taken off: {_due(facts, invoice)}."
    else:
        sentence = f"At most {allowed} of what was paid on {invoice.id} can still be given back."
    if params.lines:
        wanted = written(total.least.amount_minor, invoice.currency_code, facts.site)
        raise InvalidInput({"lines": f"The lines come to {wanted} with tax. {sentence}"})
    raise InvalidInput({"total": sentence})


def ceiling_minor(params: CreditNoteParams, invoice: Invoice) -> int:
    return invoice.adjustable_minor if params.type == "adjustment" else invoice.refundable_minor


def date_of(params: CreditNoteParams, facts: CreditNoteFacts) -> int | None:
    """The note's date, unix seconds: the first second of its day, or the invoice's own date on that day."""
    if params.date is None:
        return None
    at = unix(params.date, facts.site)
    if at > facts.as_of:
        raise InvalidInput(
            {"date": f"This is in the future. On the site it is {day(facts.as_of, facts.site)}."}
        )
    since = facts.invoice.date if facts.invoice else None
    if since is None or at >= since:
        return at
    if params.date.isoformat() != day(since, facts.site):
        raise InvalidInput(
            {"date": f"The invoice is of {day(since, facts.site)}, and its credit note cannot be older."}
        )
    return since
